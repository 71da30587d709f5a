"""Faults planted in the fold, in what is set aside, and in what an environment is."""

from collections.abc import Callable, Iterable
from typing import Final

import pytest

from mesh.environment import commands, founding, invariants, resolve, workspace
from mesh.environment.configuration import Configuration
from mesh.environment.draft import Draft
from mesh.environment.entries import NOTHING, Entry, ObjectId, entry_hash
from mesh.environment.index import Index
from mesh.protocol.barrier.standpoint import Standpoint
from mesh.protocol.catalogue import ChangeSet, Ids
from mesh.protocol.history import disputes, history, line, merging, prepared, rules, rulings
from mesh.protocol.history.line import SetAside, Step
from mesh.protocol.history.outcomes import EFFECTIVE, Outcome, Standing, Why
from mesh.protocol.history.prepared import Prepared
from mesh.wire.identity import Timestamp
from mesh.wire.requests import Key, Kind
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_FOLD: Final = "tests/specification/fold/test_fold_rules.py"
_CHANGES: Final = "tests/mesh/protocol/replica/test_changes.py"
_MERGES: Final = "tests/specification/fold/test_merges.py"
_BELOW: Final = "tests/specification/fold/test_merges_on_a_ground.py"
_VOTES: Final = "tests/specification/fold/test_votes.py"
_ROSTER: Final = "tests/specification/fold/test_roster.py"
_ORACLE: Final = "tests/mesh/protocol/history/test_against_reference.py"
_CONFIGURATION: Final = "tests/mesh/environment/test_configuration.py"
_RESOLVE: Final = "tests/mesh/environment/test_resolve.py"


