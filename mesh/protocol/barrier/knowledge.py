"""All that the facts held say about ChangeSets, kept ready for questions.

Facts only accumulate, so everything here only grows: votes, releases, who has what. Each fact is
counted once, when it arrives; later questions are a few operations on integers. What comes before
the proposal that it is about waits for it. The same facts in any order (each chain in its own) give
the same knowledge, on every controller.
"""

from typing import assert_never

import msgspec

from mesh.protocol.barrier.ballot import Ballot, Controllers
from mesh.protocol.barrier.lives import Lives
from mesh.protocol.barrier.recovery import Recovery, read_recovery
from mesh.protocol.catalogue import Catalogue, ChangeSet, Ids, read_change_set
from mesh.wire import cbor
from mesh.wire.facts import Applied, Boot, Fact, No, Propose, Record, Seal
from mesh.wire.identity import Incarnation
from mesh.wire.requests import Kind


class Learned(msgspec.Struct, frozen=True):
    """What one fact changed."""

    attempts: Ids = 0
    """Attempts about which more is known now."""
    rejected: str | None = None
    """Why a proposal counts for nothing. The same everywhere, for it depends on its bytes alone."""


Vote = Seal | No | Applied
"""What a fact says about one attempt."""


class Knowledge:
    """Ballots, releases and bounds of all attempts in a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.lives = Lives(catalogue.ground)
        self.version = 0
        """Moves with every fact."""
        self.lamport = 0
        """The greatest Lamport time of any fact."""
        self.proposed: Ids = 0
        self.released: Ids = 0
        """P-released: those with a complete set."""
        self.whole: Ids = 0
        """Those that are released and all of whose ancestors are."""
        self.roster_changes: Ids = 0
        self.merges: Ids = 0
        self.recoveries: dict[Incarnation, Recovery] = {}
        """B12: the latest word of the lives that began with an empty disk."""
        self._ballots: dict[int, Ballot] = {}
        self._attempts: dict[bytes, Ids] = {}
        self._controllers: dict[bytes, Controllers] = {}
        self._applied: dict[int, Controllers] = {}
        self._below: dict[int, Controllers] = {}
        self._held: dict[bytes, list[tuple[Fact, Vote]]] = {}
        self._children: dict[bytes, list[int]] = {}

    # --- questions ----------------------------------------------------------------------------

    def ballot(self, number: int) -> Ballot:
        """The votes on the attempt ``number``."""
        return self._ballots[number]

    def attempts(self, tx: bytes) -> Ids:
        """All attempts of the request ``tx``."""
        return self._attempts.get(tx, 0)

    def controller(self, key: bytes) -> Controllers:
        """The bit of one controller, a new one where it was not known."""
        return self._controllers.setdefault(key, 1 << len(self._controllers))

    def names(self, controllers: Controllers) -> tuple[bytes, ...]:
        """The ids of ``controllers``, sorted."""
        return tuple(sorted(key for key, bit in self._controllers.items() if bit & controllers))

    def star(self, number: int) -> Controllers:
        """P-star: the controllers of all complete sets."""
        ballot = self._ballots[number]
        mask = 0
        for members in ballot.complete:
            mask |= ballot.controllers_of(members)
        return mask

    def applied(self, number: int) -> Controllers:
        """The controllers that are known to have applied it."""
        return self._applied.get(number, 0)

    def below(self, number: int) -> Controllers:
        """The stars of ``number`` and of every released attempt on top of it.

        Invariant: an ancestor has at least those of its descendants.
        """
        return self._below.get(number, 0)

    # --- learning -----------------------------------------------------------------------------

    def learn(self, fact: Fact) -> Learned:
        """Count ``fact``, the next one of its chain."""
        self.version += 1
        self.lamport = max(self.lamport, fact.content.lamport)
        self.lives.hear(fact)
        match fact.body:
            case Propose():
                return self._propose(fact, fact.body)
            case Seal() | No() | Applied():
                return self._vote(fact, fact.body)
            case Record():
                recovery = read_recovery(fact.body)
                if recovery is not None:
                    self.recoveries[fact.origin] = recovery
                return Learned()
            case Boot():
                return Learned()
            case _:
                assert_never(fact.body)

    def _propose(self, fact: Fact, propose: Propose) -> Learned:
        try:
            change_set = read_change_set(propose)
        except cbor.Undecodable as error:
            return Learned(rejected=str(error))
        if change_set.attempt.author != fact.origin:
            return Learned(rejected="proposed by another than its author")
        if change_set.attempt.lamport != fact.content.lamport:
            return Learned(rejected="its timestamp is not the time of its proposal")
        if change_set.id in self.catalogue.ground.known:
            return Learned()
        number = self.catalogue.add(change_set)
        if self.proposed >> number & 1:
            return Learned()
        self._admit(number, change_set)
        for earlier, vote in self._held.pop(change_set.id, ()):
            _ = self._vote(earlier, vote)
        return Learned(1 << number)

    def _admit(self, number: int, change_set: ChangeSet) -> None:
        bit = 1 << number
        seats = tuple(self.controller(who.controller) for who in change_set.attempt.participants)
        self.proposed |= bit
        self._ballots[number] = Ballot(change_set, seats)
        self._attempts[change_set.tx] = self.attempts(change_set.tx) | bit
        if change_set.kind is Kind.ROSTER:
            self.roster_changes |= bit
        if change_set.kind is Kind.MERGE:
            self.merges |= bit
        for parent in change_set.attempt.parents:
            self._children.setdefault(parent, []).append(number)
        for child in self._children.get(change_set.id, ()):
            self._credit(number, self.below(child))

    def _vote(self, fact: Fact, vote: Vote) -> Learned:
        number = self.catalogue.number(vote.attempt)
        if number is None and vote.attempt in self.catalogue.ground.known:
            return Learned()
        if number is None or not self.proposed >> number & 1:
            self._held.setdefault(vote.attempt, []).append((fact, vote))
            return Learned()
        ballot = self._ballots[number]
        match vote:
            case Seal():
                members = int.from_bytes(vote.members, "little")
                if ballot.seal(fact.origin, members, fact.content.clock_ns):
                    self.released |= 1 << number
                    self._credit(number, ballot.controllers_of(members))
                    self._complete(number)
            case No():
                ballot.deny(fact.origin, vote)
            case Applied():
                bit = self.controller(fact.origin.controller)
                self._applied[number] = self.applied(number) | bit
            case _:
                assert_never(vote)
        return Learned(1 << number)

    def _credit(self, number: int, gained: Controllers) -> None:
        """Add ``gained`` to what lies below ``number`` and below all its known ancestors."""
        pending = [number]
        while pending:
            top = pending.pop()
            if not gained & ~self.below(top):
                continue
            self._below[top] = self.below(top) | gained
            found = map(self.catalogue.number, self.catalogue[top].attempt.parents)
            pending.extend(parent for parent in found if parent is not None)

    def _complete(self, number: int) -> None:
        """Find out whether ``number`` is whole, and what becomes whole by it."""
        pending = [number]
        while pending:
            top = pending.pop()
            change_set = self.catalogue[top]
            parents = self.catalogue.parents(change_set)
            if (self.whole >> top & 1) or not self.released >> top & 1:
                continue
            if all(parent is not None and self.whole >> parent & 1 for parent in parents):
                self.whole |= 1 << top
                pending.extend(self._children.get(change_set.id, ()))
