"""A number outside the journal that says how many transactions were durable in it.

A log that lost its end looks like a shorter log: SQLite drops what no longer fits its checksums and
says nothing. So the count of transactions is also kept in a file of its own, written after each
commit and before anybody is told of it. It is never synced: it has to survive a killed process, and
after a killed kernel nothing is taken for whole anyway.
"""

import os
import struct
from pathlib import Path
from typing import Final, Self

_COUNT: Final = struct.Struct(">QQ")
"""The count, and its complement: a torn or foreign file tells nothing rather than a lie."""
_ONES: Final = 2**64 - 1


class Witness:
    """The open file. All methods may raise OSError."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def read(self) -> int | None:
        """How many transactions were durable; None where the file does not say."""
        raw = os.pread(self._file, _COUNT.size + 1, 0)
        if len(raw) != _COUNT.size:
            return None
        count, complement = _COUNT.unpack(raw)
        return count if count ^ complement == _ONES else None

    def write(self, count: int) -> None:
        """``count`` transactions are durable."""
        _ = os.pwrite(self._file, _COUNT.pack(count, count ^ _ONES), 0)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
