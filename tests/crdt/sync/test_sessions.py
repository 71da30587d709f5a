"""The sync, message by message: what each does, and what happens when it does not arrive."""

from dataclasses import replace
from random import Random

import pytest

from crdt import (
    AlarmKind,
    OwnedStore,
    Put,
    Reason,
    Secret,
    Sibling,
    Store,
    Synchronizer,
    data_set_epoch,
    decode,
    encode,
)
from crdt.limits import (
    bulk_records_min,
    datagram_bytes_max,
    pulls_max,
    resend_ns,
    serves_max,
    session_ns_max,
    window_parts,
)
from crdt.sync.messages import (
    Cover,
    Digest,
    Heard,
    Leaf,
    Message,
    More,
    Ping,
    Range,
    Records,
    Rumour,
)
from tests.crdt.duo import A, B, Duo, behind, fill
from tests.crdt.world import EPOCH, SECOND_NS, SECRET, WALL_NS, make_store

KEY = ("info", "x")


# ── PING ─────────────────────────────────────────────────────────────────────────────────────────


def test_ping_says_equal_and_that_is_all() -> None:
    """Two equal pairs of stores need one PING each way, of at most 50 bytes."""
    duo = Duo()
    fill(duo.stores[0], 100)
    duo.meet(2)
    duo.messages.clear()
    duo.sizes.clear()
    duo.meet()
    assert [type(message) for message in duo.messages] == [Ping, Ping]
    assert all(size <= 50 for size, _ in duo.sizes)


def test_ping_of_another_data_set_is_refused_and_counted() -> None:
    """As is every other message that names an epoch; nothing else happens."""
    other = data_set_epoch(b"another", 1, bytes(16))
    duo = Duo()
    store = Store(A, other, SECRET)
    stranger = Synchronizer(store, OwnedStore(A, other, SECRET), Random(0))
    delta = store.put(KEY, 1, WALL_NS)
    duo.hear(1, stranger.ping())
    duo.hear(1, stranger.rumour(delta)[0].data)
    duo.hear(1, encode(Digest(False, other[:4], 1, 0, 1, (), ())))
    assert [r.reason for r in duo.rejected] == [Reason.EPOCH] * 3
    assert duo.syncs[1].statistics().rejected == ((Reason.EPOCH, 3),)
    assert len(duo.stores[1]) == 0


def test_sums_are_compared_under_one_secret_only() -> None:
    """Under two versions of the secret equal vectors are enough, and no alarm is raised."""
    duo = Duo()
    fill(duo.stores[0], 10)
    duo.meet(2)
    duo.stores[0].rekey(Secret(b"the next one", 2))
    duo.messages.clear()
    duo.meet(2)
    assert duo.said(Digest) == 0
    _ = duo.stores[0].put(KEY, 1, WALL_NS)
    _ = duo.stores[0].remove(("k", "00001"), WALL_NS)
    _ = duo.stores[0].collect(WALL_NS, duo.stores[0].vector)
    duo.meet(3)
    assert list(duo.stores[0].records()) == list(duo.stores[1].records())
    assert duo.alarms == []


def test_each_side_pulls_what_it_lacks() -> None:
    """One PING each way makes both equal."""
    duo = Duo()
    _ = duo.stores[0].put(("from", "left"), 1, WALL_NS)
    _ = duo.stores[1].put(("from", "right"), 1, WALL_NS)
    duo.meet(2)
    assert duo.equal()
    assert len(duo.stores[0]) == 2


# ── DIGEST, RECORDS, COVER ───────────────────────────────────────────────────────────────────────


def test_only_what_the_digest_lacks_is_sent() -> None:
    """One changed key of many is one record."""
    duo = Duo()
    fill(duo.stores[0], 200)
    duo.meet(2)
    duo.messages.clear()
    duo.sizes.clear()
    _ = duo.stores[0].put(("k", "00100"), "new", WALL_NS)
    duo.hear(1, duo.syncs[0].ping())
    assert [type(message) for message in duo.messages] == [Ping, Digest, Records, Cover]
    assert sum(len(m.records) for m in duo.messages if isinstance(m, Records)) == 1
    assert sum(size for size, _ in duo.sizes[2:]) <= 100


def test_what_the_cloud_holds_is_not_sent_again() -> None:
    """A rumour that arrived beyond a gap is in the digest as a run."""
    duo = Duo()
    fill(duo.stores[0], 5)
    duo.hear(1, duo.syncs[0].rumour(duo.stores[0].put(KEY, 1, WALL_NS))[0].data)
    duo.hear(1, duo.syncs[0].ping())
    sent = [key for m in duo.messages if isinstance(m, Records) for key, _ in m.records]
    assert len(sent) == 5
    assert KEY not in sent


