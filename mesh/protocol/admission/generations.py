"""One environment, rebuilt: which of its generations may go on.

Whoever rebuilds an environment from a kit that was kept elsewhere raises its generation, in the
belief that all that was before is gone. Where it is not, two lives of one environment meet. They
never merge: the one of the lower number stops voting and says why; two of the same number, rebuilt
twice, both stop until a person ends one.
"""

from enum import Enum
from typing import NamedTuple

from mesh.wire.identity import fingerprint
from mesh.wire.messages import Hello


class Generation(NamedTuple):
    """A life of an environment."""

    number: int
    nonce: bytes
    """16 random bytes: two with the same number are told apart by them."""


class Relation(Enum):
    """How the generation of a peer stands to our own."""

    SAME = "same"
    LATER = "later"
    EARLIER = "earlier"
    RIVAL = "rival"
    """The same number, another life."""


def relation(own: Generation, other: Generation) -> Relation:
    """How ``other`` stands to ``own``."""
    if other == own:
        return Relation.SAME
    if other.number == own.number:
        return Relation.RIVAL
    return Relation.LATER if other.number > own.number else Relation.EARLIER


def generation_of(hello: Hello) -> Generation:
    """The generation that the sender of ``hello`` names."""
    return Generation(hello.generation, hello.generation_nonce)


def outlived(own: Generation, rival: Generation) -> str | None:
    """Why a controller of ``own`` that has met ``rival`` casts no votes; None: it may."""
    match relation(own, rival):
        case Relation.SAME | Relation.EARLIER:
            return None
        case Relation.LATER:
            return (
                f"this environment was rebuilt as generation {rival.number}, and here is"
                f" {own.number}: no votes are cast here; salvage what only this side has, remove"
                " the data directory, and let the controller be admitted there"
            )
        case Relation.RIVAL:
            return (
                f"this environment was rebuilt twice as generation {own.number}, as"
                f" {fingerprint(own.nonce)} here and as {fingerprint(rival.nonce)} elsewhere:"
                " neither side votes until a person ends one of the two"
            )
