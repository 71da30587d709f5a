"""B6 SKIP on record: what this controller passed over stays passed over, also after a restart."""

from typing import Final

from mesh.wire import cbor
from mesh.wire.facts import Record

SKIP: Final = "skip"
"""The kind of the record."""

_CONTENT_BYTES_MAX: Final = 64
"""One attempt id in an array, with room."""


def skip_record(attempt_id: bytes) -> Record:
    """The record that says: not waited for."""
    return Record(SKIP, cbor.encode([attempt_id]))


def read_skip(record: Record) -> bytes | None:
    """The attempt that ``record`` passes over; None where it is about something else."""
    if record.kind != SKIP:
        return None
    try:
        content = cbor.decode(record.content, _CONTENT_BYTES_MAX)
    except cbor.Undecodable:
        return None
    match content:
        case [bytes() as attempt_id]:
            return attempt_id
        case _:
            return None
