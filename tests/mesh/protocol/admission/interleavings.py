"""Every interleaving of what can happen to a few fresh hosts, with the real machine in each.

A state is what all hosts hold and what is under way between them; from each state every possible
next step is taken, and no state is looked at twice. Between each two hosts lie two queues, since a
stream keeps its order; a host that begins a new life finds new streams.
"""

import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random

from mesh.protocol.admission import Admission, AdmissionStep, Card, Phase, Proof
from mesh.protocol.now import SECOND
from mesh.protocol.standing import Access, RosterView
from mesh.wire.identity import Address, digest
from mesh.wire.messages import Hello, Knock, Message, Welcome
from tests.mesh.protocol.street import configuration, controller_id, incarnation, moment

SOON = moment(1)
PROOF = Proof(bytes(32), bytes(32))
LATE = moment(60 * SECOND)
"""Beyond every meter and every deadline, so that time needs no place in a state."""


@dataclass
class Host:
    """One controller: the machine, its disk, the roster as it knows it, and whom it has heard."""

    name: str
    admission: Admission
    disk: dict[str, bytes] = field(default_factory=dict)
    roster: frozenset[bytes] = frozenset()
    boot: int = 1
    heard: dict[int, Hello] = field(default_factory=dict)

    @property
    def view(self) -> RosterView:
        """The roster as the machine wants it."""
        return RosterView(active=self.roster)

    def key(self) -> tuple[object, ...]:
        """All that tells two states of a host apart."""
        waiting = tuple(line.controller for line in self.admission.pending(LATE))
        hello = self.admission.hello()
        known = (hello.environment, hello.yields, self.admission.phase, waiting)
        heard = tuple(sorted(self.heard.items()))
        return (*known, self.roster, self.boot, tuple(sorted(self.disk)), heard)


class _Luck(Random):
    """Luck without a memory: the same in every order of events, so that equal states are equal."""

    def __init__(self, always: bytes) -> None:
        super().__init__(0)
        self._always = always

    def __reduce__(self) -> tuple[Callable[[bytes], "_Luck"], tuple[bytes]]:
        return _luck, (self._always,)

    def randbytes(self, n: int) -> bytes:
        """The first ``n`` of the same bytes."""
        return self._always[:n]

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        """The least number."""
        return 0 if stop is None else start


@cache
def _luck(always: bytes) -> _Luck:
    return _Luck(always)


State = tuple[tuple[Host, ...], tuple[tuple[Message, ...], ...]]
"""The hosts, and the queue from host i to host j at ``i * len(hosts) + j``."""


def _copy(host: Host) -> Host:
    copied = pickle.loads(pickle.dumps(host))  # several times as fast as copy.deepcopy
    assert isinstance(copied, Host)
    return copied


def _live(name: str, boot: int, disk: dict[str, bytes]) -> Admission:
    address = Address(name, 7946)
    settings = configuration(name, address)
    card = Card(name, "home", (address,), digest(b"exchange " + name.encode()))
    own, luck = incarnation(name, boot), _luck(digest(f"{name} {boot}".encode()))
    admission = Admission(own, card, digest(b"operator"), settings, disk, luck)
    _ = admission.start(SOON)
    return admission


def fresh(names: tuple[str, ...]) -> State:
    """Nobody knows anything; everybody's first Hello to everybody is under way."""
    hosts = tuple(Host(name, _live(name, 1, {})) for name in names)
    size = len(hosts)
    queues = tuple(
        (hosts[pair // size].admission.hello(),) if pair // size != pair % size else ()
        for pair in range(size * size)
    )
    return hosts, queues


def key(state: State) -> tuple[object, ...]:
    """What tells two states apart."""
    hosts, queues = state
    return (tuple(host.key() for host in hosts), queues)


def successors(state: State) -> Iterator[State]:
    """Every state that one step leads to; a person accepts each newcomer once."""
    hosts, queues = state
    for index, host in enumerate(hosts):
        if host.admission.phase is Phase.LISTENING:
            yield _Step(state, index).silence()
        for line in host.admission.pending(LATE):
            if not any(line.controller in each.roster for each in hosts):
                yield _Step(state, index).accept(line.controller)
    for pair, queue in enumerate(queues):
        if queue:
            yield _Step(state, pair % len(hosts)).deliver(pair // len(hosts))


class _Step:
    """One host does something, in a copy of everything that it may change."""

    def __init__(self, state: State, index: int) -> None:
        hosts, queues = state
        self._hosts = list(hosts)
        self._queues = list(queues)
        self._index = index
        self._host = _copy(hosts[index])
        self._hosts[index] = self._host

    def silence(self) -> State:
        """It has listened in vain."""
        self._carry_out(self._host.admission.wake(LATE))
        return self._state()

    def accept(self, controller: bytes) -> State:
        """A person accepts a newcomer."""
        self._carry_out(self._host.admission.used())
        self._host.roster |= {controller}
        self._carry_out(self._host.admission.roster_changed(self._host.view))
        return self._state()

    def deliver(self, sender: int) -> State:
        """It hears what ``sender`` said to it first."""
        pair = sender * len(self._hosts) + self._index
        message, self._queues[pair] = self._queues[pair][0], self._queues[pair][1:]
        match message:
            case Hello():
                self._greeted(sender, message)
            case Knock():
                self._carry_out(self._host.admission.knocked(sender, message, LATE))
            case Welcome():
                self._carry_out(self._host.admission.welcomed(sender, message))
            case _:
                raise AssertionError(message)
        return self._state()

    def _greeted(self, sender: int, hello: Hello) -> None:
        host = self._host
        host.heard[sender] = hello
        verdict = host.admission.judge(hello, host.view, PROOF.exchange_key)
        if verdict is Access.MEMBER:
            host.roster |= self._hosts[sender].roster
        remote = Address(self._hosts[sender].name, 7946)
        step = host.admission.greeted(sender, remote, hello, verdict, host.view, PROOF, SOON)
        self._carry_out(step)

    def _carry_out(self, step: AdmissionStep) -> None:
        host = self._host
        host.disk.update({write.key: write.value for write in step.writes})
        for stream, message in step.sends:
            self._send(stream, message)
        if step.joined is not None and step.joined.introducer is None:
            host.roster |= {controller_id(host.name)}
        if step.hello_changed:
            self._introduce()
        if step.ended is not None:
            self._begin_again()

    def _introduce(self) -> None:
        for other in range(len(self._hosts)):
            if other != self._index:
                self._send(other, self._host.admission.hello())
        for other, hello in tuple(self._host.heard.items()):
            self._greeted(other, hello)

    def _send(self, other: int, message: Message) -> None:
        pair = self._index * len(self._hosts) + other
        self._queues[pair] += (message,)

    def _begin_again(self) -> None:
        """A new life: all streams are new, and both ends say Hello."""
        host, size = self._host, len(self._hosts)
        admission = _live(host.name, host.boot + 1, host.disk)
        self._host = Host(host.name, admission, host.disk, boot=host.boot + 1)
        self._hosts[self._index] = self._host
        for other, neighbour in enumerate(self._hosts):
            if other != self._index:
                peer = self._hosts[other] = _copy(neighbour)
                peer.admission.closed(self._index)
                peer.heard.pop(self._index, None)
                self._queues[self._index * size + other] = (admission.hello(),)
                self._queues[other * size + self._index] = (peer.admission.hello(),)

    def _state(self) -> State:
        return tuple(self._hosts), tuple(self._queues)
