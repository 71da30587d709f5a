"""A street of controllers that have links and admission and nothing else, joined as a replica does.

Time is virtual, every frame takes a random while, frames of one stream keep their order and all
else overtakes. The roster is a set that connected members tell each other.
"""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from random import Random

from mesh.protocol.admission import Admission, AdmissionStep, Card, Proof
from mesh.protocol.configuration import ReplicaConfiguration
from mesh.protocol.inputs import DialFailure, StreamId
from mesh.protocol.links import (
    Connected,
    Greeted,
    LinkEvent,
    Links,
    LinkStep,
    Received,
    Source,
)
from mesh.protocol.now import MILLISECOND, SECOND, Now
from mesh.protocol.standing import RosterView
from mesh.wire import codec
from mesh.wire.identity import Address, Incarnation, digest
from mesh.wire.messages import Knock, Welcome
from tests.mesh.protocol.keys import keyring

DELAYS_NS = (1 * MILLISECOND, 20 * MILLISECOND, 300 * MILLISECOND, 2 * SECOND)
ANNOUNCED_EVERY_NS = 20 * SECOND
START_WALL_NS = 1_800_000_000 * SECOND


def controller_id(name: str) -> bytes:
    """The key of the controller called ``name``."""
    return digest(name.encode())


def incarnation(name: str, boot: int = 1) -> Incarnation:
    """A life of the controller called ``name``."""
    return Incarnation(controller_id(name), boot, digest(f"{name} {boot}".encode())[:8])


def moment(at_ns: int) -> Now:
    """Both clocks, ``at_ns`` after the start."""
    return Now(at_ns, START_WALL_NS + at_ns)


def configuration(name: str, address: Address, **settings: bool) -> ReplicaConfiguration:
    """The settings of the controller called ``name``."""
    return ReplicaConfiguration(
        name,
        "home",
        (address,),
        found=settings.get("found", False),
        joins_only=settings.get("joins_only", False),
    )


@dataclass
class Pipe:
    """One direction of a stream; what leaves later arrives later."""

    house: "House"
    stream: StreamId
    arrives_ns: int = 0


