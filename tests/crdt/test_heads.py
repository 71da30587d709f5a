"""How far somebody has written is believed only as he signed it himself."""

from collections.abc import Callable

import pytest

from crdt import AlarmKind, Put, Reason, Store, restore
from crdt.heads import Head, Heads
from crdt.limits import datagram_bytes_max
from crdt.sync.messages import Cover, Message, More
from tests.crdt.duo import A, B, C, Duo, fill
from tests.crdt.signing import Verifier, sign, signed_duo, signed_store
from tests.crdt.world import AT_ONCE, EPOCH, SECRET, WALL_NS, Disk, World, shown_in

AHEAD = 1_000_000
LIAR, WRITER, READER = A, B, C
CONTROLLER = b"c" * 32


def covers(duo: Duo) -> list[Cover]:
    """Every COVER that arrived."""
    return [message for message in duo.messages if isinstance(message, Cover)]


def overclaims(duo: Duo) -> list[str]:
    """What alarms of this kind say."""
    return [alarm.detail for alarm in duo.alarms if alarm.kind is AlarmKind.OVERCLAIM]


def gone(store: Store, count: int = 1) -> None:
    """Write so many entries, one by one, and remove the last; nothing of that stays."""
    for number in range(count):
        _ = store.put(("k", f"{number}"), number, WALL_NS)
    _ = store.remove(("k", f"{count - 1}"), WALL_NS)
    assert store.collect(WALL_NS, None, AT_ONCE) == 1


def lying(counter: int, head: Head | None = None) -> tuple[Duo, Store]:
    """A liar on the left that says how far the writer has come, and one that listens."""
    liar, reader = signed_store(LIAR), signed_store(READER)
    _ = liar.put(("own",), "true", WALL_NS)
    liar.seen.vector[WRITER] = counter
    if head is not None:
        liar.heads.note(head)
    duo = signed_duo(liar, reader)
    duo.meet()
    return duo, reader


# ── What is told ─────────────────────────────────────────────────────────────────────────────────


def test_what_is_live_proves_itself() -> None:
    """The last write is among the records: no head goes along, and nothing is verified twice."""
    verifier = Verifier()
    duo = signed_duo(right=signed_store(B, verifier))
    _ = duo.stores[0].write([Put(("k", f"{n}"), n) for n in range(5)], WALL_NS)
    duo.meet()
    assert duo.equal()
    assert not any(cover.heads for cover in covers(duo))
    assert verifier.checked == 1


def test_where_the_last_write_is_gone_its_head_goes_along() -> None:
    """What was removed and collected proves nothing any more; the signature over it does."""
    verifier = Verifier()
    duo = signed_duo(right=signed_store(B, verifier))
    gone(duo.stores[0], 3)
    duo.meet()
    assert duo.equal()
    assert dict(duo.stores[1].vector) == {A: 4}
    assert [head.last for cover in covers(duo) for head in cover.heads] == [4]
    assert verifier.checked == 3, "two entries and the head"
    assert not duo.alarms


def test_a_head_is_handed_on() -> None:
    """Who learned of a writer by its head can prove it to the next one."""
    duo = signed_duo()
    gone(duo.stores[0])
    duo.meet()
    onward = signed_duo(duo.stores[1], signed_store(C))
    onward.meet()
    assert onward.equal()
    assert onward.stores[1].heads.last(A) == 2
    assert not onward.alarms


def test_what_is_superseded_while_it_is_sent_is_proven_by_its_head() -> None:
    """Live at the start, and overwritten before its turn came: its writer's head goes along."""
    duo = signed_duo()
    left, right = duo.stores
    other = signed_store(b"z" * 8)
    _ = left.apply(other.put(("k",), "first", WALL_NS), WALL_NS)
    fill(left, 100, size=500)

    def overwrite(message: Message) -> bool:
        if isinstance(message, More) and left.counter == 100:
            _ = left.put(("k",), "second", WALL_NS)
        return True

    duo.keep = overwrite
    duo.hear(1, duo.syncs[0].ping())
    assert right.vector == {A: 101, b"z" * 8: 1}
    assert not duo.alarms


