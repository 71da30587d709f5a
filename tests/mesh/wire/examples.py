"""One example of each message, of a fact and of a request: what tests and golden bytes share."""

from typing import Final, get_args

from mesh.wire.facts import Boot, Content, Fact, Propose, write_fact
from mesh.wire.identity import NO_HASH, Address, Incarnation, digest
from mesh.wire.messages import (
    Ack,
    Claim,
    Compare,
    Facts,
    FactVector,
    Goodbye,
    Gossip,
    Held,
    Hello,
    IndirectAck,
    Knock,
    Message,
    Nack,
    News,
    Probe,
    ProbeRequest,
    Rebuff,
    SecretAnswer,
    SecretQuestion,
    SnapshotPart,
    SnapshotRequest,
    Standing,
    StateAnswer,
    StatePart,
    StateQuestion,
    StoreMessage,
    Summary,
    Table,
    TableHash,
    Welcome,
)
from mesh.wire.requests import (
    Attempt,
    Base,
    Command,
    Kind,
    Origin,
    Request,
    encode_attempt,
    sign_request,
)

ENVIRONMENT: Final = digest(b"an environment")
ALICE: Final = Incarnation(digest(b"alice"), 3, b"alice  3")
BOB: Final = Incarnation(digest(b"bob"), 1, b"bob    1")
HOME: Final = Address("192.0.2.1", 7_117)
NEWS: Final = (
    News(ALICE, Standing.ALIVE, 0, HOME, None),
    News(BOB, Standing.SUSPECT, 7, Address("2001:db8::2", 7_117), ALICE.controller),
)
SUMMARY: Final = Summary(b"the stores", b"facts   ", b"history ", b"state   ")


def scrawl(raw: bytes) -> bytes:
    """A signature that nobody checks."""
    return digest(raw) * 2


REQUEST: Final = Request(
    version=0,
    environment=ENVIRONMENT,
    signer=digest(b"operator"),
    name="move the blog",
    written=(Command("service", "move", {"name": "blog", "to": "berlin"}),),
    resolved=(Command("service", "move", {"count": 2, "name": "blog", "to": ["b", None]}),),
    base=(Base(("service", "blog"), digest(b"tx 1")), Base(("site", "berlin"), None)),
    overridden=(),
    patience_ns=30_000_000_000,
    reason="the disk is full",
    nonce=bytes(range(16)),
    origin=Origin(digest(b"test"), digest(b"tx 0"), digest(b"tester"), scrawl(b"vouch")),
    override=True,
)
ATTEMPT: Final = Attempt(
    version=0,
    tx=sign_request(REQUEST, scrawl).tx,
    author=ALICE,
    lamport=71,
    kind=Kind.NORMAL,
    parents=(digest(b"parent"),),
    participants=(ALICE, BOB),
    quorum=1,
    guard_ns=2_000_000,
    approvals=(),
)
BOOT: Final = Content(
    version=1,
    origin=ALICE,
    sequence=1,
    previous=NO_HASH,
    after=None,
    lamport=70,
    clock_ns=1_800_000_000_000_000_000,
    body=Boot(ENVIRONMENT, 1, bytes(16), None, None, ()),
)


def chain() -> tuple[Fact, ...]:
    """Two facts of one origin, the second naming the first."""
    boot = write_fact(BOOT, scrawl)
    proposal = Propose(encode_attempt(ATTEMPT), sign_request(REQUEST, scrawl))
    second = Content(
        version=1,
        origin=ALICE,
        sequence=2,
        previous=boot.hash,
        after=boot.reference,
        lamport=71,
        clock_ns=1_800_000_000_000_000_001,
        body=proposal,
    )
    return boot, write_fact(second, scrawl)


MESSAGES: Final[dict[str, Message]] = {
    type(message).__name__: message
    for message in (
        Probe(
            nonce=99,
            target=BOB.nonce,
            suspected=None,
            address=HOME,
            summary=SUMMARY,
            news=NEWS,
        ),
        Ack(nonce=99, wall_ns=1_800_000_000_000_000_001, summary=None, news=()),
        ProbeRequest(100, BOB, HOME, NEWS[:1]),
        Nack(100),
        IndirectAck(100, BOB),
        Gossip(NEWS),
        Table(reply=True, news=NEWS),
        TableHash(b"a table!"),
        StoreMessage(b"in their own encoding"),
        Compare(SUMMARY),
        FactVector((Held(ALICE, 2), Held(BOB, 0)), reply=False, height=3),
        SnapshotRequest(2),
        SnapshotPart(height=3, part=2, parts=4, content=b"a part of it"),
        StateQuestion(b"history!", None, ("service", "blog")),
        StateAnswer(
            b"history!",
            b"a state!",
            None,
            ("service", "blog"),
            (StatePart(("item", "x"), 1, b"of one..", digest(b"tx")),),
        ),
        SecretQuestion(digest(b"which secret")),
        SecretAnswer(digest(b"a secret")),
        Facts(tuple(fact.signed for fact in chain()), direct=True),
        Hello(
            environment=ENVIRONMENT,
            generation=1,
            generation_nonce=bytes(16),
            sender=ALICE,
            name="alice",
            site="home",
            addresses=(HOME,),
            yields=False,
            stream=7,
        ),
        Knock(Claim(bytes(16), bytes(64), bytes(64))),
        Welcome(b"founding record", 1, bytes(16), digest(b"secret"), 1, None),
        Rebuff("the invite was revoked"),
        Goodbye("stopping"),
    )
}
assert len(MESSAGES) == len(get_args(Message))
