"""Some members in virtual time: real machines, real encodings, and links that can be cut.

A stream between two members is there while both live and nothing cuts it, and loses nothing;
datagrams are lost by chance. Equal seeds give equal runs.
"""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from mesh.protocol.configuration import Profile
from mesh.protocol.membership import Change, Membership, MembershipMessage, Outcome, What
from mesh.protocol.now import MILLISECOND, SECOND, Now
from mesh.protocol.outgoing import Channel, Outgoing
from mesh.wire import codec
from mesh.wire.identity import Address, Incarnation, digest
from mesh.wire.messages import Message, Summary

WALL_NS = 1_800_000_000 * SECOND
SUMMARY = Summary(bytes(30), b"facts...", b"history.", b"state...")
IP_UDP_BYTES = 28
PORT = 7_117


def incarnation(number: int, boot: int = 1, salt: bytes = b"") -> Incarnation:
    """The life ``boot`` of controller ``number``."""
    controller = digest(f"controller {number}".encode())
    return Incarnation(controller, boot, digest(controller + bytes([boot]) + salt)[:8])


@dataclass(slots=True)
class House:
    """One process, or what is left of it."""

    number: int
    own: Incarnation
    address: Address
    machine: Membership
    random: Random
    alive: bool = True
    """False: killed; its host refuses connections."""
    frozen: bool = False
    """Neither listens nor acts; what arrives waits."""
    delay_ns: int = 0
    """A slow host: everything it does or hears comes so much later."""
    clock_offset_ns: int = 0
    waiting: list[tuple[Incarnation, MembershipMessage, Channel, Address]] = field(
        default_factory=list
    )
    changes: list[tuple[int, Change]] = field(default_factory=list)
    alarm_ns: int | None = None
    wakes: int = 0
    sent_bytes: int = 0
    sent: int = 0


