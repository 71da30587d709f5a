"""Attacks by a member gone bad: it is admitted, and its keys are good.

It may say what it likes in its own name. In the name of others nothing it says is believed.
"""

import itertools
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

import cbor2
from msgspec import structs

from crdt import data_set_epoch
from crdt.record import Sibling
from crdt.sync import codec as store_codec
from crdt.sync.messages import Rumour
from mesh.wire import codec
from mesh.wire.facts import (
    Applied,
    Content,
    Fact,
    No,
    NoReason,
    Record,
    Seal,
    SignedFact,
    write_fact,
)
from mesh.wire.identity import Address, Incarnation
from mesh.wire.limits import COUNTER_MAX
from mesh.wire.messages import (
    Ack,
    Facts,
    Gossip,
    News,
    Probe,
    Standing,
    StoreMessage,
    Table,
)
from tests.hostile.at_the_door import honest_identities
from tests.hostile.attack import Landed
from tests.hostile.stage import Stage, address
from tests.hostile.wolf import FROM, Line, Loot, Shut, Wolf, steal
from tests.hosts.asking import counters, entry, put
from tests.hosts.processes import Process, await_that

ROUNDS: Final = 50
WAIT_S: Final = 1.0
FAREWELLS: Final = 500
FAREWELL_EVERY_S: Final = 0.01
YEAR_2200_MS: Final = 7_258_118_400_000
_boots = itertools.count(1)
"""Each attack is a later life of the insider."""


@contextmanager
def as_member(stage: Stage, *, reachable: bool = True) -> Iterator[tuple[Wolf, Line, Loot]]:
    """A stream on which the insider is heard as a member; closed with what it was last told.

    Where it is not ``reachable``, all that it is told comes on that stream.
    """
    loot = steal(stage.insider.directory)
    wolf = Wolf.thief(loot)
    wolf.boot += next(_boots)
    hello = wolf.hello()
    if not reachable:
        hello = structs.replace(hello, addresses=())
    with wolf.line(address(stage.target), hello) as line:
        yield wolf, line, loot


def chain_of(wolf: Wolf, loot: Loot) -> list[Fact]:
    """The first fact of its life, as an honest one writes it."""
    latest = max(loot.facts, key=lambda fact: (fact.content.lamport, fact.origin))
    return [wolf.first_fact(latest)]


def next_fact(wolf: Wolf, chain: list[Fact], body: object, **changed: object) -> Fact:
    """What comes after ``chain``, with these fields ``changed``."""
    last = chain[-1]
    fields: dict[str, object] = {
        "version": 1,
        "origin": wolf.incarnation,
        "sequence": last.sequence + 1,
        "previous": last.hash,
        "after": last.reference,
        "lamport": last.content.lamport + 1,
        "clock_ns": time.time_ns(),
        "body": body,
    }
    return write_fact(Content(**{**fields, **changed}), wolf.identity.sign)  # type: ignore[arg-type]


def lives(stage: Stage, loot: Loot) -> list[Incarnation]:
    """The present incarnation of each honest controller, as facts tell it."""
    return [
        max(fact.origin for fact in loot.facts if fact.origin.controller == controller)
        for controller in honest_identities(stage)
    ]


def forged_facts(stage: Stage) -> int:
    """Facts in the chains of others: signed by the insider, by nobody, or with a known one's."""
    with as_member(stage) as (wolf, line, loot):
        forged: list[SignedFact] = []
        for life in lives(stage, loot):
            chain = [fact for fact in loot.facts if fact.origin == life]
            for body in _votes(loot):
                fact = next_fact(wolf, chain, body, origin=life)
                forged.append(fact.signed)
                forged.append(SignedFact(fact.signed.raw, bytes(64)))
                forged.append(SignedFact(fact.signed.raw, chain[-1].signed.signature))
        tries = line.say_all([Facts((each,), direct=True) for each in forged])
        _ = line.hear_all(WAIT_S)
    return tries


def _votes(loot: Loot) -> Iterator[object]:
    """Votes on every attempt that is known, and on one that is not."""
    attempts = {
        getattr(fact.body, "attempt_id", None)
        for fact in loot.facts
        if hasattr(fact.body, "request")
    }
    for attempt in [*sorted(each for each in attempts if each is not None), bytes(32)]:
        yield Seal(attempt, b"\x07")
        yield No(attempt, NoReason.OPERATOR, "forged", None)
        yield Applied(attempt)


