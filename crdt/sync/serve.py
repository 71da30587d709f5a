"""The side that has more: it answers one digest with what that digest lacks.

What is to be sent is fixed when the digest is complete: the keys of all records with a live dot
that it lacks, in order. They go out in numbered parts, a window at a time; a part that is asked
for again is made again from the records as they are then. The last part is followed by COVER, with
the vector and root *of the start*: everything up to there was sent, whatever was written since.

COVER proves what it says of other writers. Where the last write of one is among the records, that
is proof enough; else its head goes along (see `crdt.heads`).

If the floor moved in between, a record may have been collected before it was sent: then there is
no COVER, and the peer starts over. A peer that has not seen as far as our floor also gets the sums
of our largest ranges before COVER, which saves it a round trip.
"""

from collections.abc import Iterator

from crdt.fingerprints import level_for
from crdt.heads import Head
from crdt.limits import (
    bulk_records_min,
    datagram_bytes_max,
    frame_bytes_max,
    window_frames,
    window_parts,
)
from crdt.seen import Counters, Extent
from crdt.store import Store
from crdt.sync.codec import entry_bytes, fragment, head_bytes, records_bytes
from crdt.sync.messages import Cover, Digest, Heard, Range, Records, extent_from
from crdt.sync.work import Work, chunked, part_sum
from crdt.values import Key

_ENVELOPE_BYTES = 24
"""RECORDS around its records, at most."""

_COVER_BYTES = 64
"""COVER around its entries, at most."""

_MARK_BYTES = 160
"""One watermark and the head that proves it, at most."""

_TELLS_MAX = 4
"""Ranges told unasked: each costs a datagram of some 160 bytes."""

_RANGES_TOLD_FROM = 2
"""The lowest level whose sums are told: a range of 8,192 counters."""


_Chunk = tuple[list[Heard], list[tuple[bytes, int]], list[Head]]
"""Of one COVER: entries, watermarks, and the heads that prove them."""


