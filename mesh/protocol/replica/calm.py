"""Steps after which there is nothing to look around for.

After each input a participant looks around: is there something to vote on, to apply, to show, to
seal anew? A mesh at rest takes ten steps a second and finds nothing: a probe was answered, a value
was written, a disk was done. None of these touches what is looked at, so until the next time at
which something is due by itself such a step goes past all of it.

Invariant: a step is passed over only if it would have found nothing. Whatever is not known to be
harmless stirs; and the first step that is passed over comes after two that looked around, of which
nothing stirred the second: what one look sets off is seen by the next.
"""

from typing import Final

from mesh.protocol.inputs import DatagramReceived, Input, Persisted, Woke
from mesh.protocol.now import Now
from mesh.wire.messages import (
    Ack,
    Compare,
    Gossip,
    IndirectAck,
    Message,
    Nack,
    Probe,
    ProbeRequest,
    StoreMessage,
    Table,
    TableHash,
)

PASSING_INPUTS: Final = frozenset((DatagramReceived, Persisted, Woke))
"""Inputs without consequences of their own: what comes of them stirs, where it has any."""

PASSING_MESSAGES: Final = frozenset(
    (
        StoreMessage,
        Compare,
        Probe,
        Ack,
        ProbeRequest,
        Nack,
        IndirectAck,
        Gossip,
        Table,
        TableHash,
    )
)
"""Messages that touch neither facts nor roster, and stir only where somebody comes or goes."""


class Calm:
    """Whether anything has happened since the last look around, and until when that is enough."""

    def __init__(self) -> None:
        self._is_stirred = True
        self._until_ns = 0
        self.deadline_ns: int | None = None
        """While it holds: the monotonic time at which there is something to look around for."""

    def stir(self) -> None:
        """Something has happened that may have consequences."""
        self._is_stirred = True

    def happened(self, given: Input) -> None:
        """An input came; most of them stir."""
        self._is_stirred |= type(given) not in PASSING_INPUTS

    def heard(self, message: Message) -> None:
        """A message came; most of them stir."""
        self._is_stirred |= type(message) not in PASSING_MESSAGES

    def holds(self, now: Now) -> bool:
        """Whether a look around would find nothing."""
        return not self._is_stirred and now.monotonic_ns < self._until_ns

    def look(self) -> bool:
        """A look around begins: whether anything has happened since the last one."""
        is_stirred, self._is_stirred = self._is_stirred, False
        self._until_ns = 0
        return is_stirred

    def rest(self, until_ns: int, deadline_ns: int | None) -> None:
        """A look around found nothing, and it will not before ``until_ns``."""
        self._until_ns, self.deadline_ns = until_ns, deadline_ns
