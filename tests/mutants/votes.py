"""Faults planted in what merges decide, in what a vote hears, and in the roster of the fold."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from mesh.environment import founding, policy
from mesh.environment.declarations import Arguments, Declaration, Touch
from mesh.environment.draft import Draft, Refusal
from mesh.environment.kind import claim_nothing
from mesh.environment.kinds import COMMANDS, SCHEMA
from mesh.environment.resolve import Resolution
from mesh.environment.workspace import Workspace
from mesh.protocol.history import history, prepared, rules
from mesh.protocol.history.history import History
from mesh.protocol.history.merging import Merging
from mesh.protocol.history.prepared import Prepared
from mesh.wire.requests import Kind
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_FOLD: Final = "tests/specification/fold/test_fold_rules.py"
_MERGES: Final = "tests/specification/fold/test_merges.py"
_VOTES: Final = "tests/specification/fold/test_votes.py"
_ROSTER: Final = "tests/specification/fold/test_roster.py"
_ORACLE: Final = "tests/mesh/protocol/history/test_against_reference.py"

_Patch = Callable[[pytest.MonkeyPatch], None]


def _declare(group: str, verb: str, declaration: Declaration) -> _Patch:
    return lambda monkeypatch: monkeypatch.setitem(COMMANDS, (group, verb), declaration)


def _restage_as_it_was(self: History, tx: bytes, nonce: bytes) -> Resolution:
    """The same request again: on the base that did not hold."""
    del nonce
    step = self._line.first_of(tx)
    assert step is not None
    request = self._catalogue[step.number].request
    kind = self.kind_of(request)
    return Resolution(request.written, request.resolved, request.base, (), kind)


def _apply_what_fits(
    workspace: Workspace, ready: Prepared, merged_by: bytes | None
) -> rules.Verdict:
    """Leaves out the commands in conflict, and does the others."""
    aside = rules.refusal_of_rights(ready, workspace.roster, workspace.rights)
    if aside is not None:
        return rules.Verdict(aside)
    base = {entry.key: entry.version for entry in ready.change_set.request.base}
    fitting = tuple(
        step
        for step in ready.steps
        if all(workspace.version(key) == base.get(key) for key in step.touched.based)
    )
    del merged_by
    return rules._commit(workspace, replace(ready, steps=fitting))


def _admit_again(draft: Draft, arguments: Arguments) -> Refusal | None:
    """Whoever was removed may come back."""
    key = ("controller", str(arguments["controller"]), "state")
    if draft.peek(key) != "removed":
        return _ADMIT.run(draft, arguments)
    draft.write(key, "learner")
    return None


def _admit_into_one_list(draft: Draft, arguments: Arguments) -> Refusal | None:
    draft.write(_LIST, arguments["controller"])
    return _ADMIT.run(draft, arguments)


_ADMIT: Final = COMMANDS["controller", "admit"]
_LIST: Final = ("environment", "roster")

MUTANTS: Final[dict[str, Mutant]] = {
    "fold-versions-are-attempts": Mutant(
        edit(rules._commit, "prepared.change_set.tx", "prepared.change_set.id"),
        (f"{_FOLD}::test_what_was_built_on_either_attempt_stands",),
    ),
    "fold-force-has-a-base": Mutant(
        edit(
            rules.conflict,
            "prepared.change_set.request.base)",
            "(*prepared.change_set.request.base, *prepared.change_set.request.overridden))",
        ),
        (f"{_FOLD}::test_force_drops_the_base_check_for_one",),
    ),
    "fold-restaged-on-the-old-base": Mutant(
        lambda monkeypatch: monkeypatch.setattr(History, "restage", _restage_as_it_was),
        (f"{_FOLD}::test_set_aside_changes_stay_and_can_be_restaged",),
    ),
    "fold-lists-no-conflicts": Mutant(
        edit(History.conflicts, "step.outcome.standing is Standing.SET_ASIDE", "step.merged_by"),
        (f"{_FOLD}::test_set_aside_changes_stay_and_can_be_restaged",),
    ),
    "fold-stops-for-strangers": Mutant(
        edit(
            rules.apply,
            "refusal_of_rights(prepared, workspace.roster, workspace.rights)\n"
            "        or _stale_right(workspace, prepared)\n"
            "        or _unagreed(workspace, prepared)\n"
            "        or _stopped(prepared, merged_by)",
            "_stopped(prepared, merged_by)\n"
            "        or refusal_of_rights(prepared, workspace.roster, workspace.rights)",
        ),
        (f"{_FOLD}::test_folding_goes_on_where_a_stranger_says_something_unknown",),
    ),
    "merge-report-takes-sides": Mutant(
        edit(
            Merging.report,
            "beneath = self._rulings.beneath",
            "beneath, own = self._rulings.beneath, self._line.ids",
            (
                "lambda earlier, _later, _options: earlier",
                "lambda earlier, later, _: later if own >> later.number & 1 else earlier",
            ),
        ),
        (f"{_MERGES}::test_the_report_is_the_same_for_everybody",),
    ),
    "merge-equals-go-to-the-later": Mutant(
        edit(Merging._choose, "(later.number) >", "(later.number) >="),
        (f"{_MERGES}::test_auto_keeps_what_more_controllers_released",),
    ),
    "merge-no-site-is-preferred": Mutant(
        edit(Merging._options, "self._site(each) == _site_of(policy)", "False"),
        (f"{_MERGES}::test_a_site_can_be_preferred",),
    ),
    "merge-keeps-what-fits": Mutant(
        lambda monkeypatch: monkeypatch.setattr(history, "apply", _apply_what_fits),
        (f"{_MERGES}::test_whole_sides_survive_a_merge_whole",),
    ),
    "vote-conflict-without-a-writer": Mutant(
        edit(history._objection, "Base(outcome.key, outcome.by)", "Base(outcome.key, None)"),
        (f"{_VOTES}::test_a_conflict_names_the_key_and_who_wrote_it",),
    ),
    "vote-deaf-to-what-is-open": Mutant(
        edit(History.objection, "self._earlier(over,", "self._earlier(self._ids,"),
        (f"{_VOTES}::test_what_is_open_counts_too",),
    ),
    "vote-hears-conflicts-only": Mutant(
        edit(History._trial, "standing is Standing.EFFECTIVE", "why is not Why.CONFLICT"),
        (f"{_VOTES}::test_what_would_break_the_whole_is_invalid",),
    ),
    "vote-unknown-is-invalid": Mutant(
        edit(History.objection, "NoReason.VERSION", "NoReason.INVALID"),
        (f"{_VOTES}::test_a_newer_version_is_said_so",),
    ),
    "vote-checkpoints-without-terms": Mutant(
        edit(prepared._misfits, "terms_of(change_set.request) is None", "False"),
        (f"{_VOTES}::test_a_checkpoint_without_terms_is_invalid",),
    ),
    "vote-hears-its-other-attempt": Mutant(
        edit(
            History._trial, "self._line.first_of(tx)", "self._line.first_of(prepared.change_set.id)"
        ),
        (f"{_VOTES}::test_the_vote_does_not_hear_itself",),
    ),
    "roster-admission-is-a-roster-change": Mutant(
        _declare("controller", "admit", replace(_ADMIT, kind=Kind.ROSTER)),
        (f"{_VOTES}::test_admission_is_no_roster_change",),
    ),
    "roster-founder-learns": Mutant(
        edit(founding.founded, "controller.ACTIVE", "controller.LEARNER"),
        (f"{_ROSTER}::test_it_begins_with_the_founding_record",),
    ),
    "roster-removed-come-back": Mutant(
        _declare("controller", "admit", replace(_ADMIT, run=_admit_again)),
        (f"{_ROSTER}::test_the_steps_of_a_controller",),
    ),
    "roster-of-what-is-shared": Mutant(
        edit(History._footing, "shared == ids.bit_count()", "shared"),
        (
            f"{_ROSTER}::test_the_roster_of_any_set",
            f"{_ORACLE}::test_rosters_of_other_sets_equal_the_oracle",
        ),
    ),
    "roster-is-one-list": Mutant(
        _declare(
            "controller",
            "admit",
            replace(_ADMIT, writes=(*_ADMIT.writes, Touch(_LIST)), run=_admit_into_one_list),
        ),
        (f"{_ROSTER}::test_admissions_on_both_sides_do_not_meet",),
    ),
    "roster-names-are-not-unique": Mutant(
        lambda monkeypatch: monkeypatch.setitem(
            SCHEMA, "controller", replace(SCHEMA["controller"], claims=claim_nothing)
        ),
        (f"{_ROSTER}::test_no_two_controllers_share_a_name",),
    ),
    "roster-half-is-a-majority": Mutant(
        edit(policy.quorum, "roster_size // 2 + 1", "(roster_size + 1) // 2"),
        (f"{_ROSTER}::test_how_many_must_seal",),
    ),
}
