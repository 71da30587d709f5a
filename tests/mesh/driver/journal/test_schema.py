"""How rows become a transaction, few of them in one statement."""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.driver.journal.loading import read
from mesh.driver.journal.rows import RowId, Table
from mesh.driver.journal.schema import connect, write_rows

_KEYS = st.builds(RowId, st.sampled_from(Table), st.binary(min_size=1, max_size=2))
_TRANSACTIONS = st.lists(
    st.dictionaries(_KEYS, st.none() | st.binary(max_size=40), max_size=40), max_size=6
)


@given(_TRANSACTIONS)
def test_the_last_value_of_each_row_is_read(transactions: list[dict[RowId, bytes | None]]) -> None:
    """However many rows there are together, of whichever tables, and whatever is deleted."""
    expected: dict[Table, dict[bytes, bytes]] = {table: {} for table in Table}
    with TemporaryDirectory() as folder, closing(connect(Path(folder) / "journal")) as connection:
        for rows in transactions:
            write_rows(connection, rows)
            for (table, key), value in rows.items():
                if value is None:
                    _ = expected[table].pop(key, None)
                else:
                    expected[table][key] = value
        contents = read(connection)
    assert contents.tables == expected
    assert not contents.damaged


@pytest.mark.parametrize("rows", [1, 5, 16, 17])
def test_few_rows_are_one_statement(tmp_path: Path, rows: int) -> None:
    """Each one more has to win back the interpreter's lock: no BEGIN, and no COMMIT."""
    tables = list(Table)
    said: dict[str, None] = {}  # a trigger says the statement again that it belongs to
    with closing(connect(tmp_path / "journal")) as connection:
        connection.set_trace_callback(said.setdefault)
        values = {RowId(tables[at % 4], bytes([at])): b"" for at in range(rows)}
        write_rows(connection, values)
    assert (len(said) == 1) == (rows <= 16)


def test_a_statement_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """It is a transaction by itself: of three rows the first is not there either."""
    with closing(connect(tmp_path / "journal")) as connection:
        _ = connection.execute("DROP TABLE records")
        rows: dict[RowId, bytes | None] = {
            RowId(Table.FACTS, b"1"): b"one",
            RowId(Table.RECORDS, b"2"): b"two",
        }
        with pytest.raises(sqlite3.OperationalError):
            write_rows(connection, rows)
        assert connection.execute("SELECT count(*) FROM facts").fetchone() == (0,)
