"""What a member says whose program was replaced: lies that everybody else has to see through.

The liar has the key of its own controller and the connections of a member, and holds whatever a
member holds; it does not have the keys of others. So what it says in their names bears a signature
of random bytes, and what it says in its own name it has really signed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random
from typing import Final

from mesh.protocol.now import Now
from mesh.protocol.outgoing import Channel, Outgoing
from mesh.protocol.replica.participant import Participant
from mesh.protocol.suite import Signer
from mesh.wire.facts import (
    Body,
    Boot,
    Content,
    Fact,
    No,
    NoReason,
    Record,
    Seal,
    SignedFact,
    write_fact,
)
from mesh.wire.identity import NO_HASH, Address, Incarnation
from mesh.wire.limits import COUNTER_MAX, DEPTH_MAX, NEWS_PER_DATAGRAM_MAX
from mesh.wire.messages import (
    Facts,
    FactVector,
    Gossip,
    Held,
    Message,
    News,
    Standing,
    StoreMessage,
)
from simulations.boasting import boast
from simulations.troubles import Lie

GARBAGE_BYTES: Final = 200

_NESTED: Final = b"\x81" * (4 * DEPTH_MAX) + b"\x00"
"""CBOR: arrays of one element, deeper than anything may be."""

_NOWHERE: Final = Address("203.0.113.9", 9)
"""Of a network that exists in documents only (RFC 5737)."""


class Liar:
    """One moment of a liar ``inside`` an environment."""

    def __init__(self, inside: Participant, identity: Signer, random: Random, now: Now) -> None:
        self._inside = inside
        self._identity = identity
        self._random = random
        self._now = now

    def lies(self, lie: Lie) -> Iterator[Outgoing]:
        """What each of the others is told."""
        tell: Mapping[Lie, Callable[[Incarnation], Iterable[Message]]] = {
            "votes": self._votes,
            "boots": self._boots,
            "counters": self._counters,
            "doubts": self._doubts,
            "farewells": self._farewells,
            "garbage": self._garbage,
            "heads": self._heads,
            "equivocation": self._equivocation,
        }
        for peer in self._inside.peers():
            for message in tell[lie](peer):
                yield Outgoing(peer, message, Channel.STREAM)

    # --- in the names of others ---------------------------------------------------------------

    def _votes(self, peer: Incarnation) -> Iterator[Message]:
        """The last ChangeSet is refused by everybody else, or sealed by them alone."""
        catalogue = self._inside.catalogue
        if not len(catalogue):
            return
        attempt = catalogue[len(catalogue) - 1].id
        refused = No(attempt, NoReason.OPERATOR, "I never said so", None)
        for other in self._others(peer):
            body = refused if self._random.getrandbits(1) else Seal(attempt, b"\x01")
            yield Facts((self._next_of(other, body).signed,), direct=False)

    def _boots(self, peer: Incarnation) -> Iterator[Message]:
        """Everybody else has begun a new life."""
        for other in self._others(peer):
            place = self._inside.place
            life = Incarnation(other.controller, other.boot + 1, self._random.randbytes(8))
            boot = Boot(
                environment=place.environment,
                generation=place.generation,
                generation_nonce=place.generation_nonce,
                previous=other,
                proven=None,
                folded=(),
            )
            yield Facts((self._next_of(life, boot).signed,), direct=False)

    def _heads(self, peer: Incarnation) -> Iterator[Message]:
        """All others have written a million times to running information, and removed it all."""
        others = [each.nonce for each in self._inside.members.view if each != self._inside.desk.own]
        yield StoreMessage(boast(self._inside.information, others, self._random, self._now))
        del peer

    def _others(self, peer: Incarnation) -> list[Incarnation]:
        own = self._inside.desk.own
        return [each for each in self._inside.members.view if each not in {own, peer}]

    def _doubts(self, peer: Incarnation) -> Iterator[Message]:
        """An elder life of ``peer`` answers, as everybody can tell: it must be a copy."""
        own = self._inside.desk.own
        for teller in (own, *self._others(peer)):
            doubt = News(peer, Standing.QUARANTINED, 0, _NOWHERE, teller.controller)
            yield Gossip((doubt,))

    def _farewells(self, peer: Incarnation) -> Iterator[Message]:
        """All others have said goodbye, or are alive elsewhere, under numbers they may have had."""
        for other in self._others(peer):
            standing = self._random.choice((Standing.LEFT, Standing.ALIVE))
            yield Gossip((News(other, standing, self._random.getrandbits(8), _NOWHERE, None),))

    # --- numbers and bytes --------------------------------------------------------------------

    def _counters(self, peer: Incarnation) -> Iterator[Message]:
        """Numbers at the end of their range: of a fact, of a life, of a refutation."""
        own = self._inside.desk.own
        yield FactVector((Held(peer, COUNTER_MAX), Held(own, COUNTER_MAX)), reply=False)
        far = Content(
            version=1,
            origin=own,
            sequence=COUNTER_MAX,
            previous=self._random.randbytes(32),
            after=None,
            lamport=COUNTER_MAX,
            clock_ns=COUNTER_MAX,
            body=Record("lie", b""),
        )
        yield Facts((write_fact(far, self._identity.sign).signed,), direct=False)
        last = Incarnation(self._random.randbytes(32), COUNTER_MAX, self._random.randbytes(8))
        news = [News(last, Standing.ALIVE, COUNTER_MAX, _NOWHERE, None)]
        for other in self._others(peer):
            address = self._inside.members.address_of(other) or _NOWHERE
            news.append(News(other, Standing.SUSPECT, COUNTER_MAX, address, own.controller))
        yield Gossip(tuple(news[:NEWS_PER_DATAGRAM_MAX]))

    def _garbage(self, peer: Incarnation) -> Iterator[Message]:
        """Bytes of no meaning, and what would overflow the stack of a careless reader."""
        del peer
        signature = self._random.randbytes(64)
        noise = self._random.randbytes(GARBAGE_BYTES)
        yield StoreMessage(noise)
        yield StoreMessage(_NESTED)
        yield Facts((SignedFact(noise, signature), SignedFact(_NESTED, signature)), direct=False)

    # --- in its own name ----------------------------------------------------------------------

    def _equivocation(self, peer: Incarnation) -> Iterator[Message]:
        """The next fact of its own, and to every second peer another one."""
        side = self._inside.peers().index(peer) % 2
        fact = self._next_of(self._inside.desk.own, Record("lie", bytes([side])))
        signed = SignedFact(fact.signed.raw, self._identity.sign(fact.signed.raw))
        yield Facts((signed,), direct=False)

    def _next_of(self, origin: Incarnation, body: Body) -> Fact:
        """What would be the next fact of ``origin``, but for its signature."""
        chains = self._inside.chains
        chain = chains.chain(origin)
        own = chains.chain(self._inside.desk.own)
        content = Content(
            version=1,
            origin=origin,
            sequence=len(chain) + 1,
            previous=chain[-1].hash if chain else NO_HASH,
            after=own[-1].reference if own else None,
            lamport=chains.lamport + 1,
            clock_ns=self._now.wall_ns,
            body=body,
        )
        return write_fact(content, lambda _: self._random.randbytes(64))
