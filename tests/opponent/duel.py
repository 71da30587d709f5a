"""One random schedule, played by the model and by the implementation; they must never differ.

The schedule decides who does what when; what he says is taken from the model, after the
implementation was asked the same. After every event all questions are put to both.
"""

from collections.abc import Iterable
from typing import Final

from mesh.environment.policy import Policy
from mesh.protocol.barrier import (
    Barrier,
    NoQuorum,
    Timing,
    answer,
    merging,
    order,
    predicates,
    proposing,
)
from mesh.protocol.barrier.skip import skip_record
from mesh.protocol.barrier.verdict import Deny, Waiting
from mesh.protocol.catalogue import Ids, numbers
from mesh.protocol.now import Now
from mesh.wire import facts as wire
from mesh.wire.facts import NoReason
from mesh.wire.identity import Incarnation
from mesh.wire.requests import Base, Command, Kind, SignedRequest, decode_request
from simulations.checkers.barrier import BarrierChecker, Rest
from tests.mesh.protocol.barrier.judge import OPERATOR
from tests.mesh.protocol.barrier.stage import (
    Actor,
    Stage,
    activate,
    item,
    key,
    life,
    remove,
    request,
    set_policy,
)
from tests.opponent import terms
from tests.opponent.model import Model
from tests.opponent.terms import ACTIVE, MAJORITY, PATIENCE, Change, Names, Set

NEVER_FALL_BACK: Final = 10**9
TIMING: Final = Timing(
    reseal_ns=0, skip_ns=0, merge_step_ns=0, reseals_before_fallback=NEVER_FALL_BACK
)
POLICIES: Final = {ACTIVE: Policy.ALL_ACTIVE, MAJORITY: Policy.MAJORITY}


class Differ(AssertionError):
    """Model and implementation say different things."""


class Broken(AssertionError):
    """An invariant does not hold."""


