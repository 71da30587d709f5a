"""The last few answers to pure questions, so that the same question is cheap the second time."""

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A table of at most ``entries_max`` entries; the one put in first goes first."""

    def __init__(self, entries_max: int) -> None:
        self._entries_max = entries_max
        self._entries: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        """What was put under ``key``, None where that is not known any more."""
        return self._entries.get(key)

    def put(self, key: K, value: V) -> V:
        """Remember ``value``; it comes back."""
        if len(self._entries) >= self._entries_max:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = value
        return value