@dataclass
class House:
    """One controller: its disk outlives its lives."""

    street: "Street"
    name: str
    address: Address
    settings: dict[str, bool]
    boot: int = 0
    disk: dict[str, bytes] = field(default_factory=dict)
    roster: set[bytes] = field(default_factory=set)
    pipes: dict[StreamId, Pipe] = field(default_factory=dict)
    log: list[LinkEvent] = field(default_factory=list)
    links: Links = field(init=False)
    admission: Admission = field(init=False)

    def start(self) -> None:
        """A new life from the disk."""
        for stream in tuple(self.pipes):
            self.street.cut(self, stream)
        self.boot += 1
        own = incarnation(self.name, self.boot)
        settings = configuration(self.name, self.address, **self.settings)
        exchange_key = keyring(own.controller).exchange.public
        card = Card(settings.name, settings.site, settings.addresses, exchange_key)
        self.admission = Admission(
            own, card, digest(b"operator"), settings, self.disk, self.street.random
        )
        if self.admission.enrolment is None:
            self.roster = set()
        self.links = Links(self.admission.hello(), keyring(own.controller), self.street.random)
        self.carry_out(self.admission.start(self.street.now))
        self.street.rouse(self)

    @property
    def view(self) -> RosterView:
        """The roster as it is known here."""
        return RosterView(active=frozenset(self.roster))

    def accept(self, controller: bytes) -> None:
        """A person accepts a newcomer here; it is in the roster a moment later."""
        assert self.admission.commands_to_accept(controller, self.street.now) is not None
        self.carry_out(self.admission.used())
        life = self.boot

        def apply() -> None:
            if self.boot == life:
                self.learn({controller})

        self.street.later(apply)

    def learn(self, controllers: Iterable[bytes]) -> None:
        """The roster has these, too; those who are connected are told."""
        if self.roster.issuperset(controllers):
            return
        self.roster.update(controllers)
        self.carry_out(self.admission.roster_changed(self.view))
        self.links_step(self.links.review())
        for connection in self.links.connected.values():
            self.tell(connection.stream)

    def tell(self, stream: StreamId) -> None:
        """Let the other end of ``stream`` learn the roster, if it is of this environment."""
        pipe = self.pipes[stream]
        known = frozenset(self.roster)
        environment = self.environment

        def arrive() -> None:
            if pipe.house.environment == environment:
                pipe.house.learn(known)

        self.street.later(arrive)

    @property
    def environment(self) -> bytes | None:
        """The environment to which this controller belongs."""
        enrolment = self.admission.enrolment
        return None if enrolment is None else enrolment.environment

    # --- what a replica does ------------------------------------------------------------------

    def links_step(self, step: LinkStep) -> None:
        """Do what the links want, then what follows from what they noticed."""
        for frame in step.frames:
            self.street.carry(self, *frame.leave())
        for stream in step.closes:
            self.street.cut(self, stream)
        for address in step.dials:
            self.street.dial(self, address)
        for event in step.events:
            self.log.append(event)
            self.happened(event)
        self.street.rouse(self)

    def happened(self, event: LinkEvent) -> None:
        """Carry one event from the links to admission."""
        now = self.street.now
        match event:
            case Greeted(stream, hello, remote, binding, exchange_key):
                verdict = self.admission.judge(hello, self.view, exchange_key)
                self.links_step(self.links.judged(stream, verdict, now))
                self.carry_out(
                    self.admission.greeted(
                        stream,
                        remote,
                        hello,
                        verdict,
                        self.view,
                        Proof(binding, exchange_key),
                        now,
                    )
                )
            case Received(stream, _, _, Knock() as knock):
                self.carry_out(self.admission.knocked(stream, knock, now))
            case Received(stream, _, _, Welcome() as welcome):
                self.carry_out(self.admission.welcomed(stream, welcome))
            case Connected(_, stream):
                self.tell(stream)
            case _:
                pass

    def carry_out(self, step: AdmissionStep) -> None:
        """Do what admission wants."""
        self.disk.update({write.key: write.value for write in step.writes})
        for stream, message in step.sends:
            self.links_step(self.links.send(stream, codec.encode(message), self.street.now))
        if step.joined is not None and step.joined.introducer is None:
            self.roster.add(controller_id(self.name))
        if step.hello_changed:
            self.links_step(self.links.introduce(self.admission.hello(), self.street.now))
        if step.ended is not None:
            self.start()
        self.street.rouse(self)

    def wake(self) -> None:
        """A deadline may have come."""
        self.links_step(self.links.wake(self.street.now))
        self.carry_out(self.admission.wake(self.street.now))

    # --- what a test asks ---------------------------------------------------------------------

    @property
    def peers(self) -> dict[bytes, StreamId]:
        """The members that this one can reach, and the other end's number of that stream."""
        return {
            controller: self.pipes[connection.stream].stream
            for controller, connection in self.links.connected.items()
        }


