"""Keys, records and causal metadata as bytes: one form for the disk and for the wire.

Arrays, never maps; fixed positions; shorter arrays where the tail is empty. A record is
`[key, sibling…]`, a sibling `[replica, counter, stamp, value, context, proof]` whose context and
proof are left off where they are empty.

Whatever is read is checked completely before anything else sees it: `Malformed` is raised within
this package only, and becomes a `Rejected` value at the edge.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Final, TypeAlias

import cbor2

from crdt.errors import Reason, Rejected
from crdt.groups import HASH_BYTES
from crdt.heads import Head, Heads
from crdt.intervals import Intervals
from crdt.limits import (
    context_max,
    controller_id_bytes,
    counter_max,
    group_max,
    replica_id_bytes,
    siblings_max,
    stamp_max,
    value_bytes_max,
    value_depth_max,
)
from crdt.record import REMOVED, Context, KeyedRecord, Proof, Record, Sibling, dominates
from crdt.seen import Seen
from crdt.values import Key, decode_bounded, key_fault, value_fault

_SHALLOW: Final = frozenset({bool, int, type(None), type(REMOVED)})
_RECORD_DEPTH: Final = 2
"""Record and sibling: the containers around a value."""

_KEY_DEPTH: Final = 1
_METADATA_DEPTH: Final = 4
_METADATA_VERSION: Final = 2
_SIBLING_FIELDS: Final = range(4, 7)
_SIGNATURE_BYTES_MAX: Final = 128

Plain: TypeAlias = tuple[object, ...]


class Malformed(Exception):
    """Bytes or items that are not what they should be; never leaves this package."""


def encode_key(key: Key) -> bytes:
    """Encode a key, as it is kept on disk."""
    return cbor2.dumps(key)


def decode_key(data: bytes) -> Key:
    """Read a key. Raises Malformed."""
    return parse_key(_item(data, _KEY_DEPTH))


def encode_record(record: Record) -> bytes:
    """Encode the siblings of one key, as they are kept on disk."""
    return cbor2.dumps([plain_sibling(sibling) for sibling in record])


def decode_record(data: bytes) -> Record:
    """Read the siblings of one key. Raises Malformed."""
    return parse_record(_item(data, _RECORD_DEPTH + value_depth_max))


def plain_record(key: Key, record: Record) -> Plain:
    """Return a record as plain items, ready to be part of a message."""
    return (key, *[plain_sibling(sibling) for sibling in record])


def plain_sibling(sibling: Sibling) -> Plain:
    """Return a sibling as plain items; what is empty at its end is left off."""
    context, proof = sibling.context, sibling.proof
    if proof is None:
        if not context:
            return sibling[:4]
        return (*sibling[:4], _flat(context))
    sealed = (proof.first, proof.size, b"".join(proof.path), proof.signature)
    return (*sibling[:4], _flat(context), sealed)


def parse_keyed(item: object) -> KeyedRecord:
    """Read a record of a message. Raises Malformed."""
    if not isinstance(item, tuple) or not item:
        raise Malformed("a record is an array of a key and siblings")
    return parse_key(item[0]), parse_record(item[1:])


def parse_key(item: object) -> Key:
    """Read a key of a message. Raises Malformed."""
    fault = key_fault(item)
    if fault:
        raise Malformed(fault)
    return item  # type: ignore[return-value]  # key_fault has just looked at every part of it


def parse_record(item: object) -> Record:
    """Read siblings: ascending, none dominating another. Raises Malformed."""
    if not isinstance(item, tuple) or not 1 <= len(item) <= siblings_max:
        raise Malformed(f"a record has 1 to {siblings_max} siblings")
    if len(item) == 1:
        return (parse_sibling(item[0]),)
    record = tuple([parse_sibling(plain) for plain in item])
    dots = [sibling[:2] for sibling in record]
    if any(low >= high for low, high in pairwise(dots)):
        raise Malformed("siblings are ascending by dot")
    if any(dominates(one, other) for one in record for other in record):
        raise Malformed("a sibling that another one makes superfluous")
    return record


def parse_sibling(item: object) -> Sibling:
    """Read one sibling. Raises Malformed."""
    if not isinstance(item, tuple) or len(item) not in _SIBLING_FIELDS:
        raise Malformed("a sibling is an array of 4 to 6 fields")
    replica, counter, stamp, value = item[:4]
    if replica.__class__ is not bytes or len(replica) != replica_id_bytes:
        raise Malformed(f"a replica id has {replica_id_bytes} bytes")
    if counter.__class__ is not int or not 0 < counter <= counter_max:
        raise Malformed("a counter is from 1 to 2**63 - 1")
    if stamp.__class__ is not int or not 0 <= stamp <= stamp_max:
        raise Malformed("a stamp has 64 bits")
    if value is not REMOVED:
        _check_value(value)
    if len(item) == _SIBLING_FIELDS.start:
        return Sibling(replica, counter, stamp, value)
    context = parse_context(item[4], replica, counter)
    proof = _parse_proof(item[5]) if len(item) == _SIBLING_FIELDS.stop - 1 else None
    return Sibling(replica, counter, stamp, value, context, proof)


def _check_value(value: object) -> None:
    if value.__class__ in _SHALLOW and not isinstance(value, int):
        return
    fault = value_fault(value)
    if fault:
        raise Malformed(fault)
    # A container is measured as a whole, as it was when its author wrote it.
    if isinstance(value, (tuple, Mapping)) and len(cbor2.dumps(value)) > value_bytes_max:
        raise Malformed(f"a value has at most {value_bytes_max} bytes")


def _flat(context: Context) -> Plain:
    return tuple(part for entry in context for part in entry)


def parse_context(item: object, author: bytes = b"", counter: int = 0) -> Context:
    """Read (replica id, counter) pairs; an author's own may only name what is before `counter`.

    Raises Malformed.
    """
    if not isinstance(item, tuple) or len(item) % 2 or len(item) > 2 * context_max:
        raise Malformed(f"a context has at most {context_max} pairs")
    context = tuple(zip(item[::2], item[1::2], strict=True))
    before = b""
    for replica, through in context:
        if replica.__class__ is not bytes or len(replica) != replica_id_bytes:
            raise Malformed("a context names replica ids")
        if replica <= before:
            raise Malformed("a context is ascending by replica id")
        least, most = (0, counter - 1) if replica == author else (1, counter_max)
        if through.__class__ is not int or not least <= through <= most:
            raise Malformed("a context names earlier writes")
        before = replica
    return context


def _parse_proof(item: object) -> Proof:
    match item:
        case (int(first), int(count), bytes(path), bytes(signature)) if (
            0 < first <= counter_max
            and 0 < count <= group_max
            and len(path) % HASH_BYTES == 0
            and len(path) <= group_max.bit_length() * HASH_BYTES
            and len(signature) <= _SIGNATURE_BYTES_MAX
        ):
            hashes = tuple(path[at : at + HASH_BYTES] for at in range(0, len(path), HASH_BYTES))
            return Proof(first, count, hashes, signature)
        case _:
            raise Malformed("a proof names its group, a path and a signature")


def _item(data: bytes, depth_max: int) -> object:
    try:
        return decode_bounded(data, depth_max)
    except (cbor2.CBORError, ValueError) as error:
        raise Malformed(str(error)) from error


# ── Causal metadata, as kept beside the records ──────────────────────────────────────────────────


def encode_metadata(epoch: bytes, last_stamp: int, seen: Seen, heads: Iterable[Head]) -> bytes:
    """Encode what a store has seen, and the heads that prove it where no record does.

    Written in one transaction with the records it covers.
    """
    clouds = seen.clouds
    names = sorted({*seen.vector, *clouds} if clouds else seen.vector)
    return cbor2.dumps(
        (
            _METADATA_VERSION,
            epoch,
            last_stamp,
            [
                (
                    name,
                    seen.vector.get(name, 0),
                    seen.floor.get(name, 0),
                    *(flat_runs(clouds[name]) if name in clouds else ()),
                )
                for name in names
            ],
            sorted(seen.watermarks.items()),
            [plain_head(head) for head in heads],
        ),
    )


def flat_runs(cloud: Intervals | None, runs_max: int | None = None) -> Iterable[int]:
    """Return the runs of a cloud as first, last, first, last …; the lowest where they are many."""
    if cloud is None:
        return ()
    runs = list(cloud.runs())[:runs_max]
    return (edge for run in runs for edge in run)


def decode_metadata(data: bytes, epoch: bytes) -> tuple[int, Seen, Heads] | Rejected:
    """Read what `encode_metadata` wrote, for the same data set."""
    try:
        item = _item(data, _METADATA_DEPTH)
        match item:
            case (int(version), *_) if version != _METADATA_VERSION:
                return Rejected(Reason.VERSION, f"metadata of version {version}")
            case (_, bytes(kept), int(last), tuple(entries), tuple(marks), tuple(heads)):
                if kept != epoch:
                    return Rejected(Reason.EPOCH, "metadata of another data set")
                return last, _parse_seen(entries, marks), _parse_heads(heads)
            case _:
                raise Malformed("metadata has six fields")  # noqa: TRY301 - one way out
    except Malformed as fault:
        return Rejected(Reason.MALFORMED, str(fault))


def _parse_seen(entries: Plain, marks: Plain) -> Seen:
    seen = Seen()
    before: bytes | None = None
    for entry in entries:
        name, through, floor, runs = parse_entry(entry)
        if before is not None and name <= before:
            raise Malformed("entries are in order, each name once")
        before = name
        if through:
            seen.vector[name] = through
        if floor:
            seen.floor[name] = floor
        if runs:
            seen.clouds[name] = Intervals(runs)
    for mark in marks:
        match mark:
            case (bytes(controller), int(boot)) if controller not in seen.watermarks:
                seen.watermarks[controller] = boot
            case _:
                raise Malformed("a watermark names a controller, once, and a boot number")
    return seen


def _parse_heads(items: Plain) -> Heads:
    heads = Heads()
    for item in items:
        heads.note(parse_head(item))
    return heads


def plain_head(head: Head) -> Plain:
    """Return a head as plain items; of a watermark's neither size nor root."""
    if not head.root:
        return (head.name, head.first, head.signature)
    return (head.name, head.first, head.size, head.root, head.signature)


