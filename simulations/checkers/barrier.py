"""The invariants of the barrier, after every event (place holder until the barrier's own arrives)."""

from collections.abc import Iterable

from mesh.wire.facts import Fact


class BarrierChecker:
    """All facts ever written, and what follows from them."""

    def written(self, fact: Fact) -> None:
        """``fact`` is durable at its origin."""

    def wiped(self, controller: bytes) -> None:
        """``controller`` lost its disk."""

    def disturbed(self, why: str) -> None:
        """Something was not as it should be."""

    def applied(self, controller: bytes, attempts: Iterable[bytes]) -> None:
        """``attempts`` are part of the history of ``controller`` now."""

    def violations(self) -> list[str]:
        """What was found since this was last asked."""
        return []