class Street:
    """All controllers and the network between them."""

    def __init__(self, seed: int, delays_ns: tuple[int, ...] = DELAYS_NS) -> None:
        self.random = Random(seed)
        self.delays_ns = delays_ns
        self.houses: dict[Address, House] = {}
        self.dials = 0
        self.announces = True
        self.partitioned = False
        self._at_ns = 1
        self._order = 0
        self._queue: list[tuple[int, int, Callable[[], object]]] = []
        self._streams = 0
        self._roused: dict[str, int] = {}

    @property
    def now(self) -> Now:
        """The time of both clocks."""
        return moment(self._at_ns)

    def build(self, name: str, **settings: bool) -> House:
        """A host without any memory; it is not running yet."""
        address = Address(f"192.0.2.{len(self.houses) + 1}", 7946)
        house = self.houses[address] = House(self, name, address, settings)
        return house

    def acquaint(self) -> None:
        """Everybody is announced to everybody, again and again, as by multicast."""
        for house in self.houses.values():
            for address in self.houses:
                self.later(partial(self.sight, house, address))
        self.later(self.acquaint, self._at_ns + ANNOUNCED_EVERY_NS)

    def sight(self, house: House, address: Address) -> None:
        """``house`` hears that somebody may listen at ``address``."""
        if house.boot and self.announces:
            house.links_step(house.links.sighted(address, Source.MDNS, self.now))

    # --- time ---------------------------------------------------------------------------------

    def later(self, action: Callable[[], object], at_ns: int | None = None) -> None:
        """Do ``action`` after a random while, or at ``at_ns``."""
        if at_ns is None:
            at_ns = self._at_ns + self.random.randrange(self.random.choice(self.delays_ns))
        self._order += 1
        heapq.heappush(self._queue, (at_ns, self._order, action))

    def rouse(self, house: House) -> None:
        """Wake ``house`` when it wants to be."""
        wanted = (house.links.deadline_ns, house.admission.deadline_ns)
        at_ns = min((each for each in wanted if each is not None), default=None)
        if at_ns is None or self._roused.get(house.name) == at_ns:
            return
        self._roused[house.name] = at_ns

        def wake() -> None:
            if self._roused.get(house.name) == at_ns:
                del self._roused[house.name]
                house.wake()
                self.rouse(house)

        self.later(wake, max(at_ns, self._at_ns + 1))

    def run(self, for_ns: int) -> None:
        """Let ``for_ns`` pass."""
        until_ns = self._at_ns + for_ns
        while self._queue and self._queue[0][0] <= until_ns:
            at_ns, _, action = heapq.heappop(self._queue)
            self._at_ns = max(self._at_ns, at_ns)
            action()
        self._at_ns = until_ns

    # --- the network --------------------------------------------------------------------------

    def dial(self, house: House, address: Address) -> None:
        """A connection stands after a while, first at the one end and then at the other."""
        self.dials += 1
        life = house.boot

        def connect() -> None:
            other = self.houses.get(address)
            if house.boot != life:
                return
            if other is None or other.boot == 0 or self.partitioned:
                house.links_step(house.links.dial_failed(address, DialFailure.REFUSED, self.now))
                return
            self._streams += 2
            here, there = self._streams - 1, self._streams
            house.pipes[here] = Pipe(other, there)
            other.pipes[there] = Pipe(house, here)
            other.links_step(other.links.opened(there, house.address, None, self.now))
            if here in house.pipes:
                house.links_step(house.links.opened(here, address, address, self.now))

        self.later(connect)

    def carry(self, house: House, stream: StreamId, payload: bytes) -> None:
        """``payload`` arrives at the other end of ``stream``, after what was sent before it."""
        pipe = house.pipes.get(stream)
        if pipe is None:
            return

        def arrive() -> None:
            other = pipe.house
            if pipe.stream in other.pipes:
                other.links_step(other.links.frame(pipe.stream, payload, self.now))
            elif stream in house.pipes:
                self.later(reset)

        def reset() -> None:
            if house.pipes.pop(stream, None) is not None:
                house.links_step(house.links.closed(stream, self.now))
                house.admission.closed(stream)

        self.later(arrive, self._after(pipe))

    def cut(self, house: House, stream: StreamId) -> None:
        """``house`` closes ``stream``; the other end notices after all that was sent before."""
        pipe = house.pipes.pop(stream, None)
        if pipe is None:
            return

        def arrive() -> None:
            if pipe.house.pipes.pop(pipe.stream, None) is not None:
                pipe.house.links_step(pipe.house.links.closed(pipe.stream, self.now))
                pipe.house.admission.closed(pipe.stream)

        house.admission.closed(stream)
        self.later(arrive, self._after(pipe))

    def vanish(self, house: House, stream: StreamId) -> None:
        """``house`` loses ``stream``, and the other end does not notice before it sends."""
        del house.pipes[stream]
        house.links_step(house.links.closed(stream, self.now))
        house.admission.closed(stream)

    def _after(self, pipe: Pipe) -> int:
        while_ns = self.random.randrange(self.random.choice(self.delays_ns))
        pipe.arrives_ns = max(pipe.arrives_ns + 1, self._at_ns + while_ns)
        return pipe.arrives_ns
