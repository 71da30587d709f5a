"""A stage for the barrier: controllers numbered from 1, who may be led by hand or left to act.

Whoever is led writes what the test says, lies included; whoever acts has a real barrier.
Facts lie on the stage; a controller knows those that it was told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Final

from mesh.environment.policy import Policy
from mesh.protocol.barrier import (
    Accepted,
    Action,
    Barrier,
    Say,
    StartAnew,
    Submission,
    Timing,
    WantMerge,
)
from mesh.protocol.catalogue import Catalogue, Ids
from mesh.protocol.now import SECOND, Now
from mesh.wire import cbor
from mesh.wire.facts import (
    Applied,
    Body,
    Boot,
    Content,
    Fact,
    No,
    NoReason,
    Propose,
    Seal,
    SignedFact,
)
from mesh.wire.identity import NO_HASH, Incarnation, digest
from mesh.wire.requests import (
    Approval,
    Attempt,
    Base,
    Command,
    Kind,
    Request,
    SignedRequest,
    decode_attempt,
    encode_attempt,
    encode_request,
)
from tests.mesh.protocol.barrier.judge import OPERATOR, FakeJudge

ENVIRONMENT: Final = bytes(32)
PATIENCE_NS: Final = 60 * SECOND
AT_ONCE: Final = Timing(reseal_ns=0, skip_ns=0, merge_step_ns=0, repropose_ns=1)
"""No waiting where waiting is a matter of taste."""


def key(number: int) -> bytes:
    """The id of controller ``number``."""
    return bytes([number]) * 32


def life(number: int, boot: int = 1) -> Incarnation:
    """One incarnation of controller ``number``."""
    return Incarnation(key(number), boot, bytes([boot]) * 8)


def item(name: str) -> tuple[Command, ...]:
    """Commands that set one item."""
    return (Command("item", "set", {"name": name}),)


def activate(*numbers: int) -> tuple[Command, ...]:
    """Commands that make controllers ACTIVE."""
    return tuple(Command("controller", "activate", {"id": key(n).hex()}) for n in numbers)


def remove(*numbers: int) -> tuple[Command, ...]:
    """Commands that remove controllers."""
    return tuple(Command("controller", "remove", {"id": key(n).hex()}) for n in numbers)


def set_policy(policy: Policy) -> tuple[Command, ...]:
    """The command that sets the barrier's policy."""
    return (Command("environment", "set", {"barrier": str(policy)}),)


def request(
    name: str,
    commands: tuple[Command, ...] = (),
    base: tuple[Base, ...] = (),
    signer: bytes = OPERATOR,
    patience_ns: int = PATIENCE_NS,
) -> SignedRequest:
    """A request; requests of different names differ."""
    content = Request(
        version=0,
        environment=ENVIRONMENT,
        signer=signer,
        name=name,
        written=commands,
        resolved=commands,
        base=base,
        overridden=(),
        patience_ns=patience_ns,
        reason="",
        nonce=bytes(16),
        origin=None,
        override=False,
    )
    return SignedRequest(encode_request(content), bytes(64))


@dataclass(frozen=True)
class Proposal:
    """A ChangeSet on the stage."""

    attempt: Attempt
    propose: Propose
    fact: Fact

    @property
    def id(self) -> bytes:
        """The id of the attempt."""
        return self.propose.attempt_id

    @property
    def tx(self) -> bytes:
        """The id of the request."""
        return self.attempt.tx


