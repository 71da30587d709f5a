"""Keyed sums over the live dots: two stores find where they differ without listing what they hold.

Each live sibling has a leaf: eight bytes of BLAKE2b over its content, keyed with the environment's
secret, so that nobody outside can make two different stores look alike. Leaves are summed (modulo
2**64) over ranges of counters of one replica id: 32, then 16 times as many at each level. Adding
and removing a sibling costs one addition per level; a range of equal sum holds equal siblings.

The sums are lazy: a write appends what changed to a log, and the log is worked off when somebody
asks. A store that nobody asks pays for an append.

Invariant: after `settle`, each sum equals the sum of the leaves of exactly the live siblings in
its range.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import cbor2

from crdt.record import Record, Sibling
from crdt.values import Key

FAN_OUT: Final = 16
"""Each range has this many ranges of the level below."""

_BITS_PER_LEVEL: Final = 4
_LOWEST_BITS: Final = 5
STORED_LEVELS: Final = 4
"""Levels whose sums are kept: 32, 512, 8,192 and 131,072 counters. Those above are few, and added
up from the fourth when asked for."""

_MODULUS: Final = 2**64
_LOG_MAX: Final = 131_072
"""Changes that wait to be summed: about 10 MB. One more, and they are worked off."""

SUM_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Secret:
    """The environment's secret and its version; sums compare only under one version."""

    key: bytes
    version: int = 0


NO_SECRET: Final = Secret(b"")


def shift_of(level: int) -> int:
    """Return how many bits of a counter lie within a range of this level."""
    return _LOWEST_BITS + _BITS_PER_LEVEL * level


def level_for(counter: int) -> int:
    """Return the lowest level whose first range reaches beyond `counter`."""
    excess = max(0, counter.bit_length() - _LOWEST_BITS)
    return -(-excess // _BITS_PER_LEVEL)


def content(key: Key, sibling: Sibling) -> bytes:
    """Encode all that a sibling says, the same at every replica: what hashes are taken of."""
    replica, counter, stamp, value, context, _ = sibling
    return cbor2.dumps((key, replica, counter, stamp, value, context))


_Sums = list[dict[int, int]]


class Fingerprints:
    """The sums of one store."""

    __slots__ = ("_hash", "_lines", "_log", "_total", "changes", "secret")

    def __init__(self, secret: Secret) -> None:
        self.secret = secret
        self._hash = blake2b(digest_size=SUM_BYTES, key=secret.key)
        self._lines: dict[bytes, _Sums] = {}
        self._log: list[tuple[Key, Record, Record]] = []
        self._total = 0
        self.changes = 0
        """Rises with whatever may change a sum: as long as it stands, so do all sums."""

    def note(self, key: Key, before: Record, after: Record) -> None:
        """Remember that the record of `key` changed; summed up later."""
        self.changes += 1
        self._log.append((key, before, after))
        if len(self._log) >= _LOG_MAX:
            self.settle()

    def settle(self) -> None:
        """Work off what was noted."""
        log, self._log = self._log, []
        for key, before, after in log:
            for sibling in before:
                if sibling not in after:
                    self._count(key, sibling, -1)
            for sibling in after:
                if sibling not in before:
                    self._count(key, sibling, 1)

    def forget(self, replica: bytes) -> None:
        """Drop the sums of a replica id whose records were all dropped."""
        self.changes += 1
        self.settle()
        lost = self._lines.pop(replica, None)
        if lost is not None:
            self._total = (self._total - sum(lost[-1].values())) % _MODULUS

    def root(self) -> int:
        """Return the sum over all live dots."""
        self.settle()
        return self._total

    def children(self, replica: bytes, level: int, index: int) -> tuple[int, ...]:
        """Return the sums of the 16 ranges, one level down, that make up a range."""
        assert level > 0, "the lowest ranges have no parts with sums of their own"
        self.settle()
        first = index * FAN_OUT
        return tuple(self._sum(replica, level - 1, first + part) for part in range(FAN_OUT))

    def _sum(self, replica: bytes, level: int, index: int) -> int:
        line = self._lines.get(replica)
        if line is None:
            return 0
        if level < STORED_LEVELS:
            return line[level].get(index, 0)
        bits = _BITS_PER_LEVEL * (level - STORED_LEVELS + 1)
        highest = line[-1].items()
        return sum(total for place, total in highest if place >> bits == index) % _MODULUS

    def _count(self, key: Key, sibling: Sibling, sign: int) -> None:
        leaf = self._hash.copy()
        leaf.update(content(key, sibling))
        amount = sign * int.from_bytes(leaf.digest(), "big")
        self._total = (self._total + amount) % _MODULUS
        line = self._lines.get(sibling.replica)
        if line is None:
            line = self._lines[sibling.replica] = [{} for _ in range(STORED_LEVELS)]
        place = sibling.counter >> _LOWEST_BITS
        for sums in line:
            total = (sums.get(place, 0) + amount) % _MODULUS
            if total:
                sums[place] = total
            else:
                del sums[place]
            place >>= _BITS_PER_LEVEL


def sums_of(secret: Secret, records: Iterable[tuple[Key, Record]]) -> Fingerprints:
    """Sum up a whole store, under another secret or from the start."""
    sums = Fingerprints(secret)
    for key, record in records:
        sums.note(key, (), record)
    return sums
