"""Faults planted in the words for people, and in the checker of the invariants."""

from typing import Final

from mesh.protocol.barrier import status
from simulations.checkers import barrier as checker
from tests.mutants.edit import both, edit
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/specification/barrier"
EXAMPLES: Final = f"{_HERE}/test_worked_examples.py"
STATUS: Final = f"{_HERE}/test_status.py"
INVARIANTS: Final = f"{_HERE}/test_invariants.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "barrier-W-no-word-for-applied": Mutant(
        edit(status.word_for, "return Word.APPLIED", "return Word.PENDING"),
        (f"{STATUS}::test_applied_names_who_applied",),
    ),
    "barrier-W-cancelled-here-only": Mutant(
        edit(status.word_for, "return Word.CANCELLED\n", "return Word.CANCELLED_HERE\n"),
        (f"{EXAMPLES}::test_refusal",),
    ),
    "barrier-W-never-cancelled-here": Mutant(
        edit(status.word_for, "if mine and not mine & ~naysayers:", "if False:"),
        (f"{STATUS}::test_cancelled_here_and_cancelled",),
    ),
    "barrier-W-never-in-doubt": Mutant(
        edit(status.word_for, "if bound_here and (", "if False and ("),
        (
            f"{STATUS}::test_in_doubt_after_a_restart",
            f"{STATUS}::test_in_doubt_under_majority",
        ),
    ),
    "barrier-W-doubt-only-when-short": Mutant(
        edit(
            status.word_for,
            "is_short(at, number) or not bound_here & at.alive(number)",
            "is_short(at, number)",
        ),
        (f"{STATUS}::test_in_doubt_after_a_restart",),
    ),
    "barrier-W-short-is-no-doubt": Mutant(
        edit(status.word_for, "is_short(at, number) or ", ""),
        (
            f"{STATUS}::test_in_doubt_under_majority",
            f"{EXAMPLES}::test_majority_in_doubt",
        ),
    ),
    "barrier-W-never-lost": Mutant(
        edit(status.word_for, "if is_lost(at, number):", "if False:"),
        (f"{STATUS}::test_lost_when_no_life_is_left_that_could_decide",),
    ),
    "barrier-W-lost-while-somebody-can-decide": Mutant(
        edit(status.is_lost, "return all(", "return any("),
        (f"{STATUS}::test_in_doubt_after_a_restart",),
    ),
    "barrier-W-never-unmerged": Mutant(
        edit(
            status.word_for,
            "Word.UNMERGED if is_apart(at, number) else Word.PENDING",
            "Word.PENDING",
        ),
        (f"{STATUS}::test_applied_elsewhere_unmerged",),
    ),
    "barrier-W-gaps-are-unmerged": Mutant(
        edit(
            status.is_apart,
            "return is_groundless(at, number)",
            "return True",
        ),
        (f"{STATUS}::test_pending_while_facts_are_missing",),
    ),
    "barrier-W-waits-on-the-dead": Mutant(
        edit(status.is_apart, "return is_groundless(at, number)", "return False"),
        (f"{STATUS}::test_what_is_made_on_top_of_the_dead_is_not_waited_for",),
    ),
    "barrier-W-waits-for-all": Mutant(
        edit(status.status_of, "& ~ballot.sealed & ~ballot.denied", ""),
        (f"{STATUS}::test_pending_names_who_is_waited_for",),
    ),
    "barrier-I-W-blind": Mutant(
        edit(
            checker.BarrierChecker._judge_no,
            "if naysayer in members:",
            "if False:",
            (
                "elif naysayer in entry.participants",
                "elif naysayer in entry.participants and naysayer not in members",
            ),
        ),
        (f"{INVARIANTS}::test_w",),
    ),
    "barrier-I-NF-blind": Mutant(
        edit(
            checker.BarrierChecker._judge_no,
            "elif naysayer in entry.participants and self._was_seen",
            "elif False and self._was_seen",
        ),
        (f"{INVARIANTS}::test_nf",),
    ),
    "barrier-I-NF-blames-suspicion": Mutant(
        edit(
            checker.BarrierChecker._was_seen,
            "return not any(other in unseen.get(who, {}) for who in members)",
            "return True",
        ),
        (f"{INVARIANTS}::test_nf_not_where_he_was_suspected",),
    ),
    "barrier-I-NF-forgets-boots": Mutant(
        edit(
            checker.BarrierChecker._is_seen,
            " and self._newest.get(other.controller, other) <= other",
            "",
        ),
        (f"{INVARIANTS}::test_nf_not_where_he_had_ended",),
    ),
    "barrier-I-D-blind": Mutant(
        edit(
            checker.BarrierChecker._sealed,
            "(who.controller, seal.attempt) not in self._held",
            "False",
        ),
        (f"{INVARIANTS}::test_d",),
    ),
    "barrier-I-O-blind": Mutant(
        edit(
            checker.BarrierChecker._check_order,
            "if both and (controller, attempt) not in self._skipped:",
            "if False:",
        ),
        (f"{INVARIANTS}::test_o",),
    ),
    "barrier-I-O-forgets-skips": Mutant(
        edit(
            checker.BarrierChecker._check_order,
            " and (controller, attempt) not in self._skipped",
            "",
        ),
        (f"{INVARIANTS}::test_o_not_where_it_was_skipped",),
    ),
    "barrier-I-O-blames-joins": Mutant(
        edit(
            checker.BarrierChecker._check_order,
            "controller not in self.ledger[attempt].star or ",
            "",
            ("if controller in self.ledger[each].star", ""),
        ),
        (f"{INVARIANTS}::test_o_not_where_it_is_joined_late",),
    ),
    "barrier-I-O-forgets-lost-disks": Mutant(
        both(
            edit(checker.BarrierChecker._check_order, " or controller in self._wiped", ""),
            edit(checker.BarrierChecker.wiped, "self._histories[controller] = {}", "pass"),
            edit(checker.BarrierChecker._applied, "if attempt in history:\n        return", ""),
        ),
        (f"{INVARIANTS}::test_a_lost_disk_excuses_the_order",),
    ),
    "barrier-I-H-unreleased": Mutant(
        edit(
            checker.BarrierChecker._applied,
            "if attempt not in self.ledger or not self.ledger[attempt].complete:",
            "if attempt not in self.ledger:",
        ),
        (f"{INVARIANTS}::test_h_released",),
    ),
    "barrier-I-H-gaps": Mutant(
        edit(checker.BarrierChecker._applied, "if missing:", "if False:"),
        (f"{INVARIANTS}::test_h_closed",),
    ),
    "barrier-I-Q-no-blind": Mutant(
        edit(checker.BarrierChecker._refused, "if not self._disturbed:", "if False:"),
        (f"{INVARIANTS}::test_q_no",),
    ),
    "barrier-I-Q-order-blind": Mutant(
        both(
            edit(
                checker.BarrierChecker._check_order,
                "if later and not self._disturbed:",
                "if False:",
            ),
            edit(checker.BarrierChecker._check_one_order, "if self._disturbed:", "if True:"),
        ),
        (f"{INVARIANTS}::test_q_order",),
    ),
    "barrier-I-M-blind": Mutant(
        edit(checker.BarrierChecker._check_majority, "if not mine &", "if False and not mine &"),
        (f"{INVARIANTS}::test_m",),
    ),
    "barrier-I-M-blames-descent": Mutant(
        edit(
            checker.BarrierChecker._check_majority,
            "if other == attempt or other in self.ledger.ancestors(attempt):",
            "if other == attempt:",
            ("if attempt in self.ledger.ancestors(other):", "if False:"),
        ),
        (f"{INVARIANTS}::test_m_not_where_one_is_below_the_other",),
    ),
    "barrier-I-rest-blind": Mutant(
        edit(checker.BarrierChecker.at_rest, "return found", "return []"),
        (f"{INVARIANTS}::test_rest",),
    ),
    "barrier-I-rest-unsaid-blind": Mutant(
        edit(checker.BarrierChecker.applied, "unsaid |=", "_ ="),
        (f"{INVARIANTS}::test_rest_knows_what_was_never_said",),
    ),
    "barrier-I-rest-unsaid-for-ever": Mutant(
        edit(checker.BarrierChecker.written, "self._unsaid[fact.origin.controller] = {}", "pass"),
        (f"{INVARIANTS}::test_rest_knows_what_was_never_said",),
    ),
    "barrier-I-false-alarm": Mutant(
        edit(
            checker.BarrierChecker._proposed,
            "if change_set.kind is Kind.MERGE and not self._disturbed:",
            "if True:",
        ),
        (f"{INVARIANTS}::test_a_calm_run_breaks_nothing",),
    ),
}
