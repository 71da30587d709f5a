"""The laws, once, for every reading: records form a join-semilattice, and deltas are parts of it.

commutative     a + b = b + a
associative     (a + b) + c = a + (b + c)
idempotent      a + a = a
inflation       nothing that is joined makes a store forget
delta-join      joining the deltas of writes equals joining the store that wrote them
any delivery    any split, shuffle and repetition of a set of deltas makes one state
"""

from collections.abc import Callable
from random import Random
from typing import TypeAlias

import pytest

from crdt import (
    AddWinsSet,
    Counter,
    Delta,
    Flag,
    KeyedRecord,
    OrderedPaths,
    Put,
    Register,
    Remove,
    Store,
)
from tests.crdt.world import WALL_NS, make_store

Act: TypeAlias = Callable[[Store, Random, int], Delta]
KEY = ("info", "x")
SEEDS = range(25)


def act_register(store: Store, random: Random, wall_ns: int) -> Delta:
    """Write, remove, or write with what an absent reader was shown."""
    register = Register(store, KEY)
    kind = random.randrange(4)
    if kind == 0:
        return store.remove(KEY, wall_ns)
    token = register.token() if kind > 1 else type(register.token())()
    return register.set(random.randrange(9), wall_ns, token)


def act_flag(store: Store, random: Random, wall_ns: int) -> Delta:
    """Switch it on or off."""
    return Flag(store, KEY).switch(on=random.random() < 0.5, wall_ns=wall_ns)


def act_set(store: Store, random: Random, wall_ns: int) -> Delta:
    """Add or discard an element."""
    elements = AddWinsSet(store, KEY)
    element = random.choice("abc")
    if random.random() < 0.5:
        return elements.add(element, wall_ns)
    return elements.discard(element, wall_ns)


def act_counter(store: Store, random: Random, wall_ns: int) -> Delta:
    """Count up or down."""
    return Counter(store, KEY).add(random.randrange(-5, 9), wall_ns)


def act_ordered(store: Store, random: Random, wall_ns: int) -> Delta:
    """Insert somewhere, or discard something."""
    paths = OrderedPaths(store, KEY)
    places = [place for place, _ in paths]
    if places and random.random() < 0.3:
        return paths.discard(random.choice(places), wall_ns)
    return paths.insert(random.randrange(9), wall_ns, after=random.choice(["", *places]))


def act_batch(store: Store, random: Random, wall_ns: int) -> Delta:
    """Write and remove several keys at once."""
    names = random.sample("abcd", 2)
    return store.write([Put(("b", names[0]), "value"), Remove(("b", names[1]))], wall_ns)


ACTS: dict[str, Act] = {
    "register": act_register,
    "flag": act_flag,
    "set": act_set,
    "counter": act_counter,
    "ordered": act_ordered,
    "batch": act_batch,
}


def state(store: Store) -> tuple[object, ...]:
    """Return all that a store would tell, seen dots included."""
    seen = store.seen
    clouds = {name: list(cloud.runs()) for name, cloud in seen.clouds.items()}
    return (list(store.records()), dict(sorted(seen.vector.items())), clouds, store.root())


def joined(*stores: Store) -> Store:
    """Join the records of several stores into an empty one, in this order."""
    result = make_store(b"joiner..")
    for store in stores:
        _ = result.apply(list(store.records()), WALL_NS)
    return result


def histories(act: Act, seed: int) -> tuple[list[Store], list[KeyedRecord]]:
    """Let three stores write and now and then hear of each other; return every delta too."""
    random = Random(seed)
    stores = [make_store(name) for name in (b"a" * 8, b"b" * 8, b"c" * 8)]
    deltas: list[KeyedRecord] = []
    for step in range(24):
        store = random.choice(stores)
        delta = act(store, random, WALL_NS + step * 10**6)
        deltas += delta
        if random.random() < 0.5:
            _ = random.choice(stores).apply(delta, WALL_NS)
    return stores, deltas


every_reading = pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())


@every_reading
def test_join_is_commutative(act: Act) -> None:
    """The order of two stores does not matter."""
    for seed in SEEDS:
        (a, b, _), _ = histories(act, seed)
        assert list(joined(a, b).records()) == list(joined(b, a).records())


@every_reading
def test_join_is_associative(act: Act) -> None:
    """Neither do the brackets."""
    for seed in SEEDS:
        (a, b, c), _ = histories(act, seed)
        left = list(joined(joined(a, b), c).records())
        assert left == list(joined(a, joined(b, c)).records())


@every_reading
def test_join_is_idempotent(act: Act) -> None:
    """A store that joins what it holds stays as it is, and finds nothing to forward."""
    for seed in SEEDS:
        (a, b, _), _ = histories(act, seed)
        once = joined(a, b)
        before = state(once)
        assert once.apply(list(a.records()), WALL_NS).inflated == []
        assert state(once) == before


@every_reading
def test_join_is_an_inflation(act: Act) -> None:
    """What a store has seen it goes on having seen, and nothing dead becomes live."""
    for seed in SEEDS:
        (a, b, _), _ = histories(act, seed)
        live = {s.dot for _, record in a.records() for s in record}
        dead = [dot for dot in known_dots(a) if dot not in live]
        seen = known_dots(a)
        _ = a.apply(list(b.records()), WALL_NS)
        assert all(a.seen.covers(*dot) for dot in seen)
        after = {s.dot for _, record in a.records() for s in record}
        assert not after.intersection(dead)


def known_dots(store: Store) -> list[tuple[bytes, int]]:
    """Return all dots that a store has seen."""
    names = {*store.seen.vector, *store.seen.clouds}
    return [(name, n) for name in sorted(names) for n in range(1, 30) if store.seen.covers(name, n)]


@every_reading
def test_deltas_join_to_what_the_stores_join_to(act: Act) -> None:
    """Joining every delta equals joining the stores that made them."""
    for seed in SEEDS:
        stores, deltas = histories(act, seed)
        by_delta = make_store(b"joiner..")
        _ = by_delta.apply(deltas, WALL_NS)
        assert list(by_delta.records()) == list(joined(*stores).records())


@every_reading
def test_any_delivery_makes_one_state(act: Act) -> None:
    """However deltas are split, shuffled and repeated, the same set makes the same state."""
    for seed in SEEDS:
        random = Random(seed)
        _, deltas = histories(act, seed)
        straight = make_store(b"joiner..")
        _ = straight.apply(deltas, WALL_NS)
        shuffled = make_store(b"joiner..")
        mixed = deltas + random.sample(deltas, len(deltas) // 2)
        random.shuffle(mixed)
        while mixed:
            part = random.randrange(1, len(mixed) + 1)
            _ = shuffled.apply(mixed[:part], WALL_NS)
            del mixed[:part]
        assert state(shuffled) == state(straight)
