"""Bugs in the chains of facts, and in how facts get around."""

from typing import Final

from mesh.protocol.chains import Chains
from mesh.protocol.replica.scribe import Scribe
from mesh.protocol.spreading import Spreading
from tests.planted.bug import GENERATED, Bug, Change

BUGS: Final[dict[str, Bug]] = {
    "signatures_not_checked": Bug.of(
        "Who has signed a fact is not looked at: its chain says who it is by",
        "a_liar_among_us",
        Change(
            Chains._is_signed,
            "self._suite.verify(fact.origin.controller, fact.signed.raw, fact.signed.signature)",
            "True",
        ),
    ),
    "told_to_one_only": Bug.of(
        "A new fact is sent to the first of the others, who tells nobody",
        "an_ordinary_day",
        Change(Spreading.push, "told = peers if direct", "told = peers[:1] if direct"),
    ),
    "first_missing_fact_left_out": Bug.of(
        "Whoever asks what it lacks is not sent the first missing fact of each chain",
        GENERATED,
        Change(Chains.missing, "lacking += chain[there:]", "lacking += chain[there + 1 :]"),
    ),
    "answered_before_durable": Bug.of(
        "Who asks for facts is also sent those that are not on disk yet",
        GENERATED,
        Change(Scribe.answer, "gated=True", "gated=False"),
    ),
    "nobody_is_asked": Bug.of(
        "Nobody asks others what they hold: pushes are trusted to arrive",
        GENERATED,
        Change(
            Spreading._ask,
            "return tuple(_to(peer, part) for part in self.vector(reply=True))",
            "return ()",
        ),
    ),
}
