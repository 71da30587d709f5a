"""A few replicas in one thread over a perfect network with instant disks.

To see what they do, not whether they survive.

Faults belong to the simulated world; here time passes, messages arrive a millisecond later, and
writes are durable two milliseconds after they were asked for.
"""

import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from random import Random

from mesh.protocol.configuration import ReplicaConfiguration
from mesh.protocol.effects import (
    Answer,
    CutChains,
    Effects,
    Image,
    JournalWrite,
    Notification,
    Refusal,
    WriteFact,
    WriteMeta,
    WriteStore,
)
from mesh.protocol.inputs import (
    DatagramReceived,
    DialFailed,
    DialFailure,
    FrameReceived,
    Input,
    Persisted,
    StreamClosed,
    StreamOpened,
    Woke,
)
from mesh.protocol.now import MILLISECOND, SECOND, Now
from mesh.protocol.replica import Replica
from mesh.protocol.replica.rotating import EXCHANGE_META
from mesh.wire.facts import SignedFact
from mesh.wire.identity import Address, Incarnation
from tests.mesh.protocol.keys import ExchangeKey, Key, KeySuite

WALL_NS = 1_800_000_000 * SECOND
DELAY_NS = MILLISECOND
SYNC_NS = 2 * MILLISECOND
STANDSTILL_MAX = 10_000
"""Events at one moment; more mean that somebody wakes for ever without doing what is due."""


@dataclass
class Disk:
    """What is durable."""

    facts: dict[tuple[Incarnation, int], SignedFact] = field(default_factory=dict)
    records: dict[bytes, bytes] = field(default_factory=dict)
    metadata: bytes | None = None
    meta: dict[str, bytes] = field(default_factory=dict)
    boot: int = 0
    previous: Incarnation | None = None
    unbroken: bool = True
    """The store went on without a break, as far as a start can tell."""
    findings: tuple[str, ...] = ()
    """What an opening finds."""
    transactions: list[tuple[JournalWrite, ...]] = field(default_factory=list)
    """All that became durable, in order."""

    def write(self, effects: Effects) -> None:
        """Make the writes of ``effects`` durable."""
        self.transactions.append(effects.writes)
        for write in effects.writes:
            match write:
                case WriteFact(origin, sequence, signed):
                    self.facts[origin, sequence] = signed
                case WriteStore(records, metadata):
                    self.metadata = metadata
                    for key, record in records:
                        if record is None:
                            self.records.pop(key, None)
                        else:
                            self.records[key] = record
                case WriteMeta(key, value):
                    self.meta[key] = value
                case CutChains(gone):
                    for origin, first, last in gone:
                        for sequence in range(first, last + 1):
                            del self.facts[origin, sequence]

    def image(self) -> Image:
        """What the next life finds."""
        self.boot += 1
        return Image(
            boot=self.boot,
            previous=self.previous,
            unbroken=self.unbroken and self.previous is not None,
            facts=tuple(self.facts[place] for place in sorted(self.facts)),
            records=tuple(self.records.items()),
            store_metadata=self.metadata,
            meta=dict(self.meta),
            findings=self.findings,
        )


