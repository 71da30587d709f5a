"""One node: a real replica whose network is Maelstrom's and whose disk is memory.

    line ─▶ Node.take(line, now) ─▶ lines       what the replica says, and answers to clients
            Node.wake(now)       ─▶ lines       when ``deadline_ns`` has come

It has no clock and no pipe of its own, so that a test can run a whole network of nodes in virtual
time. All keys follow from the names of the nodes, which nobody keeps secret: this is for tests
only. The first node of the list founds the environment and accepts all others.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections import deque
from collections.abc import Iterable, Sequence
from random import Random
from typing import Final

from mesh.protocol.configuration import ReplicaConfiguration
from mesh.protocol.effects import Answer, Effects, Ended, Image, Notification, Refusal
from mesh.protocol.inputs import (
    AcceptMember,
    DatagramReceived,
    Input,
    Persisted,
    Sighted,
    Woke,
    WriteInformation,
)
from mesh.protocol.now import SECOND, Now
from mesh.protocol.replica import Replica
from mesh.wire.identity import Incarnation
from simulations.durable import Durable
from simulations.maelstrom.addresses import NODES_MAX, Addresses
from simulations.maelstrom.messages import (
    ErrorCode,
    Json,
    MalformedError,
    Message,
    RefusedError,
    decode,
    text_at,
)
from simulations.maelstrom.streams import ACKNOWLEDGEMENT, RESET, SEGMENT, Streams
from simulations.maelstrom.workloads import Asked, Desk, Workload
from simulations.suites import NaclKeys

DATAGRAM: Final = "trellis_datagram"
FROM_NODES: Final = frozenset((DATAGRAM, SEGMENT, ACKNOWLEDGEMENT, RESET))

READY_NS: Final = 8 * SECOND
"""How long ``init`` waits until this controller takes part; Maelstrom waits for 10 s."""

ACCEPT_AGAIN_NS: Final = SECOND
"""An acceptance that did not come about is tried again after this long."""

CALLS_MAX: Final = 10_000
"""Requests that wait for an answer at once; a test has some tens of clients."""


class Node:
    """A node; it is nobody until ``init`` has come."""

    def __init__(self, random: Random, workload: Workload | None = None) -> None:
        self.malformed = 0
        """Lines and messages that were not understood."""
        self._random = random
        self._desk = Desk(workload)
        self._resident: Resident | None = None

    @property
    def deadline_ns(self) -> int | None:
        """Monotonic time of the next wake-up wanted."""
        return self._resident.deadline_ns if self._resident is not None else None

    def take(self, line: bytes, now: Now) -> list[bytes]:
        """One line that came in; the lines to be printed."""
        try:
            message = decode(line)
        except MalformedError:
            self.malformed += 1
            return []
        try:
            return self._answers(message, now)
        except MalformedError as error:
            self.malformed += 1
            if message.type in FROM_NODES:
                return []
            refused = RefusedError(ErrorCode.MALFORMED_REQUEST, str(error))
            return [message.error(refused).encode()]

    def _answers(self, message: Message, now: Now) -> list[bytes]:
        if self._resident is None:
            if message.type == "init":
                self._resident = self._move_in(message, now)
                return self._resident.lines()
            if message.type not in FROM_NODES:
                text = "init has not come yet"
                refused = RefusedError(ErrorCode.TEMPORARILY_UNAVAILABLE, text)
                return [message.error(refused).encode()]
            return []
        self._resident.take(message, now)
        return self._resident.lines()

    def wake(self, now: Now) -> list[bytes]:
        """Time has passed."""
        if self._resident is None:
            return []
        self._resident.wake(now)
        return self._resident.lines()

    def _move_in(self, message: Message, now: Now) -> "Resident":
        match message.body:
            case {"node_id": str(node), "node_ids": list(nodes)} if node in nodes:
                names = [name for name in nodes if isinstance(name, str)]
            case _:
                text = "init has a node_id, and node_ids with it"
                raise MalformedError(text)
        if len(names) > NODES_MAX:
            text = f"no more than {NODES_MAX} nodes"
            raise MalformedError(text)
        resident = Resident(node, names, self._desk, self._random)
        resident.move_in(message, now)
        return resident


class Resident:
    """The controller that lives in a node, and what is around it."""

    def __init__(self, node: str, nodes: Sequence[str], desk: Desk, random: Random) -> None:
        self._node = node
        self._founds = node == nodes[0]
        self._addresses = Addresses(nodes)
        self._streams = Streams(node, random.randbytes(4).hex(), self._addresses)
        self._desk = desk
        self._random = random
        self._disk = Durable()
        self._keys = NaclKeys(random.randbytes(32))
        self._replica = self._live(1, None)
        self._inputs: deque[Input] = deque()
        self._out: list[Message] = []
        self._calls = 0
        self._asked: dict[int, Message] = {}
        self._accepted_ns: dict[bytes, int] = {}
        self._wake_at_ns: int | None = None
        self._init: Message | None = None
        self._ready_by_ns = 0

    @property
    def deadline_ns(self) -> int | None:
        """Monotonic time of the next wake-up wanted."""
        ready_ns = self._ready_by_ns if self._init is not None else None
        times = (self._wake_at_ns, self._streams.deadline_ns, ready_ns)
        return min((time_ns for time_ns in times if time_ns is not None), default=None)

    def lines(self) -> list[bytes]:
        """What is to be printed now."""
        messages = [*self._out, *self._streams.outgoing]
        self._out.clear()
        self._streams.outgoing.clear()
        return [message.encode() for message in messages]

    # --- lives --------------------------------------------------------------------------------

    def _live(self, boot: int, previous: Incarnation | None) -> Replica:
        name = self._node.encode()
        address = self._addresses.of(self._node)
        assert address is not None, "it is in the list"
        identity = self._keys.signer(b"identity of " + name)
        operator = self._keys.signer(b"operator") if self._founds else None
        configuration = ReplicaConfiguration(
            name=self._node,
            site="maelstrom",
            addresses=(address,),
            found=self._founds and boot == 1,
            joins_only=not self._founds,
        )
        image = Image(
            boot=boot,
            previous=previous,
            unbroken=True,
            facts=self._disk.chains(),
            records=tuple(sorted(self._disk.records.items())),
            store_metadata=self._disk.store_metadata,
            meta=dict(self._disk.meta),
        )
        exchange = self._keys.exchange(b"exchange key of " + name)
        return Replica(identity, operator, exchange, configuration, self._random, self._keys, image)

    def move_in(self, init: Message, now: Now) -> None:
        """Begin; ``init`` is answered when this controller takes part, or has tried long enough."""
        self._init = init
        self._ready_by_ns = now.monotonic_ns + READY_NS
        self._begin(now)
        self._settle(now)

    def _begin(self, now: Now) -> None:
        self._perform(self._replica.start(now), now)
        own = self._addresses.of(self._node)
        self._inputs += [
            Sighted(address, "seed") for address in self._addresses.all() if address != own
        ]

    def _follow(self, boot_floor: int, now: Now) -> None:
        """This life has ended by itself: the next one begins from the same disk."""
        own = self._replica.own
        self._inputs.clear()
        for stream in self._streams.standing():
            self._streams.close(stream, now.monotonic_ns)
        self._replica = self._live(max(own.boot, boot_floor) + 1, own)
        self._begin(now)

    # --- what happens -------------------------------------------------------------------------

    def take(self, message: Message, now: Now) -> None:
        """One message. Raises MalformedError."""
        if message.type == DATAGRAM:
            self._datagram(message)
        elif message.type in FROM_NODES:
            self._inputs += self._streams.receive(message, now.monotonic_ns)
        else:
            self._client(message)
        self._settle(now)

    def wake(self, now: Now) -> None:
        """Time has passed."""
        self._inputs += self._streams.wake(now.monotonic_ns)
        if self._wake_at_ns is not None and self._wake_at_ns <= now.monotonic_ns:
            self._wake_at_ns = None
            self._inputs.append(Woke())
        self._settle(now)

    def _datagram(self, message: Message) -> None:
        source = self._addresses.of(message.source)
        if source is None:
            text = f"{message.source} is no node"
            raise MalformedError(text)
        try:
            payload = b64decode(text_at(message.body, "payload"), validate=True)
        except Base64Error as error:
            text = f"no base64: {error}"
            raise MalformedError(text) from error
        self._inputs.append(DatagramReceived(source, payload))

    def _client(self, request: Message) -> None:
        try:
            match self._desk.take(request, self._replica.own, self._replica.participant):
                case Asked(write, reply):
                    self._call(WriteInformation(self._next_call(), (write,)), reply)
                case answer:
                    self._out.append(answer)
        except RefusedError as refused:
            self._out.append(request.error(refused))

    def _next_call(self) -> int:
        self._calls += 1
        return self._calls

    def _call(self, call: WriteInformation, reply: Message) -> None:
        if len(self._asked) >= CALLS_MAX:
            raise RefusedError(ErrorCode.TEMPORARILY_UNAVAILABLE, "too many requests at once")
        self._asked[call.call] = reply
        self._inputs.append(call)

    def _settle(self, now: Now) -> None:
        """Let the controller handle all that has happened, and what follows from that."""
        while self._inputs:
            self._perform(self._replica.handle(self._inputs.popleft(), now), now)
            self._inputs += self._acceptances(now)
        self._perhaps_ready(now)

    def _acceptances(self, now: Now) -> Iterable[Input]:
        """The first node is also the operator: whoever knocks is accepted."""
        if not self._founds:
            return
        for waiting in self._replica.admission.pending(now):
            asked_ns = self._accepted_ns.get(waiting.controller)
            if asked_ns is None or asked_ns + ACCEPT_AGAIN_NS <= now.monotonic_ns:
                self._accepted_ns[waiting.controller] = now.monotonic_ns
                yield AcceptMember(self._next_call(), waiting.controller)

    def _perhaps_ready(self, now: Now) -> None:
        inside = self._replica.participant
        takes_part = inside is not None and self._replica.own.controller in inside.roster.active
        if self._init is not None and (takes_part or now.monotonic_ns >= self._ready_by_ns):
            self._out.append(self._init.reply(type="init_ok"))
            self._init = None

    # --- what is done -------------------------------------------------------------------------

    def _perform(self, effects: Effects, now: Now) -> None:
        for write in effects.writes:
            self._disk.write(write)
        if effects.token is not None:
            self._inputs.append(Persisted(effects.token))
        for address, payload in effects.datagrams:
            node = self._addresses.node(address)
            if node is not None and node != self._node:
                body: dict[str, Json] = {"type": DATAGRAM, "payload": b64encode(payload).decode()}
                self._out.append(Message(self._node, node, body))
        for stream, payload in effects.frames:
            self._streams.send(stream, payload, now.monotonic_ns)
        for stream in effects.closes:
            self._streams.close(stream, now.monotonic_ns)
        for address in effects.dials:
            self._inputs += self._streams.dial(address, now.monotonic_ns)
        self._wake_at_ns = effects.wake_at_ns
        for notification in effects.notifications:
            self._tell(notification, now)

    def _tell(self, notification: Notification, now: Now) -> None:
        match notification:
            case Answer(call, _):
                reply = self._asked.pop(call, None)
                if reply is not None:
                    self._out.append(reply)
            case Refusal(call, _, errors):
                reply = self._asked.pop(call, None)
                if reply is not None:
                    request = Message(reply.destination, reply.source, _asking(reply))
                    text = "; ".join(errors)
                    self._out.append(request.error(RefusedError(ErrorCode.ABORT, text)))
            case Ended(boot_floor=boot_floor):
                self._follow(boot_floor, now)
            case _:
                pass


def _asking(reply: Message) -> dict[str, Json]:
    """The part of the request that its answer names."""
    return {"msg_id": reply.body.get("in_reply_to")}
