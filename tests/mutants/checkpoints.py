"""Faults planted in checkpoints: G."""

from typing import Final

from mesh.protocol import ground
from mesh.protocol.barrier import checkpoints as rules
from mesh.protocol.barrier.lives import Lives
from mesh.protocol.chains import Chains
from mesh.protocol.ground import Ground
from mesh.protocol.history.history import History
from mesh.protocol.history.line import Line
from mesh.protocol.replica import snapshots
from mesh.protocol.replica.acquaintances import Acquaintances
from mesh.protocol.replica.checkpoints import Checkpoints
from mesh.protocol.replica.participant import Participant
from mesh.protocol.replica.scribe import Scribe
from mesh.protocol.replica.snapshots import Snapshots
from mesh.protocol.replica.surveying import Survey, _Cuts
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_MESH: Final = "tests/mesh/protocol/replica/test_checkpoints.py"
_ASIDE: Final = "tests/mesh/protocol/replica/test_set_aside_below.py"
_ON_GROUND: Final = "tests/specification/fold/test_merges_on_a_ground.py"
_FORGOTTEN: Final = "tests/mesh/protocol/replica/test_forgotten_lives.py"
_GROUND: Final = "tests/mesh/protocol/test_ground.py"

MUTANTS: Final[dict[str, Mutant]] = {
    "checkpoint-nobody-proposes": Mutant(
        edit(Checkpoints._is_ours, "return all(", "return not all("),
        (f"{_MESH}::test_what_all_have_applied_is_summed_up_and_dropped",),
    ),
    "checkpoint-facts-stay-on-disk": Mutant(
        edit(
            Scribe.cut,
            "self._desk.write(CutChains(self._chains.settle(ground)))",
            "self._chains.settle(ground)",
        ),
        (f"{_MESH}::test_what_all_have_applied_is_summed_up_and_dropped",),
    ),
    "checkpoint-forgets-what-was-set-aside": Mutant(
        edit(Survey.ground, "(*below.aside, *self._set_aside(fold))", "below.aside"),
        (f"{_ASIDE}::test_what_was_set_aside_is_not_lost_below_a_checkpoint",),
    ),
    "checkpoint-keeps-the-eldest": Mutant(
        edit(ground.kept_aside, "aside[begin:]", "aside[: len(aside) - begin]"),
        (f"{_ASIDE}::test_the_eldest_go_first",),
    ),
    "checkpoint-keeps-what-nobody-can-read": Mutant(
        edit(ground.read_ground, "_ = read_request(each.request)", "pass"),
        (f"{_GROUND}::test_what_is_kept_can_be_carried_out",),
    ),
    "checkpoint-ground-is-not-kept": Mutant(
        edit(
            Participant._drop_what_is_agreed,
            "WriteMeta(GROUND_KEY, write_ground(ground)), ",
            "",
        ),
        (f"{_MESH}::test_a_life_begins_on_the_ground",),
    ),
    "checkpoint-no-snapshot-is-offered": Mutant(
        edit(Snapshots.offer, "self.serve(peer, SnapshotRequest(0), now)", "pass"),
        (f"{_MESH}::test_who_lost_its_disk_begins_on_the_ground_of_the_others",),
    ),
    "checkpoint-what-came-late-counts": Mutant(
        edit(Line._step, "self._aside.late >> number & 1", "False"),
        (f"{_MESH}::test_who_was_away_for_long_loses_nothing_of_its_own",),
    ),
    "checkpoint-sealed-by-nobody": Mutant(
        edit(rules._nothing_above, "terms.through not in stamps", "True"),
        (f"{_MESH}::test_terms_that_are_true_are_sealed",),
    ),
    "checkpoint-parts-a-merge": Mutant(
        edit(Checkpoints._through, "self._unparted(ordered, ", "(lambda _, found: found)(0, "),
        (f"{_MESH}::test_a_merge_is_not_parted_from_what_it_decides",),
    ),
    "checkpoint-parted-merges-are-sealed": Mutant(
        edit(rules._parted, "if any(", "if False and any("),
        (f"{_MESH}::test_nobody_seals_what_parts_a_merge",),
    ),
    "checkpoint-merges-are-not-judged-again": Mutant(
        edit(History._shut, "self._judge_merges_again(self.shut)", "pass"),
        (f"{_ON_GROUND}::test_what_a_checkpoint_closed_no_merge_decides",),
    ),
    "checkpoint-cuts-what-is-disputed": Mutant(
        edit(Survey._length, "chain[0].origin.controller in self._accused", "False"),
        (f"{_MESH}::test_who_has_told_two_stories_does_not_stop_it",),
    ),
    "checkpoint-any-fold-will-do": Mutant(
        edit(rules._differs, "folded != terms.folded", "False"),
        (f"{_MESH}::test_a_fold_that_others_do_not_find_is_invalid",),
    ),
    "checkpoint-any-ground-will-do": Mutant(
        edit(rules._differs, "if ground == terms.ground", "if True"),
        (f"{_MESH}::test_chains_that_others_hold_otherwise_are_waited_for",),
    ),
    "checkpoint-up-to-the-frontier": Mutant(
        edit(rules._nothing_above, "max(stamps) <= terms.through", "False"),
        (f"{_MESH}::test_it_ends_below_what_all_have_applied",),
    ),
    "checkpoint-without-whoever-is-away": Mutant(
        edit(rules._somebody_missing, "not surveyor.is_away(each)", "False"),
        (f"{_MESH}::test_nobody_is_left_out_who_may_come_back_soon",),
    ),
    "checkpoint-friends-are-forgotten": Mutant(
        edit(Snapshots._is_believed, "if self._known.forgotten:", "if False:"),
        (
            f"{_MESH}::test_who_lost_its_ground_knows_whom_to_believe",
            f"{_MESH}::test_who_lost_some_facts_knows_whom_to_believe",
        ),
    ),
    "checkpoint-who-asks-counts-as-a-no": Mutant(
        edit(snapshots._are_most, " if each != own or own in members", ""),
        (f"{_MESH}::test_most_of_the_others_are_enough_to_believe",),
    ),
    "checkpoint-half-of-the-others-is-enough": Mutant(
        edit(snapshots._are_most, "> len(asked)", ">= len(asked)"),
        (f"{_MESH}::test_whose_seals_are_enough",),
    ),
    "checkpoint-friends-are-noted-too-late": Mutant(
        edit(Acquaintances.note, "self._extent >= self._known[:2]", "True"),
        (f"{_MESH}::test_who_lost_some_facts_knows_whom_to_believe",),
    ),
    "checkpoint-after-checkpoint": Mutant(
        edit(Checkpoints._is_enough, "changes > enough", "changes >= enough"),
        (f"{_MESH}::test_a_mesh_where_nothing_happens_takes_none",),
    ),
    "checkpoint-for-what-has-to-stay": Mutant(
        edit(Checkpoints._facts_added, "count - self._remaining[1]", "count"),
        (f"{_MESH}::test_facts_that_have_to_stay_are_no_reason_for_another_one",),
    ),
    "checkpoint-dropped-too-early": Mutant(
        edit(Checkpoints.agreed, "not self._is_applied_by_all(shut.change_set.id)", "False"),
        (f"{_MESH}::test_nothing_is_dropped_before_all_have_applied_it",),
    ),
    "checkpoint-snapshot-believed-unsealed": Mutant(
        edit(snapshots._is_sealed, "sealed.issuperset(participants)", "True"),
        (f"{_MESH}::test_a_snapshot_is_judged_by_its_proof",),
    ),
    "checkpoint-snapshot-believed-unsigned": Mutant(
        edit(Snapshots._fault, "all(self._is_signed(fact) for fact in facts)", "True"),
        (f"{_MESH}::test_a_snapshot_is_judged_by_its_proof",),
    ),
    "checkpoint-proof-of-any-length": Mutant(
        edit(snapshots._proof_ends, "length > PROOF_BYTES_MAX", "False"),
        (f"{_MESH}::test_who_has_proved_nothing_is_asked_for_nothing",),
    ),
    "checkpoint-snapshot-proved-at-the-end": Mutant(
        edit(Snapshots.take, "if fetching.proved is None:", "if is_whole:"),
        (f"{_MESH}::test_who_has_proved_nothing_is_asked_for_nothing",),
    ),
    "checkpoint-snapshot-first-come": Mutant(
        edit(Snapshots._may_begin, "under_way.proved is None and under_way.peer != peer", "False"),
        (f"{_MESH}::test_who_has_proved_nothing_is_in_nobodys_way",),
    ),
    "ground-hash-without-the-fates": Mutant(
        edit(Ground.head.func, "fates=self.fates", "fates=bytes(len(self.fates))"),  # type: ignore[attr-defined]  # a cached property
        (f"{_GROUND}::test_a_ground_is_read_as_it_was_written",),
    ),
    "ground-any-configuration": Mutant(
        edit(ground.read_ground, "state_hash(ground.entries) != ground.state", "False"),
        (f"{_GROUND}::test_a_configuration_that_is_not_the_one_named_is_refused",),
    ),
    "ground-what-lies-below-is-open": Mutant(
        edit(Ground.lies_below, "timestamp <= self.through", "timestamp < self.through"),
        (f"{_GROUND}::test_what_is_in_it_and_what_is_dead",),
    ),
    "ground-half-a-name": Mutant(
        edit(ground.read_ground, "len(each.nonces) % NONCE_BYTES", "False"),
        (f"{_GROUND}::test_half_a_name_is_refused",),
    ),
    "ground-forgotten-authors": Mutant(
        edit(
            Participant._author_of, "known or self.catalogue.ground.authors.get(replica)", "known"
        ),
        (f"{_FORGOTTEN}::test_who_comes_late_reads_what_a_forgotten_life_wrote",),
    ),
    "ground-names-without-end": Mutant(
        edit(_Cuts.retire, "nonces[-NONCES_MAX * NONCE_BYTES :]", "nonces"),
        (f"{_FORGOTTEN}::test_the_names_of_forgotten_lives_are_bounded",),
    ),
    "ground-a-forgotten-life-is-open": Mutant(
        edit(Lives.closed, "if self._ground.is_retired(incarnation):", "if False:"),
        (f"{_GROUND}::test_a_life_that_is_forgotten_is_closed",),
    ),
    "ground-a-cut-chain-begins-anew": Mutant(
        edit(Chains._end, "cut.hash if cut is not None else NO_HASH", "NO_HASH"),
        (f"{_GROUND}::test_a_chain_goes_on_above_the_ground",),
    ),
    "ground-forgotten-lives-come-back": Mutant(
        edit(
            Chains._objection,
            "self._is_retired(origin) or",
            "",
        ),
        (f"{_GROUND}::test_facts_of_a_forgotten_life_are_not_taken_again",),
    ),
}
