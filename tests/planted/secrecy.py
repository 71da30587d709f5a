"""Bugs around the secret of the environment."""

from typing import Final

from mesh.protocol.admission import machine
from mesh.protocol.replica.secrecy import Secrecy
from tests.planted.bug import Bug, Change

_SITUATION: Final = "new_secret_while_one_is_away"

BUGS: Final[dict[str, Bug]] = {
    "secret_asked_for_by_nobody": Bug.of(
        "A controller that was away when the secret of the environment was replaced asks nobody",
        _SITUATION,
        Change(Secrecy._ask, "self._desk.send(letters, now, gated=True)", "pass"),
    ),
    "secret_of_a_former_life": Bug.of(
        "Newcomers and the next life are given the secret that the environment was founded with",
        _SITUATION,
        Change(machine.Admission.rekeyed, "rekeyed(self._enrolment, secret)", "self._enrolment"),
        Change(Secrecy.look, "self._history.visible is not self._shown", "self._shown is None"),
    ),
}