class Village:
    """All houses and the ways between them."""

    def __init__(
        self,
        size: int,
        *,
        seed: int = 1,
        loss: float = 0.0,
        streams: bool = True,
        acquainted: bool = True,
    ) -> None:
        self.ns = 0
        self.random = Random(seed)
        self.loss = loss
        self.streams = streams
        self.cut: Callable[[int, int], bool] = lambda _from, _to: False
        self.roster = [incarnation(number).controller for number in range(size)]
        self.houses: list[House] = []
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._order = 0
        self._delivered: dict[Incarnation, dict[Incarnation, Address]] = {}
        for number in range(size):
            self.build(number)
        if acquainted:
            for house in self.houses:
                for other in self.houses:
                    if other is not house:
                        self._do(house, house.machine.announced(other.own, other.address, self.now))

    # --- houses ---------------------------------------------------------------------------------

    @property
    def now(self) -> Now:
        """The time."""
        return Now(self.ns, WALL_NS + self.ns)

    def build(
        self,
        number: int,
        boot: int = 1,
        *,
        salt: bytes = b"",
        address: Address | None = None,
        seed: int | None = None,
    ) -> House:
        """A new process of controller ``number``."""
        own = incarnation(number, boot, salt)
        listens = address or Address(f"192.0.2.{number + 1}", PORT)
        luck = Random(self.random.getrandbits(64) if seed is None else seed)
        machine = Membership(own, listens, Profile.LAN, luck, lambda: SUMMARY, lambda _: True)
        house = House(number, own, listens, machine, luck)
        self.houses.append(house)
        self._do(house, machine.admitted(self.roster, self.now))
        return house

    def introduce(self, house: House, others: Iterable[House]) -> None:
        """Streams come up between ``house`` and ``others``: both sides say who they are."""
        for other in others:
            self._do(house, house.machine.announced(other.own, other.address, self.local(house)))
            self._do(other, other.machine.announced(house.own, house.address, self.local(other)))

    def restart(self, number: int) -> House:
        """A new life of a killed controller, which greets all that live."""
        lives = [house for house in self.houses if house.number == number]
        house = self.build(number, len(lives) + 1)
        self.introduce(house, [other for other in self.living() if other is not house])
        return house

    def kill(self, house: House) -> None:
        """SIGKILL: streams break and a redial is refused, where no cut hides it."""
        house.alive = False
        for other in self.living():
            if self.streams and not self.cut(house.number, other.number):
                self.after(2 * MILLISECOND, self._notice(house, other))

    def _notice(self, dead: House, other: House) -> Callable[[], None]:
        def notice() -> None:
            if other.alive and not other.frozen:
                now = self.local(other)
                self._do(other, other.machine.stream_lost(dead.own, now))
                self._do(other, other.machine.refused(dead.address, now))

        return notice

    def thaw(self, house: House) -> None:
        """It runs again and finds in its sockets what came meanwhile; its own alarm is late."""
        house.frozen = False
        self._ring(house)
        waiting, house.waiting = house.waiting, []
        for source, message, channel, address in waiting:
            self._hear(house, source, message, channel, address)

    def living(self) -> list[House]:
        """Houses whose process runs."""
        return [house for house in self.houses if house.alive]

    def admit(self, controllers: list[bytes]) -> None:
        """The roster changes everywhere at once."""
        self.roster = controllers
        for house in self.living():
            self._do(house, house.machine.admitted(controllers, self.now))

    # --- time -----------------------------------------------------------------------------------

    def local(self, house: House) -> Now:
        """The time as ``house`` reads it."""
        return Now(self.ns, WALL_NS + self.ns + house.clock_offset_ns)

    def after(self, wait_ns: int, event: Callable[[], None]) -> None:
        """Let ``event`` happen later."""
        self._order += 1
        heapq.heappush(self._events, (self.ns + wait_ns, self._order, event))

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.ns + round(seconds * SECOND)
        while self._events and self._events[0][0] <= end:
            self.ns, _, event = heapq.heappop(self._events)
            event()
        self.ns = end

    def run_until(self, condition: Callable[[], bool], seconds: float) -> float:
        """Let time pass until ``condition`` holds, at most ``seconds``; returns how many."""
        start = self.ns
        while not condition():
            assert self.ns - start < seconds * SECOND, f"not within {seconds} s"
            self.run(0.01)
        return (self.ns - start) / SECOND

    def set_alarm(self, house: House) -> None:
        """Take over the machine's deadline."""
        deadline = house.machine.deadline_ns
        if deadline is None or deadline == house.alarm_ns:
            return
        house.alarm_ns = deadline

        def alarm() -> None:
            if house.alarm_ns == deadline and house.alive and not house.frozen:
                self._ring(house)

        self.after(max(deadline - self.ns, 0) + house.delay_ns, alarm)

    def _ring(self, house: House) -> None:
        house.alarm_ns = None
        house.wakes += 1
        self._do(house, house.machine.wake(self.local(house)))

    # --- messages -------------------------------------------------------------------------------

    def _do(self, house: House, outcome: Outcome) -> None:
        house.changes.extend((self.ns, change) for change in outcome.changes)
        for outgoing in outcome.outgoing:
            self._post(house, outgoing)
        self.set_alarm(house)

    def _post(self, house: House, outgoing: Outgoing) -> None:
        to = outgoing.to
        address = house.machine.address_of(to)
        raw = codec.encode(outgoing.message)
        house.sent += 1
        house.sent_bytes += len(raw) + IP_UDP_BYTES
        decoded = codec.decode(raw)
        assert decoded == outgoing.message
        by_stream = outgoing.channel is Channel.STREAM
        if outgoing.channel is Channel.DATAGRAM and not house.machine.datagrams_pass(to):
            by_stream = True  # as the replica's desk has it
        if by_stream and not self.streams:
            return
        if not by_stream and self.random.random() < self.loss:
            return
        for other in self.houses:
            at_door = other.address == address and (not by_stream or other.own == to)
            if other.alive and at_door and not self.cut(house.number, other.number):
                self._carry(house, other, outgoing.message, by_stream=by_stream)

    def _carry(self, house: House, other: House, message: Message, *, by_stream: bool) -> None:
        assert isinstance(message, MembershipMessage)
        channel = Channel.STREAM if by_stream else Channel.DATAGRAM
        source, address = house.own, house.address

        def arrive() -> None:
            if other.frozen:
                other.waiting.append((source, message, channel, address))
            elif other.alive:
                self._hear(other, source, message, channel, address)

        way = round(self.random.uniform(0.2, 1.0) * MILLISECOND)
        self.after(way + other.delay_ns, arrive)

    def _hear(
        self,
        house: House,
        source: Incarnation,
        message: MembershipMessage,
        channel: Channel,
        address: Address,
    ) -> None:
        known = address if channel is Channel.DATAGRAM else None
        outcome = house.machine.receive(source, message, channel, self.local(house), known)
        self._do(house, outcome)

    # --- questions ------------------------------------------------------------------------------

    def gone_everywhere(self, house: House) -> bool:
        """Whether no living other has ``house`` in its view."""
        return all(
            house.own not in other.machine.view for other in self.living() if other is not house
        )

    def complete(self) -> bool:
        """Whether all that live see exactly all that live."""
        everybody = tuple(sorted(house.own for house in self.living()))
        return all(house.machine.view == everybody for house in self.living())

    def verdicts(self, what: What) -> list[tuple[int, Incarnation]]:
        """All changes of one kind, seen anywhere."""
        return [
            (at, change.member)
            for house in self.houses
            for at, change in house.changes
            if change.what is what
        ]
