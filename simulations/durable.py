"""What a disk holds after the power has gone, row by row, and which rows have rotted.

Each row of the real journal carries its own hash, so rot is found when the journal is opened: a
damaged row is put aside, and the start that found it is in doubt. A chain of facts is believed up
to its first gap. A row that is written anew is sound again.
"""

from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import NamedTuple, assert_never

from mesh.protocol.effects import CutChains, JournalWrite, WriteFact, WriteMeta, WriteStore
from mesh.protocol.ground import stored_ground
from mesh.wire.facts import SignedFact
from mesh.wire.identity import Incarnation


class FactRow(NamedTuple):
    """One fact of one chain."""

    origin: Incarnation
    sequence: int


class RecordRow(NamedTuple):
    """One record of running information."""

    record: bytes


class MetaRow(NamedTuple):
    """One small value of the replica."""

    name: str


class Single(Enum):
    """What is one row."""

    LIFE = "what the driver knows of its own lives"
    VECTOR = "the vector over all records"


Row = FactRow | RecordRow | MetaRow | Single


@dataclass(slots=True)
class Durable:
    """The content of one disk."""

    boot: int = 0
    doubted_boot: int = 0
    """The last life that could not be sure that the one before it had lost nothing."""
    facts: dict[FactRow, SignedFact] = field(default_factory=dict)
    records: dict[bytes, bytes] = field(default_factory=dict)
    store_metadata: bytes | None = None
    meta: dict[str, bytes] = field(default_factory=dict)
    archive: dict[FactRow, SignedFact] = field(default_factory=dict)
    """What a checkpoint has dropped: not on the disk any more, and known to those who watch."""
    rotten: dict[Row, None] = field(default_factory=dict)
    """Rows whose damage nobody has noticed yet."""

    def write(self, write: JournalWrite) -> None:
        """One write of a transaction."""
        match write:
            case WriteFact(origin, sequence, signed):
                self.facts[FactRow(origin, sequence)] = signed
            case WriteStore(records, metadata):
                self._write_records(records)
                self.store_metadata = metadata
            case WriteMeta(key, value):
                self.meta[key] = value
            case CutChains():
                for cut in _cut(write):
                    if cut in self.facts:
                        self.archive[cut] = self.facts.pop(cut)
            case _:
                assert_never(write)
        if self.rotten:
            for row in rows_of(write):
                _ = self.rotten.pop(row, None)

    def _write_records(self, records: tuple[tuple[bytes, bytes | None], ...]) -> None:
        for key, record in records:
            if record is None:
                _ = self.records.pop(key, None)
            else:
                self.records[key] = record

    def mentions(self, text: bytes) -> bool:
        """Whether ``text`` stands anywhere in the records or in the small values."""
        return any(text in stored for stored in (*self.records.values(), *self.meta.values()))

    def holds(self, origin: Incarnation, sequence: int, signed: SignedFact) -> bool:
        """Whether exactly this fact is here, or was until a checkpoint dropped it."""
        row = FactRow(origin, sequence)
        return signed in (self.facts.get(row), self.archive.get(row))

    def copy(self) -> "Durable":
        """Another disk with the same content."""
        return Durable(
            self.boot,
            self.doubted_boot,
            dict(self.facts),
            dict(self.records),
            self.store_metadata,
            dict(self.meta),
            dict(self.archive),
            dict(self.rotten),
        )

    # --- damage -------------------------------------------------------------------------------

    def rot(self, random: Random) -> None:
        """One row rots, and nobody knows: of any table alike, for some have few rows."""
        tables: list[list[Row]] = [
            [Single.LIFE],
            [Single.VECTOR] if self.store_metadata is not None else [],
            list(self.facts),
            [RecordRow(key) for key in self.records],
            [MetaRow(name) for name in self.meta],
        ]
        table = random.choice([rows for rows in tables if rows])
        self.rotten[random.choice(table)] = None

    def put_aside(self) -> int:
        """Drop the rows that have rotted, as an opening does; how many."""
        damaged = len(self.rotten)
        for row in self.rotten:
            self._drop(row)
        self.rotten.clear()
        return damaged

    def _drop(self, row: Row) -> None:
        match row:
            case FactRow():
                _ = self.facts.pop(row, None)
            case RecordRow(key):
                _ = self.records.pop(key, None)
            case MetaRow(name):
                _ = self.meta.pop(name, None)
            case Single.LIFE:
                self.boot = self.doubted_boot = 0
            case Single.VECTOR:
                self.store_metadata = None
            case _:
                assert_never(row)

    def chains(self) -> tuple[SignedFact, ...]:
        """The facts of each chain up to its first gap, in order; what follows waits unread."""
        ground = stored_ground(self.meta)
        expected = {origin: cut.sequence + 1 for origin, cut in ground.floors.items()}
        facts: list[SignedFact] = []
        for origin, sequence in sorted(self.facts):
            if sequence == expected.get(origin, 1):
                facts.append(self.facts[FactRow(origin, sequence)])
                expected[origin] = sequence + 1
        return tuple(facts)


def rows_of(write: JournalWrite) -> list[Row]:
    """The rows that ``write`` sets or deletes."""
    match write:
        case WriteFact(origin, sequence, _):
            return [FactRow(origin, sequence)]
        case WriteStore(records, _):
            return [*(RecordRow(key) for key, _ in records), Single.VECTOR]
        case WriteMeta(key, _):
            return [MetaRow(key)]
        case CutChains():
            return [*_cut(write)]
        case _:
            assert_never(write)


def size_bytes(write: JournalWrite) -> int:
    """About how much room ``write`` takes."""
    match write:
        case WriteFact(signed=signed):
            return len(signed.raw)
        case WriteStore(records, metadata):
            return sum(len(key) + len(record or b"") for key, record in records) + len(metadata)
        case WriteMeta(value=value):
            return len(value)
        case CutChains():
            return 0
        case _:
            assert_never(write)


def _cut(write: CutChains) -> list[FactRow]:
    return [
        FactRow(origin, sequence)
        for origin, first, last in write.gone
        for sequence in range(first, last + 1)
    ]
