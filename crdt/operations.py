"""What is asked of a store and what it hands to its driver, as values."""

from dataclasses import dataclass
from typing import Final

from crdt.reading import Token
from crdt.record import REMOVED, Record, current, is_removed
from crdt.values import Key


@dataclass(frozen=True, slots=True)
class Put:
    """Set a key.

    `seen` is what the writer was shown (None: what is there now); `stamp` comes from an author with
    a clock of its own (None: this store's).
    """

    key: Key
    value: object
    seen: Token | None = None
    stamp: int | None = None


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a key, or of it only what the writer was shown."""

    key: Key
    seen: Token | None = None


def removes_something(record: Record, remove: Remove) -> bool:
    """Whether a removal meets a value of this record that it is meant for."""
    known = None if remove.seen is None else remove.seen.counters
    return not is_removed(record) and any(
        known is None or sibling.counter <= known.get(sibling.replica, 0)
        for sibling in current(record)
        if sibling.value is not REMOVED
    )


@dataclass(frozen=True, slots=True)
class Dirty:
    """What a driver writes in one transaction; False where there is nothing to write.

    The metadata replaces the last, a record replaces that of its key, and None deletes it.
    """

    metadata: bytes | None
    records: tuple[tuple[bytes, bytes | None], ...]

    def __bool__(self) -> bool:
        return self.metadata is not None


NOTHING_DIRTY: Final = Dirty(None, ())


@dataclass(frozen=True, slots=True)
class StoreStatistics:
    """Sizes of one store, in entries."""

    records: int
    tombstones: int
    replicas: int
    cloud_runs: int
    watermarks: int