class Stage:
    """All facts ever written, and the controllers that act."""

    def __init__(
        self,
        members: int = 3,
        *,
        policy: Policy = Policy.ALL_ACTIVE,
        roster: Iterable[int] | None = None,
        timing: Timing = AT_ONCE,
    ) -> None:
        """``members`` controllers, of which ``roster`` (all) are founders."""
        self.lives = {number: life(number) for number in range(1, members + 1)}
        self.policy = policy
        self.roster = tuple(range(1, members + 1) if roster is None else roster)
        self.timing = timing
        self.chains: dict[Incarnation, list[Fact]] = {}
        self.actors: dict[int, Actor] = {}
        self.now = Now(0, 0)
        self.lamport = 0
        self.requests = 0

    # --- writing by hand ----------------------------------------------------------------------

    def write(
        self, who: Incarnation | int, body: Body, lamport: int | None = None, clock_ns: int = 0
    ) -> Fact:
        """The next fact of ``who``."""
        origin = self.lives[who] if isinstance(who, int) else who
        chain = self.chains.setdefault(origin, [])
        self.lamport = self.lamport + 1 if lamport is None else max(lamport, self.lamport)
        content = Content(
            version=1,
            origin=origin,
            sequence=len(chain) + 1,
            previous=NO_HASH,
            after=None,
            lamport=self.lamport if lamport is None else lamport,
            clock_ns=clock_ns,
            body=body,
        )
        raw = cbor.encode([*origin, len(chain)])
        chain.append(Fact(content, SignedFact(raw, bytes(64)), digest(raw)))
        return chain[-1]

    def propose(
        self,
        author: int,
        *parents: Proposal,
        among: Iterable[int] | None = None,
        quorum: int = 1,
        kind: Kind = Kind.NORMAL,
        signed: SignedRequest | None = None,
        lamport: int | None = None,
        approvals: tuple[Approval, ...] = (),
    ) -> Proposal:
        """Let ``author`` propose ``signed`` (anything) on top of ``parents`` ``among`` (all)."""
        if signed is None:
            self.requests += 1
            signed = request(f"request {self.requests}")
        time = self.lamport + 1 if lamport is None else lamport
        members = self.roster if among is None else among
        attempt = Attempt(
            version=0,
            tx=signed.tx,
            author=self.lives[author],
            lamport=time,
            kind=kind,
            parents=tuple(parent.id for parent in parents),
            participants=tuple(sorted(self.lives[number] for number in members)),
            quorum=quorum,
            guard_ns=0,
            approvals=approvals,
        )
        propose = Propose(encode_attempt(attempt), signed)
        return Proposal(attempt, propose, self.write(author, propose, time))

    def seal(self, who: int, proposal: Proposal, members: Iterable[int], clock_ns: int = 0) -> Fact:
        """Let ``who`` seal with ``members``."""
        mask = self.mask(proposal, members)
        raw = mask.to_bytes(max(1, (mask.bit_length() + 7) // 8), "little")
        return self.write(who, Seal(proposal.id, raw), clock_ns=clock_ns)

    def release(self, proposal: Proposal, members: Iterable[int]) -> None:
        """Let all of ``members`` seal with ``members``."""
        together = tuple(members)
        for who in together:
            _ = self.seal(who, proposal, together)

    def apply(self, who: int, *proposals: Proposal) -> None:
        """Let ``who`` say that it applied ``proposals``."""
        for proposal in proposals:
            _ = self.write(who, Applied(proposal.id))

    def refuse(self, who: int, proposal: Proposal, why: NoReason = NoReason.OPERATOR) -> Fact:
        """Let ``who`` say No."""
        return self.write(who, No(proposal.id, why, "", None))

    def boot(self, who: int, *, proven: bool) -> Fact:
        """A new life of ``who``, that proves the last number of the one before, or does not."""
        previous = self.lives[who]
        self.lives[who] = life(who, previous.boot + 1)
        last = len(self.chains.get(previous, ()))
        body = Boot(ENVIRONMENT, 0, bytes(16), previous, last if proven else None, ())
        return self.write(who, body)

    @staticmethod
    def mask(proposal: Proposal, members: Iterable[int]) -> int:
        """``members`` as a set over P, by controller."""
        wanted = {key(number) for number in members}
        seats = enumerate(proposal.attempt.participants)
        return sum(1 << seat for seat, who in seats if who.controller in wanted)

    # --- acting -------------------------------------------------------------------------------

    def actor(self, number: int, seed: int = 0) -> "Actor":
        """Controller ``number`` with a real barrier; it sees everybody and knows nothing yet."""
        actor = Actor(self, number, seed)
        self.actors[number] = actor
        return actor

    def wait(self, duration_ns: int) -> None:
        """Let time pass."""
        self.now = Now(self.now.monotonic_ns + duration_ns, self.now.wall_ns + duration_ns)

    def settle(self, *groups: Iterable[int]) -> None:
        """Let the actors act and tell each other all, within each of ``groups`` (one of all)."""
        parts = [tuple(group) for group in groups] or [tuple(self.actors)]
        for _ in range(200):
            moved = False
            for part in parts:
                for number in part:
                    actor = self.actors[number]
                    for other in part:
                        moved |= actor.hear_from(self.actors[other])
                    moved |= bool(actor.act())
            if not moved:
                return
        raise AssertionError("the actors do not come to rest")


class Actor:
    """One controller with a real barrier."""

    def __init__(self, stage: Stage, number: int, seed: int = 0) -> None:
        self.stage = stage
        self.number = number
        self.me = stage.lives[number]
        self.catalogue = Catalogue()
        founders = (key(each) for each in stage.roster)
        self.judge = FakeJudge(self.catalogue, founders, stage.policy)
        self.barrier = Barrier(self.me, self.catalogue, self.judge, Random(seed), stage.timing)
        self.at = self.barrier.standpoint
        self.heard: dict[Incarnation, int] = {}
        self.applied: list[bytes] = []
        self.merges = 0
        self.actions: list[Action] = []
        _ = self.see(*stage.lives)

    def see(self, *numbers: int) -> "Actor":
        """V: the present lives of ``numbers``."""
        self.barrier.set_view((self.stage.lives[each] for each in numbers), self.stage.now)
        return self

    def hear(self, *facts: Fact) -> "Actor":
        """Learn ``facts``, and what comes before them in their chains."""
        for fact in facts:
            _ = self.hear_chain(fact.origin, fact.sequence)
        return self

    def hear_chain(self, origin: Incarnation, upto: int) -> bool:
        """Learn the chain of ``origin`` up to a number. True where something was new."""
        known = self.heard.get(origin, 0)
        for fact in self.stage.chains.get(origin, ())[known:upto]:
            _ = self.barrier.learn(fact, self.stage.now)
            self.heard[origin] = fact.sequence
        return upto > known

    def hear_all(self) -> "Actor":
        """Learn all that was ever written."""
        for origin, chain in list(self.stage.chains.items()):
            _ = self.hear_chain(origin, len(chain))
        return self

    def hear_from(self, other: "Actor") -> bool:
        """Learn all that ``other`` knows."""
        heard = list(other.heard.items())
        return sum(self.hear_chain(origin, upto) for origin, upto in heard) > 0

    def next_lamport(self) -> int:
        """The time of its next fact: later than all that it knows."""
        return self.at.knowledge.lamport + 1

    def act(self) -> list[Action]:
        """Turn the crank until nothing is left to do; what was done."""
        done: list[Action] = []
        while (action := self.barrier.advance(self.stage.now, self.next_lamport())) is not None:
            done.append(action)
            if isinstance(action, Say):
                fact = self.stage.write(self.me, action.body, self.next_lamport())
                _ = self.hear(fact)
                if isinstance(action.body, Applied):
                    self.applied.append(action.body.attempt)
            if isinstance(action, WantMerge):
                self.merge(action.over)
            if isinstance(action, StartAnew):
                break  # whoever drives it lets this life end
            if len(done) > 500:
                raise AssertionError("the barrier turns without end")
        self.actions += done
        return done

    def merge(self, over: Ids) -> None:
        """Make the merge request that the barrier wants, without any decision in it."""
        self.merges += 1
        signed = request(f"merge {self.me} {self.merges}", signer=self.me.controller)
        submission = self.barrier.submit(signed, Kind.MERGE, self.stage.now, guard_ns=0, over=over)
        assert isinstance(submission, Accepted), submission

    def submit(self, signed: SignedRequest, kind: Kind = Kind.NORMAL) -> Submission:
        """Bring a request to the barrier."""
        return self.barrier.submit(signed, kind, self.stage.now, guard_ns=0)

    def said(self, proposal: Proposal) -> list[Body]:
        """What it has said about ``proposal``, Propose and Applied left out."""
        chain = self.stage.chains.get(self.me, ())
        votes = [fact.body for fact in chain if isinstance(fact.body, Seal | No)]
        return [vote for vote in votes if vote.attempt == proposal.id]

    def would_say(self, proposal: Proposal) -> Seal | No | None:
        """What it would say now."""
        self.barrier._observe(self.stage.now)
        return self.barrier.vote_on(self.number_of(proposal), self.stage.now)

    def number_of(self, proposal: Proposal) -> int:
        """The number of ``proposal`` here."""
        number = self.catalogue.number(proposal.id)
        assert number is not None, "the proposal is not known here"
        return number

    def ids(self, *proposals: Proposal) -> Ids:
        """``proposals`` as a set."""
        return sum(1 << self.number_of(each) for each in proposals)

    def has_applied(self, *proposals: Proposal) -> "Actor":
        """Put ``proposals`` and what is below them into H and say so, whatever the rules say."""
        _ = self.hear_all()
        new = self.ids(*proposals) & ~self.judge.ids
        for proposal in proposals:
            ancestors = self.catalogue.ancestors(self.number_of(proposal))
            assert ancestors is not None
            new |= ancestors & ~self.judge.ids
        self.judge.extend(new)
        for number in self.catalogue.ordered(new):
            fact = self.stage.write(self.me, Applied(self.catalogue[number].id))
            _ = self.hear(fact)
        return self

    def restart(self, *, proven: bool, disk: bool = True) -> "Actor":
        """A new life, with what the disk held or without; it has said Boot."""
        boot = self.stage.boot(self.number, proven=proven and disk)
        again = self.stage.actor(self.number)
        if disk:
            for origin, upto in self.heard.items():
                _ = again.hear_chain(origin, upto)
            again.judge.extend(again.barrier.remembered)
        return again.hear(boot)


def sealed(actor: Actor, proposal: Proposal, *members: int) -> Seal:
    """The seal of ``proposal`` with ``members``, as ``actor`` would say it."""
    mask = actor.stage.mask(proposal, members)
    return Seal(proposal.id, mask.to_bytes((mask.bit_length() + 7) // 8, "little"))


def proposals(actor: Actor) -> list[Propose]:
    """What it has proposed."""
    chain = actor.stage.chains.get(actor.me, ())
    return [fact.body for fact in chain if isinstance(fact.body, Propose)]


def latest(actor: Actor) -> Proposal:
    """What it proposed last."""
    facts = [f for f in actor.stage.chains.get(actor.me, ()) if isinstance(f.body, Propose)]
    propose = facts[-1].body
    assert isinstance(propose, Propose)
    return Proposal(decode_attempt(propose.attempt), propose, facts[-1])


def reason(body: Body | None) -> NoReason | None:
    """The reason of a No; None for anything else."""
    return body.why if isinstance(body, No) else None
