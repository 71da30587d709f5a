"""Bugs in invites, and in what becomes of those who came in by one."""

from typing import Final

from mesh.environment import takings
from mesh.environment.declarations import Declaration
from mesh.environment.kinds import invite
from mesh.protocol.admission.doors import Doors
from mesh.protocol.admission.porch import Porch
from mesh.protocol.history import proofs
from mesh.protocol.replica.invitations import Invitations
from tests.planted.bug import Bug, Change

BUGS: Final[dict[str, Bug]] = {
    "any_member_lets_in": Bug.of(
        "A controller may sign an admission without the proof of an invite",
        "a_member_lets_its_friends_in",
        Change(
            Declaration.is_for_controllers,
            "self.by_controllers or",
            "self.verb == 'admit' or self.by_controllers or",
        ),
    ),
    "made_up_proof_lets_in": Bug.of(
        "The proof of an invite is not looked at: to name an open one is enough",
        "a_member_lets_its_friends_in",
        Change(
            proofs._admission,
            "if not suite.verify(public, proof_of(newcomer), proof)",
            "if len(proof) != 64",
        ),
    ),
    "invite_stays_open": Bug.of(
        "What admits by an invite leaves no trace on it",
        "invite_used_twice_across_a_partition",
        Change(invite.spend, 'draft.read((*key, "state"))', 'draft.peek((*key, "state"))'),
        Change(invite.spend, 'draft.write((*key, "state"), USED)', "pass"),
        Change(invite.spend, 'draft.write((*key, "used_by"), controller)', "pass"),
    ),
    "expired_invite_is_honoured": Bug.of(
        "Nobody looks when an invite expires",
        "invite_expires_while_away",
        Change(Invitations._demand_open, "if late_ns > 0:", "if False:"),
    ),
    "machine_undoes_a_revocation": Bug.of(
        "A merge that no person decides may set the revocation of an invite aside",
        "invite_revoked_while_it_is_used",
        Change(
            takings.takings,
            "touch is not None and",
            "touch is not None and each.group != invite.NAME and",
        ),
    ),
    "welcomed_before_the_admission": Bug.of(
        "Whoever shows a good invite is welcomed at once, before it is admitted",
        "newcomer_during_a_partition",
        Change(Porch.honoured, "if visitor.admitted:", "if True:"),
    ),
    "rebuffed_for_good": Bug.of(
        "A newcomer throws its invite away when one controller does not know it",
        "newcomer_during_a_partition",
        Change(Doors.rebuffed, "    self._is_free = True\n", "    self._ticket = None\n"),
    ),
}
