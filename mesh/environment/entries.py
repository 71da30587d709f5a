"""Keys, and what stands under one: a value and the ChangeSet that wrote it."""

from typing import Final, NamedTuple

from mesh.wire import cbor
from mesh.wire.identity import digest
from mesh.wire.requests import Key, Value

ObjectId = tuple[str, str]
"""An object is named by its kind and its name; every key of it begins with these two."""


class Entry(NamedTuple):
    """What stands under a key. A removed key keeps the version that removed it."""

    value: Value
    version: bytes | None
    """The tx of the ChangeSet that last wrote it; None for what the founding record says."""
    present: bool = True


NOTHING: Final = Entry(None, None, present=False)
"""What stands under a key that nobody ever wrote."""


def spell(key: Key) -> str:
    """A key as people read it: ``service/blog/role``."""
    return "/".join(key)


def object_of(key: Key) -> ObjectId:
    """The object that a key belongs to."""
    return key[0], key[1]


def entry_hash(key: Key, entry: Entry) -> int:
    """One entry's share in the hash of a configuration, 256 bits."""
    value, version, present = entry
    return int.from_bytes(digest(cbor.encode([key, present, value, version])), "big")
