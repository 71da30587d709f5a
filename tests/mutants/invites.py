"""Faults planted in invites."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from mesh.environment.declarations import Declaration, fill_nothing
from mesh.environment.kinds import COMMANDS, invite
from mesh.protocol.admission.doors import Doors
from mesh.protocol.admission.machine import Admission
from mesh.protocol.admission.porch import Porch
from mesh.protocol.history import proofs
from mesh.protocol.meter import Meter
from mesh.protocol.now import Now
from mesh.protocol.replica.invitations import Invitations
from tests.mutants.edit import both, edit
from tests.mutants.mutant import Mutant

_FOLD: Final = "tests/specification/fold/test_invites.py"
_DOOR: Final = "tests/mesh/protocol/admission/test_invited.py"
_MESH: Final = "tests/mesh/protocol/replica/test_invites.py"

_ADMIT: Final = COMMANDS["controller", "admit"]


def declare(declaration: Declaration, **changes: object) -> Callable[[pytest.MonkeyPatch], None]:
    """The command as it is, but for ``changes``."""
    declaration = replace(declaration, **changes)  # type: ignore[arg-type]  # fields of it
    key = (declaration.group, declaration.verb)
    return lambda monkeypatch: monkeypatch.setitem(COMMANDS, key, declaration)


def _admit_all(self: Meter, now_ns: int) -> bool:
    del self, now_ns
    return True


def _knock_everywhere(self: Doors, draft: object, now: Now) -> None:
    for stream, door in self._doors.items():
        if door.knock_ns <= now.monotonic_ns:
            _ = self._knock(stream, door, draft, now)  # type: ignore[arg-type]  # as it came


_UNSPENT: Final = both(
    declare(
        replace(
            _ADMIT,
            reads=(),
            writes=tuple(each for each in _ADMIT.writes if each not in invite.SPENDS),
        )
    ),
    edit(
        invite.spend,
        "draft.read(",
        "draft.peek(",
        ('draft.write((*key, "state"), USED)', "pass"),
        ('draft.write((*key, "used_by"), controller)', "pass"),
    ),
)
"""What admits by an invite leaves no trace on it."""

MUTANTS: Final[dict[str, Mutant]] = {
    "invites-no-controller-may-admit": Mutant(
        declare(replace(_ADMIT, by_controllers_with="")),
        (
            f"{_FOLD}::test_a_controller_admits_whom_an_invite_vouches_for",
            f"{_MESH}::test_who_is_invited_becomes_active_without_anybody",
        ),
    ),
    "invites-any-controller-may-admit": Mutant(
        declare(replace(_ADMIT, by_controllers=True)),
        (f"{_FOLD}::test_without_the_proof_it_may_not",),
    ),
    "invites-no-proof-is-checked": Mutant(
        edit(proofs._admission, "if not suite.verify(public, proof_of(newcomer), proof)", "if 0"),
        (
            f"{_FOLD}::test_a_wrong_proof_is_a_fault",
            f"{_FOLD}::test_a_wrong_proof_is_voted_down",
        ),
    ),
    "invites-half-a-proof-is-one": Mutant(
        edit(
            proofs._admission,
            'return ["an admission by invite names the invite, its proof and the exchange key"]',
            "return []",
        ),
        (f"{_FOLD}::test_half_an_admission_by_invite_is_none",),
    ),
    "invites-one-lets-many-in": Mutant(
        _UNSPENT,
        (
            f"{_FOLD}::test_an_invite_admits_once",
            f"{_FOLD}::test_of_two_sides_that_use_it_one_admits",
            f"{_FOLD}::test_a_revocation_and_a_use_at_once_are_a_conflict",
            f"{_MESH}::test_one_invite_on_two_sides_of_a_partition",
        ),
    ),
    "invites-a-revoked-one-admits": Mutant(
        edit(invite.spend, "if state != OPEN:", "if state not in (OPEN, REVOKED):"),
        (f"{_FOLD}::test_a_revoked_invite_admits_nobody",),
    ),
    "invites-the-fold-looks-at-the-clock": Mutant(
        edit(
            invite.spend,
            "if state != OPEN:",
            'if state != OPEN or draft.peek((*key, "expires_at_ns")) == 1:',
        ),
        (f"{_FOLD}::test_the_fold_knows_no_clock",),
    ),
    "invites-any-controller-opens-them": Mutant(
        declare(replace(COMMANDS["invite", "create"], by_controllers=True)),
        (f"{_FOLD}::test_only_an_operator_opens_an_invite",),
    ),
    "invites-have-no-id-for-people": Mutant(
        declare(replace(COMMANDS["invite", "revoke"], fill=fill_nothing)),
        (f"{_FOLD}::test_people_name_an_invite_by_its_id",),
    ),
    "invites-the-invited-found-their-own": Mutant(
        edit(Admission._first_phase, "settings.ticket is not None", "False"),
        (f"{_DOOR}::test_the_invited_found_nothing_and_wait",),
    ),
    "invites-the-founder-stays-at-home": Mutant(
        edit(Admission._leave_for_invitation, "if self._phase is Phase.FOUNDED:", "if False:"),
        (f"{_DOOR}::test_who_founded_alone_goes_where_it_is_invited",),
    ),
    "invites-everybody-sees-them": Mutant(
        edit(Doors.is_wanted, "return self._ticket is None or", "return True or"),
        (f"{_DOOR}::test_another_environment_sees_nothing",),
    ),
    "invites-one-stream-is-like-another": Mutant(
        edit(Doors._claim, "door.binding", "bytes(32)"),
        (f"{_DOOR}::test_what_is_shown_names_the_newcomer_and_the_stream",),
    ),
    "invites-are-shown-at-every-door": Mutant(
        lambda monkeypatch: monkeypatch.setattr(Doors, "knock", _knock_everywhere),
        (f"{_DOOR}::test_the_invite_is_shown_at_one_door_at_a_time",),
    ),
    "invites-who-is-met-late-waits": Mutant(
        edit(Doors.arrive, "if stream not in self._doors and self._is_free:", "if False:"),
        (f"{_DOOR}::test_a_door_that_is_reached_after_a_rebuff_is_not_made_to_wait",),
    ),
    "invites-a-rebuff-is-waited-out": Mutant(
        edit(Doors.rebuffed, "self._turn_ns = now.monotonic_ns + KNOCK_GAP_NS", "pass"),
        (f"{_DOOR}::test_a_rebuff_sends_it_to_the_next_door",),
    ),
    "invites-anybody-welcomes": Mutant(
        edit(Doors.recognises, "return welcome.recognition ==", "return True or 0 =="),
        (f"{_DOOR}::test_another_member_proves_that_it_is_one",),
    ),
    "invites-only-the-inviter-welcomes": Mutant(
        edit(Doors.recognises, "return welcome.recognition ==", "return 0 =="),
        (
            f"{_DOOR}::test_another_member_proves_that_it_is_one",
            f"{_MESH}::test_any_member_honours_it",
        ),
    ),
    "invites-whoever-names-one-holds-it": Mutant(
        edit(Invitations._find, "if not all(", "if not any(True or "),
        (f"{_MESH}::test_who_has_not_the_secret_lets_itself_in_nowhere",),
    ),
    "invites-never-expire": Mutant(
        edit(Invitations._demand_open, "if late_ns > 0:", "if False:"),
        (f"{_MESH}::test_an_expired_invite_lets_nobody_in",),
    ),
    "invites-are-not-metered": Mutant(
        lambda monkeypatch: monkeypatch.setattr(Meter, "admits", _admit_all),
        (f"{_DOOR}::test_shown_invites_are_metered_as_knocks_are",),
    ),
    "invites-welcome-before-the-history-does": Mutant(
        edit(Porch.honoured, "if visitor.admitted:", "if True:"),
        (f"{_DOOR}::test_an_honoured_invite_admits_nobody_by_itself",),
    ),
}
