"""What a controller proposes by itself: that learners take part, and checkpoints.

Both are ChangeSets of its own right, which it brings to the barrier like those of people.
"""

from mesh.protocol.admission import commands_to_activate
from mesh.protocol.catalogue import Catalogue
from mesh.protocol.now import Now
from mesh.protocol.replica.activations import Activations
from mesh.protocol.replica.checkpoints import Checkpoints
from mesh.protocol.replica.crank import Crank
from mesh.wire.identity import fingerprint


class Initiative:
    """Between those who know what is due, and the crank."""

    def __init__(
        self,
        crank: Crank,
        catalogue: Catalogue,
        activations: Activations,
        checkpoints: Checkpoints,
    ) -> None:
        self._crank = crank
        self._catalogue = catalogue
        self._activations = activations
        self._checkpoints = checkpoints

    def take(self, active: frozenset[bytes], now: Now) -> bool:
        """Propose what is due, one thing at a time; whether anything was."""
        return self._activate(active, now) or self._take_checkpoint(now)

    def _activate(self, active: frozenset[bytes], now: Now) -> bool:
        """Propose that learners that have caught up take part."""
        if not self._activations.is_awaited:
            return False
        due = self._activations.due(active, now)
        if not due:
            return False
        others = f" and {len(due) - 1} more" if len(due) > 1 else ""
        name = f"activate {fingerprint(due[0])}{others}"
        tx = self._crank.propose_by_itself(name, commands_to_activate(due), now)
        if tx is not None:
            self._activations.proposed(tx)
        return tx is not None

    def _take_checkpoint(self, now: Now) -> bool:
        """Propose a checkpoint where one is due."""
        terms = None if self._crank.is_still else self._checkpoints.due(now)
        if terms is None:
            return False
        name = f"checkpoint {self._catalogue.ground.height + 1}"
        return self._crank.propose_by_itself(name, (terms.command,), now) is not None
