"""Faults planted in the sync of two stores; the oracle and the tests must notice."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import pytest

from crdt import (
    Store,
)
from crdt.seen import Extent, Seen
from crdt.sync import pull, serve, synchronizer
from crdt.sync.answer import answer
from crdt.sync.messages import Cover, Leaf, Range
from crdt.sync.pull import Pull
from crdt.sync.serve import Serve
from crdt.sync.synchronizer import Synchronizer
from crdt.sync.walk import Walk
from crdt.sync.work import Work
from crdt.values import Key
from tests.crdt import world
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/crdt"


_ORACLE: Final = (f"{_HERE}/test_oracle.py::test_every_store_shows_exactly_what_is_live[0]",)


_SESSIONS: Final = f"{_HERE}/sync/test_sessions.py"
_WALK: Final = f"{_HERE}/sync/test_walk.py"


_COLLECTION: Final = f"{_HERE}/test_collection.py"


_JOURNAL: Final = f"{_HERE}/test_journal.py"


_Patch = Callable[[pytest.MonkeyPatch], None]


def _replace(target: object, name: str, value: object) -> _Patch:
    return lambda monkeypatch: monkeypatch.setattr(target, name, value)


def _joins_without_counting(self: Pull, now_ns: int, work: Work) -> None:
    """COVER is joined whatever has arrived."""
    last = next(reversed(self._cover.values()), None)
    if last is not None and len(self._cover) == last.chunks:
        self._parts = set(range(last.parts))
        self._records, self._sum = last.records, int.from_bytes(last.dots_sum, "big")
        _TRY_COVER(self, now_ns, work)


def _joins_each_chunk(self: Pull, cover: Cover, now_ns: int, work: Work) -> None:
    """A chunk of COVER is taken for the whole of it."""
    _ON_COVER(self, replace(cover, chunk=0, chunks=1), now_ns, work)


_TRY_COVER: Final = Pull._try_cover


_ON_COVER: Final = Pull.on_cover


def _join_without_floor(self: Seen, other: Extent, *counts: Callable[[bytes], bool]) -> None:
    _JOIN(self, other._replace(floor={}), *counts)


_JOIN: Final = Seen.join


def _tells_no_floor(self: Seen) -> Extent:
    return _EXTENT(self)._replace(floor={})


_EXTENT: Final = Seen.extent


def _same_replica_id(self: world.World, place: int) -> None:
    """A restarted process goes on under the id, and the counter, that its disk remembers."""
    node = self.nodes[place]
    name = node.kept.replica
    _RESTART(self, place)
    kept = self.nodes[place].kept
    kept.replica, kept.counter = name, kept.seen.vector.get(name, 0)


_RESTART: Final = world.World.restart


def _vector_first(self: world.Disk, kept: Store) -> None:
    """The metadata is durable before the records, and a crash comes between the two."""
    dirty = kept.take_dirty()
    if dirty:
        self.metadata = dirty.metadata


def _always_dead(self: Walk) -> list[object]:
    return list(self._dead)


def _never_again(self: Walk, leaf: Leaf) -> None:
    _COMPARE(self, leaf)
    self._to_repair.clear()


_COMPARE: Final = Walk._compare


def _any_turn(self: Walk, leaf: Leaf) -> bool:
    place = (leaf.replica, 2, leaf.parent)
    if place in self.open:
        self._asked[place] = leaf.turn
    return _ON_LEAF(self, leaf)


_ON_LEAF: Final = Walk.on_leaf


def _answers_anybody(self: Synchronizer, ask: Range, now_ns: int, work: Work) -> None:
    del now_ns
    answer(self._stores[ask.owned], ask, work, moved=False)


def _sends_everything(self: Serve, heard: object) -> Iterator[Key]:
    del heard
    yield from self._store.table.records


def _settles_without_drops(self: Store, extent: Extent, drops: object = ()) -> object:
    del drops
    return _SETTLE(self, extent)


_SETTLE: Final = Store.settle


def _never_wakes(self: Pull, now_ns: int, work: Work) -> None:
    del self, now_ns, work


def _forgets_to_check_epoch(self: Synchronizer, epoch: bytes, work: Work) -> bool:
    del self, epoch, work
    return True


def _covered_always(self: Pull, extent: Extent, cover: Cover) -> bool:
    del self, extent, cover
    return True


def _no(*_: object) -> bool:
    return False


MUTANTS: Final[dict[str, Mutant]] = {
    "crdt-vector-after-a-part": Mutant(
        _replace(Pull, "_try_cover", _joins_without_counting),
        (*_ORACLE, f"{_SESSIONS}::test_the_vector_is_joined_only_after_every_record"),
    ),
    "crdt-cover-chunk-alone": Mutant(
        _replace(Pull, "on_cover", _joins_each_chunk),
        (f"{_SESSIONS}::test_a_cover_in_chunks_is_joined_only_when_all_are_held",),
    ),
    "crdt-floor-not-inherited": Mutant(
        _replace(Seen, "join", _join_without_floor),
        (
            *_ORACLE,
            f"{_SESSIONS}::test_an_empty_joiner_gets_a_plain_delta_and_inherits_the_floor",
            f"{_COLLECTION}::test_an_inherited_floor_collects_the_same_here",
        ),
    ),
    "crdt-no-floor": Mutant(
        _replace(Seen, "extent", _tells_no_floor),
        (*_ORACLE, f"{_WALK}::test_who_is_behind_the_floor_drops_what_is_dead"),
    ),
    "crdt-seen-may-live-again": Mutant(
        _replace(Seen, "covers", _no),
        (
            *_ORACLE,
            f"{_COLLECTION}::test_old_datagrams_do_not_resurrect_what_was_collected",
            f"{_COLLECTION}::test_a_replica_id_without_live_dots_retires_to_a_watermark",
        ),
    ),
    "crdt-replica-id-reused": Mutant(
        _replace(world.World, "restart", _same_replica_id),
        _ORACLE,
    ),
    "crdt-disk-vector-ahead": Mutant(
        _replace(world.Disk, "write", _vector_first),
        (f"{_JOURNAL}::test_vector_and_records_are_given_for_one_transaction",),
    ),
    "crdt-walk-drops-always": Mutant(
        _replace(Walk, "dead", _always_dead),
        (f"{_WALK}::test_nothing_is_dropped_once_the_floor_is_covered",),
    ),
    "crdt-floor-taken-as-covered": Mutant(
        _replace(Pull, "_covered", _covered_always),
        (
            *_ORACLE,
            f"{_WALK}::test_who_is_behind_the_floor_drops_what_is_dead",
            f"{_WALK}::test_many_dead_in_many_ranges_are_all_found",
        ),
    ),
    "crdt-walk-never-repairs": Mutant(
        _replace(Walk, "_compare", _never_again),
        (
            f"{_WALK}::test_where_the_floor_is_covered_nobody_drops_and_what_was_lost_is_taken_again",
            f"{_WALK}::test_a_peer_that_sends_an_empty_cover_erases_nothing[0]",
        ),
    ),
    "crdt-walk-takes-old-answers": Mutant(
        lambda patch: (
            patch.setattr(Walk, "on_leaf", _any_turn),
            patch.setattr(Walk, "taint", lambda _self, _changed: None),
        )[0],
        (f"{_WALK}::test_a_dot_that_arrives_during_the_walk_is_looked_at_again",),
    ),
    "crdt-walk-drops-for-lost-writes": Mutant(
        _replace(Serve, "moved", property(_no)),
        (f"{_WALK}::test_what_was_written_during_the_walk_is_fetched_before_anything_is_dropped",),
    ),
    "crdt-answers-after-a-restart": Mutant(
        _replace(Synchronizer, "_on_ask", _answers_anybody),
        (f"{_WALK}::test_a_question_from_before_a_restart_is_not_answered",),
    ),
    "crdt-sends-everything": Mutant(
        _replace(Serve, "_lacking", _sends_everything),
        (
            f"{_SESSIONS}::test_only_what_the_digest_lacks_is_sent",
            f"{_SESSIONS}::test_what_the_cloud_holds_is_not_sent_again",
        ),
    ),
    "crdt-settles-without-drops": Mutant(
        _replace(Store, "settle", _settles_without_drops),
        (f"{_WALK}::test_what_is_live_here_and_not_seen_there_is_spared",),
    ),
    "crdt-never-asks-again": Mutant(
        _replace(Pull, "wake", _never_wakes),
        (
            f"{_SESSIONS}::test_a_lost_message_is_asked_for_again[Records]",
            f"{_SESSIONS}::test_a_lost_message_is_asked_for_again[Leaf]",
        ),
    ),
    "crdt-session-without-end": Mutant(
        _replace(pull, "session_ns_max", 2**62),
        (f"{_SESSIONS}::test_a_session_that_gets_no_answers_ends_at_its_deadline",),
    ),
    "crdt-any-data-set": Mutant(
        _replace(Synchronizer, "_same_data_set", _forgets_to_check_epoch),
        (f"{_SESSIONS}::test_ping_of_another_data_set_is_refused_and_counted",),
    ),
    "crdt-sessions-unbounded": Mutant(
        lambda patch: (
            patch.setattr(synchronizer, "pulls_max", 10**6),
            patch.setattr(synchronizer, "serves_max", 10**6),
        )[0],
        (f"{_SESSIONS}::test_sessions_are_bounded_in_number",),
    ),
    "crdt-datagrams-too-large": Mutant(
        _replace(serve, "datagram_bytes_max", 9_000),
        (f"{_SESSIONS}::test_every_message_is_a_datagram_or_goes_over_a_stream",),
    ),
    "crdt-never-bulk": Mutant(
        _replace(serve, "bulk_records_min", 10**9),
        (f"{_SESSIONS}::test_bulk_transfers_go_over_a_stream",),
    ),
    "crdt-overclaims-believed": Mutant(
        _replace(Store, "claims_too_much", _no),
        (f"{_SESSIONS}::test_a_peer_that_claims_writes_of_mine_is_not_believed",),
    ),
    "crdt-replays-resurrect": Mutant(
        _replace(Seen, "covers", lambda *_: False),
        (f"{_SESSIONS}::test_messages_replayed_after_the_session_change_nothing",),
    ),
    "crdt-stale-answers-taken": Mutant(
        _replace(Synchronizer, "_stale", lambda _self, _work: None),
        (f"{_SESSIONS}::test_answers_that_nobody_asked_for_change_nothing",),
    ),
}
