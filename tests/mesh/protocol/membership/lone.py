"""One real machine whose peers are played by the test, word for word."""

from collections.abc import Iterable
from random import Random
from typing import TypeVar

from mesh.protocol.configuration import Profile
from mesh.protocol.membership import Change, Membership, MembershipMessage, Outcome, What
from mesh.protocol.now import MILLISECOND, SECOND, Now
from mesh.protocol.outgoing import Channel
from mesh.wire.identity import Address, Incarnation
from mesh.wire.messages import Ack, Gossip, News, Probe, Standing, Summary
from tests.mesh.protocol.membership.village import WALL_NS, incarnation

M = TypeVar("M", bound=MembershipMessage)

OWN = incarnation(0)
HOME = Address("192.0.2.1", 7_117)
OURS = Summary(b"ours", bytes(8), bytes(8), bytes(8))
THEIRS = Summary(b"theirs", bytes(8), bytes(8), bytes(8))


def address(number: int) -> Address:
    """Where controller ``number`` listens."""
    return Address(f"192.0.2.{number + 1}", 7_117)


def says(
    number: int,
    standing: Standing,
    refutation: int = 0,
    by: int | None = None,
    boot: int = 1,
) -> News:
    """News about controller ``number``, accused by controller ``by``."""
    accuser = None if by is None else incarnation(by).controller
    return News(incarnation(number, boot), standing, refutation, address(number), accuser)


class Lone:
    """Controller 0 in a roster of ``size``, acquainted with ``known`` others."""

    def __init__(
        self,
        size: int = 5,
        known: int | None = None,
        *,
        quiet: bool = True,
        profile: Profile = Profile.LAN,
    ) -> None:
        self.ns = 10 * SECOND
        self.unsigned: list[Incarnation] = []
        """Lives that no fact of their controller tells of."""
        self.machine = Membership(
            OWN, HOME, profile, Random(7), lambda: OURS, lambda life: life not in self.unsigned
        )
        self.sent: list[tuple[int, Incarnation | Address, MembershipMessage, Channel]] = []
        self.changes: list[Change] = []
        self.summaries: list[tuple[Incarnation, Summary]] = []
        self.roster = [incarnation(number).controller for number in range(size)]
        self.take(self.machine.admitted(self.roster, self.now))
        for number in range(1, size if known is None else known + 1):
            self.take(self.machine.announced(incarnation(number), address(number), self.now))
        if quiet:
            self.hush()

    @property
    def now(self) -> Now:
        """The time."""
        return Now(self.ns, WALL_NS + self.ns)

    def hush(self) -> None:
        """Say nothing more of what was said so far, and forget it."""
        self.machine._rumours.clear()
        self.machine._probing.start_over()
        self.machine._telling._gossip_ns = 0
        self.sent.clear()
        self.changes.clear()
        self.summaries.clear()

    def take(self, outcome: Outcome) -> Outcome:
        """Keep what the machine wants."""
        for outgoing in outcome.outgoing:
            message = outgoing.message
            assert isinstance(message, MembershipMessage)
            self.sent.append((self.ns, outgoing.to, message, outgoing.channel))
        self.changes.extend(outcome.changes)
        self.summaries.extend(outcome.summaries)
        return outcome

    def hear(
        self,
        source: int | Incarnation,
        message: MembershipMessage,
        channel: Channel = Channel.DATAGRAM,
    ) -> Outcome:
        """A message comes in."""
        life = incarnation(source) if isinstance(source, int) else source
        numbers = [n for n in range(20) if incarnation(n).controller == life.controller]
        where = address(numbers[0]) if numbers and channel is Channel.DATAGRAM else None
        return self.take(self.machine.receive(life, message, channel, self.now, where))

    def gossip(self, source: int, *news: News) -> None:
        """``source`` spreads ``news``."""
        self.hear(source, Gossip(news))

    def pass_time(self, seconds: float, answering: Iterable[int] = ()) -> None:
        """Let time pass, waking at each deadline; ``answering`` members do so at once."""
        end = self.ns + round(seconds * SECOND)
        willing = {incarnation(number): number for number in answering}
        while (deadline := self.machine.deadline_ns) is not None and deadline <= end:
            self.ns = max(self.ns, deadline)
            outcome = self.take(self.machine.wake(self.now))
            for outgoing in outcome.outgoing:
                if isinstance(outgoing.message, Probe) and outgoing.to in willing:
                    assert isinstance(outgoing.to, Incarnation)
                    self.answer(willing[outgoing.to], outgoing.message)
        self.ns = end

    def answer(self, number: int, probe: Probe, *news: News) -> None:
        """Controller ``number`` answers a probe."""
        self.ns += SECOND // 1_000
        self.hear(number, Ack(probe.nonce, WALL_NS + self.ns, None, news))

    def until_probe(self, number: int | None = None) -> tuple[int, Probe]:
        """Let time pass until a member, or this one, is asked; everybody asked before answers."""
        for _ in range(1_000):
            deadline = self.machine.deadline_ns
            assert deadline is not None
            self.ns = max(self.ns, deadline)
            outcome = self.take(self.machine.wake(self.now))
            for outgoing in outcome.outgoing:
                if not isinstance(outgoing.message, Probe):
                    continue
                asked = next(n for n in range(20) if incarnation(n) == outgoing.to)
                if number in (None, asked):
                    return asked, outgoing.message
                self.answer(asked, outgoing.message)
        raise AssertionError("nobody is asked")

    def messages(self, kind: type[M]) -> list[tuple[Incarnation | Address, M, Channel]]:
        """All that was sent of one kind."""
        return [
            (to, message, channel)
            for _, to, message, channel in self.sent
            if isinstance(message, kind)
        ]

    def sees(self, number: int) -> bool:
        """Whether the first life of controller ``number`` is in the view."""
        return incarnation(number) in self.machine.view

    def standing(self, number: int) -> Standing | None:
        """How controller ``number`` stands."""
        controller = incarnation(number).controller
        rows = self.machine.members(self.now)
        return next(row.standing for row in rows if row.controller == controller)

    def happened(self, what: What) -> list[Incarnation]:
        """The members to which this happened."""
        return [change.member for change in self.changes if change.what is what]


def measure(lone: Lone, number: int, away_ms: int) -> None:
    """Let the last answers of controller ``number`` have taken so long, those of others 1 ms."""
    for _ in range(9):
        _, probe = lone.until_probe(number)
        lone.ns += (away_ms - 1) * MILLISECOND
        lone.answer(number, probe)
    lone.sent.clear()
