"""The configuration of an environment: objects by kind and name, their fields under keys, a version for each.

An object is a family of keys that begin with its kind and name. ``("service", "blog")`` holds the
creation id and exists as long as the object does; ``("service", "blog", "role")`` holds one field;
``("service", "blog", "label", "fast")`` one element of a set. So two people who change different
fields do not meet, and who deletes an object meets everybody who changed it.

Invariant: the hash is the sum of the hashes of all entries modulo 2²⁵⁶, so it depends on what is
here and not on how it came about, and one change costs one entry. (A sum is no defence against
somebody who searches for collisions on purpose; the entries come from signed requests.)
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from mesh.environment.entries import NOTHING, Entry, ObjectId, entry_hash
from mesh.environment.index import NO_FOOTPRINT, Fields, Footprint, Index
from mesh.environment.kind import Kind
from mesh.environment.policy import Policy
from mesh.wire.requests import Key, Value

_HASH_MODULUS: Final = 2**256

Schema = Mapping[str, Kind]
"""The kinds of object that there are, by name."""


class Configuration:
    """The objects of one environment. Values that it returns are shared: they must not be changed."""

    def __init__(self, schema: Schema, initial: Iterable[tuple[Key, Entry]] = ()) -> None:
        self._schema = schema
        self._objects: dict[ObjectId, dict[tuple[str, ...], Entry]] = {}
        self._names: dict[str, dict[str, None]] = {}
        self._active: dict[bytes, None] = {}
        self._roster: tuple[bytes, ...] | None = None
        self._sum = 0
        self.index: Final = Index()
        _ = self.assign(initial)

    # --- reading --------------------------------------------------------------------------------

    def entry(self, key: Key) -> Entry:
        """What stands under ``key``."""
        keys = self._objects.get((key[0], key[1]))
        return NOTHING if keys is None else keys.get(key[2:], NOTHING)

    def read(self, key: Key) -> Value:
        """The value under ``key``, None where there is none."""
        return self.entry(key).value

    def version(self, key: Key) -> bytes | None:
        """The tx that last wrote or removed ``key``, None where none has."""
        return self.entry(key).version

    def exists(self, owner: ObjectId) -> bool:
        """Whether there is an object of that kind and name."""
        return owner[1] in self._names.get(owner[0], {})

    def get(self, kind: str, name: str) -> Value:
        """One object, None where there is none.

        A dict of its fields, its creation id under ``id`` and its sets as sorted lists; for the kinds that
        are a single value (settings, items) that value.
        """
        if not self.exists((kind, name)):
            return None
        if self._schema[kind].plain:
            return self.read((kind, name))
        return self._fields((kind, name))

    def items(self, kind: str) -> Iterator[tuple[str, Value]]:
        """All objects of a kind, by name, as ``get`` returns them."""
        for name in self.names(kind):
            yield name, self.get(kind, name)

    def names(self, kind: str) -> list[str]:
        """The names of all objects of a kind, sorted."""
        return sorted(self._names.get(kind, {}))

    def kinds(self) -> tuple[str, ...]:
        """The kinds of which there are objects, sorted."""
        return tuple(sorted(kind for kind, names in self._names.items() if names))

    def keys_of(self, owner: ObjectId) -> list[Key]:
        """Every key of an object under which something stands, sorted."""
        keys = self._objects.get(owner, {})
        return sorted((*owner, *rest) for rest, entry in keys.items() if entry.present)

    def entries(self) -> Iterator[tuple[Key, Entry]]:
        """Every key that was ever written, removed ones included, sorted."""
        for owner in sorted(self._objects):
            for rest in sorted(self._objects[owner]):
                yield (*owner, *rest), self._objects[owner][rest]

    @property
    def hash(self) -> bytes:
        """32 bytes, equal where all keys, values and versions are."""
        return self._sum.to_bytes(32, "big")

    @property
    def roster(self) -> tuple[bytes, ...]:
        """The controllers that are ACTIVE, sorted."""
        if self._roster is None:
            self._roster = tuple(sorted(self._active))
        return self._roster

    @property
    def policy(self) -> Policy:
        """The barrier's policy."""
        return Policy(str(self.read(("environment", "barrier"))))

    # --- writing --------------------------------------------------------------------------------

    def assign(self, changes: Iterable[tuple[Key, Entry]]) -> list[tuple[Key, Entry]]:
        """Put these entries in place; what stood there before, so that assigning that, reversed, undoes it."""
        before: list[tuple[Key, Entry]] = []
        touched: dict[ObjectId, None] = {}
        for key, entry in changes:
            owner = (key[0], key[1])
            before.append((key, self._put(owner, key, entry)))
            touched[owner] = None
        for owner in touched:
            self._refresh(owner)
        return before

    def _put(self, owner: ObjectId, key: Key, entry: Entry) -> Entry:
        keys = self._objects.setdefault(owner, {})
        rest = key[2:]
        before = keys.get(rest, NOTHING)
        added = 0
        if entry is NOTHING:
            keys.pop(rest, None)
            if not keys:
                del self._objects[owner]
        else:
            keys[rest] = entry
            added = entry_hash(key, entry)
        removed = 0 if before is NOTHING else entry_hash(key, before)
        self._sum = (self._sum + added - removed) % _HASH_MODULUS
        return before

    def _refresh(self, owner: ObjectId) -> None:
        kind, name = owner
        names = self._names.setdefault(kind, {})
        if self.entry(owner).present:
            names[name] = None
            self.index.replace(owner, self._footprint(owner))
        else:
            names.pop(name, None)
            self.index.replace(owner, NO_FOOTPRINT)
        if kind == "controller":
            self._refresh_roster(name)

    def _refresh_roster(self, name: str) -> None:
        controller = bytes.fromhex(name)
        active = self.read(("controller", name, "state")) == "active"
        if active == (controller in self._active):
            return
        self._roster = None
        if active:
            self._active[controller] = None
        else:
            del self._active[controller]

    def _footprint(self, owner: ObjectId) -> Footprint:
        kind = self._schema[owner[0]]
        return NO_FOOTPRINT if kind.plain else kind.footprint(owner[1], self._fields(owner))

    def _fields(self, owner: ObjectId) -> dict[str, Value]:
        fields: dict[str, Value] = {}
        elements: dict[str, list[str]] = {member.name: [] for member in self._schema[owner[0]].sets}
        for rest, entry in self._objects[owner].items():
            if not entry.present:
                continue
            match rest:
                case ():
                    fields["id"] = entry.value
                case (field,):
                    fields[field] = entry.value
                case (field, element):
                    elements[field].append(element)
                case _:
                    raise AssertionError(rest)
        for field, members in elements.items():
            fields[field] = [*sorted(members)]
        return fields


def as_fields(value: Value) -> Fields:
    """An object as ``Configuration.get`` returned it, which must exist and have fields."""
    assert isinstance(value, dict)
    return value
