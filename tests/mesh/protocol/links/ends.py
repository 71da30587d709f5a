"""One end of streams, with the other end played by the test."""

from random import Random

from mesh.protocol.inputs import StreamId
from mesh.protocol.links import Links, LinkStep
from mesh.protocol.links.credentials import papers
from mesh.protocol.links.handshake import Handshake, Secured
from mesh.protocol.now import Now
from mesh.protocol.standing import Access, Verdict
from mesh.wire import codec
from mesh.wire.framing import Assembler, split
from mesh.wire.identity import Address, Incarnation, digest
from mesh.wire.messages import Gossip, Hello, Message
from mesh.wire.rejected import Rejected
from tests.mesh.protocol.keys import keyring
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
    sender: Incarnation | None = None,
    environment: bytes | None = ENVIRONMENT,
    addresses: tuple[Address, ...] = (),
    stream: int = 1,
) -> Hello:
    """What the controller called ``name`` says of itself."""
    return Hello(
        environment=environment,
        generation=1,
        generation_nonce=bytes(16),
        sender=sender or incarnation(name, boot),
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
    for frame in step.frames:
        is_message = frame.stream == stream and frame.seal is not None
        raw = assembler.add(frame.payload) if is_message else None
        if raw is not None:
            assert isinstance(raw, bytes)
            message = codec.decode(raw)
            assert not isinstance(message, Rejected)
            messages.append(message)
    return messages


def at_other_end(other: Hello, *, dials: bool) -> Handshake:
    """The handshake of whoever will say ``other``."""
    ring = keyring(other.sender.controller)
    return Handshake(ring, papers(other, ring), dials=dials)


def clear(step: LinkStep, stream: StreamId) -> bytes:
    """The one message of a handshake that goes out on ``stream``."""
    (message,) = (
        frame.payload for frame in step.frames if frame.stream == stream and frame.seal is None
    )
    return message


class End:
    """The links of the controller called ``name``, with a clock that the test moves."""

    def __init__(self, name: str = LOWER, addresses: tuple[Address, ...] = ()) -> None:
        own = keyring(controller_id(name))
        self.links = Links(hello(name, addresses=addresses), own, Random(1))
        self.at_ns = 1
        self.streams = 0
        self.secured: dict[StreamId, Secured] = {}
        """The other end of each stream whose handshake is over."""
        self._opened: dict[StreamId, LinkStep] = {}

    @property
    def now(self) -> Now:
        """The time."""
        return moment(self.at_ns)

    def open(self, dialled: Address | None = None, remote: Address = REMOTE) -> StreamId:
        """A stream opens."""
        self.streams += 1
        step = self.links.opened(self.streams, dialled or remote, dialled, self.now)
        if dialled is not None:
            self._opened[self.streams] = step
        return self.streams

    def begun(self, stream: StreamId) -> LinkStep:
        """The step in which ``stream`` was opened, which was dialled from here."""
        return self._opened[stream]

    def secure(self, stream: StreamId, other: Hello) -> LinkStep:
        """The handshake with whoever will say ``other``; the step of its last message here."""
        return self.shake(stream, at_other_end(other, dials=stream not in self._opened))

    def shake(self, stream: StreamId, peer: Handshake) -> LinkStep:
        """The handshake with ``peer``; the step of the last message that it has for us."""
        if stream in self._opened:
            step = self._opened[stream]
        else:
            step = self.links.frame(stream, peer.begin(), self.now)
        answer = peer.receive(clear(step, stream))
        assert answer.reply is not None
        step = self.links.frame(stream, answer.reply, self.now)
        if answer.outcome is None and not step.closes:
            answer = peer.receive(clear(step, stream))
        if isinstance(answer.outcome, Secured):
            self.secured[stream] = answer.outcome
        return step

    def hear(self, stream: StreamId, message: Message) -> LinkStep:
        """The other end says ``message``, after its handshake; the last step of its frames."""
        if stream not in self.secured and stream <= self.streams:
            _ = self.secure(stream, message if isinstance(message, Hello) else hello(HIGHER))
        return self.hear_raw(stream, codec.encode(message))

    def hear_raw(self, stream: StreamId, raw: bytes) -> LinkStep:
        """The other end says something that may be no message."""
        step = LinkStep()
        for payload in split(raw):
            sealed = self.secured[stream].sends.seal(payload)
            step = self.links.frame(stream, sealed, self.now)
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
