"""What a rule says: a value.

The machine makes facts of it, a status line shows it, a test compares it.
"""

from dataclasses import dataclass
from enum import Enum

from mesh.protocol.barrier.ballot import Members
from mesh.protocol.objection import Objection
from mesh.wire.facts import NoReason
from mesh.wire.requests import Base


@dataclass(frozen=True, slots=True)
class Bind:
    """Seal, with exactly ``members``."""

    members: Members


@dataclass(frozen=True, slots=True)
class Deny:
    """Say No."""

    why: NoReason
    detail: str = ""
    key: Base | None = None

    @classmethod
    def of(cls, objection: Objection) -> "Deny":
        """The No that ``objection`` calls for."""
        return cls(objection.why, objection.detail, objection.key)


class Waiting(Enum):
    """Say nothing yet, and why."""

    FACTS = "facts that are still on their way"
    JOIN = "ChangeSets that are being applied here first"
    VIEW = "too few of those who take part are reachable"


Verdict = Bind | Deny | Waiting
