"""Where facts wait for the fact that they name.

A letter that answers another one is of no use before that one has come; it is laid aside, and taken
up when it has. The table has room for so many letters and so many bytes: whatever finds no room is
sent away, and asked for again when vectors are compared.
"""

from typing import Final

from mesh.wire.facts import Fact, Reference
from mesh.wire.identity import Incarnation
from mesh.wire.limits import MESSAGE_BYTES_MAX

WAITING_MAX: Final = 4_096
WAITING_BYTES_MAX: Final = 16 * MESSAGE_BYTES_MAX
"""Facts kept until the one that they name arrives; what does not fit is asked for again."""


class WaitingRoom:
    """Facts by the place of what they wait for."""

    def __init__(self) -> None:
        self.count = 0
        """How many wait."""
        self.held_bytes = 0
        """How large these are."""
        self._facts: dict[tuple[Incarnation, int], list[Fact]] = {}

    def wait(self, fact: Fact, named: Reference) -> bool:
        """Whether there is room for ``fact`` until the one ``named`` comes; twice is once."""
        place = named.origin, named.sequence
        if any(waiting.hash == fact.hash for waiting in self._facts.get(place, ())):
            return True
        length = len(fact.signed.raw)
        if self.count >= WAITING_MAX or self.held_bytes + length > WAITING_BYTES_MAX:
            return False
        self._facts.setdefault(place, []).append(fact)
        self.count += 1
        self.held_bytes += length
        return True

    def release(self, fact: Fact) -> list[Fact]:
        """Those that have waited for ``fact``; they wait no more."""
        released = self._facts.pop((fact.origin, fact.sequence), [])
        self.count -= len(released)
        self.held_bytes -= sum(len(each.signed.raw) for each in released)
        return released
