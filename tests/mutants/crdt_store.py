"""Faults planted in the store: its join, its records, and what is made of them."""

from collections.abc import Callable, Iterable
from typing import Final

import pytest

from crdt import (
    Store,
    clock,
    collection,
    fractions,
    groups,
    journal,
    merge,
    reading,
    record,
    store,
    views,
)
from crdt import owned as owned_entries
from crdt.clock import HybridClock
from crdt.fingerprints import Fingerprints
from crdt.groups import Ledger
from crdt.intervals import Intervals
from crdt.merge import Applied, Merge
from crdt.owned import OwnedStore
from crdt.record import KeyedRecord, Record, Sibling
from crdt.seen import Seen
from crdt.table import Table
from crdt.values import Key
from tests.crdt import world
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/crdt"


_ORACLE: Final = (f"{_HERE}/test_oracle.py::test_every_store_shows_exactly_what_is_live[0]",)


_SESSIONS: Final = f"{_HERE}/sync/test_sessions.py"
_WALK: Final = f"{_HERE}/sync/test_walk.py"


_COLLECTION: Final = f"{_HERE}/test_collection.py"


_GROUPS: Final = f"{_HERE}/test_groups.py"


_OWNED: Final = f"{_HERE}/test_owned.py"


_JOURNAL: Final = f"{_HERE}/test_journal.py"


_Patch = Callable[[pytest.MonkeyPatch], None]


def _replace(target: object, name: str, value: object) -> _Patch:
    return lambda monkeypatch: monkeypatch.setattr(target, name, value)


def _remote_wins(local: Record, remote: Record, seen: object) -> Record:
    del seen
    return remote or local


def _takes_anything(local: Record, remote: Record, seen: object) -> Record:
    """A remote sibling is taken although the local record has superseded it."""
    del seen
    kept = [s for s in local if not any(record.dominates(t, s) for t in remote)]
    return record.in_order({s.dot: s for s in (*kept, *remote)}.values())


def _prefers_what_both_have(local: Record, remote: Record, seen: object) -> Record:
    """Where two records share a value, that one is taken for the truth."""
    shared = tuple(s for s in local if s in remote)
    return shared or _RECORD_JOIN(local, remote, seen)  # type: ignore[arg-type]  # as it came


_RECORD_JOIN: Final = record.join


def _respects_later_stamps(*args: object) -> record.Context:
    """A write leaves alone what claims to be from the future."""
    held, author, seen, forgettable = args
    known = tuple(s for s in held if s.stamp < clock.stamp_at(world.WALL_NS + 10**12))  # type: ignore[attr-defined]  # a record
    return _CONTEXT_FOR(known, author, seen, forgettable)  # type: ignore[arg-type]  # as it came


def _drops_what_is_superseded(sibling: Sibling, other: Sibling) -> bool:
    """Evidence goes with what it was evidence for."""
    return record.supersedes(sibling, other.replica, other.counter)


def _unordered(siblings: Iterable[Sibling]) -> Record:
    return tuple(siblings)


def _context_of_direct_dots(known: Record) -> dict[bytes, int]:
    """What a superseded value had superseded is forgotten."""
    return {sibling.replica: sibling.counter for sibling in known}


def _ignores_tokens(*args: object) -> record.Context:
    held, author, _, forgettable = args
    return _CONTEXT_FOR(held, author, None, forgettable)  # type: ignore[arg-type]  # as it came


_CONTEXT_FOR: Final = record.context_for


def _earliest(sibling: Sibling) -> tuple[int, bytes, int]:
    return (-sibling.stamp, sibling.replica, sibling.counter)


def _trusts_what_it_holds(self: Merge, key: Key, sibling: Sibling, ledger: Ledger) -> bool:
    """Who names a dot that is held or seen need not have signed the rest."""
    if self._seen.covers(sibling.replica, sibling.counter):
        return True
    return _SIGNED(self, key, sibling, ledger)


_SIGNED: Final = Merge._signed


def _leaf_without_context(key: Key, sibling: Sibling) -> bytes:
    return _LEAF_HASH(key, sibling._replace(context=()))


_LEAF_HASH: Final = groups.leaf_hash


def _enters_anything(self: Ledger, replica: bytes, first: int, new: object) -> None:
    del self, replica, first, new


def _first_story_stays(self: Merge, key: Key, local: Record, remote: Record) -> Record:
    del self, key, remote
    return local


def _believes_anybody(self: Merge, key: Key, sibling: Sibling) -> bool:
    del self, key, sibling
    return True


def _counts_for_all(self: OwnedStore, key: Key, replica: bytes) -> bool:
    del self, key, replica
    return True


def _hash_of_a_kept_store(self: OwnedStore) -> bytes:
    return Store.extent_told(self)


