"""A disk that remembers what was synced, and nothing else.

Writes wait until the sync before theirs is over, then become durable together, as one transaction.
If the host goes down during a sync, the transaction is either there or not, as luck has it, and
nobody was told. What waited is gone. Where a write is torn, the transaction is there and some of
its rows are damaged.
"""

from dataclasses import dataclass
from random import Random
from typing import Final, Protocol

from mesh.protocol.effects import Image, JournalWrite, WriteFact
from mesh.protocol.inputs import Input, Persisted, PersistFailed
from simulations.delay import draw
from simulations.durable import Durable, rows_of, size_bytes
from simulations.kernel import Kernel
from simulations.plan import Delay

LIFE_BYTES: Final = 256
"""What an opening writes before anything else: on a disk with less room no life begins."""


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
        self.broken = 0
        """Faults because of which every sync fails."""
        self.fails_next = False
        self.free_bytes: int | None = None
        """None: more than anybody needs."""
        self.slowed = self.failed = self.damaged = 0
        """Syncs that took longer, syncs and openings that failed, damaged rows that were found."""
        self.syncs = 0
        self._kernel = kernel
        self._owner = owner
        self._random = random
        self._sync = sync
        self._images: dict[int, Durable] = {}
        self._waiting: _Batch | None = None
        self._syncing: _Batch | None = None

    @property
    def is_idle(self) -> bool:
        """Whether everything handed over is durable."""
        return self._syncing is None and self._waiting is None

    @property
    def unwritten(self) -> int:
        """How many writes are not durable yet."""
        return sum(len(batch.writes) for batch in (self._waiting, self._syncing) if batch)

    # --- writing ------------------------------------------------------------------------------

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
            self.slowed += 1
        delay_ns = draw(self._sync, self._random) + self.extra_ns
        self._kernel.after(delay_ns, lambda: self._end(batch))

    def _end(self, batch: _Batch) -> None:
        if self._syncing is not batch:
            return
        self._syncing = None
        failure = self._failure(batch)
        if failure is not None:
            self.failed += 1
            self._waiting = None
            self._owner.take(batch.life, PersistFailed(failure))
            return
        self._commit(batch)
        self._begin()
        token = batch.tokens[-1]
        # An event of its own: what the writes set off comes before their author knows of them.
        self._kernel.after(0, lambda: self._owner.take(batch.life, Persisted(token)))

    def _failure(self, batch: _Batch) -> str | None:
        """Why this sync fails, if it does."""
        if self.broken:
            return "the disk does not write"
        if self.fails_next:
            self.fails_next = False
            return "the disk did not write"
        if self.free_bytes is not None:
            needed_bytes = sum(map(size_bytes, batch.writes))
            if needed_bytes > self.free_bytes:
                return "the disk is full"
            self.free_bytes -= needed_bytes
        return None

    def _commit(self, batch: _Batch) -> None:
        self.syncs += 1
        for write in batch.writes:
            self.durable.write(write)
            self._owner.written(write)

    # --- going down ---------------------------------------------------------------------------

    def crash(self, *, torn: bool = False) -> None:
        """Lose what was not durable; the sync under way ends as luck has it."""
        batch = self._syncing
        self._syncing = self._waiting = None
        if batch is None or self.broken or self.free_bytes is not None:
            return
        if torn:
            self._tear(batch)
        elif self._random.getrandbits(1):
            self._commit(batch)

    def _tear(self, batch: _Batch) -> None:
        """All of ``batch`` is there, with one damaged row; nobody relies on any of it."""
        rows = [(write, row) for write in batch.writes for row in rows_of(write)]
        torn_write, torn_row = self._random.choice(rows)
        for write in batch.writes:
            self.durable.write(write)
            if not _follows(write, torn_write):
                self._owner.written(write)
        self.durable.rotten[torn_row] = None

    def wipe(self) -> None:
        """Lose everything."""
        self.durable = Durable()

    def rot(self) -> None:
        """One row is damaged, and nobody knows."""
        self.durable.rot(self._random)

    def back_up(self, at_ns: int) -> None:
        """Keep an image of what is durable now, and call it ``at_ns``."""
        self._images[at_ns] = self.durable.copy()

    def restore(self, at_ns: int) -> None:
        """Be what the image called ``at_ns`` was, or the last one before; without one, empty."""
        known = [taken_ns for taken_ns in self._images if taken_ns <= at_ns]
        self.durable = self._images[max(known)].copy() if known else Durable()

    # --- opening ------------------------------------------------------------------------------

    @property
    def opens(self) -> bool:
        """Whether a life can begin here now."""
        return not self.broken and (self.free_bytes is None or self.free_bytes >= LIFE_BYTES)

    def begin_life(self, controller: bytes, *, in_doubt: bool, boot_floor: int) -> Image:
        """What a new life of ``controller`` finds; its boot number is durable already."""
        assert self.is_idle, "a life began while the last one was writing"
        durable = self.durable
        damaged = durable.put_aside()
        self.damaged += damaged
        own = [origin for origin, _ in durable.facts if origin.controller == controller]
        previous = max(own, default=None)
        told = previous.boot if previous is not None else 0
        durable.boot = max(durable.boot, told, boot_floor) + 1
        if in_doubt or damaged:
            durable.doubted_boot = durable.boot
        return Image(
            boot=durable.boot,
            previous=previous,
            unbroken=durable.doubted_boot <= told,
            facts=durable.chains(),
            records=tuple(sorted(durable.records.items())),
            store_metadata=durable.store_metadata,
            meta=dict(durable.meta),
            findings=(f"{damaged} rows of the journal were damaged",) if damaged else (),
        )


def _follows(write: JournalWrite, torn: JournalWrite) -> bool:
    """Whether ``write`` cannot be read where ``torn`` cannot: itself, and what its chain holds."""
    if not isinstance(write, WriteFact) or not isinstance(torn, WriteFact):
        return write is torn
    return write.origin == torn.origin and write.sequence >= torn.sequence