def words_about_others(stage: Stage) -> int:
    """Gossip that all others have failed, left, or are in lives and refutations without end."""
    with as_member(stage) as (wolf, line, loot):
        news: list[News] = []
        for life in lives(stage, loot):
            for standing in Standing:
                for refutation in (0, 1, 2**32, COUNTER_MAX):
                    accuser = wolf.identity.public if standing is not Standing.ALIVE else None
                    news.append(News(life, standing, refutation, Address(FROM, 9), accuser))
            later = Incarnation(life.controller, COUNTER_MAX, b"no such!")
            news.append(News(later, Standing.ALIVE, COUNTER_MAX, Address(FROM, 9), None))
        tries = 0
        for _ in range(4):
            tries += line.say_all([Gossip((each,)) for each in news])
            tries += line.say_all([Table(reply=True, news=tuple(news))])
            time.sleep(WAIT_S)
    return tries


def farewells_of_others(stage: Stage) -> int:
    """Tells each of the honest, for seconds, that each other one has just said goodbye."""
    loot = steal(stage.insider.directory)
    wolf = Wolf.thief(loot)
    wolf.boot += next(_boots)
    before = [_dropped(process) for process in stage.honest]
    places = [Address(*address(process)) for process in stage.honest]
    honest = list(zip(lives(stage, loot), places, strict=True))
    tries = 0
    with ExitStack() as open_lines:
        lines = [open_lines.enter_context(wolf.line(address(each))) for each in stage.honest]
        for number in range(FAREWELLS):
            for listener, line in enumerate(lines):
                others = honest[:listener] + honest[listener + 1 :]
                tries += line.say_all(_farewells(others, 4 * number))
            time.sleep(FAREWELL_EVERY_S)
    after = [_dropped(process) for process in stage.honest]
    if any(now > then + 1 for then, now in zip(before, after, strict=True)):
        raise Landed(f"more streams were dropped than the insider's: {before}, then {after}")
    return tries


def _farewells(whom: list[tuple[Incarnation, Address]], refutation: int) -> list[Gossip]:
    return [Gossip((News(life, Standing.LEFT, refutation, at, None),)) for life, at in whom]


def _dropped(process: Process) -> int:
    return counters(process).get("streams ended: dropped", 0)


def counters_beyond_the_range(stage: Stage) -> int:
    """Numbers of 2^63 and more, wherever a number stands: facts, datagrams, messages."""
    tries = 0
    for number in (2**63 - 1, 2**63, 2**64 - 1):
        with suppress(Shut), as_member(stage) as (wolf, line, loot):
            for raw in _numbers(wolf, loot, number):
                line.say_bytes(raw)
                tries += 1
            _ = line.hear_all(WAIT_S)
    return tries


def _numbers(wolf: Wolf, loot: Loot, number: int) -> Iterator[bytes]:
    chain = chain_of(wolf, loot)
    yield codec.encode(Facts((chain[0].signed,), direct=True))
    for field in ("lamport", "clock_ns", "sequence"):
        fact = next_fact(wolf, chain, Record("x", b""), **{field: number})
        yield codec.encode(Facts((fact.signed,), direct=True))
    yield cbor2.dumps([1, number, None, number, None, None, []], canonical=True)
    yield cbor2.dumps([2, number, number, None, []], canonical=True)
    yield cbor2.dumps([4, number], canonical=True)


def stamps_of_the_year_2200(stage: Stage) -> int:
    """Entries stamped far in the future: whoever writes over them later still wins."""
    epoch = epoch_of(steal(stage.insider.directory))
    names = [f"year-{number}" for number in range(ROUNDS)]
    with as_member(stage) as (wolf, line, loot):
        line.say(Facts((chain_of(wolf, loot)[0].signed,), direct=True))
        for counter, name in enumerate(names, 1):
            sibling = Sibling(wolf.nonce, counter, YEAR_2200_MS << 16, "from 2200")
            record = (((name,), (sibling,)),)
            line.say(StoreMessage(store_codec.encode(Rumour(False, epoch, record))))
        _ = line.hear_all(WAIT_S)
    for name in names[:5]:
        put(stage.honest[1], name, "from today")
        _await_entry(stage, name, "from today")
    return len(names)


def entries_of_others(stage: Stage) -> int:
    """Running information in the name of honest controllers: over theirs, and beside them."""
    epoch = epoch_of(steal(stage.insider.directory))
    with as_member(stage) as (_, line, loot):
        tries = 0
        for life in lives(stage, loot):
            for counter in (1, 2, 1_000_000, 2**53):
                for name in ("entry-0", "forged"):
                    stamp = YEAR_2200_MS << 16
                    context = tuple(sorted((each.nonce, 2**40) for each in lives(stage, loot)))
                    for sibling in (
                        Sibling(life.nonce, counter, stamp, "forged"),
                        Sibling(life.nonce, counter, stamp, "forged", context),
                    ):
                        record = (((name,), (sibling,)),)
                        line.say(StoreMessage(store_codec.encode(Rumour(False, epoch, record))))
                        tries += 1
        _ = line.hear_all(WAIT_S)
    for process in stage.honest:
        if entry(process, "forged") is not None:
            raise Landed(f"{process.name} shows an entry that nobody honest wrote")
    return tries


