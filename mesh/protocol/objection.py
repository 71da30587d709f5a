"""Why a ChangeSet must not be sealed: the history's answer to the barrier's question."""

from dataclasses import dataclass

from mesh.wire.facts import NoReason
from mesh.wire.requests import Base


@dataclass(frozen=True, slots=True)
class Objection:
    """What a No says: INVALID, VERSION or CONFLICT, and the text that a person reads."""

    reason: NoReason
    detail: str
    key: Base | None = None
    """With CONFLICT: the key, and the tx that has changed it since the request was made."""
