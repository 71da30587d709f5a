"""Messages as bytes, and bytes as messages or as a `Rejected`: nothing a peer sends raises.

CBOR arrays of fixed positions. The first item is twice the kind, plus one for the owned store.
Size and nesting are bounded before anything is decoded, tags and indefinite lengths are refused,
and every field is checked before a message exists. An entry's trailing zeros are left off.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final, assert_never

import cbor2

from crdt.encoding import (
    Malformed,
    Plain,
    parse_entry,
    parse_head,
    parse_keyed,
    plain_head,
    plain_record,
)
from crdt.errors import Reason, Rejected
from crdt.fingerprints import FAN_OUT, SUM_BYTES
from crdt.heads import Head
from crdt.limits import (
    PROTOCOL_VERSION,
    controller_id_bytes,
    counter_max,
    datagram_bytes_max,
    digest_chunks_max,
    epoch_tag_bytes,
    message_bytes_max,
    replica_id_bytes,
    value_depth_max,
)
from crdt.record import Delta, Record
from crdt.sync.messages import (
    REPAIR_PART,
    Cover,
    Digest,
    Heard,
    Leaf,
    Message,
    More,
    Ping,
    Range,
    Records,
    Rumour,
    Summary,
)
from crdt.values import Key, decode_bounded

_PING, _DIGEST, _RECORDS, _COVER, _RANGE, _LEAF, _RUMOUR, _MORE = range(1, 9)

_DEPTH_MAX: Final = 4 + value_depth_max
"""Message, list of records, record, sibling: the containers around a value."""

_REPEATED_BYTES_MAX: Final = 1_024
_REPEATED_MAX: Final = 256
"""Rumours come from several peers. The last short messages are remembered as they were read, which
is sound since a message never changes."""

_RUMOUR_RECORDS_MAX: Final = datagram_bytes_max // 16
"""More than fit a datagram: only a single large record is told in more bytes than that."""

_SUMMARY_BYTES: Final = 2 * SUM_BYTES
_LEAF_COUNTERS: Final = 512
_LEVEL_MAX: Final = 15
_MAJOR_ARRAY: Final = 0x80
_SHORT_ARRAYS: Final = (_MAJOR_ARRAY, _MAJOR_ARRAY + 23)
_SESSION_MAX: Final = 2**32 - 1
_PARTS_MAX: Final = 2**31
_TURNS_MAX: Final = 2**31
_VERSION_MAX: Final = 2**31


def encode(message: Message) -> bytes:
    """Return the bytes of a message."""
    match message:
        case Ping():
            fields = _ping_fields(message)
        case Digest():
            fields = (message.epoch, message.session, message.chunk, message.chunks)
            fields += (_entries(message.entries, message.watermarks),)
        case Records():
            fields = (message.session, message.part, message.pause)
            fields += (_plain_records(message.records),)
        case Cover():
            fields = _cover_fields(message)
        case Range():
            fields = (message.session, message.turn, message.secret_version, message.replica)
            fields += (message.level, message.index, _packed_sums(message.sums))
        case Leaf():
            fields = (message.session, message.turn, message.secret_version, message.replica)
            fields += (message.parent, message.differing, message.child)
            fields += (_packed_bits(message.live), message.moved)
        case Rumour():
            fields = (message.epoch, _plain_records(message.records))
        case More():
            fields = (message.session, message.part)
        case _:
            assert_never(message)
    return cbor2.dumps((_kind(message), *fields))


class Speech(StrEnum):
    """What a message is to whoever hears it, as far as its first bytes tell."""

    UNASKED = "unasked"
    """RUMOUR: told to whom the teller chose."""
    COMPARISON = "comparison"
    """PING: may begin a session."""
    ANSWER = "answer"
    """RECORDS: what a session fetches."""
    OTHER = "other"


_SPEECHES: Final = {
    _RUMOUR: Speech.UNASKED,
    _PING: Speech.COMPARISON,
    _RECORDS: Speech.ANSWER,
}


def speech_of(data: bytes) -> Speech:
    """Return what an encoded message is, at no cost; whether the rest can be read is left open.

    An array of fixed length and its first item take one byte each, as they are written here. What
    is written in another way counts as told unasked.
    """
    if len(data) <= 1 or not _SHORT_ARRAYS[0] <= data[0] <= _SHORT_ARRAYS[1]:
        return Speech.UNASKED
    if data[1] >= 2 * (_MORE + 1):
        return Speech.UNASKED
    return _SPEECHES.get(data[1] >> 1, Speech.OTHER)


def decode(data: bytes) -> Message | Rejected:
    """Read a message that a peer sent. Never raises on its bytes."""
    if len(data) > message_bytes_max:
        return Rejected(Reason.TOO_LARGE, f"a message of {len(data)} bytes")
    return _read_repeated(data) if len(data) <= _REPEATED_BYTES_MAX else _read(data)


def _read(data: bytes) -> Message | Rejected:
    try:
        item = decode_bounded(data, _DEPTH_MAX)
        if not isinstance(item, tuple) or not item or item[0].__class__ is not int:
            return Rejected(Reason.MALFORMED, "a message is an array that begins with its kind")
        parse = _PARSERS.get(item[0] >> 1)
        if parse is None:
            return Rejected(Reason.VERSION, f"messages of kind {item[0] >> 1:.20} are unknown")
        return parse(bool(item[0] & 1), item[1:])
    except (cbor2.CBORError, ValueError, Malformed) as fault:
        return Rejected(Reason.MALFORMED, str(fault)[:200])


@lru_cache(maxsize=_REPEATED_MAX)
def _read_repeated(data: bytes) -> Message | Rejected:
    return _read(data)


def fragment(key: Key, record: Record) -> bytes:
    """Encode one record as it stands in RECORDS and RUMOUR: to be measured, then joined."""
    return cbor2.dumps(plain_record(key, record))


def records_bytes(head: Records, fragments: Sequence[bytes]) -> bytes:
    """Encode RECORDS whose records are encoded already; those of `head` are not looked at."""
    fields = cbor2.dumps((_kind(head), head.session, head.part, head.pause, ()))
    return fields[:-1] + _array_head(len(fragments)) + b"".join(fragments)


def rumour_bytes(head: Rumour, fragments: Sequence[bytes]) -> bytes:
    """Encode a RUMOUR whose records are encoded already; those of `head` are not looked at."""
    fields = cbor2.dumps((_kind(head), head.epoch, ()))
    return fields[:-1] + _array_head(len(fragments)) + b"".join(fragments)


def _array_head(length: int) -> bytes:
    """Return the first bytes of a CBOR array: an integer's, with the major type of arrays."""
    head = cbor2.dumps(length)
    return bytes([head[0] | _MAJOR_ARRAY]) + head[1:]


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────

