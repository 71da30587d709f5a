"""The store beside pycrdt in one process: what counts is the ratio, the machine is shared.

    python -m tests.benchmarks.bench_store [--keys N] [--json FILE]

Each figure is the best of several rounds, and the rounds of both stores alternate, so that a busy
neighbour meets both. `ratio` says how many times faster than pycrdt this store is (for bytes: how
many times smaller); above 1 is better than pycrdt. The bytes of a synchronization are those of the
records and the vector that covers them; those of the question before it are shown apart.
"""

import argparse
import gc
import json
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from time import perf_counter
from typing import TypeAlias

import pycrdt

from crdt import NO_SECRET, Delta, Key, OwnedStore, Store, Synchronizer, data_set_epoch

Document: TypeAlias = "pycrdt.Doc[pycrdt.Map[str]]"

EPOCH = data_set_epoch(b"bench", 1, bytes(16))
WALL_NS = 1_800_000_000_000_000_000
VALUE = "a value of usual size"
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; `target` in the same unit as `ours`."""

    name: str
    unit: str
    ours: float
    pycrdt: float | None
    target: float | None

    @property
    def ratio(self) -> float | None:
        """How much better than pycrdt; rates grow, everything else shrinks."""
        if not self.pycrdt:
            return None
        return self.ours / self.pycrdt if self.unit.endswith("/s") else self.pycrdt / self.ours


def make_keys(count: int) -> list[Key]:
    """Return keys as people write them."""
    return [("info", f"service-{number}") for number in range(count)]


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that `work` takes, without collecting garbage."""
    gc.disable()
    start = perf_counter()
    work()
    took = perf_counter() - start
    gc.enable()
    return took


def pair(
    ours: Callable[[], Callable[[], object]],
    theirs: Callable[[], Callable[[], object]],
) -> tuple[float, float]:
    """Set up and time both in turn, several rounds; return the best seconds of each."""
    times = []
    for _ in range(ROUNDS):
        _ = gc.collect()
        times.append((timed(ours()), timed(theirs())))
    return min(one for one, _ in times), min(other for _, other in times)


def fill(store: Store, keys: list[Key]) -> Delta:
    """Put a value at every key."""
    put, wall_ns = store.put, WALL_NS
    return tuple([put(key, VALUE, wall_ns)[0] for key in keys])


def fill_pycrdt(document: Document, keys: list[Key]) -> None:
    """Put a value at every key, one transaction each, as running information comes in."""
    entries = document.get("info", type=pycrdt.Map)
    for _, name in keys:
        entries[name] = VALUE


def make_store(letter: bytes) -> Store:
    """Make an empty store."""
    return Store(letter * 8, EPOCH, NO_SECRET)


