"""Bugs in the chains of facts, and in how facts get around."""

from typing import Final

from mesh.protocol.chains import Chains
from mesh.protocol.replica.scribe import Scribe
from mesh.protocol.spreading import Spreading
from tests.planted.bug import GENERATED, Bug, Change

BUGS: Final[dict[str, Bug]] = {
    "first_missing_fact_left_out": Bug.of(
        "Whoever asks what it lacks is not sent the first missing fact of each chain",
        GENERATED,
        Change(Chains.missing, "chain[held.get(origin, 0) :]", "chain[held.get(origin, 0) + 1 :]"),
    ),
    "stale_summary_of_facts": Bug.of(
        "The hash of what is held is remembered, and not forgotten when facts arrive",
        GENERATED,
        Change(Chains._hold, "    self._summary = None\n", ""),
    ),
    "answered_before_durable": Bug.of(
        "Who asks for facts is also sent those that are not on disk yet",
        GENERATED,
        Change(Scribe.answer, "gated=True", "gated=False"),
    ),
    "signatures_not_checked": Bug.of(
        "Facts are believed without their signature being checked",
        "flipped_bits",
        Change(Chains._objection, "not trusted and not self._is_signed(fact)", "False"),
    ),
    "what_waits_is_dropped": Bug.of(
        "A fact that comes before the one that it names is thrown away, and not asked for again",
        GENERATED,
        Change(
            Chains._wait,
            "self._waiting.setdefault((witness.origin, witness.sequence), []).append(fact)",
            "return None",
        ),
    ),
    "no_question_when_a_stream_stands": Bug.of(
        "Two that connect do not compare what they hold, and pushes are trusted to arrive",
        GENERATED,
        Change(Spreading.connected, "return self._ask(peer, now)", "return ()"),
        Change(Spreading.compare, "if facts == self._chains.summary():", "if True:"),
    ),
}
