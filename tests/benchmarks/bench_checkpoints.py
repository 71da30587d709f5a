"""What a long past costs: python -m tests.benchmarks.bench_checkpoints.

An environment of three controllers has seen 100,000 ChangeSets in 1,000,000 facts, and 10,000
boots. A controller keeps the ground of the last checkpoint, and what came after it: up to twice
``CHECKPOINT_CHANGES`` ChangeSets in full. That rest is real, made by three replicas; the ground is
theirs too, with made-up names added for what it sums up. The disk is a real journal.
"""

import tempfile
import time
import timeit
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

from mesh.driver.journal.opening import Start, begin
from mesh.driver.journal.rows import rows_of
from mesh.driver.journal.schema import connect, write_rows
from mesh.environment.kinds.environment import CHECKPOINT_CHANGES
from mesh.protocol.effects import JournalWrite, WriteFact, WriteMeta, WriteStore
from mesh.protocol.ground import GROUND_KEY, Fate, Ground, stored_ground, write_ground
from mesh.protocol.now import MILLISECOND, SECOND, Now
from mesh.protocol.replica import Replica
from mesh.protocol.replica.participant import Participant
from tests.mesh.protocol.keys import ExchangeKey, KeySuite
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh
from tests.mesh.protocol.replica.test_mesh import gather, submit

CHANGES: Final = 100_000
BOOTS: Final = 10_000


def measure() -> dict[str, float]:
    """Milliseconds of the processor for each deed, and how much there was."""
    mesh = _lived()
    host = mesh.hosts[0]
    inside = _inside(host)
    past = _long(stored_ground(host.disk.meta))
    host.disk.meta[GROUND_KEY] = write_ground(past)
    figures = {
        "ChangeSets below the ground": float(len(past.fates)),
        "ChangeSets above it": float(inside.history.ids.bit_count()),
        "facts above it": float(inside.chains.count),
        "bytes of the ground": float(len(host.disk.meta[GROUND_KEY])),
    }
    with tempfile.TemporaryDirectory() as folder:
        figures |= _start(Path(folder), host)
    figures["a refold from the ground on"] = _refold(inside)
    return figures


def _inside(host: Host) -> Participant:
    assert host.replica.participant is not None
    return host.replica.participant


def _lived() -> MiniMesh:
    """Three replicas just before their second checkpoint: they hold as much as they ever do."""
    mesh = gather(3)
    for at in range(3 * CHECKPOINT_CHANGES - 20):
        _ = submit(mesh.hosts[at % 3], f"i{at % 500}", value=at)
        mesh.run(20 * MILLISECOND)
    mesh.run(5 * SECOND)
    assert _inside(mesh.hosts[0]).catalogue.ground.height == 1
    return mesh


def _long(ground: Ground) -> Ground:
    """The same ground after a long life."""
    random = Random(1)
    more = CHANGES - len(ground.fates)
    return replace(
        ground,
        attempts=random.randbytes(32 * more) + ground.attempts,
        txs=random.randbytes(32 * more) + ground.txs,
        fates=bytes([Fate.EFFECTIVE]) * more + ground.fates,
        retired={life.controller: BOOTS // 3 for life in ground.floors},
    )


def _start(folder: Path, host: Host) -> dict[str, float]:
    """From nothing to the first step of a life that may write."""
    path = folder / "journal.db"
    connection = connect(path)
    writes: list[JournalWrite] = [
        *(WriteFact(origin, at, signed) for (origin, at), signed in host.disk.facts.items()),
        *(WriteMeta(key, value) for key, value in host.disk.meta.items()),
        WriteStore(tuple(host.disk.records.items()), host.disk.metadata or b""),
    ]
    rows = {row: value for write in writes for row, value in rows_of(write)}
    write_rows(connection, rows)
    connection.close()
    now = Now(SECOND, 1_900_000_000 * SECOND)
    start = Start(path, host.identity.public, now)
    found = []
    opening = timeit.timeit(lambda: found.append(begin(start)), number=1, timer=time.process_time)
    image = found[0].image
    replica = Replica(
        host.identity,
        host.mesh.operator,
        ExchangeKey(bytes([101]) * 32),
        host.configuration,
        Random(1),
        KeySuite(),
        image,
    )
    beginning = timeit.timeit(lambda: replica.start(now), number=1, timer=time.process_time)
    return {
        "opening the journal": opening * 1e3,
        "the first step of the life": beginning * 1e3,
        "writable after": (opening + beginning) * 1e3,
    }


def _refold(inside: Participant) -> float:
    """What it takes where something turns up directly above the ground."""
    history = inside.history
    ids = history.ids

    def fold() -> None:
        history.begin()
        history.extend(ids)

    return timeit.timeit(fold, number=1, timer=time.process_time) * 1e3


if __name__ == "__main__":
    for what, figure in measure().items():
        print(f"{what:32} {figure:14,.1f}")  # noqa: T201  a program that people run
