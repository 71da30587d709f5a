"""A store from what a disk still holds, whatever has become of it.

Records that do not read are set aside and named, never fatal. But a store that lost a record must
not go on saying that it has seen it: seen and not live means dead, and it would spread. So with
any damage the store forgets what it has seen, except for the dots that it holds. That is always
safe: it is then a laggard that compares live dots with its peers and takes again what it lost.
It does the same where it could not prove to others what it says it has seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crdt.encoding import Malformed, decode_key, decode_metadata, decode_record
from crdt.errors import Rejected
from crdt.fingerprints import Secret
from crdt.groups import Seal, Verify, head_of
from crdt.heads import Heads
from crdt.seen import Seen
from crdt.store import Store
from crdt.values import Key


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
    last, seen, heads = _metadata(metadata, epoch, damaged)
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
    for head in heads:
        store.heads.note(head)
    _recall_heads(store)
    store.table.dirty.clear()
    if damaged or metadata is None or not _is_proven(store):
        forget_what_was_seen(store)
    return Restored(store, tuple(damaged))


def _recall_heads(store: Store) -> None:
    """Take the heads that are not written beside the records from the records themselves."""
    for replica, line in store.table.live.items():
        key = line.get(store.seen.last(replica))
        if key is not None:
            _note_heads(store, key)


def _note_heads(store: Store, key: Key) -> None:
    for sibling in store.table.records[key]:
        if sibling.counter > store.heads.last(sibling.replica):
            head = head_of(key, sibling)
            if head is not None:
                store.heads.note(head)


def _is_proven(store: Store) -> bool:
    """Whether each entry of what was seen has a head that proves it, where that is asked for."""
    told = store.seen.vector | store.seen.watermarks
    return store.ledger is None or all(n <= store.heads.last(name) for name, n in told.items())


def _metadata(
    data: bytes | None,
    epoch: bytes,
    damaged: list[Damaged],
) -> tuple[int, Seen, Heads]:
    if data is None:
        return 0, Seen(), Heads()
    match decode_metadata(data, epoch):
        case Rejected() as rejected:
            damaged.append(Damaged(b"", data, rejected.detail))
            return 0, Seen(), Heads()
        case (last, seen, heads):
            return last, seen, heads


def forget_what_was_seen(store: Store) -> None:
    """Claim to have seen only what is held: for a store that may have lost records."""
    incarnations = store.seen.incarnations
    store.seen = Seen()
    store.seen.incarnations = incarnations
    if store.counter:
        store.seen.vector[store.replica] = store.counter
    for key, record in store.table.records.items():
        for sibling in record:
            _ = store.seen.mark(sibling.replica, sibling.counter)
        _note_heads(store, key)
    store.touched()
