"""Which incarnations have ended, and which of them have provably said all that they will ever say.

A dead witness can still matter: what it sealed binds until it is certain that nothing more of it
will turn up. A Boot that names its predecessor *and* the last number which that one wrote closes
the book, once all its pages are here. A Boot that cannot prove the number (power cut, restored
disk) ends the predecessor and closes nothing: a page may be missing. Invariant: only an incarnation
of the same controller, and a later one, ends or closes another.
"""

from mesh.protocol.ground import FOUNDED, Ground
from mesh.wire.facts import Boot, Fact
from mesh.wire.identity import Incarnation


class Lives:
    """Ends and last numbers of all incarnations, as far as facts held tell them, and the ground."""

    def __init__(self, ground: Ground = FOUNDED) -> None:
        self.version = 0
        """Moves whenever an answer below may have changed."""
        self._ground = ground
        self._held = {life: cut.sequence for life, cut in ground.floors.items()}
        self._newest: dict[bytes, Incarnation] = {}
        for life in sorted(ground.floors):
            self._newest[life.controller] = life
        self._proven = dict(ground.proofs)

    def hear(self, fact: Fact) -> None:
        """Take note of ``fact``, the next one in the chain of its origin."""
        self._held[fact.origin] = fact.sequence
        if fact.origin in self._proven:
            self.version += 1
        if isinstance(fact.body, Boot):
            self._boot(fact.origin, fact.body)

    def _boot(self, origin: Incarnation, boot: Boot) -> None:
        self.version += 1
        known = self._newest.get(origin.controller, origin)
        self._newest[origin.controller] = max(known, origin)
        previous = boot.previous
        if previous is None or boot.proven is None:
            return
        if previous.controller == origin.controller and previous < origin:
            self._proven[previous] = (*self._proven.get(previous, ()), boot.proven)

    def ended(self, incarnation: Incarnation) -> bool:
        """A later incarnation of the same controller has booted."""
        if self._ground.is_retired(incarnation):
            return True
        return self._newest.get(incarnation.controller, incarnation) > incarnation

    def closed(self, incarnation: Incarnation) -> bool:
        """P-closed: a Boot names it with a proven last number n.

        Its facts up to n are held, and none beyond. One that is retired is closed, too: all who
        are in the roster had agreed on its last fact.
        """
        if self._ground.is_retired(incarnation):
            return True
        proven = self._proven.get(incarnation)
        return proven is not None and self._held.get(incarnation, 0) in proven
