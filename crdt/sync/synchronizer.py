"""Both stores of a controller, kept equal with those of its peers: one machine, bytes in and out.

A PING rides on every probe: about 45 bytes that say what each store has seen and holds. Equal
means done. Where something differs, the one who learns of it opens a session and catches up with
the peer; the peer does the same when it hears *our* PING. So each side only ever pulls.

Any message may be lost, repeated, reordered or come a day late: it costs traffic and no more.
Sessions are bounded in number and time, and none can block another for longer than its deadline.

What was fetched was not pushed: it is the caller's business to whom a fresh write is told at once
(`rumour`), and to hold replies back until what they rest on is durable, where that is promised.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import assert_never

from crdt.errors import Reason, Rejected
from crdt.fingerprints import Fingerprints
from crdt.limits import (
    PROTOCOL_VERSION,
    datagram_bytes_max,
    epoch_tag_bytes,
    pulls_max,
    serve_ns_max,
    serves_max,
)
from crdt.owned import OwnedStore
from crdt.record import Delta
from crdt.seen import Counters
from crdt.store import Store
from crdt.sync.answer import answer
from crdt.sync.codec import decode, encode, fragment, rumour_bytes
from crdt.sync.messages import (
    Cover,
    Digest,
    Leaf,
    More,
    Ping,
    Range,
    Records,
    Rumour,
    Summary,
)
from crdt.sync.pull import Phase, Pull
from crdt.sync.serve import Serve
from crdt.sync.work import Alarm, Work, packed

_RUMOUR_BYTES = 16
"""RUMOUR around its records, at most."""

_SESSIONS = 2**32

_Held = tuple[Fingerprints, int, Fingerprints, int, tuple[bytes, bytes]]
"""What two equal ones say of both stores: the sums, how often they changed, and the extents."""
"""The secret's version, and of the kept and the owned store what was seen and what is live."""