def _never_dimmed(self: OwnedStore, replica: bytes, until_ns: int | None) -> tuple[Key, ...]:
    del until_ns
    return _END(self, replica, None)


_END: Final = OwnedStore._end


def _folds_anything(self: HybridClock, stamp: int, wall_ns: int) -> bool:
    del wall_ns
    self.last = max(self.last, stamp)
    return True


def _ticks_by_the_wall(self: HybridClock, wall_ns: int) -> int:
    self.last = clock.stamp_at(wall_ns)
    return self.last


def _refuses_the_future(self: Store, delta: Iterable[KeyedRecord], wall_ns: int) -> Applied:
    latest = clock.stamp_at(wall_ns + 60 * 10**9)
    return _APPLY(self, [(k, r) for k, r in delta if max(s.stamp for s in r) <= latest], wall_ns)


_APPLY: Final = Store.apply


def _unbounded_runs(self: Intervals, first: int, last: int) -> None:
    self._firsts.append(first)
    self._lasts.append(last)
    pairs = sorted(zip(self._firsts, self._lasts, strict=True))
    self._firsts, self._lasts = [a for a, _ in pairs], [b for _, b in pairs]


def _only_adds(self: Fingerprints, key: Key, before: Record, after: Record) -> None:
    del before
    _NOTE(self, key, (), after)


_NOTE: Final = Fingerprints.note


def _remembers_seen(kept: Store) -> None:
    """A store with damaged records goes on saying that it has seen them."""
    kept.touched()


def _leaves_dots(self: Table, key: Key, after: Record) -> None:
    before = self.records.get(key, ())
    _TABLE_REPLACE(self, key, after)
    for sibling in before:
        self.live[sibling.replica].setdefault(sibling.counter, key)


_TABLE_REPLACE: Final = Table.replace


def _one_by_one(self: Store, operations: Iterable[object], wall_ns: int) -> object:
    return tuple(done for one in operations for done in _WRITE(self, [one], wall_ns))  # type: ignore[list-item]


_WRITE: Final = Store.write


def _half_of_the_parts(self: views.Counter) -> int:
    shown = self._store.read(self._key)
    return 0 if shown is None else views._tally(shown.value)


def _winner_decides(self: views.Flag) -> bool:
    shown = self._store.read(self._key)
    return shown is not None and shown.value is True


def _yes(*_: object) -> bool:
    return True


