"""A peer that speaks the protocol as controllers do, with whatever keys it has, and means harm.

What it knows of an environment it read from the disk of a member, as a thief would.
"""

import os
import socket
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from mesh.driver.directory import EXCHANGE, IDENTITY
from mesh.driver.journal.rows import Table, decode_fact
from mesh.driver.keys import NaClExchange, NaClSigner, NaClSuite
from mesh.protocol.admission import Enrolment, decode_enrolment
from mesh.protocol.admission.enrolment import ENVIRONMENT_KEY
from mesh.protocol.links.credentials import papers
from mesh.protocol.links.handshake import Handshake, Secured
from mesh.protocol.standing import Refused
from mesh.protocol.suite import Keyring, Signer
from mesh.wire import codec
from mesh.wire.envelope import Datagram, pack
from mesh.wire.facts import Boot, Content, Fact, read_fact, write_fact
from mesh.wire.framing import LENGTH_BYTES, Assembler, delimit, split
from mesh.wire.identity import NO_HASH, Address, Incarnation
from mesh.wire.messages import Hello, Message
from mesh.wire.rejected import Rejected

FROM: Final = "127.6.6.6"
"""The wolf's own address, on loopback as everything here: sources are metered apart."""
PATIENCE_S: Final = 10.0
_READ_BYTES: Final = 65_536


@dataclass(frozen=True)
class Loot:
    """What the disk of a stopped controller tells."""

    enrolment: Enrolment
    facts: tuple[Fact, ...]
    identity: NaClSigner
    exchange: NaClExchange

    @property
    def boots(self) -> int:
        """The greatest boot number of its owner."""
        return max(
            fact.origin.boot
            for fact in self.facts
            if fact.origin.controller == self.identity.public
        )


def steal(directory: Path) -> Loot:
    """Everything in a data directory."""
    with closing(sqlite3.connect(directory / "journal.db")) as connection:
        query = "SELECT value FROM {} ORDER BY key"
        facts = connection.execute(query.format(Table.FACTS)).fetchall()
        found = connection.execute(
            f"SELECT value FROM {Table.META} WHERE key = ?",
            (ENVIRONMENT_KEY.encode(),),
        ).fetchone()
    return Loot(
        decode_enrolment(found[0]),
        tuple(read_fact(decode_fact(value)) for (value,) in facts),
        NaClSigner(_seed(directory / IDENTITY)),
        NaClExchange(_seed(directory / EXCHANGE)),
    )


def _seed(path: Path) -> bytes:
    return bytes.fromhex(path.read_text().split()[1])


@dataclass
class Wolf:
    """Somebody with keys, honest or stolen, and knowledge of one environment."""

    identity: Signer
    exchange: NaClExchange
    enrolment: Enrolment
    boot: int = 1
    suite: NaClSuite = field(default_factory=NaClSuite)
    nonce: bytes = field(default_factory=lambda: os.urandom(8))
    sent: int = 0

    @classmethod
    def stranger(cls, enrolment: Enrolment) -> Self:
        """With keys of its own that nobody admitted."""
        return cls(NaClSigner(os.urandom(32)), NaClExchange(os.urandom(32)), enrolment)

    @classmethod
    def thief(cls, loot: Loot) -> Self:
        """With the keys of a member, in a life after its last."""
        return cls(loot.identity, loot.exchange, loot.enrolment, loot.boots + 1)

    @property
    def incarnation(self) -> Incarnation:
        """Its life."""
        return Incarnation(self.identity.public, self.boot, self.nonce)

    def hello(self, stream: int = 1) -> Hello:
        """What it says of itself."""
        return Hello(
            environment=self.enrolment.environment,
            generation=self.enrolment.generation,
            generation_nonce=self.enrolment.generation_nonce,
            sender=self.incarnation,
            name="wolf",
            site="hostile",
            addresses=(Address(FROM, 9),),
            yields=False,
            stream=stream,
        )

    def first_fact(self, after: Fact | None = None) -> Fact:
        """The Boot of its life, as an honest controller writes it that knows ``after``."""
        place = self.enrolment
        lamport = 0 if after is None else after.content.lamport
        content = Content(
            version=1,
            origin=self.incarnation,
            sequence=1,
            previous=NO_HASH,
            after=None if after is None else after.reference,
            lamport=lamport + 1,
            clock_ns=time.time_ns(),
            body=Boot(place.environment, place.generation, place.generation_nonce, None, None, ()),
        )
        return write_fact(content, self.identity.sign)

    def handshake(self) -> Handshake:
        """The beginning of a stream that it dials."""
        keyring = Keyring(self.identity, self.exchange, self.suite)
        return Handshake(keyring, papers(self.hello(), keyring), dials=True)

    @contextmanager
    def line(self, to: tuple[str, int], hello: Hello | None = None) -> Iterator["Line"]:
        """A secured stream on which Hello was said. Raises Shut where it is refused."""
        with dial(to) as connection:
            raw = RawLine(connection)
            handshake = self.handshake()
            raw.write(handshake.begin())
            line = Line(raw, _finish(raw, handshake))
            line.say(self.hello() if hello is None else hello)
            yield line

    def datagram(self, message: Message, receiver: Incarnation, exchange_key: bytes) -> bytes:
        """A datagram in a box for ``receiver``."""
        self.sent += 1
        return self.datagram_numbered(message, receiver, exchange_key, self.sent)

    def datagram_numbered(
        self, message: Message, receiver: Incarnation, exchange_key: bytes, counter: int
    ) -> bytes:
        """The same under the number ``counter``."""
        box = self.exchange.box(exchange_key)
        assert box is not None
        environment = self.enrolment.environment
        datagram = Datagram(environment, self.incarnation, receiver.nonce, counter, message)
        return pack(datagram, box.seal)


