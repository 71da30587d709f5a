"""The barrier of one controller: facts and views in, one action at a time out.

A controller seals a ChangeSet together with the set of members that it sees; the ChangeSet is
released when every member of some set has sealed exactly that set; a controller may say No only
while none of the sets that it sealed can still be completed. There is no leader: whoever knows the
same facts draws the same conclusions.

The rules are functions in the modules beside this one; this is the crank that asks them, in a fixed
order: what is owed to others (Applied), then votes by timestamp, then what may be applied, then own
proposals, then a merge, and at last whether this life should end.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from random import Random
from typing import assert_never

from mesh.protocol.barrier.actions import (
    Accepted,
    Action,
    AlreadyKnown,
    Apply,
    Dropped,
    NoQuorum,
    Say,
    Submission,
    WantMerge,
)
from mesh.protocol.barrier.agenda import Agenda, is_answer_due
from mesh.protocol.barrier.answer import first_answer, patience_ends_ns, unacceptable
from mesh.protocol.barrier.instant import instant_of
from mesh.protocol.barrier.judge import Judge
from mesh.protocol.barrier.knowledge import Knowledge, Learned
from mesh.protocol.barrier.merging import merge_delay_ns, merge_wanted, mergeable, unmerged
from mesh.protocol.barrier.order import (
    Next,
    is_short,
    next_to_apply,
    skip_due_ns,
    to_apply,
)
from mesh.protocol.barrier.proposing import Intent, draft, is_abandoned
from mesh.protocol.barrier.queue import Queue, refused
from mesh.protocol.barrier.reseal import after_seal, next_set, reseal_due_ns
from mesh.protocol.barrier.skip import read_skip, skip_record
from mesh.protocol.barrier.standpoint import Case, Standpoint, Surveyor
from mesh.protocol.barrier.status import Status, status_of
from mesh.protocol.barrier.stranded import Renewal
from mesh.protocol.barrier.timing import Timing
from mesh.protocol.barrier.verdict import Bind, Deny, Verdict, Waiting
from mesh.protocol.catalogue import Catalogue, Ids, numbers
from mesh.protocol.ground import Ground
from mesh.protocol.now import Now
from mesh.wire.facts import Applied, Fact, No, Propose, Record, Seal
from mesh.wire.identity import Incarnation
from mesh.wire.limits import TEXT_CHARACTERS_MAX
from mesh.wire.requests import Approval, Kind, SignedRequest, read_request


class Barrier:
    """One controller's part in deciding what is applied, and when."""

    def __init__(
        self,
        me: Incarnation,
        catalogue: Catalogue,
        judge: Judge,
        random: Random,
        timing: Timing = Timing(),  # noqa: B008  # frozen
    ) -> None:
        """``me`` is this life.

        The barrier fills ``catalogue`` and extends ``judge``; nobody else does.
        """
        self.merges_by_itself = True
        """False under the policy ``hold``: a merge is made only when an operator asks for one."""
        self._at = Standpoint(me, Knowledge(catalogue), judge, timing)
        self._agenda = Agenda(self._at)
        self._queue = Queue(self._at, random)
        self._renewal = Renewal(self._at)
        self._unsaid: deque[int] = deque()
        self._merge_since_ns: int | None = None
        self._merge_asked_ns: int | None = None
        self._stirred = True
        self._deadline_ns: int | None = None

    # --- what is told to it ---------------------------------------------------------------------

    def settle_on(self, ground: Ground, facts: Iterable[Fact], now: Now) -> None:
        """Everything stands on ``ground`` from now on: learn ``facts``, all that are left, anew.

        What was said stays said, and what waits goes on waiting for as long as it had. What was in
        H is in H, or below the ground.
        """
        former, catalogue = self._at, self._at.knowledge.catalogue
        held = {catalogue[n].id: since_ns for n, since_ns in former.held_since_ns.items()}
        unsaid = [catalogue[number].id for number in self._unsaid]
        history = [catalogue[number].id for number in numbers(former.judge.ids)]
        catalogue.begin(ground)
        former.judge.begin()
        self._at = at = former.anew()
        self._agenda, self._renewal = Agenda(at), Renewal(at)
        self._queue.move(at)
        for fact in facts:
            _ = self.learn(fact, now)
        for attempt, since_ns in held.items():
            number = catalogue.number(attempt)
            if number is not None:
                at.held_since_ns[number] = since_ns
        above = [number for number in map(catalogue.number, history) if number is not None]
        at.judge.extend(sum(1 << number for number in above))
        self._unsaid = deque(n for n in map(catalogue.number, unsaid) if n is not None)

    def learn(self, fact: Fact, now: Now) -> Learned:
        """Take in ``fact``, own or another's: verified, and the next one of its chain."""
        at = self._at
        learned = at.knowledge.learn(fact)
        self._stirred = True
        if fact.origin == at.me and isinstance(fact.body, Seal):
            at.sealed |= learned.attempts
        if fact.origin == at.me and isinstance(fact.body, No):
            at.denied |= learned.attempts
        if fact.origin.controller == at.me.controller and isinstance(fact.body, Record):
            skipped = read_skip(fact.body)
            at.skipped |= {} if skipped is None else {skipped: None}
        if isinstance(fact.body, Propose):
            for number in numbers(learned.attempts):
                at.held_since_ns[number] = now.monotonic_ns
                self._queue.proposed(number)
        self._agenda.add(learned.attempts)
        return learned

    def set_view(self, live: Iterable[Incarnation], now: Now) -> None:
        """V: those whom the failure detector holds for alive."""
        if self._at.see(live):
            self._stirred = True
            self._observe(now)

    def refuse(self, tx: bytes) -> bool:
        """The operator refuses ``tx``.

        False where that comes too late here, or there is nothing to refuse.
        """
        at = self._at
        ids = at.knowledge.attempts(tx)
        silent = [n for n in numbers(ids & ~at.sealed) if is_answer_due(at, n)]
        if not silent:
            return False
        at.refused[tx] = None
        self._stirred = True
        return True

    def take_surveyor(self, surveyor: Surveyor) -> None:
        """B13: who works out what a checkpoint should say. Without one there is none."""
        self._at.surveyor = surveyor

    @property
    def is_all_said(self) -> bool:
        """Whether everything that was applied has been said to be."""
        return not self._unsaid

    def judge_again(self) -> None:
        """The judge may answer otherwise about what it was asked before."""
        self._at.forget_judgements()
        self._stirred = True

    def submit(
        self,
        request: SignedRequest,
        kind: Kind,
        now: Now,
        *,
        guard_ns: int,
        approvals: tuple[Approval, ...] = (),
        over: Ids | None = None,
    ) -> Submission:
        """Get ``request`` through the barrier.

        Propose it at the next ``advance``, or as soon as B1 allows.

        ``guard_ns`` is how long after the last seal the instant lies; ``over`` is what a merge
        covers. Raises cbor.Undecodable where ``request`` is none.
        """
        assert (over is None) == (kind is not Kind.MERGE), (
            "a merge, and nothing else, says what it covers"
        )
        known = self._already_known(request.tx)
        if known is not None:
            return known
        content = read_request(request.raw)
        intent = Intent(request, content, kind, approvals, guard_ns, over)
        case = draft(self._at, intent, self._at.knowledge.lamport + 1)
        if isinstance(case, NoQuorum):
            return case
        refusal = unacceptable(self._at, case)
        if refusal is not None:
            return refused(request.tx, refusal)
        self._queue.add(intent, now.monotonic_ns)
        self._stirred = True
        return Accepted(request.tx)

    def _already_known(self, tx: bytes) -> AlreadyKnown | None:
        """B8: a tx that is known is proposed again only where nobody else would do it."""
        at = self._at
        attempts = at.knowledge.catalogue.ordered(at.knowledge.attempts(tx))
        if tx in self._queue:
            return AlreadyKnown(tx, attempts[-1] if attempts else None)
        for number in attempts:
            if at.knowledge.released >> number & 1 or not is_abandoned(at, number):
                return AlreadyKnown(tx, number)
        return None

    # --- what it wants done ---------------------------------------------------------------------

    def advance(self, now: Now, lamport: int) -> Action | None:
        """The next thing to be done; None: nothing before ``deadline_ns`` or another call.

        ``lamport`` is the Lamport time of the next fact that this controller will write.
        Each action is carried out, and what was said learned, before the next call.
        """
        if self._unsaid:
            number = self._unsaid.popleft()
            return Say(Applied(self._at.change_set(number).id))
        if self.is_idle(now):
            return None
        action = self._next_action(now, lamport)
        self._stirred = action is not None
        if action is None:
            self._deadline_ns = min(self._deadlines(now), default=None)
        return action

    def is_idle(self, now: Now) -> bool:
        """Whether ``advance`` has nothing to say or to do now: nothing happened, nothing is due."""
        return not (self._unsaid or self._stirred or self._is_due(now))

    @property
    def deadline_ns(self) -> int | None:
        """Monotonic time of the next ``advance`` that can bring something by itself."""
        return self._deadline_ns

    def _is_due(self, now: Now) -> bool:
        return self._deadline_ns is not None and now.monotonic_ns >= self._deadline_ns

    def _next_action(self, now: Now, lamport: int) -> Action | None:
        self._agenda.review()
        self._observe(now)
        return (
            self._vote(now)
            or self._apply(now)
            or self._propose(now, lamport)
            or self._merge(now)
            or self._renewal.next(now.monotonic_ns)
        )

    def _observe(self, now: Now) -> None:
        """Start and stop the watches of B3c and B6."""
        at = self._at
        for number in self._agenda.undecided:
            at.skip_watch.watch(number, 0 if is_short(at, number) else None, now.monotonic_ns)
            if at.sealed >> number & 1 and is_answer_due(at, number):
                at.reseal_watch.watch(number, next_set(at, number), now.monotonic_ns)

    def _vote(self, now: Now) -> Say | None:
        """B2 to B4: at most one fact, about the lowest attempt that calls for one."""
        for number in self._agenda.undecided:
            body = self.vote_on(number, now)
            if body is not None:
                return Say(body)
        return None

    def vote_on(self, number: int, now: Now) -> Seal | No | None:
        """What m says about the attempt ``number`` now, by B2 or B3; None: nothing."""
        at = self._at
        if not is_answer_due(at, number):
            return None
        verdict: Verdict | None
        if at.sealed >> number & 1:
            verdict = after_seal(at, number, now.monotonic_ns)
        else:
            verdict = first_answer(at, number, now.monotonic_ns)
        attempt_id = at.change_set(number).id
        match verdict:
            case Bind(members):
                length = (members.bit_length() + 7) // 8
                return Seal(attempt_id, members.to_bytes(length, "little"))
            case Deny(why, detail, key):
                return No(attempt_id, why, detail[:TEXT_CHARACTERS_MAX], key)
            case Waiting() | None:
                return None
            case _:
                assert_never(verdict)

    def _apply(self, now: Now) -> Action | None:
        """B6: apply the next one, or record first what it passes over."""
        step = self.next_to_apply(now)
        if step is None:
            return None
        at = self._at
        if step.passed_over:
            return Say(skip_record(at.change_set(step.passed_over[0]).id))
        ids = to_apply(at, step.number)
        ordered = tuple(at.knowledge.catalogue.ordered(ids))
        at.judge.extend(ids)
        self._unsaid.extend(ordered)
        return Apply(ordered, step.number, instant_of(at.ballot(step.number)))

    def next_to_apply(self, now: Now) -> Next | None:
        """B6: what comes next, and what must be recorded as skipped before."""
        at = self._at
        if not at.knowledge.released & ~at.judge.ids:
            return None
        return next_to_apply(at, self._agenda.pending, now.monotonic_ns)

    def _propose(self, now: Now, lamport: int) -> Say | Dropped | None:
        """B1 and B8."""
        outcome = self._queue.next(now.monotonic_ns, lamport)
        return Say(outcome.change_set.propose) if isinstance(outcome, Case) else outcome

    def _merge(self, now: Now) -> WantMerge | None:
        """B10, after those before m in the order of ids had their chance."""
        over = merge_wanted(self._at) if self.merges_by_itself else 0
        if not over:
            self._merge_since_ns = self._merge_asked_ns = None
            return None
        if self._merge_since_ns is None:
            self._merge_since_ns = now.monotonic_ns
        due_ns = self._merge_due_ns()
        if due_ns is None or now.monotonic_ns < due_ns:
            return None
        self._merge_asked_ns = now.monotonic_ns
        return WantMerge(over)

    def _merge_due_ns(self) -> int | None:
        if self._merge_asked_ns is not None:
            return self._merge_asked_ns + self._at.timing.merge_retry_ns
        if self._merge_since_ns is None:
            return None
        return self._merge_since_ns + merge_delay_ns(self._at)

    def _deadlines(self, now: Now) -> Iterator[int]:
        at = self._at
        candidates: list[int | None] = [*self._queue.deadlines(), self._merge_due_ns()]
        candidates.append(self._renewal.deadline_ns)
        for number in self._agenda.undecided:
            candidates.append(skip_due_ns(at, number))
            if not is_answer_due(at, number):
                continue
            if at.sealed >> number & 1:
                candidates.append(reseal_due_ns(at, number))
            else:
                candidates.append(patience_ends_ns(at, number))
        return (due for due in candidates if due is not None and due > now.monotonic_ns)

    # --- what it knows --------------------------------------------------------------------------

    @property
    def standpoint(self) -> Standpoint:
        """What the predicates are functions of; for status lines and tests, never to be changed."""
        return self._at

    @property
    def remembered(self) -> Ids:
        """B12: H after a start: what any life of this controller said that it applied.

        Closed under ancestors: of a life whose disk was lost, only a part may have come back yet.
        """
        at = self._at
        said = self.applied_by(at.me.controller) & at.knowledge.whole
        return sum(1 << n for n in numbers(said) if not (at.ancestors(n) or 0) & ~said)

    @property
    def queued(self) -> tuple[bytes, ...]:
        """The tx that wait here for their first attempt."""
        return self._queue.waiting

    @property
    def queued_requests(self) -> tuple[SignedRequest, ...]:
        """The same, as they were signed."""
        return self._queue.requests

    def is_trying(self, tx: bytes) -> bool:
        """Whether this controller goes on trying to get ``tx`` through by itself."""
        return tx in self._queue

    @property
    def released(self) -> Ids:
        """All that is known as released."""
        return self._at.knowledge.released

    @property
    def unmerged(self) -> Ids:
        """What was released on a history that has grown apart from this one."""
        return unmerged(self._at)

    @property
    def mergeable(self) -> Ids:
        """What a merge made now by this controller covers."""
        return mergeable(self._at)

    @property
    def mergeable_with_approval(self) -> Ids:
        """What a merge signed or approved by an operator may cover: what is kept out, too."""
        return mergeable(self._at, by_operator=True)

    def released_by(self, number: int) -> tuple[bytes, ...]:
        """The controllers of all complete sets of one attempt, sorted."""
        return self._at.knowledge.names(self._at.knowledge.star(number))

    def applied_by(self, controller: bytes) -> Ids:
        """What ``controller`` said that it applied."""
        knowledge = self._at.knowledge
        bit = knowledge.controller(controller)
        return sum(1 << n for n in numbers(knowledge.proposed) if knowledge.applied(n) & bit)

    def attempts(self, tx: bytes) -> tuple[int, ...]:
        """The attempts of one request, by timestamp."""
        return tuple(self._at.knowledge.catalogue.ordered(self._at.knowledge.attempts(tx)))

    def status(self, number: int) -> Status:
        """How one attempt stands here."""
        return status_of(self._at, number)
