"""Two kinds of wrong: a caller's is an exception, a peer's is a value.

`RefusedWrite` is raised to whoever calls us with something that may not be written. `Rejected`
is returned for whatever arrived from elsewhere (a peer, a disk) and cannot be used: it is counted
and dropped, and nothing else changes.
"""

from dataclasses import dataclass
from enum import StrEnum


class RefusedWrite(ValueError):
    """A write that may not be made: the text says what, why, and what to do. Nothing changed."""


class Reason(StrEnum):
    """Why something that arrived was not used."""

    MALFORMED = "malformed"
    TOO_LARGE = "too large"
    VERSION = "another protocol version"
    EPOCH = "another data set"
    FORGED = "signature or hash does not fit"
    IMPOSTOR = "claims writes of this very replica"
    UNPROVEN = "claims writes that their author has not signed"
    UNKNOWN = "claims writes of a life that is not known here"
    FULL = "a bound of the store is reached"
    STALE = "belongs to no session here"


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something from elsewhere that was not used, and why; `detail` is for people."""

    reason: Reason
    detail: str = ""
