"""The ground that a history stands on: what is left of all that lies below a checkpoint.

A long story is told once, agreed on, and then summed up: where things stand, which pages were
counted, and the last line of every page. Whoever holds the sum needs the pages no more, and whoever
comes with an old page is told that it is in the sum already. An environment without a checkpoint
stands on the founding record: the ground of height 0.

K is the set of ChangeSets that the checkpoint folds: closed under ancestors, and all of the history
up to one timestamp. Invariant: two grounds of one digest are one ground, and whoever begins on it
acts as one who holds every fact below it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Final, Literal, NamedTuple

import msgspec

from mesh.environment.entries import Entry, entry_hash
from mesh.environment.kinds import SCHEMA, controller
from mesh.environment.workspace import Workspace
from mesh.wire import cbor
from mesh.wire.facts import Reference
from mesh.wire.identity import (
    NO_HASH,
    ControllerId,
    Counter,
    Hash32,
    Incarnation,
    Timestamp,
    digest,
)
from mesh.wire.requests import Key, Value, read_request

GROUND_BYTES_MAX: Final = 256 * 1_048_576
"""A million ChangeSets, and a configuration of some hundred thousand keys."""

GROUND_KEY: Final = "ground"
"""Where on disk is what a controller stands on."""
SEALED_KEY: Final = "ground.sealed"
"""And the ground of the last checkpoint that it sealed, until it stands on that one."""

_ID_BYTES: Final = 32

Entries = tuple[tuple[Key, Entry], ...]
"""A configuration, key by key."""


class Fate(IntEnum):
    """What became of an attempt below the ground, in one byte."""

    EFFECTIVE = 0
    SET_ASIDE = 1
    REPEATED = 2
    DEAD = 3
    """Never released, and never to be; no part of the history."""


_FATES: Final = frozenset(map(int, Fate))

ASIDE_MAX: Final = 256
ASIDE_BYTES_MAX: Final = 1_048_576
"""What was set aside is kept to be restaged: so many requests, and bytes of them; the eldest go."""

NONCE_BYTES: Final = 8
"""Of a life."""

NONCES_MAX: Final = 4_096
"""Of forgotten lives of one controller, kept: a crash loop must not fill the ground."""


class Floor(NamedTuple):
    """Where a chain has been cut: its last fact that is not kept any more."""

    sequence: Counter
    hash: Hash32


class Aside(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A ChangeSet below the ground that had no effect, and may still be wanted."""

    request: bytes
    """What was signed."""
    why: Literal["refused", "merged", "checkpoint", "conflict", "failed"]
    """The rule that set it aside, in one word."""

    @property
    def tx(self) -> bytes:
        """Its id."""
        return digest(self.request)


