"""Heads: how far a writer has come, in its own words.

"Seen up to n" is what makes a store pass over every write up to n that it does not hold. So nobody
is believed who says it of a third: only the writer knows how far it has written, and it has said so
with each write-group that it signed, whatever has become of the writes since. The header of its
last group, without the writes themselves, is its *head*: some 110 bytes, and proof for every
counter up to its last one.

A watermark says the same of whole lives, that nothing of those before one of them is missing. It
is the controller's own word as well: a head in the controller's name, of a boot number and of no
writes.

Invariant: where write-groups are verified, no vector and no watermark has an entry beyond the head
that is kept for that name; so whoever tells one can tell what proves it.
"""

from collections.abc import Callable, Container, Iterator, Mapping
from typing import NamedTuple


class Head(NamedTuple):
    """The header of a write-group and its signature: `name` has come as far as `last`.

    A name is a replica id (8 bytes), or of a watermark a controller's (32 bytes, and no root).
    """

    name: bytes
    first: int
    size: int
    root: bytes
    signature: bytes

    @property
    def last(self) -> int:
        """The counter, or the boot number, up to which this is proof."""
        return self.first + self.size - 1


class Heads:
    """The furthest head of each name, each of them verified before it came here."""

    __slots__ = ("_heads",)

    def __init__(self) -> None:
        self._heads: dict[bytes, Head] = {}

    def __iter__(self) -> Iterator[Head]:
        """Yield all of them, by name."""
        return iter([self._heads[name] for name in sorted(self._heads)])

    def unshown(
        self, live: Mapping[bytes, Container[int]], last: Callable[[bytes], int | None]
    ) -> list[Head]:
        """Return the heads that no record shows: whose last write is not `live`, by name.

        `last` tells the greatest counter of a replica id that is seen; None where none is.
        """
        names = [name for name in self._heads if last(name) not in live.get(name, ())]
        return [self._heads[name] for name in sorted(names)]

    def get(self, name: bytes) -> Head | None:
        """Return the head of a name; None where nothing that it signed has come here."""
        return self._heads.get(name)

    def last(self, name: bytes) -> int:
        """Return how far a name has come, as far as is proven here."""
        head = self._heads.get(name)
        return 0 if head is None else head.first + head.size - 1

    def note(self, head: Head) -> None:
        """Keep a head that was verified, if it is further than the one that is held."""
        if head.last > self.last(head.name):
            self._heads[head.name] = head

    def forget(self, name: bytes) -> None:
        """Drop the head of a replica id that is retired."""
        _ = self._heads.pop(name, None)
