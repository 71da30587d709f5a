"""Questions that are out, and whose turn is next.

Probing goes round the table in a shuffled order: every member is asked once in each round, so the
time until somebody asks a crashed one is bounded, and nobody's choice is predictable to all (SWIM's
randomized round robin). A question first waits for the direct answer, then for one through helpers
or over the stream, then it has failed.
"""

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from mesh.protocol.now import Now
from mesh.wire.identity import Incarnation
from mesh.wire.messages import Summary

ROUNDS_MAX: Final = 256
"""Questions out at a time, most of them asked for others; beyond it nothing is asked for
anybody."""


class Purpose(enum.Enum):
    """Why a member is asked, and so what follows when it does not answer."""

    TURN = enum.auto()
    """It is its turn: ask helpers, then suspect it."""
    VERIFY = enum.auto()
    """There is a hint that it is gone: the same, out of turn."""
    RETRY = enum.auto()
    """It is suspect or failed already, and told so by asking: nothing."""
    FORK = enum.auto()
    """An ended life: nothing. The answer would prove two lives."""
    RELAY = enum.auto()
    """Another one asked for it: say that it does not answer us either."""


JUDGING: Final = (Purpose.TURN, Purpose.VERIFY)
"""Purposes whose silence accuses."""


@dataclass(slots=True)
class Round:
    """One question that is out."""

    nonce: int
    target: Incarnation
    purpose: Purpose
    asked: Now
    due_ns: int
    """When the next thing happens if no answer comes."""
    asked_stream_ns: int | None = None
    """When it was also asked over the stream; None: helpers were not asked either so far."""
    helpers: list[Incarnation] = field(default_factory=list)
    nacked: list[Incarnation] = field(default_factory=list)
    client: tuple[Incarnation, int] | None = None
    """With RELAY: who asked, and its nonce."""
    summary: Summary | None = None
    """Ours, as it was told; an answer without one is equal to it."""


class Rounds:
    """All questions that are out."""

    def __init__(self, random: Random) -> None:
        self._rounds: dict[int, Round] = {}
        self._nonce = random.getrandbits(24)

    def __len__(self) -> int:
        return len(self._rounds)

    def begin(self, target: Incarnation, purpose: Purpose, now: Now, wait_ns: int) -> Round:
        """A new question to ``target``."""
        self._nonce += 1
        opened = Round(self._nonce, target, purpose, now, now.monotonic_ns + wait_ns)
        self._rounds[opened.nonce] = opened
        return opened

    def get(self, nonce: int) -> Round | None:
        """The question with this number, None when it is over."""
        return self._rounds.get(nonce)

    def end(self, over: Round) -> None:
        """The question is over."""
        del self._rounds[over.nonce]

    def drop(self, unwanted: Callable[[Round], bool]) -> None:
        """Forget questions, without consequence."""
        for found in [found for found in self._rounds.values() if unwanted(found)]:
            self.end(found)

    def judging(self, target: Incarnation) -> bool:
        """Whether a question is out on whose silence ``target`` would be accused."""
        return any(out.target == target and out.purpose in JUDGING for out in self._rounds.values())

    def asking(self, target: Incarnation) -> bool:
        """Whether any question of our own to ``target`` is out."""
        return any(
            out.target == target and out.purpose is not Purpose.RELAY
            for out in self._rounds.values()
        )

    def due(self, now_ns: int) -> list[Round]:
        """Those for which time is up, in the order in which they were asked."""
        return [out for out in self._rounds.values() if out.due_ns <= now_ns]

    def extend(self, by_ns: int) -> None:
        """Nobody listened for so long."""
        for out in self._rounds.values():
            out.due_ns += by_ns

    @property
    def deadline_ns(self) -> int | None:
        """When the next thing happens."""
        return min(out.due_ns for out in self._rounds.values()) if self._rounds else None


class Ring:
    """Whose turn it is."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._left: list[bytes] = []

    def turn(self, eligible: Callable[[bytes], bool], everybody: Iterable[bytes]) -> bytes | None:
        """The next eligible controller; a new shuffled round of ``everybody`` when one is over."""
        while self._left:
            controller = self._left.pop()
            if eligible(controller):
                return controller
        self._left = [controller for controller in everybody if eligible(controller)]
        self._random.shuffle(self._left)
        return self._left.pop() if self._left else None