def test_many_heads_go_in_datagrams() -> None:
    """A COVER of fifty writers whose last writes are gone is told in chunks, and joined whole."""
    duo = signed_duo()
    for number in range(50):
        writer = signed_store(b"w%07d" % number)
        gone(writer)
        meeting = signed_duo(writer, duo.stores[0])
        meeting.meet()
        assert not meeting.alarms
    duo.meet()
    assert duo.equal()
    assert len(duo.stores[1].vector) == 50
    assert len(covers(duo)) > 6
    assert all(size <= datagram_bytes_max for size, stream in duo.sizes if not stream)


# ── What is not believed ─────────────────────────────────────────────────────────────────────────


def forged(_: Head) -> Head:
    """Signed by the liar."""
    return Head(WRITER, AHEAD, 1, b"r" * 32, sign(LIAR, b"anything"))


def shifted(head: Head) -> Head:
    """The writer's own head, said to be further."""
    return head._replace(first=AHEAD)


def too_low(head: Head) -> Head:
    """The writer's own head, which proves less than is claimed."""
    return head


@pytest.mark.parametrize("make", [forged, shifted, too_low, None])
def test_what_its_writer_has_not_signed_counts_for_nothing(
    make: Callable[[Head], Head] | None,
) -> None:
    """Nothing of such a COVER is taken over, it is counted, and an alarm names who said it."""
    writer = signed_store(WRITER)
    _ = writer.put(("k",), 1, WALL_NS)
    head = writer.heads.get(WRITER)
    assert head is not None
    duo, reader = lying(AHEAD, make(head) if make else None)
    assert WRITER not in reader.vector
    assert reader.heads.get(WRITER) is None
    assert [rejected.reason for rejected in duo.rejected] == [Reason.UNPROVEN]
    assert overclaims(duo) == [f"of {WRITER.hex()}"]
    assert [alarm.peer for alarm in duo.alarms] == [b"left"]


def test_what_is_not_believed_hides_nothing() -> None:
    """What the writer says next is taken, and so are records that came with the lie."""
    duo, reader = lying(AHEAD)
    writer = signed_store(WRITER)
    assert reader.apply(writer.put(("k",), "heard", WALL_NS), WALL_NS).inflated
    assert ("own",) in reader
    assert not reader.seen.covers(WRITER, 2)
    assert duo.alarms


def test_what_is_known_here_needs_no_proof() -> None:
    """A claim up to what the writer was heard to say is believed from anybody."""
    writer, liar, reader = signed_store(WRITER), signed_store(LIAR), signed_store(READER)
    _ = writer.put(("k",), 1, WALL_NS)
    last = writer.put(("l",), 2, WALL_NS)
    _ = reader.apply(last, WALL_NS)
    liar.seen.vector[WRITER] = 2
    duo = signed_duo(liar, reader)
    duo.meet()
    assert reader.vector[WRITER] == 2
    assert not duo.alarms


def test_a_writer_that_nobody_here_knows_is_no_lie() -> None:
    """Its Boot may be under way still: nothing is taken over, and nobody is accused."""
    left, right = signed_store(A), signed_store(B, Verifier(A))
    gone(left)
    duo = signed_duo(left, right)
    duo.meet()
    assert not right.vector
    assert Reason.UNKNOWN in {rejected.reason for rejected in duo.rejected}
    assert not duo.alarms
    known = signed_duo(left, signed_store(B))
    known.meet()
    assert known.equal()


def test_who_becomes_current_in_mid_session_is_no_lie() -> None:
    """Its records were passed over before it was known, so nothing is asked of its vector, too."""
    duo = signed_duo()
    left, right = duo.owned
    _ = left.announce("a" * 8, A, 0)
    _ = left.put(("instance", "a" * 8, "web"), "up", WALL_NS)

    def announced(message: Message) -> bool:
        if isinstance(message, Cover) and any(heard.through for heard in message.entries):
            _ = right.announce("a" * 8, A, 0)
        return True

    duo.keep = announced
    duo.meet(2)
    assert duo.equal()
    assert not duo.alarms