MUTANTS: Final[dict[str, Mutant]] = {
    "crdt-remote-wins": Mutant(
        _replace(merge, "join", _remote_wins),
        (
            *_ORACLE,
            f"{_HERE}/test_laws.py::test_join_is_commutative[register]",
            f"{_HERE}/test_laws.py::test_join_is_an_inflation[register]",
            f"{_HERE}/test_laws.py::test_any_delivery_makes_one_state[counter]",
            f"{_HERE}/test_laws.py::test_deltas_join_to_what_the_stores_join_to[batch]",
            f"{_HERE}/test_store.py::test_concurrent_values_are_all_kept_and_the_winner_is_the_same_everywhere",
        ),
    ),
    "crdt-takes-what-is-superseded": Mutant(
        _replace(merge, "join", _takes_anything),
        (f"{_HERE}/test_laws.py::test_join_is_commutative[register]",),
    ),
    "crdt-keeps-what-both-have": Mutant(
        _replace(merge, "join", _prefers_what_both_have),
        (f"{_HERE}/test_laws.py::test_join_is_associative[register]",),
    ),
    "crdt-later-stamps-survive": Mutant(
        _replace(store, "context_for", _respects_later_stamps),
        (f"{_HERE}/test_clock.py::test_a_poisoned_stamp_loses_to_the_next_causal_write",),
    ),
    "crdt-evidence-dropped": Mutant(
        _replace(record, "dominates", _drops_what_is_superseded),
        (f"{_HERE}/test_record.py::test_evidence_stays_until_it_is_dominated",),
    ),
    "crdt-siblings-in-any-order": Mutant(
        _replace(record, "in_order", _unordered),
        (f"{_HERE}/test_laws.py::test_join_is_commutative[register]",),
    ),
    "crdt-context-not-transitive": Mutant(
        _replace(record, "knowledge", _context_of_direct_dots),
        (f"{_HERE}/test_record.py::test_a_new_write_supersedes_everything_held",),
    ),
    "crdt-token-ignored": Mutant(
        _replace(store, "context_for", _ignores_tokens),
        (
            f"{_HERE}/test_store.py::test_a_token_supersedes_exactly_what_was_shown",
            f"{_HERE}/test_store.py::test_the_token_of_an_absent_key_supersedes_nothing",
        ),
    ),
    "crdt-earliest-wins": Mutant(
        _replace(reading, "rank", _earliest),
        (
            f"{_HERE}/test_store.py::test_concurrent_values_are_all_kept_and_the_winner_is_the_same_everywhere",
            f"{_HERE}/test_views.py::test_register_shows_the_winner_and_the_rest",
        ),
    ),
    "crdt-batch-in-parts": Mutant(
        _replace(Store, "write", _one_by_one),
        (f"{_HERE}/test_store.py::test_a_batch_is_written_whole_or_not_at_all",),
    ),
    "crdt-dots-left-behind": Mutant(
        _replace(Table, "replace", _leaves_dots),
        (f"{_COLLECTION}::test_nothing_is_left_of_a_collected_key",),
    ),
    "crdt-clock-runs-away": Mutant(
        _replace(HybridClock, "fold", _folds_anything),
        (
            f"{_HERE}/test_clock.py::test_a_remote_stamp_moves_the_clock_up_to_a_minute_ahead",
            f"{_HERE}/test_clock.py::test_a_merge_never_refuses_a_stamp",
            f"{_SESSIONS}::test_far_future_stamps_are_counted",
        ),
    ),
    "crdt-clock-goes-back": Mutant(
        _replace(HybridClock, "tick", _ticks_by_the_wall),
        (
            f"{_HERE}/test_clock.py::test_stamps_never_repeat_when_the_wall_clock_goes_back",
            f"{_HERE}/test_clock.py::test_stamps_are_48_bits_of_milliseconds_and_16_of_counter",
        ),
    ),
    "crdt-merge-refuses-the-future": Mutant(
        _replace(Store, "apply", _refuses_the_future),
        (f"{_HERE}/test_clock.py::test_a_merge_never_refuses_a_stamp",),
    ),
    "crdt-first-hop-takes-any-stamp": Mutant(
        _replace(store, "check_first_hop", _yes),
        (f"{_HERE}/test_clock.py::test_a_far_future_stamp_is_refused_at_the_first_hop",),
    ),
    "crdt-cloud-unbounded": Mutant(
        _replace(Intervals, "add_run", _unbounded_runs),
        (
            f"{_HERE}/sync/test_codec.py::test_a_million_gaps_are_refused_or_bounded",
            f"{_HERE}/test_intervals.py::test_runs_hold_what_a_set_would_hold",
        ),
    ),
    "crdt-sums-never-shrink": Mutant(
        _replace(Fingerprints, "note", _only_adds),
        (
            f"{_HERE}/test_fingerprints.py::test_sums_equal_those_of_a_store_summed_up_anew",
            f"{_COLLECTION}::test_nothing_is_left_of_a_collected_key",
        ),
    ),
    "crdt-sums-without-secret": Mutant(
        _replace(Store, "rekey", lambda _self, _secret: None),
        (
            f"{_HERE}/test_fingerprints.py::test_without_the_secret_nobody_can_tell_what_a_sum_will_be",
        ),
    ),
    "crdt-collects-what-is-not-seen": Mutant(
        _replace(collection, "_superseded_is_seen", _yes),
        (f"{_COLLECTION}::test_a_tombstone_that_supersedes_what_was_never_seen_stays",),
    ),
    "crdt-collects-never": Mutant(
        _replace(store, "collect", lambda *_: 0),
        (
            f"{_COLLECTION}::test_a_tombstone_goes_when_every_member_has_it",
            f"{_COLLECTION}::test_a_tombstone_goes_when_it_is_older_than_an_hour",
            f"{_COLLECTION}::test_the_oldest_go_when_there_are_too_many",
        ),
    ),
    "crdt-no-sweep-of-inherited": Mutant(
        _replace(store, "sweep", lambda *_: 0),
        (f"{_COLLECTION}::test_an_inherited_floor_collects_the_same_here",),
    ),
    "crdt-floor-not-closed": Mutant(
        _replace(collection, "sweep", lambda *_: 0),
        (f"{_COLLECTION}::test_the_floor_is_closed_downwards",),
    ),
    "crdt-retires-too-early": Mutant(
        _replace(store, "retire", lambda *_: []),
        (
            f"{_COLLECTION}::test_nothing_retires_that_somebody_may_lack",
            f"{_COLLECTION}::test_crash_loops_do_not_grow_the_vector",
        ),
    ),
    "crdt-watermark-says-nothing": Mutant(
        _replace(Seen, "leftovers", lambda _self, _other: iter(())),
        (
            f"{_COLLECTION}::test_who_still_holds_an_entry_of_a_retired_replica_id_compares_live_dots",
        ),
    ),
    "crdt-retired-with-live-dots": Mutant(
        _replace(Seen, "retired", lambda self, name: name in self.incarnations),
        (f"{_COLLECTION}::test_a_replica_id_with_live_dots_keeps_its_entry_under_the_watermark",),
    ),
    "crdt-signs-without-context": Mutant(
        _replace(groups, "leaf_hash", _leaf_without_context),
        (f"{_GROUPS}::test_a_sibling_that_is_not_as_signed_is_refused[context]",),
    ),
    "crdt-trusts-what-it-holds": Mutant(
        _replace(Merge, "_signed", _trusts_what_it_holds),
        (f"{_GROUPS}::test_a_relay_cannot_erase_with_a_context_that_nobody_signed",),
    ),
    "crdt-signatures-not-checked": Mutant(
        _replace(Ledger, "check", lambda *_: None),
        (
            f"{_GROUPS}::test_a_sibling_that_is_not_as_signed_is_refused[value]",
            f"{_GROUPS}::test_a_sibling_that_is_not_as_signed_is_refused[proof]",
            f"{_GROUPS}::test_a_signature_of_another_author_is_worth_nothing",
            f"{_GROUPS}::test_a_signature_of_another_data_set_is_worth_nothing",
            f"{_SESSIONS}::test_a_rejected_record_keeps_the_vector_from_being_joined",
        ),
    ),
    "crdt-overlaps-not-noticed": Mutant(
        _replace(Ledger, "_enter", _enters_anything),
        (
            f"{_GROUPS}::test_overlapping_groups_of_one_replica_id_are_proof_of_equivocation",
            f"{_GROUPS}::test_a_header_is_verified_once",
        ),
    ),
    "crdt-path-not-climbed": Mutant(
        _replace(groups, "root_by", lambda leaf, *_: leaf),
        (f"{_GROUPS}::test_each_sibling_of_a_group_is_proof_of_itself[32]",),
    ),
    "crdt-first-story-stays": Mutant(
        _replace(Merge, "_one_story", _first_story_stays),
        (
            f"{_GROUPS}::test_one_dot_with_two_contents_converges_and_is_reported",
            f"{_WALK}::test_contents_that_differ_under_one_dot_are_found_and_settled",
        ),
    ),
    "crdt-believes-impostors": Mutant(
        _replace(Merge, "_believed", _believes_anybody),
        (
            f"{_HERE}/test_store.py::test_a_write_under_my_replica_id_that_i_did_not_make_is_refused",
            f"{_GROUPS}::test_one_dot_under_two_keys_is_reported",
        ),
    ),
    "crdt-damage-not-confessed": Mutant(
        _replace(journal, "forget_what_was_seen", _remembers_seen),
        (f"{_JOURNAL}::test_a_damaged_row_is_set_aside_and_taken_again_from_a_peer[truncated]",),
    ),
    "crdt-owned-by-anybody": Mutant(
        _replace(OwnedStore, "counts", _counts_for_all),
        (
            f"{_OWNED}::test_nobody_writes_under_anothers_name",
            f"{_OWNED}::test_late_copies_of_an_ended_incarnation_are_dead_by_rule",
        ),
    ),
    "crdt-owned-hash-without-ids": Mutant(
        _replace(OwnedStore, "extent_told", _hash_of_a_kept_store),
        (f"{_OWNED}::test_the_hash_covers_the_current_replica_ids",),
    ),
    "crdt-owned-never-dimmed": Mutant(
        _replace(OwnedStore, "_end", _never_dimmed),
        (f"{_OWNED}::test_an_ended_incarnation_leaves_the_store_and_stays_dimmed_for_a_while",),
    ),
    "crdt-owned-suspect-is-gone": Mutant(
        _replace(
            owned_entries,
            "_BY_STANDING",
            dict.fromkeys(owned_entries.Standing, owned_entries.Liveness.GONE),
        ),
        (
            f"{_OWNED}::test_liveness_is_derived_from_the_readers_own_membership",
            f"{_OWNED}::test_a_registration_lasts_its_time_to_live",
        ),
    ),
    "crdt-owned-latest-whoever-failed": Mutant(
        _replace(owned_entries, "_preference", lambda entry: (0, entry.stamp, entry.key)),
        (f"{_OWNED}::test_readers_merge_by_instance_what_is_registered_at_several_controllers",),
    ),
    "crdt-flag-by-the-winner": Mutant(
        _replace(views.Flag, "__bool__", _winner_decides),
        (f"{_HERE}/test_views.py::test_flag_is_on_where_anybody_switched_it_on",),
    ),
    "crdt-counter-shows-one-tally": Mutant(
        _replace(views.Counter, "__int__", _half_of_the_parts),
        (f"{_HERE}/test_views.py::test_counter_adds_up_what_everybody_counted",),
    ),
    "crdt-place-without-suffix": Mutant(
        _replace(views.OrderedPaths, "_suffix", lambda _self: "x"),
        (f"{_HERE}/test_views.py::test_ordered_paths_keep_the_order_that_was_chosen",),
    ),
    "crdt-places-in-base-2": Mutant(
        _replace(fractions, "_between", lambda low, high: low + "V" if low else high + "V"),
        (f"{_HERE}/test_views.py::test_there_is_always_a_place_between",),
    ),
}
