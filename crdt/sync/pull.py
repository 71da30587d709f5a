"""The side that lacks something: one session in which a store catches up with one peer.

    gathering ──COVER held, counts match──▶ covered? ──yes──▶ settle
        │                                      │no                │
        └─ More, or the digest again           ▼                  ▼ equal, but roots differ
                                            walking ──▶ settle   walking again, to repair

*Gathering*: the digest goes out, records come in and are joined at once, each for itself; the
peer's vector is joined only after all of them were. *Covered* means that no tombstone can have
been missed: this store has seen as far as the peer's floor, or holds nothing, or holds the same as
the peer (equal roots). Otherwise the session *walks* (see `crdt.sync.walk`) and settles with what
the walk found dead.

Every answer is asked for again until there is no progress any more; then the session is given up,
and the next PING starts another. Nothing it did needs to be undone.

Invariant: the store's vector changes in `_settle` alone, and there only with everything held.
"""

from collections.abc import Iterator
from enum import Enum

from crdt.errors import Reason, Rejected
from crdt.limits import datagram_bytes_max, resend_ns, runs_sent_max, session_ns_max
from crdt.record import Delta
from crdt.seen import Extent
from crdt.store import Store
from crdt.sync.codec import entry_bytes
from crdt.sync.messages import REPAIR_PART, Cover, Digest, Heard, Leaf, More, Range, Records
from crdt.sync.walk import Walk
from crdt.sync.work import AlarmKind, Work, chunked, part_sum

_DIGEST_BYTES = 32
"""DIGEST around its entries, at most."""

_MARK_BYTES = 48
"""One watermark, at most."""

_TELLS_KEPT = 8
"""Ranges told before COVER arrived that are remembered."""


class Phase(Enum):
    """Where a session stands."""

    GATHERING = "gathering"
    WALKING = "walking"
    MOVED = "to gather again"
    REPAIRING = "repairing"
    DONE = "done"


