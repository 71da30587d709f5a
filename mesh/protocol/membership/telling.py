"""Spreading what is believed: rumours while there are any, and comparisons of whole tables.

The first listeners of a new rumour are told at once; the pause comes after, so a single crash is
known everywhere after a few hops and not after a few timers. At rest nothing is said. Rumours are
lossy, so in every interval two tables are compared by their hashes, and only unequal ones travel:
at rest a handful of bytes, whatever the size.
"""

from random import Random
from typing import Final

from mesh.protocol.membership.beliefs import Beliefs
from mesh.protocol.membership.outcome import Step
from mesh.protocol.membership.timing import GOSSIP_FANOUT, Timing, transmissions_max
from mesh.protocol.now import MILLISECOND
from mesh.protocol.outgoing import Channel
from mesh.wire.identity import Incarnation
from mesh.wire.limits import MEMBERS_PER_MESSAGE_MAX
from mesh.wire.messages import Gossip, Standing, Table, TableHash

EXCHANGING_NS: Final = 25 * MILLISECOND
"""How long one exchange of whole tables keeps others from beginning: there and back on a LAN, and
an answer. Whoever comes to a mesh is greeted by all at once, and each would tell it the same."""

FAREWELLS_MAX: Final = 32
"""Members told in person that we leave; rumour tells the rest."""


class Telling:
    """When we told something last, and when we will again."""

    def __init__(self, beliefs: Beliefs, timing: Timing, random: Random) -> None:
        self._beliefs = beliefs
        self._table = beliefs.table
        self._rumours = beliefs.rumours
        self._timing = timing
        self._random = random
        self._gossip_ns = 0
        self._exchange_ns = 0
        self._exchanged: tuple[Incarnation, int] | None = None
        """With whom tables were exchanged last, and when that began."""

    @property
    def deadline_ns(self) -> int | None:
        """When the next round of gossip is due; comparisons go with the probes."""
        return self._gossip_ns if self._rumours else None

    def gossip(self, step: Step) -> None:
        """Tell a few members the rumours, if there are any and the pause is over.

        Suspects are no listeners while others live: what is told to the dead is told too seldom.
        """
        if not self._rumours or step.ns < self._gossip_ns:
            return
        listeners = self._table.standing(Standing.ALIVE) or list(self._table.suspects.values())
        if not listeners:
            self._rumours.clear()
            return
        self._gossip_ns = step.ns + self._timing.gossip_interval_ns
        chosen = self._random.sample(listeners, min(GOSSIP_FANOUT, len(listeners)))
        news = self._rumours.take(len(chosen), transmissions_max(self._table.size))
        for member in chosen:
            step.send(member.incarnation, Gossip(news))

    def say_goodbye(self, step: Step) -> None:
        """Our own row, as it stands now, to everybody within reason and on every way."""
        listeners = self._table.standing(Standing.ALIVE, Standing.SUSPECT)
        if len(listeners) > FAREWELLS_MAX:
            listeners = self._random.sample(listeners, FAREWELLS_MAX)
        farewell = Gossip((self._beliefs.own_news(),))
        for member in listeners:
            step.send(member.incarnation, farewell)
            step.send(member.incarnation, farewell, Channel.STREAM)

    # --- whole tables ---------------------------------------------------------------------------

    def postpone_comparison(self, step: Step) -> None:
        """Start somewhere in the interval, so that not all controllers compare at once."""
        self._exchange_ns = step.ns + self._random.randrange(self._timing.exchange_interval_ns)

    def hasten_comparison(self) -> None:
        """There are new members, of whom others may know more."""
        self._exchange_ns = 0

    def compare_tables(self, step: Step) -> None:
        """If it is time, with somebody who lives."""
        alive = self._table.standing(Standing.ALIVE) if step.ns >= self._exchange_ns else []
        if alive:
            self._exchange_ns = step.ns + self._timing.exchange_interval_ns
            self.send_hash(self._random.choice(alive).incarnation, step)

    def send_hash(self, to: Incarnation, step: Step) -> None:
        """Begin a comparison."""
        step.send(to, TableHash(self._beliefs.fingerprint()), Channel.STREAM)

    def take_hash(self, source: Incarnation, theirs: TableHash, step: Step) -> None:
        """Go on with a comparison: nothing, or everything, but with one member at a time.

        With whom it was not gone on, for that reason, it is begun again by and by.
        """
        if theirs.hash == self._beliefs.fingerprint():
            return
        if self._is_exchanging_with_another(source, step):
            self.hasten_comparison()
            return
        self._exchanged = source, step.ns
        self.send_table(source, step, reply=True)

    def _is_exchanging_with_another(self, source: Incarnation, step: Step) -> bool:
        if self._exchanged is None or self._exchanged[0] == source:
            return False
        return step.ns - self._exchanged[1] < EXCHANGING_NS

    def send_table(self, to: Incarnation, step: Step, *, reply: bool) -> None:
        """All that is believed; ``reply`` asks for theirs."""
        rows = [member.news() for member in self._table.rows()]
        news = (self._beliefs.own_news(), *rows)[:MEMBERS_PER_MESSAGE_MAX]
        step.send(to, Table(reply, news), Channel.STREAM)
