"""How facts get around.

Pushed at once to those who can be reached, compared afterwards with everybody.

News is told on the doorstep, and the post comes by later to see that nobody was out. A new fact is
pushed the moment it may leave: by its origin to every connected peer, in a mesh small enough for
that (such a push says that it is direct and is not passed on, otherwise each fact would travel n²
times); in a larger one to a few, who pass on what was new to them (Demers et al., "Epidemic
algorithms for replicated database maintenance", 1987). Every probe carries a hash of how far each
chain is held. Where two hashes differ for longer than news is on its way, vectors are compared and
what is missing follows in order, so a push that got lost costs time and nothing else.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from mesh.protocol.chains import Chains
from mesh.protocol.now import MILLISECOND, SECOND, Now
from mesh.protocol.outgoing import DIRECT_PEERS_MAX, FANOUT, Channel, Outgoing
from mesh.wire.facts import Fact
from mesh.wire.identity import Incarnation
from mesh.wire.limits import (
    FACTS_PER_MESSAGE_MAX,
    MESSAGE_BYTES_MAX,
    ORIGINS_PER_MESSAGE_MAX,
)
from mesh.wire.messages import Facts, FactVector, Held, Message

SETTLE_NS: Final = 100 * MILLISECOND
"""Different hashes this soon after the last news mean that something is on its way, not lost."""

ASK_AGAIN_NS: Final = 2 * SECOND
"""Under a steady stream of news no moment is quiet: then vectors are compared this often."""

ASKING_NS: Final = 25 * MILLISECOND
"""How long one question for all that is missing keeps others from being asked the same: a round
trip and an answer on a LAN."""

ANSWER_BYTES_MAX: Final = 8 * MESSAGE_BYTES_MAX
"""Facts sent in answer to one vector: half of what may wait for one stream, since news comes on
top. Who lacks more asks again when it has these."""


@dataclass(slots=True)
class _Exchange:
    asked_at_ns: int
    behind: bool = False
    helped: bool = False
    """Facts have come from this peer since, and some were new here."""


class Spreading:
    """Decides who is told which facts, and when vectors are compared."""

    def __init__(self, chains: Chains, random: Random) -> None:
        self._chains = chains
        self._random = random
        self._exchanges: dict[Incarnation, _Exchange] = {}
        self._asked: tuple[Incarnation, int] | None = None
        """Who was last told how far we are, to send what we lack, and when."""
        self._news_at_ns = 0

    def push(
        self, facts: Sequence[Fact], peers: Sequence[Incarnation], now: Now
    ) -> tuple[Outgoing, ...]:
        """Tell ``peers`` (all that are connected) of own new facts."""
        if not facts or not peers:
            return ()
        self._news_at_ns = now.monotonic_ns
        direct = len(peers) <= DIRECT_PEERS_MAX
        told = peers if direct else self._random.sample(peers, FANOUT)
        return tuple(
            _to(peer, message) for message in _messages(facts, direct=direct) for peer in told
        )

    def pass_on(
        self,
        facts: Sequence[Fact],
        source: Incarnation,
        peers: Sequence[Incarnation],
        *,
        direct: bool,
    ) -> tuple[Outgoing, ...]:
        """Tell a few others of facts that ``source`` sent and that were new here."""
        if direct or not facts or len(peers) <= DIRECT_PEERS_MAX:
            return ()
        others = [peer for peer in peers if peer != source]
        told = self._random.sample(others, min(FANOUT, len(others)))
        return tuple(
            _to(peer, message) for message in _messages(facts, direct=False) for peer in told
        )

    def took(
        self, source: Incarnation, now: Now, *, news: bool, gaps: bool
    ) -> tuple[Outgoing, ...]:
        """Facts of ``source`` were taken; where something before them is missing, ask for it."""
        if news:
            self._news_at_ns = now.monotonic_ns
        exchange = self._exchanges.get(source)
        if exchange is not None and news:
            exchange.helped = True
            if exchange.behind:
                return self._ask(source, now)
        is_first = exchange is None or now.monotonic_ns - exchange.asked_at_ns > SETTLE_NS
        if gaps and is_first and not self._is_asking_many(now):
            return self._ask(source, now)
        return ()

    def connected(self, peer: Incarnation, now: Now) -> tuple[Outgoing, ...]:
        """A stream stands: compare vectors, unless another peer is being asked at this moment."""
        return () if self._is_asking_another(peer, now) else self._ask(peer, now)

    def disconnected(self, peer: Incarnation) -> None:
        """The stream is gone, and what was asked on it."""
        _ = self._exchanges.pop(peer, None)

    def compare(self, peer: Incarnation, facts: bytes, now: Now) -> tuple[Outgoing, ...]:
        """``peer`` holds chains of the hash ``facts``.

        Compare vectors where that stays different.
        """
        if facts == self._chains.summary() or self._is_asking_another(peer, now):
            return ()
        exchange = self._exchanges.get(peer)
        asked_ago_ns = now.monotonic_ns - exchange.asked_at_ns if exchange else ASK_AGAIN_NS
        quiet = now.monotonic_ns - self._news_at_ns >= SETTLE_NS and asked_ago_ns >= SETTLE_NS
        return self._ask(peer, now) if quiet or asked_ago_ns >= ASK_AGAIN_NS else ()

    def answer(self, peer: Incarnation, vector: FactVector, now: Now) -> tuple[Outgoing, ...]:
        """What ``peer`` lacks, and our own vector where it asks for it or holds more than we do."""
        held = {line.origin: line.sequence for line in vector.held}
        outgoing = [_to(peer, message) for message in self.lacking(vector)]
        before = self._exchanges.get(peer)
        was_behind = vector.after is not None and before is not None and before.behind
        behind = was_behind or self._chains.lacks(held)
        if vector.reply and self._is_asking_another(peer, now):
            return tuple(outgoing)
        if vector.reply:
            self._asked = peer, now.monotonic_ns
            outgoing += [_to(peer, part) for part in self.vector(reply=False)]
        elif behind and self._has_helped(peer):
            return *outgoing, *self._ask(peer, now)
        self._exchanges[peer] = _Exchange(now.monotonic_ns, behind=behind)
        return tuple(outgoing)

    def lacking(self, vector: FactVector) -> list[Facts]:
        """The next of what somebody who holds ``vector`` lacks."""
        held = {line.origin: line.sequence for line in vector.held}
        found: list[Facts] = []
        size = 0
        for message in _messages(self._chains.missing(held, vector.covers), direct=True):
            found.append(message)
            size += sum(len(fact.raw) for fact in message.facts)
            if size > ANSWER_BYTES_MAX:
                break
        return found

    def _has_helped(self, peer: Incarnation) -> bool:
        """Whether the last question to ``peer`` brought something: then the next one may, too."""
        exchange = self._exchanges.get(peer)
        return exchange is not None and exchange.helped

    def _ask(self, peer: Incarnation, now: Now) -> tuple[Outgoing, ...]:
        self._exchanges[peer] = _Exchange(now.monotonic_ns)
        self._asked = peer, now.monotonic_ns
        return tuple(_to(peer, part) for part in self.vector(reply=True))

    def _is_asking_another(self, peer: Incarnation, now: Now) -> bool:
        """Whether somebody else than ``peer`` may be about to send what we lack.

        Whoever comes to a large mesh is greeted by all at once, and would be sent everything by
        each. What the first one did not have, the next probe of another brings to light.
        """
        if self._asked is None or self._asked[0] == peer:
            return False
        return now.monotonic_ns - self._asked[1] < ASKING_NS

    def _is_asking_many(self, now: Now) -> bool:
        """Whether so many were asked just now that one of them will send what is missing.

        Each gap brings a question to whoever shows it, and each answer can be the whole past.
        """
        since_ns = now.monotonic_ns - ASKING_NS
        asked = sum(exchange.asked_at_ns > since_ns for exchange in self._exchanges.values())
        return asked >= FANOUT

    def vector(self, *, reply: bool) -> tuple[FactVector, ...]:
        """How far every chain is held, in as many parts as it takes.

        Each part says of which origins it tells, so that it can be answered by itself. The last one
        asks for the other's vector in turn, where ``reply`` is wanted.
        """
        held = [Held(origin, sequence) for origin, sequence in self._chains.vector()]
        height = self._chains.ground.height
        size = ORIGINS_PER_MESSAGE_MAX
        parts = [tuple(held[at : at + size]) for at in range(0, len(held), size)] or [()]
        ends = [None, *(part[-1].origin for part in parts[:-1]), None]
        return tuple(
            FactVector(part, reply and until is None, height, after, until)
            for part, after, until in zip(parts, ends[:-1], ends[1:], strict=True)
        )


def _to(peer: Incarnation, message: Message) -> Outgoing:
    return Outgoing(peer, message, Channel.STREAM)


def _messages(facts: Iterable[Fact], *, direct: bool) -> Iterator[Facts]:
    """``facts`` in as few messages as their limits allow, in the same order."""
    batch: list[Fact] = []
    size = 0
    for fact in facts:
        length = len(fact.signed.raw) + 128
        if batch and (
            size + length > MESSAGE_BYTES_MAX // 2 or len(batch) == FACTS_PER_MESSAGE_MAX
        ):
            yield Facts(tuple(fact.signed for fact in batch), direct)
            batch, size = [], 0
        batch.append(fact)
        size += length
    if batch:
        yield Facts(tuple(fact.signed for fact in batch), direct)
