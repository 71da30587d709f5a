"""Everything that one controller says to another, one class for each message.

A message is an array on the wire, its first element the tag. What may be large travels on streams;
what is called *a datagram* fits one, and goes over a stream where datagrams are blocked.
Payloads of the stores are opaque here: they have a codec of their own in ``crdt``.
"""

import enum
from typing import Annotated

import msgspec

from mesh.wire.facts import SignedFact
from mesh.wire.identity import Address, Counter, Hash32, Incarnation, Signature
from mesh.wire.limits import (
    FACTS_PER_MESSAGE_MAX,
    MEMBERS_PER_MESSAGE_MAX,
    NEWS_PER_DATAGRAM_MAX,
    ORIGINS_PER_MESSAGE_MAX,
    SNAPSHOT_PART_BYTES_MAX,
    STATE_PARTS_MAX,
)
from mesh.wire.requests import Key, Name, Text

Hash8 = Annotated[bytes, msgspec.Meta(min_length=8, max_length=8)]
Nonce16 = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Payload = Annotated[bytes, msgspec.Meta(max_length=262_144)]
INVITE_ID_BYTES = 16
Addresses = Annotated[tuple[Address, ...], msgspec.Meta(max_length=8)]

PROTOCOL_VERSION = 1


class Standing(enum.StrEnum):
    """What the membership table says of a member."""

    ALIVE = "alive"
    SUSPECT = "suspect"
    FAILED = "failed"
    LEFT = "left"
    QUARANTINED = "quarantined"
    """One of two lives of one controller. Only told to the life concerned; believed from nobody."""


