"""Which life of a controller counts, when more than one is heard of.

A controller that restarts is a new incarnation, and the newest one counts. But a disk that was
cloned makes two lives that both speak for one controller, and then the newest is the impostor or
the victim, and nobody can tell. An ended life is silent; so whoever hears one speak asks it
something *now*, and its answer proves the fork. The elder then goes on and the newer one is
quarantined for good: whoever wants that host starts it again, and a life that begins then counts. A
message that was under way when its sender ended proves nothing.
"""

import enum
from typing import Final

from mesh.wire.identity import Incarnation

QUARANTINED_MAX: Final = 64
"""Lives kept out by name; a person has to look at the first one already."""


class Life(enum.Enum):
    """What a life is among those of its controller."""

    CURRENT = enum.auto()
    NEWER = enum.auto()
    """Than the current one, or the first one heard of."""
    ENDED = enum.auto()
    QUARANTINED = enum.auto()


class Lives:
    """The newest life of each controller, and those that are kept out."""

    def __init__(self) -> None:
        self._current: dict[bytes, Incarnation] = {}
        self._since_ns: dict[bytes, int] = {}
        self._quarantined: dict[Incarnation, int] = {}
        """And when it was last heard."""

    def judge(self, incarnation: Incarnation) -> Life:
        """What ``incarnation`` is."""
        if incarnation in self._quarantined:
            return Life.QUARANTINED
        current = self._current.get(incarnation.controller)
        if current == incarnation:
            return Life.CURRENT
        return Life.NEWER if current is None or incarnation > current else Life.ENDED

    def succeed(self, newer: Incarnation, at_ns: int = 0) -> None:
        """``newer`` is the current life of its controller from now on, ``at_ns`` (monotonic)."""
        if self._current.get(newer.controller) != newer:
            self._current[newer.controller] = newer
            self._since_ns[newer.controller] = at_ns

    def is_proof(self, ended: Incarnation, asked_ns: int) -> bool:
        """Whether an answer of ``ended`` to what it was asked at ``asked_ns`` proves a fork.

        Only if the life that took its place was known by then: an answer may be as old as its
        question.
        """
        return asked_ns >= self._since_ns.get(ended.controller, 0)

    def fork(self, elder: Incarnation, at_ns: int = 0) -> Incarnation:
        """``elder`` lives and goes on; returns the newer life, which is kept out now."""
        newer = self._current[elder.controller]
        assert elder < newer, "only an ended life can prove a fork"
        self._current[elder.controller] = elder
        if len(self._quarantined) < QUARANTINED_MAX:
            self._quarantined[newer] = at_ns
        return newer

    def heard(self, speaker: Incarnation, at_ns: int) -> None:
        """``speaker`` said something: if it is kept out, it is still about."""
        if speaker in self._quarantined:
            self._quarantined[speaker] = at_ns

    def rivals(self, controller: bytes, since_ns: int) -> tuple[Incarnation, ...]:
        """The lives of ``controller`` that are kept out and were heard since then, sorted.

        What was heard of one before the present life began, which is newer, is past.
        """
        current = self._current.get(controller)
        began_ns = self._since_ns.get(controller, since_ns)
        return tuple(
            sorted(
                life
                for life, heard_ns in self._quarantined.items()
                if life.controller == controller
                and heard_ns >= since_ns
                and (current is None or life > current or heard_ns > began_ns)
            )
        )

    def forget(self, controller: bytes) -> None:
        """The controller was removed."""
        _ = self._current.pop(controller, None)
        _ = self._since_ns.pop(controller, None)
        for life in [each for each in self._quarantined if each.controller == controller]:
            del self._quarantined[life]