def _finish(raw: "RawLine", handshake: Handshake) -> Secured:
    answer = handshake.receive(raw.read())
    if answer.reply is not None:
        raw.write(answer.reply)
    if isinstance(answer.outcome, Refused) or answer.outcome is None:
        raise Shut(f"no handshake: {answer.outcome}")
    return answer.outcome


class Shut(Exception):
    """The other side ended the stream."""


@contextmanager
def dial(to: tuple[str, int]) -> Iterator[socket.socket]:
    """A connection from the wolf's own address."""
    with socket.create_connection(to, timeout=PATIENCE_S, source_address=(FROM, 0)) as connection:
        yield connection


class RawLine:
    """Frames without a cipher."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._unread = b""

    def write(self, payload: bytes) -> None:
        """One frame. Raises Shut."""
        self.write_bytes(delimit(payload))

    def write_bytes(self, raw: bytes) -> None:
        """Bytes as they are. Raises Shut."""
        try:
            self.connection.sendall(raw)
        except OSError as error:
            raise Shut(str(error)) from error

    def read(self, seconds: float = PATIENCE_S) -> bytes:
        """The next frame. Raises Shut, and TimeoutError where none comes."""
        deadline = time.monotonic() + seconds
        length = int.from_bytes(self._take(LENGTH_BYTES, deadline), "big")
        return self._take(length, deadline)

    def _take(self, length: int, deadline: float) -> bytes:
        while len(self._unread) < length:
            self.connection.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                received = self.connection.recv(_READ_BYTES)
            except TimeoutError:
                raise
            except OSError as error:
                raise Shut(str(error)) from error
            if not received:
                raise Shut("closed")
            self._unread += received
        taken, self._unread = self._unread[:length], self._unread[length:]
        return taken


class Line:
    """A secured stream."""

    def __init__(self, raw: RawLine, secured: Secured) -> None:
        self.raw = raw
        self.secured = secured
        self._assembler = Assembler()

    def say(self, message: Message) -> None:
        """One message. Raises Shut."""
        self.say_bytes(codec.encode(message))

    def say_bytes(self, message: bytes) -> None:
        """Bytes in place of a message. Raises Shut."""
        for part in split(message):
            self.raw.write(self.secured.sends.seal(part))

    def hear(self, seconds: float = PATIENCE_S) -> Message:
        """The next message. Raises Shut, and TimeoutError where none comes."""
        deadline = time.monotonic() + seconds
        while True:
            payload = self.secured.receives.open(self.raw.read(deadline - time.monotonic()))
            assert payload is not None, "the honest side sealed it"
            whole = self._assembler.add(payload)
            if whole is not None:
                assert not isinstance(whole, Rejected)
                message = codec.decode(whole)
                assert not isinstance(message, Rejected)
                return message

    def hear_all(self, seconds: float) -> list[Message]:
        """Whatever is said in ``seconds``, or until the end."""
        heard: list[Message] = []
        deadline = time.monotonic() + seconds
        try:
            while time.monotonic() < deadline:
                heard.append(self.hear(deadline - time.monotonic()))
        except (Shut, TimeoutError):
            pass
        return heard

    def say_all(self, messages: Sequence[Message]) -> int:
        """As many of ``messages`` as can be said before the stream is ended."""
        for said, message in enumerate(messages):
            try:
                self.say(message)
            except Shut:
                return said
        return len(messages)
