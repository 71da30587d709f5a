"""The configuration as one ChangeSet is about to make it: what was there, and over it its writes.

Nothing below is changed, so a ChangeSet that fails at its last command has done nothing.
A command says beforehand which keys it touches, and the draft holds it to its word: the base of a
request is computed from what is declared, and on a key touched in silence no conflict is found.
"""

from dataclasses import dataclass, field

from mesh.environment.configuration import Configuration
from mesh.environment.entries import Entry, ObjectId, spell
from mesh.wire.requests import Key, Value


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command cannot be done, for a person; ``key`` is what stands in its way."""

    text: str
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Touched:
    """The keys that one command touches."""

    reads: tuple[Key, ...] = ()
    """Read and not written: another writer of one is a conflict."""
    writes: tuple[Key, ...] = ()
    """Written, or read and written: another writer of one is a conflict."""
    commutes: tuple[Key, ...] = ()
    """Added or removed as an element of a set: the order among such writers does not matter."""
    wholes: tuple[ObjectId, ...] = ()
    """Objects removed with everything below them, the elements of their sets included."""

    @property
    def based(self) -> tuple[Key, ...]:
        """The keys whose versions the base must name."""
        return self.reads + self.writes

    @property
    def written(self) -> tuple[Key, ...]:
        """The keys that it takes a right to touch; an object stands for all that is below it."""
        return self.writes + self.commutes + self.wholes


@dataclass(slots=True)
class Draft:
    """Changes on top of ``below``, not yet made."""

    below: Configuration
    _written: dict[Key, tuple[Value, bool]] = field(default_factory=dict)
    _touched: Touched = field(default_factory=Touched)

    def begin(self, touched: Touched) -> None:
        """The next command touches these keys and no others."""
        self._touched = touched

    def present(self, key: Key) -> bool:
        """Whether something stands under ``key`` by now."""
        written = self._written.get(key)
        return self.below.entry(key).present if written is None else written[1]

    def read(self, key: Key) -> Value:
        """The value under ``key`` by now, None where there is none."""
        assert key in self._touched.based or key in self._touched.commutes, spell(key)
        return self.peek(key)

    def peek(self, key: Key) -> Value:
        """As ``read``, for what decides nothing but a text, or at submit what a name means."""
        written = self._written.get(key)
        return self.below.read(key) if written is None else written[0]

    def names(self, kind: str) -> list[str]:
        """The names of all objects of a kind by now, sorted: for finding what a person means."""
        written = [key[1] for key in self._written if key[0] == kind and not key[2:]]
        known = dict.fromkeys([*self.below.names(kind), *written])
        return sorted(name for name in known if self.present((kind, name)))

    def write(self, key: Key, value: Value) -> None:
        """``value`` stands under ``key`` from here on."""
        assert key in self._touched.writes, spell(key)
        self._written[key] = (value, True)

    def remove(self, key: Key) -> None:
        """Nothing stands under ``key`` from here on."""
        assert key in self._touched.writes, spell(key)
        self._written[key] = (None, False)

    def include(self, key: Key) -> None:
        """The element that ``key`` stands for is in its set from here on."""
        assert key in self._touched.commutes, spell(key)
        self._written[key] = (True, True)

    def exclude(self, key: Key) -> None:
        """The element that ``key`` stands for is not in its set from here on."""
        assert key in self._touched.commutes, spell(key)
        self._written[key] = (None, False)

    def remove_whole(self, owner: ObjectId) -> None:
        """Nothing stands under any key of the object from here on."""
        assert owner in self._touched.wholes, spell(owner)
        for key in self.below.keys_of(owner):
            self._written[key] = (None, False)
        for key in [key for key in self._written if (key[0], key[1]) == owner]:
            self._written[key] = (None, False)

    def changes(self, version: bytes) -> list[tuple[Key, Entry]]:
        """What was written, each as an entry of ``version``, in the order of the first write."""
        return [
            (key, Entry(value, version, present)) for key, (value, present) in self._written.items()
        ]
