"""All that was ever written about ChangeSets, by everybody: what an all-seeing observer would know.

Kept in plain sets and apart from the code under test, whose arithmetic it is to check.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mesh.protocol.catalogue import ChangeSet
from mesh.wire.facts import NoReason
from mesh.wire.identity import Incarnation

Members = frozenset[Incarnation]


@dataclass
class Entry:
    """One attempt, and every vote on it."""

    change_set: ChangeSet
    seals: dict[Members, dict[Incarnation, None]] = field(default_factory=dict)
    nos: dict[Incarnation, NoReason] = field(default_factory=dict)
    complete: list[Members] = field(default_factory=list)
    unseen: dict[Incarnation, dict[Incarnation, None]] = field(default_factory=dict)
    """By sealer: the participants that it did not see when it sealed."""

    @property
    def star(self) -> dict[bytes, None]:
        """The controllers of all complete sets."""
        return {who.controller: None for members in self.complete for who in sorted(members)}

    @property
    def participants(self) -> tuple[Incarnation, ...]:
        """P."""
        return self.change_set.attempt.participants

    def seal(self, who: Incarnation, members: Members) -> bool:
        """Count a seal. True where it makes ``members`` complete."""
        sealers = self.seals.setdefault(members, {})
        sealers[who] = None
        enough = len(members) >= self.change_set.attempt.quorum
        if not enough or members in self.complete or any(each not in sealers for each in members):
            return False
        self.complete.append(members)
        return True


class Ledger:
    """Every attempt by its id."""

    def __init__(self) -> None:
        self.entries: dict[bytes, Entry] = {}
        self._ancestors: dict[bytes, dict[bytes, None]] = {}

    def add(self, change_set: ChangeSet) -> None:
        """A proposal was written."""
        _ = self.entries.setdefault(change_set.id, Entry(change_set))

    def __getitem__(self, attempt: bytes) -> Entry:
        return self.entries[attempt]

    def __contains__(self, attempt: bytes) -> bool:
        return attempt in self.entries

    def name(self, attempt: bytes) -> str:
        """For people."""
        change_set = self.entries[attempt].change_set
        return f"{change_set.request.name!r} {attempt.hex()[:8]}"

    def released(self) -> Iterator[bytes]:
        """The attempts with a complete set."""
        return (attempt for attempt, entry in self.entries.items() if entry.complete)

    def ancestors(self, attempt: bytes) -> dict[bytes, None]:
        """All that it was made on top of."""
        pending = [attempt]
        while pending:
            top = pending[-1]
            parents = self.entries[top].change_set.attempt.parents
            missing = [parent for parent in parents if parent not in self._ancestors]
            if top in self._ancestors or not missing:
                below = {each: None for parent in parents for each in self._ancestors[parent]}
                self._ancestors[top] = below | dict.fromkeys(parents)
                _ = pending.pop()
            pending.extend(missing)
        return self._ancestors[attempt]