def bench_put(count: int) -> Iterator[Figure]:
    """Measure local writes: to new keys, and again and again to a thousand."""
    for name, keys in (
        ("put, new keys", make_keys(count)),
        ("put, 1,000 keys over and over", make_keys(1_000) * (count // 1_000)),
    ):

        def ours(keys: list[Key] = keys) -> Callable[[], object]:
            store = make_store(b"a")
            return lambda: fill(store, keys)

        def theirs(keys: list[Key] = keys) -> Callable[[], object]:
            document: Document = pycrdt.Doc()
            return lambda: fill_pycrdt(document, keys)

        mine, other = pair(ours, theirs)
        yield Figure(name, "put/s", len(keys) / mine, len(keys) / other, 300_000)


def bench_apply(count: int) -> Figure:
    """Measure a whole store arriving at an empty one."""
    keys = make_keys(count)
    delta = fill(make_store(b"a"), keys)
    document: Document = pycrdt.Doc()
    fill_pycrdt(document, keys)
    update = document.get_update()

    def ours() -> Callable[[], object]:
        store = make_store(b"b")
        return lambda: store.apply(delta, WALL_NS)

    def theirs() -> Callable[[], object]:
        target: Document = pycrdt.Doc()
        return lambda: target.apply_update(update)

    mine, other = pair(ours, theirs)
    return Figure("bulk apply", "keys/s", count / mine, count / other, 400_000)


class Pair:
    """Two equal stores with their syncs, and a count of what passes between them."""

    def __init__(self, count: int) -> None:
        self.keys = make_keys(count)
        self.stores = [make_store(b"a"), make_store(b"b")]
        _ = self.stores[1].apply(fill(self.stores[0], self.keys), WALL_NS)
        self.syncs = [
            Synchronizer(store, OwnedStore(store.replica, EPOCH, NO_SECRET), Random(1))
            for store in self.stores
        ]
        _ = self.exchange()

    def exchange(self) -> list[int]:
        """Let the second hear the first until they are equal; return the sizes of the messages."""
        sizes = []
        queue = [(1, self.syncs[0].ping())]
        while queue:
            target, data = queue.pop(0)
            sizes.append(len(data))
            outcome = self.syncs[target].receive(b"peer", data, 0, WALL_NS)
            queue += [(1 - target, parcel.data) for parcel in outcome.replies]
        return sizes


def bench_sync(count: int) -> Iterator[Figure]:
    """Measure what it takes to bring one changed key of many over."""
    two = Pair(count)
    idle = two.exchange()
    keys = iter(make_keys(10_000))
    sizes: list[int] = []

    def change() -> Callable[[], object]:
        _ = two.stores[0].put(next(keys), "another value", WALL_NS)
        return lambda: sizes.__setitem__(slice(None), two.exchange())

    mine = min(timed(change()) for _ in range(200))
    other, update_bytes = pycrdt_sync(count)
    assert two.stores[0].root() == two.stores[1].root(), "they are equal again"
    _, digest, *delta = sizes
    yield Figure("1 key changed: CPU of both sides", "us", mine * 1e6, other * 1e6, 50)
    yield Figure("1 key changed: records and cover", "bytes", sum(delta), update_bytes, 100)
    yield Figure("1 key changed: the digest before it", "bytes", digest, None, None)
    yield Figure("idle: PING for both stores", "bytes", sum(idle), None, 50)


def pycrdt_sync(count: int) -> tuple[float, int]:
    """Do the same with pycrdt: state vector, update, apply."""
    keys = make_keys(count)
    left: Document = pycrdt.Doc()
    right: Document = pycrdt.Doc()
    fill_pycrdt(left, keys)
    right.apply_update(left.get_update())
    entries = left.get("info", type=pycrdt.Map)
    size = 0

    def exchange() -> None:
        nonlocal size
        update = left.get_update(right.get_state())
        size = len(update)
        right.apply_update(update)

    times = []
    for _, name in keys[:200]:
        entries[name] = "another value"
        times.append(timed(exchange))
    return min(times), size


def bench_behind_the_floor(count: int) -> Iterator[Figure]:
    """Measure the walk: one entry is dead that the other has never heard the removal of."""
    two = Pair(count)
    first = two.stores[0]
    _ = first.remove(two.keys[count // 2], WALL_NS)
    _ = first.collect(WALL_NS, first.vector)
    sizes = two.exchange()
    assert two.stores[0].root() == two.stores[1].root(), "they are equal again"
    yield Figure("reconcile 1 behind the floor", "bytes", sum(sizes[1:]), None, 500)


def bench_memory(count: int) -> Iterator[Figure]:
    """Measure what an entry costs beside its key and value, and what a deleted one leaves."""
    keys = make_keys(count)
    _ = gc.collect()
    tracemalloc.start()
    store = make_store(b"a")
    before, _ = tracemalloc.get_traced_memory()
    _ = [store.put(key, VALUE, WALL_NS) for key in keys] and None
    _ = store.root()
    _ = store.take_dirty()
    _ = gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    yield Figure("overhead per entry", "bytes", (after - before) / count, None, 250)
    _ = store.remove_prefix(("info",), WALL_NS)
    _ = store.collect(WALL_NS, store.vector)
    left = len(store) + sum(len(live) for live in store.table.live.values())
    yield Figure("entries left per deleted key", "entries", left / count, None, 0)


def run(count: int) -> list[Figure]:
    """Measure everything."""
    return [
        *bench_put(count),
        bench_apply(count),
        *bench_sync(count),
        *bench_behind_the_floor(count),
        *bench_memory(count),
    ]


def show(figures: list[Figure]) -> None:
    """Print the table."""
    head = f"{'figure':38} {'unit':8} {'ours':>12} {'pycrdt':>12} {'ratio':>7} {'target':>10}"
    print(head)  # noqa: T201 - a program that people run
    print("-" * len(head))  # noqa: T201 - a program that people run
    for figure in figures:
        other = "" if figure.pycrdt is None else f"{figure.pycrdt:,.1f}"
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        target = "" if figure.target is None else f"{figure.target:,.0f}"
        print(  # noqa: T201 - a program that people run
            f"{figure.name:38} {figure.unit:8} {figure.ours:12,.1f} {other:>12} {ratio:>7}"
            f" {target:>10}",
        )


def main() -> None:
    """Measure, print, and write JSON where asked to."""
    parser = argparse.ArgumentParser(description="The store beside pycrdt.")
    _ = parser.add_argument("--keys", type=int, default=100_000)
    _ = parser.add_argument("--json", type=Path)
    options = parser.parse_args(sys.argv[1:])
    figures = run(options.keys)
    show(figures)
    report = [asdict(figure) | {"ratio": figure.ratio} for figure in figures]
    if options.json:
        _ = options.json.write_text(json.dumps(report, indent=2) + "\n")
    else:
        print(json.dumps(report))  # noqa: T201 - a program that people run


if __name__ == "__main__":
    main()
