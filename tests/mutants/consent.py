"""Faults planted in who must agree."""

from typing import Final

from mesh.environment import consent, faithful, invariants, resolve
from mesh.environment.consent import Backing
from mesh.environment.templates import Filling
from mesh.protocol.history import prepared, proofs, rules
from mesh.protocol.replica import consents, noticeboard
from mesh.protocol.replica.consents import Consents
from mesh.protocol.replica.noticeboard import Board
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_TEMPLATES: Final = "tests/mesh/environment/test_templates.py"
_BOARD: Final = "tests/mesh/protocol/replica/test_consents.py"
_WRITTEN: Final = "tests/specification/fold/test_written.py"
_CONSENT: Final = "tests/specification/fold/test_consent.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "consent-rights-are-not-supplied": Mutant(
        edit(Backing.lacking, "if all(", "if any("),
        (f"{_CONSENT}::test_a_missing_right_is_supplied_by_who_approves",),
    ),
    "consent-signer-approves": Mutant(
        edit(Backing.of, " if key != signer.key", ""),
        (f"{_CONSENT}::test_so_many_approve_as_the_environment_demands",),
    ),
    "consent-one-approves-twice": Mutant(
        edit(Backing.of, "dict.fromkeys(approvers)", "approvers"),
        (f"{_CONSENT}::test_so_many_approve_as_the_environment_demands",),
    ),
    "consent-whoever-signs-approves": Mutant(
        edit(Backing.agreeing, "if _holds_all(each, asked)", ""),
        (f"{_CONSENT}::test_to_apply_is_not_to_approve",),
    ),
    "consent-to-apply-is-to-approve": Mutant(
        edit(Backing.agreeing, "Level.APPROVE", "Level.APPLY"),
        (f"{_CONSENT}::test_to_apply_is_not_to_approve",),
    ),
    "consent-approvals-are-believed": Mutant(
        edit(proofs.approvers_of, "suite.verify(each.operator, signed, each.signature)", "signed"),
        (f"{_CONSENT}::test_a_false_approval_is_none",),
    ),
    "consent-tokens-approve": Mutant(
        edit(Backing.of, "each and each.kind == operator.NAME", "each"),
        (f"{_CONSENT}::test_a_token_approves_nothing",),
    ),
    "consent-is-not-judged": Mutant(
        edit(rules._unagreed, "found is None", "True"),
        (
            f"{_CONSENT}::test_approvals_are_judged_by_the_state_before",
            f"{_CONSENT}::test_what_lowers_the_demand_meets_it",
            f"{_CONSENT}::test_what_lacks_approvals_gets_no_seal",
        ),
    ),
    "consent-ones-own-takes-approvals": Mutant(
        edit(
            consent._unmet,
            "or not any(True for _ in case.backing.demanded(case.written))",
            "",
        ),
        (f"{_CONSENT}::test_what_controllers_say_takes_no_approval",),
    ),
    "consent-whoever-overrides": Mutant(
        edit(consent.lack, "None if missing is None else Lack(override=missing)", "None"),
        (f"{_CONSENT}::test_who_may_override_passes_by",),
    ),
    "consent-admins-override": Mutant(
        edit(consent._missing_to_override, "Level.OVERRIDE", "Level.ADMIN"),
        (f"{_CONSENT}::test_who_may_override_passes_by",),
    ),
    "consent-from-anywhere": Mutant(
        edit(consent._unmet, 'promotion = "" if comes', 'promotion = "" if True'),
        (f"{_CONSENT}::test_changes_come_from_where_they_must",),
    ),
    "consent-sites-are-promoted": Mutant(
        edit(consent._describes_the_system, "key[0] not in OWN_KINDS", "True"),
        (f"{_CONSENT}::test_changes_come_from_where_they_must",),
    ),
    "consent-any-vouch": Mutant(
        edit(proofs.unvouched, "suite.verify(origin.controller, said, origin.signature)", "said"),
        (f"{_CONSENT}::test_a_vouch_is_of_a_controller_that_is_linked",),
    ),
    "consent-any-controller-vouches": Mutant(
        edit(consent.link_by, " and controller.hex() in keys", ""),
        (f"{_CONSENT}::test_a_vouch_is_of_a_controller_that_is_linked",),
    ),
    "consent-unlinked-origins": Mutant(
        edit(rules._misplaced, "not case.came_by", "False"),
        (f"{_CONSENT}::test_a_vouch_is_of_a_controller_that_is_linked",),
    ),
    "consent-own-kinds-are-promoted": Mutant(
        edit(rules._misplaced, "own is not None", "False"),
        (f"{_WRITTEN}::test_nobody_promotes_what_is_an_environments_own",),
    ),
    "consent-forced-promotion": Mutant(
        edit(rules._misplaced, "prepared.change_set.request.overridden", "False"),
        (f"{_WRITTEN}::test_what_is_promoted_is_not_forced",),
    ),
    "written-is-not-compared": Mutant(
        edit(prepared.examine, "*_unfaithful(request)", ""),
        (
            f"{_WRITTEN}::test_a_vouch_is_no_cloak",
            f"{_WRITTEN}::test_nobody_shows_one_thing_and_does_another",
        ),
    ),
    "written-may-be-added-to": Mutant(
        edit(faithful._departures, "and not may_be_filled_in(declaration, name)", "and False"),
        ("tests/mesh/environment/test_faithful.py::test_nothing_else_is_added",),
    ),
    "written-commands-may-be-added": Mutant(
        edit(faithful.departure, "_more(own, added)", '""'),
        (f"{_WRITTEN}::test_nobody_shows_one_thing_and_does_another",),
    ),
    "templates-take-anything": Mutant(
        edit(rules._misfilled, "if wrong:", "if False:"),
        (f"{_WRITTEN}::test_templates_take_the_data_of_here",),
    ),
    "templates-of-what-is-forced": Mutant(
        edit(rules._misfilled, "if request.overridden:", "if False:"),
        (f"{_WRITTEN}::test_what_is_forced_took_the_data_of_its_time",),
    ),
    "templates-without-end": Mutant(
        edit(Filling._weighed, '"" if self.is_too_much else value', "value"),
        (f"{_TEMPLATES}::test_what_is_filled_in_has_an_end",),
    ),
    "consent-link-that-is-not-there": Mutant(
        edit(invariants._breach_of_promotion, "if demanded and", "if False and"),
        (f"{_CONSENT}::test_the_link_that_is_demanded_is_there",),
    ),
    "data-is-not-in-the-base": Mutant(
        edit(resolve.resolve, "resolving.depend_on(filling.read)", "resolving.depend_on(())"),
        (f"{_TEMPLATES}::test_what_was_taken_is_in_the_base",),
    ),
    "data-default-for-what-insists": Mutant(
        edit(Filling._taken, "if not insists and", "if"),
        (f"{_TEMPLATES}::test_the_environments_own_value_wins",),
    ),
    "data-first-missing-only": Mutant(
        edit(
            Filling._taken,
            "_ = self.missing.setdefault(name, found[0])",
            "self.missing = {name: ''}",
        ),
        (f"{_TEMPLATES}::test_all_that_is_missing_is_named_at_once",),
    ),
    "data-numbers-become-text": Mutant(
        edit(Filling._text, "whole is not None and", "False and"),
        (f"{_TEMPLATES}::test_what_is_filled_in",),
    ),
    "consent-unresolved-counts": Mutant(
        edit(
            prepared._misfits,
            "change_set.request.written and not change_set.request.resolved",
            "False",
        ),
        (f"{_CONSENT}::test_what_is_not_resolved_has_no_effect",),
    ),
    "board-believes-approvals": Mutant(
        edit(Board.is_by, "if not self._suite.verify(operator, signed, signature):", "if False:"),
        (f"{_BOARD}::test_nonsense_on_the_board_is_not_heard",),
    ),
    "board-reads-one-piece": Mutant(
        edit(Board._signed, "min(pieces, _PIECES_MAX)", "1"),
        (f"{_BOARD}::test_a_long_request_waits_in_pieces",),
    ),
    "board-without-end": Mutant(
        edit(Consents._post, "of_one >= PENDING_OF_ONE_MAX", "False"),
        (f"{_BOARD}::test_the_board_has_an_end",),
    ),
    "board-for-everybody": Mutant(
        edit(noticeboard.is_reserved, "path[:1] in ((PLACE,), (PUBLISHED,))", "False"),
        (f"{_BOARD}::test_only_controllers_write_on_the_board",),
    ),
    "board-hears-strangers": Mutant(
        edit(Board._is_heard, "is not None", "is not self"),
        (f"{_BOARD}::test_made_up_people_approve_nothing",),
    ),
    "board-checks-forgeries-again": Mutant(
        edit(Board._signed, "if self._forged.get((tx, signature)):", "if False:"),
        (f"{_BOARD}::test_what_is_forged_is_read_once",),
    ),
    "board-one-crowds-out-others": Mutant(
        edit(Consents.waiting, "of_one[signer] >= PENDING_OF_ONE_MAX or", ""),
        (f"{_BOARD}::test_nobody_is_crowded_out",),
    ),
    "board-shows-what-nobody-may-propose": Mutant(
        edit(Consents.waiting, "self._may_propose(each.request)", "True"),
        (f"{_BOARD}::test_nobody_is_crowded_out",),
    ),
    "board-hides-what-lost-its-right": Mutant(
        edit(Consents.lapsed, "self._had_a_right(each)", "False"),
        (f"{_BOARD}::test_who_lost_the_right_is_told",),
    ),
    "board-shows-what-was-never-ones-own": Mutant(
        edit(Consents.lapsed, "self._had_a_right(each)", "True"),
        (f"{_BOARD}::test_nobody_is_crowded_out",),
    ),
    "board-never-tidied": Mutant(
        edit(Consents.tidy, "if is_own or", "if False and"),
        (f"{_BOARD}::test_what_lacks_approvals_waits_everywhere_and_is_completed_anywhere",),
    ),
    "board-forgets-approvals": Mutant(
        edit(Consents.approve, "completed.approvals, now", "(), now"),
        (f"{_BOARD}::test_what_lacks_approvals_waits_everywhere_and_is_completed_anywhere",),
    ),
    "board-viewers-propose": Mutant(
        edit(consents.lacks_to_propose, "Level.EDIT", "Level.VIEW"),
        (f"{_BOARD}::test_a_right_that_the_signer_lacks_is_supplied",),
    ),
    "board-stale-is-approved": Mutant(
        edit(Consents._demand_of_use, "if prospect.stale:", "if False:"),
        (f"{_BOARD}::test_what_was_overtaken_is_made_anew_and_approved_anew",),
    ),
    "consent-locked-in": Mutant(
        edit(invariants.breaches, "why is not None", "False"),
        (f"{_CONSENT}::test_the_demand_can_always_be_lowered_again",),
    ),
    "consent-says-nobody": Mutant(
        edit(consent._who_may_help, "approvals > 0", "approvals > 9"),
        (f"{_CONSENT}::test_what_lacks_approvals_gets_no_seal",),
    ),
}
