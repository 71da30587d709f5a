"""Bugs in checkpoints: what is summed up, and what comes from below."""

from typing import Final

from mesh.protocol.history.line import Line
from mesh.protocol.replica.checkpoints import Checkpoints
from mesh.protocol.replica.snapshots import Snapshots
from mesh.protocol.replica.surveying import Survey
from tests.planted.bug import Bug, Change

BUGS: Final[dict[str, Bug]] = {
    "checkpoint_of_another_state": Bug.of(
        "The state that a checkpoint keeps is the one of today, not the one of its last place",
        "a_history_of_years",
        Change(
            Survey.ground,
            "self._history.fold(extent.inside)",
            "self._history.fold(self._history.ids)",
        ),
    ),
    "late_ones_take_effect": Bug.of(
        "What lies below a checkpoint and was not in it takes effect all the same, where it can",
        "away_for_too_long",
        Change(Line._step, "self._aside.late >> number & 1", "False"),
    ),
    "no_ground_is_offered": Bug.of(
        "Whoever comes from below is not offered what the others stand on",
        "away_for_too_long",
        Change(Snapshots.offer, "has_waited or self._lacks_what_is_gone(vector)", "False"),
    ),
    "nothing_is_ever_summed_up": Bug.of(
        "Nobody feels called upon to propose a checkpoint",
        "a_history_of_years",
        Change(Checkpoints._is_ours, "here[:1] != [at.me.controller]", "True"),
    ),
}
