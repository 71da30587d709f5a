"""Bugs that a worker process plants in itself: it is told their names, as module:function."""

import signal
from itertools import count
from weakref import WeakSet

import pytest

from mesh.protocol.effects import Effects
from mesh.protocol.inputs import Input
from mesh.protocol.now import Now
from mesh.protocol.replica import Replica
from simulations.verdict import Verdict
from simulations.world import World
from tests.mutants.__main__ import all_mutants


class Planted(Exception):
    """The bug has shown itself."""


def restarted_and_deserted() -> None:
    """A controller that was restarted, and has met everybody again, fails when somebody is gone.

    That takes two faults, one after the other: a crash, and whatever makes another one silent.
    """
    handle = Replica.handle
    met = WeakSet[Replica]()  # of this run: a worker does many, and none may know of another

    def faulty(self: Replica, happened: Input, now: Now) -> Effects:
        effects = handle(self, happened, now)
        inside = self.participant
        if inside is not None and self.own.boot > 1:
            if len(inside.members.view) == len(inside.roster.active):
                met.add(self)
            elif self in met:
                raise Planted("somebody is gone")
        return effects

    Replica.handle = faulty  # type: ignore[method-assign]


def not_durable() -> None:
    """What has to be durable before it is sent is sent at once."""
    all_mutants()["sent-before-durable"].patch(pytest.MonkeyPatch())


def killed_at_the_first_step() -> None:
    """The process is killed as soon as a controller starts."""
    Replica.start = _killed  # type: ignore[assignment, method-assign]


def _killed(*_: object) -> None:
    signal.raise_signal(signal.SIGKILL)


def numbers_its_runs() -> None:
    """Each run fails, and what it says depends on how many this process has done before."""
    numbers = count(1)
    rehearsed = World.run

    def run(self: World) -> Verdict:
        self.chronicle.note(0, "world", "run", b"%d" % next(numbers))
        self.inspector.violated("planted", "always")
        return rehearsed(self)

    World.run = run  # type: ignore[method-assign]
