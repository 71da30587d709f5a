"""One life of a replica among real clocks, disks and sockets.

A life is a monitor, not a queue: whoever has an input brings it to `take` and waits until it is
handled, which never blocks, because everything that a replica wants done is only handed over. So a
datagram is read, handled and answered in one turn of the task that read it, and what cannot be
handled yet waits where it came from, in the kernel. Whoever brings an input from within another one
(a dial that fails at once, say) leaves it in line.

Invariants: the replica sees one input at a time; the effects of one input are carried out, in their
order, before the next is handled; after the life is over nothing reaches the replica.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from operator import itemgetter
from typing import Final, Generic, Protocol, TypeVar

import trio

from mesh.driver.clock import Clock
from mesh.driver.journal.interface import Journal
from mesh.driver.network.interface import Network
from mesh.protocol.effects import Effects, Ended, Notification
from mesh.protocol.inputs import Input, Persisted, PersistFailed, Slept, Woke
from mesh.protocol.now import SECOND, Now

LATE_NS: Final = 2 * SECOND
"""A wake-up later than this was no ordinary delay: the host was suspended or starved."""

JUMP_NS: Final = 10 * SECOND
"""The wall clock against the other one, from one input to the next: beyond this it was set, or the
host is a copy of an earlier one."""

BACKLOG_BYTES_MAX: Final = 16 * 1_048_576
"""Unsynced writes above which nothing more is read from streams or taken from clients: a second of
work for a slow disk."""


class Machine(Protocol):
    """What a replica is to the driver."""

    def start(self, now: Now) -> Effects:
        """The first step."""

    def handle(self, happened: Input, now: Now) -> Effects:
        """What follows from ``happened``."""


MachineT = TypeVar("MachineT", bound=Machine)

Listener = Callable[[Notification], None]


class Cause(Enum):
    """Why a life is over, or will be."""

    ENDED = "ended"
    """The replica said so."""
    DISTRUSTED = "the host is not what it was"
    """Its clock jumped, or it was copied, or others know more of its past than its store: that may
    have been rolled back."""
    DISK = "the disk failed"
    """The replica has taken leave and still answers questions, until there is another one."""
    FAULT = "a fault of our own"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a life ends, and what the next one has to know."""

    cause: Cause
    why: str
    boot_floor: int = 0


