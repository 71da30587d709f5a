"""Checkpoints, looked at by somebody who has kept every page.

CP1  at one height all stand on one ground;
CP2  K is closed under ancestors, and all of it is released;
CP3  K is all that the makers had up to its last place: nothing that all of them had is left out;
CP4  who sealed it had applied all of K;
CP5  a fold of K from the founding record, with every page at hand, gives the same state, and the
     same ones take effect.

Invariant: nothing that a checkpoint drops is ever needed to know where things stand.
"""

from collections.abc import Iterator

from mesh.environment.founding import Founding
from mesh.protocol.catalogue import Catalogue
from mesh.protocol.ground import Fate, Ground
from mesh.protocol.history import History, Standing
from mesh.protocol.suite import Verifier
from mesh.protocol.terms import terms_of
from mesh.wire.requests import Kind
from simulations.checkers.barrier import BarrierChecker
from simulations.checkers.ledger import Entry

_FATES = {
    Standing.EFFECTIVE: Fate.EFFECTIVE,
    Standing.SET_ASIDE: Fate.SET_ASIDE,
    Standing.REPEATED: Fate.REPEATED,
}


class GroundChecker:
    """Every ground that anybody came to stand on."""

    def __init__(self, barrier: BarrierChecker) -> None:
        self._barrier = barrier
        self._known: dict[int, Ground] = {}
        self._founding: Founding | None = None
        self._verifier: Verifier | None = None

    def founded(self, founding: Founding, verifier: Verifier) -> None:
        """The record that everything begins with, and who checks signatures in this run."""
        self._founding, self._verifier = founding, verifier

    def inside(self, ground: Ground) -> list[bytes]:
        """The attempts in K."""
        return [attempt for attempt, _, fate in ground.past() if fate is not Fate.DEAD]

    def laid(self, ground: Ground) -> Iterator[str]:
        """Somebody stands on ``ground`` now: what is wrong with it, where it is new."""
        known = self._known.setdefault(ground.height, ground)
        if known is not ground:
            if known.hash != ground.hash:
                yield f"CP1: there are two grounds of height {ground.height}"
            return
        checkpoint = self._checkpoint(ground)
        if checkpoint is None:
            yield "CP2: it is the ground of no checkpoint that was ever released"
            return
        yield from self._incomplete(ground, checkpoint)
        yield from self._folded(ground)

    def _checkpoint(self, ground: Ground) -> Entry | None:
        for entry in self._barrier.ledger.entries.values():
            if entry.change_set.kind is Kind.CHECKPOINT and entry.complete:
                terms = terms_of(entry.change_set.request)
                if terms is not None and terms.ground == ground.hash:
                    return entry
        return None

    def _incomplete(self, ground: Ground, checkpoint: Entry) -> Iterator[str]:
        ledger, inside = self._barrier.ledger, dict.fromkeys(self.inside(ground))
        for attempt in inside:
            if not ledger[attempt].complete:
                yield f"CP2: {ledger.name(attempt)} is in it, and was never released"
            missing = [each for each in ledger.ancestors(attempt) if each not in inside]
            if missing:
                yield f"CP2: {ledger.name(attempt)} is in it, and {ledger.name(missing[0])} is not"
        for attempt in ledger.ancestors(checkpoint.change_set.id):
            if attempt not in inside and ground.lies_below(ledger[attempt].change_set.timestamp):
                yield f"CP3: {ledger.name(attempt)} lies below it and was left out"
        for who in checkpoint.participants:
            for attempt in inside:
                if not self._barrier.has_applied(who.controller, attempt):
                    yield f"CP4: {who} sealed it and had not applied {ledger.name(attempt)}"
                    break

    def _folded(self, ground: Ground) -> Iterator[str]:
        """CP5: fold K once more from all that was ever written."""
        if self._founding is None or self._verifier is None:
            return
        ledger, catalogue = self._barrier.ledger, Catalogue()
        inside = self.inside(ground)
        for attempt in inside:
            _ = catalogue.add(ledger[attempt].change_set)
        history = History(self._founding, catalogue, self._verifier)
        history.extend((1 << len(catalogue)) - 1)
        if history.state_hash != ground.state:
            yield "CP5: what is in it folds to another state"
        expected = {
            catalogue[entry.number].id: _FATES.get(entry.outcome.standing)
            for entry in history.log()
        }
        for attempt, _, fate in ground.past():
            if fate is not Fate.DEAD and expected[attempt] is not fate:
                yield f"CP5: {ledger.name(attempt)} is {fate.name} in it and was not"
