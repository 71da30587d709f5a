"""What a message or a fact says, in a few words.

Only for people: nothing here may be needed to understand a run's verdict, so whatever cannot be
read is simply called unreadable.
"""

from collections import Counter
from typing import Final, assert_never

from crdt.sync import codec as store_codec
from crdt.sync.messages import Records, Rumour
from mesh.protocol.barrier.skip import read_skip
from mesh.wire import cbor, codec
from mesh.wire.envelope import BOX_BYTES, DATAGRAM_MESSAGE_BYTES_MAX, HEADER_BYTES
from mesh.wire.facts import Applied, Boot, Fact, No, Propose, Record, Seal, SignedFact, read_fact
from mesh.wire.limits import DATAGRAM_BYTES_MAX
from mesh.wire.messages import (
    Ack,
    Facts,
    Gossip,
    IndirectAck,
    Message,
    News,
    Probe,
    ProbeRequest,
    StoreMessage,
    Table,
)
from mesh.wire.rejected import Rejected
from mesh.wire.requests import decode_request
from simulations.recording.names import Names
from simulations.tap import Tap

WORDS_MAX: Final = 160
"""Characters that are kept of what a message says."""

FACTS_NAMED_MAX: Final = 4
"""Facts of one message that are told one by one; of more, how many there are of each kind."""

UNREADABLE: Final = "unreadable"

_BEFORE_MESSAGE: Final = DATAGRAM_BYTES_MAX - HEADER_BYTES - BOX_BYTES - DATAGRAM_MESSAGE_BYTES_MAX
"""Bytes that stand before the message in the box of a datagram."""


def read_datagram(payload: bytes, tap: Tap) -> Message | Rejected:
    """The message in a datagram that was boxed just now, where ``tap`` listens."""
    plain = tap.read(payload[HEADER_BYTES:])
    if plain is None:
        return Rejected("not boxed in this world")
    return codec.decode(plain[_BEFORE_MESSAGE:], DATAGRAM_MESSAGE_BYTES_MAX)


def kind_of(message: Message | Rejected) -> str:
    """What sort of message it is, in a word."""
    if isinstance(message, Rejected):
        return UNREADABLE
    if isinstance(message, StoreMessage):
        inside = store_codec.decode(message.payload)
        return f"Store {type(inside).__name__}"
    return type(message).__name__


def words_of(message: Message | Rejected, names: Names) -> str:
    """What it says beyond its kind; empty where that is all."""
    match message:
        case Facts(facts=signed):
            words = _facts([fact for fact in map(_read, signed) if fact is not None], names)
        case StoreMessage(payload=payload):
            words = _store(payload)
        case Gossip(news=news) | Table(news=news) | Ack(news=news):
            words = _news(news, names)
        case Probe(news=news, suspected=suspected):
            doubt = "are you there? you are suspected" if suspected is not None else ""
            words = "; ".join(filter(None, (doubt, _news(news, names))))
        case ProbeRequest(target=target) | IndirectAck(target=target):
            words = f"about {names.life(target)}"
        case _:
            words = ""
    return words if len(words) <= WORDS_MAX else words[: WORDS_MAX - 1] + "…"


def _read(signed: SignedFact) -> Fact | None:
    try:
        return read_fact(signed)
    except cbor.Undecodable:
        return None


def _news(news: tuple[News, ...], names: Names) -> str:
    return ", ".join(f"{names.life(each.member)} is {each.standing}" for each in news)


def _store(payload: bytes) -> str:
    inside = store_codec.decode(payload)
    if not isinstance(inside, Records | Rumour):
        return ""
    count = len(inside.records)
    return f"{count} record{'s' if count != 1 else ''}"


def _facts(facts: list[Fact], names: Names) -> str:
    if len(facts) <= FACTS_NAMED_MAX:
        return "; ".join(f"{names.life(fact.origin)} {fact_words(fact, names)}" for fact in facts)
    counts = Counter(type(fact.body).__name__ for fact in facts)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))


def fact_words(fact: Fact, names: Names) -> str:
    """What ``fact`` says, as a verb and its object."""
    match fact.body:
        case Propose(request=request):
            return f"proposes “{names.plain(_request_name(request.raw))}”"
        case Seal(attempt=attempt):
            return f"seals {names.change(attempt)}"
        case No(attempt=attempt, why=why, detail=detail):
            return f"says No to {names.change(attempt)}: {names.plain(detail) or why}"
        case Applied(attempt=attempt):
            return f"has applied {names.change(attempt)}"
        case Boot(previous=previous, proven=proven):
            if previous is None:
                return "begins its first life"
            return "begins another life" + ("" if proven is not None else ", in doubt of the last")
        case Record() as record:
            skipped = read_skip(record)
            return f"passes over {names.change(skipped)}" if skipped else f"notes {record.kind}"
        case _:
            assert_never(fact.body)


def _request_name(raw: bytes) -> str:
    try:
        return decode_request(raw).name
    except cbor.Undecodable:
        return UNREADABLE
