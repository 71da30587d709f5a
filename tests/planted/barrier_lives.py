"""Bugs in what a restart means: who may still vote, which numbers are taken, what was proven."""

from typing import Final

from mesh.protocol.barrier.standpoint import Standpoint
from mesh.protocol.membership.lives import Lives
from mesh.protocol.replica.door import Replica
from mesh.protocol.replica.scribe import Scribe
from tests.planted.bug import GENERATED, Bug, Change

BUGS: Final[dict[str, Bug]] = {
    "boot_number_reused": Bug.of(
        "The number of a life is the one that is on disk, not the next one",
        "rolling_restart",
        Change(Replica.__init__, "image.boot, random", "max(1, image.boot - 1), random"),
    ),
    "everything_is_proven": Bug.of(
        "A Boot claims to know the last fact of the former life, whatever has become of the disk",
        GENERATED,
        Change(Scribe.boot, "image.unbroken and previous == here", "True"),
    ),
    "ended_lives_are_counted_on": Bug.of(
        "A participant that has restarted since is sealed with as if it could still vote",
        GENERATED,
        Change(
            Standpoint.alive,
            "who in self._live and not lives.ended(who)",
            "who.controller in {each.controller for each in self._live}",
        ),
    ),
    "incarnations_ordered_by_chance": Bug.of(
        "Which of two lives is the later one is decided by their random bytes",
        "rolling_restart",
        Change(Lives.judge, "incarnation > current", "incarnation.nonce > current.nonce"),
    ),
}
