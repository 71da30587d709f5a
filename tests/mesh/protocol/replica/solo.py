"""One replica whose disk, clock and peers are played by the test, one input at a time."""

from random import Random

from mesh.protocol.configuration import ReplicaConfiguration
from mesh.protocol.effects import Effects, JournalWrite, Notification
from mesh.protocol.inputs import FrameReceived, Input, Persisted, StreamOpened
from mesh.protocol.links.credentials import papers
from mesh.protocol.links.handshake import Handshake, Secured
from mesh.protocol.now import MILLISECOND, Now
from mesh.protocol.replica import Replica
from mesh.wire import codec
from mesh.wire.framing import Assembler, split
from mesh.wire.identity import Address, Incarnation
from mesh.wire.messages import Facts, Hello, Message
from mesh.wire.rejected import Rejected
from tests.mesh.protocol.keys import Key, KeySuite, keyring
from tests.mesh.protocol.replica.mini_mesh import WALL_NS, Disk

HOME = Address("10.0.0.1", 7_001)
AWAY = Address("10.0.0.2", 7_002)
OPERATOR = Key(b"o" * 32)
STRANGER = Incarnation(b"s" * 32, 1, b"stranger")


class Solo:
    """A controller that founds at once, unless told otherwise; nothing is durable by itself."""

    def __init__(
        self,
        disk: Disk | None = None,
        *,
        found: bool = True,
        letter: bytes = b"\1",
        operator: Key | None = OPERATOR,
    ) -> None:
        self.disk = Disk() if disk is None else disk
        self.time_ns = 0
        self.frames: list[tuple[int, Message]] = []
        self.closes: list[int] = []
        self.notifications: list[Notification] = []
        self.unsynced: list[tuple[int, Effects]] = []
        self.wake_at_ns: int | None = None
        self.image = self.disk.image()
        self._handshakes: dict[int, Handshake] = {}
        self._assemblers: dict[int, Assembler] = {}
        self._secured: dict[int, Secured] = {}
        """The other ends of the streams whose handshake is over."""
        self.replica = Replica(
            Key(letter * 32),
            operator,
            keyring(letter * 32).exchange,
            ReplicaConfiguration(name="alone", site="office", addresses=(HOME,), found=found),
            Random(self.image.boot),
            KeySuite(),
            self.image,
        )
        self.disk.previous = self.replica.own
        self.take(self.replica.start(self.now))

    @property
    def now(self) -> Now:
        """The time."""
        return Now(self.time_ns, WALL_NS + self.time_ns)

    def do(self, happened: Input) -> Effects:
        """Let something happen."""
        return self.take(self.replica.handle(happened, self.now))

    def take(self, effects: Effects) -> Effects:
        """Keep what it wants."""
        if effects.token is not None:
            self.unsynced.append((effects.token, effects))
        for stream, payload in effects.frames:
            if stream in self._secured:
                self._read(stream, payload)
            else:
                self._shake(stream, payload)
        self.closes.extend(effects.closes)
        self.notifications.extend(effects.notifications)
        self.wake_at_ns = effects.wake_at_ns
        return effects

    def sync(self) -> None:
        """Everything asked for becomes durable, one write after the other."""
        while self.unsynced:
            token, effects = self.unsynced.pop(0)
            self.disk.write(effects)
            self.time_ns += MILLISECOND
            _ = self.do(Persisted(token))

    def writes(self) -> list[JournalWrite]:
        """What is asked for and not durable."""
        return [write for _, effects in self.unsynced for write in effects.writes]

    def _shake(self, stream: int, payload: bytes) -> None:
        answer = self._handshakes[stream].receive(payload)
        assert isinstance(answer.outcome, Secured), "they answer each other"
        self._secured[stream] = answer.outcome
        assert answer.reply is not None, "they came to us"
        _ = self.do(FrameReceived(stream, answer.reply))

    def _read(self, stream: int, sealed: bytes) -> None:
        payload = self._secured[stream].receives.open(sealed)
        assert payload is not None, "sealed in another order than it left in"
        raw = self._assemblers.setdefault(stream, Assembler()).add(payload)
        if isinstance(raw, bytes):
            message = codec.decode(raw)
            assert not isinstance(message, Rejected)
            self.frames.append((stream, message))

    def opened(self, stream: int, sender: Incarnation = STRANGER) -> None:
        """The controller of ``sender`` dialled us, and proves who it is."""
        ring = keyring(sender.controller)
        self._handshakes[stream] = Handshake(ring, papers(hello(sender=sender), ring), dials=True)
        _ = self.do(StreamOpened(stream, AWAY, None))
        _ = self.do(FrameReceived(stream, self._handshakes[stream].begin()))

    def hears(self, stream: int, message: Message) -> None:
        """A message comes in on a stream."""
        for payload in split(codec.encode(message)):
            _ = self.do(FrameReceived(stream, self._secured[stream].sends.seal(payload)))

    def said(self, stream: int) -> list[Message]:
        """What was said on a stream."""
        return [message for on, message in self.frames if on == stream]

    def hellos(self, stream: int) -> list[Hello]:
        """The Hellos among it."""
        return [message for message in self.said(stream) if isinstance(message, Hello)]

    def facts_told(self) -> int:
        """How many facts left, on whatever stream."""
        return sum(len(told.facts) for _, told in self.frames if isinstance(told, Facts))


def hello(like: Hello | None = None, sender: Incarnation = STRANGER) -> Hello:
    """What ``sender`` says of itself: of the same environment as ``like``, or of none."""
    return Hello(
        environment=None if like is None else like.environment,
        generation=0 if like is None else like.generation,
        generation_nonce=bytes(16) if like is None else like.generation_nonce,
        sender=sender,
        name="peer",
        site="office",
        addresses=(AWAY,),
        yields=False,
        stream=1,
    )
