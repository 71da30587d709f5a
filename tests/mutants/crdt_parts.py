"""Faults planted in records, store and owned entries: one small slip each."""

from typing import Final

from crdt import collection, encoding, merge, reading, record, views
from crdt.owned import OwnedStore
from crdt.reading import Token
from crdt.seen import Seen
from crdt.store import Store
from crdt.sync import answer
from crdt.sync.synchronizer import Synchronizer
from crdt.table import KeyOrder
from tests.crdt import world
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/crdt"
_RECORD: Final = f"{_HERE}/test_record.py"
_STORE: Final = f"{_HERE}/test_store.py"
_OWNED: Final = f"{_HERE}/test_owned.py"
_VIEWS: Final = f"{_HERE}/test_views.py"
_SESSIONS: Final = f"{_HERE}/sync/test_sessions.py"
_WALK: Final = f"{_HERE}/sync/test_walk.py"


MUTANTS: Final[dict[str, Mutant]] = {
    "crdt-join-keeps-what-is-superseded": Mutant(
        edit(record.join, "if not any(dominates(theirs, mine) for theirs in remote)", ""),
        (f"{_RECORD}::test_a_superseded_sibling_goes",),
    ),
    "crdt-writes-supersede-nothing": Mutant(
        edit(record.context_for, "knowledge(record) if seen is None", "{} if seen is None"),
        (f"{_STORE}::test_one_write_resolves_a_conflict",),
    ),
    "crdt-join-drops-what-is-unknown": Mutant(
        edit(record.join, "if not any(dominates(theirs, mine) for theirs in remote)", "if False"),
        (f"{_RECORD}::test_a_local_sibling_stays_unless_it_is_superseded",),
    ),
    "crdt-join-takes-what-is-dead": Mutant(
        edit(record.join, "and not seen(theirs.replica, theirs.counter)", ""),
        (f"{_RECORD}::test_seen_and_not_live_means_dead",),
    ),
    "crdt-join-always-new": Mutant(
        edit(record.join, "if not taken and len(kept) == len(local):", "if False:"),
        (f"{_RECORD}::test_a_record_that_brings_nothing_returns_the_local_one",),
    ),
    "crdt-everything-inflates": Mutant(
        edit(merge.Merge._join, "if after is not before and (after or before):", "if True:"),
        (
            f"{_HERE}/test_laws.py::test_join_is_idempotent",
            f"{_STORE}::test_only_what_inflated_is_reported",
        ),
    ),
    "crdt-own-writes-concurrent": Mutant(
        edit(record.supersedes, "counter < sibling.counter", "False"),
        (f"{_RECORD}::test_an_author_supersedes_its_own_earlier_writes",),
    ),
    "crdt-dominates-by-the-dot": Mutant(
        edit(
            record.dominates,
            "supersedes(sibling, other.replica, other.counter) and all",
            "supersedes(sibling, other.replica, other.counter) or all",
        ),
        (f"{_RECORD}::test_domination_is_transitive_where_superseding_is_not_enough",),
    ),
    "crdt-token-covers-all-of-mine": Mutant(
        edit(record.context_for, "if seen is not None:", "if False:"),
        (f"{_RECORD}::test_a_write_with_a_token_names_its_own_entry",),
    ),
    "crdt-contexts-name-the-retired": Mutant(
        edit(record.context_for, "and not forgettable(name)", ""),
        (f"{_RECORD}::test_retired_replica_ids_leave_contexts",),
    ),
    "crdt-tokens-unchecked": Mutant(
        edit(
            Token.decode,
            "parse_context(decode_bounded(data, 1))",
            "tuple(zip(data[::2], data[1::2]))",
        ),
        (f"{_STORE}::test_a_token_that_was_never_given_out_is_refused",),
    ),
    "crdt-renewed-in-name-only": Mutant(
        edit(Store.renew, "self.replica = replica", "pass"),
        (f"{_STORE}::test_a_new_incarnation_starts_a_new_line_of_dots",),
    ),
    "crdt-born-with-an-entry": Mutant(
        edit(
            Store.__init__,
            "self.seen = Seen()",
            "self.seen = Seen(); self.seen.vector[replica] = 0",
        ),
        (f"{_STORE}::test_a_process_that_writes_nothing_costs_nothing",),
    ),
    "crdt-prefix-by-letters": Mutant(
        edit(
            KeyOrder.below,
            "if key[:depth] != prefix:",
            "if ''.join(key)[:1] != ''.join(prefix)[:1]:",
        ),
        (f"{_STORE}::test_items_are_sorted_and_prefixes_are_whole_parts",),
    ),
    "crdt-removes-only-the-first": Mutant(
        edit(
            Store.remove_prefix,
            "for key, _ in self.items(prefix)]",
            "for key, _ in list(self.items(prefix))[:1]]",
        ),
        (
            f"{_STORE}::test_removing_a_subtree_removes_what_is_observed_and_spares_what_is_not",
            f"{_SESSIONS}::test_an_empty_joiner_gets_a_plain_delta_and_inherits_the_floor",
        ),
    ),
    "crdt-removes-what-is-not-there": Mutant(
        edit(
            Store.write,
            "elif removes_something(self.table.records.get(operation.key, ()), operation):",
            "else:",
        ),
        (f"{_STORE}::test_removing_what_is_not_there_writes_nothing",),
    ),
    "crdt-removal-wins": Mutant(
        edit(reading.reading, "if not values:", "if len(values) < len(latest_first):"),
        (
            f"{_VIEWS}::test_set_keeps_what_is_added_concurrently",
            f"{_VIEWS}::test_counter_removed_concurrently_keeps_the_tally_that_was_not_seen",
        ),
    ),
    "crdt-schedule-by-chance": Mutant(
        edit(world.World._replica, "self.random.randbytes(8)", "__import__('os').urandom(8)"),
        (f"{_HERE}/test_oracle.py::test_the_schedule_is_a_function_of_the_seed",),
    ),
    "crdt-writes-what-is-known": Mutant(
        edit(Store._merge, "if applied.is_news:", "if True:"),
        (f"{_HERE}/test_journal.py::test_what_comes_twice_is_written_once",),
    ),
    "crdt-owned-persisted": Mutant(
        edit(OwnedStore.take_dirty, "return NOTHING_DIRTY", "return Dirty(b'', ())"),
        (f"{_OWNED}::test_nothing_of_it_is_persisted",),
    ),
    "crdt-owned-removed-stay-dimmed": Mutant(
        edit(
            OwnedStore.announce,
            "None if replica is None else now_ns + shown_dimmed_ns",
            "now_ns + shown_dimmed_ns",
        ),
        (f"{_OWNED}::test_a_removal_from_the_roster_ends_all_at_once",),
    ),
    "crdt-owned-dimmed-hides-live": Mutant(
        edit(
            OwnedStore.entries,
            "if reading(record) is not None:",
            "if reading(record) is not None and key not in shown:",
        ),
        (f"{_OWNED}::test_what_the_new_incarnation_announces_takes_the_place_of_what_is_dimmed",),
    ),
    "crdt-owned-vector-of-strangers": Mutant(
        edit(OwnedStore.counts_at_all, "replica in self._owner_of", "True"),
        (f"{_OWNED}::test_who_ends_in_mid_session_leaves_nothing_behind",),
    ),
    "crdt-owned-vector-of-the-dropped": Mutant(
        edit(OwnedStore.counting, "return frozenset(self._owner_of)", "return None"),
        (f"{_OWNED}::test_who_becomes_current_in_mid_session_is_taken_over_by_the_next_one",),
    ),
    "crdt-owned-by-all-others": Mutant(
        edit(OwnedStore.counts, "== replica", "!= replica"),
        (f"{_OWNED}::test_the_owner_takes_its_own_entry_away",),
    ),
    "crdt-cut-siblings-accepted": Mutant(
        edit(encoding.parse_record, "if any(low >= high for", "if any(False for"),
        (f"{_HERE}/sync/test_codec.py::test_siblings_come_in_order_and_none_superfluous",),
    ),
    "crdt-late-answers-settle": Mutant(
        edit(
            Synchronizer._on_answer,
            "if pull is None or pull.session != message.session:",
            "if pull is None:",
        ),
        (f"{_SESSIONS}::test_answers_to_an_earlier_session_change_nothing",),
    ),
    "crdt-leaves-one-off": Mutant(
        edit(answer._send_leaves, "ask.index * FAN_OUT + part", "ask.index * FAN_OUT"),
        (f"{_WALK}::test_many_dead_in_many_ranges_are_all_found",),
    ),
    "crdt-floor-beyond-the-vector": Mutant(
        edit(
            collection._sort, "if due and counter <= seen.vector.get(replica, 0) and", "if due and"
        ),
        (f"{_HERE}/test_collection.py::test_the_floor_is_closed_downwards",),
    ),
    "crdt-counter-reads-strangers": Mutant(
        edit(views.Counter.add, "if s.replica == store.replica", ""),
        (f"{_VIEWS}::test_counter_adds_up_what_everybody_counted",),
    ),
    "crdt-marks-what-is-retired": Mutant(
        edit(Seen.join, "and not self.retired(replica)", ""),
        (
            f"{_HERE}/test_collection.py::test_who_still_holds_an_entry_of_a_retired_replica_id_compares_live_dots",
        ),
    ),
}
