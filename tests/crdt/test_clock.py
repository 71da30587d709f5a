"""Stamps order concurrent values for display, and nothing they say can do harm."""

import pytest

from crdt import HybridClock, Put, RefusedWrite, Sibling, stamp_at, stamp_ms
from crdt.limits import drift_ns_max
from tests.crdt.world import WALL_NS, make_store

KEY = ("info", "x")
YEAR_2200_NS = 7_258_118_400 * 10**9


def test_stamps_are_48_bits_of_milliseconds_and_16_of_counter() -> None:
    """The milliseconds can be read back; a full counter carries into them."""
    clock = HybridClock()
    first = clock.tick(WALL_NS)
    assert stamp_ms(first) == WALL_NS // 10**6
    clock.last = first | 0xFFFF
    assert clock.tick(WALL_NS) == (stamp_ms(first) + 1) << 16


def test_stamps_never_repeat_when_the_wall_clock_goes_back() -> None:
    """Each stamp is greater than all before it."""
    clock = HybridClock()
    stamps = [clock.tick(wall) for wall in (WALL_NS, WALL_NS - 10**12, WALL_NS - 1, WALL_NS)]
    assert stamps == sorted(set(stamps))


def test_a_remote_stamp_moves_the_clock_up_to_a_minute_ahead() -> None:
    """Further ahead it is left alone, and the caller is told."""
    clock = HybridClock()
    assert clock.fold(stamp_at(WALL_NS + drift_ns_max), WALL_NS)
    assert clock.last == stamp_at(WALL_NS + drift_ns_max)
    assert not clock.fold(stamp_at(WALL_NS + drift_ns_max + 10**6), WALL_NS)
    assert clock.last == stamp_at(WALL_NS + drift_ns_max)


def test_a_merge_never_refuses_a_stamp() -> None:
    """The year 2200 is merged, flagged and counted, and leaves the local clock alone."""
    store = make_store(b"a" * 8)
    far = Sibling(b"b" * 8, 1, stamp_at(YEAR_2200_NS), "from the future")
    applied = store.apply([(KEY, (far,))], WALL_NS)
    assert applied.far_future == 1
    assert applied.rejected == []
    assert store.read(KEY) is not None
    assert store.clock.last < stamp_at(WALL_NS + drift_ns_max)


def test_a_poisoned_stamp_loses_to_the_next_causal_write() -> None:
    """Causality comes from dots: who has seen a value replaces it, whatever the stamps say."""
    store = make_store(b"a" * 8)
    far = Sibling(b"b" * 8, 1, stamp_at(YEAR_2200_NS), "from the future")
    _ = store.apply([(KEY, (far,))], WALL_NS)
    _ = store.put(KEY, "now", WALL_NS)
    reading = store.read(KEY)
    assert reading is not None
    assert (reading.value, reading.conflicts) == ("now", ())


def test_a_far_future_stamp_is_refused_at_the_first_hop() -> None:
    """The author itself may not bring it along; nothing changes."""
    store = make_store(b"a" * 8)
    with pytest.raises(RefusedWrite, match="in the future"):
        _ = store.write([Put(KEY, "x", stamp=stamp_at(YEAR_2200_NS))], WALL_NS)
    with pytest.raises(RefusedWrite, match="64 bits"):
        _ = store.write([Put(KEY, "x", stamp=2**64)], WALL_NS)
    assert len(store) == 0
    assert store.counter == 0
    assert store.write([Put(KEY, "x", stamp=stamp_at(WALL_NS))], WALL_NS)