def test_no_more_is_verified_than_the_first_lie() -> None:
    """A thousand forged heads cost one check."""
    verifier = Verifier()
    liar, reader = signed_store(LIAR), signed_store(READER, verifier)
    for number in range(100):
        name = b"w%07d" % number
        liar.seen.vector[name] = 5
        liar.heads.note(Head(name, 5, 1, b"r" * 32, b"s" * 64))
    signed_duo(liar, reader).meet()
    assert verifier.checked == 1


# ── What is hidden ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("floor", [False, True], ids=["nothing-below", "collected-below"])
def test_what_a_liar_hides_below_a_true_head_an_honest_one_brings_back(floor: bool) -> None:  # noqa: FBT001 - a parameter
    """Who was told the truth about how far, and nothing of what, compares and takes it again."""
    writer = signed_store(WRITER)
    for number in range(5):
        _ = writer.put(("k", f"{number}"), number, WALL_NS)
    liar, reader = signed_store(LIAR), signed_store(READER)
    signed_duo(writer, liar).meet()
    for key, _ in list(liar.records()):
        liar.table.replace(key, ())
    if floor:
        liar.seen.floor[WRITER] = 5
    liar.touched()
    signed_duo(liar, reader).meet()
    assert reader.vector[WRITER] == 5
    assert not len(reader)
    honest = signed_duo(writer, reader)
    honest.meet(3)
    assert honest.equal()
    assert len(reader) == len(writer) == 5
    assert [alarm.kind for alarm in honest.alarms] == [AlarmKind.REPAIRED]


def test_a_gap_does_not_keep_what_was_hidden() -> None:
    """Where a write between is lost for everybody, what lies before it is compared all the same."""
    writer, other, reader = signed_store(WRITER), signed_store(LIAR), signed_store(READER)
    first = writer.put(("a",), 1, WALL_NS)
    _ = writer.put(("b",), "lost", WALL_NS)
    last = writer.put(("c",), 3, WALL_NS)
    for store in (other, reader):
        _ = store.apply(first + last, WALL_NS)
    reader.table.replace(("a",), ())
    duo = signed_duo(other, reader)
    duo.meet(2)
    assert duo.equal()
    assert ("a",) in reader


def test_nobody_ends_an_owned_entry_by_what_he_collected_himself() -> None:
    """C52a: Only a removal by the same life ends an owned entry; another's floor says nothing."""
    duo = signed_duo()
    left, right = duo.owned
    for store in duo.owned:
        for name in (A, B, C):
            _ = store.announce(name.decode(), name, 0)
    other = signed_duo().owned[1]
    _ = other.announce("b" * 8, B, 0)
    _ = right.put(("instance", "b" * 8, "web"), "up", WALL_NS)
    _ = left.put(("instance", "a" * 8, "web"), "up", WALL_NS)
    _ = left.remove(("instance", "a" * 8, "web"), WALL_NS)
    _ = left.collect(WALL_NS, None, AT_ONCE)
    left.seen.vector[B], left.heads._heads[B] = 1, next(iter(right.heads))
    left.touched()
    duo.meet()
    assert right.vector[A] == 2, "it took over what the liar had collected"
    assert [key for key, _ in right.records()] == [("instance", "b" * 8, "web")]


# ── On disk ──────────────────────────────────────────────────────────────────────────────────────


def test_heads_come_back_from_disk() -> None:
    """What was proven before a restart is proven after it, to others as well."""
    store, disk = signed_store(A), Disk()
    gone(store, 2)
    disk.write(store)
    again = restore(B, EPOCH, SECRET, disk.metadata, disk.records.items(), verify=Verifier()).store
    assert again.heads.get(A) == store.heads.get(A)
    duo = signed_duo(again, signed_store(C))
    duo.meet()
    assert dict(duo.stores[1].vector) == {A: 3}
    assert not duo.alarms


