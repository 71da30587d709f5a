"""One host: a clock, a disk, and whichever controller lives there now.

It does for a replica in virtual time what the driver does in real time: hands over what happens,
one thing at a time, and does the deeds that come back. A host can lose its controller in several
ways and start another; each start is a new life with a number of its own, and nothing that was on
its way to the life before reaches it.
"""

from collections import deque
from collections.abc import Callable
from random import Random
from typing import Final, Protocol

from mesh.protocol.effects import Effects, Ended, Image, JournalWrite, Notification
from mesh.protocol.inputs import (
    DatagramReceived,
    FrameReceived,
    Input,
    PersistFailed,
    Sighted,
    Slept,
    StreamId,
    Woke,
)
from mesh.protocol.now import MILLISECOND, SECOND, Now
from mesh.wire.identity import Address
from simulations.chronicle import Chronicle
from simulations.clock import HostClock
from simulations.disk import Disk
from simulations.kernel import Kernel
from simulations.life import Life
from simulations.network.datagrams import Datagrams
from simulations.network.streams import Streams
from simulations.plan import Delay
from simulations.scenario import Host as Plan

LATE_NS: Final = 2 * SECOND
"""A wake-up later than this is told as a sleep."""

INBOX_MAX: Final = 256
"""Datagrams that a host keeps for a paused controller: what a socket's buffer holds."""

REOPEN_NS: Final = SECOND
"""After the disk has failed it is tried again this often."""

TIMER_LAG_NS: Final = 100_000
"""A timer fires up to this much late, as on any real host."""


class Watcher(Protocol):
    """Who looks on, after every step of every controller."""

    def began(self, host: "Host") -> None:
        """A new life is about to take its first step."""

    def ended(self, host: "Host", *, power: bool) -> None:
        """A life is over; where the power is gone, from one moment to the next."""

    def acts(self, host: "Host", effects: Effects) -> None:
        """``effects`` are about to be carried out."""

    def stepped(self, host: "Host") -> None:
        """One step is over."""

    def written(self, host: "Host", write: JournalWrite) -> None:
        """``write`` is durable on ``host``."""

    def told(self, host: "Host", notification: Notification) -> None:
        """The controller tells somebody local."""


