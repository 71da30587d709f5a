"""What the opponent talks about: attempts by name, lives by number, facts as plain values."""

from dataclasses import dataclass, field
from typing import Final

Set = frozenset[int]
Names = frozenset[str]

NOBODY: Final[Set] = frozenset()
HEALED: Final = ("behind", "diverged", "roster", "busy", "patience", "nay", "withdraw")
FINAL: Final = ("invalid", "conflict", "operator")
PATIENCE: Final = 1_000
ACTIVE: Final = "all-active"
MAJORITY: Final = "majority"


@dataclass(frozen=True)
class Change:
    """One attempt."""

    author: int
    ts: tuple[int, int, int]
    """Lamport time, controller, incarnation."""
    anc: Names
    participants: Set
    quorum: int
    kind: str
    tx: int
    key: str | None = None
    version: int | None = None
    """The tx that last wrote ``key`` where the request was made."""
    add: int | None = None
    remove: int | None = None
    policy: str | None = None
    approved: bool = False


@dataclass(frozen=True)
class Seal:
    """A vote for a set."""

    change: str
    members: Set


@dataclass(frozen=True)
class No:
    """A refusal."""

    change: str
    why: str


@dataclass(frozen=True)
class Applied:
    """It is in the history."""

    change: str


@dataclass(frozen=True)
class Propose:
    """It comes up."""

    change: str


@dataclass(frozen=True)
class Boot:
    """A new life; ``last`` where it proves the last number of the one before."""

    previous: int
    last: int | None


@dataclass(frozen=True)
class Skip:
    """It is not waited for."""

    change: str


Fact = Propose | Seal | No | Applied | Boot | Skip


@dataclass
class View:
    """What the facts that one controller holds say."""

    proposed: dict[str, None] = field(default_factory=dict)
    seals: dict[str, dict[int, list[Set]]] = field(default_factory=dict)
    nos: dict[str, dict[int, str]] = field(default_factory=dict)
    applied: dict[str, set[int]] = field(default_factory=dict)
    skipped: set[tuple[int, str]] = field(default_factory=set)
    newest: dict[int, int] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    answers: dict[tuple[object, ...], object] = field(default_factory=dict)
