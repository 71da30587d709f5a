"""Where one controller stands: what it knows, what it has applied, whom it sees, what it was told.

Every predicate and rule is a function of this and of nothing else; none of them changes it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from mesh.environment.roster_effect import RosterEffect
from mesh.protocol.barrier.ballot import Ballot, Controllers, Members
from mesh.protocol.barrier.judge import Judge
from mesh.protocol.barrier.knowledge import Knowledge
from mesh.protocol.barrier.stopwatch import Stopwatch
from mesh.protocol.barrier.timing import Timing
from mesh.protocol.catalogue import ChangeSet, Ids, numbers
from mesh.protocol.objection import Objection
from mesh.protocol.terms import Terms
from mesh.wire.identity import Incarnation


@dataclass(frozen=True, slots=True)
class Case:
    """A ChangeSet with its ancestors, proposed already or still a draft."""

    change_set: ChangeSet
    ancestors: Ids
    bit: Ids
    """Its own place in sets of attempts; 0 for a draft, which has none."""

    @property
    def author(self) -> Incarnation:
        """Who proposes it."""
        return self.change_set.attempt.author


class Surveyor(Protocol):
    """What only the whole controller knows, and the barrier alone does not."""

    def is_level(self) -> bool:
        """Whether the ground lies at the last checkpoint in H."""

    def is_away(self, controller: bytes) -> bool:
        """Whether ``controller`` has been out of sight for as long as the environment allows."""

    def survey(self, case: Case, terms: Terms) -> tuple[bytes, bytes] | None:
        """The hashes that m itself would name: of the fold, and of the whole ground.

        None where m cannot tell.
        """


class Standpoint:
    """The state of one controller m, as its current incarnation ``me`` holds it."""

    def __init__(self, me: Incarnation, knowledge: Knowledge, judge: Judge, timing: Timing) -> None:
        self.me = me
        self.knowledge = knowledge
        self.judge = judge
        self.timing = timing
        self.surveyor: Surveyor | None = None
        """B13: who works out what a checkpoint should say."""
        self.controller: Controllers = knowledge.controller(me.controller)
        """The bit of m itself."""
        self.sealed: Ids = 0
        """What ``me`` sealed."""
        self.denied: Ids = 0
        """What ``me`` said No to."""
        self.skipped: dict[bytes, None] = {}
        """B6: the attempts that any incarnation of m recorded that it passed over."""
        self.refused: dict[bytes, None] = {}
        """The tx that the operator of m refuses."""
        self.held_since_ns: dict[int, int] = {}
        """Monotonic time at which ``me`` first held each proposal.

        Its patience counts from here.
        """
        self.reseal_watch = Stopwatch()
        """B3c: for how long the set to seal next has been the same."""
        self.skip_watch = Stopwatch()
        """B6: for how long too few have been reachable."""
        self.meets: dict[int, Ids] = {}
        """What is known to share a controller with an attempt not applied here; it only grows."""
        self.too_few: dict[int, bool] = {}
        """B10: whether an attempt asks for fewer than it takes, as its ancestors say."""
        self.steps: dict[int, bool] = {}
        """B10: whether a roster change leads from all-active to majority, as its ancestors say."""
        self._live: dict[Incarnation, None] = {me: None}
        self._view_version = 0
        self._alive: dict[int, tuple[int, int, Members]] = {}
        self._own: dict[int, Members] = {}
        self._closed: dict[int, tuple[int, Members]] = {}
        self._state: tuple[int, Ids] = (-1, 0)
        self._answers: dict[str, Ids] = {}
        self._objections: dict[bytes, tuple[Ids, Objection | None]] = {}
        """What the judge said of each attempt, and over what."""
        self._drafted: dict[bytes, tuple[Ids, Objection | None]] = {}
        """The same of the last draft: it is looked at when it is submitted, when it is proposed,
        and, being an attempt by then, when it is voted on."""
        self._effects: dict[int, RosterEffect] = {}

    def anew(self) -> "Standpoint":
        """The same controller before it knows anything, on the ground of the catalogue."""
        fresh = Standpoint(self.me, Knowledge(self.knowledge.catalogue), self.judge, self.timing)
        fresh.surveyor, fresh.refused = self.surveyor, self.refused
        _ = fresh.see(self._live)
        return fresh

    # --- the view -----------------------------------------------------------------------------

    @property
    def live(self) -> Iterator[Incarnation]:
        """V: whom the detector holds for alive, without those that have ended, sorted."""
        return (who for who in self._live if not self.knowledge.lives.ended(who))

    def see(self, live: Iterable[Incarnation]) -> bool:
        """Replace V, to which ``me`` always belongs. True where it is another one."""
        view = dict.fromkeys(sorted({*live, self.me}))
        if view == self._live:
            return False
        self._live = view
        self._view_version += 1
        return True

    def alive(self, number: int) -> Members:
        """V ∩ P, current incarnations only."""
        lives = self.knowledge.lives
        known = self._alive.get(number)
        if known is not None and known[:2] == (self._view_version, lives.version):
            return known[2]
        mask = 0
        for seat, who in enumerate(self.ballot(number).participants):
            if who in self._live and not lives.ended(who):
                mask |= 1 << seat
        self._alive[number] = (self._view_version, lives.version, mask)
        return mask

    def own(self, number: int) -> Members:
        """The incarnations of m in P."""
        known = self._own.get(number)
        if known is None:
            known = self._own[number] = self.ballot(number).of(self.controller)
        return known

    # --- shorthands ---------------------------------------------------------------------------

    def ballot(self, number: int) -> Ballot:
        """The votes on the attempt ``number``."""
        return self.knowledge.ballot(number)

    def change_set(self, number: int) -> ChangeSet:
        """The attempt ``number`` with its request."""
        return self.knowledge.catalogue[number]

    def ancestors(self, number: int) -> Ids | None:
        """anc: all that it was made on top of; None while one of them is unknown."""
        return self.knowledge.catalogue.ancestors(number)

    def closed(self, number: int) -> Members:
        """The participants that are closed."""
        lives = self.knowledge.lives
        known = self._closed.get(number)
        if known is not None and known[0] == lives.version:
            return known[1]
        mask = 0
        for seat, who in enumerate(self.ballot(number).participants):
            if lives.closed(who):
                mask |= 1 << seat
        self._closed[number] = (lives.version, mask)
        return mask

    def forget(self, number: int) -> None:
        """Drop what was kept for questions about ``number``, which is settled for good."""
        kept = (self._alive, self._own, self._closed, self.meets, self.held_since_ns, self.too_few)
        for each in kept:
            _ = each.pop(number, None)
        _ = self._objections.pop(self.change_set(number).id, None)
        self.reseal_watch.forget(number)
        self.skip_watch.forget(number)

    # --- what is asked of the judge, remembered -----------------------------------------------

    def objection(self, case: Case, over: Ids) -> Objection | None:
        """What speaks against ``case`` in the fold of ``over``; asked once for each ``over``."""
        asked = case.change_set.id
        for kept in (self._objections, self._drafted):
            known = kept.get(asked)
            if known is not None and known[0] == over:
                return known[1]
        objection = self.judge.objection(case.change_set, over)
        if case.bit:
            self._objections[asked] = (over, objection)
        else:
            self._drafted = {asked: (over, objection)}
        return objection

    def forget_judgements(self) -> None:
        """Ask the judge anew."""
        self._objections.clear()
        self._drafted.clear()
        self._state = (-1, 0)

    def effects(self, ids: Ids) -> Iterator[RosterEffect]:
        """What the roster changes in ``ids`` do, whether they took effect or not."""
        for number in numbers(ids & self.knowledge.roster_changes):
            if number not in self._effects:
                request = self.change_set(number).request
                self._effects[number] = self.judge.roster_effect(request)
            yield self._effects[number]

    def removed(self) -> Controllers:
        """The controllers that roster changes in H have removed."""
        mask = 0
        for key in self.knowledge.catalogue.ground.removed:
            mask |= self.knowledge.controller(key)
        for effect in self.effects(self.judge.ids):
            for key in effect.removed:
                mask |= self.knowledge.controller(key)
        if mask:
            for key in self.judge.roster(self.judge.ids):
                mask &= ~self.knowledge.controller(key)
        return mask

    def once(self, name: str, compute: Callable[[], Ids]) -> Ids:
        """What ``compute`` gave under ``name`` in the present state: facts held and H.

        It may depend on nothing else.
        """
        state = (self.knowledge.version, self.judge.ids)
        if state != self._state:
            self._state = state
            self._answers = {}
        if name not in self._answers:
            self._answers[name] = compute()
        return self._answers[name]
