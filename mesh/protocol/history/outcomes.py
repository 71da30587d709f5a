"""What became of a ChangeSet in the fold: it took effect whole, or not at all, and then why not."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from mesh.wire.identity import Incarnation, Timestamp
from mesh.wire.requests import Command, Key, Kind, Origin, Value


class Standing(StrEnum):
    """How a ChangeSet stands in the history."""

    EFFECTIVE = "effective"
    """All its commands took effect, here in the order."""
    SET_ASIDE = "set aside"
    """None of its commands took effect. It stays visible, and can be restaged."""
    REPEATED = "repeated"
    """Another attempt of the same request stands earlier in the order and counts for both."""
    UNFOLDED = "unfolded"
    """At or after a ChangeSet that this version does not understand: an upgrade will tell."""


class Why(StrEnum):
    """Why a ChangeSet was set aside: the first rule that fits, in this order."""

    REFUSED = "refused"
    """Rule 0: whoever signed it may not do this."""
    MERGED = "merged"
    """Rule 1: the merge that counts for it says so."""
    CHECKPOINT = "checkpoint"
    """Rule 1: it lies below a checkpoint that was taken without it."""
    CONFLICT = "conflict"
    """Rule 2: a key that it was made against has been written since."""
    FAILED = "failed"
    """Rule 3: a command refuses, or the whole would not hold together."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one ChangeSet."""

    standing: Standing
    why: Why | None = None
    detail: str = ""
    """For people; no decision depends on it."""
    key: Key | None = None
    """What stood in its way."""
    by: bytes | None = None
    """The tx of the ChangeSet that last wrote ``key``, or of the merge that set this one aside."""


EFFECTIVE: Final = Outcome(Standing.EFFECTIVE)
REPEATED: Final = Outcome(Standing.REPEATED)
TOO_LATE: Final = Outcome(
    Standing.SET_ASIDE,
    Why.CHECKPOINT,
    "it lies below a checkpoint that was taken without it; restage it if it is still wanted",
)


class KeyChange(msgspec.Struct, frozen=True):
    """One key that a ChangeSet wrote; None stands for nothing."""

    key: Key
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the history, for people."""

    number: int
    attempt_id: bytes
    tx: bytes
    name: str
    author: Incarnation
    signer: bytes
    timestamp: Timestamp
    kind: Kind
    reason: str
    written: tuple[Command, ...]
    outcome: Outcome
    written_keys: tuple[KeyChange, ...]
    origin: Origin | None = None
    """Where it was promoted from."""
