"""Bugs in who is held for alive."""

from typing import Final

from mesh.protocol.membership import standings
from mesh.protocol.membership.beliefs import Beliefs
from mesh.protocol.membership.machine import Membership
from mesh.protocol.membership.probing import Probing
from mesh.protocol.membership.table import Table
from tests.planted.bug import GENERATED, Bug, Change

BUGS: Final[dict[str, Bug]] = {
    "refutation_raised_by_others": Bug.of(
        "Whoever hears from a suspect raises its refutation number in its place",
        GENERATED,
        Change(
            Membership.receive,
            "member.link.heard_ns = step.ns",
            (
                "member.link.heard_ns = step.ns\n"
                "        if member.standing is Standing.SUSPECT:\n"
                "            self._table.stand(member, Standing.ALIVE, Why.ANSWERS, step.ns)\n"
                "            member.refutation += 1\n"
                "            self._rumours.add(member.news())"
            ),
        ),
    ),
    "dead_imported_as_dead": Bug.of(
        "Hearsay that somebody has failed is believed at once, without suspecting first",
        GENERATED,
        Change(standings.as_exchanged, "return _SUSPECT if doubtful else heard", "return heard"),
        Change(
            standings.believed,
            "if held is None or heard_number > held_number:",
            (
                "if heard is _FAILED and held in (_ALIVE, _SUSPECT):\n"
                "        return _FAILED\n"
                "    if held is None or heard_number > held_number:"
            ),
        ),
    ),
    "doubt_of_the_present_number_ignored": Bug.of(
        "A suspicion under the number that is valid now is taken for refuted already",
        GENERATED,
        Change(Beliefs.refute, "if number < self.refutation", "if number <= self.refutation"),
    ),
    "nobody_asked_to_try": Bug.of(
        "Who does not answer is accused without anybody else being asked to try",
        "one_way_link",
        Change(
            Probing._widen,
            "asked.helpers = self._random.sample(alive, min(INDIRECT_PROBES, len(alive)))",
            "asked.helpers = []",
        ),
    ),
    "witnesses_expected_from_the_dead": Bug.of(
        "Confirmations are expected from all who are known, also from those who failed",
        "lone_survivor",
        Change(
            Table.verdict_ns,
            "confirmations_expected(self._alive)",
            "confirmations_expected(len(self._rows) - 1)",
        ),
    ),
    "verdict_never_passed": Bug.of(
        "A suspect that does not refute stays a suspect",
        "lone_survivor",
        Change(Beliefs.pass_verdicts, "if step.ns < self.table.verdict_ns(suspect):", "if True:"),
    ),
    "indirect_answers_not_counted": Bug.of(
        "That a helper reached the target ends the question only for the health score",
        "one_way_link",
        Change(Probing.answered_indirectly, "    self._rounds.end(asked)\n", ""),
    ),
}
