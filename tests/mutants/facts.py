"""Faults planted in the chains, their spreading, the outbox and the catalogue."""

from collections.abc import Callable
from typing import Final

import pytest

from mesh.protocol import chains, spreading, waiting
from mesh.protocol.catalogue import Catalogue
from mesh.protocol.chains import Chains, Refused
from mesh.protocol.outbox import Deeds, Outbox
from mesh.protocol.replica.crank import Crank
from mesh.protocol.replica.scribe import Scribe
from mesh.protocol.spreading import Spreading
from mesh.wire.facts import Fact, read_fact
from mesh.wire.messages import FactVector
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_CHAINS: Final = "tests/mesh/protocol/test_chains.py"
_DURABILITY: Final = "tests/mesh/protocol/replica/test_durability.py"
_OUTBOX: Final = "tests/mesh/protocol/test_outbox.py"
_SPREADING: Final = "tests/mesh/protocol/test_spreading.py"
_CATALOGUE: Final = "tests/mesh/protocol/test_catalogue.py"


def _replace(target: object, name: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda monkeypatch: monkeypatch.setattr(target, name, value)


def _objections_without(*reasons: Refused) -> Callable[..., Refused | None]:
    def objection(self: Chains, fact: Fact, *, trusted: bool) -> Refused | None:
        why = _OBJECTION(self, fact, trusted=trusted)
        return None if why in reasons else why

    return objection


def _placed_without(*reasons: Refused) -> Callable[..., Refused | None]:
    def place(self: Chains, fact: Fact, now: object) -> Refused | None:
        why = _PLACE(self, fact, now)  # type: ignore[arg-type]  # as the original
        if why in reasons:
            self._hold(fact)
            return None
        return why

    return place


def _taken_twice(self: Chains, fact: Fact) -> bool:
    return fact.sequence < len(self.chain(fact.origin))


def _follows_any_clock(self: Chains, fact: Fact, now: object) -> Refused | None:
    why = _PLACE(self, fact, now)  # type: ignore[arg-type]  # as the original
    self._clock_ns = max(self._clock_ns, fact.content.clock_ns)
    return why


def _reserve_once(self: Chains, lamport: int) -> int | None:
    if lamport < self._reserved:
        return None
    self._reserved = 2**62
    return lamport + chains.LAMPORT_BLOCK


def _restore_as_read(self: Chains, facts: object) -> object:
    taken: list[Fact] = []
    refused: list[Refused] = []
    for signed in facts:  # type: ignore[attr-defined]  # as the original
        fact = read_fact(signed)
        self._consider(fact, taken, refused, None, trusted=True)
    return chains.Received(tuple(taken), tuple(refused))


def _never_wait(self: Outbox) -> None:
    deeds, self.gated = self.gated, Deeds()
    self.free.extend(deeds)


def _wait_for_own_writes_only(self: Outbox) -> None:
    if self._writes:
        _GATE(self)
    else:
        _never_wait(self)


def _release_all(self: Outbox, token: int) -> None:
    self._durable = token
    while self._held:
        self.free.extend(self._held.popleft()[1])


def _all_missing_by_chain(self: Chains, held: dict[object, int]) -> list[Fact]:
    return [
        fact
        for origin, chain in self._chains.items()
        for fact in reversed(chain[held.get(origin, 0) :])
    ]


_OBJECTION: Final = Chains._objection
_PLACE: Final = Chains._place
_GATE: Final = Outbox._gate

MUTANTS: Final[dict[str, Mutant]] = {
    "chains-poisoned-by-a-liar": Mutant(
        edit(Chains._place, "witness.origin.controller in self._doubted", "False"),
        (f"{_CHAINS}::test_who_named_the_other_story_of_a_liar_is_taken",),
    ),
    "chains-a-contradiction-is-not-shown": Mutant(
        edit(Chains._place, "self._contested[after.hash] = after", "pass"),
        (f"{_CHAINS}::test_who_named_the_other_story_of_a_liar_is_taken",),
    ),
    "chains-a-liar-pushes-clocks": Mutant(
        edit(
            Chains._place,
            "floor = max(floor, self._latest.lamport)",
            "floor = fact.content.lamport",
        ),
        (f"{_CHAINS}::test_the_other_story_of_a_liar_pushes_no_clock",),
    ),
    "chains-a-restart-forgets-what-names-a-liar": Mutant(
        edit(Chains._place, " or (after is not None and now is None)", ""),
        (f"{_CHAINS}::test_stored_facts_that_name_the_other_story_are_kept",),
    ),
    "chains-of-strangers-by-strangers": Mutant(
        edit(Chains.receive, "not may_begin(fact.origin.controller)", "False"),
        (f"{_CHAINS}::test_whoever_may_not_introduce_others_brings_only_those_who_are_known",),
    ),
    "facts-taken-twice": Mutant(
        _replace(Chains, "_is_held", _taken_twice),
        (f"{_CHAINS}::test_facts_of_a_peer_are_taken_once_and_in_order",),
    ),
    "facts-gaps-taken": Mutant(
        _replace(Chains, "_objection", _objections_without(Refused.GAP)),
        (f"{_CHAINS}::test_a_gap_is_refused_and_reported",),
    ),
    "facts-unsigned-taken": Mutant(
        _replace(Chains, "_is_signed", lambda _self, _fact: True),
        (
            f"{_CHAINS}::test_what_its_origin_did_not_sign_is_refused[signature]",
            f"{_CHAINS}::test_an_unsigned_second_fact_proves_nothing",
        ),
    ),
    "facts-stored-ones-need-no-signature": Mutant(
        edit(Chains.restore, "if not self._is_signed(head)", "if False"),
        (f"{_CHAINS}::test_a_stored_fact_that_its_origin_did_not_sign_is_set_aside",),
    ),
    "facts-no-boot": Mutant(
        _replace(Chains, "_objection", _objections_without(Refused.BOOT)),
        (f"{_CHAINS}::test_a_chain_begins_with_its_boot",),
    ),
    "facts-unchained": Mutant(
        _replace(Chains, "_objection", _objections_without(Refused.CHAIN)),
        (f"{_CHAINS}::test_a_fact_names_the_one_before",),
    ),
    "facts-fork-forgotten": Mutant(
        edit(Chains._note_fork, "if fork is not None", "if False"),
        (f"{_CHAINS}::test_two_facts_under_one_number_are_kept_as_proof",),
    ),
    "facts-lamport-may-fall": Mutant(
        _replace(Chains, "_objection", _objections_without(Refused.LAMPORT)),
        (f"{_CHAINS}::test_lamport_time_rises_along_a_chain",),
    ),
    "facts-lamport-may-leap": Mutant(
        _replace(Chains, "_place", _placed_without(Refused.LAMPORT)),
        (f"{_CHAINS}::test_lamport_time_does_not_leap",),
    ),
    "facts-no-witness": Mutant(
        edit(
            Chains._place,
            "return None if self._waiting.wait(fact, witness) else Refused.FULL",
            "floor = fact.content.lamport",
        ),
        (
            f"{_CHAINS}::test_a_fact_waits_for_the_one_that_it_names",
            f"{_CHAINS}::test_a_leap_needs_a_witness_and_one_suffices",
        ),
    ),
    "facts-any-witness": Mutant(
        _replace(Chains, "_place", _placed_without(Refused.AFTER)),
        (f"{_CHAINS}::test_a_witness_is_named_by_its_hash",),
    ),
    "facts-wait-unbounded": Mutant(
        _replace(waiting, "WAITING_MAX", 2**32),
        (f"{_CHAINS}::test_what_waits_is_bounded",),
    ),
    "facts-block-reserved-once": Mutant(
        _replace(Chains, "_reserve", _reserve_once),
        (f"{_CHAINS}::test_lamport_times_are_reserved_on_disk_in_blocks",),
    ),
    "facts-lamport-reused": Mutant(
        _replace(Chains, "next_lamport", lambda self: len(self.chain(self.own)) + 1),
        (f"{_CHAINS}::test_no_time_of_an_earlier_life_is_used_again",),
    ),
    "facts-any-clock-followed": Mutant(
        _replace(Chains, "_place", _follows_any_clock),
        (f"{_CHAINS}::test_a_clock_far_ahead_is_not_followed",),
    ),
    "facts-restored-as-read": Mutant(
        _replace(Chains, "restore", _restore_as_read),
        (f"{_CHAINS}::test_restored_facts_may_come_in_any_order",),
    ),
    "facts-missing-in-any-order": Mutant(
        _replace(Chains, "missing", _all_missing_by_chain),
        (f"{_CHAINS}::test_missing_facts_come_in_an_order_in_which_they_can_be_taken",),
    ),
    "facts-lacks-nothing": Mutant(
        _replace(Chains, "lacks", lambda _self, _held: False),
        (f"{_CHAINS}::test_who_holds_more_is_noticed",),
    ),
    "sent-before-durable": Mutant(
        _replace(Outbox, "_gate", _never_wait),
        (
            f"{_OUTBOX}::test_nothing_gated_leaves_before_its_write_is_durable",
            f"{_OUTBOX}::test_notifications_and_datagrams_are_gated_alike",
        ),
    ),
    "sent-before-earlier-writes": Mutant(
        _replace(Outbox, "_gate", _wait_for_own_writes_only),
        (f"{_OUTBOX}::test_what_is_gated_later_waits_for_earlier_writes_too",),
    ),
    "a-lingering-write-is-overtaken": Mutant(
        edit(Outbox._lingers, " or not self.gated.is_empty", ""),
        (f"{_OUTBOX}::test_nothing_gated_overtakes_a_write_that_lingers",),
    ),
    "shown-after-what-others-said": Mutant(
        edit(Crank.swap, "self._desk.notify_now(", "self._desk.notify("),
        (f"{_DURABILITY}::test_what_is_shown_is_told_at_once_whatever_is_being_written",),
    ),
    "what-others-said-alone": Mutant(
        edit(Scribe.take, "self._desk.write_soon(", "self._desk.write("),
        (f"{_DURABILITY}::test_what_others_say_is_written_with_the_first_word_that_rests_on_it",),
    ),
    "what-lingers-keeps-waiting": Mutant(
        edit(Outbox._lingers, "now.monotonic_ns < self._linger_until_ns and ", ""),
        (f"{_OUTBOX}::test_what_nobody_waits_for_is_written_soon_all_the_same",),
    ),
    "what-lingers-is-not-bounded": Mutant(
        edit(Outbox._lingers, " and len(self._writes) <= LINGERING_MAX", ""),
        (f"{_OUTBOX}::test_a_crowd_of_lingering_writes_is_written",),
    ),
    "what-lingers-wakes-nobody": Mutant(
        edit(Outbox.take, "earliest(wake_at_ns, self._linger_until_ns)", "wake_at_ns"),
        (f"{_OUTBOX}::test_what_nobody_waits_for_is_written_with_the_next_write_in_order",),
    ),
    "an-unhurried-word-before-its-write": Mutant(
        edit(
            Outbox.take,
            "if self._lingers(now):",
            "self.free.notifications += self.unhurried\n    self.unhurried.clear()\n"
            "    if self._lingers(now):",
        ),
        (f"{_OUTBOX}::test_an_unhurried_notification_waits_for_the_disk_and_hurries_nobody",),
    ),
    "all-released-by-one-write": Mutant(
        _replace(Outbox, "persisted", _release_all),
        (f"{_OUTBOX}::test_gated_frames_keep_their_order_over_several_writes",),
    ),
    "failed-disk-goes-on": Mutant(
        _replace(Outbox, "fail", lambda _self: None),
        (f"{_OUTBOX}::test_after_a_failed_disk_nothing_gated_ever_leaves",),
    ),
    "spread-never-direct": Mutant(
        _replace(spreading, "DIRECT_PEERS_MAX", 0),
        (f"{_SPREADING}::test_in_a_small_mesh_the_origin_tells_everybody_directly",),
    ),
    "spread-always-direct": Mutant(
        _replace(spreading, "DIRECT_PEERS_MAX", 2**32),
        (f"{_SPREADING}::test_in_a_large_mesh_a_few_are_told_and_pass_it_on",),
    ),
    "spread-answers-go-round": Mutant(
        edit(Spreading.lacking, "direct=True", "direct=False"),
        (f"{_SPREADING}::test_what_was_asked_for_is_not_passed_on",),
    ),
    "spread-gaps-ask-everybody": Mutant(
        _replace(Spreading, "_is_asking_many", lambda _self, _now: False),
        (f"{_SPREADING}::test_a_gap_is_not_asked_about_everywhere",),
    ),
    "spread-asks-everybody": Mutant(
        _replace(Spreading, "_is_asking_another", lambda _self, _peer, _now: False),
        (f"{_SPREADING}::test_whoever_meets_many_at_once_asks_one_of_them",),
    ),
    "spread-parts-tell-of-all": Mutant(
        edit(FactVector.covers, "return is_after and", "return True or"),
        (f"{_SPREADING}::test_a_vector_of_many_chains_goes_in_parts",),
    ),
    "spread-asks-once": Mutant(
        _replace(spreading, "ASKING_NS", 2**62),
        (f"{_SPREADING}::test_whoever_meets_many_at_once_asks_one_of_them",),
    ),
    "spread-silent-streams": Mutant(
        _replace(Spreading, "connected", lambda _self, _peer, _now: ()),
        (f"{_SPREADING}::test_vectors_are_compared_when_a_stream_stands",),
    ),
    "spread-only-in-quiet": Mutant(
        _replace(spreading, "ASK_AGAIN_NS", 2**62),
        (f"{_SPREADING}::test_under_a_steady_stream_of_news_vectors_are_compared_all_the_same",),
    ),
    "spread-never-settles": Mutant(
        _replace(spreading, "SETTLE_NS", 2**62),
        (f"{_SPREADING}::test_a_difference_that_lasts_is_looked_into",),
    ),
    "spread-unbounded-messages": Mutant(
        _replace(spreading, "FACTS_PER_MESSAGE_MAX", 2**32),
        (f"{_SPREADING}::test_no_message_exceeds_its_limits[small]",),
    ),
    "catalogue-parents-only": Mutant(
        _replace(
            Catalogue,
            "ancestors",
            lambda self, number: sum(1 << one for one in self._parents(number) or ()),
        ),
        (
            f"{_CATALOGUE}::test_ancestors_are_unknown_until_all_of_them_are_held",
            f"{_CATALOGUE}::test_ancestors_equal_a_walk_through_parents",
        ),
    ),
    "catalogue-by-number": Mutant(
        _replace(
            Catalogue,
            "ordered",
            lambda _self, ids: [one for one in range(ids.bit_length()) if ids >> one & 1],
        ),
        (f"{_CATALOGUE}::test_order_is_by_timestamp_and_heads_are_what_nothing_builds_on",),
    ),
    "spread-equal-ones-are-compared": Mutant(
        edit(Spreading.compare, "facts == self._chains.summary()", "not facts"),
        (f"{_SPREADING}::test_equal_summaries_mean_nothing_to_do",),
    ),
    "spreading-stops-after-one-answer": Mutant(
        edit(Spreading.answer, "elif behind and self._has_helped(peer)", "elif False"),
        (f"{_SPREADING}::test_after_a_truncated_answer_the_rest_is_asked_for_at_once",),
    ),
    "spreading-asks-a-liar-on": Mutant(
        edit(
            Spreading._has_helped, "return exchange is not None and exchange.helped", "return True"
        ),
        (f"{_SPREADING}::test_whoever_claims_more_and_gives_nothing_is_not_asked_on_and_on",),
    ),
}