class Host:
    """One controller of the mini mesh."""

    def __init__(self, mesh: "MiniMesh", number: int, configuration: ReplicaConfiguration) -> None:
        self.mesh = mesh
        self.number = number
        self.configuration = configuration
        self.disk = Disk()
        self.identity = Key(bytes([number]) * 32)
        self.notifications: list[Notification] = []
        self.streams: dict[int, tuple[Host, int]] = {}
        self.life = 0
        self.wake = 0
        self.clock_offset_ns = 0
        """Its wall clock against the others'."""

    @property
    def address(self) -> Address:
        """Where it listens."""
        return self.configuration.addresses[0]

    @property
    def is_up(self) -> bool:
        """Whether a life is running: starts and crashes count up in turn."""
        return self.life % 2 == 1

    @property
    def now(self) -> Now:
        """What time it is here."""
        monotonic_ns, wall_ns = self.mesh.now
        return Now(monotonic_ns, wall_ns + self.clock_offset_ns)

    @property
    def exchange(self) -> ExchangeKey:
        """Its key for streams and datagrams: the one with which its next life is to begin."""
        return ExchangeKey(self.disk.meta.get(EXCHANGE_META) or bytes([100 + self.number]) * 32)

    def start(self) -> None:
        """Begin a life."""
        self.life += 1
        self.replica = Replica(
            self.identity,
            self.mesh.operator,
            self.exchange,
            self.configuration,
            Random(self.number * 1_000 + self.life),
            KeySuite(),
            self.disk.image(),
        )
        self.disk.previous = self.replica.own
        self.carry_out(self.replica.start(self.now))

    def crash(self) -> None:
        """End this life: streams break, what was not durable is gone."""
        self.life += 1
        for stream in list(self.streams):
            peer, theirs = self.streams.pop(stream)
            if peer.streams.pop(theirs, None):
                self.mesh.later(DELAY_NS, peer, StreamClosed(theirs))

    def handle(self, happened: Input) -> None:
        """Let something happen to it."""
        self.carry_out(self.replica.handle(happened, self.now))

    def carry_out(self, effects: Effects) -> None:
        """Do what the replica wants."""
        mesh = self.mesh
        if effects.token is not None:
            mesh.at(SYNC_NS, self._sync, self.life, effects)
        for address, payload in effects.datagrams:
            assert len(payload) <= 1_200
            target = mesh.hosts_by_address.get(address)
            if target is not None and mesh.datagrams_pass and mesh.is_linked(self, target):
                mesh.later(DELAY_NS, target, DatagramReceived(self.address, payload))
        for stream, payload in effects.frames:
            if stream in self.streams:
                peer, theirs = self.streams[stream]
                if mesh.is_linked(self, peer):
                    mesh.later(DELAY_NS, peer, FrameReceived(theirs, payload))
        for stream in effects.closes:
            if stream in self.streams:
                peer, theirs = self.streams.pop(stream)
                peer.streams.pop(theirs, None)
                mesh.later(DELAY_NS, peer, StreamClosed(theirs))
                mesh.later(0, self, StreamClosed(stream))
        for address in effects.dials:
            mesh.at(DELAY_NS, self._dial, self.life, address)
        self.notifications.extend(effects.notifications)
        self.wake += 1
        if effects.wake_at_ns is not None:
            delay_ns = max(0, effects.wake_at_ns - mesh.now.monotonic_ns)
            mesh.at(delay_ns, self._woke, self.life, self.wake)

    def _sync(self, life: int, effects: Effects) -> None:
        if life == self.life and effects.token is not None:
            self.disk.write(effects)
            self.handle(Persisted(effects.token))

    def _woke(self, life: int, wake: int) -> None:
        if life == self.life and wake == self.wake:
            self.handle(Woke())

    def _dial(self, life: int, address: Address) -> None:
        if life != self.life:
            return
        target = self.mesh.hosts_by_address.get(address)
        if target is None or not target.is_up:
            self.handle(DialFailed(address, DialFailure.REFUSED))
        elif not self.mesh.is_linked(self, target):
            self.handle(DialFailed(address, DialFailure.TIMEOUT))
        else:
            ours, theirs = next(self.mesh.stream_ids), next(self.mesh.stream_ids)
            self.streams[ours] = (target, theirs)
            target.streams[theirs] = (self, ours)
            target.handle(StreamOpened(theirs, self.address, None))
            self.handle(StreamOpened(ours, address, address))

    # --- what tests ask -----------------------------------------------------------------------

    def call(self, make: Callable[[int], Input], wait_ns: int = 5 * SECOND) -> Answer | Refusal:
        """Make a call and run the mesh until it is answered."""
        number = next(self.mesh.calls)
        self.handle(make(number))

        def answer() -> Answer | Refusal | None:
            for told in self.notifications:
                if isinstance(told, Answer | Refusal) and told.call == number:
                    return told
            return None

        self.mesh.run_until(lambda: answer() is not None, wait_ns)
        found = answer()
        assert found is not None
        return found


class MiniMesh:
    """Hosts, a clock, and what is to happen when."""

    def __init__(self, count: int, **changes: object) -> None:
        self.time_ns = 0
        self.operator = Key(b"o" * 32)
        self.stream_ids = itertools.count(1)
        self.calls = itertools.count(1)
        self._order = itertools.count()
        self._agenda: list[tuple[int, int, Callable[..., None], tuple[object, ...]]] = []
        self._standstill = 0
        self.groups: list[set[int]] = []
        self.datagrams_pass = True
        addresses = [Address("10.0.0.1", 7_000 + number) for number in range(1, count + 1)]
        self.hosts = [
            Host(
                self,
                number,
                replace(
                    ReplicaConfiguration(
                        name=f"host{number}",
                        site="office",
                        addresses=(address,),
                    ),
                    **changes,  # type: ignore[arg-type]  # fields of the configuration
                ),
            )
            for number, address in enumerate(addresses, 1)
        ]
        self.hosts_by_address = {host.address: host for host in self.hosts}

    @property
    def now(self) -> Now:
        """What time it is, everywhere."""
        return Now(self.time_ns, WALL_NS + self.time_ns)

    def at(self, delay_ns: int, action: Callable[..., None], *arguments: object) -> None:
        """Do ``action`` after ``delay_ns``."""
        heapq.heappush(
            self._agenda, (self.time_ns + delay_ns, next(self._order), action, arguments)
        )

    def later(self, delay_ns: int, host: Host, happened: Input) -> None:
        """Let ``happened`` happen to this life of ``host`` after ``delay_ns``."""
        life = host.life

        def happen() -> None:
            if host.life == life and host.is_up:
                host.handle(happened)

        self.at(delay_ns, happen)

    def is_linked(self, one: Host, other: Host) -> bool:
        """Whether messages pass between the two now."""
        return not self.groups or any(
            one.number in group and other.number in group for group in self.groups
        )

    def split(self, *groups: Iterable[int]) -> None:
        """Let messages pass within each group only; without groups, everywhere."""
        self.groups = [set(group) for group in groups]

    def run(self, duration_ns: int) -> None:
        """Let time pass."""
        self.run_until(lambda: False, duration_ns)

    def run_until(self, condition: Callable[[], bool], duration_ns: int) -> bool:
        """Let time pass until ``condition`` holds; whether it did in time."""
        end_ns = self.time_ns + duration_ns
        while self._agenda and self._agenda[0][0] <= end_ns:
            if condition():
                return True
            at_ns, _, action, arguments = heapq.heappop(self._agenda)
            self._standstill = self._standstill + 1 if at_ns == self.time_ns else 0
            assert self._standstill < STANDSTILL_MAX, "time does not pass any more"
            self.time_ns = at_ns
            action(*arguments)
        if condition():
            return True
        self.time_ns = end_ns
        return False
