"""One end of streams, with the other end played by the test."""

from random import Random

from mesh.protocol.inputs import StreamId
from mesh.protocol.links import Links, LinkStep
from mesh.protocol.now import Now
from mesh.protocol.standing import Access, Verdict
from mesh.wire import codec
from mesh.wire.framing import Assembler, split
from mesh.wire.identity import Address, Incarnation, digest
from mesh.wire.messages import PROTOCOL_VERSION, Gossip, Hello, Message
from tests.mesh.protocol.street import controller_id, incarnation, moment

ENVIRONMENT = digest(b"environment")
REMOTE = Address("198.51.100.7", 51_000)
LOWER, HIGHER = sorted(("ada", "bob"), key=controller_id)
"""Two names, in the order of their controllers' ids."""

NEWS = Gossip(())
"""Any message that only members may send."""


def address(number: int) -> Address:
    """One of many addresses."""
    return Address(f"192.0.{number // 250}.{number % 250 + 1}", 7946)


def hello(
    name: str,
    *,
    boot: int = 1,
    environment: bytes | None = ENVIRONMENT,
    addresses: tuple[Address, ...] = (),
    stream: int = 1,
    protocol: int = PROTOCOL_VERSION,
) -> Hello:
    """What the controller called ``name`` says of itself."""
    return Hello(
        protocol=protocol,
        environment=environment,
        generation=1,
        generation_nonce=bytes(16),
        sender=incarnation(name, boot),
        name=name,
        site="home",
        addresses=addresses,
        yields=False,
        stream=stream,
    )


def said(step: LinkStep, stream: StreamId) -> list[Message]:
    """The messages that go out on ``stream``."""
    assembler = Assembler()
    messages: list[Message] = []
    for number, payload in step.frames:
        raw = assembler.add(payload) if number == stream else None
        if raw is not None:
            assert isinstance(raw, bytes)
            message = codec.decode(raw)
            assert not isinstance(message, codec.Rejected)
            messages.append(message)
    return messages


class End:
    """The links of the controller called ``name``, with a clock that the test moves."""

    def __init__(self, name: str = LOWER, addresses: tuple[Address, ...] = ()) -> None:
        self.links = Links(hello(name, addresses=addresses), Random(1))
        self.at_ns = 1
        self.streams = 0

    @property
    def now(self) -> Now:
        """The time."""
        return moment(self.at_ns)

    def open(self, dialled: Address | None = None, remote: Address = REMOTE) -> StreamId:
        """A stream opens."""
        self.streams += 1
        _ = self.links.opened(self.streams, dialled or remote, dialled, self.now)
        return self.streams

    def hear(self, stream: StreamId, message: Message) -> LinkStep:
        """The other end says ``message``; the last step of its frames."""
        step = LinkStep()
        for payload in split(codec.encode(message)):
            step = self.links.frame(stream, payload, self.now)
        return step

    def judge(self, stream: StreamId, verdict: Verdict = Access.MEMBER) -> LinkStep:
        """The peer of ``stream`` is judged."""
        return self.links.judged(stream, verdict, self.now)

    def greet(
        self,
        other: Hello,
        verdict: Verdict = Access.MEMBER,
        dialled: Address | None = None,
        remote: Address = REMOTE,
    ) -> tuple[StreamId, LinkStep]:
        """A stream opens, its peer says ``other`` and is judged."""
        stream = self.open(dialled, remote)
        _ = self.hear(stream, other)
        return stream, self.judge(stream, verdict)

    def wake(self, at_ns: int) -> LinkStep:
        """Time passes up to ``at_ns``."""
        self.at_ns = at_ns
        return self.links.wake(self.now)

    def next_dials(self) -> tuple[Address, ...]:
        """Wake whenever the links want to be woken, until they dial."""
        for _ in range(100):
            deadline_ns = self.links.deadline_ns
            assert deadline_ns is not None, "nothing will ever be dialled"
            step = self.wake(max(self.at_ns, deadline_ns))
            if step.dials:
                return step.dials
        raise AssertionError("woken again and again for nothing")

    def reached(self) -> dict[Incarnation, StreamId]:
        """The members that can be reached, and over which stream."""
        return {each.incarnation: each.stream for each in self.links.connected.values()}
