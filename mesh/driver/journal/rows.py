"""How a write becomes rows: one shape for all of them, each carrying its own hash.

SQLite notices a torn page structure and never a flipped bit in a value. So a row is (key, value,
hash), the hash taken over table, key and value; what is read back is believed only if it still
fits.
"""

import hashlib
from enum import StrEnum
from typing import Final, NamedTuple, assert_never

from mesh.protocol.effects import CutChains, JournalWrite, WriteFact, WriteMeta, WriteStore
from mesh.wire.facts import SignedFact
from mesh.wire.identity import Incarnation

HASH_BYTES: Final = 16
"""128 bits: against accident and rot; against malice each fact has its signature."""

_CONTROLLER_BYTES: Final = 32
_NUMBER_BYTES: Final = 8
_NONCE_BYTES: Final = 8
_ORIGIN_BYTES: Final = _CONTROLLER_BYTES + _NUMBER_BYTES + _NONCE_BYTES
_SIGNATURE_BYTES: Final = 64


class Table(StrEnum):
    """The tables of a journal. The values are part of the schema and of each hash."""

    FACTS = "facts"
    RECORDS = "records"
    META = "meta"
    """Small values of the replica."""
    DRIVER = "driver"
    """Small values of the driver, and the vector over the records."""


_PERSONS: Final = {table: table.encode("ascii").ljust(16, b"\0") for table in Table}


class RowId(NamedTuple):
    """Where a value stands."""

    table: Table
    key: bytes


STORE_METADATA: Final = RowId(Table.DRIVER, b"store")
"""The vector that covers the records; written in one transaction with them, always."""


def row_hash(row: RowId, value: bytes) -> bytes:
    """What a row must carry to be believed: BLAKE2b-128 over table, key and value."""
    hasher = hashlib.blake2b(
        len(row.key).to_bytes(4, "big"), digest_size=HASH_BYTES, person=_PERSONS[row.table]
    )
    hasher.update(row.key)
    hasher.update(value)
    return hasher.digest()


def rows_of(write: JournalWrite) -> list[tuple[RowId, bytes | None]]:
    """The rows that ``write`` sets; a value of None deletes its row."""
    match write:
        case WriteFact(origin, sequence, signed):
            row = RowId(Table.FACTS, encode_fact_key(origin, sequence))
            return [(row, signed.signature + signed.raw)]
        case WriteStore(records, metadata):
            return [
                *((RowId(Table.RECORDS, key), record) for key, record in records),
                (STORE_METADATA, metadata),
            ]
        case WriteMeta(key, value):
            return [(RowId(Table.META, key.encode()), value)]
        case CutChains(gone):
            return [
                (RowId(Table.FACTS, encode_fact_key(origin, sequence)), None)
                for origin, first, last in gone
                for sequence in range(first, last + 1)
            ]
        case _:
            assert_never(write)


def size_bytes(write: JournalWrite) -> int:
    """About how much ``write`` holds."""
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


def encode_fact_key(origin: Incarnation, sequence: int) -> bytes:
    """Sorts as (origin, sequence) does, so that a scan finds each chain in order."""
    boot = origin.boot.to_bytes(_NUMBER_BYTES, "big")
    return origin.controller + boot + origin.nonce + sequence.to_bytes(_NUMBER_BYTES, "big")


def decode_fact_key(key: bytes) -> tuple[Incarnation, int]:
    """The origin and sequence number that ``key`` spells."""
    assert len(key) == _ORIGIN_BYTES + _NUMBER_BYTES
    boot_end = _CONTROLLER_BYTES + _NUMBER_BYTES
    origin = Incarnation(
        controller=key[:_CONTROLLER_BYTES],
        boot=int.from_bytes(key[_CONTROLLER_BYTES:boot_end], "big"),
        nonce=key[boot_end:_ORIGIN_BYTES],
    )
    return origin, int.from_bytes(key[_ORIGIN_BYTES:], "big")


def decode_fact(value: bytes) -> SignedFact:
    """The fact that the value of a row spells."""
    return SignedFact(raw=value[_SIGNATURE_BYTES:], signature=value[:_SIGNATURE_BYTES])
