"""Facts in the replica: own ones are written, others' are taken, and all are told on.

A fact is on the disk's list before it is on anybody else's.
"""

from collections.abc import Iterable, Mapping

from mesh.protocol.admission import Enrolment
from mesh.protocol.chains import Chains, Refused
from mesh.protocol.effects import CutChains, Image, WriteFact, WriteMeta
from mesh.protocol.ground import FOUNDED, Ground
from mesh.protocol.now import Now
from mesh.protocol.outgoing import Channel, Outgoing
from mesh.protocol.replica.company import Company
from mesh.protocol.replica.crank import Crank
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.equivocations import Equivocations
from mesh.protocol.replica.former import Claim, former_life, life_note
from mesh.protocol.spreading import Spreading
from mesh.wire import cbor
from mesh.wire.facts import Body, Boot, Fact, SignedFact, read_fact
from mesh.wire.identity import Incarnation
from mesh.wire.messages import Facts, FactVector

LAMPORT_KEY = "lamport"


class Scribe:
    """Writes, takes and tells facts."""

    def __init__(
        self,
        desk: Desk,
        chains: Chains,
        spreading: Spreading,
        crank: Crank,
        company: Company,
        equivocations: Equivocations,
    ) -> None:
        self._desk = desk
        self._chains = chains
        self._spreading = spreading
        self._crank = crank
        self._company = company
        self._equivocations = equivocations
        self._claim: Claim | None = None
        """What the Boot of this life says of the one before it."""
        self._stored: Mapping[Incarnation, int] = {}
        """How far each chain went on disk, where something was missing in between."""

    @property
    def gaps(self) -> int:
        """Chains that went further on disk than they do here, since something is missing."""
        return sum(
            sequence > self._chains.last(origin) and not self._chains.ground.is_retired(origin)
            for origin, sequence in self._stored.items()
        )

    # --- start --------------------------------------------------------------------------------

    def restore(self, image: Image, environment: bytes, now: Now) -> None:
        """Take up what the disk held."""
        for accused in self._equivocations.proofs:
            self._chains.doubt(accused)
        stored = facts_of(image, environment, self._chains.ground)
        received = self._chains.restore(stored)
        if Refused.GAP in received.refused:
            self._stored = last_of(stored)
        for fact in received.taken:
            self._crank.restore(fact, now)
        for why in received.refused:
            self._desk.counters[f"own facts refused: {why}"] += 1
        gaps = received.refused.count(Refused.GAP)
        if gaps:
            text = f"{gaps} stored facts follow others that are missing: all come back from peers"
            self._desk.notice("warning", "facts set aside", text)
        if len(received.refused) > gaps:
            text = f"{len(received.refused) - gaps} stored facts do not verify"
            self._desk.notice("error", "facts set aside", text)

    def boot(self, image: Image, place: Enrolment, now: Now) -> None:
        """Say that a new life has begun."""
        here = former_life(image, self._desk.own.controller)
        previous = here if here is not None and self._chains.last(here) else image.previous
        last = self._chains.last(previous) if previous is not None else 0
        goes_on = image.unbroken and previous == here
        if previous is not None and self._equivocations.is_doubtful(previous):
            goes_on = False  # others may hold another end of it
        body = Boot(
            environment=place.environment,
            generation=place.generation,
            generation_nonce=place.generation_nonce,
            previous=previous if last else None,
            proven=last if last and goes_on else None,
            folded=(),
        )
        if body.previous is not None and body.proven is not None:
            self._claim = Claim(body.previous, body.proven)
        self._desk.write(life_note(self._desk.own))
        _ = self.say(body, now)

    def cut(self, ground: Ground) -> None:
        """Let go of what lies below ``ground``, in memory and on disk."""
        self._desk.write(CutChains(self._chains.settle(ground)))

    # --- own facts ----------------------------------------------------------------------------

    def say(self, body: Body, now: Now) -> Fact:
        """Write one own fact and tell every connected peer once it is durable."""
        fact, reserved = self._chains.write(body, now)
        self._desk.write(WriteFact(fact.origin, fact.sequence, fact.signed))
        if reserved is not None:
            self._desk.write(WriteMeta(LAMPORT_KEY, reserved.to_bytes(8, "big")))
        pushed = self._spreading.push((fact,), self._desk.peers(), now)
        self._desk.send(pushed, now, gated=True)
        self._crank.learn(fact, now)
        return fact

    def turn(self, now: Now) -> None:
        """Turn the barrier for as long as something follows."""
        self._crank.turn(self.say, self._chains.next_lamport, now)

    # --- those of others ----------------------------------------------------------------------

    def take(self, source: Incarnation, message: Facts, now: Now, *, is_member: bool) -> None:
        """Facts that ``source`` brings; only a member is asked for what is missing before them.

        Nor may anybody else introduce controllers that are not in the roster: whoever has no part
        in the environment could fill our disk with chains of keys that it made.
        """
        roster = self._company.roster
        may_begin = (lambda _: True) if is_member else roster.has
        received = self._chains.receive(message.facts, now, may_begin)
        for why in received.refused:
            self._desk.counters[f"facts refused: {why}"] += 1
        told = self._equivocations.heard(received.forks, roster)
        self._desk.send(told, now, gated=True)
        if received.forks:
            for accused in self._equivocations.proofs:
                self._chains.doubt(accused)
            self._company.take_view(now)
        if is_member and received.contested:
            shown = Facts(tuple(fact.signed for fact in received.contested[:1]), direct=True)
            self._desk.send((Outgoing(source, shown, Channel.STREAM),), now, gated=True)
        for fact in received.taken:
            self._desk.write_soon(WriteFact(fact.origin, fact.sequence, fact.signed))
            self._look_back(fact)
            if isinstance(fact.body, Boot):
                self._company.booted(fact.origin, now)
            self._crank.learn(fact, now)
        peers = self._desk.peers()
        passed = self._spreading.pass_on(received.taken, source, peers, direct=message.direct)
        self._desk.send(passed, now, gated=True)
        if is_member:
            news = bool(received.taken)
            asked = self._spreading.took(source, now, news=news, gaps=received.gaps)
            self._desk.send(asked, now, gated=True)

    def _look_back(self, fact: Fact) -> None:
        """Whoever is told of a past that he does not remember was put back to an earlier day."""
        if self._claim is None or not self._claim.is_contradicted_by(fact, self._desk.own):
            return
        text = (
            f"others hold fact {fact.sequence} of {fact.origin}, which this store lacks:"
            " an older copy of its files was put back, or another copy of them is in use"
        )
        self._claim = None
        self._desk.notice("error", "rolled back", text)
        self._desk.end(text, self._desk.own.boot, in_doubt=True)

    def answer(self, peer: Incarnation, vector: FactVector, now: Now) -> None:
        """Send what ``peer`` lacks."""
        self._desk.send(self._spreading.answer(peer, vector, now), now, gated=True)

    def connected(self, peer: Incarnation, now: Now) -> None:
        """A stream to a member stands: it may know what we do not."""
        self._desk.send(self._spreading.connected(peer, now), now, gated=True)
        self._desk.send(self._equivocations.connected(peer), now, gated=True)

    def compare(self, peer: Incarnation, facts: bytes, now: Now) -> None:
        """How far ``peer`` holds every chain, as a hash."""
        self._desk.send(self._spreading.compare(peer, facts, now), now, gated=True)


