"""Bugs in who founds, who is let in, and who takes part."""

from typing import Final

from mesh.protocol.admission import judgement
from mesh.protocol.admission.machine import Admission
from mesh.protocol.replica.activations import Activations
from tests.planted.bug import Bug, Change

BUGS: Final[dict[str, Bug]] = {
    "both_founders_yield": Bug.of(
        "Of two environments that were just founded each is given up for the other",
        "three_fresh_hosts",
        Change(
            judgement.outranks, "hello.environment < enrolment.environment", "hello.environment"
        ),
    ),
    "no_founder_yields": Bug.of(
        "Of two environments that were just founded each waits for the other one to be given up",
        "three_fresh_hosts",
        Change(judgement.outranks, "return not enrolment.settled and", "return False and"),
    ),
    "used_environment_is_given_up": Bug.of(
        "An environment in which something was done already is still given up for another one",
        "two_environments_meet",
        Change(Admission.used, "if self._phase is Phase.FOUNDED:", "if False:"),
    ),
    "activation_decided_once": Bug.of(
        "When the next newcomer is due is worked out once, and not again when facts arrive",
        "flash_crowd",
        Change(
            Activations._due,
            "if self._found is None or self._found[0] != grounds:",
            "if self._found is None:",
        ),
    ),
}