def test_every_message_is_a_datagram_or_goes_over_a_stream() -> None:
    """Up to 1,200 bytes by datagram; single records beyond that, and bulk transfers, by stream."""
    duo = Duo()
    fill(duo.stores[0], 300, size=60)
    _ = duo.stores[0].put(("large",), "x" * 5_000, WALL_NS)
    duo.meet(3)
    assert duo.equal()
    assert all(size <= datagram_bytes_max for size, stream in duo.sizes if not stream)
    assert sum(stream for _, stream in duo.sizes) == 1


def test_bulk_transfers_go_over_a_stream() -> None:
    """From some hundred records on, in frames that fit one of a stream's, some at a time."""
    duo = Duo()
    fill(duo.stores[0], 20 * bulk_records_min, size=60)
    duo.meet()
    assert duo.equal()
    assert all(size <= 65_536 for size, _ in duo.sizes)
    assert sum(stream for _, stream in duo.sizes) > 4
    assert duo.said(More) > 1


def test_more_parts_than_a_window_are_asked_for() -> None:
    """The sender pauses; the receiver says from where to go on."""
    duo = Duo()
    fill(duo.stores[0], bulk_records_min - 1, size=200)
    duo.meet()
    assert duo.equal()
    assert duo.said(Records) > 2 * window_parts
    assert duo.said(More) == duo.said(Records) // window_parts


def test_the_vector_is_joined_only_after_every_record() -> None:
    """With one part missing the vector stays where it was, though everything else is held."""
    duo = Duo()
    fill(duo.stores[0], 100)
    _ = duo.stores[0].remove(("k", "00000"), WALL_NS)
    duo.keep = lambda m: not (isinstance(m, Records) and m.part == 1)
    duo.hear(1, duo.syncs[0].ping())
    assert duo.said(Cover) == 1
    assert 0 < len(duo.stores[1]) < 100
    assert duo.stores[1].vector.get(A, 0) < 100
    duo.keep = lambda _: True
    duo.wake(1, resend_ns)
    assert duo.equal()


def test_a_cover_whose_sum_does_not_match_is_not_joined() -> None:
    """Counting is not enough: the sum of the dots has to match too."""
    duo = Duo()
    fill(duo.stores[0], 3)
    caught: list[Message] = []

    def catch(message: Message) -> bool:
        if isinstance(message, Records | Cover):
            caught.append(message)
        return not isinstance(message, Records | Cover)

    duo.keep = catch
    duo.hear(1, duo.syncs[0].ping())
    duo.keep = lambda _: True
    records, cover = caught
    assert isinstance(records, Records)
    assert isinstance(cover, Cover)
    stranger = make_store(b"s" * 8)
    fill(stranger, 3)
    forged = Records(False, records.session, 0, False, tuple(stranger.records()))
    duo.hear(1, encode(forged))
    duo.hear(1, encode(cover))
    assert A not in duo.stores[1].vector
    assert duo.syncs[1].statistics().pulls == 0


def test_a_cover_in_chunks_is_joined_only_when_all_are_held() -> None:
    """From some fifty replica ids on it does not fit a datagram; a part of it is worth nothing."""
    left = make_store(bytes(8))
    for number in range(1, 150):
        left.renew(number.to_bytes(8, "big"))
        _ = left.put(("k", f"{number:05}"), number, WALL_NS)
        _ = left.put(("k", f"{number - 1:05}"), number, WALL_NS)
    duo = Duo(left)
    duo.keep = lambda m: not (isinstance(m, Cover) and m.chunk == 1)
    duo.hear(1, duo.syncs[0].ping())
    assert duo.said(Cover) >= 1
    assert max(m.chunks for m in duo.messages if isinstance(m, Cover)) > 1
    assert all(size <= datagram_bytes_max for size, stream in duo.sizes if not stream)
    assert duo.stores[1].seen.clouds
    duo.keep = lambda _: True
    duo.wake(1, resend_ns)
    assert duo.equal()
    assert not duo.stores[1].seen.clouds


def test_an_empty_joiner_gets_a_plain_delta_and_inherits_the_floor() -> None:
    """It holds nothing that could be dead, so there is nothing to compare."""
    duo = Duo()
    fill(duo.stores[0], 20)
    _ = duo.stores[0].remove_prefix(("k",), WALL_NS)
    fill(duo.stores[0], 5)
    _ = duo.stores[0].collect(WALL_NS, duo.stores[0].vector)
    duo.hear(1, duo.syncs[0].ping())
    assert duo.equal()
    assert duo.said(Leaf) == 0
    assert dict(duo.stores[1].floor) == dict(duo.stores[0].floor) != {}


