"""Bugs in voting: who may be counted, what may be said, and when."""

from typing import Final

from mesh.environment import policy
from mesh.protocol.barrier import answer, ballot, machine, reseal, roster_rules
from mesh.protocol.replica.scribe import Scribe
from tests.planted.bug import GENERATED, Bug, Change

BUGS: Final[dict[str, Bug]] = {
    "votes_against_the_living": Bug.of(
        "A ChangeSet counts as released when all who are seen alive have sealed anything",
        GENERATED,
        Change(
            machine.Barrier._vote,
            "for number in self._agenda.undecided:",
            (
                "for number in self._agenda.undecided:\n"
                "        if not self._at.alive(number) & ~self._at.ballot(number).sealed:\n"
                "            self._at.knowledge.released |= 1 << number\n"
                "            self._at.knowledge._complete(number)"
            ),
        ),
    ),
    "seals_of_different_sets_add_up": Bug.of(
        "A set is complete when each member has sealed some set, not this very one",
        GENERATED,
        Change(ballot.Ballot._is_full, "members & ~sealers", "members & ~self.sealed"),
    ),
    "vote_sent_before_durable": Bug.of(
        "An own fact is sent at once, before it is on disk",
        "an_ordinary_day",
        Change(Scribe.say, "gated=True", "gated=False"),
    ),
    "no_judged_by_the_latest_set": Bug.of(
        "Whether a No is allowed is judged by the latest set only, earlier seals are forgotten",
        "one_comes_as_another_goes",
        Change(
            reseal.withdraw, "in sets_of_mine(at, number))", "in sets_of_mine(at, number)[-1:])"
        ),
    ),
    "first_answer_ignores_a_known_no": Bug.of(
        "The first answer does not look whether somebody has refused already",
        GENERATED,
        Change(answer.known_naysayer, "if naysayers:", "if False:"),
    ),
    "same_set_sealed_twice": Bug.of(
        "A set that was sealed before is sealed again when the view is as it was then",
        "gone_and_back_within_a_vote",
        Change(
            reseal.next_set,
            "return None if members in sets_of_mine(at, number) else members",
            "return None if members == sets_of_mine(at, number)[-1] else members",
        ),
        Change(reseal.is_stalled, "return seen(at, number) in", "return False and seen in"),
        Change(ballot.Ballot.seal, "    if members in said:\n        return False\n", ""),
    ),
    "sets_only_shrink": Bug.of(
        "The next set is never larger than the last one: who comes back in time is left out",
        "the_set_grows_again",
        Change(
            reseal.next_set,
            "members = seen(at, number)\n",
            "members = seen(at, number)\n"
            "    for sealed in sets_of_mine(at, number)[-1:]:\n"
            "        members &= sealed\n",
        ),
    ),
    "sealed_with_who_refused": Bug.of(
        "The next set is everybody alive, those who said No included",
        GENERATED,
        Change(reseal.seen, "at.alive(number) & ~nay(at, number)", "at.alive(number)"),
    ),
    "sealed_before_the_proposal_is_held": Bug.of(
        "Proposals of others are kept in memory and not written, and sealed nevertheless",
        "an_ordinary_day",
        Change(
            Scribe.take,
            "self._desk.write_soon(WriteFact(fact.origin, fact.sequence, fact.signed))",
            (
                "if type(fact.body).__name__ != 'Propose':\n"
                "            self._desk.write_soon("
                "WriteFact(fact.origin, fact.sequence, fact.signed))"
            ),
        ),
    ),
    "patience_after_the_seal": Bug.of(
        "Who has sealed and loses patience says No all the same",
        GENERATED,
        Change(
            reseal.after_seal,
            "return withdraw",
            (
                "patience_ns = at.change_set(number).request.patience_ns\n"
                "    if now_ns >= at.held_since_ns.get(number, now_ns) + patience_ns:\n"
                "        return Deny(NoReason.PATIENCE)\n"
                "    return withdraw"
            ),
        ),
    ),
    "any_refused_set_is_enough": Bug.of(
        "A controller withdraws when one of the sets that it sealed met a No, not all",
        "one_comes_as_another_goes",
        Change(reseal.withdraw, "if all(", "if any("),
    ),
    "majority_of_the_living": Bug.of(
        "The majority is counted over those who can be reached, not over the roster",
        "minority_under_majority",
        Change(
            roster_rules.required_quorum,
            "members = len(at.judge.roster(over))",
            "members = len(tuple(at.live))",
        ),
    ),
    "majority_one_short": Bug.of(
        "Half of the roster, rounded down, counts as a majority",
        "minority_under_majority",
        Change(policy.quorum, "roster_size // 2 + 1", "roster_size // 2"),
    ),
    "seal_below_the_quorum": Bug.of(
        "A set that has shrunk below the quorum is sealed, and no longer waits for others",
        GENERATED,
        Change(reseal.next_set, " or members.bit_count() < ballot.quorum", ""),
        Change(ballot.Ballot._is_full, "max(self.quorum, 1)", "1"),
    ),
}