class News(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One line of the membership table, as rumour."""

    member: Incarnation
    standing: Standing
    refutation: Counter
    address: Address
    accuser: Hash32 | None
    """Who says SUSPECT or FAILED: the controller id; None for the member's own word."""


class Summary(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the sender holds, in a few bytes that ride on every probe: equal means nothing to do."""

    store: Annotated[bytes, msgspec.Meta(max_length=64)]
    """The PING of the stores of running information."""
    facts: Hash8
    """Hash of (origin, last sequence number) of every chain held."""
    history: Hash8
    """Hash of the sorted ids applied; with an equal one, ``state`` must be equal too."""
    state: Hash8


NewsBatch = Annotated[tuple[News, ...], msgspec.Meta(max_length=NEWS_PER_DATAGRAM_MAX)]


class Probe(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=1):
    """Are you there?

    A datagram.
    """

    nonce: Counter
    target: Hash8 | None
    """The incarnation meant, by its random bytes; None knocks where no incarnation is known."""
    suspected: Counter | None
    """The refutation number under which the sender doubts the target, which refutes at once."""
    address: Address | None
    """Where the sender listens; only with a knock, since everybody else knows."""
    summary: Summary | None
    news: NewsBatch


class Ack(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=2):
    """Yes.

    A datagram.
    """

    nonce: Counter
    wall_ns: Counter
    """The wall clock when the probe was received and answered, which is one step."""
    summary: Summary | None
    """None where it is equal to the one in the probe."""
    news: NewsBatch


class ProbeRequest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=3):
    """Probe this one for me; I cannot reach it.

    A datagram.
    """

    nonce: Counter
    target: Incarnation
    address: Address
    news: NewsBatch


class Nack(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=4):
    """I live, but cannot reach it either.

    A datagram.
    """

    nonce: Counter


class IndirectAck(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=5):
    """The target of your ProbeRequest answered me.

    A datagram.
    """

    nonce: Counter
    target: Incarnation


class Gossip(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=6):
    """News of the membership.

    A datagram.
    """

    news: NewsBatch


class Table(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=7):
    """The sender's whole membership table; ``reply`` asks for the receiver's."""

    reply: bool
    news: Annotated[tuple[News, ...], msgspec.Meta(max_length=MEMBERS_PER_MESSAGE_MAX)]


class TableHash(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=16):
    """Hash of the sender's membership table; whoever has another one answers with a Table."""

    hash: Hash8


class StoreMessage(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=8):
    """A message of the stores of running information, in their own encoding."""

    payload: Payload


class Compare(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=15):
    """What the sender holds now, soon after it pushed something: was it lost?

    A datagram.
    """

    summary: Summary


class Held(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The last sequence number held of one chain."""

    origin: Incarnation
    sequence: Counter


class FactVector(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=9):
    """How far the sender holds each chain; the receiver answers with what is missing, in order."""

    held: Annotated[tuple[Held, ...], msgspec.Meta(max_length=ORIGINS_PER_MESSAGE_MAX)]
    reply: bool
    """Asks for the receiver's vector in turn."""
    height: Counter = 0
    """How many checkpoints the sender stands on: below the last one it has no facts to send."""
    after: Incarnation | None = None
    """It tells of the chains of origins that come after this one, up to ``until``; None: of all."""
    until: Incarnation | None = None

    def covers(self, origin: Incarnation) -> bool:
        """Whether it tells of ``origin``; where no number is given for it, that nothing is held."""
        is_after = self.after is None or self.after < origin
        return is_after and (self.until is None or origin <= self.until)


class SnapshotRequest(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=18
):
    """Send me one part of what you stand on: I lack facts that nobody keeps any more."""

    part: Counter
    """From 0."""


class SnapshotPart(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=19
):
    """One part of what the sender stands on, and of the facts that prove it."""

    height: Counter
    part: Counter
    parts: Counter
    content: Annotated[bytes, msgspec.Meta(max_length=SNAPSHOT_PART_BYTES_MAX)]


class StateQuestion(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=20
):
    """What do you hold under the keys after ``after``, up to ``until``?

    We made different configurations of one history.
    """

    history: Hash8
    """The sender's: of another one there is nothing to compare."""
    after: Key | None
    """None: from the first key on."""
    until: Key | None
    """None: to the last one."""


class StatePart(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Some keys of a configuration, one after the other; no value is told."""

    last: Key
    count: Counter
    sum: Hash8
    """Of the hashes of their entries."""
    version: Hash32 | None
    """The tx that last wrote it, where it is one key and not from the founding record."""


class StateAnswer(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=21):
    """What the sender holds under the keys of a question, in parts; after the last one nothing."""

    history: Hash8
    state: Hash8
    after: Key | None
    until: Key | None
    parts: Annotated[tuple[StatePart, ...], msgspec.Meta(max_length=STATE_PARTS_MAX)]


class SecretQuestion(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=22
):
    """A member asks for the secret of the environment that has this hash."""

    commitment: Hash32


class SecretAnswer(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=23
):
    """A secret of the environment: the one that was asked for, or one that may soon be used."""

    secret: Hash32

    def __repr__(self) -> str:
        """Without the secret."""
        return "SecretAnswer(…)"


class Facts(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=10):
    """Facts, each chain in order."""

    facts: Annotated[tuple[SignedFact, ...], msgspec.Meta(max_length=FACTS_PER_MESSAGE_MAX)]
    direct: bool
    """Not to be passed on: its origin sends it to every peer, or a vector has asked for it."""


class Hello(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=11):
    """The first message in each direction of a stream: who I am, and of which environment.

    It is said again on a stream whenever what it says has changed. The version of the protocol is
    not in it: by then both ends have agreed on one.
    """

    environment: Hash32 | None
    """None: a newcomer without an environment."""
    generation: Counter
    generation_nonce: Nonce16
    sender: Incarnation
    name: Name
    site: Name
    addresses: Addresses
    yields: bool
    """The sender founded its environment alone, has done nothing in it, and would give it up."""
    stream: Counter
    """The sender's number of this stream: of two that one side dialled, the higher counts."""


class Claim(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A newcomer holds an invite."""

    invite: Annotated[bytes, msgspec.Meta(min_length=INVITE_ID_BYTES, max_length=INVITE_ID_BYTES)]
    """Which one, by the beginning of the hash of its public key."""
    proof: Signature
    """By its key, over who is to be admitted; goes into the history."""
    presence: Signature
    """By its key, over the same and this very stream; goes nowhere else."""


class Knock(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=12):
    """A newcomer asks to be admitted; without an invite it waits until a person accepts it."""

    claim: Claim | None
    """The invite that it holds; None: it has none."""


class Welcome(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=13):
    """To an admitted newcomer: the founding record, whose hash is the environment id, and a secret.

    The secret keys the fingerprints of the stores of running information, and nothing else.
    """

    founding: Annotated[bytes, msgspec.Meta(max_length=4_096)]
    generation: Counter
    generation_nonce: Nonce16
    secret: Hash32
    secret_version: Counter
    recognition: Hash32 | None
    """Proof that the sender knows the invite that the newcomer claimed; None: it claimed none."""


class Rebuff(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=17):
    """To a newcomer with an invite: it is not admitted, and why."""

    why: Text


class Goodbye(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=14):
    """The last frame before the sender closes: why, for people to read."""

    why: Text


Message = (
    Probe
    | Ack
    | ProbeRequest
    | Nack
    | IndirectAck
    | Gossip
    | Table
    | TableHash
    | StoreMessage
    | Compare
    | FactVector
    | SnapshotRequest
    | SnapshotPart
    | StateQuestion
    | StateAnswer
    | SecretQuestion
    | SecretAnswer
    | Facts
    | Hello
    | Knock
    | Welcome
    | Rebuff
    | Goodbye
)