_KINDS: Final = {
    Ping: _PING,
    Digest: _DIGEST,
    Records: _RECORDS,
    Cover: _COVER,
    Range: _RANGE,
    Leaf: _LEAF,
    Rumour: _RUMOUR,
    More: _MORE,
}


def _kind(message: Message) -> int:
    owned = not isinstance(message, Ping) and message.owned
    return 2 * _KINDS[type(message)] + owned


def _ping_fields(ping: Ping) -> Plain:
    summaries = ping.kept.extent_hash + ping.kept.root + ping.owned.extent_hash + ping.owned.root
    return (ping.version, ping.epoch, ping.secret_version, summaries)


def _cover_fields(cover: Cover) -> Plain:
    return (
        cover.session,
        cover.chunk,
        cover.chunks,
        cover.parts,
        cover.records,
        cover.dots_sum + cover.root,
        cover.secret_version,
        _entries(cover.entries, cover.watermarks),
        [plain_head(head) for head in cover.heads],
    )


def _plain_entry(heard: Heard) -> Plain:
    if heard.runs:
        edges = (edge for run in heard.runs for edge in run)
        return (heard.replica, heard.through, heard.floor, *edges)
    return (heard.replica, heard.through, heard.floor)[: 3 if heard.floor else 2]


def entry_bytes(heard: Heard) -> int:
    """Return how many bytes an entry takes up in a DIGEST or COVER."""
    return len(cbor2.dumps(_plain_entry(heard)))


