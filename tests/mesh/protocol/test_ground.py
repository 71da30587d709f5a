"""The ground of a history, and chains that are cut there."""

from dataclasses import replace

import pytest

from mesh.environment.entries import Entry, entry_hash
from mesh.protocol.barrier.lives import Lives
from mesh.protocol.ground import (
    Aside,
    Fate,
    Floor,
    Ground,
    read_ground,
    stored_ground,
    write_ground,
)
from mesh.wire import cbor
from mesh.wire.facts import Reference
from mesh.wire.identity import Incarnation, Timestamp, digest
from tests.mesh.protocol.test_catalogue import change_set
from tests.mesh.protocol.test_chains import NOW, chains, life, say

A = Incarnation(b"A" * 32, 3, b"a-------")
OLD = Incarnation(b"A" * 32, 2, b"old-----")
_REQUEST = change_set(1).propose.request.raw
KEY, ENTRY = ("item", "x"), Entry(1, digest(b"tx"))


def a_ground() -> Ground:
    """One that sums up two attempts of which one is dead."""
    return Ground(
        environment=digest(b"environment"),
        height=1,
        through=Timestamp(9, A),
        attempts=digest(b"one") + digest(b"two"),
        txs=digest(b"tx") + digest(b"dead"),
        fates=bytes([Fate.EFFECTIVE, Fate.DEAD]),
        aside=(Aside(_REQUEST, "conflict"),),
        state=entry_hash(KEY, ENTRY).to_bytes(32, "big"),
        entries=((KEY, ENTRY),),
        floors={A: Floor(2, digest(b"end"))},
        retired={A.controller: 2},
        nonces={A.controller: b"former!1former!2"},
        latest=Reference(A, 2, digest(b"end")),
        lamport=9,
    )


def test_a_ground_is_read_as_it_was_written() -> None:
    """G10: One ground has one spelling; its hash covers all of it."""
    ground = a_ground()
    again = read_ground(write_ground(ground))
    assert again == ground
    assert (again.hash, again.fold_hash) == (ground.hash, ground.fold_hash)
    assert stored_ground({"ground": write_ground(ground)}) == ground
    assert stored_ground({"ground": b"rotten"}).height == 0
    for other in (
        replace(ground, fates=bytes([Fate.SET_ASIDE, Fate.DEAD])),
        replace(ground, floors={A: Floor(1, digest(b"end"))}),
        replace(ground, retired={}),
        replace(ground, nonces={}),
        replace(ground, aside=()),
        replace(ground, through=Timestamp(8, A)),
    ):
        assert other.hash != ground.hash


def test_half_a_name_is_refused() -> None:
    """G15a: The nonces of forgotten lives have eight bytes each, and say whose those lives were."""
    assert a_ground().authors == {b"former!1": A.controller, b"former!2": A.controller}
    with pytest.raises(cbor.Undecodable):
        _ = read_ground(write_ground(replace(a_ground(), nonces={A.controller: b"half"})))


def test_what_is_kept_can_be_carried_out() -> None:
    """G20: A ground keeps requests that can be read, and no more of them than it may."""
    for aside in ((Aside(b"nonsense", "conflict"),), (Aside(_REQUEST, "failed"),) * 257):
        with pytest.raises(cbor.Undecodable):
            _ = read_ground(write_ground(replace(a_ground(), aside=aside)))


def test_a_configuration_that_is_not_the_one_named_is_refused() -> None:
    """G11: What comes with a ground is believed only if its hash is the one that was agreed on."""
    lie = replace(a_ground(), entries=((KEY, Entry(2, digest(b"tx"))),))
    with pytest.raises(cbor.Undecodable):
        _ = read_ground(write_ground(lie))


def test_what_is_in_it_and_what_is_dead() -> None:
    """G12: A request that is in it takes no effect again; a dead attempt lets its request live."""
    ground = a_ground()
    assert ground.folded == {digest(b"tx")}
    assert ground.known == {digest(b"one"), digest(b"two")}
    assert ground.lies_below(Timestamp(9, A))
    assert not ground.lies_below(Timestamp(10, A))


def test_a_life_that_is_forgotten_is_closed() -> None:
    """G13: Of a forgotten life nothing is expected any more: it has ended, and is closed."""
    lives = Lives(a_ground())
    assert lives.ended(OLD)
    assert lives.closed(OLD)
    assert not lives.ended(A)
    assert not lives.closed(A)


def test_a_chain_goes_on_above_the_ground() -> None:
    """G14: What is cut counts as held; the chain goes on where it was cut, and nowhere else."""
    a, b = chains("a"), chains("b")
    said = say(a, 5)
    _ = b.receive(said[:4], NOW)
    end = a.chain(life("a"))[2]
    ground = replace(
        a_ground(), floors={life("a"): Floor(3, end.hash)}, latest=end.reference, retired={}
    )
    for each in (a, b):
        before = each.vector()
        assert each.settle(ground) == ((life("a"), 1, 3),)
        assert each.vector() == before
    assert [fact.sequence for fact in a.missing({life("a"): 3})] == [4, 5]
    assert a.missing({}) == []
    assert [fact.sequence for fact in b.receive(said[4:], NOW).taken] == [5]
    assert b.receive(said[:1], NOW).taken == ()
    assert a.last_own == 5
    whole = replace(ground, floors={life("a"): Floor(5, digest(said[4].raw))}, height=2)
    _ = a.settle(whole)
    _ = say(a)
    assert a.chain(life("a"))[0].content.previous == digest(said[4].raw)


def test_facts_of_a_forgotten_life_are_not_taken_again() -> None:
    """G15: Who still holds a chain that all the others have forgotten brings it to nobody."""
    a, b = chains("a"), chains("b")
    said = say(a, 2)
    ground = replace(a_ground(), floors={}, retired={life("a").controller: life("a").boot})
    _ = b.settle(ground)
    for fact in reversed(said):
        received = b.receive((fact,), NOW)
        assert (received.taken, received.refused) == ((), ())
    assert not b.lacks({life("a"): 1})
