"""The laws of a join, on states that a run has really reached.

    join(a, b) = join(b, a)        whoever meets whom, both hold the same afterwards
    join(a, a) = a                 what is heard twice changes nothing
    join(join(a, b), b) = join(a, b)

Two stores are built from what is durable on two hosts, and joined as an exchange joins them: all
records, then the vector, without what the other one has seen die (Shapiro et al., "Conflict-free
Replicated Data Types", 2011). The hosts themselves are not touched. States are equal where their
records are: they are compared as they stand, not by sums over them.
"""

from collections.abc import Iterator
from typing import Final

from crdt.fingerprints import Secret
from crdt.intervals import Intervals
from crdt.journal import restore
from crdt.record import Record
from crdt.seen import Dot
from crdt.store import Store
from crdt.values import Key
from simulations.durable import Durable

_REPLICA: Final = b"lawcheck"
"""Writes nothing, so it may be the same for all stores."""
_SECRET: Final = Secret(bytes(32), 0)


def broken_laws(one: Durable, other: Durable, epoch: bytes, wall_ns: int) -> Iterator[str]:
    """Which laws the running information on these two disks breaks."""
    here, far = _store(one, epoch), _store(other, epoch)
    itself = _copy(here)
    _join(itself, here, wall_ns)
    if _state(itself) != _state(here):
        yield "a state joined with itself is another one"
    if _state(here) == _state(far) and here.seen.extent() == far.seen.extent():
        return  # nothing else can be learnt from two who hold the same
    there, back = _copy(here), _copy(far)
    _join(there, far, wall_ns)
    _join(back, here, wall_ns)
    if _state(there) != _state(back):
        yield "a join depends on who asks whom"
    once = _state(there).copy()
    _join(there, far, wall_ns)
    if _state(there) != once:
        yield "a state joined twice is another one than joined once"


def is_same(one: Durable, other: Durable) -> bool:
    """Whether both hold the same and have seen the same, byte for byte."""
    return one.store_metadata == other.store_metadata and one.records == other.records


def _store(durable: Durable, epoch: bytes) -> Store:
    records = sorted(durable.records.items())
    return restore(_REPLICA, epoch, _SECRET, durable.store_metadata, records).store


def _copy(store: Store) -> Store:
    """A store of its own, that holds and has seen the same."""
    copy = Store(_REPLICA, store.epoch, _SECRET)
    for key, record in store.table.records.items():
        copy.table.replace(key, record)
    copy.seen.join(store.seen.extent())
    copy.seen.clouds = {name: Intervals(cloud.runs()) for name, cloud in store.seen.clouds.items()}
    return copy


def _state(store: Store) -> dict[Key, Record]:
    return store.table.records


def _join(into: Store, heard: Store, wall_ns: int) -> None:
    """Let ``into`` hear all of ``heard``."""
    dead = tuple(
        Dot(replica, counter)
        for replica, counters in into.table.live.items()
        for counter in counters
        if heard.seen.covers(replica, counter) and counter not in heard.table.live.get(replica, {})
    )
    _ = into.apply(heard.records(), wall_ns)
    _ = into.settle(heard.seen.extent(), dead)
