"""Bugs in who is held for alive."""

from typing import Final

from mesh.protocol.membership import standings
from mesh.protocol.membership.beliefs import Beliefs
from mesh.protocol.membership.doubters import Doubters
from mesh.protocol.membership.probing import Probing
from mesh.protocol.membership.table import Table
from mesh.protocol.membership.telling import Telling
from tests.planted.bug import GENERATED, Bug, Change

BUGS: Final[dict[str, Bug]] = {
    "last_number_counts": Bug.of(
        "A doubt counts under whatever number, also one that leaves nothing to refute it with",
        "a_liar_among_us",
        Change(Beliefs.hear, "_is_leap(max(number, 0), news.refutation)", "False"),
    ),
    "silenced_in_the_name_of_others": Bug.of(
        "Who is called a copy believes that all those say so in whose names it is told",
        "a_liar_among_us",
        Change(
            Beliefs.hear_of_us,
            "news.accuser == teller",
            "news.accuser is not None",
        ),
        Change(Beliefs.hear_of_us, "add(teller)", "add(news.accuser)"),
    ),
    "silenced_by_one": Bug.of(
        "Who is called a copy by a single member takes no part any more",
        "a_liar_among_us",
        Change(Doubters.weigh, "2 * saying > len(others)", "saying > 0"),
    ),
    "farewell_by_hearsay": Bug.of(
        "Who is said to have left is gone, whoever says so",
        "a_liar_among_us",
        Change(
            Beliefs.hear, "not in_person and is_farewell_in_doubt", "False and is_farewell_in_doubt"
        ),
    ),
    "leaves_without_a_word": Bug.of(
        "Who stops in good order does not tell the others",
        "rolling_restart",
        Change(Telling.say_goodbye, "for member in listeners:", "for member in listeners[:0]:"),
    ),
    "refutation_raised_by_others": Bug.of(
        "Who holds a member alive answers suspicions in its place, with a higher number",
        "crash_between_seal_and_gossip",
        Change(
            Beliefs.hear,
            "if believe is None:",
            (
                "if standing is Standing.ALIVE and believe is Standing.SUSPECT:\n"
                "        held.refutation = news.refutation + 1\n"
                "        self.rumours.add(held.news())\n"
                "        return None\n"
                "    if believe is None:"
            ),
        ),
    ),
    "dead_imported_as_dead": Bug.of(
        "Hearsay that somebody has failed is believed at once, without suspecting first",
        "office_wan_cut",
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