def epoch_of(loot: Loot) -> bytes:
    """Which data set the running information is."""
    place = loot.enrolment
    return data_set_epoch(place.environment, place.generation, place.generation_nonce)


def _await_entry(stage: Stage, name: str, value: str) -> None:
    def is_there(process: Process) -> bool:
        return entry(process, name) == value

    for process in stage.honest:
        await_that(lambda: is_there(process), 10.0, f"{process.name} reads {value}")  # noqa: B023  called at once


def datagrams_again(stage: Stage) -> int:
    """One good datagram, a thousand times: answered once."""
    with as_member(stage) as (wolf, line, loot):
        line.say(Facts((chain_of(wolf, loot)[0].signed,), direct=True))
        receiver = lives(stage, loot)[0]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thrower:
            thrower.bind((FROM, 0))
            own = Address(*thrower.getsockname())
            probe = Probe(7, receiver.nonce, None, own, None, ())
            payload = wolf.datagram(probe, receiver, line.secured.exchange_key)
            for _ in range(1_000):
                _ = thrower.sendto(payload, address(stage.target))
            answers = _acks(line, thrower)
    if answers > 1:
        raise Landed(f"one datagram was taken {answers} times")
    return 1_000


def _acks(line: Line, thrower: socket.socket) -> int:
    heard = sum(isinstance(each, Ack) for each in line.hear_all(WAIT_S))
    thrower.settimeout(WAIT_S)
    with suppress(TimeoutError):
        while thrower.recv(2_000):
            heard += 1
    return heard


def flipped_datagrams(stage: Stage) -> int:
    """A good datagram with each of its bits changed in turn."""
    with as_member(stage) as (wolf, line, loot):
        line.say(Facts((chain_of(wolf, loot)[0].signed,), direct=True))
        receiver = lives(stage, loot)[0]
        tries = 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thrower:
            thrower.bind((FROM, 0))
            own = Address(*thrower.getsockname())
            probe = Probe(7, receiver.nonce, None, own, None, ())
            payload = wolf.datagram(probe, receiver, line.secured.exchange_key)
            for at in range(8 * len(payload)):
                changed = bytearray(payload)
                changed[at // 8] ^= 1 << at % 8
                _ = thrower.sendto(changed, address(stage.target))
                tries += 1
                if at % 50 == 0:
                    time.sleep(0.01)
            answers = _acks(line, thrower)
    if answers:
        raise Landed(f"{answers} changed datagrams were answered")
    return tries


def deep_and_large(stage: Stage) -> int:
    """Payloads of a thousand levels, of a million elements, of no shape at all."""
    payloads = [
        b"\x81" * 1_000 + b"\x00",
        b"\x9f" * 1_000,
        b"\x9b" + (2**62).to_bytes(8, "big"),
        b"\xbb" + (2**62).to_bytes(8, "big"),
        b"\x5b" + (2**62).to_bytes(8, "big"),
        b"\x9a" + (1_000_000).to_bytes(4, "big") + b"\x00" * 1_000_000,
        b"\xc2" * 10_000,
        cbor2.dumps([8, b"\x81" * 100_000]),
        cbor2.dumps([10, [[b"\x00" * 400_000, bytes(64)]], False]),
    ]
    tries = 0
    for _ in range(5):
        for payload in payloads:
            with suppress(Shut), as_member(stage) as (_, line, _loot):
                line.say_bytes(payload)
                _ = line.hear_all(0.05)
            tries += 1
    return tries


def slow_reading(stage: Stage) -> int:
    """Asks for everything again and again, and does not read the answers."""
    with suppress(Shut), as_member(stage) as (_, line, _loot):
        line.raw.connection.settimeout(1.0)
        asking = Table(reply=True, news=())
        for _ in range(20_000):
            line.say(asking)
        time.sleep(WAIT_S)
    return 20_000


def equivocation(stage: Stage) -> int:
    """Two facts under one number, one told to each honest controller: seen, and shown by all."""
    loot = steal(stage.insider.directory)
    wolf = Wolf.thief(loot)
    wolf.boot += next(_boots)
    chain = chain_of(wolf, loot)
    stories = [next_fact(wolf, chain, Record("story", bytes([number]))) for number in range(2)]
    for process, story in zip(stage.honest, stories, strict=False):
        with wolf.line(address(process)) as line:
            line.say(Facts((chain[0].signed, story.signed), direct=True))
            _ = line.hear_all(WAIT_S)
    name = stage.insider.name

    def is_shown(process: Process) -> bool:
        return name in process.run("doctor").out

    for process in stage.honest:
        await_that(lambda: is_shown(process), 10.0, f"the doctor of {process.name} names {name}")  # noqa: B023  called at once
    return len(stories)