class Life(Generic[MachineT]):
    """Carries inputs to ``machine`` and its effects to ``journal`` and ``network``.

    ``reports`` is where the journal says what became of writes.
    """

    def __init__(
        self,
        machine: MachineT,
        journal: Journal,
        reports: "trio.MemoryReceiveChannel[Persisted | PersistFailed]",
        network: Network,
        clock: Clock,
        listener: Listener,
    ) -> None:
        self.machine = machine
        self.journal = journal
        self.ending: Ending | None = None
        self.over = trio.Event()
        """Set when another life is needed."""
        self.inputs = 0
        self._reports = reports
        self._network = network
        self._clock = clock
        self._listener = listener
        self._line: deque[Input] = deque()
        self._is_busy = True
        """An input is being handled, or the replica has not begun."""
        self._wake_at_ns: int | None = None
        self._wanted_at_ns = 0
        """When that wake-up was asked for: one that is wanted in the past is not late by it."""
        self._offset_ns = 0
        self._alarm = trio.CancelScope()
        self._room = trio.Event()

    @property
    def is_silenced(self) -> bool:
        """Whether nothing reaches the replica any more."""
        return self.ending is not None and self.ending.cause is not Cause.DISK

    def begin(self) -> None:
        """Start the replica; what came before waits for that in line."""
        now = self._clock.now()
        self._offset_ns = now.wall_ns - now.monotonic_ns
        self._step(self.machine.start, now)
        self._is_busy = False
        self._handle_line()

    async def run(self) -> None:
        """Wake the replica in time and tell it what became durable, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._take_reports)
            await self._keep_waking()

    def take(self, arrived: Input) -> None:
        """Have ``arrived`` handled, and everything that it causes at once."""
        self._line.append(arrived)
        if not self._is_busy:
            self._handle_line()

    def distrust(self, why: str) -> None:
        """End this life now, for the host is not what it was when it began."""
        self._end(Ending(Cause.DISTRUSTED, why))

    async def room(self) -> None:
        """Wait while the disk is far behind; a checkpoint only then."""
        while self.journal.backlog_bytes > BACKLOG_BYTES_MAX and self.ending is None:
            await self._room.wait()

    # --- one input --------------------------------------------------------------------------------

    def _handle_line(self) -> None:
        self._is_busy = True
        try:
            while self._line:
                self._handle(self._line.popleft())
        finally:
            self._is_busy = False

    def _handle(self, arrived: Input) -> None:
        if self.is_silenced:
            return
        now = self._clock.now()
        if self._has_jumped(now):
            return
        self.inputs += 1
        late_ns = self._late_ns(now)
        if late_ns > LATE_NS:
            self._step(lambda at: self.machine.handle(Slept(late_ns), at), now)
            if isinstance(arrived, Woke):
                return
        self._step(lambda at: self.machine.handle(arrived, at), now)
        if isinstance(arrived, PersistFailed):
            self._end(Ending(Cause.DISK, arrived.why))

    def _late_ns(self, now: Now) -> int:
        """How long ago the machine was to be woken."""
        if self._wake_at_ns is None:
            return 0
        return now.monotonic_ns - max(self._wake_at_ns, self._wanted_at_ns)

    def _step(self, decide: Callable[[Now], Effects], now: Now) -> None:
        """Take one decision and carry it out; a fault in that is the end of this life."""
        if self.is_silenced:
            return
        is_done = False
        try:
            self._carry_out(decide(now), now)
            is_done = True
        finally:
            if not is_done:
                self._end(Ending(Cause.FAULT, "a fault of our own"))

    def _carry_out(self, effects: Effects, now: Now) -> None:
        if effects.token is not None:
            self.journal.append(effects.token, effects.writes)
        for address, payload in effects.datagrams:
            self._network.send_datagram(address, payload)
        for stream, frames in groupby(effects.frames, key=itemgetter(0)):
            self._network.send_frames(stream, [payload for _, payload in frames])
        for address in effects.dials:
            self._network.dial(address)
        for closing in effects.closes:
            self._network.close(closing)
        if effects.wake_at_ns != self._wake_at_ns:
            self._wake_at_ns, self._wanted_at_ns = effects.wake_at_ns, now.monotonic_ns
            self._set_alarm(now)
        for notification in effects.notifications:
            if isinstance(notification, Ended):
                cause = Cause.DISTRUSTED if notification.in_doubt else Cause.ENDED
                self._end(Ending(cause, notification.why, notification.boot_floor))
            self._listener(notification)

    def _has_jumped(self, now: Now) -> bool:
        offset_ns = now.wall_ns - now.monotonic_ns
        jump_ns, self._offset_ns = offset_ns - self._offset_ns, offset_ns
        if abs(jump_ns) <= JUMP_NS:
            return False
        jump_s = jump_ns / SECOND
        self.distrust(f"the wall clock jumped by {jump_s:+.0f} s")
        return True

    def _end(self, ending: Ending) -> None:
        if self.ending is None or self.ending.cause is Cause.DISK:
            self.ending = ending
        self.over.set()
        self._room.set()

    # --- time and disk ----------------------------------------------------------------------------

    async def _keep_waking(self) -> None:
        while True:
            with trio.CancelScope() as self._alarm:
                self._set_alarm(self._clock.now())
                await trio.sleep_forever()
            if self._wake_at_ns is not None:
                now = self._clock.now()
                if now.monotonic_ns >= self._wake_at_ns:
                    self.take(Woke())

    def _set_alarm(self, now: Now) -> None:
        """Move the one alarm; the task that waits for it is not woken for that."""
        if self._wake_at_ns is None or self.is_silenced:
            self._alarm.deadline = math.inf
        else:
            wait_s = (self._wake_at_ns - now.monotonic_ns) / SECOND
            self._alarm.deadline = trio.current_time() + wait_s

    async def _take_reports(self) -> None:
        async for outcome in self._reports:
            self.take(outcome)
            room, self._room = self._room, trio.Event()
            room.set()
