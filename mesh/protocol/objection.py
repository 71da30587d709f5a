"""Why a ChangeSet cannot take effect on a given state.

A value that a vote carries and a person reads.
"""

from dataclasses import dataclass

from mesh.wire.facts import NoReason
from mesh.wire.requests import Base


@dataclass(frozen=True, slots=True)
class Objection:
    """What speaks against a ChangeSet: INVALID, VERSION or CONFLICT."""

    why: NoReason
    detail: str
    """For people: what, why, what to do."""
    key: Base | None = None
    """With CONFLICT: the key, and the ChangeSet that has changed it since."""
