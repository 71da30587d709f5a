"""Who wrote what: nobody writes in another's name, whatever passes through his hands."""

from random import Random

import pytest

from crdt import Writable
from mesh.protocol.information import Authorship, Heard, Information
from mesh.protocol.outgoing import Outgoing
from mesh.wire.identity import Incarnation
from mesh.wire.messages import StoreMessage
from tests.mesh.protocol.keys import Key, KeySuite
from tests.mesh.protocol.test_information import DATA, at, life, put, reading


def signing(letter: str, *known: str, key: str | None = None) -> Information:
    """The stores of ``letter``, who signs with ``key`` (its own) and knows ``known``."""
    own = life(letter)
    signer = Key((key or letter).encode() * 32)
    made = Information(
        own, DATA, Random(1), (), None, Authorship(signer, KeySuite(), lambda _: None)
    )
    for each in (own, *map(life, known)):
        _ = made.announce(each, at(0))
    return made


def hand_over(outgoing: tuple[Outgoing, ...], by: str, to: Information) -> list[Heard]:
    """What becomes of ``outgoing`` when ``by`` brings it."""
    heard = []
    for each in outgoing:
        assert isinstance(each.message, StoreMessage)
        heard.append(to.receive(life(by), each.message.payload, (), at(1)))
    return heard


def test_what_its_author_signed_is_taken_from_whoever_brings_it() -> None:
    """A write-group proves itself: b believes a's write also out of the hand of c."""
    a, b = signing("a", "b"), signing("b", "a", "c")
    heard = hand_over(put(a, "said", "b"), "c", b)
    assert reading(b) == "said"
    assert not any(each.rejected for each in heard)


@pytest.mark.parametrize("value", ["forged", 7])
def test_what_another_key_signed_is_refused(value: Writable) -> None:
    """C writes under a's life with its own key: nothing of it is taken, and it is counted."""
    forger, b = signing("a", "b", key="c"), signing("b", "a", "c")
    heard = hand_over(put(forger, value, "b"), "c", b)
    assert reading(b) is None
    assert any(each.rejected for each in heard)


def test_what_is_not_signed_is_refused() -> None:
    """Whoever signs believes nobody who does not."""
    plain, b = Information(life("a"), DATA, Random(1), (), None), signing("b", "a")
    _ = plain.announce(life("a"), at(0))
    heard = hand_over(put(plain, "unsigned", "b"), "a", b)
    assert reading(b) is None
    assert any(each.rejected for each in heard)


def test_a_life_that_only_facts_know_of_is_believed_by_their_word() -> None:
    """Writes of a life that ended long ago are verified by the controller whose Boot it was."""
    a = signing("a", "b")
    ended: Incarnation = life("a")
    b = Information(
        life("b"),
        DATA,
        Random(1),
        (),
        None,
        Authorship(
            Key(b"b" * 32),
            KeySuite(),
            lambda replica: ended.controller if replica == ended.nonce else None,
        ),
    )
    for each in (life("b"), life("c")):
        _ = b.announce(each, at(0))
    _ = hand_over(put(a, "long ago", "b"), "c", b)
    assert reading(b) == "long ago"


def test_nobody_takes_the_replica_id_of_another() -> None:
    """A life of c under a's replica id is not heard, and what a writes is believed as before."""
    a, b = signing("a", "b"), signing("b", "a", "c")
    thief = life("c")._replace(nonce=life("a").nonce)
    b.recall(thief)
    b.meet(thief)
    assert b.announce(thief, at(0)) == ()
    assert b.receive(thief, b.ping(), (), at(1)) == Heard(rejected=1)
    b.forget(thief)
    heard = hand_over(put(a, "said", "b"), "a", b)
    assert reading(b) == "said"
    assert not any(each.rejected for each in heard)


def test_two_groups_that_overlap_are_an_alarm() -> None:
    """One life that wrote two groups under one counter is two: people are told."""
    one, two, b = signing("a", "b"), signing("a", "b"), signing("b", "a")
    first = hand_over(put(one, "first", "b"), "a", b)
    second = hand_over(put(two, "second", "b"), "a", b)
    assert not any(each.alarms for each in first)
    assert any("two stories" in alarm.kind for each in second for alarm in each.alarms)
