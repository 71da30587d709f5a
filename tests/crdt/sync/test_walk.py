"""The walk over ranges, for whoever is behind the floor or differs: who sends, who drops."""

from random import Random

import pytest

from crdt import (
    AlarmKind,
    Reason,
    Synchronizer,
    encode,
)
from crdt.limits import (
    resend_ns,
)
from crdt.sync.messages import (
    Cover,
    Digest,
    Leaf,
    Message,
    Ping,
    Range,
)
from tests.crdt.duo import A, B, Duo, behind, fill
from tests.crdt.world import WALL_NS, make_owned, make_store

KEY = ("info", "x")


# ── RANGE and LEAF ───────────────────────────────────────────────────────────────────────────────


def test_who_is_behind_the_floor_drops_what_is_dead() -> None:
    """The tombstone is gone; comparing live dots finds what it had removed."""
    duo = behind(100, [3, 50])
    assert ("k", "00050") in duo.stores[1]
    duo.meet(2)
    assert duo.equal()
    assert ("k", "00050") not in duo.stores[1]
    assert len(duo.stores[1]) == 98
    assert duo.alarms == []


def test_one_of_many_behind_the_floor_costs_two_round_trips_and_500_bytes() -> None:
    """DIGEST and COVER with the largest ranges, then one question and its leaf."""
    duo = behind(20_000, [12_345])
    duo.hear(1, duo.syncs[0].ping())
    assert duo.equal()
    said = [type(message) for message in duo.messages]
    assert said == [Ping, Digest, Range, Cover, Range, Leaf]
    assert sum(size for size, _ in duo.sizes[1:]) <= 500


def test_many_dead_in_many_ranges_are_all_found() -> None:
    """Also where more has to be asked than goes out at a time."""
    duo = behind(20_000, list(range(0, 20_000, 97)))
    duo.meet(2)
    assert duo.equal()
    assert len(duo.stores[1]) == 20_000 - len(range(0, 20_000, 97))
    assert duo.alarms == []


def test_what_is_live_here_and_not_seen_there_is_spared() -> None:
    """Being behind the floor takes nothing away that the peer has not heard of."""
    duo = behind(50, [7])
    _ = duo.stores[1].put(("new",), 1, WALL_NS)
    _ = duo.stores[1].put(("k", "00008"), "changed", WALL_NS)
    duo.meet(3)
    assert duo.equal()
    assert ("new",) in duo.stores[0]
    assert ("k", "00007") not in duo.stores[1]


def test_where_the_floor_is_covered_nobody_drops_and_what_was_lost_is_taken_again() -> None:
    """Who lost live records, and says that it has seen everything, erases nothing.

    It gets them back, and the alarm names who had them.
    """
    duo = Duo()
    fill(duo.stores[0], 60)
    duo.meet(2)
    for number in (5, 40):
        duo.stores[1].table.replace(("k", f"{number:05}"), ())
    duo.meet(3)
    assert duo.equal()
    assert len(duo.stores[0]) == len(duo.stores[1]) == 60
    assert {(a.kind, a.peer) for a in duo.alarms} == {(AlarmKind.REPAIRED, b"left")}


@pytest.mark.parametrize("seed", range(8))
def test_a_peer_that_sends_an_empty_cover_erases_nothing(seed: int) -> None:
    """Who claims to have seen all, and to hold nothing, poisons whoever joins its vector.

    From the others everything is taken again, and nothing is dropped.
    """
    random = Random(seed)
    honest, victim = make_store(A), make_store(B)
    for number in range(random.randrange(20, 60)):
        delta = honest.put(("k", str(number)), number, WALL_NS)
        if random.random() < 0.7:
            _ = victim.apply(delta, WALL_NS)
    liar = make_store(b"l" * 8)
    liar.seen.vector[A] = honest.counter
    duo = Duo(liar, victim)
    duo.meet(2)
    assert victim.vector[A] == honest.counter
    duo = Duo(honest, victim)
    duo.meet(4)
    assert duo.equal()
    assert len(victim) == len(honest) == honest.counter


def test_contents_that_differ_under_one_dot_are_found_and_settled() -> None:
    """The greater content stays everywhere, and an alarm keeps both."""
    duo = Duo()
    fill(duo.stores[0], 30)
    duo.meet(2)
    key = ("k", "00011")
    (sibling,) = duo.stores[1].record(key) or ()
    duo.stores[1].table.replace(key, (sibling._replace(value="zzz"),))
    duo.meet(3)
    assert duo.equal()
    assert AlarmKind.EQUIVOCATION in {alarm.kind for alarm in duo.alarms}
    assert all(alarm.evidence for alarm in duo.alarms)


def test_a_dot_that_arrives_during_the_walk_is_looked_at_again() -> None:
    """What a third store brings meanwhile may be dead at this peer, in a part that was equal."""
    duo = behind(5_000, [7, 3_000])
    right, key = duo.stores[1], ("k", "00007")
    late = Synchronizer(right, make_owned(B), Random(3)).rumour(((key, right.record(key) or ()),))
    right.table.replace(key, ())
    right.seen.vector.clear()
    right.touched()
    arrived: list[Message] = []

    def interrupt(message: Message) -> bool:
        if isinstance(message, Range) and message.turn and not arrived:
            arrived.append(message)
            _ = duo.syncs[1].receive(b"third", late[0].data, duo.now_ns, WALL_NS)
            assert key in right
        return True

    duo.keep = interrupt
    duo.hear(1, duo.syncs[0].ping())
    duo.wake(1, resend_ns)
    assert arrived
    assert duo.equal()
    assert key not in right


def test_nothing_is_dropped_once_the_floor_is_covered() -> None:
    """What a walk found dead is looked at again at its end.

    If this store has come to see as far as the floor meanwhile, it has missed no tombstone, and
    the peer may have lost something.
    """
    duo = behind(40, [7])
    left, right = duo.stores

    def interrupt(message: Message) -> bool:
        if isinstance(message, Range) and message.turn:
            right.seen.join(left.seen.extent())
            right.touched()
        return True

    duo.keep = interrupt
    duo.hear(1, duo.syncs[0].ping())
    assert right.seen.reaches(left.seen.extent())
    assert ("k", "00007") in right


def test_what_was_written_during_the_walk_is_fetched_before_anything_is_dropped() -> None:
    """A dot superseded after COVER: its superseder has to be held first, or both could be lost."""
    duo = behind(40, [7])
    left, right = duo.stores
    wrote = False

    def write(message: Message) -> bool:
        nonlocal wrote
        if isinstance(message, Range) and message.turn and not wrote:
            wrote = True
            _ = left.put(("k", "00008"), "during the walk", WALL_NS)
        return True

    duo.keep = write
    duo.hear(1, duo.syncs[0].ping())
    assert wrote
    assert duo.said(Digest) == 2
    reading = right.read(("k", "00008"))
    assert reading is not None
    assert reading.value == "during the walk"


def test_a_question_from_before_a_restart_is_not_answered() -> None:
    """A process that has lost what the old one held would make it look as if all were dead."""
    duo = behind(40, [7])
    caught: list[bytes] = []

    def restart(message: Message) -> bool:
        if isinstance(message, Range) and message.turn:
            caught.append(encode(message))
            return False
        return True

    duo.keep = restart
    duo.hear(1, duo.syncs[0].ping())
    fresh = Synchronizer(make_store(b"n" * 8), make_owned(b"n" * 8), Random(9))
    outcome = fresh.receive(b"right", caught[0], duo.now_ns, WALL_NS)
    assert outcome.replies == ()
    assert [r.reason for r in outcome.rejected] == [Reason.STALE]