def _replace(target: object, name: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda monkeypatch: monkeypatch.setattr(target, name, value)


def _nothing(*_: object) -> None:
    return None


def _by_arrival(change_set: ChangeSet) -> tuple[Timestamp, bytes]:
    """Reversed: the later one first."""
    lamport, incarnation = change_set.attempt.timestamp
    return Timestamp(-lamport, incarnation), change_set.id


def _twice(self: line.Line, step: Step) -> None:
    _append(self, step)
    self._firsts.pop(self._catalogue[step.number].tx, None)


def _commit_in_part(workspace_: workspace.Workspace, ready: Prepared) -> rules.Verdict:
    """What was done before a command refused stays done."""
    draft = Draft(workspace_)
    for step in ready.steps:
        draft.begin(step.touched)
        if step.declaration.run(draft, step.arguments) is not None:
            break
    after = tuple(draft.changes(ready.change_set.tx))
    return rules.Verdict(EFFECTIVE, tuple(workspace_.assign(after)), after)


def _rights_today(
    self: rulings.Rulings, ready: Prepared, ancestors: Ids, covered: rulings.Shut | None
) -> Outcome | None:
    """Judges a merge by what everybody knows now."""
    everything = (1 << len(self._catalogue)) - 1
    merges = self.merges(everything)
    footing = self._footing(everything & ~merges)
    refused = rules.refusal_of_rights(ready, footing.roster, footing.rights)
    return refused or _no_right_needed(self, ready, ancestors, covered)


def _no_right_needed(
    self: rulings.Rulings, ready: Prepared, ancestors: Ids, covered: rulings.Shut | None
) -> Outcome | None:
    faults = ready.faults or self._oversteps(ready, ancestors, covered)
    return Outcome(Standing.SET_ASIDE, Why.FAILED, faults[0]) if faults else None


def _first_counts(self: rulings.Rulings, candidates: list[int]) -> ChangeSet:
    return self._catalogue[candidates[0]]


def _last_counts(self: rulings.Rulings, candidates: list[int]) -> ChangeSet:
    return self._catalogue[candidates[-1]]


def _shared_by_arrival(self: line.Line, ids: Ids, aside: SetAside) -> int:
    """Takes what is new for the last, whatever its time."""
    del aside
    return _shared(self, ids & self.ids, self._aside)


def _shared_without_rulings(self: line.Line, ids: Ids, aside: SetAside) -> int:
    del aside
    return _shared(self, ids, self._aside)


def _over_everything(self: history.History, over: Ids, timestamp: Timestamp) -> Ids:
    del self, timestamp
    return over


def _keep_changes(self: history.History, ready: Prepared) -> object:
    """A trial that is not undone."""
    verdict = rules.apply(self._line.workspace, ready, None)
    return None if verdict.outcome is EFFECTIVE else history._objection(verdict.outcome)


def _hash_of_values(key: Key, entry: Entry) -> int:
    """Leaves out who wrote it."""
    return _entry_hash(key, _founded(entry))


def _founded(entry: Entry) -> Entry:
    """The entry as if it had been founded."""
    return entry._replace(version=None)


def _referrer_by_arrival(self: Index, target: ObjectId) -> ObjectId | None:
    return next(iter(self._referrers.get(target, ())), None)


def _entry_by_trust(self: Configuration, key: Key) -> Entry:
    """Takes it that every key has a kind and a name."""
    return self.objects.get((key[0], key[1]), {}).get(key[2:], NOTHING)


def _snapshot_that_is_the_original(self: workspace.Workspace) -> workspace.Workspace:
    return self


def _first_error(commands_: Iterable[object]) -> tuple[str, ...]:
    return _check(tuple(commands_))[:1]  # type: ignore[arg-type]  # commands, as the caller has them


def _fixed_id(nonce: bytes, position: int) -> str:
    del nonce, position
    return "0" * 32


_append = line.Line._append
_shared = line.Line.shared
_entry_hash = entry_hash
_check = commands.check_commands

MUTANTS: Final[dict[str, Mutant]] = {
    "fold-later-first": Mutant(
        _replace(ChangeSet, "place", property(_by_arrival)),
        (f"{_FOLD}::test_the_state_is_the_fold_by_timestamp",),
    ),
    "fold-late-goes-last": Mutant(
        _replace(line.Line, "shared", _shared_by_arrival),
        (f"{_FOLD}::test_a_late_arrival_refolds_from_its_place",),
    ),
    "fold-trial-outlives-its-state": Mutant(
        edit(line.Line._known, "last.ids != self.ids", "False"),
        (f"{_ORACLE}::test_a_vote_asked_for_again_is_found_anew",),
    ),
    "fold-trial-outlives-its-rulings": Mutant(
        edit(line.Line._known, "last.aside is not self._aside", "False"),
        (f"{_FOLD}::test_what_was_voted_on_before_falls_all_the_same",),
    ),
    "fold-tx-effective-twice": Mutant(
        _replace(line.Line, "_append", _twice),
        (f"{_FOLD}::test_a_request_takes_effect_once_at_its_lowest_place",),
    ),
    "fold-rights-ignored": Mutant(
        _replace(rules, "refusal_of_rights", _nothing),
        (
            f"{_FOLD}::test_who_has_no_right_is_set_aside",
            f"{_FOLD}::test_a_controller_may_only_merge_and_activate",
        ),
    ),
    "fold-forgery-unseen": Mutant(
        _replace(prepared, "_forgery", _nothing),
        (
            f"{_FOLD}::test_a_forged_request_is_set_aside",
            f"{_VOTES}::test_what_can_never_be_is_invalid",
        ),
    ),
    "fold-merge-unheard": Mutant(
        _replace(rules, "_merged", _nothing),
        (f"{_FOLD}::test_the_merge_that_counts_sets_aside",),
    ),
    "fold-merge-does-not-reach-back": Mutant(
        _replace(line.Line, "shared", _shared_without_rulings),
        (f"{_FOLD}::test_the_merge_that_counts_sets_aside",),
    ),
    "fold-base-ignored": Mutant(
        _replace(rules, "conflict", _nothing),
        (
            f"{_FOLD}::test_a_base_that_does_not_hold_is_a_conflict",
            f"{_FOLD}::test_what_was_built_on_a_set_aside_change_falls_in_turn",
            f"{_FOLD}::test_without_a_list_the_earlier_stands",
        ),
    ),
    "fold-base-may-be-bare": Mutant(
        _replace(prepared, "_uncovered", lambda *_: []),
        (f"{_FOLD}::test_a_base_must_name_every_key",),
    ),
    "fold-in-part": Mutant(
        _replace(rules, "_commit", _commit_in_part),
        (
            f"{_FOLD}::test_a_command_that_refuses_sets_all_aside",
            f"{_FOLD}::test_a_broken_invariant_sets_all_aside",
        ),
    ),
    "fold-invariants-ignored": Mutant(
        _replace(rules, "breach", _nothing),
        (
            f"{_FOLD}::test_a_broken_invariant_sets_all_aside",
            f"{_FOLD}::test_no_reference_dangles",
            f"{_ROSTER}::test_the_roster_is_never_empty",
            f"{_MERGES}::test_what_breaks_an_invariant_together_is_a_dispute",
        ),
    ),
    "fold-examined-each-time": Mutant(
        edit(history.History._examine, "_ = self._examined.put(signed, known)", "pass"),
        (f"{_CHANGES}::test_a_request_is_examined_once_by_each",),
    ),
    "fold-judged-each-time": Mutant(
        edit(Standpoint.objection, "self._drafted = {asked: (over, objection)}", "pass"),
        (f"{_CHANGES}::test_a_change_is_judged_once_by_each",),
    ),
    "fold-unread-skipped": Mutant(
        edit(prepared.prepare, "flaw is not None and", "False and"),
        (f"{_FOLD}::test_folding_stops_at_a_request_of_a_newer_version",),
    ),
    "fold-malformed-stops": Mutant(
        edit(prepared.prepare, "why is NoReason.VERSION", "why is not None"),
        (f"{_FOLD}::test_a_request_that_nobody_can_read_is_set_aside",),
    ),
    "fold-unknown-skipped": Mutant(
        _replace(rules, "_stopped", _nothing),
        (f"{_FOLD}::test_folding_stops_at_a_command_of_a_newer_version",),
    ),
    "merge-rights-of-today": Mutant(
        _replace(rulings.Rulings, "_judge", _rights_today),
        (f"{_FOLD}::test_a_merge_counts_though_its_signer_was_removed_since",),
    ),
    "merge-decides-about-anything": Mutant(
        _replace(rulings.Rulings, "_oversteps", lambda *_: ()),
        (f"{_FOLD}::test_a_merge_decides_only_what_its_sides_did_not_share",),
    ),
    "merge-by-anybody": Mutant(
        _replace(rulings.Rulings, "_judge", _no_right_needed),
        (
            f"{_FOLD}::test_a_merge_is_judged_in_the_fold_of_its_ancestors",
            f"{_VOTES}::test_a_merge_without_the_right_is_refused",
            f"{_VOTES}::test_only_an_operator_lets_in_what_removed_controllers_released",
        ),
    ),
    "merge-first-counts": Mutant(
        _replace(rulings.Rulings, "_counting", _first_counts),
        (f"{_FOLD}::test_a_later_merge_that_saw_the_first_revises_it",),
    ),
    "merge-last-counts": Mutant(
        _replace(rulings.Rulings, "_counting", _last_counts),
        (
            f"{_FOLD}::test_of_two_merges_at_once_the_lower_counts",
            f"{_MERGES}::test_two_merges_at_once_agree",
        ),
    ),
    "merge-reopens-what-was-settled": Mutant(
        _replace(disputes.Sides, "met", lambda *_: False),
        (f"{_MERGES}::test_what_one_side_settled_is_not_reopened",),
    ),
    "merge-forgets-what-it-kept": Mutant(
        _replace(merging.Merging, "_was_kept", lambda *_: False),
        (f"{_MERGES}::test_one_that_was_kept_once_is_kept_again",),
    ),
    "merge-disputes-orphans": Mutant(
        _replace(merging.Merging, "_is_orphan", lambda *_: False),
        (f"{_MERGES}::test_a_chain_is_kept_or_set_aside_as_one",),
    ),
    "merge-knows-nothing-below": Mutant(
        edit(
            merging.Merging._is_orphan,
            "entry.version not in self._catalogue.ground.effective",
            "True",
        ),
        (f"{_BELOW}::test_what_was_built_on_the_ground_is_disputed",),
    ),
    "merge-takes-all-below-for-ground": Mutant(
        edit(
            merging.Merging._is_orphan,
            "entry.version not in self._catalogue.ground.effective",
            "False",
        ),
        (f"{_BELOW}::test_what_fell_below_the_ground_carries_nothing",),
    ),
    "merge-misses-mutual-removal": Mutant(
        _replace(merging.Merging, "_mutual_removals", lambda *_: ()),
        (f"{_MERGES}::test_sides_that_remove_each_other_are_always_held",),
    ),
    "merge-holds-nothing": Mutant(
        _replace(merging, "HOLD", "never"),
        (f"{_MERGES}::test_under_hold_a_person_decides",),
    ),
    "merge-promises-what-does-not-stand": Mutant(
        _replace(merging.Merging, "_unkept", lambda *_: ()),
        (
            f"{_MERGES}::test_what_a_person_keeps_stands_or_is_refused",
            f"{_CHANGES}::test_under_hold_every_dispute_is_decided_or_nothing_is",
        ),
    ),
    "vote-hears-what-is-later": Mutant(
        _replace(history.History, "_earlier", _over_everything),
        (f"{_VOTES}::test_only_what_is_earlier_is_heard",),
    ),
    "vote-leaves-traces": Mutant(
        _replace(history.History, "_trial", _keep_changes),
        (f"{_VOTES}::test_nothing_speaks_against_what_would_take_effect",),
    ),
    "roster-majority-of-two": Mutant(
        _replace(invariants, "MAJORITY_ROSTER_MIN", 1),
        (f"{_ROSTER}::test_majority_needs_three",),
    ),
    "roster-majority-never-lapses": Mutant(
        _replace(resolve, "MAJORITY_ROSTER_MIN", 0),
        (f"{_ROSTER}::test_a_removal_that_leaves_two_ends_the_majority",),
    ),
    "roster-founded-by-majority": Mutant(
        _replace(founding, "founding_errors", lambda _: ()),
        (f"{_ROSTER}::test_nobody_founds_with_a_majority",),
    ),
    "environment-hash-without-versions": Mutant(
        _replace(workspace, "entry_hash", _hash_of_values),
        (f"{_ORACLE}::test_the_incremental_hash_is_the_sum_over_all_entries",),
    ),
    "environment-snapshot-moves": Mutant(
        _replace(workspace.Workspace, "snapshot", _snapshot_that_is_the_original),
        (f"{_CONFIGURATION}::test_a_snapshot_stays_as_it_was",),
    ),
    "environment-referrer-by-arrival": Mutant(
        _replace(Index, "referrer", _referrer_by_arrival),
        (f"{_CONFIGURATION}::test_the_first_rival_does_not_depend_on_the_order_of_arrival",),
    ),
    "environment-keys-trusted": Mutant(
        _replace(Configuration, "entry", _entry_by_trust),
        ("tests/mesh/protocol/history/test_hostile.py::test_whatever_is_signed_is_judged",),
    ),
    "fold-no-place-for-twins": Mutant(
        _replace(ChangeSet, "place", property(lambda each: (each.attempt.timestamp, b""))),
        ("tests/mesh/protocol/history/test_hostile.py::test_an_author_who_uses_one_time_twice",),
    ),
    "environment-first-error-only": Mutant(
        _replace(resolve, "check_commands", _first_error),
        (f"{_RESOLVE}::test_every_mistake_is_named_before_anything_is_done",),
    ),
    "environment-ids-repeat": Mutant(
        _replace(resolve, "creation_id", _fixed_id),
        (
            f"{_RESOLVE}::test_new_objects_get_ids_from_the_nonce",
            f"{_FOLD}::test_a_forced_change_never_hits_another_object_of_the_same_name",
        ),
    ),
    "environment-any-kind-fits": Mutant(
        _replace(prepared, "kind_of", lambda _: Kind.NORMAL),
        (f"{_ROSTER}::test_majority_needs_three",),
    ),
}
