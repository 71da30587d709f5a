"""Where a play is given, and how: deed by deed, waiting for what has to be waited for.

The tiers with the real driver share this; the simulator has a plan made before it begins.
"""

from typing import Final, Protocol, assert_never

from mesh.protocol.now import SECOND
from mesh.wire.requests import Command
from tests.tiers.oracle import Ending, ending
from tests.tiers.play import (
    Act,
    Await,
    Condition,
    Erase,
    Heal,
    Hush,
    Kill,
    Part,
    Play,
    Put,
    Rests,
    Start,
    Submit,
)
from tests.tiers.sight import Sights

PATIENCE_S: Final = 120.0
"""For one condition, on the stage's clock."""

PATIENCE_NS: Final = round(PATIENCE_S) * SECOND
"""Of each ChangeSet at the barrier: none is given up in a play but by a person."""


class Stage(Protocol):
    """Hosts and wires, and an operator who accepts whoever knocks at the first host."""

    async def start(self, host: str) -> None:
        """Start a controller; it answers when this returns."""

    async def kill(self, host: str) -> None:
        """End it without a last word."""

    def part(self, groups: tuple[tuple[str, ...], ...]) -> None:
        """Let nothing pass between the groups."""

    def hush(self, source: str, target: str) -> None:
        """Let nothing pass in one direction."""

    def heal(self) -> None:
        """Let everything pass."""

    async def put(self, at: str, path: str, value: str) -> None:
        """Write an entry."""

    async def erase(self, at: str, path: str) -> None:
        """Remove an entry."""

    async def submit(self, at: str, name: str, commands: tuple[Command, ...]) -> None:
        """Submit a ChangeSet."""

    async def accept_all(self) -> None:
        """Have the operator accept whoever waits."""

    def sights(self) -> Sights:
        """All controllers that run, as they answer now."""

    async def rest(self) -> None:
        """Let a little time pass."""

    def now_s(self) -> float:
        """The stage's clock."""


async def give(play: Play, stage: Stage) -> Ending:
    """Give ``play`` on ``stage``; how it ended. Raises AssertionError where it gets stuck."""
    for host in play.hosts:
        await stage.start(host)
    await _wait(stage, Rests(play.hosts))
    for act in play.acts:
        await _do(stage, act)
    await _wait(stage, Rests(play.cast))
    return ending(stage.sights(), play.submitted)


async def _do(stage: Stage, act: Act) -> None:
    match act:
        case Put(at, path, value):
            await stage.put(at, path, value)
        case Erase(at, path):
            await stage.erase(at, path)
        case Submit(at, name, commands):
            await stage.submit(at, name, commands)
        case Part(groups):
            stage.part(groups)
        case Hush(source, target):
            stage.hush(source, target)
        case Heal():
            stage.heal()
        case Kill(host):
            await stage.kill(host)
        case Start(host):
            await stage.start(host)
        case Await(condition):
            await _wait(stage, condition)
        case _:
            assert_never(act)


async def _wait(stage: Stage, condition: Condition) -> None:
    deadline = stage.now_s() + PATIENCE_S
    while missing := condition.unmet(stage.sights()):
        assert stage.now_s() < deadline, f"waited in vain: {missing}"
        await stage.accept_all()
        await stage.rest()
