"""Faults planted in the links."""

from collections.abc import Callable, Iterable
from random import Random
from typing import Final

import pytest

from mesh.protocol.links import Source, addresses, limits, machine, stream, table
from mesh.protocol.links.addresses import AddressBook, _Entry
from mesh.protocol.links.machine import Links
from mesh.protocol.links.steps import Draft
from mesh.protocol.links.stream import Rank, Stream
from mesh.protocol.links.table import StreamTable
from mesh.protocol.now import Now
from mesh.protocol.standing import Access, Ground, Refused
from mesh.wire.identity import Address
from mesh.wire.messages import Message
from tests.mutants.edit import edit
from tests.mutants.mutant import Mutant

_HERE: Final = "tests/mesh/protocol/links"


def _replace(target: object, name: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda monkeypatch: monkeypatch.setattr(target, name, value)


def _rank_own_dial_first(one: Stream, own: bytes) -> Rank:
    del own
    peer = one.sender
    return peer.boot, peer.nonce, one.dialled is not None, one.number


def _rank_first_dial_first(one: Stream, own: bytes) -> Rank:
    boot, nonce, by_lower, number = _rank(one, own)
    return boot, nonce, by_lower, -number


def _rank_blind_to_lives(one: Stream, own: bytes) -> Rank:
    return (0, b"", *_rank(one, own)[2:])


def _allow_all(access: Access, message: Message) -> bool:
    del access, message
    return True


def _allow_claimants_all(access: Access, message: Message) -> bool:
    return _allows(Access.MEMBER if access is Access.CLAIMANT else access, message)


def _supersede_without_a_word(
    self: Links, loser: Stream, best: Stream, draft: Draft, now: Now
) -> None:
    del self, best, draft
    loser.take(stream.Turn.OUTRANKED)
    loser.superseded_ns = now.monotonic_ns


def _end_both(self: Links, loser: Stream, best: Stream, draft: Draft, now: Now) -> None:
    _supersede(self, loser, best, draft, now)
    self._end(loser, Refused(Ground.SUPERSEDED, ""), draft, now)


def _never_expires(one: Stream) -> None:
    del one


def _no_back_off(failures: int, random: Random) -> int:
    del failures
    return _back_off_ns(0, random)


def _back_off_in_step(failures: int, random: Random) -> int:
    del random
    return min(limits.BACK_OFF_MIN_NS << min(failures, 10), limits.BACK_OFF_MAX_NS)


def _back_off_for_ever(failures: int, random: Random) -> int:
    del random
    return limits.BACK_OFF_MIN_NS << failures


def _every_sighting_is_fresh(
    self: AddressBook, address: Address, source: Source, now_ns: int
) -> None:
    del source
    _sighted(self, address, Source.MDNS, now_ns)


def _claims_take(
    self: AddressBook,
    claimed: Iterable[Address],
    controller: bytes,
    now_ns: int,
) -> None:
    for address in claimed:
        self.sighted(address, Source.MEMBERSHIP, now_ns)
        self.belongs(address, controller)


def _always_room(self: object, *_: object) -> bool:
    del self
    return True


def _nobody_crowds(self: StreamTable) -> None:
    del self


def _never_full(self: StreamTable) -> bool:
    del self
    return False


def _forget_own(self: AddressBook, own: Iterable[Address]) -> None:
    del self, own


def _release_nothing(self: AddressBook, controller: bytes, now_ns: int) -> None:
    del self, controller, now_ns


def _waits_although_connected(entry: _Entry, connected: object) -> bool:
    del connected
    return _waits(entry, ())


def _ignore_drain(self: Links, one: int, written_bytes: int) -> None:
    del self, one, written_bytes


_rank = stream.rank
_allows = stream.allows
_back_off_ns = addresses.back_off_ns
_sighted = AddressBook.sighted
_supersede = Links._supersede
_waits = addresses._waits

MUTANTS: Final[dict[str, Mutant]] = {
    "links-each-end-prefers-its-own-dial": Mutant(
        _replace(machine, "rank", _rank_own_dial_first),
        (f"{_HERE}/test_ranking.py::test_the_stream_that_the_lower_id_dialled_counts",),
    ),
    "links-of-two-dials-of-one-side-the-first-counts": Mutant(
        _replace(machine, "rank", _rank_first_dial_first),
        (f"{_HERE}/test_ranking.py::test_the_later_dial_of_one_side_counts",),
    ),
    "links-a-former-life-may-outrank-a-later-one": Mutant(
        _replace(machine, "rank", _rank_blind_to_lives),
        (f"{_HERE}/test_ranking.py::test_a_later_life_replaces_an_earlier_one",),
    ),
    "links-strangers-are-heard-like-members": Mutant(
        _replace(machine, "allows", _allow_all),
        (f"{_HERE}/test_greeting.py::test_access_decides_what_is_heard",),
    ),
    "links-claimants-are-heard-like-members": Mutant(
        _replace(machine, "allows", _allow_claimants_all),
        (f"{_HERE}/test_greeting.py::test_access_decides_what_is_heard",),
    ),
    "links-a-dead-winner-is-never-tried": Mutant(
        _replace(Links, "_supersede", _supersede_without_a_word),
        (f"{_HERE}/test_ranking.py::test_a_standing_winner_is_tried_when_the_peer_dials_again",),
    ),
    "links-both-ends-close-the-losing-stream": Mutant(
        _replace(Links, "_supersede", _end_both),
        (
            f"{_HERE}/test_ranking.py::test_whoever_dialled_the_loser_closes_it_once_the_winner_stands",
        ),
    ),
    "links-nothing-takes-too-long": Mutant(
        _replace(machine, "expiry_of", _never_expires),
        (
            f"{_HERE}/test_greeting.py::test_no_hello_in_time_ends_the_stream",
            f"{_HERE}/test_greeting.py::test_a_quiet_stranger_is_sent_away",
            f"{_HERE}/test_ranking.py::test_a_superseded_stream_that_nobody_closes_is_closed",
        ),
    ),
    "links-dials-do-not-back-off": Mutant(
        _replace(addresses, "back_off_ns", _no_back_off),
        (
            f"{_HERE}/test_ranking.py::test_a_long_partition_heals_by_itself",
            f"{_HERE}/test_addresses.py::test_a_stream_that_lasted_ends_the_back_off",
        ),
    ),
    "links-hosts-dial-in-step": Mutant(
        _replace(addresses, "back_off_ns", _back_off_in_step),
        (f"{_HERE}/test_addresses.py::test_nobody_is_redialled_in_the_moment_of_its_loss",),
    ),
    "links-the-back-off-has-no-end": Mutant(
        _replace(addresses, "back_off_ns", _back_off_for_ever),
        (f"{_HERE}/test_addresses.py::test_an_address_is_dialled_at_once_and_never_given_up",),
    ),
    "links-a-seed-resolved-again-ends-the-back-off": Mutant(
        _replace(AddressBook, "sighted", _every_sighting_is_fresh),
        (f"{_HERE}/test_addresses.py::test_only_a_fresh_sign_of_life_ends_the_back_off",),
    ),
    "links-a-claim-takes-an-address": Mutant(
        _replace(AddressBook, "claimed", _claims_take),
        (
            f"{_HERE}/test_addresses.py::test_a_claim_does_not_take_an_address_from_who_answers_there",
        ),
    ),
    "links-the-address-book-grows": Mutant(
        _replace(AddressBook, "_make_room", _always_room),
        (f"{_HERE}/test_addresses.py::test_hints_are_bounded_and_push_out_only_what_failed",),
    ),
    "links-any-number-of-silent-connections": Mutant(
        _replace(StreamTable, "crowding", _nobody_crowds),
        (f"{_HERE}/test_bounds.py::test_connections_that_say_nothing_are_bounded",),
    ),
    "links-any-number-of-connections": Mutant(
        _replace(StreamTable, "is_overfull", _never_full),
        (f"{_HERE}/test_bounds.py::test_streams_are_bounded_in_all",),
    ),
    "links-the-newest-silent-connection-goes": Mutant(
        edit(StreamTable.crowding, "iter(crowd.values())", "reversed(crowd.values())"),
        (f"{_HERE}/test_bounds.py::test_connections_that_say_nothing_are_bounded",),
    ),
    "links-a-flood-pushes-others-out": Mutant(
        edit(
            StreamTable.crowding,
            "max(self._crowds.values(), key=len)",
            "next(iter(self._crowds.values()))",
        ),
        (f"{_HERE}/test_bounds.py::test_whoever_floods_us_is_in_its_own_way",),
    ),
    "links-any-number-of-strangers": Mutant(
        _replace(StreamTable, "has_room_for_stranger", _always_room),
        (
            f"{_HERE}/test_bounds.py::test_strangers_of_one_host_leave_room_for_others",
            f"{_HERE}/test_bounds.py::test_strangers_are_bounded_in_all",
        ),
    ),
    "links-any-number-of-strangers-from-one-host": Mutant(
        _replace(table, "STRANGERS_PER_HOST_MAX", 10**6),
        (f"{_HERE}/test_bounds.py::test_strangers_of_one_host_leave_room_for_others",),
    ),
    "links-any-number-of-hellos": Mutant(
        _replace(machine, "HELLOS_MAX", 10**6),
        (f"{_HERE}/test_bounds.py::test_hellos_on_one_stream_are_bounded",),
    ),
    "links-queues-without-end": Mutant(
        _replace(stream, "QUEUE_BYTES_MAX", 10**12),
        (f"{_HERE}/test_bounds.py::test_a_peer_that_is_too_slow_loses_its_stream",),
    ),
    "links-strangers-queues-like-members": Mutant(
        _replace(stream, "STRANGER_QUEUE_BYTES_MAX", limits.QUEUE_BYTES_MAX),
        (f"{_HERE}/test_bounds.py::test_for_strangers_less_is_kept",),
    ),
    "links-strangers-talk-like-members": Mutant(
        _replace(stream, "STRANGER_MESSAGE_BYTES_MAX", 10**6),
        (f"{_HERE}/test_bounds.py::test_what_strangers_begin_to_say_is_bounded",),
    ),
    "links-what-has-drained-is-counted-for-ever": Mutant(
        _replace(Links, "drained", _ignore_drain),
        (f"{_HERE}/test_bounds.py::test_what_drains_makes_room",),
    ),
    "links-own-addresses-are-dialled": Mutant(
        _replace(AddressBook, "own", _forget_own),
        (
            f"{_HERE}/test_greeting.py::test_our_own_address_is_never_dialled_again",
            f"{_HERE}/test_greeting.py::test_an_address_we_listen_at_is_never_dialled",
        ),
    ),
    "links-who-is-lost-is-redialled-in-the-same-moment": Mutant(
        _replace(AddressBook, "released", _release_nothing),
        (f"{_HERE}/test_addresses.py::test_nobody_is_redialled_in_the_moment_of_its_loss",),
    ),
    "links-who-is-connected-is-dialled-all-the-same": Mutant(
        _replace(addresses, "_waits", _waits_although_connected),
        (f"{_HERE}/test_addresses.py::test_a_connected_controller_is_not_dialled_elsewhere",),
    ),
    "links-none-of-ours-is-dialled-like-one-of-ours": Mutant(
        _replace(machine, "_SHUNNED", frozenset()),
        (f"{_HERE}/test_addresses.py::test_whoever_is_none_of_ours_is_looked_at_again_in_minutes",),
    ),
    "links-heard-before-judged": Mutant(
        edit(Links._heard, "stream.access is None or not allows", "stream.access and not allows"),
        (f"{_HERE}/test_greeting.py::test_a_peer_is_judged_before_it_is_heard",),
    ),
    "links-a-judgement-is-for-good": Mutant(
        edit(Links.judged, "one.access is verdict and", "one.access is not None and"),
        (f"{_HERE}/test_greeting.py::test_judgement_follows_the_roster",),
    ),
    "links-what-we-became-changes-no-judgement": Mutant(
        edit(Links.introduce, "Draft(events=self._greetings())", "Draft()"),
        (f"{_HERE}/test_greeting.py::test_a_changed_hello_is_said_and_judged_everywhere",),
    ),
    "links-a-stream-changes-its-sender": Mutant(
        edit(
            Links._heard_hello,
            "stream.sender != hello.sender",
            "stream.sender.boot < hello.sender.boot",
        ),
        (f"{_HERE}/test_greeting.py::test_a_stream_has_one_sender",),
    ),
    "links-unreadable-bytes-are-skipped": Mutant(
        edit(
            Links.frame,
            "return self._refuse(one, ground, why, now)",
            "return LinkStep()",
        ),
        (f"{_HERE}/test_greeting.py::test_unreadable_bytes_end_the_stream",),
    ),
    "links-a-loss-is-not-announced": Mutant(
        edit(Links._connect, "draft.events.append(Disconnected(former.incarnation))", "pass"),
        (
            f"{_HERE}/test_greeting.py::test_a_member_is_announced_when_it_comes_and_when_it_goes",
            f"{_HERE}/test_bounds.py::test_the_end_of_a_slow_stream_is_announced",
        ),
    ),
    "links-a-goodbye-loses-its-reason": Mutant(
        edit(Links._heard_goodbye, "Departed(stream.sender, why)", 'Departed(stream.sender, "")'),
        (f"{_HERE}/test_greeting.py::test_a_goodbye_is_passed_on_with_its_reason",),
    ),
    "links-who-leaves-dials-on": Mutant(
        edit(Links.goodbye, "self._left = True", "pass"),
        (f"{_HERE}/test_greeting.py::test_leaving_says_goodbye_everywhere_and_dials_no_more",),
    ),
}
