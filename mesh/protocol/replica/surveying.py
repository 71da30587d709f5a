"""Working out what a checkpoint should say: the ground that would remain of all up to one place.

All who hold the same facts up to that place find the same ground, byte for byte, so one hash is
enough to agree on it. Of each chain is cut what needs no more answer: from its last cut on, while
facts are not later than the place, and speak of nothing but what is decided. The first one that
speaks of something else ends the cut, so whatever may still matter is kept whole.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mesh.protocol.barrier import Barrier
from mesh.protocol.barrier.recovery import RECOVERY
from mesh.protocol.barrier.skip import SKIP, read_skip
from mesh.protocol.catalogue import Catalogue, Ids, numbers
from mesh.protocol.chains import Chains
from mesh.protocol.ground import (
    NONCE_BYTES,
    NONCES_MAX,
    Aside,
    Fate,
    Floor,
    Ground,
    kept_aside,
)
from mesh.protocol.history import RULING, Fold, History, Standing
from mesh.wire.facts import Applied, Boot, Fact, No, Propose, Record, Reference, Seal
from mesh.wire.identity import NO_HASH, Incarnation, Timestamp

FATES: Final = {
    Standing.EFFECTIVE: Fate.EFFECTIVE,
    Standing.SET_ASIDE: Fate.SET_ASIDE,
    Standing.REPEATED: Fate.REPEATED,
}


@dataclass(frozen=True, slots=True)
class Extent:
    """What a checkpoint is asked to cover."""

    through: Timestamp
    inside: Ids
    """K, above the ground that there is."""
    dead: tuple[bytes, ...]
    """Attempts that nobody will ever release, sorted."""
    everybody: bool
    """All of the roster take part: then lives that have ended can be forgotten."""


class Survey:
    """Makes grounds out of what one controller holds."""

    def __init__(
        self,
        environment: bytes,
        catalogue: Catalogue,
        chains: Chains,
        history: History,
        barrier: Barrier,
        accused: Container[bytes],
    ) -> None:
        """``accused`` are controllers whose key has signed two different facts."""
        self._environment = environment
        self._catalogue = catalogue
        self._chains = chains
        self._history = history
        self._barrier = barrier
        self._accused = accused

    def ground(self, extent: Extent) -> Ground | None:
        """What would remain; None where folding stops in it."""
        fold = self._history.fold(extent.inside)
        if fold is None:
            return None
        below = self._catalogue.ground
        names = [self._catalogue[number].id for number in numbers(extent.inside)]
        decided = frozenset((*names, *extent.dead))
        cuts = _Cuts(below, self._chains)
        for origin in self._chains.lives():
            chain = self._chains.chain(origin)
            cuts.cut(origin, chain[: self._length(chain, extent.through.lamport, decided)])
        if extent.everybody:
            cuts.retire()
        dead = [(each, self._tx(each)) for each in extent.dead]
        return Ground(
            environment=self._environment,
            height=below.height + 1,
            through=extent.through,
            attempts=below.attempts
            + _joined(each for each, _, _ in fold.outcomes)
            + _joined(extent.dead),
            txs=below.txs
            + _joined(tx for _, tx, _ in fold.outcomes)
            + _joined(tx for _, tx in dead),
            fates=below.fates + _fates(fold) + bytes([Fate.DEAD] * len(dead)),
            aside=kept_aside((*below.aside, *self._set_aside(fold))),
            state=fold.state,
            entries=fold.entries,
            floors=cuts.floors,
            retired=cuts.retired,
            nonces=cuts.nonces,
            proofs=cuts.proofs,
            latest=cuts.latest,
            lamport=cuts.lamport,
        )

    def _set_aside(self, fold: Fold) -> Iterator[Aside]:
        """What had no effect and can be restaged: no merge or checkpoint, and readable."""
        for attempt, _, outcome in fold.outcomes:
            if outcome.standing is Standing.SET_ASIDE:
                number = self._catalogue.number(attempt)
                assert number is not None, "what was folded is known"
                change_set = self._catalogue[number]
                if change_set.flaw is None and change_set.kind not in RULING:
                    assert outcome.why is not None, "a rule set it aside"
                    yield Aside(change_set.propose.request.raw, outcome.why.value)

    def _tx(self, attempt: bytes) -> bytes:
        number = self._catalogue.number(attempt)
        assert number is not None, "what is laid to rest is known"
        return self._catalogue[number].tx

    def _length(self, chain: list[Fact], lamport: int, decided: frozenset[bytes]) -> int:
        """How many facts of ``chain`` need no more answer.

        None where its key has told two stories: others may hold the other one, and never agree.
        """
        if chain and chain[0].origin.controller in self._accused:
            return 0
        for at, fact in enumerate(chain):
            if fact.content.lamport > lamport or not self._is_done(fact, decided):
                return at
        return len(chain)

    def _is_done(self, fact: Fact, decided: frozenset[bytes]) -> bool:
        match fact.body:
            case Boot():
                return True
            case Propose():
                attempt = fact.body.attempt_id
                counts = self._catalogue.number(attempt) is not None
                return not counts or self._is_decided(attempt, decided)
            case Seal(attempt=attempt) | No(attempt=attempt) | Applied(attempt=attempt):
                return self._is_decided(attempt, decided)
            case Record(kind=kind):
                skipped = read_skip(fact.body) if kind == SKIP else None
                if skipped is not None:
                    return self._is_decided(skipped, decided)
                return kind != RECOVERY or self._has_recovered(fact.origin)

    def _is_decided(self, attempt: bytes, decided: frozenset[bytes]) -> bool:
        return attempt in decided or attempt in self._catalogue.ground.known

    def _has_recovered(self, life: Incarnation) -> bool:
        """Whether nobody needs to know any more that ``life`` began with an empty disk."""
        knowledge = self._barrier.standpoint.knowledge
        recovery = knowledge.recoveries.get(life)
        return recovery is None or recovery.is_over or knowledge.lives.ended(life)


class _Cuts:
    """Where chains end, as they are cut one after the other."""

    def __init__(self, below: Ground, chains: Chains) -> None:
        self.floors = dict(below.floors)
        self.retired = dict(below.retired)
        self.nonces = dict(below.nonces)
        self.proofs = dict(below.proofs)
        self.latest: Reference | None = below.latest
        self.lamport = below.lamport
        self._chains = chains

    def cut(self, origin: Incarnation, facts: list[Fact]) -> None:
        """Cut ``facts`` off the chain of ``origin``."""
        for fact in facts:
            place = (fact.content.lamport, fact.origin)
            if self.latest is None or place > (self.lamport, self.latest.origin):
                self.latest, self.lamport = fact.reference, fact.content.lamport
            if isinstance(fact.body, Boot):
                self._prove(origin, fact.body)
        if facts:
            self.floors[origin] = Floor(facts[-1].sequence, facts[-1].hash)

    def _prove(self, origin: Incarnation, boot: Boot) -> None:
        former = boot.previous
        if former is None or boot.proven is None:
            return
        if former.controller == origin.controller and former < origin:
            known = dict.fromkeys((*self.proofs.get(former, ()), boot.proven))
            self.proofs[former] = tuple(sorted(known))

    def retire(self) -> None:
        """Forget lives that have ended and have nothing above their floors."""
        newest = {life.controller: life for life in sorted(self.floors)}
        kept: list[Incarnation] = []
        for life in self._chains.lives():
            floor = self.floors.get(life)
            is_cut = floor is not None and floor.sequence == self._chains.last(life)
            if is_cut and life < newest[life.controller]:
                del self.floors[life]
                _ = self.proofs.pop(life, None)
                highest = max(self.retired.get(life.controller, 0), life.boot)
                self.retired[life.controller] = highest
                nonces = self.nonces.get(life.controller, b"") + life.nonce
                self.nonces[life.controller] = nonces[-NONCES_MAX * NONCE_BYTES :]
            else:
                kept.append(life)
        for life in kept:
            if life not in self.floors and life.boot <= self.retired.get(life.controller, -1):
                self.floors[life] = Floor(0, NO_HASH)


def _joined(ids: Iterable[bytes]) -> bytes:
    return b"".join(ids)


def _fates(fold: Fold) -> bytes:
    return bytes(FATES[outcome.standing] for _, _, outcome in fold.outcomes)