def test_what_records_prove_is_not_written_twice() -> None:
    """On disk a live last write speaks for its writer, also from beyond a gap."""
    store, disk, writer = signed_store(A), Disk(), signed_store(B)
    over, missing, last = (writer.put(("k", name), name, WALL_NS) for name in ("o", "m", "l"))
    _ = store.apply(over + writer.put(("k", "o"), "again", WALL_NS) + last, WALL_NS)
    disk.write(store)
    assert disk.metadata is not None
    assert len(disk.metadata) < 64
    again = restore(C, EPOCH, SECRET, disk.metadata, disk.records.items(), verify=Verifier()).store
    assert dict(again.vector) == {B: 1}, "it has forgotten nothing of what it had seen"
    assert again.heads.last(B) == 4
    _ = again.apply(missing, WALL_NS)
    assert dict(again.vector) == {B: 4}


def test_what_a_store_cannot_prove_it_does_not_say() -> None:
    """Without its heads it has seen what it holds, which proves itself."""
    store, disk = signed_store(A), Disk()
    gone(store, 3)
    store.heads = Heads()
    store.touched()
    disk.write(store)
    again = restore(B, EPOCH, SECRET, disk.metadata, disk.records.items(), verify=Verifier()).store
    assert dict(again.vector) == {A: 2}
    assert again.heads.last(A) == 2
    duo = signed_duo(again, signed_store(C))
    duo.meet()
    assert duo.equal()
    assert not duo.alarms


# ── All together ─────────────────────────────────────────────────────────────────────────────────


class Lied(World):
    """A world of signing stores whose last node says what it likes of the others."""

    def lie(self) -> None:
        """Claim writes, collected removals and ended lives of somebody; hide what is held."""
        store, random = self.nodes[-1].kept, self.random
        victim = random.choice(self.nodes[:-1]).kept.replica
        kind = random.randrange(4)
        if kind == 0:
            store.seen.vector[victim] = random.randrange(AHEAD, 2 * AHEAD)
            _ = store.seen.clouds.pop(victim, None)
        elif kind == 1:
            store.seen.floor[victim] = store.seen.vector[victim] = random.randrange(1, AHEAD)
            _ = store.seen.clouds.pop(victim, None)
        elif kind == 2:
            store.seen.watermarks[CONTROLLER] = random.randrange(1, AHEAD)
        else:
            for key, _ in list(store.records()):
                store.table.replace(key, ())
        store.touched()

    def step(self) -> None:
        """Let something happen, and now and then the last one lie."""
        super().step()
        if self.random.random() < 0.03:
            self.lie()


@pytest.mark.parametrize("first", [0, 20])
def test_every_store_shows_what_is_live_where_heads_are_asked_for(first: int) -> None:
    """C16 holds among signing stores, and each vector is proven by a head."""
    for seed in range(first, first + 20):
        world = World(seed, nodes=3 + seed % 3, make=signed_store)
        world.run(300)
        world.heal()
        assert world.equal(), f"seed {seed}"
        assert not world.alarms, f"seed {seed}"
        for node in world.nodes:
            assert shown_in(node.kept) == world.oracle.live(world.nodes), f"seed {seed}"
            assert all(n <= node.kept.heads.last(r) for r, n in node.kept.vector.items())


@pytest.mark.parametrize("first", [0, 20])
def test_a_liar_neither_hides_nor_ends_what_others_write(first: int) -> None:
    """Once it is gone, all show what any of them held, less what was superseded.

    What only the liar held, of a disk that was lost, went with it.
    """
    for seed in range(first, first + 20):
        world = Lied(seed, nodes=4, make=signed_store)
        world.run(300)
        liar = world.nodes.pop()
        for node in world.nodes:
            node.sync.forget(liar.name)
        world.wire = [each for each in world.wire if max(each[:2]) < len(world.nodes)]
        held = set().union(*(shown_in(node.kept) for node in world.nodes))
        world.heal()
        live = world.oracle.live(world.nodes)
        assert world.equal(), f"seed {seed}"
        assert held & live <= shown_in(world.nodes[0].kept) <= live, f"seed {seed}"
