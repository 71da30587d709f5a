"""What is left to a controller that was removed: the history, to be read, and not often.

Two sides of a partition may remove each other. Were they deaf to each other afterwards, neither
would ever learn why the other is silent. So a removed controller that comes back is told how far we
hold the chains, may ask for what it lacks, and may show what we lack: facts are signed, and what
only removed controllers released comes in through a person. Everything else that it says is not
heard, and what it makes us send and store is metered, for all of them together.
"""

from typing import Final

from mesh.protocol.meter import Meter
from mesh.protocol.now import MILLISECOND, SECOND, Now
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.scribe import Scribe
from mesh.protocol.spreading import Spreading
from mesh.wire.identity import Incarnation
from mesh.wire.messages import Facts, FactVector

ANSWERS_EVERY_NS: Final = 10 * SECOND
ANSWERS_AT_ONCE: Final = 8
"""Questions of removed controllers that are answered: enough for both sides of an office."""

FACT_BYTES: Final = 1_024
FACT_BYTES_EVERY_NS: Final = 1 * SECOND
FACT_BYTES_AT_ONCE: Final = 8_192
"""Facts taken of them, in units of 1 KiB: 8 MiB at once, and at most 84 MiB a day."""

CLAIMED_BYTES_EVERY_NS: Final = 4 * MILLISECOND
"""The same of whoever says to be of our environment, 250 KiB a second: few signatures, and enough
for somebody of whose admission we do not know."""


class Outcasts:
    """The removed controllers at our door."""

    def __init__(self, desk: Desk, spreading: Spreading, scribe: Scribe) -> None:
        self._desk = desk
        self._spreading = spreading
        self._scribe = scribe
        self._answers = Meter(ANSWERS_EVERY_NS, ANSWERS_AT_ONCE)
        self._facts = Meter(FACT_BYTES_EVERY_NS, FACT_BYTES_AT_ONCE)
        self._claimed = Meter(CLAIMED_BYTES_EVERY_NS, FACT_BYTES_AT_ONCE)

    def greeted(self, stream: int, now: Now) -> None:
        """One is there (again): what it holds and we do not, it may show."""
        if self._answers.admits(now.monotonic_ns):
            for part in self._spreading.vector(reply=False):
                self._desk.send_on_stream(stream, part, now, gated=True)

    def asked(self, stream: int, vector: FactVector, now: Now) -> None:
        """One says how far it holds the chains: it is told the rest."""
        if not self._answers.admits(now.monotonic_ns):
            self._desk.counters["questions of removed controllers not answered"] += 1
            return
        for message in self._spreading.lacking(vector):
            self._desk.send_on_stream(stream, message, now, gated=True)

    def shown(self, sender: Incarnation, message: Facts, now: Now) -> None:
        """One shows facts."""
        if self._facts.admits(now.monotonic_ns, _size(message)):
            self._scribe.take(sender, message, now, is_member=False)
        else:
            self._desk.counters["facts of removed controllers not taken"] += len(message.facts)

    def claimed(self, sender: Incarnation, message: Facts, now: Now) -> None:
        """Somebody who is not in our roster, and says to be of our environment, shows facts."""
        if self._desk.outbox.is_full or not self._claimed.admits(now.monotonic_ns, _size(message)):
            self._desk.counters["facts of strangers not taken"] += len(message.facts)
        else:
            self._scribe.take(sender, message, now, is_member=False)


def _size(message: Facts) -> int:
    return sum(len(fact.raw) for fact in message.facts) // FACT_BYTES + 1
