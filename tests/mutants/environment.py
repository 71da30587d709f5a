"""Faults planted in what an environment is: its keys, its commands, the base of a request."""

from dataclasses import replace
from typing import Final

import pytest

from mesh.environment import circles, commands, resolve
from mesh.environment.configuration import Configuration
from mesh.environment.declarations import Touch
from mesh.environment.draft import Draft, Touched
from mesh.environment.kinds import COMMANDS
from mesh.environment.resolve import _Resolving
from mesh.environment.source import differing, steps
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/mesh/environment"
_RESOLVE: Final = f"{_HERE}/test_resolve.py"
_PLAN: Final = f"{_HERE}/source/test_plan.py"


def _modify_touches_all(monkeypatch: pytest.MonkeyPatch) -> None:
    modify = COMMANDS["site", "modify"]
    every = tuple(Touch(touch.pattern) for touch in modify.writes if touch.pattern[-1][0] != "{")
    monkeypatch.setitem(COMMANDS, ("site", "modify"), replace(modify, writes=every))


def _delete_names_the_object_only(monkeypatch: pytest.MonkeyPatch) -> None:
    delete = COMMANDS["site", "delete"]
    monkeypatch.setitem(COMMANDS, ("site", "delete"), replace(delete, writes=delete.writes[:1]))


def _touch_a_parameter_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    create = COMMANDS["site", "create"]
    writes = (*create.writes, Touch(("site", "{name}", "colour"), "colour"))
    monkeypatch.setitem(COMMANDS, ("site", "create"), replace(create, writes=writes))


def _alone_with_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "ALONE", ())


MUTANTS: Final[dict[str, Mutant]] = {
    "environment-modify-touches-every-field": Mutant(
        _modify_touches_all,
        (f"{_RESOLVE}::test_who_change_different_fields_do_not_meet",),
    ),
    "environment-elements-in-any-order": Mutant(
        edit(Configuration.fields, "[*sorted(members)]", "members"),
        (f"{_HERE}/test_configuration.py::test_reading",),
    ),
    "environment-undeclared-keys-are-written": Mutant(
        edit(Draft.write, "assert key in self._touched.writes, spell(key)", "pass"),
        (f"{_RESOLVE}::test_a_draft_holds_a_command_to_its_word",),
    ),
    "environment-touch-without-its-parameter": Mutant(
        _touch_a_parameter_that_is_not_there,
        (f"{_HERE}/test_commands.py::test_the_table_is_sound",),
    ),
    "environment-base-without-what-is-new": Mutant(
        edit(_Resolving.outcome, "in sorted(self._keys))", "in self._keys if key[2:])"),
        (f"{_RESOLVE}::test_the_base_names_every_key_once_with_its_version",),
    ),
    "environment-circles-are-straight": Mutant(
        edit(circles._walk, "yield way[way.index(here) :]", "yield from ()"),
        (
            "tests/specification/fold/test_fold_rules.py::test_nothing_waits_for_itself",
            f"{_HERE}/test_configuration.py::test_nothing_waits_for_itself",
        ),
    ),
    "environment-typos-make-roles": Mutant(
        edit(_Resolving.add_roles, "if near", "if False"),
        (f"{_RESOLVE}::test_a_role_that_may_be_misspelt_is_not_made",),
    ),
    "environment-plans-by-name-alone": Mutant(
        edit(steps._fields_of, "ID_PARAMETER: difference.id", "ID_PARAMETER: '0' * 32"),
        (f"{_PLAN}::test_a_plan_never_hits_another_of_the_same_name",),
    ),
    "environment-plans-prune-unasked": Mutant(
        edit(differing.differences, "ground.objects if prune else ()", "ground.objects"),
        (f"{_PLAN}::test_what_is_not_described_stays",),
    ),
    "environment-plans-delete-what-is-referred-to-first": Mutant(
        edit(steps._together, "reversed(_arranged(refers))", "_arranged(refers)"),
        (f"{_PLAN}::test_what_is_not_described_stays",),
    ),
    "environment-plans-make-what-refers-first": Mutant(
        edit(steps._together, "in _arranged(refers)", "in reversed(_arranged(refers))"),
        (f"{_PLAN}::test_what_is_referred_to_comes_first",),
    ),
    "environment-content-with-ids": Mutant(
        edit(Configuration._described, 'if field != "id"', ""),
        (f"{_PLAN}::test_the_content_has_no_ids_and_no_versions",),
    ),
    "environment-demands-come-first": Mutant(
        edit(steps._parts, "is stricter", "is not stricter"),
        (f"{_PLAN}::test_what_demands_more_comes_last",),
    ),
    "environment-deletion-overlooks-fields": Mutant(
        _delete_names_the_object_only,
        (f"{_RESOLVE}::test_deleting_names_every_field",),
    ),
    "environment-elements-do-not-commute": Mutant(
        edit(Touched.based, "self.reads + self.writes", "self.reads + self.writes + self.commutes"),
        (f"{_RESOLVE}::test_commutative_commands_name_what_they_refer_to",),
    ),
    "environment-force-keeps-the-base": Mutant(
        edit(_Resolving.outcome, "() if force else base", "base"),
        (f"{_RESOLVE}::test_force_moves_the_base_to_what_is_overridden",),
    ),
    "environment-mixed-with-others": Mutant(
        _alone_with_others,
        (f"{_HERE}/test_commands.py::test_some_commands_go_alone",),
    ),
    "environment-kind-of-the-first-command": Mutant(
        edit(resolve._strongest, "if kind in kinds", "if kind in list(kinds)[:1]"),
        (f"{_RESOLVE}::test_the_kind_follows_from_the_commands",),
    ),
}
