"""Bugs in who must agree, found where a change waits for people while the mesh is parted."""

from typing import Final

from mesh.environment.consent import Backing
from mesh.protocol.history import rules
from mesh.protocol.replica.consents import Consents
from tests.planted.bug import Bug, Change

_APPROVED: Final = "approved_across_a_partition"
_WITHDRAWN: Final = "rights_taken_while_a_change_waits"

BUGS: Final[dict[str, Bug]] = {
    "approvals_stay_on_the_board": Bug.of(
        "Whoever completes a change brings it to the barrier without the approvals",
        _APPROVED,
        Change(Consents.approve, "completed.approvals, now", "(), now"),
    ),
    "any_approver_will_do": Bug.of(
        "An approval counts, whatever its operator may approve",
        _APPROVED,
        Change(Consents._demand_of_use, "holder not in lack.who", "False"),
        Change(Backing.agreeing, "if _holds_all(each, asked)", ""),
    ),
    "withdrawn_consent_counts": Bug.of(
        "Consent is asked for before the barrier, and not in the order of the history",
        _WITHDRAWN,
        Change(rules._unagreed, "None if found is None", "None if True"),
    ),
}
