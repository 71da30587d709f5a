"""Sums are lazy, keyed, and always what adding up every live sibling would give."""

from random import Random

from crdt import Secret
from crdt.fingerprints import FAN_OUT, Fingerprints, level_for, shift_of, sums_of
from tests.crdt.test_laws import ACTS
from tests.crdt.world import SECRET, WALL_NS, make_store


def total(sums: Fingerprints, replica: bytes, level: int) -> int:
    """Add up the parts of the first range of a level."""
    return sum(sums.children(replica, level, 0)) % 2**64


def test_sums_equal_those_of_a_store_summed_up_anew() -> None:
    """After any writes the root and every level agree with a fresh computation."""
    for seed in range(10):
        random = Random(seed)
        store = make_store(b"a" * 8)
        for step in range(120):
            act = random.choice(list(ACTS.values()))
            _ = act(store, random, WALL_NS + step)
            if step % 17 == 0:
                _ = store.root()
        fresh = sums_of(SECRET, store.records())
        assert store.table.sums.root() == fresh.root()
        for level in range(1, 8):
            assert total(store.table.sums, store.replica, level) == fresh.root()


def test_ranges_have_32_512_8192_and_131072_counters() -> None:
    """And sixteen times more at each level above, until all 63 bits are within one."""
    assert [1 << shift_of(level) for level in range(4)] == [32, 512, 8_192, 131_072]
    assert [level_for(n) for n in (0, 31, 32, 511, 512, 131_071, 2**63 - 1)] == [
        0, 0, 1, 1, 2, 3, 15
    ]  # fmt: skip


def test_the_parts_of_a_range_lead_to_the_change() -> None:
    """Going down where two stores differ ends at the range of the change."""
    left, right = make_store(b"a" * 8), make_store(b"b" * 8)
    for number in range(20_000):
        _ = left.put(("k", str(number)), number, WALL_NS)
    _ = right.apply(list(left.records()), WALL_NS)
    _ = left.remove(("k", "12345"), WALL_NS)
    level, index = level_for(20_001), 0
    while level:
        pairs = zip(
            left.table.sums.children(left.replica, level, index),
            right.table.sums.children(left.replica, level, index),
            strict=True,
        )
        parts = [part for part, (mine, theirs) in enumerate(pairs) if mine != theirs]
        index, level = index * FAN_OUT + parts[0], level - 1
    assert index == 12_346 >> shift_of(0)


def test_without_the_secret_nobody_can_tell_what_a_sum_will_be() -> None:
    """The same records have other sums under another key."""
    store = make_store(b"a" * 8)
    _ = store.put(("k",), 1, WALL_NS)
    before = store.root()
    store.rekey(Secret(b"another", 2))
    assert store.root() != before
    store.rekey(SECRET)
    assert store.root() == before


def test_every_field_of_a_sibling_counts() -> None:
    """Key, dot, stamp, value and context each change the sum."""
    roots = set()
    for key, value, wall_ns in [
        (("a",), 1, WALL_NS),
        (("b",), 1, WALL_NS),
        (("a",), 2, WALL_NS),
        (("a",), 1, WALL_NS + 10**6),
    ]:
        store = make_store(b"a" * 8)
        _ = store.put(key, value, wall_ns)
        roots.add(store.root())
        store.renew(b"b" * 8)
        _ = store.put(key, value, wall_ns)
        roots.add(store.root())
    assert len(roots) == 8
