"""Faults planted in what a life does and says that began with an empty disk: B12-empty."""

from typing import Final

from mesh.protocol.barrier import proposing, recovery, roster_rules
from mesh.protocol.replica.participant import Participant
from mesh.protocol.replica.recovering import Recovering
from tests.mutants.edit import both, edit
from tests.mutants.mutant import Mutant

_RULES: Final = "tests/specification/barrier/test_b12_recovery.py"
_WHOLE: Final = "tests/mesh/protocol/replica/test_recovering.py"

_COUNTED_ON: Final = (
    f"{_WHOLE}::test_under_majority_nobody_counts_on_a_wiped_controller_before_it_has_met_enough"
)

MUTANTS: Final[dict[str, Mutant]] = {
    "recovery-not-asked-for": Mutant(
        edit(proposing.remembers, "if recovery is None or recovery.is_over:", "if True:"),
        (
            f"{_RULES}::test_under_majority_who_has_not_recovered_is_in_nobodys_p",
            f"{_RULES}::test_it_proposes_nothing_itself",
            f"{_WHOLE}::test_a_founder_that_lost_its_disk_proposes_nothing_on_nothing",
        ),
    ),
    "recovery-never-over": Mutant(
        edit(proposing.remembers, "if recovery is None or recovery.is_over:", "if not recovery:"),
        (f"{_RULES}::test_under_majority_who_has_not_recovered_is_in_nobodys_p",),
    ),
    "recovery-of-any-life": Mutant(
        edit(
            proposing.remembers,
            "recoveries.get(who)",
            "recoveries.get(max((each for each in at.knowledge.recoveries "
            "if each.controller == who.controller), default=who))",
        ),
        (f"{_RULES}::test_what_another_life_said_says_nothing",),
    ),
    "recovery-everywhere-as-under-majority": Mutant(
        edit(proposing.remembers, "if policy is Policy.MAJORITY:", "if True:"),
        (f"{_RULES}::test_without_majority_it_waits_for_the_first_one_only",),
    ),
    "recovery-proposes-on-nothing": Mutant(
        edit(proposing.remembers, "who != at.me or bool(recovery.synced_from)", "True"),
        (f"{_RULES}::test_without_majority_it_waits_for_the_first_one_only",),
    ),
    "recovery-merges-by-the-laxer-policy": Mutant(
        edit(
            roster_rules.strictest_policy,
            "Policy.MAJORITY if Policy.MAJORITY in policies",
            "Policy.MAJORITY if set(policies) == {Policy.MAJORITY}",
        ),
        (f"{_RULES}::test_a_merge_goes_by_the_stricter_policy",),
    ),
    "recovery-one-other-too-few": Mutant(
        edit(recovery.others_needed, " + 1)", ")"),
        (
            f"{_RULES}::test_it_takes_as_many_others_as_every_majority_must_meet",
            _COUNTED_ON,
        ),
    ),
    "recovery-any-record": Mutant(
        both(
            edit(recovery.read_recovery, "record.kind == RECOVERY", "True"),
            edit(recovery.decode_recovery, "len(known) == len(ids)", "True"),
        ),
        (f"{_RULES}::test_other_records_are_none_of_it",),
    ),
    "recovery-kept-otherwise": Mutant(
        edit(recovery.Recovery.encode, "*self.synced_from", "*self.synced_from[1:]"),
        (f"{_RULES}::test_what_is_told_is_what_is_kept",),
    ),
    "recovery-of-learners-later": Mutant(
        edit(
            Recovering._is_enough, "if state is None or", "if self._own.controller not in roster or"
        ),
        (f"{_WHOLE}::test_a_newcomer_has_recovered_when_it_takes_part",),
    ),
    "recovery-half-a-list-counts": Mutant(
        edit(Recovering.told, "complete = vector.until is None", "complete = True"),
        (f"{_WHOLE}::test_half_a_list_proves_nothing",),
    ),
    "recovery-forgotten-by-a-restart": Mutant(
        edit(Recovering.begin, "if raw is not None:", "if False:"),
        (f"{_WHOLE}::test_a_restart_on_the_new_disk_brings_nothing_back",),
    ),
    "recovery-vouched-for-by-the-empty": Mutant(
        edit(Recovering._note, "if recovery is None or recovery.is_over:", "if True:"),
        (f"{_WHOLE}::test_two_who_lost_their_disks_do_not_vouch_for_each_other",),
    ),
    "recovery-waits-for-nobody": Mutant(
        edit(
            Recovering._is_enough,
            " or (bool(known) and all(each in self._met for each in others))",
            "",
        ),
        (f"{_WHOLE}::test_where_all_others_were_met_nobody_is_left_who_could_know_more",),
    ),
    "recovery-a-founder-lost-nothing": Mutant(
        edit(Recovering.begin, " and LIFE_KEY not in image.meta", ""),
        (
            f"{_WHOLE}::test_a_founder_whose_facts_are_lost_and_whose_name_is_not_has_lost_its_memory",
        ),
    ),
    "recovery-not-said": Mutant(
        edit(Participant._tell_recovery, "if recovery is None:", "if True:"),
        (_COUNTED_ON,),
    ),
}
