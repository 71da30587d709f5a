"""A disk that remembers what was synced, and nothing else.

Writes wait until the sync before theirs is over, then become durable together, as one transaction.
If the host goes down during a sync, the transaction is either there or not, as luck has it, and
nobody was told. What waited is gone.
"""

from dataclasses import dataclass, field
from random import Random
from typing import Protocol, assert_never

from mesh.protocol.effects import Image, JournalWrite, WriteFact, WriteMeta, WriteStore
from mesh.protocol.inputs import Input, Persisted, PersistFailed
from mesh.wire.facts import SignedFact
from mesh.wire.identity import Incarnation
from simulations.delay import draw
from simulations.kernel import Kernel
from simulations.plan import Delay


@dataclass(slots=True)
class Durable:
    """The content of a disk after the power has gone."""

    boot: int = 0
    doubted_boot: int = 0
    """The last life that could not be sure that the one before it had lost nothing."""
    facts: dict[tuple[Incarnation, int], SignedFact] = field(default_factory=dict)
    records: dict[bytes, bytes] = field(default_factory=dict)
    store_metadata: bytes | None = None
    meta: dict[str, bytes] = field(default_factory=dict)

    def write(self, write: JournalWrite) -> None:
        """One write of a transaction."""
        match write:
            case WriteFact(origin, sequence, signed):
                self.facts[origin, sequence] = signed
            case WriteStore(records, metadata):
                self._write_records(records)
                self.store_metadata = metadata
            case WriteMeta(key, value):
                self.meta[key] = value
            case _:
                assert_never(write)

    def _write_records(self, records: tuple[tuple[bytes, bytes | None], ...]) -> None:
        for key, record in records:
            if record is None:
                _ = self.records.pop(key, None)
            else:
                self.records[key] = record

    def mentions(self, text: bytes) -> bool:
        """Whether ``text`` stands anywhere in the records or in the small values."""
        return any(text in stored for stored in (*self.records.values(), *self.meta.values()))

    def copy(self) -> "Durable":
        """Another disk with the same content."""
        return Durable(
            self.boot,
            self.doubted_boot,
            dict(self.facts),
            dict(self.records),
            self.store_metadata,
            dict(self.meta),
        )

    def holds(self, origin: Incarnation, sequence: int, signed: SignedFact) -> bool:
        """Whether exactly this fact is here."""
        return self.facts.get((origin, sequence)) == signed


class Owner(Protocol):
    """Whom a disk reports to."""

    life: int

    def take(self, life: int, given: Input) -> None:
        """Give ``given`` to the controller, if it still lives the same life."""

    def written(self, write: JournalWrite) -> None:
        """``write`` is durable."""


@dataclass(slots=True)
class _Batch:
    life: int
    tokens: list[int]
    writes: list[JournalWrite]


class Disk:
    """The disk of one host; it outlives its controllers."""

    def __init__(self, kernel: Kernel, owner: Owner, random: Random, sync: Delay) -> None:
        self.durable = Durable()
        self.extra_ns = 0
        """How much longer a sync takes now."""
        self.fails = False
        self.bites = 0
        """How often a fault of the disk made a difference."""
        self.syncs = 0
        self._kernel = kernel
        self._owner = owner
        self._random = random
        self._sync = sync
        self._backup = Durable()
        self._waiting: _Batch | None = None
        self._syncing: _Batch | None = None

    @property
    def is_idle(self) -> bool:
        """Whether everything handed over is durable."""
        return self._syncing is None and self._waiting is None

    def append(self, life: int, token: int, writes: tuple[JournalWrite, ...]) -> None:
        """Take ``writes``, which become durable together; confirmed by their token."""
        if self._waiting is None:
            self._waiting = _Batch(life, [], [])
        self._waiting.tokens.append(token)
        self._waiting.writes.extend(writes)
        if self._syncing is None:
            self._begin()

    def _begin(self) -> None:
        self._syncing = batch = self._waiting
        self._waiting = None
        if batch is None:
            return
        if self.extra_ns:
            self.bites += 1
        delay_ns = draw(self._sync, self._random) + self.extra_ns
        self._kernel.after(delay_ns, lambda: self._end(batch))

    def _end(self, batch: _Batch) -> None:
        if self._syncing is not batch:
            return
        self._syncing = None
        if self.fails:
            self.bites += 1
            self._waiting = None
            self._owner.take(batch.life, PersistFailed("the disk does not write"))
            return
        self._commit(batch)
        self._begin()
        token = batch.tokens[-1]
        # An event of its own: what the writes set off comes before their author knows of them.
        self._kernel.after(0, lambda: self._owner.take(batch.life, Persisted(token)))

    def _commit(self, batch: _Batch) -> None:
        self.syncs += 1
        for write in batch.writes:
            self.durable.write(write)
            self._owner.written(write)

    def crash(self) -> None:
        """Lose what was not durable; the sync under way ends as luck has it."""
        batch = self._syncing
        self._syncing = self._waiting = None
        if batch is not None and not self.fails and self._random.getrandbits(1):
            self._commit(batch)

    def wipe(self) -> None:
        """Lose everything."""
        self.durable = Durable()

    def back_up(self) -> None:
        """Keep a copy of what is durable now."""
        self._backup = self.durable.copy()

    def restore(self) -> None:
        """Be what the copy was; without one, empty."""
        self.durable = self._backup.copy()

    def begin_life(self, controller: bytes, *, in_doubt: bool, boot_floor: int) -> Image:
        """What a new life of ``controller`` finds; its boot number is durable already."""
        assert self.is_idle, "a life began while the last one was writing"
        durable = self.durable
        own = [origin for origin, _ in durable.facts if origin.controller == controller]
        previous = max(own, default=None)
        told = previous.boot if previous is not None else 0
        durable.boot = max(durable.boot, told, boot_floor) + 1
        if in_doubt:
            durable.doubted_boot = durable.boot
        return Image(
            boot=durable.boot,
            previous=previous,
            unbroken=durable.doubted_boot <= told,
            facts=tuple(durable.facts[at] for at in sorted(durable.facts)),
            records=tuple(sorted(durable.records.items())),
            store_metadata=durable.store_metadata,
            meta=dict(durable.meta),
        )
