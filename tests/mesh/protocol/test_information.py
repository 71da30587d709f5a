"""Running information on one controller and between two: writes, news, comparisons, collection."""

from collections.abc import Iterable
from random import Random

import pytest

from crdt import Writable
from mesh.protocol.effects import WriteStore
from mesh.protocol.information import (
    COLLECT_EVERY_NS,
    COMPARE_AFTER_NS,
    DataSet,
    Information,
    RefusedWrite,
)
from mesh.protocol.inputs import Write
from mesh.protocol.now import MILLISECOND, SECOND, Now
from mesh.protocol.outgoing import DIRECT_PEERS_MAX, FANOUT, Outgoing
from mesh.wire.identity import Incarnation
from mesh.wire.messages import StoreMessage

WALL_NS = 1_800_000_000 * SECOND
DATA = DataSet(b"e" * 32, 1, bytes(16), b"s" * 32, 0)
MOTD = ("info", "motd")


def at(milliseconds: int) -> Now:
    """So long after the beginning."""
    return Now(milliseconds * MILLISECOND, WALL_NS + milliseconds * MILLISECOND)


def life(letter: str, boot: int = 1) -> Incarnation:
    """One life of the controller called ``letter``."""
    return Incarnation(letter.encode() * 32, boot, f"{letter}{boot:07}".encode())


def stores(letter: str, *peers: str) -> Information:
    """The stores of one controller that knows ``peers``, and itself."""
    own = life(letter)
    made = Information(own, DATA, Random(1), (), None)
    for each in (own, *map(life, peers)):
        _ = made.announce(each, at(0))
    return made


def put(
    information: Information, value: Writable, *peers: str, now: Now | None = None
) -> tuple[Outgoing, ...]:
    """Write one entry and tell ``peers``."""
    when = at(0) if now is None else now
    return information.write([Write(MOTD, value)], [life(each) for each in peers], when)


def deliver(outgoing: Iterable[Outgoing], source: str, to: Information, now: Now) -> list[Outgoing]:
    """Hand over what ``source`` said; the answers."""
    answers: list[Outgoing] = []
    for each in outgoing:
        assert isinstance(each.message, StoreMessage)
        answers.extend(to.receive(life(source), each.message.payload, (), now).outgoing)
    return answers


def converse(one: Information, other: Information, now: Now) -> None:
    """Compare the two until neither has anything to say; they are called a and b."""
    to_other = list(one.compare(life("b"), other.ping(), now).outgoing)
    to_one = list(other.compare(life("a"), one.ping(), now).outgoing)
    for _ in range(50):
        if not (to_one or to_other):
            return
        from_other = deliver(to_other, "a", other, now)
        to_other = deliver(to_one, "b", one, now)
        to_one = from_other
    raise AssertionError("they never fall silent")


def reading(information: Information) -> object:
    """What is read at MOTD."""
    found = information.read(MOTD)
    return None if found is None else found.value


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (0.5, 0.5),
        (b"raw", b"raw"),
        ([1, [2.5]], (1, (2.5,))),
        ((True, None), (True, None)),
    ],
)
def test_all_plain_data_may_be_written(written: Writable, kept: object) -> None:
    """Fractions and bytes, too, which a configuration does not take; lists are frozen."""
    store = stores("a")
    _ = put(store, written)
    assert reading(store) == kept


def test_a_write_reaches_every_peer_with_one_message() -> None:
    """Told at once, and read there."""
    one, other = stores("a", "b", "c"), stores("b", "a")
    told = put(one, "hello", "b", "c")
    assert [each.to for each in told] == [life("b"), life("c")]
    heard = other.receive(life("a"), told[0].message.payload, (), at(1))  # type: ignore[union-attr]
    assert heard.changed == (MOTD,)
    assert reading(other) == "hello"


def test_a_write_that_is_refused_changes_nothing() -> None:
    """A key that no entry may have, a token that was never given out."""
    one = stores("a")
    _ = one.dirty()
    with pytest.raises(RefusedWrite):
        _ = one.write([Write((), 1)], (), at(0))
    with pytest.raises(RefusedWrite):
        _ = one.write([Write(MOTD, 1, seen=b"invented")], (), at(0))
    assert reading(one) is None
    assert one.dirty() is None


def test_what_was_written_is_to_be_persisted_once() -> None:
    """Records and the vector over them, in one piece."""
    one = stores("a")
    _ = put(one, "hello")
    dirty = one.dirty()
    assert isinstance(dirty, WriteStore)
    assert len(dirty.records) == 1
    assert one.dirty() is None


def test_a_restart_reads_what_was_persisted() -> None:
    """Under a new incarnation, with the same records."""
    one = stores("a")
    _ = put(one, "hello")
    dirty = one.dirty()
    assert dirty is not None
    records = [(key, record) for key, record in dirty.records if record is not None]
    again = Information(life("a", 2), DATA, Random(1), records, dirty.metadata)
    assert reading(again) == "hello"
    assert again.damaged == ()


