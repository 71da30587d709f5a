"""The walk: which dots are live at a peer that has collected what this store never saw.

Two stores compare the sums of ranges of counters and go down only where they differ: 16 sums to a
message, to the ranges of 512, whose live dots are told bit by bit. Then, dot by dot:

- live there, not seen here: it comes as a record, not by this walk;
- live here, seen there, not live there: dead, *if* this store has not seen as far as the peer's
  floor. It may have missed a tombstone that was collected. If it has seen that far, it has missed
  none; the peer lost something, and nobody drops;
- live there, seen here, not live here: lost here, *if* the peer has seen as far as our floor, and
  it is taken again;
- the same dots and yet different sums: contents differ, and the records themselves are compared.

What the walk finds dead stays untouched until the whole walk is done, and is looked at again then.
"""

from collections.abc import Iterator, Mapping

from crdt.fingerprints import FAN_OUT, level_for, shift_of
from crdt.limits import asks_in_flight
from crdt.record import Delta
from crdt.seen import Dot, Extent, extent_covers
from crdt.store import Store
from crdt.sync.messages import Leaf, Range

LEAVES = 2
"""The level whose parts, ranges of 512 counters, are told bit by bit."""

_Place = tuple[bytes, int, int]
"""Replica id, level, index."""


class Walk:
    """One walk against one peer's `extent`.

    `open` are the ranges not known to be settled, each with the parts (of 512) that are still
    awaited, or None before any answer. `moved` says that something was found dead by a peer that
    had written since it told its extent: that write has to be fetched before anything is dropped.
    """

    __slots__ = (
        "_asked",
        "_dead",
        "_owned",
        "_repair",
        "_store",
        "_to_repair",
        "_turn",
        "extent",
        "moved",
        "open",
        "repairs_open",
        "session",
    )

    def __init__(
        self,
        store: Store,
        extent: Extent,
        owned: bool,  # noqa: FBT001 - which store
        session: int,
        *,
        repair: bool,
    ) -> None:
        self.extent = extent
        self.open: dict[_Place, set[int] | None] = {}
        self.repairs_open = 0
        self._store = store
        self._owned = owned
        self.session = session
        self.moved = False
        self._repair = repair
        self._asked: dict[_Place, int] = {}
        self._turn = 0
        self._dead: dict[Dot, None] = {}
        self._to_repair: dict[tuple[bytes, int], None] = {}
        for replica in self._replicas():
            self.open[(replica, self._top(replica), 0)] = None

    def _replicas(self) -> list[bytes]:
        """Return whose dots are compared: those live here that may be dead there.

        To repair, also all that may be live there.
        """
        here = {replica for replica, live in self._store.table.live.items() if live}
        there = set(self.extent.vector) if self._repair else set()
        return sorted(
            replica
            for replica in here | there
            if replica in self.extent.vector or self._retired_there(replica)
        )

    def _retired_there(self, replica: bytes) -> bool:
        return extent_covers(self.extent, self._store.seen.incarnations, Dot(replica, 1))

    def _top(self, replica: bytes) -> int:
        """Return the lowest level at which one range holds all that the peer may have seen."""
        through = self.extent.vector.get(replica, 0) or self._store.seen.vector.get(replica, 0)
        return max(LEAVES, level_for(through))

    # ── Asking ───────────────────────────────────────────────────────────────────────────────

    def asks(self) -> Iterator[Range]:
        """Yield the next questions: first what to repair, then ranges that are still open."""
        to_repair, self._to_repair = self._to_repair, {}
        for replica, index in to_repair:
            self.repairs_open += 1
            yield self._ask(replica, 1, index)
        self._asked = {p: turn for p, turn in self._asked.items() if p in self.open}
        unasked = [place for place in self.open if place not in self._asked]
        for place in unasked[: asks_in_flight - len(self._asked)]:
            self.open[place] = None
            yield self._ask(*place)
            self._asked[place] = self._turn

    def ask_again(self) -> None:
        """Take every question that is still open as never asked: the answers were lost."""
        self._asked.clear()

    def _ask(self, replica: bytes, level: int, index: int) -> Range:
        sums = self._store.table.sums
        told = sums.children(replica, level, index)
        version = sums.secret.version
        self._turn += 1
        return Range(self._owned, self.session, self._turn, version, replica, level, index, told)

    # ── Answers ──────────────────────────────────────────────────────────────────────────────

    def on_range(self, told: Range) -> bool:
        """Open the parts of a range that differ; whether this answered anything."""
        place = (told.replica, told.level, told.index)
        if place not in self.open:
            return False
        mine = self._store.table.sums.children(*place)
        parts = differing(mine, told.sums, self._comparable(told))
        if told.level > LEAVES:
            del self.open[place]
            for part in parts:
                self.open[(told.replica, told.level - 1, told.index * FAN_OUT + part)] = None
        elif not parts:
            del self.open[place]
        return True

    def _comparable(self, told: Range | Leaf) -> bool:
        return told.secret_version == self._store.table.sums.secret.version

    def on_leaf(self, leaf: Leaf) -> bool:
        """Compare the dots of one range of 512; whether this answered anything.

        Only the answer to the last question counts: since an earlier one, a dot may have become
        live here that its sums did not hold.
        """
        place = (leaf.replica, LEAVES, leaf.parent)
        if place not in self.open or self._asked.get(place) != leaf.turn:
            return False
        awaited = self.open[place]
        if awaited is None:
            awaited = {part for part in range(FAN_OUT) if leaf.differing >> part & 1}
        if leaf.child in awaited:
            awaited.remove(leaf.child)
            self._compare(leaf)
        if awaited:
            self.open[place] = awaited
        else:
            del self.open[place]
        return True

    def _compare(self, leaf: Leaf) -> None:
        index = leaf.parent * FAN_OUT + leaf.child
        here = live_bits(self._store.table.live.get(leaf.replica, {}), index)
        seen, first = self._store.seen, index << shift_of(1)
        only_here = bits_of(here & ~leaf.live)
        only_there = bits_of(leaf.live & ~here)
        for bit in only_here:
            dot = Dot(leaf.replica, first + bit)
            if extent_covers(self.extent, seen.incarnations, dot):
                self._dead[dot] = None
                self.moved = self.moved or leaf.moved
        lost = any(seen.covers(leaf.replica, first + bit) for bit in only_there)
        contents = here == leaf.live and self._comparable(leaf)
        if (lost or contents) and seen.reached_by(self.extent):
            self._to_repair[(leaf.replica, index)] = None

    # ── Conclusions ──────────────────────────────────────────────────────────────────────────

    def dead(self) -> list[Dot]:
        """Return what is to be dropped: nothing where no tombstone can have been missed."""
        ended = {
            replica
            for replica in {dot.replica: None for dot in self._dead}
            if self._store.may_have_missed(replica, self.extent)
        }
        return [dot for dot in self._dead if dot.replica in ended]

    def taint(self, changed: Delta) -> None:
        """Open the ranges again of dots that became live meanwhile and are seen there."""
        for _, record in changed:
            for sibling in record:
                if extent_covers(self.extent, self._store.seen.incarnations, sibling.dot):
                    index = sibling.counter >> shift_of(LEAVES)
                    place = (sibling.replica, LEAVES, index)
                    self.open[place] = None
                    _ = self._asked.pop(place, None)


def differing(mine: tuple[int, ...], theirs: tuple[int, ...], comparable: bool) -> list[int]:  # noqa: FBT001
    """Return which of 16 parts differ; without a common secret, those where anybody has any."""
    pairs = enumerate(zip(mine, theirs, strict=True))
    if comparable:
        return [part for part, (here, there) in pairs if here != there]
    return [part for part, (here, there) in pairs if here or there]


def live_bits(line: Mapping[int, object], index: int) -> int:
    """Return the live counters of one range of 512 as bits."""
    first = index << shift_of(1)
    return sum(1 << bit for bit in range(1 << shift_of(1)) if first + bit in line)


def bits_of(bits: int) -> list[int]:
    """Return the places of the bits that are set, ascending."""
    return [place for place in range(bits.bit_length()) if bits >> place & 1]
