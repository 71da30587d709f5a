"""How often something may be asked for that costs us more than it costs whoever asks.

A bucket drips at a steady rate and holds a few drops: who was quiet for a while may take several at
once, and in the long run nobody gets more than the drip. It keeps one number, the moment at which
the bucket would be full again: the generic cell rate algorithm (ITU-T I.371).
"""


class Meter:
    """Lets through one in ``every_ns`` in the long run, and ``at_once`` together after a rest."""

    def __init__(self, every_ns: int, at_once: int) -> None:
        self._every_ns = every_ns
        self._ahead_ns = every_ns * (at_once - 1)
        self._due_ns = 0

    def admits(self, now_ns: int, count: int = 1) -> bool:
        """Whether ``count`` more may pass now; they have, if so."""
        due_ns = max(self._due_ns, now_ns) + self._every_ns * count
        if due_ns - now_ns > self._ahead_ns + self._every_ns:
            return False
        self._due_ns = due_ns
        return True

    def is_open(self, now_ns: int) -> bool:
        """Whether one more might pass now."""
        return max(self._due_ns, now_ns) - now_ns <= self._ahead_ns

    def opens_in_ns(self, now_ns: int) -> int:
        """How long nothing more may pass; 0: it is open."""
        return max(self._due_ns - now_ns - self._ahead_ns, 0)

    def charge(self, now_ns: int, count: int, debt_ns_max: int) -> None:
        """Let ``count`` pass, come what may; it is open again ``debt_ns_max`` later at most."""
        due_ns = max(self._due_ns, now_ns) + self._every_ns * count
        self._due_ns = min(due_ns, now_ns + self._ahead_ns + debt_ns_max)
