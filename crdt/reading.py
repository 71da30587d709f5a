"""What a reader is shown: one value, what stands beside it, and a token that says what was shown.

A register keeps every concurrent value. The winner is chosen the same way everywhere (the latest
stamp, then the greatest dot), so all readers agree while nothing is thrown away. A write that
brings the token back supersedes exactly what its writer had been shown.
"""

from dataclasses import dataclass

import cbor2

from crdt.encoding import Malformed, parse_context
from crdt.errors import RefusedWrite
from crdt.record import REMOVED, Record, Removed, current, knowledge, rank
from crdt.seen import Counters
from crdt.values import Value, decode_bounded


@dataclass(frozen=True, slots=True)
class Token:
    """What a reader was shown of one key. Opaque to clients: bytes out, the same bytes in."""

    known: tuple[tuple[bytes, int], ...] = ()

    @property
    def counters(self) -> Counters:
        """What was shown, by replica id."""
        return dict(self.known)

    def encode(self) -> bytes:
        """Return the bytes to give to a client."""
        return cbor2.dumps([part for entry in self.known for part in entry])

    @staticmethod
    def decode(data: bytes) -> "Token":
        """Read a token that a client brings back.

        Raises:
            RefusedWrite: these bytes were never given out as a token.
        """
        try:
            return Token(parse_context(decode_bounded(data, 1)))
        except (cbor2.CBORError, ValueError, Malformed) as error:
            raise RefusedWrite(
                "this token was not given out here: read the key again, and bring that token",
            ) from error


NOTHING_SEEN = Token()


def token_of(record: Record | None) -> Token:
    """Return the token of a reader who is shown this record; None stands for an absent key."""
    return Token(tuple(sorted(knowledge(record).items()))) if record else NOTHING_SEEN


@dataclass(frozen=True, slots=True)
class Reading:
    """One key as a register. `conflicts` are the other concurrent values, the latest first."""

    value: Value
    conflicts: tuple[Value, ...]
    stamp: int
    record: Record

    @property
    def token(self) -> Token:
        """What a reader is shown with this reading."""
        return token_of(self.record)


def reading(record: Record) -> Reading | None:
    """Read a record; None where all that is left of the key is its removal."""
    if len(record) == 1:
        only = record[0]
        if isinstance(only.value, Removed):
            return None
        return Reading(only.value, (), only.stamp, record)
    latest_first = sorted(current(record), key=rank, reverse=True)
    values = [s.value for s in latest_first if not isinstance(s.value, Removed)]
    if not values:
        return None
    stamp = next(s.stamp for s in latest_first if s.value is not REMOVED)
    return Reading(values[0], tuple(values[1:]), stamp, record)
