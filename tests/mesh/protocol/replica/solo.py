"""One replica whose disk, clock and peers are played by the test, one input at a time."""

from random import Random

from mesh.protocol.configuration import ReplicaConfiguration
from mesh.protocol.effects import Effects, JournalWrite, Notification
from mesh.protocol.inputs import FrameReceived, Input, Persisted, StreamOpened
from mesh.protocol.now import MILLISECOND, Now
from mesh.protocol.replica import Replica
from mesh.wire import codec
from mesh.wire.framing import Assembler, split
from mesh.wire.identity import Address, Incarnation
from mesh.wire.messages import PROTOCOL_VERSION, Facts, Hello, Message
from tests.mesh.protocol.keys import ExchangeKey, Key, KeySuite
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
        self._assemblers: dict[int, Assembler] = {}
        self.replica = Replica(
            Key(letter * 32),
            operator,
            ExchangeKey(bytes([100]) * 32),
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
            raw = self._assemblers.setdefault(stream, Assembler()).add(payload)
            if isinstance(raw, bytes):
                message = codec.decode(raw)
                assert not isinstance(message, codec.Rejected)
                self.frames.append((stream, message))
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

    def opened(self, stream: int) -> None:
        """Somebody dialled us."""
        _ = self.do(StreamOpened(stream, AWAY, None))

    def hears(self, stream: int, message: Message) -> None:
        """A message comes in on a stream."""
        for payload in split(codec.encode(message)):
            _ = self.do(FrameReceived(stream, payload))

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
        protocol=PROTOCOL_VERSION,
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
