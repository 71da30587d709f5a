"""Output commit: what depends on a write leaves only after that write is durable.

Imagine a counter with a clerk behind it. Letters are handed over in order; some of them quote from
the ledger, and the clerk lets none of those out before the ink of every line written so far is dry.
Letters that quote nothing pass at once. The machines need not know about ink: they change their
memory and say what they want said. If the house burns down before the ink is dry, nobody outside
has read a word of it, which is as if it had burnt down one letter earlier.

Some lines of the ledger nobody waits for. They are not worth the ink and the drying by themselves:
the clerk keeps them in mind until there is a line that somebody does wait for, but not for long.

Elnozahy et al., "A survey of rollback-recovery protocols in message-passing systems" (2002),
section 2.4.
"""

from collections import deque
from typing import Final

import msgspec

from mesh.protocol.effects import Effects, JournalWrite, Notification
from mesh.protocol.frames import Frame
from mesh.protocol.inputs import StreamId
from mesh.protocol.now import MILLISECOND, Now, earliest
from mesh.wire.identity import Address

GATED_MAX: Final = 65_536
"""Outputs that wait for the disk at once. More means that the disk has stopped, and the replica
says so."""

LINGER_NS: Final = 20 * MILLISECOND
"""How long a write that nobody waits for may wait for company."""

LINGERING_MAX: Final = 512
"""More such writes than this are a transaction of their own."""


class Deeds(msgspec.Struct):
    """What one moment wants done; ``Effects`` under construction."""

    datagrams: list[tuple[Address, bytes]] = msgspec.field(default_factory=list)
    frames: list[Frame] = msgspec.field(default_factory=list)
    """Not sealed yet: they are when they leave, in that order."""
    closes: list[StreamId] = msgspec.field(default_factory=list)
    """Streams to be closed after these frames."""
    notifications: list[Notification] = msgspec.field(default_factory=list)

    def __len__(self) -> int:
        return len(self.datagrams) + len(self.frames) + len(self.closes) + len(self.notifications)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is wanted."""
        return not (self.datagrams or self.frames or self.notifications or self.closes)

    def extend(self, other: "Deeds") -> None:
        """Append all of ``other``, in its order."""
        self.datagrams += other.datagrams
        self.frames += other.frames
        self.closes += other.closes
        self.notifications += other.notifications


class Outbox:
    """Collects the deeds of one input and holds back what the journal has not confirmed.

    ``free`` leaves with the next ``take``. ``gated`` leaves with it too if nothing is being
    written, and otherwise when the last write that was asked for before it is durable. Order among
    gated deeds is kept. Writes keep their order too: what lingers is in the same transaction as
    the next write that does not, or in an earlier one.
    """

    def __init__(self) -> None:
        self.free = Deeds()
        self.gated = Deeds()
        self.unhurried: list[Notification] = []
        """Gated, but no reason to write at once what lingers."""
        self._writes: list[JournalWrite] = []
        self._is_urgent = False
        """Whether somebody may wait for one of these writes."""
        self._linger_until_ns: int | None = None
        self._dials: list[Address] = []
        self._held: deque[tuple[int, Deeds]] = deque()
        self._held_count = 0
        self._last_token = 0
        self._durable = 0
        self.failed = False

    @property
    def is_settled(self) -> bool:
        """Whether everything asked for so far is durable; never again after a failure."""
        return not self._writes and not self.failed and self._durable == self._last_token

    def ticket(self) -> int:
        """Names all writes asked for so far; see ``is_durable``."""
        return self._last_token + (1 if self._writes else 0)

    @property
    def durable(self) -> int:
        """The last ticket of which everything is on disk."""
        return self._durable

    def is_durable(self, ticket: int) -> bool:
        """Whether everything that ``ticket`` names is on disk."""
        return ticket <= self._durable

    @property
    def waiting(self) -> int:
        """Outputs that wait for the disk."""
        return self._held_count

    @property
    def is_full(self) -> bool:
        """Whether the disk is so far behind that nothing more should be taken on."""
        return self._held_count >= GATED_MAX

    def write(self, *writes: JournalWrite) -> None:
        """Ask for ``writes``, in one transaction with all others of this moment."""
        self._writes.extend(writes)
        self._is_urgent = True

    def write_soon(self, *writes: JournalWrite) -> None:
        """Ask for ``writes`` with the next of other ones, or as soon as something is gated.

        For what is lost with nothing but the work of asking for it again.
        """
        self._writes.extend(writes)

    def dial(self, *addresses: Address) -> None:
        """Ask for connections."""
        self._dials.extend(addresses)

    def persisted(self, token: int) -> None:
        """All writes up to ``token`` are durable: what waited for them may leave."""
        assert self._durable <= token <= self._last_token, "tokens are answered in order"
        self._durable = token
        while self._held and self._held[0][0] <= token:
            _, deeds = self._held.popleft()
            self._held_count -= len(deeds)
            self.free.extend(deeds)

    def fail(self) -> None:
        """The disk failed: nothing that waits will ever leave, and nothing gated after it."""
        self.failed = True
        self._held.clear()
        self._held_count = 0
        self._forget_writes()
        self.gated = Deeds()
        self.unhurried.clear()

    def take(self, now: Now, wake_at_ns: int | None) -> Effects:
        """All that may leave now, as one value."""
        if self._lingers(now):
            wake_at_ns = earliest(wake_at_ns, self._linger_until_ns)
            token = None
        else:
            self.gated.notifications += self.unhurried
            self.unhurried.clear()
            token = self._begin_write()
        self._gate()
        if token is None:
            if self.failed:
                self._forget_writes()  # nothing is written any more
            if not self._dials and self.free.is_empty:
                return Effects(wake_at_ns=wake_at_ns)
        deeds, self.free = self.free, Deeds()
        effects = Effects(
            token=token,
            writes=() if token is None else tuple(self._writes),
            datagrams=tuple(deeds.datagrams),
            frames=tuple([frame.leave() for frame in deeds.frames]),
            dials=tuple(self._dials),
            closes=tuple(deeds.closes),
            notifications=tuple(deeds.notifications),
            wake_at_ns=wake_at_ns,
        )
        self._dials = []
        if token is not None:
            self._forget_writes()
        return effects

    def _lingers(self, now: Now) -> bool:
        """Whether there are writes, and all of them can wait."""
        if not self._writes or self._is_urgent or self.failed or not self.gated.is_empty:
            return False
        if self._linger_until_ns is None:
            self._linger_until_ns = now.monotonic_ns + LINGER_NS
        return now.monotonic_ns < self._linger_until_ns and len(self._writes) <= LINGERING_MAX

    def _forget_writes(self) -> None:
        self._writes = []
        self._is_urgent = False
        self._linger_until_ns = None

    def _begin_write(self) -> int | None:
        if not self._writes or self.failed:
            return None
        self._last_token += 1
        return self._last_token

    def _gate(self) -> None:
        if self.gated.is_empty:
            return
        deeds, self.gated = self.gated, Deeds()
        if self.failed:
            return
        if self._durable == self._last_token:
            self.free.extend(deeds)
        else:
            self._held.append((self._last_token, deeds))
            self._held_count += len(deeds)