class Pull:
    """One session with one peer for one store. `deadline` is in monotonic ns."""

    __slots__ = (
        "_asked",
        "_asked_ns",
        "_counted",
        "_cover",
        "_parts",
        "_progress_ns",
        "_records",
        "_spoiled",
        "_store",
        "_sum",
        "_tells",
        "_walk",
        "owned",
        "phase",
        "session",
    )

    def __init__(self, store: Store, owned: bool, session: int, now_ns: int) -> None:  # noqa: FBT001
        self.owned = owned
        self.session = session
        self.phase = Phase.GATHERING
        self._store = store
        self._asked = store.seen.extent()
        self._counted = store.counting()
        self._asked_ns = now_ns
        self._progress_ns = now_ns
        self._parts: set[int] = set()
        self._records = 0
        self._sum = 0
        self._spoiled = False
        self._cover: dict[int, Cover] = {}
        self._tells: list[Range] = []
        self._walk: Walk | None = None

    @property
    def deadline(self) -> int:
        """When `wake` next has something to do."""
        return min(self._asked_ns + resend_ns, self._progress_ns + session_ns_max)

    def gather_again(self, session: int, now_ns: int, work: Work) -> None:
        """Fetch what the peer has written during the walk, under a new session number.

        What the walk found dead may have been superseded by such a write. Dropping it without
        holding that write would lose both if the peer lost its disk now.
        """
        assert self._walk is not None, "it was the walk that found the peer moved on"
        self.phase = Phase.GATHERING
        self.session = self._walk.session = session
        self._walk.moved = False
        self._asked = self._store.seen.extent()
        self._asked_ns = now_ns
        self._parts.clear()
        self._records = self._sum = 0
        self._cover.clear()
        self.send_digest(work)

    # ── Gathering ────────────────────────────────────────────────────────────────────────────

    def send_digest(self, work: Work) -> None:
        """Tell the peer what this store has seen, in as many datagrams as it takes."""
        room = datagram_bytes_max - _DIGEST_BYTES
        chunks: list[tuple[list[Heard], list[tuple[bytes, int]]]] = [
            (entries, []) for entries in chunked(list(self._heard()), room)
        ]
        marks = sorted(self._asked.watermarks.items())
        if marks:
            chunks += [([], some) for some in chunked([(m, _MARK_BYTES) for m in marks], room)]
        for number, (entries, some) in enumerate(chunks):
            work.send(
                Digest(
                    self.owned,
                    self._store.epoch[:4],
                    self.session,
                    number,
                    len(chunks),
                    tuple(entries),
                    tuple(some),
                ),
            )

    def _heard(self) -> Iterator[tuple[Heard, int]]:
        """Yield the entries of the digest with their sizes.

        The cloud is that of now, the vector that of the session's start, so that COVER can be told
        as a difference from it.
        """
        asked, clouds = self._asked, self._store.seen.clouds
        for replica in sorted({*asked.vector, *clouds}):
            through = asked.vector.get(replica, 0)
            cloud = clouds.get(replica)
            runs = [run for run in cloud.runs() if run[0] > through] if cloud else []
            heard = Heard(
                replica,
                through,
                asked.floor.get(replica, 0),
                tuple(runs[:runs_sent_max]),
            )
            yield heard, entry_bytes(heard)

    def on_records(self, message: Records, now_ns: int, wall_ns: int, work: Work) -> None:
        """Join records as they come; count each part once."""
        if message.part == REPAIR_PART:
            self._on_repair(message, now_ns, wall_ns, work)
            return
        applied = self._store.apply(message.records, wall_ns)
        work.applied(applied)
        if applied.rejected:
            self._spoiled = True
        if self.phase is not Phase.GATHERING or message.part in self._parts:
            return
        self._progress_ns = now_ns
        self._parts.add(message.part)
        self._records += len(message.records)
        self._sum = (self._sum + part_sum(message.part, message.records)) % 2**64
        if message.pause:
            self._ask_more(now_ns, work)
        self._try_cover(now_ns, work)

    def on_cover(self, cover: Cover, now_ns: int, work: Work) -> None:
        """Hold one chunk of COVER; act on it when all are held, and all records with them."""
        if self.phase is not Phase.GATHERING:
            return
        if cover.chunk not in self._cover:
            self._progress_ns = now_ns
        self._cover[cover.chunk] = cover
        self._try_cover(now_ns, work)

    def _try_cover(self, now_ns: int, work: Work) -> None:
        last = next(reversed(self._cover.values()), None)
        if last is None or len(self._cover) < last.chunks:
            return
        if len(self._parts) < last.parts:
            return
        if (
            self._spoiled
            or self._records != last.records
            or self._sum.to_bytes(8, "big") != last.dots_sum
        ):
            self._give_up(work, "what was counted is not what was held")
            return
        extent = self._cover_extent()
        if self._claims_too_much(extent, work):
            return
        walk = self._walk
        if self._covered(extent, last):
            self._walk = None
            self._settle(extent, last, now_ns, work)
        elif walk is not None and extent[1:] == walk.extent[1:]:
            self.phase = Phase.WALKING
            self._go_on(now_ns, work)
        else:
            self._begin_walk(extent, now_ns, work, repair=False)

    def _claims_too_much(self, extent: Extent, work: Work) -> bool:
        """Whether the peer claims more than who wrote it has said; then nothing of it counts."""
        store = self._store
        heads = {head.name: head for cover in self._cover.values() for head in cover.heads}
        if store.claims_too_much(extent):
            doubt: Rejected | None = Rejected(Reason.UNPROVEN, store.replica.hex())
        else:
            doubt = store.doubt(extent, heads, self._counted)
        if doubt is None:
            return False
        self.phase = Phase.DONE
        work.rejected.append(doubt)
        if doubt.reason is Reason.UNPROVEN:
            work.alarm(AlarmKind.OVERCLAIM, f"of {doubt.detail}")
        return True

    def _covered(self, extent: Extent, cover: Cover) -> bool:
        """Whether no tombstone can have been missed."""
        store = self._store
        return not store.table.records or store.seen.reaches(extent) or self._same_root(cover)

    def _same_root(self, cover: Cover) -> bool:
        secret = self._store.table.sums.secret
        return cover.secret_version == secret.version and cover.root == self._store.root()

    def _cover_extent(self) -> Extent:
        """Put the peer's vector together: the digest, as it was changed by COVER."""
        vector, floor = dict(self._asked.vector), dict(self._asked.floor)
        marks = dict(self._asked.watermarks)
        for cover in self._cover.values():
            for heard in cover.entries:
                _ = vector.pop(heard.replica, None)
                _ = floor.pop(heard.replica, None)
                if heard.through:
                    vector[heard.replica] = heard.through
                if heard.floor:
                    floor[heard.replica] = heard.floor
            for controller, mark in cover.watermarks:
                _ = marks.pop(controller, None)
                if mark:
                    marks[controller] = mark
        return Extent(vector, floor, marks)

    # ── Walking and settling ─────────────────────────────────────────────────────────────────

    def on_range(self, told: Range, now_ns: int, work: Work) -> None:
        """Compare 16 of the peer's sums with ours."""
        if self._walk is None or self.phase is Phase.GATHERING:
            if self.phase is Phase.GATHERING and len(self._tells) < _TELLS_KEPT:
                self._tells.append(told)
            return
        if self._walk.on_range(told):
            self._progress_ns = now_ns
            self._go_on(now_ns, work)

    def on_leaf(self, leaf: Leaf, now_ns: int, work: Work) -> None:
        """Compare 512 counters one by one."""
        walk = self._walk
        if walk is not None and self.phase is not Phase.GATHERING and walk.on_leaf(leaf):
            self._progress_ns = now_ns
            self._go_on(now_ns, work)

    def taint(self, changed: Delta) -> None:
        """Something arrived from elsewhere: walk its ranges again."""
        if self._walk is not None and self.phase in (Phase.WALKING, Phase.GATHERING):
            self._walk.taint(changed)

    def _begin_walk(self, extent: Extent, now_ns: int, work: Work, *, repair: bool) -> None:
        self.phase = Phase.REPAIRING if repair else Phase.WALKING
        self._walk = Walk(self._store, extent, self.owned, self.session, repair=repair)
        for told in self._tells:
            _ = self._walk.on_range(told)
        self._tells.clear()
        self._go_on(now_ns, work)

    def _go_on(self, now_ns: int, work: Work) -> None:
        walk = self._walk
        assert walk is not None, "only a walk goes on"
        self._asked_ns = now_ns
        for ask in walk.asks():
            work.send(ask)
        if walk.open:
            return
        if self.phase is Phase.WALKING and walk.moved:
            self.phase = Phase.MOVED
        elif self.phase is Phase.WALKING:
            last = next(reversed(self._cover.values()))
            self._settle(self._cover_extent(), last, now_ns, work)
        elif not walk.repairs_open:
            self.phase = Phase.DONE

    def _settle(self, extent: Extent, cover: Cover, now_ns: int, work: Work) -> None:
        """Join the peer's vector and drop what the walk found dead, in one step."""
        store, walk = self._store, self._walk
        drops = walk.dead() if walk is not None else ()
        work.changed += store.settle(extent, drops, self._counted)
        if walk is not None and walk.repairs_open:
            self.phase = Phase.REPAIRING
        elif self._equal_but_different(extent, cover):
            self._begin_walk(extent, now_ns, work, repair=True)
        else:
            self.phase = Phase.DONE

    def _equal_but_different(self, extent: Extent, cover: Cover) -> bool:
        """Whether both have seen the same, and yet hold different things: one of them lost some.

        Of what lies beyond a gap in what was seen nothing is collected; so what is dead here of
        that is still dominated here, and is not taken again.
        """
        seen = self._store.seen
        return (
            self._walk is None
            and cover.secret_version == self._store.table.sums.secret.version
            and not self._same_root(cover)
            and (seen.vector, seen.floor, seen.watermarks)
            == (extent.vector, extent.floor, extent.watermarks)
        )

    def _on_repair(self, message: Records, now_ns: int, wall_ns: int, work: Work) -> None:
        walk = self._walk
        if walk is None or not walk.repairs_open:
            work.rejected.append(Rejected(Reason.STALE, "records of a repair not asked for"))
            return
        self._progress_ns = now_ns
        walk.repairs_open -= 1
        store = self._store
        may_repair = store.seen.reached_by(walk.extent)
        applied = (store.repair if may_repair else store.apply)(message.records, wall_ns)
        work.applied(applied)
        if applied.retaken:
            first = applied.retaken[0]
            work.alarm(AlarmKind.REPAIRED, f"{len(applied.retaken)} keys, {first!r:.80} the first")
        if not walk.repairs_open and not walk.open:
            self.phase = Phase.DONE

    # ── Time ─────────────────────────────────────────────────────────────────────────────────

    def wake(self, now_ns: int, work: Work) -> None:
        """Ask again, or give up when nothing has come for too long."""
        if now_ns >= self._progress_ns + session_ns_max:
            self._give_up(work, "")
        elif now_ns >= self._asked_ns + resend_ns:
            self._ask_again(now_ns, work)

    def _ask_again(self, now_ns: int, work: Work) -> None:
        if self._walk is not None and self.phase is not Phase.GATHERING:
            self._walk.ask_again()
            self._go_on(now_ns, work)
        elif self._parts or self._cover:
            self._ask_more(now_ns, work)
        else:
            self._asked_ns = now_ns
            self.send_digest(work)

    def _ask_more(self, now_ns: int, work: Work) -> None:
        self._asked_ns = now_ns
        part = 0
        while part in self._parts:
            part += 1
        work.send(More(self.owned, self.session, part))

    def _give_up(self, work: Work, why: str) -> None:
        self.phase = Phase.DONE
        if why:
            work.rejected.append(Rejected(Reason.MALFORMED, why))
