"""The laws of a join, on states that a run has really reached.

    join(a, b) = join(b, a)        whoever meets whom, both hold the same afterwards
    join(a, a) = a                 what is heard twice changes nothing
    join(join(a, b), b) = join(a, b)

Two stores are built from what is durable on two hosts, and joined as an exchange joins them: all
records, then the vector, without what the other one has seen die (Shapiro et al., "Conflict-free
Replicated Data Types", 2011). The hosts themselves are not touched.
"""

from collections.abc import Iterator
from typing import Final

from crdt.fingerprints import Secret
from crdt.journal import restore
from crdt.seen import Dot
from crdt.store import Store
from simulations.durable import Durable

_REPLICA: Final = b"lawcheck"
"""Writes nothing, so it may be the same for all stores."""
_SECRET: Final = Secret(bytes(32), 0)


def broken_laws(one: Durable, other: Durable, epoch: bytes, wall_ns: int) -> Iterator[str]:
    """Which laws the running information on these two disks breaks."""
    here, far = _store(one, epoch), _store(other, epoch)
    there, back = _store(one, epoch), _store(other, epoch)
    _join(there, far, wall_ns)
    _join(back, here, wall_ns)
    if there.root() != back.root():
        yield "a join depends on who asks whom"
    itself = _store(one, epoch)
    _join(itself, here, wall_ns)
    if itself.root() != here.root():
        yield "a state joined with itself is another one"
    once = there.root()
    _join(there, far, wall_ns)
    if there.root() != once:
        yield "a state joined twice is another one than joined once"


def _store(durable: Durable, epoch: bytes) -> Store:
    records = sorted(durable.records.items())
    return restore(_REPLICA, epoch, _SECRET, durable.store_metadata, records).store


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