_Name = tuple[bytes, bool]
"""Which peer, and whether it is about the owned store."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Bytes for a peer (b"": for whom the caller chooses).

    Over a stream where `stream`: too large for a datagram, or part of a bulk transfer.
    """

    peer: bytes
    data: bytes
    stream: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a message or of time passing.

    `kept` and `owned` are the records that changed, as they are now: tell subscribers, persist,
    forward by rumour but not to where it came from. An empty record stands for a key that is gone,
    and is not forwarded.
    """

    replies: tuple[Parcel, ...] = ()
    kept: Delta = ()
    owned: Delta = ()
    alarms: tuple[Alarm, ...] = ()
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncStatistics:
    """Sessions open now, and what was counted since the start."""

    pulls: int
    serves: int
    pulls_begun: int
    far_future: int
    rejected: tuple[tuple[Reason, int], ...]


class Synchronizer:
    """The sync of a kept and an owned store. `random` only chooses the first session number."""

    def __init__(self, kept: Store, owned: OwnedStore, random: Random) -> None:
        assert kept.epoch == owned.epoch, "both stores belong to one data set"
        self._stores: tuple[Store, Store] = (kept, owned)
        self._next_session = random.randrange(_SESSIONS)
        self._pulls: dict[_Name, Pull] = {}
        self._serves: dict[_Name, Serve] = {}
        self._known: dict[bytes, Counters] = {}
        self._copied: tuple[bytes, Counters] | None = None
        """The kept vector as it was last copied, with the hash of its extent."""
        self._rejected: Counter[Reason] = Counter()
        self._far_future = 0
        self._begun = 0
        self._said: tuple[_Held, bytes] | None = None
        """As both stores were when something was last said of them, and the PING that says it."""

    # ── Saying ───────────────────────────────────────────────────────────────────────────────

    def ping(self) -> bytes:
        """Return what to put on a probe."""
        kept, owned = self._stores
        sums, others = kept.table.sums, owned.table.sums
        extents = kept.extent_hash(), owned.extent_hash()
        held = (sums, sums.changes, others, others.changes, extents)
        if self._said is None or self._said[0] != held:
            ping = Ping(
                PROTOCOL_VERSION,
                kept.epoch[:epoch_tag_bytes],
                sums.secret.version,
                Summary(extents[0], kept.root()),
                Summary(extents[1], owned.root()),
            )
            self._said = held, encode(ping)
        return self._said[1]

    def rumour(self, delta: Delta, *, owned: bool = False) -> tuple[Parcel, ...]:
        """Return fresh records as parcels, to be pushed at once to whom the caller chooses."""
        fragments = [fragment(key, record) for key, record in delta if record]
        head = Rumour(owned, self._stores[0].epoch[:epoch_tag_bytes], ())
        sized = ((data, len(data)) for data in fragments)
        parts = packed(sized, datagram_bytes_max - _RUMOUR_BYTES)
        return tuple(
            Parcel(b"", data, len(data) > datagram_bytes_max)
            for data in (rumour_bytes(head, part) for part in parts)
        )

    # ── Hearing ──────────────────────────────────────────────────────────────────────────────

    def is_level(self, peer: bytes, ping: bytes) -> bool:
        """Whether a peer that says `ping` holds the very same, so that there is nothing to do.

        It is what most probes say. Where it is False, `receive` finds out what to do about it.
        """
        if ping != self.ping():
            return False
        self._known[peer] = self._vector()
        return True

    def receive(self, peer: bytes, data: bytes, now_ns: int, wall_ns: int) -> Outcome:
        """Handle what a peer sent. Never raises on its bytes."""
        message = decode(data)
        work = Work(peer)
        match message:
            case Rejected():
                work.rejected.append(message)
                return self._outcome(work, None)
            case Ping():
                self._on_ping(message, now_ns, work)
                return self._outcome(work, None)
            case Rumour():
                self._on_rumour(message, wall_ns, work)
            case Digest():
                self._on_digest(message, now_ns, work)
            case More():
                self._on_more(message, now_ns, work)
            case Range() if message.turn:
                self._on_ask(message, now_ns, work)
            case Records() | Cover() | Range() | Leaf():
                self._on_answer(message, now_ns, wall_ns, work)
            case _:
                assert_never(message)
        return self._outcome(work, message.owned)

    def _on_ping(self, ping: Ping, now_ns: int, work: Work) -> None:
        if not self._same_data_set(ping.epoch, work):
            return
        for owned, told in ((False, ping.kept), (True, ping.owned)):
            store = self._stores[owned]
            comparable = ping.secret_version == store.table.sums.secret.version
            if told.extent_hash != store.extent_hash() or (
                comparable and told.root != store.root()
            ):
                self._begin((work.peer, owned), now_ns, work)
            elif not owned:
                self._known[work.peer] = self._vector()

    def _begin(self, name: _Name, now_ns: int, work: Work) -> None:
        """Open a session to catch up, unless there is one or there are enough."""
        others = sum(1 for _, owned in self._pulls if owned == name[1])
        if name in self._pulls or others >= pulls_max:
            return
        pull = Pull(self._stores[name[1]], name[1], self._new_session(), now_ns)
        self._pulls[name] = pull
        self._begun += 1
        pull.send_digest(work)

    def _new_session(self) -> int:
        self._next_session = (self._next_session + 1) % _SESSIONS
        return self._next_session

    def _on_rumour(self, rumour: Rumour, wall_ns: int, work: Work) -> None:
        if self._same_data_set(rumour.epoch, work):
            work.applied(self._stores[rumour.owned].apply(rumour.records, wall_ns))

    def _on_digest(self, digest: Digest, now_ns: int, work: Work) -> None:
        if not self._same_data_set(digest.epoch, work):
            return
        name = (work.peer, digest.owned)
        serve = self._serves.pop(name, None)
        if serve is None or serve.session != digest.session:
            store = self._stores[digest.owned]
            serve = Serve(store, digest.owned, digest.session, now_ns)
        self._serves[name] = serve
        heard = serve.on_digest(digest, now_ns, work)
        if heard is not None and not digest.owned:
            self._known[work.peer] = heard.vector
        self._bound_serves(now_ns)

    def _bound_serves(self, now_ns: int) -> None:
        for name in [n for n, s in self._serves.items() if s.touched_ns + serve_ns_max <= now_ns]:
            del self._serves[name]
        while len(self._serves) > serves_max:
            del self._serves[next(iter(self._serves))]

    def _on_more(self, more: More, now_ns: int, work: Work) -> None:
        serve = self._serves.get((work.peer, more.owned))
        if serve is None or serve.session != more.session:
            self._stale(work)
        else:
            serve.on_more(more.part, now_ns, work)

    def _on_ask(self, ask: Range, now_ns: int, work: Work) -> None:
        """Answer within the session whose COVER this process sent.

        To one that began before a restart, what is not live here now would look as if it were dead.
        """
        serve = self._serves.get((work.peer, ask.owned))
        if serve is None or serve.session != ask.session:
            self._stale(work)
        else:
            serve.touched_ns = now_ns
            answer(self._stores[ask.owned], ask, work, moved=serve.moved)

    def _on_answer(
        self,
        message: Records | Cover | Range | Leaf,
        now_ns: int,
        wall_ns: int,
        work: Work,
    ) -> None:
        name = (work.peer, message.owned)
        pull = self._pulls.get(name)
        if pull is None or pull.session != message.session:
            self._stale(work)
            return
        match message:
            case Records():
                pull.on_records(message, now_ns, wall_ns, work)
            case Cover():
                pull.on_cover(message, now_ns, work)
            case Range():
                pull.on_range(message, now_ns, work)
            case Leaf():
                pull.on_leaf(message, now_ns, work)
            case _:
                assert_never(message)
        if pull.phase is Phase.MOVED:
            pull.gather_again(self._new_session(), now_ns, work)
        if pull.phase is Phase.DONE:
            del self._pulls[name]

    def _same_data_set(self, epoch: bytes, work: Work) -> bool:
        if epoch == self._stores[0].epoch[:epoch_tag_bytes]:
            return True
        work.rejected.append(Rejected(Reason.EPOCH, "a message of another data set"))
        return False

    def _stale(self, work: Work) -> None:
        work.rejected.append(Rejected(Reason.STALE, "an answer to no question of now"))

    # ── Time ─────────────────────────────────────────────────────────────────────────────────

    @property
    def deadline(self) -> int | None:
        """When `wake` next has something to do, in monotonic ns."""
        return min(pull.deadline for pull in self._pulls.values()) if self._pulls else None

    def wake(self, now_ns: int) -> Outcome:
        """Ask again what was not answered, and give up what has not been for too long."""
        replies: list[Parcel] = []
        rejected: list[Rejected] = []
        changed: tuple[list[Delta], list[Delta]] = ([], [])
        for name, pull in list(self._pulls.items()):
            work = Work(name[0])
            pull.wake(now_ns, work)
            if pull.phase is Phase.MOVED:
                pull.gather_again(self._new_session(), now_ns, work)
            if pull.phase is Phase.DONE:
                del self._pulls[name]
            outcome = self._outcome(work, name[1])
            replies += outcome.replies
            rejected += outcome.rejected
            changed[name[1]].append(outcome.owned if name[1] else outcome.kept)
        kept, owned = (tuple(item for delta in part for item in delta) for part in changed)
        return Outcome(tuple(replies), kept, owned, (), tuple(rejected))

    def forget(self, peer: bytes) -> None:
        """Drop what is kept for a peer: its sessions, and what it was known to hold."""
        for owned in (False, True):
            _ = self._pulls.pop((peer, owned), None)
            _ = self._serves.pop((peer, owned), None)
        _ = self._known.pop(peer, None)

    # ── Knowing ──────────────────────────────────────────────────────────────────────────────

    def held_by_all(self, peers: Iterable[bytes]) -> dict[bytes, int]:
        """Return how far each replica id's writes are held by this controller and all `peers`.

        As last heard: what `Store.collect` and `Store.retire` ask for.
        """
        meet = dict(self._vector())
        for peer in peers:
            vector = self._known.get(peer, {})
            meet = {name: min(n, vector[name]) for name, n in meet.items() if name in vector}
        return meet

    def _vector(self) -> Counters:
        """How far the kept store has seen: one copy for all peers of whom the same is known."""
        kept = self._stores[0]
        extent = kept.extent_hash()
        if self._copied is None or self._copied[0] != extent:
            self._copied = extent, kept.seen.vector.copy()
        return self._copied[1]

    def statistics(self) -> SyncStatistics:
        """Return what is open, and what was counted."""
        return SyncStatistics(
            len(self._pulls),
            len(self._serves),
            self._begun,
            self._far_future,
            tuple(sorted(self._rejected.items())),
        )

    def _outcome(self, work: Work, owned: bool | None) -> Outcome:  # noqa: FBT001 - which store
        for rejected in work.rejected:
            self._rejected[rejected.reason] += 1
        self._far_future += work.far_future
        changed = tuple(work.changed)
        if changed:
            for (peer, of_owned), pull in self._pulls.items():
                if of_owned == owned and peer != work.peer:
                    pull.taint(changed)
        return Outcome(
            tuple(Parcel(work.peer, data, stream) for data, stream in work.out),
            () if owned else changed,
            changed if owned else (),
            tuple(work.alarms),
            tuple(work.rejected),
        )
