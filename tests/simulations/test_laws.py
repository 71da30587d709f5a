"""The laws of the join are looked at on disks; where a join does not keep them, that is seen."""

import pytest

from crdt.fingerprints import Secret
from crdt.merge import Applied
from crdt.store import Store
from simulations.checkers.laws import broken_laws, is_same
from simulations.durable import Durable

EPOCH = bytes(16)
PATH = ("app", "x")


def stored(store: Store, durable: Durable) -> Durable:
    """What ``store`` has to write, written to ``durable``."""
    dirty = store.take_dirty()
    assert dirty.metadata is not None
    for key, record in dirty.records:
        if record is None:
            del durable.records[key]
        else:
            durable.records[key] = record
    durable.store_metadata = dirty.metadata
    return durable


@pytest.fixture
def disks() -> tuple[Durable, Durable]:
    """One who has removed what the other one still shows."""
    secret = Secret(bytes(32), 0)
    writer, hearer = Store(b"aaaaaaaa", EPOCH, secret), Store(b"bbbbbbbb", EPOCH, secret)
    _ = hearer.apply(writer.put(PATH, 1, 1), 1)
    before = stored(hearer, Durable())
    removing = stored(writer, Durable())
    _ = writer.remove(PATH, 2)
    _ = writer.put(("app", "y"), 2, 3)
    return stored(writer, removing), before


def test_a_sound_join_keeps_the_laws(disks: tuple[Durable, Durable]) -> None:
    """Whoever hears whom: what was removed is gone, what was written is there."""
    one, other = disks
    assert not list(broken_laws(one, other, EPOCH, 5))
    assert not list(broken_laws(other, one, EPOCH, 5))


def test_disks_are_the_same_only_byte_for_byte(disks: tuple[Durable, Durable]) -> None:
    """Who holds other records, or has seen something else, is always looked at."""
    one, other = disks
    assert is_same(one, one.copy())
    assert not is_same(one, other)
    less = one.copy()
    less.store_metadata = other.store_metadata
    assert not is_same(one, less)


def test_a_join_that_hears_nothing_is_seen(
    disks: tuple[Durable, Durable], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where records are not taken over, it matters who hears whom."""

    def ignore(self: Store, delta: object, wall_ns: int) -> Applied:
        del self, delta, wall_ns
        return Applied()

    monkeypatch.setattr(Store, "apply", ignore)
    one, other = disks
    assert list(broken_laws(one, other, EPOCH, 5)) == ["a join depends on who asks whom"]