def parse_head(item: object) -> Head:
    """Read one head: of a replica id's writes, or of a controller's watermark. Raises Malformed."""
    match item:
        case (bytes(name), int(first), int(size), bytes(root), bytes(signature)) if (
            len(name) == replica_id_bytes
            and 0 < first <= counter_max
            and 0 < size <= group_max
            and len(root) == HASH_BYTES
            and len(signature) <= _SIGNATURE_BYTES_MAX
        ):
            return Head(name, first, size, root, signature)
        case (bytes(name), int(mark), bytes(signature)) if (
            len(name) == controller_id_bytes
            and 0 < mark <= counter_max
            and len(signature) <= _SIGNATURE_BYTES_MAX
        ):
            return Head(name, mark, 1, b"", signature)
        case _:
            raise Malformed("a head names its writer, a group, its root and a signature")


def parse_entry(item: object) -> tuple[bytes, int, int, list[tuple[int, int]]]:
    """Read one replica id's entry: name, vector, floor (0 where left off), runs of the cloud."""
    if not isinstance(item, tuple) or not item or item[0].__class__ is not bytes:
        raise Malformed("an entry begins with a name")
    numbers = item[1:]
    if not all(n.__class__ is int and 0 <= n <= counter_max for n in numbers):
        raise Malformed("counters are from 0 to 2**63 - 1")
    if not numbers:
        raise Malformed("an entry has a counter")
    floor = numbers[1] if len(numbers) > 1 else 0
    edges = numbers[2:]
    if len(edges) % 2 or floor > numbers[0]:
        raise Malformed("runs are pairs, and a floor is within the vector")
    if any(low >= high for low, high in _steps(numbers[0], edges)):
        raise Malformed("runs are ascending and lie beyond the vector")
    return item[0], numbers[0], floor, list(zip(edges[::2], edges[1::2], strict=True))


def _steps(through: int, edges: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    before = through
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        yield before, first
        yield first, last + 1
        before = last
