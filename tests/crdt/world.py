"""A world of stores under random schedules, and an oracle that knows exactly what must be live.

The oracle is told of each write which dots its author saw and superseded. From that alone follows
what is live at the end: every write that no write superseded, of all that were not lost with a
disk. A store that converges by deleting everything passes a test of convergence, and fails here.

The schedule is drawn from one seed: writes, removals, batches, tokens from the past, rumours and
sessions whose messages are lost, repeated and reordered, collection at any moment, restarts under
new replica ids from what was durable, disks that are lost, and empty newcomers.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from crdt import (
    REMOVED,
    CollectionPolicy,
    Delta,
    Dot,
    Key,
    Outcome,
    OwnedStore,
    Put,
    Remove,
    Secret,
    Store,
    Synchronizer,
    Token,
    data_set_epoch,
    restore,
)
from crdt.record import current

EPOCH = data_set_epoch(b"environment", 1, bytes(16))
SECRET = Secret(b"the environment's secret", 1)
WALL_NS = 1_800_000_000_000_000_000
SECOND_NS = 1_000_000_000
AT_ONCE = CollectionPolicy(age_ns=-(10**18))

KEYS: tuple[Key, ...] = (
    *(("info", name) for name in "abcdefgh"),
    ("set", "x"),
    ("set", "y"),
)


@dataclass
class Disk:
    """What a driver has made durable: the metadata and the records of whole transactions."""

    metadata: bytes | None = None
    records: dict[bytes, bytes] = field(default_factory=dict)

    def write(self, store: Store) -> None:
        """Write what changed in one transaction."""
        dirty = store.take_dirty()
        if not dirty:
            return
        self.metadata = dirty.metadata
        for key, record in dirty.records:
            if record is None:
                _ = self.records.pop(key, None)
            else:
                self.records[key] = record


@dataclass
class Node:
    """One controller: its store, its sync, its disk, and what its readers were shown."""

    name: bytes
    kept: Store
    sync: Synchronizer
    disk: Disk = field(default_factory=Disk)
    tokens: dict[Key, tuple[Token, set[Dot]]] = field(default_factory=dict)


MakeStore = Callable[[bytes], Store]
MakeSync = Callable[[Store, OwnedStore, Random], Synchronizer]


def make_store(replica: bytes) -> Store:
    """Make an empty kept store."""
    return Store(replica, EPOCH, SECRET)


def make_owned(replica: bytes) -> OwnedStore:
    """Make an empty owned store."""
    return OwnedStore(replica, EPOCH, SECRET)


class Oracle:
    """Which dots are live: those that no write superseded, of all that anybody still knows of.

    A write supersedes what its author was shown of the key. Without a token that is everything the
    author had seen of it, all of its own earlier writes among them.
    """

    def __init__(self) -> None:
        self.written: dict[tuple[Key, bytes], set[Dot]] = {}
        self.superseded: dict[Dot, set[Dot]] = {}
        self.removals: set[Dot] = set()

    def wrote(
        self, shown: dict[Key, set[Dot]], delta: Delta, author: bytes, *, token: bool
    ) -> None:
        """Note the new dots of a write."""
        for key, record in delta:
            new = max(s.dot for s in record if s.replica == author)
            if next(s for s in record if s.dot == new).value is REMOVED:
                self.removals.add(new)
            mine = self.written.setdefault((key, author), set())
            gone = shown.get(key, set())
            closure = gone.union(*(self.superseded[dot] for dot in gone))
            self.superseded[new] = closure if token else closure | mine
            mine.add(new)

    def live(self, nodes: list["Node"]) -> set[Dot]:
        """Return whose values must be shown everywhere, once all nodes know what any knows."""
        known = {dot for dot in self.superseded if any(n.kept.seen.covers(*dot) for n in nodes)}
        live = known.difference(*(self.superseded[dot] for dot in known))
        return live - self.removals


def shown_in(store: Store) -> set[Dot]:
    """Return the dots whose values a store shows."""
    return {
        sibling.dot
        for _, record in store.records()
        for sibling in current(record)
        if sibling.value is not REMOVED
    }


class World:
    """Some nodes, a network that mistreats their messages, and the oracle."""

    def __init__(
        self,
        seed: int,
        nodes: int = 4,
        make: MakeStore = make_store,
        make_sync: MakeSync = Synchronizer,
        *,
        loss: float = 0.2,
    ) -> None:
        self.random = Random(seed)
        self.make, self.make_sync = make, make_sync
        self.oracle = Oracle()
        self.now_ns = SECOND_NS
        self.loss = loss
        self.wire: list[tuple[int, int, bytes]] = []
        self.old: list[tuple[int, int, bytes]] = []
        self.alarms: list[object] = []
        self.nodes = [self._node(b"n%d" % number, make(self._replica())) for number in range(nodes)]

    def _replica(self) -> bytes:
        return self.random.randbytes(8)

    def _node(self, name: bytes, kept: Store) -> Node:
        return Node(name, kept, self.make_sync(kept, make_owned(kept.replica), self.random))

    @property
    def wall_ns(self) -> int:
        """The wall clock, which everybody shares."""
        return WALL_NS + self.now_ns

    # ── Events ───────────────────────────────────────────────────────────────────────────────

    def write(self, place: int) -> None:
        """Let a node write something, with what it sees or with an older token."""
        node, random = self.nodes[place], self.random
        store = node.kept
        key = random.choice(KEYS)
        kind = random.random()
        shown = {k: {s.dot for s in store.record(k) or ()} for k in KEYS}
        token: Token | None = None
        kind = random.random()
        if kind < 0.15:
            node.tokens[key] = (store.token(key), shown[key])
            return
        if kind < 0.45:
            delta = store.remove(key, self.wall_ns)
        elif kind < 0.55 and key in node.tokens:
            token, shown[key] = node.tokens[key]
            delta = store.put(key, random.randrange(100), self.wall_ns, token)
        elif kind < 0.62:
            delta = store.remove_prefix(("set",), self.wall_ns)
        elif kind < 0.7:
            a, b, c = random.sample(KEYS, 3)
            delta = store.write([Put(a, "a"), Put(b, "b"), Remove(c)], self.wall_ns)
        else:
            delta = store.put(key, f"value {random.randrange(1000)}", self.wall_ns)
        self.oracle.wrote(shown, delta, store.replica, token=token is not None)
        if delta and random.random() < 0.7:
            self.push(place, delta)

    def push(self, place: int, delta: Delta) -> None:
        """Send fresh records to everybody else, at the network's mercy."""
        for parcel in self.nodes[place].sync.rumour(delta):
            for other in range(len(self.nodes)):
                if other != place:
                    self.send(place, other, parcel.data)

    def ping(self, place: int) -> None:
        """Send a PING to somebody."""
        other = self.random.randrange(len(self.nodes))
        if other != place:
            self.send(place, other, self.nodes[place].sync.ping())

    def send(self, origin: int, target: int, data: bytes) -> None:
        """Lose it, or deliver it once or twice, some time."""
        if self.random.random() >= self.loss:
            self.wire.append((origin, target, data))
            if self.random.random() < self.loss / 2:
                self.wire.append((origin, target, data))
        if self.random.random() < 0.02:
            self.old.append((origin, target, data))

    def deliver(self) -> None:
        """Deliver any one of the messages that are under way."""
        if self.wire:
            place = self.random.randrange(min(len(self.wire), 12))
            origin, target, data = self.wire.pop(place)
            self.arrive(origin, target, data)

    def arrive(self, origin: int, target: int, data: bytes) -> None:
        """Let a node handle a message and send what it replies."""
        node = self.nodes[target]
        name = self.nodes[origin].name
        outcome = node.sync.receive(name, data, self.now_ns, self.wall_ns)
        self.done(target, outcome, {name: origin})

    def done(self, place: int, outcome: Outcome, names: dict[bytes, int]) -> None:
        """Send what an outcome asks for."""
        self.alarms += outcome.alarms
        for parcel in outcome.replies:
            self.send(place, names[parcel.peer], parcel.data)

    def wake(self, place: int) -> None:
        """Let time pass, and a node notice."""
        self.now_ns += SECOND_NS // 3
        names = {node.name: number for number, node in enumerate(self.nodes)}
        self.done(place, self.nodes[place].sync.wake(self.now_ns), names)

    def collect(self, place: int) -> None:
        """Collect every tombstone at once: early for everybody else."""
        _ = self.nodes[place].kept.collect(self.wall_ns, None, AT_ONCE)

    def save(self, place: int) -> None:
        """Make a node's state durable."""
        self.nodes[place].disk.write(self.nodes[place].kept)

    def restart(self, place: int) -> None:
        """Start a node anew from its disk, under a new replica id.

        What was not durable is lost unless it had been sent.
        """
        node = self.nodes[place]
        restored = restore(
            self._replica(), EPOCH, SECRET, node.disk.metadata, list(node.disk.records.items())
        )
        assert not restored.damaged
        kept = self.adopt(restored.store)
        self.nodes[place] = fresh = self._node(node.name, kept)
        fresh.disk = node.disk

    def adopt(self, store: Store) -> Store:
        """Give a restored state to a store as this world makes them."""
        made = self.make(store.replica)
        made.table, made.seen, made.clock = store.table, store.seen, store.clock
        for head in store.heads:
            made.heads.note(head)
        return made

    def lose_disk(self, place: int) -> None:
        """Start a node with nothing."""
        self.nodes[place] = self._node(self.nodes[place].name, self.make(self._replica()))

    def replay(self) -> None:
        """Deliver a message from long ago."""
        if self.old:
            self.arrive(*self.random.choice(self.old))

    # ── Schedules ────────────────────────────────────────────────────────────────────────────

    def step(self) -> None:
        """Let one random thing happen to one random node."""
        random, place = self.random, self.random.randrange(len(self.nodes))
        kind = random.random()
        if kind < 0.22:
            self.write(place)
        elif kind < 0.75:
            self.deliver()
        elif kind < 0.87:
            self.ping(place)
        elif kind < 0.91:
            self.wake(place)
        elif kind < 0.94:
            self.collect(place)
        elif kind < 0.97:
            self.save(place)
        elif kind < 0.985:
            self.replay()
        elif kind < 0.995:
            self.restart(place)
        else:
            self.lose_disk(place)

    def run(self, steps: int) -> None:
        """Let so many random things happen."""
        for _ in range(steps):
            self.step()

    def heal(self, rounds: int = 60) -> None:
        """Let everything be delivered, until all stores say that they are equal."""
        self.loss = 0.0
        for _ in range(rounds):
            for place in range(len(self.nodes)):
                for other in range(len(self.nodes)):
                    if other != place:
                        self.send(place, other, self.nodes[place].sync.ping())
            while self.wire:
                self.deliver()
            for place in range(len(self.nodes)):
                self.now_ns += 2 * SECOND_NS
                self.wake(place)
            while self.wire:
                self.deliver()
            if self.equal():
                return

    def equal(self) -> bool:
        """Whether all nodes would say so of each other."""
        return len({node.sync.ping() for node in self.nodes}) == 1