class Serve:
    """One session of one peer with one store. `owned` says which store."""

    __slots__ = (
        "_asked",
        "_bulk",
        "_chunks",
        "_extent",
        "_gone",
        "_keys",
        "_root",
        "_sent",
        "_starts",
        "_store",
        "owned",
        "session",
        "touched_ns",
    )

    def __init__(self, store: Store, owned: bool, session: int, now_ns: int) -> None:  # noqa: FBT001
        self.owned = owned
        self.session = session
        self.touched_ns = now_ns
        self._store = store
        self._chunks: dict[int, Digest] = {}
        self._asked: Extent | None = None
        self._extent = Extent({}, {}, {})
        self._gone: frozenset[bytes] = frozenset()
        """Whose last write was not live any more when the session began."""
        self._root = b""
        self._bulk = False
        self._keys: list[Key] = []
        self._starts = [0]
        self._sent: dict[int, tuple[int, int]] = {}

    def on_digest(self, digest: Digest, now_ns: int, work: Work) -> Extent | None:
        """Take one chunk; with the last one, begin to answer.

        Returns what the peer has seen once that is known.
        """
        self.touched_ns = now_ns
        self._chunks[digest.chunk] = digest
        if self._asked is None:
            if len(self._chunks) < digest.chunks:
                return None
            self._start()
        self.on_more(0, now_ns, work)
        return self._asked

    def on_more(self, part: int, now_ns: int, work: Work) -> None:
        """Send a window of parts from `part` on, and COVER once there are no more."""
        self.touched_ns = now_ns
        if self._asked is None or part > len(self._starts) - 1:
            return
        window = window_frames if self._bulk else window_parts
        number = part
        while number < part + window and self._starts[number] < len(self._keys):
            self._send_part(number, work, pause=number == part + window - 1)
            number += 1
        if self._starts[number] == len(self._keys):
            self._send_cover(number, work)

    @property
    def moved(self) -> bool:
        """Whether anything became live or dead here since the session began."""
        return self._store.root() != self._root

    def _start(self) -> None:
        chunks = [self._chunks[place] for place in sorted(self._chunks)]
        heard = {h.replica: h for chunk in chunks for h in chunk.entries}
        marks = {name: boot for chunk in chunks for name, boot in chunk.watermarks}
        self._asked = extent_from(tuple(heard.values()), tuple(marks.items()))
        self._extent = self._store.seen.extent()
        self._root = self._store.root()
        self._gone = frozenset(filter(self._is_gone, self._extent.vector))
        keys = dict.fromkeys(key for key in self._lacking(heard))
        self._keys = list(keys)
        self._bulk = len(self._keys) >= bulk_records_min

    def _is_gone(self, replica: bytes) -> bool:
        live = self._store.table.live.get(replica)
        return not live or self._extent.vector[replica] not in live

    def _lacking(self, heard: dict[bytes, Heard]) -> Iterator[Key]:
        """Yield the keys of live dots that the digest lacks: by replica id, then counter."""
        table, seen = self._store.table, self._store.seen
        for replica in sorted(table.live):
            entry = heard.get(replica) or Heard(replica, 0)
            for counter, key in table.beyond(replica, entry.through, seen.last(replica)):
                if not any(low <= counter <= high for low, high in entry.runs):
                    yield key

    def _send_part(self, number: int, work: Work, *, pause: bool) -> None:
        """Make one part, new or again, and remember what was in it."""
        first = self._starts[number]
        again = number + 1 < len(self._starts)
        limit = (frame_bytes_max if self._bulk else datagram_bytes_max) - _ENVELOPE_BYTES
        fragments: list[bytes] = []
        told = []
        place, used = first, 0
        end = self._starts[number + 1] if again else len(self._keys)
        for key in self._keys[first:end]:
            record = self._store.record(key)
            if record is not None:
                data = fragment(key, record)
                used += len(data)
                if fragments and used > limit and not again:
                    break
                fragments.append(data)
                told.append((key, record))
            place += 1
        if not again:
            self._starts.append(place)
        self._sent[number] = (len(told), part_sum(number, tuple(told)))
        head = Records(self.owned, self.session, number, pause, ())
        work.send_bytes(records_bytes(head, fragments), bulk=self._bulk)

    def _send_cover(self, parts: int, work: Work) -> None:
        now = self._store.seen.extent()
        asked = self._asked
        assert asked is not None, "there is no COVER before the digest is complete"
        if (now.floor, now.watermarks) != (self._extent.floor, self._extent.watermarks):
            return
        if _behind(asked.vector, now.floor):
            self._tell_ranges(asked.vector, work)
        chunks = self._cover_chunks(now, asked)
        records = sum(count for count, _ in self._sent.values())
        dots_sum = sum(amount for _, amount in self._sent.values()) % 2**64
        for number, (entries, some, heads) in enumerate(chunks):
            cover = Cover(
                self.owned,
                self.session,
                number,
                len(chunks),
                parts,
                records,
                dots_sum.to_bytes(8, "big"),
                self._root,
                self._store.table.sums.secret.version,
                tuple(entries),
                tuple(some),
                tuple(heads),
            )
            work.send(cover, bulk=self._bulk)

    def _cover_chunks(self, now: Extent, asked: Extent) -> list[_Chunk]:
        """Return what differs from the digest, as much to a chunk as a datagram holds."""
        room = datagram_bytes_max - _COVER_BYTES
        told = [(heard, self._proof(heard, asked)) for heard in _differing(self._extent, asked)]
        sized = [((heard, head), entry_bytes(heard) + head_bytes(head)) for heard, head in told]
        chunks: list[_Chunk] = [
            ([heard for heard, _ in part], [], [head for _, head in part if head is not None])
            for part in chunked(sized, room)
        ]
        marks = [
            ((controller, now.watermarks.get(controller, 0)), _MARK_BYTES)
            for controller in sorted({*now.watermarks, *asked.watermarks})
            if now.watermarks.get(controller, 0) != asked.watermarks.get(controller, 0)
        ]
        for some in chunked(marks, room) if marks else ():
            heads = [self._store.heads.get(controller) for controller, _ in some]
            chunks.append(([], some, [head for head in heads if head is not None]))
        return chunks

    def _proof(self, heard: Heard, asked: Extent) -> Head | None:
        """Return the head that has to go along; None where what was sent is proof enough.

        What was live at the start and still is was sent as it is.
        """
        if heard.through <= asked.vector.get(heard.replica, 0):
            return None
        if heard.replica in self._gone or self._is_gone(heard.replica):
            return self._store.heads.get(heard.replica)
        return None

    def _tell_ranges(self, asked: Counters, work: Work) -> None:
        sums = self._store.table.sums
        shared = [replica for replica in sorted(asked) if self._store.table.live.get(replica)]
        for replica in shared[:_TELLS_MAX]:
            level = max(_RANGES_TOLD_FROM, level_for(self._extent.vector.get(replica, 0)))
            told = sums.children(replica, level, 0)
            version = sums.secret.version
            work.send(
                Range(self.owned, self.session, 0, version, replica, level, 0, told),
            )


def _behind(vector: Counters, floor: Counters) -> bool:
    return bool(vector) and any(
        counter > vector.get(replica, 0) for replica, counter in floor.items()
    )


def _differing(mine: Extent, asked: Extent) -> Iterator[Heard]:
    """Yield the entries that the peer does not know already, from its own digest."""
    for replica in sorted({*mine.vector, *asked.vector}):
        entry = Heard(replica, mine.vector.get(replica, 0), mine.floor.get(replica, 0))
        if (entry.through, entry.floor) != (
            asked.vector.get(replica, 0),
            asked.floor.get(replica, 0),
        ):
            yield entry
