"""The beginning of a life, on disk: what was found, how far to trust it, a new boot number.

Everything here happens before the replica exists. When `begin` returns, the boot number is durable,
so no number is used twice however soon the process dies.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from mesh.driver.errors import ForeignDirectory
from mesh.driver.journal.evidence import evidence_in
from mesh.driver.journal.interface import Findings
from mesh.driver.journal.loading import Contents, open_verified
from mesh.driver.journal.proof import Host, Life, Memory, Progress, Surroundings, doubts, next_life
from mesh.driver.journal.rows import (
    STORE_METADATA,
    RowId,
    Table,
    decode_fact,
    decode_fact_key,
)
from mesh.driver.journal.schema import write_rows
from mesh.driver.journal.witness import Witness, Witnesses, open_outside
from mesh.driver.restarts import WAIT_NS_MAX
from mesh.protocol.effects import Image
from mesh.protocol.ground import GROUND_KEY, Floor, stored_ground
from mesh.protocol.now import Now
from mesh.wire import cbor
from mesh.wire.facts import SignedFact
from mesh.wire.identity import Incarnation, fingerprint

_CONTROLLER: Final = RowId(Table.DRIVER, b"controller")
_LIFE: Final = RowId(Table.DRIVER, b"life")
PROGRESS: Final = RowId(Table.DRIVER, b"progress")
_ROW_BYTES_MAX: Final = 4_096

_KERNEL_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Start:
    """Who starts, where, and when."""

    path: Path
    """The journal's file."""
    controller: bytes
    """The controller's id."""
    now: Now
    doubt: str | None = None
    """Why the former life of this process ended, where that alone is a reason for doubt."""
    boot_floor: int = 0
    """The new boot number lies above it."""
    restart_wait_ns_max: int = WAIT_NS_MAX
    kernel: Path | None = None
    """A folder in the kernel's memory; None: it is not asked."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A journal that is ready for a life."""

    connection: sqlite3.Connection
    witness: Witnesses
    image: Image
    findings: Findings
    commits: int


def begin(start: Start) -> Opened:
    """Open the journal for the next life of its controller.

    Raises StartError where it is none of this controller's; DiskFailed, sqlite3.Error and OSError.
    """
    with ExitStack() as cleanup:
        connection, contents = open_verified(start.path, start.now.wall_ns)
        _ = cleanup.callback(connection.close)
        _demand_own(start, contents)
        beside = Witness(start.path.with_name(start.path.name + ".witness"))
        outside = None
        if start.kernel is not None:
            outside = open_outside(start.kernel, start.path, start.controller)
        witness = Witnesses(beside, outside)
        _ = cleanup.callback(witness.close)
        opened = _begin(start, connection, witness, contents)
        _ = cleanup.pop_all()
        return opened


def encode_progress(commits: int, boottime_ns: int) -> bytes:
    """The row that every transaction writes."""
    return _encode(Progress(commits, boottime_ns))


def _begin(
    start: Start, connection: sqlite3.Connection, witness: Witnesses, contents: Contents
) -> Opened:
    facts, detached = _chains(contents.tables[Table.FACTS], _floors(contents))
    previous = _previous(contents.tables[Table.FACTS], start.controller)
    memory = _memory(contents, previous)
    here = Surroundings(
        _host(start.path),
        start.now.monotonic_ns,
        witness.beside.read(),
        witness.outside.read() if witness.outside is not None else None,
        start.kernel is not None,
        start.doubt,
        start.boot_floor,
        start.restart_wait_ns_max,
    )
    found = doubts(memory, here)
    life = next_life(memory, here, in_doubt=bool(found))
    commits = memory.progress.commits + 1
    _write_life(connection, start, life, commits)
    witness.write(commits)
    findings = Findings(
        found,
        len(contents.damaged),
        detached,
        life.restarts.wait_ns,
        is_torn=not contents.is_complete,
        evidence=evidence_in(start.path.parent),
    )
    much = findings.evidence.is_much
    image = Image(
        boot=life.boot,
        previous=previous,
        unbroken=not found and memory.last is not None,
        facts=facts,
        records=tuple(contents.tables[Table.RECORDS].items()),
        store_metadata=contents.tables[Table.DRIVER].get(STORE_METADATA.key),
        meta={key.decode(): value for key, value in contents.tables[Table.META].items()},
        findings=findings.sentences,
        evidence=f"the folder evidence holds {findings.evidence}" if much else "",
    )
    return Opened(connection, witness, image, findings, commits)


def _write_life(connection: sqlite3.Connection, start: Start, life: Life, commits: int) -> None:
    progress = encode_progress(commits, start.now.monotonic_ns)
    write_rows(
        connection, {_CONTROLLER: start.controller, _LIFE: _encode(life), PROGRESS: progress}
    )


def _demand_own(start: Start, contents: Contents) -> None:
    owner = contents.tables[_CONTROLLER.table].get(_CONTROLLER.key)
    if owner is not None and owner != start.controller:
        raise ForeignDirectory(
            f"{start.path} is the journal of the controller {fingerprint(owner)}, and the key"
            f" beside it is that of {fingerprint(start.controller)}: put back the right key,"
            " or choose another data_dir"
        )


def _memory(contents: Contents, previous: Incarnation | None) -> Memory:
    return Memory(
        last=_value(contents, _LIFE, Life),
        progress=_value(contents, PROGRESS, Progress) or Progress(),
        previous_boot=previous.boot if previous is not None else None,
        is_damaged=contents.is_rewritten,
    )


def _host(path: Path) -> Host:
    status = path.stat()
    return Host(_KERNEL_BOOT.read_text("ascii").strip(), status.st_dev, status.st_ino)


def _floors(contents: Contents) -> Mapping[Incarnation, Floor]:
    """Where chains are cut, by the ground that this controller stands on."""
    raw = contents.tables[Table.META].get(GROUND_KEY.encode(), b"")
    return stored_ground({GROUND_KEY: raw}).floors


def _chains(
    rows: dict[bytes, bytes], floors: Mapping[Incarnation, Floor]
) -> tuple[tuple[SignedFact, ...], int]:
    """The facts of each chain up to its first gap, in order, and how many follow a gap."""
    facts: list[SignedFact] = []
    expected = {origin: floor.sequence + 1 for origin, floor in floors.items()}
    for key, value in rows.items():
        origin, sequence = decode_fact_key(key)
        if sequence == expected.get(origin, 1):
            facts.append(decode_fact(value))
            expected[origin] = sequence + 1
    return tuple(facts), len(rows) - len(facts)


def _previous(rows: dict[bytes, bytes], controller: bytes) -> Incarnation | None:
    """The last incarnation of ``controller`` that wrote a fact."""
    own = (decode_fact_key(key)[0] for key in reversed(rows) if key.startswith(controller))
    return next(own, None)


def _value(contents: Contents, row: RowId, kind: type[T]) -> T | None:
    raw = contents.tables[row.table].get(row.key)
    if raw is None:
        return None
    return msgspec.convert(cbor.decode(raw, _ROW_BYTES_MAX), kind, builtin_types=(bytes,))


def _encode(value: msgspec.Struct) -> bytes:
    return cbor.encode(msgspec.to_builtins(value, builtin_types=(bytes,)))