def head_bytes(head: Head | None) -> int:
    """Return how many bytes a head takes up in a COVER, where there is one."""
    return 0 if head is None else len(cbor2.dumps(plain_head(head)))


def _entries(
    entries: Iterable[Heard],
    watermarks: Iterable[tuple[bytes, int]],
) -> list[Plain]:
    return [*(_plain_entry(heard) for heard in entries), *watermarks]


def _plain_records(records: Delta) -> list[Plain]:
    return [plain_record(key, record) for key, record in records]


def _packed_sums(sums: Iterable[int]) -> bytes:
    return b"".join(one.to_bytes(SUM_BYTES, "big") for one in sums)


def _packed_bits(bits: int) -> bytes:
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────


def _parse_ping(owned: bool, fields: Plain) -> Message | Rejected:  # noqa: FBT001 - one signature
    version = fields[0] if fields else None
    if owned or version.__class__ is not int:
        raise Malformed("a PING names its version")
    if version != PROTOCOL_VERSION:
        return Rejected(Reason.VERSION, f"a PING of version {version!s:.20}")
    _, epoch, secret_version, summaries = _expect(fields, 4)
    told = _bytes(summaries, 2 * _SUMMARY_BYTES)
    parts = [told[at : at + SUM_BYTES] for at in range(0, len(told), SUM_BYTES)]
    return Ping(
        PROTOCOL_VERSION,
        _bytes(epoch, epoch_tag_bytes),
        _int(secret_version, _VERSION_MAX),
        Summary(parts[0], parts[1]),
        Summary(parts[2], parts[3]),
    )


def _parse_digest(owned: bool, fields: Plain) -> Message:  # noqa: FBT001 - one signature
    epoch, session, chunk, chunks, items = _expect(fields, 5)
    entries, watermarks = _parse_entries(items)
    return Digest(
        owned,
        _bytes(epoch, epoch_tag_bytes),
        _int(session, _SESSION_MAX),
        _chunk(chunk, chunks),
        _int(chunks, digest_chunks_max),
        entries,
        watermarks,
    )


def _parse_records(owned: bool, fields: Plain) -> Message:  # noqa: FBT001 - one signature
    session, part, pause, items = _expect(fields, 4)
    number = REPAIR_PART if part == REPAIR_PART else _int(part, _PARTS_MAX)
    if not isinstance(pause, bool):
        raise Malformed("RECORDS go on or pause")
    return Records(owned, _int(session, _SESSION_MAX), number, pause, _parse_delta(items))


def _parse_cover(owned: bool, fields: Plain) -> Message:  # noqa: FBT001 - one signature
    session, chunk, chunks, parts, records, sums, version, items, heads = _expect(fields, 9)
    entries, watermarks = _parse_entries(items)
    told = _bytes(sums, _SUMMARY_BYTES)
    return Cover(
        owned,
        _int(session, _SESSION_MAX),
        _chunk(chunk, chunks),
        _int(chunks, digest_chunks_max),
        _int(parts, _PARTS_MAX),
        _int(records, counter_max),
        told[:SUM_BYTES],
        told[SUM_BYTES:],
        _int(version, _VERSION_MAX),
        entries,
        watermarks,
        _parse_heads(heads),
    )


def _parse_range(owned: bool, fields: Plain) -> Message:  # noqa: FBT001 - one signature
    session, turn, secret_version, replica, level, index, sums = _expect(fields, 7)
    told = _bytes(sums, FAN_OUT * SUM_BYTES)
    return Range(
        owned,
        _int(session, _SESSION_MAX),
        _int(turn, _TURNS_MAX),
        _int(secret_version, _VERSION_MAX),
        _bytes(replica, replica_id_bytes),
        _int(level, _LEVEL_MAX, least=1),
        _int(index, counter_max),
        tuple(
            int.from_bytes(told[at : at + SUM_BYTES], "big")
            for at in range(0, len(told), SUM_BYTES)
        ),
    )


