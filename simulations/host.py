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
from simulations.restarts import Restarts
from simulations.scenario import Host as Plan

LATE_NS: Final = 2 * SECOND
"""A wake-up later than this is told as a sleep."""

JUMP_NS: Final = 10 * SECOND
"""Clocks that part by more than this between two steps end the life, as the driver has it."""

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
        make: Callable[[int, Image, Address], Life],
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
        self.replica: Life | None = None
        luck = world.random("host", plan.name)
        self.clock = HostClock(luck.randrange(10**15), plan.wall_offset_ns, plan.drift_ppb)
        self.disk = Disk(world.kernel, self, world.random("disk", plan.name), sync)
        self.steps = 0
        """Steps of all its controllers."""
        self.step_ns = 0
        """How long a step takes."""
        self.delayed = 0
        """Inputs that had to wait because a step takes so long."""
        self._world = world
        self._make = make
        self._luck = luck
        self._streams = 0
        self._inbox: deque[Input] = deque()
        self._wake_at_ns: int | None = None
        self._wanted_at_ns = 0
        """When that wake-up was asked for: one that is wanted in the past is not late by it."""
        self._pauses = 0
        self._busy_until_ns = 0
        self._is_over = False
        """The life has ended by itself and waits for its disk."""
        self._starts = 0
        self._restarts = Restarts()
        self._wall_ahead_ns = 0
        """By how much the wall clock was ahead of the monotonic one at the last step."""

    @property
    def now(self) -> Now:
        """What the host's clocks show."""
        return self.clock.read(self._world.kernel.now_ns)

    @property
    def is_paused(self) -> bool:
        """Whether its controller does nothing, for now."""
        return self._pauses > 0

    @property
    def is_busy(self) -> bool:
        """Whether what comes now has to wait."""
        return bool(self._inbox) or self._busy_until_ns > self._world.kernel.now_ns

    @property
    def is_member(self) -> bool:
        """Whether its controller belongs to an environment."""
        return self.replica is not None and self.replica.glance() is not None

    # --- lives --------------------------------------------------------------------------------

    def start(self, *, in_doubt: bool = False, boot_floor: int = 0) -> None:
        """Start a controller from what is on the disk, as soon as the disk lets one begin."""
        assert not self.is_running, f"{self.name} runs already"
        self._starts += 1
        wait_ns = self._restarts.wait_ns(self._world.kernel.now_ns)
        if not wait_ns:
            self._start(in_doubt=in_doubt, boot_floor=boot_floor)
        else:
            self._start_later(wait_ns, in_doubt=in_doubt, boot_floor=boot_floor)

    def _start_later(self, wait_ns: int, *, in_doubt: bool, boot_floor: int) -> None:
        attempt = self._starts

        def start() -> None:
            if attempt == self._starts and not self.is_running:
                self._start(in_doubt=in_doubt, boot_floor=boot_floor)

        self._world.kernel.after(wait_ns, start)

    def _start(self, *, in_doubt: bool, boot_floor: int) -> None:
        if not self.disk.opens:
            self.disk.failed += 1
            self._start_later(REOPEN_NS, in_doubt=in_doubt, boot_floor=boot_floor)
            return
        damaged = self.disk.damaged
        image = self.disk.begin_life(self.controller, in_doubt=in_doubt, boot_floor=boot_floor)
        if self.disk.damaged > damaged:
            self._world.lost(self)
        self.life += 1
        self.is_running = self.is_powered = True
        self._is_over = False
        self._wake_at_ns = None
        self._streams = 0
        self._inbox.clear()
        self._begin(image)

    def _begin(self, image: Image) -> None:
        now = self.now
        self._wall_ahead_ns = now.wall_ns - now.monotonic_ns
        self.replica = self._make(self.life, image, self.address)
        self._world.chronicle.note(self._world.kernel.now_ns, self.name, "start")
        self._world.watcher.began(self)
        self._perform(self.replica.start(now), now)
        for address in self._world.addresses:
            if address != self.address:
                self.take(self.life, Sighted(address, "seed"))

    def cancel_start(self) -> None:
        """No controller is to be started that is not yet there."""
        self._starts += 1

    def stop(self, *, power: bool, torn: bool = False) -> None:
        """The controller is gone, from one moment to the next."""
        self._world.chronicle.note(self._world.kernel.now_ns, self.name, "stop")
        self._world.watcher.ended(self, power=power)
        self.is_running = False
        self.is_powered = not power
        self.replica = None
        self.disk.crash(torn=torn)
        if power:
            self._restarts.forget()
        self._world.streams.vanish(self, silently=power)

    def leave(self, farewell: Input) -> None:
        """Let the controller take leave, and stop it when all is written."""
        if self.is_paused:
            self.stop(power=False)
            return
        self._step(farewell, self.now)
        self._is_over = True
        self._when_written(self.life, lambda: self.stop(power=False))

    def retire(self) -> None:
        """The host is switched off for good."""
        self.cancel_start()
        if self.is_running:
            self.stop(power=True)

    def _restart(self, *, in_doubt: bool, boot_floor: int = 0) -> None:
        self.stop(power=False)
        self.start(in_doubt=in_doubt, boot_floor=boot_floor)

    def _end_life(self, *, in_doubt: bool, boot_floor: int = 0) -> None:
        """This incarnation has ended by itself: another one follows when all is written."""
        self._is_over = True
        self._when_written(
            self.life, lambda: self._restart(in_doubt=in_doubt, boot_floor=boot_floor)
        )

    def _when_written(self, life: int, then: Callable[[], None]) -> None:
        self._world.kernel.after(MILLISECOND, lambda: self._look_if_written(life, then))

    def _look_if_written(self, life: int, then: Callable[[], None]) -> None:
        if life != self.life or not self.is_running:
            return
        if self.disk.is_idle and not self.is_paused:
            then()
        else:
            self._when_written(life, then)

    def _reopen(self, life: int) -> None:
        """The disk has failed: try it again until it does not."""
        if life != self.life or not self.is_running:
            return
        if not self.disk.opens or self.is_paused:
            self._world.kernel.after(REOPEN_NS, lambda: self._reopen(life))
            return
        self._restart(in_doubt=True)

    # --- what happens to it -------------------------------------------------------------------

    def next_stream(self) -> StreamId:
        """A number that this life has not used."""
        self._streams += 1
        return self._streams

    def heard(self, source: Address, payload: bytes) -> None:
        """A datagram arrived."""
        self.take(self.life, DatagramReceived(source, payload))

    def hear_later(self, given: Input, delay_ns: int) -> None:
        """Give ``given`` to whichever controller runs here after ``delay_ns``."""
        self._world.kernel.after(delay_ns, lambda: self.take(self.life, given))

    def written(self, write: JournalWrite) -> None:
        """``write`` is durable."""
        self._world.watcher.written(self, write)

    def take(self, life: int, given: Input) -> None:
        """Give ``given`` to the controller, if it still lives the same life."""
        if life != self.life or not self.is_running or self._is_over:
            return
        if self._pauses or self.is_busy:
            self.delayed += not self._pauses
            if len(self._inbox) < INBOX_MAX or not isinstance(given, DatagramReceived):
                self._inbox.append(given)
            return
        self._work(given)

    def pause(self) -> None:
        """The controller does nothing from now on."""
        self._pauses += 1

    def resume(self) -> None:
        """It goes on, later than it knows, unless something else keeps it."""
        self._pauses -= 1
        life, due_ns = self.life, self._wake_at_ns
        if not self._pauses:
            if due_ns is not None:
                self._wake(life, due_ns)
            self._empty_inbox(life)

    def _empty_inbox(self, life: int) -> None:
        while self._inbox and life == self.life and self.is_running and not self._is_over:
            if self._pauses or self._busy_until_ns > self._world.kernel.now_ns:
                return
            self._work(self._inbox.popleft())

    def _work(self, given: Input) -> None:
        """Take a step, and be busy with it for as long as it takes here."""
        kernel, life = self._world.kernel, self.life
        if self.step_ns:
            self._busy_until_ns = kernel.now_ns + self.step_ns
            kernel.at(self._busy_until_ns, lambda: self._empty_inbox(life))
        self._notice_clocks(given)

    def _notice_clocks(self, given: Input) -> None:
        """As the driver does: a clock that has jumped ends the life, a late wake-up is a sleep."""
        now = self.now
        ahead_ns = now.wall_ns - now.monotonic_ns
        jump_ns, self._wall_ahead_ns = ahead_ns - self._wall_ahead_ns, ahead_ns
        if abs(jump_ns) > JUMP_NS:
            self._end_life(in_doubt=True)
            return
        late_ns = 0
        if self._wake_at_ns is not None:
            late_ns = now.monotonic_ns - max(self._wake_at_ns, self._wanted_at_ns)
        if late_ns > LATE_NS:
            self._wake_at_ns = None
            self._step(Slept(late_ns), now)
            if isinstance(given, Woke):
                return
        elif isinstance(given, Woke):
            self._wake_at_ns = None
        if not self._is_over:
            self._step(given, now)

    def _step(self, given: Input, now: Now) -> None:
        assert self.replica is not None
        world = self._world
        self.steps += 1
        world.chronicle.note(world.kernel.now_ns, self.name, type(given).__name__, _content(given))
        self._perform(self.replica.handle(given, now), now)
        if isinstance(given, PersistFailed):
            life = self.life
            world.kernel.after(REOPEN_NS, lambda: self._reopen(life))

    def _wake(self, life: int, due_ns: int) -> None:
        is_due = life == self.life and due_ns == self._wake_at_ns and not self._pauses
        if is_due and self.clock.monotonic.read(self._world.kernel.now_ns) >= due_ns:
            self.take(life, Woke())

    def look_at_clock(self) -> None:
        """A clock runs differently from now on: wake-ups come at other times."""
        wake_at_ns, self._wake_at_ns = self._wake_at_ns, None
        self._plan_wake(wake_at_ns)

    # --- what it does -------------------------------------------------------------------------

    def _perform(self, effects: Effects, now: Now) -> None:
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
        if effects.wake_at_ns != self._wake_at_ns:
            self._wanted_at_ns = now.monotonic_ns
            self._plan_wake(effects.wake_at_ns)
        for notification in effects.notifications:
            self._tell(notification)
        world.watcher.stepped(self)

    def _plan_wake(self, wake_at_ns: int | None) -> None:
        if wake_at_ns == self._wake_at_ns:
            return
        self._wake_at_ns = wake_at_ns
        if wake_at_ns is None:
            return
        kernel, life = self._world.kernel, self.life
        lag_ns = 1 + int(self._luck.random() * TIMER_LAG_NS)
        due_ns = self.clock.monotonic.time_of(wake_at_ns)
        if due_ns is not None:
            due_ns = max(kernel.now_ns, due_ns) + lag_ns
            kernel.at(due_ns, lambda: self._wake(life, wake_at_ns))

    def _tell(self, notification: Notification) -> None:
        self._world.watcher.told(self, notification)
        if isinstance(notification, Ended):
            self._end_life(in_doubt=notification.in_doubt, boot_floor=notification.boot_floor)


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

    def lost(self, host: Host) -> None:
        """What only the disk of ``host`` held is lost, and nobody is to blame."""


def _content(given: Input) -> bytes:
    """The bytes that make an input this one, for the digest."""
    if isinstance(given, DatagramReceived | FrameReceived):
        return given.payload
    return repr(given).encode()