class Duel:
    """Model and implementation side by side. Controllers are 0, 1, ...; on the stage 1, 2, ..."""

    def __init__(self, controllers: int, founders: Set, policy: str) -> None:
        """All of ``controllers`` exist from the start; ``founders`` are the roster."""
        self.model = Model(controllers, founders, policy)
        roster = sorted(c + 1 for c in founders)
        self.stage = Stage(controllers, policy=POLICIES[policy], roster=roster, timing=TIMING)
        self.actors: list[Actor] = [self.stage.actor(c + 1) for c in range(controllers)]
        self.ids: dict[str, bytes] = {}
        self.names: dict[bytes, str] = {}
        self.requests: dict[int, SignedRequest] = {}
        self.kinds: dict[int, Kind] = {}
        self.checker = BarrierChecker(majority=policy == MAJORITY and len(founders) == controllers)
        for c in range(controllers):
            self.look(c)

    # --- translation --------------------------------------------------------------------------

    @staticmethod
    def incarnation(o: int) -> Incarnation:
        """The life that the model calls ``o``."""
        return life(o % 100 + 1, o // 100 + 1)

    @staticmethod
    def number_of(who: Incarnation) -> int:
        """What the model calls ``who``."""
        return who.controller[0] - 1 + 100 * (who.boot - 1)

    def name(self, c: int, ids: Ids) -> Names:
        """A set of attempts as ``c`` numbers them, by name."""
        catalogue = self.actors[c].catalogue
        return frozenset(self.names[catalogue[number].id] for number in numbers(ids))

    def number(self, c: int, x: str) -> int:
        """How ``c`` numbers ``x``."""
        number = self.actors[c].catalogue.number(self.ids[x])
        assert number is not None
        return number

    def body(self, fact: terms.Fact) -> wire.Body:
        """The body that says what ``fact`` says; Propose and Boot have their own ways."""
        match fact:
            case terms.Seal(x, members):
                seats = sorted(map(self.incarnation, self.model.changes[x].participants))
                mask = sum(1 << seats.index(self.incarnation(o)) for o in members)
                raw = mask.to_bytes((mask.bit_length() + 7) // 8, "little")
                return wire.Seal(self.ids[x], raw)
            case terms.No(x, why):
                return wire.No(self.ids[x], NoReason(why), "", None)
            case terms.Applied(x):
                return wire.Applied(self.ids[x])
            case terms.Skip(x):
                return skip_record(self.ids[x])
            case terms.Propose() | terms.Boot():
                raise AssertionError(fact)

    # --- events -------------------------------------------------------------------------------

    @property
    def now(self) -> Now:
        """The time."""
        return Now(self.model.time, self.model.time)

    def say(self, c: int, fact: terms.Fact, body: wire.Body | None = None) -> None:
        """``c`` says ``fact``."""
        actor = self.actors[c]
        said = self.body(fact) if body is None else body
        written = self.stage.write(actor.me, said, actor.next_lamport())
        _ = actor.hear(written)
        self.model.say(c, fact)
        self.checker.written(written)

    def learn(self, c: int, o: int) -> None:
        """``c`` learns the next fact of ``o``."""
        actor = self.actors[c]
        who = self.incarnation(o)
        fact = self.model.learn(c, o)
        upto = actor.heard.get(who, 0)
        _ = actor.hear_chain(who, upto + 1)
        self.checker.held(actor.me.controller, self.stage.chains[who][upto])
        if isinstance(fact, terms.Boot):
            self.look(c)

    def look(self, c: int) -> None:
        """The detector of ``c`` shows those lives of whom it sees that ``c`` takes for current."""
        self.model.touch(c)
        newest = self.model.view(c).newest
        seen = [self.incarnation(newest[x]) for x in sorted(self.model.sees[c])]
        self.actors[c].barrier.set_view(seen, self.now)
        self.checker.saw(self.actors[c].me, seen)

    def pass_time(self, duration: int) -> None:
        """Let everybody wait."""
        self.model.time += duration
        self.stage.now = self.now
        for c in self.model.controllers:
            self.model.touch(c)

    def refuse(self, c: int, x: str) -> None:
        """The operator of ``c`` refuses ``x``."""
        self.model.refused[c].add(self.model.changes[x].tx)
        self.model.touch(c)
        self.actors[c].at.refused[self.actors[c].at.change_set(self.number(c, x)).tx] = None

    def restart(self, c: int, *, disk: bool, proven: bool) -> None:
        """``c`` starts again."""
        model, before = self.model, self.model.current[c]
        model.current[c] = max(o for o in model.logs if o % 100 == c) + 100
        model.logs[model.current[c]] = []
        model.refused[c] = set()
        last = len(model.logs[before]) if disk and proven else None
        if not disk:
            model.held[c] = {}
        model.touch(c)
        model.history[c] = model.remembered(c)
        model.since[c] = dict.fromkeys(model.view(c).proposed, model.time)
        self.actors[c] = self.actors[c].restart(proven=proven, disk=disk)
        model.say(c, terms.Boot(before, last))
        if not disk:
            self.checker.wiped(self.actors[c].me.controller)
        self.checker.written(self.stage.chains[self.actors[c].me][0])
        for other in model.controllers:
            self.look(other)

    # --- proposing ----------------------------------------------------------------------------

    def propose(self, c: int, tx: int, kind: Kind, change: Change, *, strict: bool) -> bool:
        """``c`` proposes ``change`` (its author, ts, P and q are filled in here) if both let it."""
        at, model = self.actors[c].at, self.model
        over = None if kind is not Kind.MERGE else self.ids_of(c, change.anc)
        signed = self.requests[tx]
        content = decode_request(signed.raw)
        intent = proposing.Intent(signed, content, kind, (), 0, over)
        lamport = self.actors[c].next_lamport()
        case = proposing.draft(at, intent, lamport)
        wanted = self.fill_in(c, tx, change, lamport)
        enough = model.current[c] in wanted.participants
        enough = enough and len(wanted.participants) >= wanted.quorum
        if isinstance(case, NoQuorum) or not enough:
            self.agree("quorum", isinstance(case, NoQuorum), not enough)
            return False
        attempt = case.change_set.attempt
        participants = frozenset(map(self.number_of, attempt.participants))
        self.agree("P", participants, wanted.participants)
        self.agree("q", attempt.quorum, wanted.quorum)
        self.agree("anc", self.name(c, case.ancestors), wanted.anc)
        place = spell(answer.place_in_history(at, case))
        self.agree("place", place, model.place(c, wanted, None))
        content_why = spell(answer.unacceptable(at, case))
        self.agree("content", content_why, model.content(c, wanted, None))
        if strict and (place or content_why):
            return False
        x = f"{kind.value[0]}{len(model.changes)}"
        model.changes[x] = wanted
        self.ids[x] = case.change_set.id
        self.names[case.change_set.id] = x
        self.say(c, terms.Propose(x), case.change_set.propose)
        return True

    def fill_in(self, c: int, tx: int, change: Change, lamport: int) -> Change:
        """The attempt as the model makes it."""
        model, me = self.model, self.model.current[c]
        history = frozenset(model.history[c])
        anc = change.anc if change.kind == "merge" else history
        roster, policy = model.roster(anc), model.policy(anc)
        size, quorum = len(roster), model.quorum(roster, policy)
        if change.kind == "merge":
            roster |= model.roster(history)
            strict = MAJORITY in (policy, model.policy(history))
            quorum = model.quorum(roster, MAJORITY if strict else ACTIVE)
        if change.policy == MAJORITY and policy == ACTIVE:
            quorum = size
        newest = model.view(c).newest
        living = (model.sees[c] | {c}) & roster - {change.remove}
        current = frozenset(newest[x] for x in living)
        return Change(
            author=me,
            ts=(lamport, c, me),
            anc=anc,
            participants=current,
            quorum=quorum,
            kind=change.kind,
            tx=tx,
            key=change.key,
            version=change.version,
            add=change.add,
            remove=change.remove,
            policy=change.policy,
            approved=change.approved,
        )

    def new_request(self, change: Change, kind: Kind) -> int:
        """A request that says what ``change`` says; its number."""
        tx = len(self.requests)
        commands: tuple[Command, ...] = ()
        base: tuple[Base, ...] = ()
        if change.key is not None:
            commands = item(change.key)
            version = None if change.version is None else self.requests[change.version].tx
            base = (Base((change.key,), version),)
        if change.add is not None:
            commands = activate(change.add + 1)
        if change.remove is not None:
            commands = remove(change.remove + 1)
        if change.policy is not None:
            commands = set_policy(POLICIES[change.policy])
        operator = kind is not Kind.MERGE or change.approved
        signer = OPERATOR if operator else key(change.author % 100 + 1)
        self.requests[tx] = request(f"{tx}", commands, base, signer, patience_ns=PATIENCE)
        self.kinds[tx] = kind
        return tx

    def ids_of(self, c: int, names: Iterable[str]) -> Ids:
        """A set of attempts as ``c`` numbers them."""
        return sum(1 << self.number(c, x) for x in sorted(names))

    # --- applying -----------------------------------------------------------------------------

    def apply(self, c: int) -> bool:
        """``c`` applies what comes next."""
        step = self.model.next_to_apply(c)
        if step is None:
            return False
        x, passed_over = step
        for y in self.model.ordered(passed_over):
            self.say(c, terms.Skip(y))
        new = (self.model.changes[x].anc | {x}) - self.model.history[c]
        self.model.history[c] |= new
        self.actors[c].judge.extend(self.ids_of(c, new))
        for y in self.model.ordered(new):
            self.say(c, terms.Applied(y))
        return True

    # --- comparing ----------------------------------------------------------------------------

    @staticmethod
    def agree(question: str, real: object, model: object) -> None:
        """Both gave the same answer."""
        if real != model:
            raise Differ(f"{question}: implementation {real!r}, model {model!r}")

    def check(self) -> None:
        """No invariant is broken."""
        violations = self.checker.violations()
        if violations:
            raise Broken("; ".join(violations))

    def rest(self, c: int) -> Rest:
        """How ``c`` stands, for the invariants at rest."""
        model = self.model
        known = model.view(c).proposed
        kept_out = {x for x in known if model.kept_out(c, x)}
        short = {
            x
            for x in known
            if model.changes[x].quorum > 1
            and len(model.alive(c, x) - model.nay(c, x)) < model.changes[x].quorum
        }
        return Rest(
            me=self.actors[c].me,
            history=frozenset(self.ids[x] for x in model.history[c]),
            released=frozenset(self.ids[x] for x in model.released(c)),
            excused=frozenset(self.ids[x] for x in kept_out | short),
            effective=(),
            state=b"",
        )

    def compare(self, c: int) -> None:
        """Put all questions about ``c`` to both."""
        model, at = self.model, self.actors[c].at
        barrier = self.actors[c].barrier
        barrier._agenda.review()
        barrier._observe(self.now)
        pending = self.name(c, sum(1 << n for n in barrier._agenda.pending))
        self.agree("H", self.name(c, at.judge.ids), frozenset(model.history[c]))
        self.agree("released", self.name(c, barrier.released), model.released(c))
        self.agree("open", self.name(c, predicates.open_ids(at)), model.open(c))
        for x in model.view(c).proposed:
            self.compare_one(c, barrier, x, pending)
        self.agree("next", self.next_of(c), model.next_to_apply(c))
        wanted = merging.merge_wanted(at)
        self.agree("merge", self.name(c, wanted) if wanted else None, model.merge_wanted(c))
        self.agree("mergeable", self.name(c, barrier.mergeable), model.mergeable(c))

    def compare_one(self, c: int, barrier: Barrier, x: str, pending: Names) -> None:
        """Put all questions about one attempt to both."""
        model, at, number = self.model, barrier.standpoint, self.number(c, x)
        vote = model.vote(c, x)
        self.agree(f"vote on {x}", self.vote_of(x, barrier.vote_on(number, self.now)), vote)
        if vote is not None and x not in pending:
            raise Differ(f"{x} is not on the agenda, and {vote} is to be said")
        for question, real, opinion in (
            ("dead", predicates.is_dead(at, number), model.dead(c, x)),
            ("mine", predicates.is_mine(at, number), model.mine(c, x)),
            ("joinable", predicates.is_joinable(at, number), model.joinable(c, x)),
            ("settled", order.settled(at, number).name.lower(), model.settled(c, x)),
            ("repropose", proposing.may_repropose(at, number), model.may_repropose(c, x)),
        ):
            self.agree(f"{question} {x}", real, opinion)
        bound = at.knowledge.names(predicates.bound(at, number))
        self.agree(f"bound {x}", frozenset(k[0] - 1 for k in bound), model.bound(c, x))

    def vote_of(self, x: str, body: wire.Seal | wire.No | None) -> terms.Seal | terms.No | None:
        """A vote in the model's words."""
        match body:
            case None:
                return None
            case wire.No():
                return terms.No(x, body.why.value)
            case wire.Seal():
                seats = sorted(map(self.incarnation, self.model.changes[x].participants))
                mask = int.from_bytes(body.members, "little")
                return terms.Seal(x, frozenset(self.number_of(seats[n]) for n in numbers(mask)))

    def next_of(self, c: int) -> tuple[str, Names] | None:
        """What the implementation would apply next."""
        step = self.actors[c].barrier.next_to_apply(self.now)
        if step is None:
            return None
        catalogue = self.actors[c].catalogue
        passed = frozenset(self.names[catalogue[n].id] for n in step.passed_over)
        return self.names[catalogue[step.number].id], passed


def spell(verdict: Deny | Waiting | None) -> str | None:
    """A verdict in the model's words."""
    match verdict:
        case None:
            return None
        case Deny():
            return verdict.why.value
        case Waiting():
            return "wait"