def test_a_peer_that_claims_writes_of_mine_is_not_believed() -> None:
    """A vector that covers dots of this very replica id that it has not made: an alarm, no join."""
    duo = Duo()
    fill(duo.stores[1], 3)
    duo.hear(0, duo.syncs[1].ping())
    duo.stores[0].seen.vector[B] = 9
    duo.stores[0].touched()
    duo.hear(1, duo.syncs[0].ping())
    assert [alarm.kind for alarm in duo.alarms] == [AlarmKind.OVERCLAIM]
    assert duo.stores[1].vector[B] == 3


def test_a_rejected_record_keeps_the_vector_from_being_joined() -> None:
    """What was refused was not applied, so the cover does not hold."""
    left = Store(A, EPOCH, SECRET)
    right = Store(B, EPOCH, SECRET, verify=lambda *_: False)
    fill(left, 2)
    duo = Duo(left, right)
    duo.meet(2)
    assert len(right) == 0
    assert A not in right.vector
    assert Reason.FORGED in {r.reason for r in duo.rejected}


# ── RUMOUR ───────────────────────────────────────────────────────────────────────────────────────


def test_rumours_are_taken_at_once_and_claim_nothing() -> None:
    """The cloud holds them; what inflated is reported, and nothing the second time."""
    duo = Duo()
    fill(duo.stores[0], 3)
    delta = duo.stores[0].put(KEY, 1, WALL_NS)
    (parcel,) = duo.syncs[0].rumour(delta)
    first = duo.syncs[1].receive(b"left", parcel.data, SECOND_NS, WALL_NS)
    again = duo.syncs[1].receive(b"left", parcel.data, SECOND_NS, WALL_NS)
    assert (first.kept, again.kept) == (delta, ())
    assert A not in duo.stores[1].vector
    assert duo.stores[1].seen.covers(A, 4)


def test_rumours_fill_datagrams_and_large_ones_go_over_a_stream() -> None:
    """A batch is split; a record that does not fit is marked."""
    duo = Duo()
    delta = duo.stores[0].write([Put(("k", str(n)), "x" * 100) for n in range(50)], WALL_NS)
    parcels = duo.syncs[0].rumour(delta)
    assert len(parcels) > 4
    assert all(len(p.data) <= datagram_bytes_max and not p.stream for p in parcels)
    (large,) = duo.syncs[0].rumour(duo.stores[0].put(KEY, "x" * 2_000, WALL_NS))
    assert large.stream
    gone = ((KEY, ()),)
    assert duo.syncs[0].rumour(gone) == ()


def test_owned_entries_travel_apart() -> None:
    """A rumour of the owned store reaches the owned store."""
    duo = Duo()
    for store in duo.owned:
        _ = store.announce("ann", A, SECOND_NS)
    delta = duo.owned[0].put(("instances", "ann", "web"), "up", WALL_NS)
    (parcel,) = duo.syncs[0].rumour(delta, owned=True)
    outcome = duo.syncs[1].receive(b"left", parcel.data, SECOND_NS, WALL_NS)
    assert (outcome.kept, outcome.owned) == ((), delta)
    assert len(duo.stores[1]) == 0


# ── Loss, time and bounds ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "lost", [Digest, Records, Cover, Range, Leaf, More], ids=lambda t: t.__name__
)
def test_a_lost_message_is_asked_for_again(lost: type[Message]) -> None:
    """Each kind, lost once: the session asks again, and ends well."""
    duo = behind(20_000, [77]) if lost in (Range, Leaf) else Duo()
    if lost not in (Range, Leaf):
        fill(duo.stores[0], bulk_records_min - 1, size=200)
    dropped: list[Message] = []

    def lose_one(message: Message) -> bool:
        if isinstance(message, lost) and not dropped:
            dropped.append(message)
            return False
        return True

    duo.keep = lose_one
    duo.hear(1, duo.syncs[0].ping())
    for _ in range(3):
        duo.wake(1, resend_ns)
    assert dropped
    assert duo.equal()
    assert duo.syncs[1].statistics().pulls == 0


