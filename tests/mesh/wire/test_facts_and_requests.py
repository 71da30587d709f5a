"""What is signed: facts, requests and attempts."""

import gc
import weakref
from random import Random

import msgspec
from hypothesis import given

from mesh.wire import cbor
from mesh.wire.facts import Content, SignedFact, read_fact, write_fact
from mesh.wire.identity import Incarnation, Timestamp, digest, fingerprint
from mesh.wire.requests import (
    Attempt,
    Request,
    decode_attempt,
    decode_request,
    encode_attempt,
    encode_request,
    sign_request,
)
from tests.mesh.wire.examples import ALICE, ATTEMPT, BOB, REQUEST, chain, scrawl
from tests.mesh.wire.strategies import structs


@given(structs(Content))
def test_every_fact_survives(content: msgspec.Struct) -> None:
    """A fact read from its signed bytes says what was written, under the same hash."""
    assert isinstance(content, Content)
    written = write_fact(content, scrawl)
    read = read_fact(written.signed)
    assert read == written
    assert read.content == content


@given(structs(Request))
def test_every_request_survives(request: msgspec.Struct) -> None:
    """A request read from its signed bytes is the one that was signed."""
    assert isinstance(request, Request)
    assert decode_request(encode_request(request)) == request


@given(structs(Attempt))
def test_every_attempt_survives(attempt: msgspec.Struct) -> None:
    """An attempt read from its bytes is the one that was made."""
    assert isinstance(attempt, Attempt)
    assert decode_attempt(encode_attempt(attempt)) == attempt


def test_the_tx_is_the_hash_of_what_was_signed() -> None:
    """Changing anything in a request changes its tx; an attempt does not."""
    signed = sign_request(REQUEST, scrawl)
    assert signed.tx == digest(signed.raw)
    other = sign_request(msgspec.structs.replace(REQUEST, reason="another"), scrawl)
    assert other.tx != signed.tx
    assert decode_attempt(encode_attempt(ATTEMPT)).tx == signed.tx


def test_a_chain_names_what_came_before() -> None:
    """The second fact names the hash of the first."""
    first, second = chain()
    assert second.content.previous == first.hash == digest(first.signed.raw)
    assert second.content.after == first.reference


def test_a_fact_that_comes_again_is_the_one_in_hand() -> None:
    """While somebody holds a fact it is read once; afterwards nothing of it is left."""
    _, fact = chain()
    held = read_fact(fact.signed)
    assert read_fact(SignedFact(bytes(bytearray(fact.signed.raw)), fact.signed.signature)) is held
    trace = weakref.ref(held)
    del held
    gc.collect()
    assert trace() is None


def test_another_signature_is_another_fact() -> None:
    """What was signed otherwise is never taken for what is in hand: it may be forged."""
    _, fact = chain()
    held = read_fact(fact.signed)
    other = read_fact(SignedFact(fact.signed.raw, bytes(64)))
    assert other.signed.signature == bytes(64)
    assert held.signed.signature == fact.signed.signature
    assert other.content == held.content


def test_damaged_facts_are_undecodable_or_other_facts() -> None:
    """A flipped bit gives no fact, or one with another hash: its signature will not fit."""
    random = Random(5)
    _, fact = chain()
    for _ in range(500):
        raw = bytearray(fact.signed.raw)
        raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
        try:
            read = read_fact(SignedFact(bytes(raw), fact.signed.signature))
        except cbor.Undecodable:
            continue
        assert read.hash != fact.hash


def test_incarnations_are_ordered_by_life() -> None:
    """Controller, boot number, random bytes; time before any of them."""
    later = Incarnation(ALICE.controller, ALICE.boot + 1, bytes(8))
    assert later > ALICE
    ordered = [Timestamp(1, later), Timestamp(2, ALICE), Timestamp(2, later)]
    assert ordered == sorted(ordered)
    assert sorted([ALICE, BOB]) == sorted([BOB, ALICE], key=lambda one: one.controller)


def test_fingerprints_can_be_read_aloud() -> None:
    """Sixteen letters in four groups, other ones for another key."""
    shown = fingerprint(ALICE.controller)
    assert [len(group) for group in shown.split("-")] == [4, 4, 4, 4]
    assert shown != fingerprint(BOB.controller)
    assert not set(shown) & set("ilou")
