"""Single datagrams that never arrive, by link and number: what is left when a fault is shrunk away.

A fault of some seconds loses hundreds of messages, and perhaps two of them matter. Numbers count
what is sent on a link from the beginning of the world, arrived or not.
"""

from typing import Final

from simulations.scenario import Suppress

SUPPRESSED: Final = "suppressed by name"
"""What those who look at the traffic are told."""


class Suppression:
    """Which datagrams of a run are to vanish."""

    def __init__(self, suppressed: tuple[Suppress, ...]) -> None:
        self._numbers: dict[tuple[str, str], set[int]] = {}
        for each in suppressed:
            self._numbers.setdefault((each.source, each.target), set()).add(each.number)
        self._sent: dict[tuple[str, str], int] = dict.fromkeys(self._numbers, 0)

    def hits(self, source: str, target: str) -> bool:
        """Whether the datagram that is sent now vanishes."""
        link = (source, target)
        if link not in self._sent:
            return False
        self._sent[link] += 1
        return self._sent[link] in self._numbers[link]
