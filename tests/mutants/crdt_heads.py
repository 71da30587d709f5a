"""Faults in how far a writer is believed to have come."""

from typing import Final

from crdt import groups, journal
from crdt.heads import Heads
from crdt.owned import OwnedStore
from crdt.seen import Seen
from crdt.store import Store
from crdt.sync.pull import Pull
from crdt.sync.serve import Serve
from mesh.protocol.information import Information
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_HEADS: Final = "tests/crdt/test_heads.py"
_AUTHORS: Final = "tests/mesh/protocol/test_authorship.py"
_MARKS: Final = "tests/crdt/test_watermarks.py"
_TOLD: Final = "tests/mesh/protocol/replica/test_told_heads.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "crdt-claims-believed": Mutant(
        edit(Store.doubt, "if self.ledger is None:", "if True:"),
        (
            f"{_HEADS}::test_what_its_writer_has_not_signed_counts_for_nothing",
            f"{_HEADS}::test_what_is_not_believed_hides_nothing",
            f"{_HEADS}::test_a_liar_neither_hides_nor_ends_what_others_write[0]",
            f"{_TOLD}::test_a_lie_about_a_writer_hides_and_erases_nothing",
        ),
    ),
    "crdt-any-head-will-do": Mutant(
        edit(groups.Ledger.doubt, "head is None or through > head.last", "head is None"),
        (f"{_HEADS}::test_what_its_writer_has_not_signed_counts_for_nothing[too_low]",),
    ),
    "crdt-heads-not-verified": Mutant(
        edit(groups.Ledger.doubt, "if not verified:", "if False:"),
        (f"{_HEADS}::test_what_its_writer_has_not_signed_counts_for_nothing[forged]",),
    ),
    "crdt-strangers-accused": Mutant(
        edit(groups.Ledger.doubt, "if verified is None:", "if False:"),
        (f"{_HEADS}::test_a_writer_that_nobody_here_knows_is_no_lie",),
    ),
    "replica-ids-taken-over": Mutant(
        edit(Information._is_stolen, "author is not None and author != life.controller", "False"),
        (f"{_AUTHORS}::test_nobody_takes_the_replica_id_of_another",),
    ),
    "crdt-newcomers-accused": Mutant(
        edit(
            Store.doubt,
            "self.seen.news(extent, lambda replica: self._takes(replica, counted))",
            "self.seen.news(extent, self.counts_at_all)",
        ),
        (f"{_HEADS}::test_who_becomes_current_in_mid_session_is_no_lie",),
    ),
    "crdt-heads-not-kept": Mutant(
        edit(Heads.note, "if head.last > self.last(head.name):", "if False:"),
        (f"{_HEADS}::test_a_head_is_handed_on", f"{_HEADS}::test_heads_come_back_from_disk"),
    ),
    "crdt-heads-never-told": Mutant(
        edit(
            Serve._proof,
            "if heard.replica in self._gone or self._is_gone(heard.replica):",
            "if False:",
        ),
        (f"{_HEADS}::test_where_the_last_write_is_gone_its_head_goes_along",),
    ),
    "crdt-head-of-what-was-overwritten-missing": Mutant(
        edit(
            Serve._proof,
            "if heard.replica in self._gone or self._is_gone(heard.replica):",
            "if heard.replica in self._gone:",
        ),
        (f"{_HEADS}::test_what_is_superseded_while_it_is_sent_is_proven_by_its_head",),
    ),
    "crdt-heads-always-told": Mutant(
        edit(
            Serve._proof,
            "if heard.replica in self._gone or self._is_gone(heard.replica):",
            "if True:",
        ),
        (f"{_HEADS}::test_what_is_live_proves_itself",),
    ),
    "crdt-watermarks-believed": Mutant(
        edit(Seen.news, "return writes | lives", "return writes"),
        (
            f"{_MARKS}::test_nobody_retires_the_lives_of_another[unsigned]",
            f"{_TOLD}::test_nobody_ends_the_lives_of_another",
        ),
    ),
    "crdt-watermarks-unbounded": Mutant(
        edit(Store.doubt, "> replicas_max", "> 10 * replicas_max"),
        (f"{_MARKS}::test_watermarks_are_bounded_in_number",),
    ),
    "crdt-any-floor-ends-owned-entries": Mutant(
        edit(
            OwnedStore.may_have_missed,
            "return extent.floor.get(replica, 0) > self.seen.vector.get(replica, 0)",
            "return not self.seen.reaches(extent)",
        ),
        (f"{_HEADS}::test_nobody_ends_an_owned_entry_by_what_he_collected_himself",),
    ),
    "crdt-gaps-keep-what-was-hidden": Mutant(
        edit(
            Pull._equal_but_different,
            "and not self._same_root(cover)",
            "and not self._same_root(cover) and not seen.clouds",
        ),
        (f"{_HEADS}::test_a_gap_does_not_keep_what_was_hidden",),
    ),
    "crdt-heads-of-records-forgotten": Mutant(
        edit(journal._recall_heads, "if key is not None:", "if False:"),
        (f"{_HEADS}::test_what_records_prove_is_not_written_twice",),
    ),
    "crdt-heads-written-twice": Mutant(
        edit(Heads.unshown, "if last(name) not in live.get(name, ())", "if name"),
        (f"{_HEADS}::test_what_records_prove_is_not_written_twice",),
    ),
    "crdt-heads-of-what-is-gone-not-written": Mutant(
        edit(Heads.unshown, "if last(name) not in live.get(name, ())", "if not name"),
        (f"{_HEADS}::test_heads_come_back_from_disk",),
    ),
    "crdt-unproven-memory-believed": Mutant(
        edit(journal._is_proven, "store.ledger is None or all(", "True or all("),
        (f"{_HEADS}::test_what_a_store_cannot_prove_it_does_not_say",),
    ),
}