def test_a_removal_takes_what_is_visible_below_a_prefix() -> None:
    """And nothing else."""
    one = stores("a")
    _ = put(one, "hello")
    _ = one.write([Write(("other",), 1)], (), at(0))
    _ = one.remove(("info",), (), at(1))
    assert [key for key, _ in one.items(())] == [("other",)]


def test_a_lost_push_is_noticed_by_comparing() -> None:
    """Twenty milliseconds after a push its receivers are due to be told what is held."""
    one, other = stores("a", "b"), stores("b", "a")
    _ = put(one, "hello", "b")
    assert one.due_comparisons(at(0)) == ()
    later = Now(COMPARE_AFTER_NS, WALL_NS + COMPARE_AFTER_NS)
    assert one.deadline_ns == COMPARE_AFTER_NS
    assert one.due_comparisons(later) == (life("b"),)
    assert one.due_comparisons(later) == ()
    converse(one, other, later)
    assert reading(other) == "hello"
    assert one.ping() == other.ping()


def test_in_a_large_mesh_a_few_are_told_and_pass_it_on() -> None:
    """What is new travels on, never back to where it came from."""
    everybody = [
        Incarnation(bytes([n]) * 32, 1, bytes([n]) * 8) for n in range(1, DIRECT_PEERS_MAX + 3)
    ]
    one, other = stores("a", "b"), stores("b", "a")
    told = one.write([Write(MOTD, 1)], everybody, at(0))
    assert len(told) == FANOUT
    message = told[0].message
    assert isinstance(message, StoreMessage)
    heard = other.receive(life("a"), message.payload, [life("a"), *everybody], at(1))
    assert len(heard.outgoing) == FANOUT
    assert life("a") not in [each.to for each in heard.outgoing]
    again = other.receive(life("a"), message.payload, [life("a"), *everybody], at(1))
    assert again.outgoing == ()


def test_only_lives_that_are_known_are_heard() -> None:
    """A current one, or one to whom a stream stands; and after that stream, no more."""
    one, other = stores("a", "b"), stores("b")
    (told,) = put(one, "hello", "b")
    assert isinstance(told.message, StoreMessage)
    assert other.receive(life("a"), told.message.payload, (), at(1)).rejected == 1
    other.meet(life("a"))
    assert other.receive(life("a"), told.message.payload, (), at(1)).changed == (MOTD,)
    other.forget(life("a"))
    assert other.receive(life("a"), told.message.payload, (), at(1)).rejected == 1


def test_a_current_life_is_heard_without_a_stream() -> None:
    """Datagrams go on where a stream ended."""
    one, other = stores("a", "b"), stores("b", "a")
    (told,) = put(one, "hello", "b")
    other.forget(life("a"))
    assert isinstance(told.message, StoreMessage)
    assert other.receive(life("a"), told.message.payload, (), at(1)).changed == (MOTD,)


@pytest.mark.parametrize("successor", [life("a", 2), None], ids=["restarted", "removed"])
def test_what_a_controller_says_of_itself_ends_with_its_life(successor: Incarnation | None) -> None:
    """A newer life of it makes the entries of the former one go; leaving the roster, too."""
    one, other = stores("a", "b"), stores("b", "a")
    path = ("swap", life("a").controller.hex(), "00")
    _ = deliver(one.publish({path: 1}, (), [life("b")], at(0)), "a", other, at(1))
    assert [key for key, _ in other.owned.items(())] == [path]
    if successor is None:
        changed = other.dismiss(life("a").controller, at(2))
    else:
        changed = other.announce(successor, at(2))
    assert changed == (path,)
    assert list(other.owned.items(())) == []


def test_nobody_publishes_for_another() -> None:
    """The owner stands in the key."""
    one = stores("a", "b")
    with pytest.raises(RefusedWrite):
        _ = one.publish({("swap", life("b").controller.hex(), "00"): 1}, (), (), at(0))


def test_what_is_taken_back_leaves_nothing_in_the_end() -> None:
    """The removals of own entries are collected as those of others are."""
    one = stores("a")
    for number in range(8):
        path = ("swap", life("a").controller.hex(), f"{number:02}")
        _ = one.publish({path: 1}, (), (), at(0))
        _ = one.publish({}, (path,), (), at(1))
    assert len(one.owned) == 8
    hours = Now(2 * 3_600 * SECOND, WALL_NS + 2 * 3_600 * SECOND)
    _ = one.wake(hours)
    assert len(one.owned) == 0


def test_removals_go_when_everybody_has_them() -> None:
    """All of the roster, as last heard; before that they stay for whoever comes late."""
    one, other = stores("a", "b"), stores("b", "a")
    one.roster([b"a" * 32, b"b" * 32])
    _ = deliver(put(one, "hello", "b"), "a", other, at(1))
    _ = one.remove(MOTD, (), at(2))
    minute = Now(COLLECT_EVERY_NS, WALL_NS + COLLECT_EVERY_NS)
    _ = one.wake(minute)
    assert len(one.kept) == 1
    converse(one, other, minute)
    _ = one.compare(life("b"), other.ping(), minute)
    _ = one.wake(Now(2 * COLLECT_EVERY_NS, WALL_NS + 2 * COLLECT_EVERY_NS))
    assert len(one.kept) == 0
