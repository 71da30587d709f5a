"""Readings of the same records: a register, a flag, a set, a counter, a list that keeps order.

There is one kind of record and one join. A view only chooses how concurrent siblings are read and
what a write supersedes, so every view merges by the same law as every other:

- `Register` shows one value and the conflicting ones beside it;
- `Flag` is on where any concurrent writer switched it on;
- `AddWinsSet` has a key for each element: adding survives a concurrent removal;
- `Counter` keeps one sibling per replica id with what that one has counted, and adds them up;
- `OrderedPaths` has a key for each element whose last part says its place.

Source: Shapiro, Preguiça, Baquero, Zawirski, "A comprehensive study of Convergent and Commutative
Replicated Data Types" (2011).
"""

from collections.abc import Iterator

from crdt.fractions import place_between
from crdt.reading import Reading, Token
from crdt.record import Delta, current
from crdt.store import Store
from crdt.values import Key, Value


class Register:
    """One key as a value with its conflicts."""

    __slots__ = ("_key", "_store")

    def __init__(self, store: Store, key: Key) -> None:
        self._store = store
        self._key = key

    @property
    def value(self) -> Value:
        """The winner, the same at every replica; None where the key is absent too."""
        shown = self._reading()
        return None if shown is None else shown.value

    @property
    def conflicts(self) -> tuple[Value, ...]:
        """The other concurrent values, the latest first."""
        shown = self._reading()
        return () if shown is None else shown.conflicts

    def token(self) -> Token:
        """Return what a reader is shown now, to be brought along with a write."""
        return self._store.token(self._key)

    def set(self, value: object, wall_ns: int, seen: Token | None = None) -> Delta:
        """Write; with `seen`, supersede exactly what that reader was shown. See `Store.put`."""
        return self._store.put(self._key, value, wall_ns, seen)

    def resolve(self, value: object, wall_ns: int) -> Delta:
        """Supersede all concurrent values with one write."""
        return self._store.put(self._key, value, wall_ns)

    def _reading(self) -> Reading | None:
        return self._store.read(self._key)


class Flag:
    """A switch: of concurrent writers, one that switches it on is enough."""

    __slots__ = ("_key", "_store")

    def __init__(self, store: Store, key: Key) -> None:
        self._store = store
        self._key = key

    def __bool__(self) -> bool:
        shown = self._store.read(self._key)
        return shown is not None and (shown.value is True or True in shown.conflicts)

    def switch(self, *, on: bool, wall_ns: int) -> Delta:
        """Switch it, superseding what is seen."""
        return self._store.put(self._key, on, wall_ns)


class AddWinsSet:
    """A set of texts below a key: an element that is added concurrently with its removal stays."""

    __slots__ = ("_key", "_store")

    def __init__(self, store: Store, key: Key) -> None:
        self._store = store
        self._key = key

    def __contains__(self, element: str) -> bool:
        return (*self._key, element) in self._store

    def __iter__(self) -> Iterator[str]:
        depth = len(self._key)
        return (key[depth] for key, _ in self._store.items(self._key) if len(key) == depth + 1)

    def add(self, element: str, wall_ns: int) -> Delta:
        """Add an element, or say again that it is in."""
        return self._store.put((*self._key, element), value=True, wall_ns=wall_ns)

    def discard(self, element: str, wall_ns: int) -> Delta:
        """Remove an element as far as it is seen; () where it is not."""
        return self._store.remove((*self._key, element), wall_ns)


class Counter:
    """A number that goes up and down: everybody keeps a tally, and the tallies are added up.

    A write supersedes only its own author's tally. Removing the key removes the tallies that were
    seen; a concurrent count survives with its author's whole tally.
    """

    __slots__ = ("_key", "_store")

    def __init__(self, store: Store, key: Key) -> None:
        self._store = store
        self._key = key

    def __int__(self) -> int:
        shown = self._store.read(self._key)
        return 0 if shown is None else sum(map(_tally, (shown.value, *shown.conflicts)))

    def add(self, amount: int, wall_ns: int) -> Delta:
        """Count up, or down where `amount` is negative.

        Raises:
            RefusedWrite: this replica's tally would leave 64 bits.
        """
        store = self._store
        siblings = current(store.record(self._key) or ())
        mine = [s for s in siblings if s.replica == store.replica]
        up, down = (
            sum(part) for part in zip((0, 0), *(_parts(s.value) for s in mine), strict=True)
        )
        up, down = (up + amount, down) if amount >= 0 else (up, down - amount)
        seen = Token(((store.replica, max((s.counter for s in mine), default=0)),))
        return store.put(self._key, (up, down), wall_ns, seen)


def _parts(value: object) -> tuple[int, int]:
    match value:
        case (int(up), int(down)):
            return up, down
        case _:
            return 0, 0


def _tally(value: object) -> int:
    up, down = _parts(value)
    return up - down


class OrderedPaths:
    """Values in an order that people choose, such as the paths of a load balancer."""

    __slots__ = ("_key", "_store")

    def __init__(self, store: Store, key: Key) -> None:
        self._store = store
        self._key = key

    def __iter__(self) -> Iterator[tuple[str, Value]]:
        """Yield (place, value) in order; the place names the element."""
        depth = len(self._key)
        return (
            (key[depth], shown.value)
            for key, shown in self._store.items(self._key)
            if len(key) == depth + 1
        )

    def insert(self, value: object, wall_ns: int, *, after: str = "") -> Delta:
        """Put a new element right after the one at place `after`; first where that is empty.

        Raises:
            RefusedWrite: no room is left between the two; write the list anew.
        """
        following = next((place for place, _ in self if place > after), "")
        place = place_between(after, following, self._suffix())
        return self._store.put((*self._key, place), value, wall_ns)

    def replace(self, place: str, value: object, wall_ns: int) -> Delta:
        """Give the element at `place` another value."""
        return self._store.put((*self._key, place), value, wall_ns)

    def discard(self, place: str, wall_ns: int) -> Delta:
        """Take the element at `place` out; () where it is not there."""
        return self._store.remove((*self._key, place), wall_ns)

    def _suffix(self) -> str:
        return f"{self._store.replica.hex()}{self._store.counter + 1:x}"