def test_a_session_that_gets_no_answers_ends_at_its_deadline() -> None:
    """Nothing is wedged: it asks again for a while, gives up, and the next PING starts another."""
    duo = Duo()
    fill(duo.stores[0], 3)
    duo.keep = lambda m: isinstance(m, Ping)
    duo.hear(1, duo.syncs[0].ping())
    sync = duo.syncs[1]
    asked = 0
    for _ in range(2 * session_ns_max // resend_ns):
        duo.now_ns = sync.deadline or duo.now_ns
        asked += len(sync.wake(duo.now_ns).replies)
    assert sync.deadline is None
    assert asked == session_ns_max // resend_ns - 1
    duo.keep = lambda _: True
    duo.meet()
    assert duo.equal()


def test_answers_that_nobody_asked_for_change_nothing() -> None:
    """Old, foreign or invented: counted as stale, and dropped."""
    duo = Duo()
    fill(duo.stores[0], 3)
    messages: list[Message] = [
        Records(False, 1, 0, False, tuple(duo.stores[0].records())),
        Cover(False, 1, 0, 1, 0, 0, bytes(8), bytes(8), 1, (Heard(A, 99),), ()),
        Range(False, 1, 0, 1, A, 2, 0, (0,) * 16),
        Range(False, 1, 1, 1, A, 2, 0, (0,) * 16),
        Leaf(False, 1, 1, 1, A, 0, 1, 0, 0, False),
        More(False, 1, 0),
    ]
    for message in messages:
        duo.hear(1, encode(message))
    assert {r.reason for r in duo.rejected} == {Reason.STALE}
    assert len(duo.rejected) == len(messages)
    assert len(duo.stores[1]) == 0
    assert dict(duo.stores[1].vector) == {}


def test_answers_to_an_earlier_session_change_nothing() -> None:
    """A COVER of the session before, late, is not taken for that of the session that is open."""
    duo = Duo()
    fill(duo.stores[0], 3)
    late: list[Message] = []

    def delay(message: Message) -> bool:
        if isinstance(message, Records | Cover):
            late.append(message)
        return not isinstance(message, Records | Cover)

    duo.keep = delay
    duo.hear(1, duo.syncs[0].ping())
    first = list(late)
    duo.wake(1, session_ns_max)
    duo.hear(1, duo.syncs[0].ping())
    assert duo.syncs[1].statistics().pulls == 1
    duo.keep = lambda _: True
    for message in first:
        duo.hear(1, encode(message))
    assert len(duo.stores[1]) == 0
    assert {r.reason for r in duo.rejected} == {Reason.STALE}


def test_messages_replayed_after_the_session_change_nothing() -> None:
    """Every message of a whole exchange, and every rumour before it, once more and shuffled."""
    duo = behind(60, [1, 2, 3])
    duo.meet(2)
    as_it_was = make_store(A)
    fill(as_it_was, 60)
    old = list(duo.messages)
    old += [Rumour(False, EPOCH[:4], (record,)) for record in as_it_was.records()]
    before = [(store.extent_hash(), store.root()) for store in duo.stores]
    Random(1).shuffle(old)
    for message in old:
        for side in (0, 1):
            duo.hear(side, encode(message))
    assert [(store.extent_hash(), store.root()) for store in duo.stores] == before


def test_sessions_are_bounded_in_number() -> None:
    """A thousand peers at once open no more sessions than the bounds allow, on either side."""
    duo = Duo()
    fill(duo.stores[0], 3)
    ping = duo.syncs[0].ping()
    for number in range(1_000):
        _ = duo.syncs[1].receive(number.to_bytes(2, "big"), ping, SECOND_NS, WALL_NS)
        digest = encode(Digest(False, EPOCH[:4], number, 0, 2, (), ()))
        _ = duo.syncs[1].receive(number.to_bytes(2, "big"), digest, SECOND_NS, WALL_NS)
    statistics = duo.syncs[1].statistics()
    assert statistics.pulls == pulls_max
    assert statistics.serves == serves_max


def test_a_peer_that_is_forgotten_leaves_no_session() -> None:
    """Neither of its own nor of ours."""
    duo = Duo()
    fill(duo.stores[0], 3)
    duo.keep = lambda m: not isinstance(m, Cover)
    duo.meet()
    for side in (0, 1):
        for name in (b"left", b"right"):
            duo.syncs[side].forget(name)
        statistics = duo.syncs[side].statistics()
        assert (statistics.pulls, statistics.serves) == (0, 0)


def test_what_everybody_holds_is_known_from_what_they_said() -> None:
    """A digest or an equal PING tells; a peer never heard of holds nothing."""
    duo = Duo()
    fill(duo.stores[0], 3)
    duo.meet(2)
    assert duo.syncs[0].held_by_all([b"right"]) == {A: 3}
    assert duo.syncs[0].held_by_all([b"right", b"stranger"]) == {}
    assert duo.syncs[0].held_by_all([]) == {A: 3}


def test_a_vector_of_a_million_entries_is_not_asked_for() -> None:
    """Chunks beyond the bound are no message."""
    message = Digest(False, EPOCH[:4], 1, 0, 1, (), ())
    assert decode(encode(message)) == message
    assert not isinstance(decode(encode(replace(message, chunks=10**6))), Digest)


def test_far_future_stamps_are_counted() -> None:
    """Flagged, and merged all the same."""
    duo = Duo()
    record = ((KEY, (Sibling(b"f" * 8, 1, 2**63, "far"),)),)
    duo.hear(1, encode(Rumour(False, EPOCH[:4], record)))
    assert KEY in duo.stores[1]
    assert duo.syncs[1].statistics().far_future == 1
