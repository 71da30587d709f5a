"""A store from what a disk still holds, whatever has become of it.

Records that do not read are set aside and named, never fatal. But a store that lost a record must
not go on saying that it has seen it: seen and not live means dead, and it would spread. So with
any damage the store forgets what it has seen, except for the dots that it holds. That is always
safe: it is then a laggard that compares live dots with its peers and takes again what it lost.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crdt.encoding import Malformed, decode_key, decode_metadata, decode_record
from crdt.errors import Rejected
from crdt.fingerprints import Secret
from crdt.groups import Seal, Verify
from crdt.record import Record
from crdt.seen import Seen
from crdt.store import Store


@dataclass(frozen=True, slots=True)
class Damaged:
    """A row that could not be read, as it was found: evidence, to be kept by the driver.

    Where the metadata could not be read, `key_bytes` is empty.
    """

    key_bytes: bytes
    record_bytes: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Restored:
    """A store, and what could not become part of it."""

    store: Store
    damaged: tuple[Damaged, ...]


def restore(
    replica: bytes,
    epoch: bytes,
    secret: Secret,
    metadata: bytes | None,
    records: Iterable[tuple[bytes, bytes]],
    *,
    seal: Seal | None = None,
    verify: Verify | None = None,
) -> Restored:
    """Make a store under a *new* replica id from what `take_dirty` gave to an earlier process."""
    store = Store(replica, epoch, secret, seal=seal, verify=verify)
    damaged: list[Damaged] = []
    last, seen = _metadata(metadata, epoch, damaged)
    for key_bytes, record_bytes in records:
        try:
            key, record = decode_key(key_bytes), decode_record(record_bytes)
        except Malformed as fault:
            damaged.append(Damaged(key_bytes, record_bytes, str(fault)))
        else:
            store.table.replace(key, record)
            last = max(last, *(sibling.stamp for sibling in record)) if metadata is None else last
    assert replica not in seen.vector, "a replica id is never used twice"
    store.clock.last = last
    store.seen = seen
    store.table.dirty.clear()
    if damaged or metadata is None:
        forget_what_was_seen(store)
    return Restored(store, tuple(damaged))


def _metadata(
    data: bytes | None,
    epoch: bytes,
    damaged: list[Damaged],
) -> tuple[int, Seen]:
    if data is None:
        return 0, Seen()
    match decode_metadata(data, epoch):
        case Rejected() as rejected:
            damaged.append(Damaged(b"", data, rejected.detail))
            return 0, Seen()
        case (last, seen):
            return last, seen


def forget_what_was_seen(store: Store) -> None:
    """Claim to have seen only what is held: for a store that may have lost records."""
    incarnations = store.seen.incarnations
    store.seen = Seen()
    store.seen.incarnations = incarnations
    if store.counter:
        store.seen.vector[store.replica] = store.counter
    held: Iterable[Record] = store.table.records.values()
    for record in held:
        for sibling in record:
            _ = store.seen.mark(sibling.replica, sibling.counter)
    store.touched()
