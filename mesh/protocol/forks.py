"""Proof that one key has told two stories.

Two letters with one number in one hand, and different words: whoever shows both needs no other
witness. So a proof carries the two signed facts whole, and each who is shown it judges for himself.
It is evidence, not a verdict: a disk that was copied with its running memory makes such letters as
well as a liar does.

Invariant: a `Fork` holds two different facts of one origin under one number, both signed by it.
"""

from dataclasses import dataclass
from typing import Final

from mesh.protocol.suite import Verifier
from mesh.wire import cbor
from mesh.wire.facts import Fact, SignedFact, read_fact
from mesh.wire.identity import Incarnation
from mesh.wire.limits import FACT_BYTES_MAX

PROOF: Final = 2
"""Facts that make one. They travel alone, so that also those who hold neither can judge."""

_PROOF_BYTES_MAX: Final = 2 * FACT_BYTES_MAX + 1_024


@dataclass(frozen=True, slots=True)
class Fork:
    """Two different facts of one origin under one number, both signed.

    A clone, a rollback, or a lie.
    """

    origin: Incarnation
    sequence: int
    held: SignedFact
    other: SignedFact

    def encode(self) -> bytes:
        """As it is kept on disk."""
        pair = (self.held, self.other)
        return cbor.encode([part for each in pair for part in (each.raw, each.signature)])


def prove(held: Fact, other: Fact, verifier: Verifier) -> Fork | None:
    """The proof that ``held`` and ``other`` are; None where they are none."""
    is_pair = (held.origin, held.sequence) == (other.origin, other.sequence)
    if not is_pair or held.hash == other.hash:
        return None
    for each in (held, other):
        if not verifier.verify(each.origin.controller, each.signed.raw, each.signed.signature):
            return None
    return Fork(held.origin, held.sequence, held.signed, other.signed)


def decode_fork(raw: bytes, verifier: Verifier) -> Fork | None:
    """The proof that ``raw`` spells, verified anew; None where it is none."""
    try:
        content = cbor.decode(raw, _PROOF_BYTES_MAX)
        match content:
            case [bytes() as held, bytes() as signed, bytes() as other, bytes() as also]:
                pair = (SignedFact(held, signed), SignedFact(other, also))
                return prove(read_fact(pair[0]), read_fact(pair[1]), verifier)
            case _:
                return None
    except cbor.Undecodable:
        return None