def _parse_leaf(owned: bool, fields: Plain) -> Message:  # noqa: FBT001 - one signature
    session, turn, version, replica, parent, differing, child, live, moved = _expect(fields, 9)
    if not isinstance(moved, bool):
        raise Malformed("a LEAF says whether its sender has moved on")
    if live.__class__ is not bytes or len(live) > _LEAF_COUNTERS // 8:
        raise Malformed("a LEAF has 512 bits")
    return Leaf(
        owned,
        _int(session, _SESSION_MAX),
        _int(turn, _TURNS_MAX),
        _int(version, _VERSION_MAX),
        _bytes(replica, replica_id_bytes),
        _int(parent, counter_max),
        _int(differing, 2**FAN_OUT - 1),
        _int(child, FAN_OUT - 1),
        int.from_bytes(live, "little"),
        moved,
    )


def _parse_rumour(owned: bool, fields: Plain) -> Message:  # noqa: FBT001 - one signature
    epoch, items = _expect(fields, 2)
    if isinstance(items, tuple) and len(items) > _RUMOUR_RECORDS_MAX:
        raise Malformed("a RUMOUR holds what fits a datagram")
    return Rumour(owned, _bytes(epoch, epoch_tag_bytes), _parse_delta(items))


def _parse_more(owned: bool, fields: Plain) -> Message:  # noqa: FBT001 - one signature
    session, part = _expect(fields, 2)
    return More(owned, _int(session, _SESSION_MAX), _int(part, _PARTS_MAX))


_PARSERS: Final[dict[int, Callable[[bool, Plain], Message | Rejected]]] = {
    _PING: _parse_ping,
    _DIGEST: _parse_digest,
    _RECORDS: _parse_records,
    _COVER: _parse_cover,
    _RANGE: _parse_range,
    _LEAF: _parse_leaf,
    _RUMOUR: _parse_rumour,
    _MORE: _parse_more,
}


def _parse_delta(items: object) -> Delta:
    if not isinstance(items, tuple):
        raise Malformed("records come in an array")
    return tuple([parse_keyed(item) for item in items])


def _parse_entries(items: object) -> tuple[tuple[Heard, ...], tuple[tuple[bytes, int], ...]]:
    """Read entries: those named by 8 bytes are replica ids, by 32 bytes controllers."""
    if not isinstance(items, tuple):
        raise Malformed("entries come in an array")
    entries: list[Heard] = []
    watermarks: list[tuple[bytes, int]] = []
    for item in items:
        name, through, floor, runs = parse_entry(item)
        if len(name) == replica_id_bytes:
            entries.append(Heard(name, through, floor, tuple(runs)))
        elif len(name) == controller_id_bytes and not runs and not floor:
            watermarks.append((name, through))
        else:
            raise Malformed("an entry names a replica id or a controller")
    return tuple(entries), tuple(watermarks)


def _parse_heads(items: object) -> tuple[Head, ...]:
    if not isinstance(items, tuple):
        raise Malformed("heads come in an array")
    return tuple([parse_head(item) for item in items])


def _expect(fields: Plain, count: int) -> Plain:
    if len(fields) != count:
        raise Malformed(f"{len(fields)} fields where {count} belong")
    return fields


def _int(item: object, most: int, least: int = 0) -> int:
    if item.__class__ is not int or not least <= item <= most:
        raise Malformed(f"a number from {least} to {most} belongs here")
    return item


def _chunk(chunk: object, chunks: object) -> int:
    return _int(chunk, _int(chunks, digest_chunks_max, least=1) - 1)


def _bytes(item: object, size: int) -> bytes:
    if not isinstance(item, bytes) or len(item) != size:
        raise Malformed(f"{size} bytes belong here")
    return item
