"""Bugs around what a person forgives."""

from typing import Final

from mesh.protocol.replica.equivocations import Equivocations
from mesh.protocol.replica.participant import Participant
from tests.planted.bug import Bug, Change

_SITUATION: Final = "a_pardon"

BUGS: Final[dict[str, Bug]] = {
    "pardon_in_vain": Bug.of(
        "A controller that was pardoned is left out for ever",
        _SITUATION,
        Change(
            Equivocations.is_out,
            "return fork.origin.boot > forgiven or life.boot <= forgiven",
            "return True",
        ),
    ),
    "pardon_unread": Bug.of(
        "A later life of a controller whose key told two stories applies nothing, its pardon too",
        _SITUATION,
        Change(Participant.stand_down, " if self.equivocations.is_forked else None", ""),
    ),
}
