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

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Final

from mesh.protocol.forks import PROOF, Fork, prove
from mesh.protocol.now import SECOND, Now
from mesh.protocol.suite import Signer, Verifier
from mesh.wire import cbor
from mesh.wire.facts import Body, Boot, Content, Fact, Reference, SignedFact, read_fact, write_fact
from mesh.wire.identity import NO_HASH, Incarnation
from mesh.wire.limits import MESSAGE_BYTES_MAX

LAMPORT_STEP_MAX: Final = 2**16
"""How far one fact may lie above all that it names: far more than honest loss of blocks, far less
than the range."""

LAMPORT_BLOCK: Final = 2**10
"""Lamport times reserved on disk at once: one small write for a thousand facts."""

CLOCK_AHEAD_MAX_NS: Final = SECOND
"""How far ahead of the own wall clock another's clock is followed. Beyond it the other one is
wrong, not we."""

WAITING_MAX: Final = 4_096
WAITING_BYTES_MAX: Final = 16 * MESSAGE_BYTES_MAX
"""Facts kept until the one that they name arrives; what does not fit is asked for again."""


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


class Chains:
    """The facts held and the clocks that they advance.

    ``own`` writes through ``write``; all others come in through ``receive``. ``lamport_floor`` is
    the end of the block that an earlier life reserved: no time below it is used again. Chains of
    another ``environment`` than this one are not begun; None: of any.
    """

    def __init__(
        self,
        own: Incarnation,
        signer: Signer,
        suite: Verifier,
        lamport_floor: int,
        environment: bytes | None = None,
    ) -> None:
        self.own = own
        self._environment = environment
        self._signer = signer
        self._suite = suite
        self._chains: dict[Incarnation, list[Fact]] = {}
        self._latest: Fact | None = None
        self._lamport = lamport_floor
        self._reserved = lamport_floor
        self._clock_ns = 0
        self._waiting: dict[tuple[Incarnation, int], list[Fact]] = {}
        self._waiting_count = 0
        self._waiting_bytes = 0
        self._summary: bytes | None = None
        self._forks: list[Fork] = []
        """Proofs that came to light since facts were last received."""

    # --- reading ------------------------------------------------------------------------------

    def chain(self, origin: Incarnation) -> list[Fact]:
        """The facts of ``origin`` that are held, the first one its Boot."""
        return self._chains.get(origin, [])

    def vector(self) -> list[tuple[Incarnation, int]]:
        """(origin, last sequence number held), by origin."""
        return sorted((origin, len(chain)) for origin, chain in self._chains.items())

    def summary(self) -> bytes:
        """8 bytes that are equal where the vectors are."""
        if self._summary is None:
            hasher = blake2b(digest_size=8)
            for origin, sequence in self.vector():
                hasher.update(
                    b"%s%d,%s%d," % (origin.controller, origin.boot, origin.nonce, sequence)
                )
            self._summary = hasher.digest()
        return self._summary

    def boots(self) -> Iterator[Fact]:
        """The Boot of every incarnation known, by origin."""
        for origin in sorted(self._chains):
            yield self._chains[origin][0]

    def missing(self, held: Mapping[Incarnation, int]) -> list[Fact]:
        """What somebody who holds ``held`` lacks, in an order in which it can be taken."""
        lacking = [
            fact for origin, chain in self._chains.items() for fact in chain[held.get(origin, 0) :]
        ]
        lacking.sort(key=lambda fact: (fact.content.lamport, fact.origin))
        return lacking

    def lacks(self, held: Mapping[Incarnation, int]) -> bool:
        """Whether somebody who holds ``held`` has facts that are not here."""
        return any(sequence > len(self.chain(origin)) for origin, sequence in held.items())

    @property
    def lamport(self) -> int:
        """The greatest Lamport time seen or reserved by an earlier life."""
        return self._lamport

    @property
    def last_own(self) -> int:
        """The number of own facts."""
        return len(self.chain(self.own))

    # --- writing ------------------------------------------------------------------------------

    def next_lamport(self) -> int:
        """The Lamport time of the next own fact; an attempt names it before its fact is written.

        Above all that earlier lives may have used, unless that has no witness any more: facts that
        are lost, or belong to an environment that was given up. Nobody would take such a leap, and
        to repeat a time is harmless, since the incarnation is part of every timestamp.
        """
        witness = self._latest.content.lamport if self._latest is not None else 0
        return min(self._lamport + 1, witness + LAMPORT_STEP_MAX)

    def write(self, body: Body, now: Now) -> tuple[Fact, int | None]:
        """The next own fact, saying ``body``.

        And the end of the Lamport block to record beside it, if a new one begins.

        It counts as held at once. Nobody may see it before it is durable.
        """
        own = self.chain(self.own)
        assert bool(own) != isinstance(body, Boot), "a chain begins with its Boot and has no other"
        lamport = self.next_lamport()
        self._clock_ns = max(now.wall_ns, self._clock_ns + 1)
        content = Content(
            version=1,
            origin=self.own,
            sequence=len(own) + 1,
            previous=own[-1].hash if own else NO_HASH,
            after=self._latest.reference if self._latest is not None else None,
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
        gaps = self._waiting_count > 0
        return Received(tuple(taken), tuple(refused + objections), gaps)

    def _forget_all(self) -> None:
        """Be as before anything was restored."""
        self._chains.clear()
        self._waiting.clear()
        self._waiting_count = self._waiting_bytes = 0
        self._latest = self._summary = None
        self._lamport = self._reserved

    def receive(self, facts: Iterable[SignedFact], now: Now) -> Received:
        """Take what a peer sent, each chain in order. Never raises on what it holds."""
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
            self._consider(fact, taken, refused, now, trusted=False)
        gaps = Refused.GAP in refused or Refused.FULL in refused or self._waiting_count > 0
        forks, self._forks = tuple(self._forks), []
        return Received(tuple(taken), tuple(refused), gaps, forks)

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
        return fact.sequence <= len(self.chain(fact.origin))

    def _objection(self, fact: Fact, *, trusted: bool) -> Refused | None:
        """What is wrong with ``fact`` by itself and on its chain.

        The fact that it names is another matter.
        """
        chain = self.chain(fact.origin)
        if fact.sequence <= len(chain):
            held = chain[fact.sequence - 1] if fact.sequence else None
            if held is not None and held.hash == fact.hash:
                return None
            if held is None or not self._is_signed(fact):
                return Refused.SIGNATURE if held is not None else Refused.CHAIN
            self._note_fork(held, fact)
            return Refused.FORK
        if fact.sequence > len(chain) + 1:
            return Refused.GAP
        if (fact.sequence == 1) != isinstance(fact.body, Boot):
            return Refused.BOOT
        if isinstance(fact.body, Boot) and self._is_foreign(fact.body):
            return Refused.ENVIRONMENT
        if fact.content.previous != (chain[-1].hash if chain else NO_HASH):
            return Refused.CHAIN
        if chain and fact.content.lamport <= chain[-1].content.lamport:
            return Refused.LAMPORT
        if not trusted and not self._is_signed(fact):
            return Refused.SIGNATURE
        return None

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
            why = self._objection(candidate, trusted=True)
            if why is None:
                why = self._place(candidate, now)
                if why is None and self._is_held(candidate):
                    taken.append(candidate)
                    ready.extend(reversed(self._release(candidate)))
            if why is not None:
                refused.append(why)

    def _place(self, fact: Fact, now: Now | None) -> Refused | None:
        """Hold ``fact``, let it wait for the fact that it names, or say why neither."""
        witness = fact.content.after
        floor = self.chain(fact.origin)[-1].content.lamport if fact.sequence > 1 else 0
        if witness is not None:
            named = self.chain(witness.origin)
            if witness.sequence > len(named):
                return self._wait(fact, witness)
            after = named[witness.sequence - 1] if witness.sequence else None
            if after is None or after.hash != witness.hash:
                return Refused.AFTER
            if fact.content.lamport <= after.content.lamport:
                return Refused.LAMPORT
            floor = max(floor, after.content.lamport)
        if fact.content.lamport - floor > LAMPORT_STEP_MAX:
            return Refused.LAMPORT
        self._hold(fact)
        if now is not None and fact.content.clock_ns <= now.wall_ns + CLOCK_AHEAD_MAX_NS:
            self._clock_ns = max(self._clock_ns, fact.content.clock_ns)
        return None

    def _wait(self, fact: Fact, witness: Reference) -> Refused | None:
        queue = self._waiting.get((witness.origin, witness.sequence), [])
        if any(waiting.hash == fact.hash for waiting in queue):
            return None
        length = len(fact.signed.raw)
        if self._waiting_count >= WAITING_MAX or self._waiting_bytes + length > WAITING_BYTES_MAX:
            return Refused.FULL
        self._waiting.setdefault((witness.origin, witness.sequence), []).append(fact)
        self._waiting_count += 1
        self._waiting_bytes += length
        return None

    def _release(self, fact: Fact) -> list[Fact]:
        released = self._waiting.pop((fact.origin, fact.sequence), [])
        self._waiting_count -= len(released)
        self._waiting_bytes -= sum(len(fact.signed.raw) for fact in released)
        return released

    def _hold(self, fact: Fact) -> None:
        self._chains.setdefault(fact.origin, []).append(fact)
        self._summary = None
        self._lamport = max(self._lamport, fact.content.lamport)
        if self._latest is None or _time(fact) > _time(self._latest):
            self._latest = fact


def _time(fact: Fact) -> tuple[int, Incarnation]:
    return fact.content.lamport, fact.origin
