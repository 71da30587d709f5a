"""The configuration of an environment: objects by kind and name, their fields under keys.

An object is a family of keys that begin with its kind and name. ``("service", "blog")`` holds the
creation id and exists as long as the object does; ``("service", "blog", "role")`` holds one field;
``("service", "blog", "labels", "fast")`` one element of a set. So two people who change different
fields do not meet, and who deletes an object meets everybody who changed it.

Invariant: the hash is the sum of the hashes of all entries modulo 2²⁵⁶, so it depends on what is
here and not on how it came about, and one change costs one entry. (A sum is no defence against
somebody who searches for collisions on purpose; the entries come from signed requests.)
"""

from collections.abc import Iterator, Mapping

from mesh.environment.entries import NOTHING, Entry, ObjectId
from mesh.environment.kind import Kind
from mesh.environment.policy import Policy
from mesh.environment.rights import NOBODY, Rights
from mesh.wire import cbor
from mesh.wire.identity import digest
from mesh.wire.requests import Key, Value

Schema = Mapping[str, Kind]
"""The kinds of object that there are, by name."""

Keys = dict[tuple[str, ...], Entry]
"""The keys of one object, less its kind and name."""


class Configuration:
    """One state of the objects of an environment, to be read.

    What it returns is shared and must not be changed.
    """

    def __init__(
        self,
        schema: Schema,
        objects: dict[ObjectId, Keys],
        names: dict[str, dict[str, None]],
        roster: tuple[bytes, ...] = (),
        rights: Rights = NOBODY,
        total: int = 0,
    ) -> None:
        self._schema = schema
        self._objects = objects
        self._names = names
        self._roster = roster
        self._rights = rights
        self._sum = total
        self._content: bytes | None = None
        """The hash of the content, once it was asked for."""

    def entry(self, key: Key) -> Entry:
        """What stands under ``key``; a base may name any key, even one that no object can have."""
        match key:
            case (kind, name, *_) if keys := self._objects.get((kind, name)):
                return keys.get(key[2:], NOTHING)
            case _:
                return NOTHING

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

        A dict of its fields, its creation id under ``id`` and its sets as sorted lists; for the
        kinds that are a single value, settings and items, that value.
        """
        if not self.exists((kind, name)):
            return None
        if self._schema[kind].plain:
            return self.read((kind, name))
        return self.fields((kind, name))

    def items(self, kind: str) -> Iterator[tuple[str, dict[str, Value]]]:
        """All objects of a kind, by name: their fields; a single value stands under ``value``."""
        for name in self.names(kind):
            yield name, self.fields((kind, name))

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
    def objects(self) -> Mapping[ObjectId, Keys]:
        """Every object that ever was, by its keys."""
        return self._objects

    def differences(self, other: "Configuration") -> tuple[Key, ...]:
        """The keys under which another value stands in ``other``, sorted."""
        here, there = self.objects, other.objects
        keys = dict.fromkeys(
            (*owner, *rest)
            for owner in dict.fromkeys((*here, *there))
            # Unchanged objects are shared between the states of one environment.
            if here.get(owner) is not there.get(owner)
            for rest in (*here.get(owner, {}), *there.get(owner, {}))
        )
        return tuple(sorted(key for key in keys if not _equal(self.entry(key), other.entry(key))))

    def following(self, owner: ObjectId) -> tuple[ObjectId, ...]:
        """The objects that ``owner`` comes after, where objects of its kind have an order."""
        kind = self._schema.get(owner[0])
        if kind is None or not kind.acyclic:
            return ()
        named = self.read((*owner, kind.acyclic))
        return tuple((owner[0], str(name)) for name in named) if isinstance(named, list) else ()

    def fields(self, owner: ObjectId) -> dict[str, Value]:
        """An object that exists, by the names of its fields."""
        kind = self._schema[owner[0]]
        if kind.plain:
            return {"value": self.read(owner)}
        fields: dict[str, Value] = {}
        elements: dict[str, list[str]] = {each.name: [] for each in kind.sets}
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

    @property
    def hash(self) -> bytes:
        """32 bytes, equal where all keys, values and versions are."""
        return self._sum.to_bytes(32, "big")

    @property
    def content_hash(self) -> bytes:
        """32 bytes, equal where source files would describe the same.

        Over kinds, names and values: no versions, no creation ids, and nothing about who may
        change the environment or which controllers it has.
        """
        if self._content is None:
            self._content = digest(cbor.encode(self._described()))
        return self._content

    def _described(self) -> list[Value]:
        told: list[Value] = []
        for name, kind in sorted(self._schema.items()):
            if kind.described:
                for its_name, fields in self.items(name):
                    described = {field: each for field, each in fields.items() if field != "id"}
                    told.append([name, its_name, described])
        return told

    @property
    def roster(self) -> tuple[bytes, ...]:
        """The controllers that are ACTIVE, sorted."""
        return self._roster

    @property
    def rights(self) -> Rights:
        """Who may do what."""
        return self._rights

    @property
    def policy(self) -> Policy:
        """The barrier's policy."""
        return Policy(str(self.read(("environment", "barrier"))))


def _equal(one: Entry, other: Entry) -> bool:
    """Whether both read the same; True is not 1."""
    return one.present == other.present and (
        one.value is other.value or repr(one.value) == repr(other.value)
    )
