"""Faults planted at the edges of the store: codec, values, sums, journal, and what bounds them."""

from typing import Final

from crdt import encoding, epoch, fingerprints, groups, journal, values, views
from crdt.collection import retire
from crdt.fingerprints import Fingerprints
from crdt.fractions import place_between
from crdt.intervals import Intervals
from crdt.seen import Seen
from crdt.store import Store
from crdt.sync import codec
from crdt.sync.pull import Pull
from crdt.sync.serve import Serve
from crdt.sync.synchronizer import Synchronizer
from crdt.sync.work import packed
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/crdt"
_CODEC: Final = f"{_HERE}/sync/test_codec.py"
_SESSIONS: Final = f"{_HERE}/sync/test_sessions.py"
_WALK: Final = f"{_HERE}/sync/test_walk.py"
_VALUES: Final = f"{_HERE}/test_values.py"
_SUMS: Final = f"{_HERE}/test_fingerprints.py"
_JOURNAL: Final = f"{_HERE}/test_journal.py"
_VIEWS: Final = f"{_HERE}/test_views.py"


MUTANTS: Final[dict[str, Mutant]] = {
    "crdt-codec-spares-fields": Mutant(
        edit(codec._read, "item[1:])", "item[1:3] if item[0] >> 1 == _MORE else item[1:])"),
        (f"{_CODEC}::test_no_message_survives_being_cut_or_lengthened_in_its_fields",),
    ),
    "crdt-codec-any-kind-of-field": Mutant(
        edit(codec._int, "if item.__class__ is not int or not least <= item <= most:", "if False:"),
        (
            f"{_CODEC}::test_a_field_of_another_kind_is_refused",
            f"{_SESSIONS}::test_a_vector_of_a_million_entries_is_not_asked_for",
        ),
    ),
    "crdt-codec-raises": Mutant(
        edit(codec._read, "except (cbor2.CBORError, ValueError, Malformed)", "except KeyError"),
        (
            f"{_CODEC}::test_arbitrary_bytes_never_raise",
            f"{_CODEC}::test_flipped_bits_never_raise",
            f"{_CODEC}::test_siblings_come_in_order_and_none_superfluous",
            f"{_CODEC}::test_tags_indefinite_lengths_and_depth_are_refused",
        ),
    ),
    "crdt-codec-loses-the-pause": Mutant(
        edit(codec.encode, "message.part, message.pause)", "message.part, False)"),
        (f"{_CODEC}::test_messages_come_back_as_they_were",),
    ),
    "crdt-codec-miscounts-fragments": Mutant(
        edit(codec._array_head, "cbor2.dumps(length)", "cbor2.dumps(length - 1)"),
        (f"{_CODEC}::test_records_that_were_encoded_one_by_one_make_the_same_message",),
    ),
    "crdt-codec-any-runs": Mutant(
        edit(encoding.parse_entry, "if any(low >= high for", "if any(False for"),
        (f"{_CODEC}::test_runs_that_overlap_or_do_not_ascend_are_refused",),
    ),
    "crdt-codec-decodes-any-size": Mutant(
        edit(codec.decode, "if len(data) > message_bytes_max:", "if False:"),
        (f"{_CODEC}::test_size_is_looked_at_before_anything_is_decoded",),
    ),
    "crdt-codec-takes-tags": Mutant(
        edit(values.decode_bounded, "semantic_decoders=_REFUSALS,", "semantic_decoders={},"),
        (f"{_VALUES}::test_the_decoder_stops_at_any_tag",),
    ),
    "crdt-codec-guesses-versions": Mutant(
        lambda patch: patch.setattr(codec, "PROTOCOL_VERSION", 2),
        (f"{_CODEC}::test_unknown_kinds_are_of_another_version",),
    ),
    "crdt-codec-any-counter": Mutant(
        edit(
            encoding.parse_sibling,
            "if counter.__class__ is not int or not 0 < counter <= counter_max:",
            "if False:",
        ),
        (f"{_CODEC}::test_what_is_beyond_a_limit_is_refused",),
    ),
    "crdt-codec-narrow-limits": Mutant(
        edit(encoding.parse_sibling, "0 < counter <= counter_max", "0 < counter < counter_max"),
        (f"{_CODEC}::test_what_is_within_the_limits_is_not",),
    ),
    "crdt-values-not-frozen": Mutant(
        edit(values.admit_value, "return _freeze(value)", "return value"),
        (
            f"{_VALUES}::test_containers_are_frozen_on_their_way_in",
            f"{_VALUES}::test_what_is_no_value_is_refused_and_changes_nothing",
        ),
    ),
    "crdt-values-too-shallow": Mutant(
        edit(values.value_fault, "if depth_left == 0:", "if depth_left <= 1:"),
        (f"{_VALUES}::test_depth_16_is_fine",),
    ),
    "crdt-values-texts-only": Mutant(
        edit(values.value_fault, "if kind in _ALWAYS_FINE:", "if kind is bool:"),
        (f"{_VALUES}::test_plain_values_come_back_as_they_were",),
    ),
    "crdt-keys-short": Mutant(
        edit(values.key_fault, "if size > key_part_bytes_max:", "if size >= key_part_bytes_max:"),
        (f"{_VALUES}::test_the_longest_key_is_fine",),
    ),
    "crdt-keys-of-any-size": Mutant(
        edit(values.key_fault, "if size > key_part_bytes_max:", "if False:"),
        (f"{_VALUES}::test_what_is_no_key_is_refused",),
    ),
    "crdt-intervals-forget-the-lowest": Mutant(
        edit(
            Intervals.add_run,
            "del firsts[cloud_runs_max:], lasts[cloud_runs_max:]",
            "del firsts[:-cloud_runs_max], lasts[:-cloud_runs_max]",
        ),
        (f"{_HERE}/test_intervals.py::test_a_million_gaps_cost_a_bounded_number_of_runs",),
    ),
    "crdt-intervals-absorb-too-little": Mutant(
        edit(Intervals.absorb, "through + 1)", "through)"),
        (f"{_HERE}/test_intervals.py::test_a_contiguous_prefix_absorbs_what_it_reaches",),
    ),
    "crdt-sums-without-stamp": Mutant(
        edit(fingerprints.content, "replica, counter, stamp, value, context)", "replica, counter)"),
        (f"{_SUMS}::test_every_field_of_a_sibling_counts",),
    ),
    "crdt-sums-one-level-off": Mutant(
        edit(fingerprints.shift_of, "_LOWEST_BITS + ", "1 + _LOWEST_BITS + "),
        (f"{_SUMS}::test_ranges_have_32_512_8192_and_131072_counters",),
    ),
    "crdt-sums-of-another-range": Mutant(
        edit(Fingerprints.children, "first = index * FAN_OUT", "first = index"),
        (
            f"{_SUMS}::test_the_parts_of_a_range_lead_to_the_change",
            f"{_WALK}::test_one_of_many_behind_the_floor_costs_two_round_trips_and_500_bytes",
        ),
    ),
    "crdt-signs-after-writing": Mutant(
        edit(
            Store._sibling,
            "made = self.clock.tick(wall_ns)",
            "made = self.clock.tick(wall_ns); self.counter = counter",
        ),
        (f"{_HERE}/test_groups.py::test_a_signature_that_cannot_be_made_writes_nothing",),
    ),
    "crdt-journal-any-replica-id": Mutant(
        edit(journal.restore, "assert replica not in seen.vector", "assert True"),
        (f"{_JOURNAL}::test_a_store_never_goes_on_under_a_replica_id_of_the_past",),
    ),
    "crdt-journal-any-data-set": Mutant(
        edit(encoding.decode_metadata, "if kept != epoch:", "if False:"),
        (f"{_JOURNAL}::test_metadata_of_another_data_set_is_not_believed",),
    ),
    "crdt-journal-forgets-the-floor": Mutant(
        edit(encoding.encode_metadata, "seen.floor.get(name, 0)", "0"),
        (f"{_JOURNAL}::test_what_was_durable_comes_back",),
    ),
    "crdt-journal-writes-nothing-twice": Mutant(
        edit(Store.take_dirty, "self.metadata_changed = False", "pass"),
        (f"{_JOURNAL}::test_only_what_changed_is_written",),
    ),
    "crdt-journal-trusts-an-empty-disk": Mutant(
        edit(journal._metadata, "return 0, Seen()", "return 1 // len(damaged), Seen()"),
        (f"{_JOURNAL}::test_an_empty_disk_is_an_empty_store",),
    ),
    "crdt-journal-never-dead": Mutant(
        edit(journal.restore, "store.seen = seen", "store.seen.floor = seen.floor"),
        (f"{_JOURNAL}::test_a_vector_ahead_of_its_records_would_kill_what_it_covers",),
    ),
    "crdt-places-of-any-length": Mutant(
        edit(place_between, "if len(place) > key_part_bytes_max:", "if False:"),
        (f"{_VIEWS}::test_a_place_that_has_become_too_long_is_refused",),
    ),
    "crdt-integers-of-any-size": Mutant(
        edit(values.value_fault, "integer_min <= value <= integer_max", "True"),
        (f"{_VIEWS}::test_counter_within_64_bits",),
    ),
    "crdt-counter-supersedes-all": Mutant(
        edit(views.Counter.add, "(up, down), wall_ns, seen)", "(up, down), wall_ns)"),
        (f"{_VIEWS}::test_counter_adds_up_what_everybody_counted",),
    ),
    "crdt-retired-in-contexts": Mutant(
        edit(Seen.retired, "return (", "return False and ("),
        (f"{_HERE}/test_collection.py::test_crash_loops_do_not_grow_the_vector",),
    ),
    "crdt-retires-what-is-missing": Mutant(
        edit(retire, "held_by_all.get(replica, 0) < everything", "False"),
        (f"{_HERE}/test_collection.py::test_nothing_retires_that_somebody_may_lack",),
    ),
    "crdt-sum-not-compared": Mutant(
        edit(
            Pull._try_cover,
            'or self._sum.to_bytes(8, "big") != last.dots_sum',
            "",
        ),
        (f"{_SESSIONS}::test_a_cover_whose_sum_does_not_match_is_not_joined",),
    ),
    "crdt-forgets-nobody": Mutant(
        edit(Synchronizer.forget, "for owned in (False, True):", "for owned in ():"),
        (f"{_SESSIONS}::test_a_peer_that_is_forgotten_leaves_no_session",),
    ),
    "crdt-ping-never-starts": Mutant(
        edit(Synchronizer._begin, "if name in self._pulls or", "if True or"),
        (
            f"{_SESSIONS}::test_each_side_pulls_what_it_lacks",
            f"{_HERE}/test_owned.py::test_entries_spread_like_any_other",
        ),
    ),
    "crdt-ping-always-starts": Mutant(
        edit(Synchronizer._on_ping, "told.extent_hash != store.extent_hash()", "True"),
        (f"{_SESSIONS}::test_ping_says_equal_and_that_is_all",),
    ),
    "crdt-ping-any-secret": Mutant(
        edit(Synchronizer._on_ping, "comparable and ", ""),
        (f"{_SESSIONS}::test_sums_are_compared_under_one_secret_only",),
    ),
    "crdt-knows-from-nobody": Mutant(
        edit(Synchronizer.held_by_all, "self._known.get(peer, {})", "meet"),
        (f"{_SESSIONS}::test_what_everybody_holds_is_known_from_what_they_said",),
    ),
    "crdt-rumour-in-one": Mutant(
        edit(packed, "if part and used + size > bytes_max:", "if False:"),
        (f"{_SESSIONS}::test_rumours_fill_datagrams_and_large_ones_go_over_a_stream",),
    ),
    "crdt-rumour-to-the-kept-store": Mutant(
        edit(Synchronizer._on_rumour, "self._stores[rumour.owned]", "self._stores[0]"),
        (f"{_SESSIONS}::test_owned_entries_travel_apart",),
    ),
    "crdt-rumour-covers": Mutant(
        edit(Seen.mark, "if counter > through + 1:", "if False:"),
        (f"{_SESSIONS}::test_rumours_are_taken_at_once_and_claim_nothing",),
    ),
    "crdt-never-pauses": Mutant(
        edit(Serve._send_part, "number, pause, ()", "number, False, ()"),
        (f"{_SESSIONS}::test_more_parts_than_a_window_are_asked_for",),
    ),
    "crdt-epochs-alike": Mutant(
        edit(epoch.data_set_epoch, "(environment, generation, nonce)", "(environment, nonce)"),
        (f"{_HERE}/test_store.py::test_data_sets_have_different_epochs",),
    ),
    "crdt-leaf-without-value": Mutant(
        edit(groups.leaf_hash, "_hash(cbor2.dumps(value))", "b''"),
        (f"{_HERE}/test_groups.py::test_a_sibling_that_is_not_as_signed_is_refused",),
    ),
}