class Host:
    """A host of the world."""

    def __init__(
        self,
        plan: Plan,
        address: Address,
        controller: bytes,
        make: Callable[[int, Image], Life],
        world: "Surroundings",
        sync: Delay,
    ) -> None:
        self.plan = plan
        self.name = plan.name
        self.address = address
        self.controller = controller
        self.life = 0
        self.is_running = False
        self.is_powered = True
        self.is_paused = False
        self.replica: Life | None = None
        luck = world.random("host", plan.name)
        self.clock = HostClock(luck.randrange(10**15), plan.wall_offset_ns, plan.drift_ppb)
        self.disk = Disk(world.kernel, self, world.random("disk", plan.name), sync)
        self._world = world
        self._make = make
        self._luck = luck
        self._streams = 0
        self._inbox: deque[Input] = deque()
        self._wake_at_ns: int | None = None

    @property
    def now(self) -> Now:
        """What the host's clocks show."""
        return self.clock.read(self._world.kernel.now_ns)

    # --- lives --------------------------------------------------------------------------------

    def start(self, *, in_doubt: bool = False, boot_floor: int = 0) -> None:
        """Start a controller from what is on the disk."""
        assert not self.is_running, f"{self.name} runs already"
        image = self.disk.begin_life(self.controller, in_doubt=in_doubt, boot_floor=boot_floor)
        self.life += 1
        self.is_running = self.is_powered = True
        self._wake_at_ns = None
        self._streams = 0
        self._inbox.clear()
        self.replica = self._make(self.life, image)
        self._world.chronicle.note(self._world.kernel.now_ns, self.name, "start")
        self._world.watcher.began(self)
        self._perform(self.replica.start(self.now))
        for address in self._world.addresses:
            if address != self.address:
                self.take(self.life, Sighted(address, "seed"))

    def stop(self, *, power: bool) -> None:
        """The controller is gone, from one moment to the next."""
        self._world.chronicle.note(self._world.kernel.now_ns, self.name, "stop")
        self._world.watcher.ended(self, power=power)
        self.is_running = self.is_paused = False
        self.is_powered = not power
        self.replica = None
        self.disk.crash()
        self._world.streams.vanish(self, silently=power)

    def _follow(self, life: int, boot_floor: int) -> None:
        """This incarnation has ended by itself: another one follows when all is written."""
        if life != self.life or not self.is_running:
            return
        if not self.disk.is_idle:
            self._world.kernel.after(MILLISECOND, lambda: self._follow(life, boot_floor))
            return
        self.stop(power=False)
        self.start(boot_floor=boot_floor)

    def _reopen(self, life: int) -> None:
        """The disk has failed: try it again until it does not."""
        if life != self.life or not self.is_running:
            return
        if self.disk.fails or self.is_paused:
            self._world.kernel.after(REOPEN_NS, lambda: self._reopen(life))
            return
        self.stop(power=False)
        self.start(in_doubt=True)

    # --- what happens to it -------------------------------------------------------------------

    def next_stream(self) -> StreamId:
        """A number that this life has not used."""
        self._streams += 1
        return self._streams

    def heard(self, source: Address, payload: bytes) -> None:
        """A datagram arrived."""
        self.take(self.life, DatagramReceived(source, payload))

    def written(self, write: JournalWrite) -> None:
        """``write`` is durable."""
        self._world.watcher.written(self, write)

    def take(self, life: int, given: Input) -> None:
        """Give ``given`` to the controller, if it still lives the same life."""
        if life != self.life or not self.is_running:
            return
        if self.is_paused:
            if len(self._inbox) < INBOX_MAX or not isinstance(given, DatagramReceived):
                self._inbox.append(given)
            return
        self._step(given)

    def pause(self) -> None:
        """The controller does nothing from now on."""
        self.is_paused = True

    def resume(self) -> None:
        """It goes on, later than it knows."""
        if not self.is_paused:
            return
        self.is_paused = False
        life, due = self.life, self._wake_at_ns
        if due is not None and due <= self.now.monotonic_ns:
            self._wake(life, due)
        while self._inbox and life == self.life:
            self._step(self._inbox.popleft())

    def _step(self, given: Input) -> None:
        assert self.replica is not None
        world = self._world
        world.chronicle.note(world.kernel.now_ns, self.name, type(given).__name__, _content(given))
        self._perform(self.replica.handle(given, self.now))
        if isinstance(given, PersistFailed):
            life = self.life
            world.kernel.after(REOPEN_NS, lambda: self._reopen(life))

    def _wake(self, life: int, due_ns: int) -> None:
        if life != self.life or due_ns != self._wake_at_ns or self.is_paused:
            return
        self._wake_at_ns = None
        late_ns = self.now.monotonic_ns - due_ns
        self.take(life, Slept(late_ns) if late_ns > LATE_NS else Woke())

    # --- what it does -------------------------------------------------------------------------

    def _perform(self, effects: Effects) -> None:
        world = self._world
        world.watcher.acts(self, effects)
        if effects.token is not None:
            self.disk.append(self.life, effects.token, effects.writes)
        for address, payload in effects.datagrams:
            world.datagrams.send(self, address, payload)
        for stream, payload in effects.frames:
            world.streams.send(self, stream, payload)
        for stream in effects.closes:
            world.streams.close(self, stream)
        for address in effects.dials:
            world.streams.dial(self, address)
        self._plan_wake(effects.wake_at_ns)
        for notification in effects.notifications:
            self._tell(notification)
        world.watcher.stepped(self)

    def _plan_wake(self, wake_at_ns: int | None) -> None:
        if wake_at_ns == self._wake_at_ns:
            return
        self._wake_at_ns = wake_at_ns
        if wake_at_ns is not None:
            kernel, life = self._world.kernel, self.life
            due_ns = max(kernel.now_ns, self.clock.time_of(wake_at_ns))
            lag_ns = 1 + int(self._luck.random() * TIMER_LAG_NS)
            kernel.at(due_ns + lag_ns, lambda: self._wake(life, wake_at_ns))

    def _tell(self, notification: Notification) -> None:
        self._world.watcher.told(self, notification)
        if isinstance(notification, Ended):
            life, floor = self.life, notification.boot_floor
            self._world.kernel.after(MILLISECOND, lambda: self._follow(life, floor))


class Surroundings(Protocol):
    """What a host finds around it."""

    kernel: Kernel
    chronicle: Chronicle
    datagrams: Datagrams
    streams: Streams
    watcher: Watcher
    addresses: tuple[Address, ...]

    def random(self, *purpose: str) -> Random:
        """The stream of luck for ``purpose``."""


def _content(given: Input) -> bytes:
    """The bytes that make an input this one, for the digest."""
    match given:
        case DatagramReceived(payload=payload) | FrameReceived(payload=payload):
            return payload
        case _:
            return repr(given).encode()