class _Cut(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    origin: Incarnation
    sequence: Counter
    hash: Hash32


class _Proof(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    life: Incarnation
    last: tuple[Counter, ...]


class _Retired(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    controller: ControllerId
    boot: Counter
    nonces: bytes


class _Head(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: Literal[0]
    environment: Hash32
    height: Counter
    lamport: Counter
    author: Incarnation
    state: Hash32
    attempts: bytes
    txs: bytes
    fates: bytes
    aside: tuple[Aside, ...]
    cuts: tuple[_Cut, ...]
    retired: tuple[_Retired, ...]
    proofs: tuple[_Proof, ...]
    latest: Reference
    latest_lamport: Counter


class _Line(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    key: Key
    present: bool
    value: Value
    version: Hash32 | None


class _Stored(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    head: bytes
    lines: tuple[_Line, ...]


@dataclass(frozen=True)
class Ground:
    """What is left of everything up to a checkpoint."""

    environment: bytes = NO_HASH
    height: int = 0
    """How many checkpoints there have been, this one included; 0: the founding record."""
    through: Timestamp | None = None
    """The greatest timestamp in K."""
    attempts: bytes = b""
    """The ids of all of K in the order of the history, each checkpoint's share after the one before
    it, and the dead after each share: 32 bytes each."""
    txs: bytes = b""
    """Their requests, 32 bytes each."""
    fates: bytes = b""
    """What became of them, one byte each."""
    aside: tuple[Aside, ...] = ()
    """What was set aside last, in the order of the history."""
    state: bytes = NO_HASH
    """The hash of the configuration that K folds to."""
    entries: Entries = ()
    """That configuration, removed keys included."""
    floors: Mapping[Incarnation, Floor] = field(default_factory=dict)
    """Where each chain is cut; one that is not cut at all, or retired, is not here."""
    retired: Mapping[bytes, int] = field(default_factory=dict)
    """By controller: lives up to this boot number, and not in ``floors``, have said their last word
    and are forgotten."""
    nonces: Mapping[bytes, bytes] = field(default_factory=dict)
    """By controller: those of its lives that are forgotten, the earliest first, 8 bytes each. What
    such a life wrote to running information is still there, and signed by that controller."""
    proofs: Mapping[Incarnation, tuple[int, ...]] = field(default_factory=dict)
    """By life: the last numbers that later lives have proven of it."""
    latest: Reference | None = None
    """The fact with the greatest Lamport time among those below the floors."""
    lamport: int = 0
    """That time."""

    # --- questions ----------------------------------------------------------------------------

    @cached_property
    def known(self) -> frozenset[bytes]:
        """The ids of all attempts that it accounts for."""
        return frozenset(_ids(self.attempts))

    @cached_property
    def folded(self) -> frozenset[bytes]:
        """The tx of all of K: what takes effect once has taken it, or never will."""
        return frozenset(
            tx for tx, fate in zip(_ids(self.txs), self.fates, strict=True) if fate != Fate.DEAD
        )

    @cached_property
    def effective(self) -> frozenset[bytes]:
        """The tx of all of K that took effect."""
        return frozenset(tx for _, tx, fate in self.past() if fate is Fate.EFFECTIVE)

    def past(self) -> Iterator[tuple[bytes, bytes, Fate]]:
        """(attempt, tx, fate) of all that it accounts for, in order."""
        return zip(_ids(self.attempts), _ids(self.txs), map(Fate, self.fates), strict=True)

    @cached_property
    def set_aside(self) -> dict[bytes, Aside]:
        """By tx: what can still be restaged, in the order of the history."""
        return {each.tx: each for each in self.aside}

    @cached_property
    def authors(self) -> dict[bytes, bytes]:
        """By the nonce of a life that is forgotten: its controller."""
        return {
            nonces[at : at + NONCE_BYTES]: each
            for each, nonces in sorted(self.nonces.items())
            for at in range(0, len(nonces), NONCE_BYTES)
        }

    @cached_property
    def removed(self) -> tuple[bytes, ...]:
        """The controllers that were removed from the roster below it, sorted."""
        return tuple(
            sorted(
                bytes.fromhex(key[1])
                for key, entry in self.entries
                if key[0] == controller.NAME
                and key[2:] == ("state",)
                and entry.value == controller.REMOVED
            )
        )

    def lies_below(self, timestamp: Timestamp) -> bool:
        """Whether what has this timestamp comes too late to take effect, unless it is in K."""
        return self.through is not None and timestamp <= self.through

    def is_retired(self, life: Incarnation) -> bool:
        """Whether all that ``life`` said is accounted for, and nothing of it is kept."""
        return life.boot <= self.retired.get(life.controller, -1) and life not in self.floors

    def floor(self, origin: Incarnation) -> int:
        """The number of the last fact of ``origin`` that is not kept; 0: all are."""
        cut = self.floors.get(origin)
        return cut.sequence if cut is not None else 0

    def covers(self, reference: Reference) -> bool:
        """Whether the fact that ``reference`` names is one of those that are not kept."""
        origin = reference.origin
        return reference.sequence <= self.floor(origin) or self.is_retired(origin)

    def workspace(self) -> Workspace:
        """The configuration that K folds to, to go on from."""
        return Workspace(SCHEMA, self.entries)

    # --- hashes -------------------------------------------------------------------------------

    @cached_property
    def fold_hash(self) -> bytes:
        """What is in it and what that adds up to: a function of K and of the dead alone."""
        parts = (self.attempts, self.txs, self.fates, self.state)
        return digest(cbor.encode([self.height, *parts]))

    @cached_property
    def head(self) -> bytes:
        """All of it but the configuration, for which its hash stands, in canonical bytes."""
        assert self.through is not None, "the founding record has no head"
        assert self.latest is not None, "a checkpoint lies above facts"
        head = _Head(
            version=0,
            environment=self.environment,
            height=self.height,
            lamport=self.through.lamport,
            author=self.through.incarnation,
            state=self.state,
            attempts=self.attempts,
            txs=self.txs,
            fates=self.fates,
            aside=self.aside,
            cuts=tuple(_Cut(origin, *self.floors[origin]) for origin in sorted(self.floors)),
            retired=tuple(
                _Retired(each, self.retired[each], self.nonces.get(each, b""))
                for each in sorted(self.retired)
            ),
            proofs=tuple(_Proof(life, self.proofs[life]) for life in sorted(self.proofs)),
            latest=self.latest,
            latest_lamport=self.lamport,
        )
        return cbor.write(head)

    @cached_property
    def hash(self) -> bytes:
        """What a checkpoint names: the hash of the head; nothing for the founding record."""
        return digest(self.head) if self.height else b""


FOUNDED: Final = Ground()
"""What an environment stands on before its first checkpoint."""


def write_ground(ground: Ground) -> bytes:
    """``ground`` in canonical bytes, as it is kept on disk and told to others."""
    lines = [[key, entry.present, entry.value, entry.version] for key, entry in ground.entries]
    return cbor.encode([ground.head, lines])


def read_ground(raw: bytes) -> Ground:
    """The ground that ``raw`` spells, whose configuration has the hash that its head names.

    Raises cbor.Undecodable where it spells none.
    """
    stored = cbor.read(raw, _Stored, GROUND_BYTES_MAX)
    head = cbor.read(stored.head, _Head, GROUND_BYTES_MAX)
    count = len(head.fates)
    if len(head.attempts) != count * _ID_BYTES or len(head.txs) != count * _ID_BYTES:
        raise cbor.Undecodable("its lists are not of one length")
    if any(len(each.nonces) % NONCE_BYTES for each in head.retired):
        raise cbor.Undecodable("it names a life in part")
    if any(fate not in _FATES for fate in head.fates):
        raise cbor.Undecodable("it knows of a fate that is none")
    if kept_aside(head.aside) != head.aside:
        raise cbor.Undecodable("it keeps more that was set aside than may be kept")
    for each in head.aside:
        _ = read_request(each.request)
    ground = Ground(
        environment=head.environment,
        height=head.height,
        through=Timestamp(head.lamport, head.author),
        attempts=head.attempts,
        txs=head.txs,
        fates=head.fates,
        aside=head.aside,
        state=head.state,
        entries=tuple(
            (line.key, Entry(line.value, line.version, line.present)) for line in stored.lines
        ),
        floors={cut.origin: Floor(cut.sequence, cut.hash) for cut in head.cuts},
        retired={each.controller: each.boot for each in head.retired},
        nonces={each.controller: each.nonces for each in head.retired if each.nonces},
        proofs={each.life: each.last for each in head.proofs},
        latest=head.latest,
        lamport=head.latest_lamport,
    )
    if ground.head != stored.head:
        raise cbor.Undecodable("its head is not in order")
    if state_hash(ground.entries) != ground.state:
        raise cbor.Undecodable("its configuration is not the one that its head names")
    return ground


def stored_ground(meta: Mapping[str, bytes], key: str = GROUND_KEY) -> Ground:
    """The ground that is kept under ``key``; the founding record where none is to be read."""
    raw = meta.get(key)
    try:
        return read_ground(raw) if raw else FOUNDED
    except cbor.Undecodable:
        return FOUNDED


def kept_aside(aside: tuple[Aside, ...]) -> tuple[Aside, ...]:
    """The last of ``aside``, as many as are kept."""
    size, begin = 0, len(aside)
    for each in reversed(aside[-ASIDE_MAX:]):
        size += len(each.request)
        if size > ASIDE_BYTES_MAX:
            break
        begin -= 1
    return aside[begin:]


def state_hash(entries: Entries) -> bytes:
    """The hash of the configuration of these entries, each key once."""
    total = sum(entry_hash(key, entry) for key, entry in entries)
    return (total % 2**256).to_bytes(32, "big")


def _ids(blob: bytes) -> Iterator[bytes]:
    return (blob[at : at + _ID_BYTES] for at in range(0, len(blob), _ID_BYTES))