def last_of(stored: Iterable[SignedFact]) -> dict[Incarnation, int]:
    """The last number of each chain among those that can be read."""
    last: dict[Incarnation, int] = {}
    for signed in stored:
        try:
            fact = read_fact(signed)
        except cbor.Undecodable:
            continue
        last[fact.origin] = max(fact.sequence, last.get(fact.origin, 0))
    return last


def lamport_floor(image: Image) -> int:
    """Above every Lamport time that an earlier life may have used."""
    return int.from_bytes(image.meta.get(LAMPORT_KEY, b""), "big")


def facts_of(image: Image, environment: bytes, ground: Ground = FOUNDED) -> list[SignedFact]:
    """The stored facts that belong to ``environment``: their chain's Boot says so, or its ground.

    A controller that gave up its own environment for another keeps the old facts on disk, as
    evidence. What does not decode is left for the chains to refuse and count.
    """
    belongs: dict[Incarnation, bool] = {}
    kept: list[SignedFact] = []
    for signed in image.facts:
        try:
            fact = read_fact(signed)
        except cbor.Undecodable:
            kept.append(signed)
            continue
        if isinstance(fact.body, Boot):
            belongs[fact.origin] = fact.body.environment == environment
        if belongs.get(fact.origin, False) or fact.origin in ground.floors:
            kept.append(signed)
    return kept
