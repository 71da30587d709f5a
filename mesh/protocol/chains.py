"""The facts held, one chain for each incarnation, without gaps.

Picture a shelf with one pile of letters for each life that a controller ever had. A letter goes
onto its pile only if it is the next one, names the one below by its hash, is signed by the pile's
owner, and tells a believable time. A second letter with the number of one already there is not
mislaid: it proves that somebody writes with another's pen.

Time on the shelf is Lamport's (1978). Each fact names the fact with the greatest Lamport time that
its author held; its own time lies above both that one's and its predecessor's, by at most
``LAMPORT_STEP_MAX``. So nobody can push the clocks of all others to the end of the range: a jump
has no witness, and is refused everywhere alike.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Final, NamedTuple

from mesh.protocol.forks import PROOF, Fork, prove
from mesh.protocol.ground import FOUNDED, Ground
from mesh.protocol.now import SECOND, Now
from mesh.protocol.suite import Signer, Verifier
from mesh.protocol.waiting import WaitingRoom
from mesh.wire import cbor
from mesh.wire.facts import Body, Boot, Content, Fact, Reference, SignedFact, read_fact, write_fact
from mesh.wire.identity import NO_HASH, ControllerId, Incarnation

LAMPORT_STEP_MAX: Final = 2**16
"""How far one fact may lie above all that it names: far more than honest loss of blocks, far less
than the range."""

LAMPORT_BLOCK: Final = 2**10
"""Lamport times reserved on disk at once: one small write for a thousand facts."""

CLOCK_AHEAD_MAX_NS: Final = SECOND
"""How far ahead of the own wall clock another's clock is followed. Beyond it the other one is
wrong, not we."""


class Refused(StrEnum):
    """Why a fact was not taken. Counted by name."""

    UNDECODABLE = "undecodable"
    SIGNATURE = "signature"
    GAP = "gap"
    CHAIN = "chain"
    LAMPORT = "lamport"
    AFTER = "after"
    BOOT = "boot"
    ENVIRONMENT = "environment"
    FORK = "fork"
    FULL = "full"
    STRANGER = "stranger"
    """It begins a chain of somebody whom its bearer may not introduce."""


@dataclass(frozen=True, slots=True)
class Received:
    """What came of facts from a peer."""

    taken: tuple[Fact, ...] = ()
    """New here, in an order in which each can be judged: also those that had waited."""
    refused: tuple[Refused, ...] = ()
    gaps: bool = False
    """Something before them is missing: compare vectors with whoever sent them."""
    forks: tuple[Fork, ...] = ()
    """Proofs that came to light: one for each fact that contradicts another."""
    contested: tuple[Fact, ...] = ()
    """Facts held here under numbers for which others name a different one: whoever brought that
    word, and is shown these, holds both and has the proof."""


class _Latest(NamedTuple):
    """The held fact with the greatest Lamport time; None and 0 where there is none."""

    reference: Reference | None
    lamport: int


class Chains:
    """The facts held and the clocks that they advance.

    ``own`` writes through ``write``; all others come in through ``receive``. ``lamport_floor`` is
    the end of the block that an earlier life reserved: no time below it is used again. Chains of
    another ``environment`` than this one are not begun; None: of any. Below the floors of
    ``ground`` chains are cut: what was there counts as held, and is not here.
    """

    def __init__(
        self,
        own: Incarnation,
        signer: Signer,
        suite: Verifier,
        lamport_floor: int,
        environment: bytes | None = None,
        ground: Ground = FOUNDED,
    ) -> None:
        self.own = own
        self._environment = environment
        self._signer = signer
        self._suite = suite
        self._chains: dict[Incarnation, list[Fact]] = {}
        self._ground = ground
        self._latest = _Latest(ground.latest, ground.lamport)
        self._lamport = max(lamport_floor, ground.lamport)
        self._reserved = lamport_floor
        self._clock_ns = 0
        self._waiting = WaitingRoom()
        self._summary: bytes | None = None
        self._count: int | None = None
        self._forks: list[Fork] = []
        """Proofs that came to light since facts were last received."""
        self._contested: dict[bytes, Fact] = {}
        self._doubted: set[ControllerId] = set()
        """Whose key has told two stories."""

    # --- reading ------------------------------------------------------------------------------

    def chain(self, origin: Incarnation) -> list[Fact]:
        """The facts of ``origin`` that are here, from its Boot or from the ground on."""
        return self._chains.get(origin, [])

    def last(self, origin: Incarnation) -> int:
        """The number of the last fact of ``origin`` that is here or below the ground; 0: none."""
        return self._ground.floor(origin) + len(self.chain(origin))

    def vector(self) -> list[tuple[Incarnation, int]]:
        """(origin, last sequence number held), by origin."""
        return [(origin, self.last(origin)) for origin in self.lives()]

    def lives(self) -> list[Incarnation]:
        """Every incarnation of which a fact is held, sorted; without those that are retired."""
        return sorted(dict.fromkeys((*self._ground.floors, *self._chains)))

    def summary(self) -> bytes:
        """8 bytes that are equal where the vectors are, and the ground."""
        if self._summary is None:
            hasher = blake2b(self._ground.hash, digest_size=8)
            for origin, sequence in self.vector():
                hasher.update(
                    b"%s%d,%s%d," % (origin.controller, origin.boot, origin.nonce, sequence)
                )
            self._summary = hasher.digest()
        return self._summary

    @property
    def waiting_count(self) -> int:
        """Facts that wait for the one that they name."""
        return self._waiting.count

    @property
    def waiting_bytes(self) -> int:
        """How large these are."""
        return self._waiting.held_bytes

    @property
    def count(self) -> int:
        """How many facts are here."""
        if self._count is None:
            self._count = sum(map(len, self._chains.values()))
        return self._count

    def facts(self) -> list[Fact]:
        """All that are here, in an order in which each can be judged."""
        found = [fact for chain in self._chains.values() for fact in chain]
        found.sort(key=_time)
        return found

    def missing(
        self,
        held: Mapping[Incarnation, int],
        covers: Callable[[Incarnation], bool] = lambda _: True,
    ) -> list[Fact]:
        """What somebody who holds ``held`` lacks, in an order in which it can be taken.

        Only of origins that ``covers`` names: of the others it did not say what it holds.

        Of a chain whose beginning it lacks, and which is cut here, nothing would help it.
        """
        lacking: list[Fact] = []
        for origin, chain in self._chains.items():
            there = held.get(origin, 0) - self._ground.floor(origin)
            if there >= 0 and covers(origin):
                lacking += chain[there:]
        lacking.sort(key=lambda fact: (fact.content.lamport, fact.origin))
        return lacking

    def lacks(self, held: Mapping[Incarnation, int]) -> bool:
        """Whether somebody who holds ``held`` has facts that are not here."""
        return any(
            sequence > self.last(origin) and not self._is_retired(origin)
            for origin, sequence in held.items()
        )

    def _is_retired(self, origin: Incarnation) -> bool:
        return self._ground.is_retired(origin) and origin not in self._chains

    @property
    def ground(self) -> Ground:
        """What the chains stand on."""
        return self._ground

    def settle(self, ground: Ground) -> tuple[tuple[Incarnation, int, int], ...]:
        """Cut the chains at the floors of ``ground``; what waits for others goes on waiting.

        (origin, first number, last number) of what is not here any more.
        """
        gone: list[tuple[Incarnation, int, int]] = []
        for origin, chain in list(self._chains.items()):
            cut = ground.floor(origin) - self._ground.floor(origin)
            cut = len(chain) if ground.is_retired(origin) else min(cut, len(chain))
            if cut:
                gone.append((origin, chain[0].sequence, chain[cut - 1].sequence))
            self._chains[origin] = chain[cut:]
            if cut == len(chain):
                del self._chains[origin]
        self._ground = ground
        self._summary = self._count = None
        return tuple(gone)

    @property
    def lamport(self) -> int:
        """The greatest Lamport time seen or reserved by an earlier life."""
        return self._lamport

    @property
    def last_own(self) -> int:
        """The number of own facts."""
        return self.last(self.own)

    # --- writing ------------------------------------------------------------------------------

    def next_lamport(self) -> int:
        """The Lamport time of the next own fact; an attempt names it before its fact is written.

        Above all that earlier lives may have used, unless that has no witness any more: facts that
        are lost, or belong to an environment that was given up. Nobody would take such a leap, and
        to repeat a time is harmless, since the incarnation is part of every timestamp.
        """
        return min(self._lamport + 1, self._latest.lamport + LAMPORT_STEP_MAX)

    def write(self, body: Body, now: Now) -> tuple[Fact, int | None]:
        """The next own fact, saying ``body``.

        And the end of the Lamport block to record beside it, if a new one begins.

        It counts as held at once. Nobody may see it before it is durable.
        """
        assert bool(self.last_own) != isinstance(body, Boot), "a chain begins with its Boot only"
        lamport = self.next_lamport()
        self._clock_ns = max(now.wall_ns, self._clock_ns + 1)
        content = Content(
            version=1,
            origin=self.own,
            sequence=self.last_own + 1,
            previous=self._end(self.own),
            after=self._latest.reference,
            lamport=lamport,
            clock_ns=self._clock_ns,
            body=body,
        )
        fact = write_fact(content, self._signer.sign)
        self._lamport = lamport
        self._hold(fact)
        return fact, self._reserve(lamport)

    def _reserve(self, lamport: int) -> int | None:
        if lamport < self._reserved:
            return None
        self._reserved = lamport + LAMPORT_BLOCK
        return self._reserved

    # --- taking -------------------------------------------------------------------------------

    def restore(self, facts: Iterable[SignedFact]) -> Received:
        """Take facts from the own disk, in whatever order.

        They are chained and timed as any other. Their signatures were checked when they came; now
        that of the last fact of each chain is, which names all before it by their hashes.
        """
        ordered: list[Fact] = []
        refused: list[Refused] = []
        for signed in facts:
            try:
                ordered.append(read_fact(signed))
            except cbor.Undecodable:
                refused.append(Refused.UNDECODABLE)
        ordered.sort(key=_time)
        while True:
            taken: list[Fact] = []
            objections: list[Refused] = []
            for fact in ordered:
                self._consider(fact, taken, objections, now=None, trusted=True)
            heads = (chain[-1] for chain in self._chains.values())
            forged = {head.hash for head in heads if not self._is_signed(head)}
            if not forged:
                break
            refused += [Refused.SIGNATURE] * len(forged)
            ordered = [fact for fact in ordered if fact.hash not in forged]
            self._forget_all()
        gaps = self._waiting.count > 0
        return Received(tuple(taken), tuple(refused + objections), gaps)

    def _forget_all(self) -> None:
        """Be as before anything was restored."""
        self._chains.clear()
        self._waiting = WaitingRoom()
        self._latest = _Latest(self._ground.latest, self._ground.lamport)
        self._summary = self._count = None
        self._lamport = max(self._reserved, self._ground.lamport)

    def receive(
        self,
        facts: Iterable[SignedFact],
        now: Now,
        may_begin: Callable[[ControllerId], bool] = lambda _: True,
    ) -> Received:
        """Take what a peer sent, each chain in order. Never raises on what it holds.

        Chains of which nothing is here are begun for those controllers only that ``may_begin``
        names.
        """
        taken: list[Fact] = []
        refused: list[Refused] = []
        read: list[Fact] = []
        for signed in facts:
            try:
                read.append(read_fact(signed))
            except cbor.Undecodable:
                refused.append(Refused.UNDECODABLE)
        if len(read) == PROOF:
            self._note_fork(*read)
        for fact in read:
            if not self.last(fact.origin) and not may_begin(fact.origin.controller):
                refused.append(Refused.STRANGER)
            else:
                self._consider(fact, taken, refused, now, trusted=False)
        gaps = Refused.GAP in refused or Refused.FULL in refused or self._waiting.count > 0
        forks, self._forks = tuple(self._forks), []
        contested, self._contested = tuple(self._contested.values()), {}
        return Received(tuple(taken), tuple(refused), gaps, forks, contested)

    def doubt(self, controller: ControllerId) -> None:
        """Its key has told two stories: whoever names the other one is none the worse for it."""
        self._doubted.add(controller)

    def _consider(
        self,
        fact: Fact,
        taken: list[Fact],
        refused: list[Refused],
        now: Now | None,
        *,
        trusted: bool,
    ) -> None:
        why = self._objection(fact, trusted=trusted)
        if why is not None:
            refused.append(why)
        elif not self._is_held(fact):
            self._take_with_followers(fact, taken, refused, now)

    def _is_held(self, fact: Fact) -> bool:
        return fact.sequence <= self.last(fact.origin) or self._is_retired(fact.origin)

    def _objection(self, fact: Fact, *, trusted: bool) -> Refused | None:
        """What is wrong with ``fact`` by itself and on its chain.

        The fact that it names is another matter.
        """
        origin, sequence = fact.content.origin, fact.content.sequence
        chain, floor = self.chain(origin), self._ground.floor(origin)
        last = floor + len(chain)
        if self._is_retired(origin) or 0 < sequence <= floor:
            return None
        if sequence <= last:
            held = self._at(origin, sequence)
            if held is not None and held.hash == fact.hash:
                return None
            if held is None or not self._is_signed(fact):
                return Refused.SIGNATURE if held is not None else Refused.CHAIN
            self._note_fork(held, fact)
            return Refused.FORK
        if sequence > last + 1:
            return Refused.GAP
        if (sequence == 1) != isinstance(fact.body, Boot):
            return Refused.BOOT
        if isinstance(fact.body, Boot) and self._is_foreign(fact.body):
            return Refused.ENVIRONMENT
        if fact.content.previous != self._end(origin):
            return Refused.CHAIN
        if chain and fact.content.lamport <= chain[-1].content.lamport:
            return Refused.LAMPORT
        if not trusted and not self._is_signed(fact):
            return Refused.SIGNATURE
        return None

    def _at(self, origin: Incarnation, sequence: int) -> Fact | None:
        """The fact of ``origin`` under that number, above the ground."""
        place = sequence - self._ground.floor(origin) - 1
        chain = self.chain(origin)
        return chain[place] if 0 <= place < len(chain) else None

    def _end(self, origin: Incarnation) -> bytes:
        """What the next fact of ``origin`` names as its previous one."""
        chain = self.chain(origin)
        if chain:
            return chain[-1].hash
        cut = self._ground.floors.get(origin)
        return cut.hash if cut is not None else NO_HASH

    def _is_foreign(self, boot: Boot) -> bool:
        return self._environment is not None and boot.environment != self._environment

    def _is_signed(self, fact: Fact) -> bool:
        return self._suite.verify(fact.origin.controller, fact.signed.raw, fact.signed.signature)

    def _note_fork(self, held: Fact, other: Fact) -> None:
        fork = prove(held, other, self._suite)
        if fork is not None:
            self._forks.append(fork)

    def _take_with_followers(
        self, fact: Fact, taken: list[Fact], refused: list[Refused], now: Now | None
    ) -> None:
        """Hold ``fact`` if the one that it names is here, and then whatever had waited for it."""
        ready = [fact]
        while ready:
            candidate = ready.pop()
            if self._is_held(candidate):
                continue
            # The first has just been judged; what waited for it was, but on another chain.
            why = None if candidate is fact else self._objection(candidate, trusted=True)
            if why is None:
                why = self._place(candidate, now)
                if why is None and self._is_held(candidate):
                    taken.append(candidate)
                    ready.extend(reversed(self._waiting.release(candidate)))
            if why is not None:
                refused.append(why)

    def _place(self, fact: Fact, now: Now | None) -> Refused | None:
        """Hold ``fact``, let it wait for the fact that it names, or say why neither."""
        witness = fact.content.after
        chain = self.chain(fact.origin)
        floor = chain[-1].content.lamport if chain else 0
        if witness is not None and self._ground.covers(witness):
            floor = max(floor, self._ground.lamport)
        elif witness is not None:
            after = self._at(witness.origin, witness.sequence)
            if after is not None and after.hash == witness.hash:
                if fact.content.lamport <= after.content.lamport:
                    return Refused.LAMPORT
                floor = max(floor, after.content.lamport)
            elif witness.origin.controller in self._doubted or (after is not None and now is None):
                # Its author was told the other story in good faith. The time of what it names
                # cannot be looked up here: no leap beyond all that is held, or it comes too early.
                floor = max(floor, self._latest.lamport)
            elif witness.sequence > self.last(witness.origin):
                return None if self._waiting.wait(fact, witness) else Refused.FULL
            else:
                if after is not None:
                    self._contested[after.hash] = after
                return Refused.AFTER
        if fact.content.lamport - floor > LAMPORT_STEP_MAX:
            return Refused.LAMPORT
        self._hold(fact)
        if now is not None and fact.content.clock_ns <= now.wall_ns + CLOCK_AHEAD_MAX_NS:
            self._clock_ns = max(self._clock_ns, fact.content.clock_ns)
        return None

    def _hold(self, fact: Fact) -> None:
        self._chains.setdefault(fact.origin, []).append(fact)
        self._summary = self._count = None
        self._lamport = max(self._lamport, fact.content.lamport)
        latest = self._latest.reference
        if latest is None or _time(fact) > (self._latest.lamport, latest.origin):
            self._latest = _Latest(fact.reference, fact.content.lamport)


def _time(fact: Fact) -> tuple[int, Incarnation]:
    return fact.content.lamport, fact.origin
