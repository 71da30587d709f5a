"""Faults planted in who may do what."""

from typing import Final

import pytest

from mesh.environment import founding, invariants, resolve, rights
from mesh.environment.configuration import Configuration
from mesh.environment.consent import Backing
from mesh.environment.draft import Touched
from mesh.environment.entries import ObjectId
from mesh.environment.index import Claim, Fields
from mesh.environment.kinds import operator
from mesh.environment.rights import Grant, Holder, Rights
from mesh.protocol.history import history, rules
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_RIGHTS: Final = "tests/specification/fold/test_rights.py"
_TABLE: Final = "tests/mesh/environment/test_rights.py"
_VOTES: Final = "tests/specification/fold/test_votes.py"


def _approve_to_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes an approval for a signature."""
    included = {**rights.INCLUDED, rights.Level.APPROVE: tuple(rights.Level)[:4]}
    monkeypatch.setattr(rights, "INCLUDED", included)


def _settings_are_no_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "ADMINISTRATIVE", ("controller",))


def _covers_letters(self: Grant, demanded: Grant) -> bool:
    """Takes ``/item/blog`` for the beginning of ``/item/blogger``."""
    asked, held = (rights.spell_prefix(each.prefix) for each in (demanded, self))
    return demanded.level in rights.INCLUDED[self.level] and asked.startswith(held)


def _each_key_for_itself(fields: Fields) -> Claim:
    """A claim that nobody shares."""
    return Claim((str(fields["id"]),))


def _beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever had a right has it for ever."""
    monkeypatch.setattr(Rights, "replaced", _never_less)


def _never_less(self: Rights, owner: ObjectId, holder: Holder | None) -> Rights:
    """Rights are gained and never lost."""
    before = self.named(*owner)
    if holder is None or (before is not None and set(before.grants) > set(holder.grants)):
        return self
    return _replaced(self, owner, holder)


_replaced = Rights.replaced

MUTANTS: Final[dict[str, Mutant]] = {
    "rights-prefix-of-letters": Mutant(
        lambda monkeypatch: monkeypatch.setattr(Grant, "covers", _covers_letters),
        (
            f"{_RIGHTS}::test_a_prefix_is_of_whole_parts",
            f"{_TABLE}::test_a_prefix_covers_what_begins_with_its_parts",
        ),
    ),
    "rights-approve-signs": Mutant(
        _approve_to_sign,
        (
            f"{_RIGHTS}::test_which_levels_let_sign",
            f"{_TABLE}::test_what_each_level_includes",
        ),
    ),
    "rights-first-key-counts": Mutant(
        edit(
            Backing.lacking,
            "for grant in self.demanded(written):",
            "for grant in [*self.demanded(written)][:1]:",
        ),
        (f"{_RIGHTS}::test_every_key_counts",),
    ),
    "rights-elements-do-not-count": Mutant(
        edit(Touched.written, " + self.commutes", ""),
        (f"{_RIGHTS}::test_every_key_counts",),
    ),
    "rights-settings-by-apply": Mutant(
        _settings_are_no_matter,
        (f"{_RIGHTS}::test_roster_and_settings_take_admin",),
    ),
    "rights-given-by-prefix": Mutant(
        edit(
            Holder.demand,
            "return None if is_own_lock else ALL",
            "return None if is_own_lock else Grant(Level.ADMIN, key)",
        ),
        (f"{_RIGHTS}::test_who_gives_rights_must_have_all",),
    ),
    "rights-any-lock-is-ones-own": Mutant(
        edit(Holder.demand, "key == (self.kind, self.name, LOCKED)", "key[2:] == (LOCKED,)"),
        (f"{_RIGHTS}::test_the_own_lock_is_ones_own",),
    ),
    "rights-revoked-count": Mutant(
        _beginning,
        (f"{_RIGHTS}::test_rights_are_those_of_the_state_before",),
    ),
    "rights-anew-are-the-same": Mutant(
        edit(rules._stale_right, "workspace.version(entry.key) != entry.version", "False"),
        (
            f"{_RIGHTS}::test_a_right_that_was_touched_since_is_refused",
            f"{_RIGHTS}::test_no_merge_sets_a_revocation_aside_for_what_it_refuses",
        ),
    ),
    "rights-force-outlives-them": Mutant(
        edit(rules._stale_right, "(*request.base, *request.overridden)", "request.base"),
        (f"{_RIGHTS}::test_what_is_forced_ends_with_the_right_of_its_signer",),
    ),
    "rights-to-ask-are-not-named": Mutant(
        edit(Holder.used, " or self.covering(Grant(Level.EDIT, key))", ""),
        (f"{_RIGHTS}::test_who_asks_for_a_right_names_the_right_to_ask",),
    ),
    "rights-what-was-removed-was-never-there": Mutant(
        edit(
            Configuration.version,
            "self.entry(key).version",
            "self.entry(key).version if self.entry(key).present else None",
        ),
        (f"{_RIGHTS}::test_an_old_signature_does_no_harm_where_anything_has_changed",),
    ),
    "rights-not-in-the-base": Mutant(
        edit(resolve.resolve, "signer is not None", "False"),
        (f"{_RIGHTS}::test_a_right_that_was_touched_since_is_refused",),
    ),
    "rights-merge-by-apply": Mutant(
        edit(rules._missing, "ALL in each.grants", "each.may_write"),
        (f"{_RIGHTS}::test_an_operators_merge_takes_every_right",),
    ),
    "rights-checkpoint-by-anybody": Mutant(
        edit(rules._missing, "in (Kind.MERGE, Kind.CHECKPOINT)", "is Kind.MERGE"),
        (f"{_RIGHTS}::test_an_operators_checkpoint_takes_every_right",),
    ),
    "rights-founder-has-none": Mutant(
        edit(founding.founded, "str(ALL)", '"view:/"'),
        (f"{_RIGHTS}::test_the_founder_may_do_everything",),
    ),
    "rights-last-admin-goes": Mutant(
        edit(invariants.breaches, "not configuration.rights.admins()", "False"),
        (f"{_RIGHTS}::test_there_is_always_an_admin",),
    ),
    "rights-key-of-two": Mutant(
        lambda monkeypatch: monkeypatch.setattr(operator, "signing_key", _each_key_for_itself),
        (f"{_RIGHTS}::test_no_two_sign_with_one_key",),
    ),
    "rights-viewers-stop-the-fold": Mutant(
        edit(rules._missing, "None if backing.signer.may_write else", "None if backing else"),
        (f"{_RIGHTS}::test_who_may_sign_nothing_stops_nothing",),
    ),
    "rights-missing-are-invalid": Mutant(
        edit(history._objection, "NoReason.RIGHTS if", "NoReason.INVALID if"),
        (f"{_VOTES}::test_who_has_no_right_is_told_so",),
    ),
}
