"""A configuration at work: it changes, keeps its indexes with every change, and can be undone.

A workspace hands out its state as a :class:`Configuration` that never changes afterwards. Both
share the objects: one that is about to change is copied first, all others stay where they are.
"""

from collections.abc import Iterable
from typing import Final

from mesh.environment.configuration import Configuration, Keys, Schema
from mesh.environment.entries import NOTHING, Entry, ObjectId, entry_hash
from mesh.environment.index import NO_FOOTPRINT, Footprint, Index
from mesh.environment.rights import HOLDERS, holder_of
from mesh.wire.requests import Key

_HASH_MODULUS: Final = 2**256


class Workspace(Configuration):
    """The one mutable state of an environment's objects."""

    def __init__(self, schema: Schema, initial: Iterable[tuple[Key, Entry]]) -> None:
        super().__init__(schema, {}, {})
        self._active: dict[bytes, None] = {}
        self._owned: dict[ObjectId, None] = {}
        """The objects whose keys no snapshot shares."""
        self.index: Final = Index()
        _ = self.assign(initial)

    def snapshot(self) -> Configuration:
        """The state as it is now, for good."""
        self._owned = {}
        names = {kind: dict(names) for kind, names in self._names.items()}
        objects = dict(self._objects)
        return Configuration(self._schema, objects, names, self._roster, self._rights, self._sum)

    def assign(self, changes: Iterable[tuple[Key, Entry]]) -> list[tuple[Key, Entry]]:
        """Put these entries in place.

        Returns what stood there before, last first: to assign that is to undo.
        """
        before: list[tuple[Key, Entry]] = []
        touched: dict[ObjectId, None] = {}
        for key, entry in changes:
            owner = (key[0], key[1])
            before.append((key, self._put(owner, key, entry)))
            touched[owner] = None
        for owner in touched:
            self._refresh(owner)
        before.reverse()
        return before

    def _put(self, owner: ObjectId, key: Key, entry: Entry) -> Entry:
        keys = self._own(owner)
        self._content = None
        rest = key[2:]
        before = keys.get(rest, NOTHING)
        if entry is NOTHING:
            _ = keys.pop(rest, None)
        else:
            keys[rest] = entry
            self._sum += entry_hash(key, entry)
        if before is not NOTHING:
            self._sum -= entry_hash(key, before)
        self._sum %= _HASH_MODULUS
        return before

    def _own(self, owner: ObjectId) -> Keys:
        """The keys of an object, copied where a snapshot shares them."""
        if owner in self._owned:
            return self._objects[owner]
        self._owned[owner] = None
        keys = dict(self._objects.get(owner, {}))
        self._objects[owner] = keys
        return keys

    def _refresh(self, owner: ObjectId) -> None:
        kind, name = owner
        names = self._names.setdefault(kind, {})
        if self.entry(owner).present:
            names[name] = None
            self.index.replace(owner, self._footprint(owner))
        else:
            names.pop(name, None)
            self.index.replace(owner, NO_FOOTPRINT)
        if not self._objects[owner]:
            del self._objects[owner]
            del self._owned[owner]
        if kind == "controller":
            self._refresh_roster(name)
        if kind in HOLDERS:
            self._refresh_rights(owner)

    def _refresh_roster(self, name: str) -> None:
        controller = bytes.fromhex(name)
        active = self.read(("controller", name, "state")) == "active"
        if active == (controller in self._active):
            return
        if active:
            self._active[controller] = None
        else:
            del self._active[controller]
        self._roster = tuple(sorted(self._active))

    def _refresh_rights(self, owner: ObjectId) -> None:
        holder = holder_of(owner, self.fields(owner)) if self.exists(owner) else None
        self._rights = self._rights.replaced(owner, holder)

    def _footprint(self, owner: ObjectId) -> Footprint:
        kind = self._schema[owner[0]]
        return NO_FOOTPRINT if kind.plain else kind.footprint(owner[1], self.fields(owner))
