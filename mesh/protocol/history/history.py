"""The history of one controller: the ChangeSets applied, what they add up to, what does not fit.

The configuration is the fold of the history in the order of its timestamps. Everything here is a
pure function of a set of ChangeSets: who holds the same ones has the same configuration, roster,
policy and set-aside list, in whatever order they arrived.
"""

from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mesh.environment.configuration import Configuration
from mesh.environment.entries import Entry
from mesh.environment.founding import Founding, founded
from mesh.environment.policy import Policy
from mesh.environment.resolve import Resolution, Unresolved, resolve, returning_in
from mesh.environment.rights import ALL
from mesh.environment.roster_effect import RosterEffect, roster_effect
from mesh.protocol.catalogue import Catalogue, ChangeSet, Ids, numbers
from mesh.protocol.history.disputes import Dispute
from mesh.protocol.history.line import Footing, Line, Step
from mesh.protocol.history.merging import MergePlan, Merging, Wishes
from mesh.protocol.history.outcomes import EFFECTIVE, KeyChange, LogEntry, Outcome, Standing, Why
from mesh.protocol.history.prepared import (
    Examined,
    Prepared,
    examine,
    keys_written,
    kind_of,
    prepare,
)
from mesh.protocol.history.proofs import approvers_of
from mesh.protocol.history.prospects import (
    Prospect,
    imagined,
    is_resolved,
    prospect,
    prospect_unresolved,
)
from mesh.protocol.history.recent import Recent
from mesh.protocol.history.restaging import RULING, set_aside, set_aside_below
from mesh.protocol.history.reverting import revert
from mesh.protocol.history.rules import Verdict, apply
from mesh.protocol.history.rulings import Rulings, Shut
from mesh.protocol.objection import Objection
from mesh.protocol.suite import Verifier
from mesh.wire.facts import NoReason
from mesh.wire.identity import Timestamp, digest
from mesh.wire.requests import Approval, Base, Command, Key, Kind, Request, SignedRequest

PREPARED_KEPT_MAX = 1_024
EXAMINED_KEPT_MAX = 64
"""ChangeSets that are kept ready to be folded again: more than a usual refold goes back."""

FOOTINGS_KEPT_MAX = 256
"""Rosters, policies and rights of other sets that are remembered: one for each head asked about."""


@dataclass(frozen=True, slots=True)
class Fold:
    """What a set of ChangeSets adds up to."""

    outcomes: tuple[tuple[bytes, bytes, Outcome], ...]
    """(attempt, tx, what became of it), in order."""
    state: bytes
    entries: tuple[tuple[Key, Entry], ...]


class History:
    """H and its fold. ``suite`` checks who signed a request."""

    def __init__(self, founding: Founding, catalogue: Catalogue, suite: Verifier) -> None:
        self._founding = founding
        self._environment = founding.environment_id
        self._catalogue = catalogue
        self._suite = suite
        self.begin()
        self._visible = self.state

    def begin(self) -> None:
        """Nothing is applied, and nothing remembered, above the ground of the catalogue."""
        self._ids: Ids = 0
        self._sorted_ids: list[bytes] = []
        self._prepared: Recent[bytes, Prepared] = Recent(PREPARED_KEPT_MAX)
        self._examined: Recent[SignedRequest, Examined] = Recent(EXAMINED_KEPT_MAX)
        ground = self._catalogue.ground
        workspace = ground.workspace() if ground.height else founded(self._founding)
        self._line = Line(workspace, self._catalogue, self._fold)
        self.shut: Shut | None = None
        """What the last checkpoint in H has closed, above the ground; None: there is none."""
        self._rulings = Rulings(self._catalogue, self._prepare, self._footing, self._overreach)
        self._merging = Merging(self._line, self._rulings, self._catalogue)
        self._footings: Recent[Ids, Footing] = Recent(FOOTINGS_KEPT_MAX)
        self._state: Configuration | None = None
        self._history_hash: bytes | None = None

    # --- what the barrier asks ------------------------------------------------------------------

    @property
    def ids(self) -> Ids:
        """H: all that is applied here, closed under ancestors."""
        return self._ids

    @property
    def frontier(self) -> Timestamp | None:
        """The greatest timestamp in H."""
        return self._line.frontier

    def roster(self, ids: Ids) -> tuple[bytes, ...]:
        """The controllers that are ACTIVE in the fold of ``ids``, sorted."""
        return self._footing(ids).roster

    def policy(self, ids: Ids) -> Policy:
        """The barrier's policy in the fold of ``ids``."""
        return self._footing(ids).policy

    def roster_effect(self, request: Request) -> RosterEffect:
        """What ``request`` would do to the roster and to the policy."""
        return roster_effect(request.resolved)

    def objection(self, change_set: ChangeSet, over: Ids) -> Objection | None:
        """What speaks against ``change_set`` in the fold of the earlier ones in ``over``.

        It need not be in the catalogue; its parents must be. None where nothing speaks against it.
        """
        prepared = self._prepare(change_set)
        if prepared.forgery is not None:
            return Objection(NoReason.INVALID, prepared.forgery)
        if prepared.unknown is not None:
            return Objection(NoReason.VERSION, prepared.unknown)
        if prepared.faults:
            return Objection(NoReason.INVALID, prepared.faults[0])
        if change_set.kind in RULING:
            refused = self._rulings.refusal_over(prepared, self._ancestors(change_set))
            return None if refused is None else _objection(refused)
        return self._objection_of_fold(prepared, self._earlier(over, change_set.timestamp))

    def has_operator(self, change_set: ChangeSet) -> bool:
        """Whether somebody who may do everything, by the fold of H, has signed or approved it."""
        if change_set.flaw is not None:
            return False
        if self._may_all(change_set.request.signer):
            return self._prepare(change_set).forgery is None
        approvals = (a for a in change_set.attempt.approvals if self._may_all(a.operator))
        return bool(approvers_of(approvals, self._environment, change_set.tx, self._suite))

    def _may_all(self, key: bytes) -> bool:
        holder = self._footing(self._ids).rights.holder(key)
        return holder is not None and ALL in holder.grants

    def extend(self, ids: Ids) -> None:
        """Add ``ids`` to H, which stays closed under ancestors; refold from the lowest of them."""
        new = ids & ~self._ids
        before = self.shut
        rulings = self._rulings.merges(new) | self._rulings.checkpoints(new)
        # They are judged in the fold of their ancestors: near by, while the line stops before them.
        for number in self._catalogue.ordered(new) if rulings else ():
            if rulings >> number & 1:
                self._move()
                _ = self._rulings.refusal(number)
            self._ids |= 1 << number
            self._shut(number)
        self._ids |= new
        self._move()
        self._note_ids(new, afresh=self.shut is not before)
        self._state = None
        self._history_hash = None

    def _shut(self, number: int) -> None:
        """Where ``number`` is a checkpoint that counts, close the book below it."""
        if self._rulings.checkpoints(1 << number) and self._rulings.refusal(number) is None:
            self.shut = self._rulings.shut(self._ids)
            assert self.shut is not None, "this one counts"
            self._rulings.cover(self.shut)
            self._footings = Recent(FOOTINGS_KEPT_MAX)
            self._judge_merges_again(self.shut)

    def _judge_merges_again(self, shut: Shut) -> None:
        """Judge merges above a checkpoint as those do who have dropped what it sums up.

        The line goes back to before the first of them; the next move brings it forward.
        """
        for number in self._catalogue.ordered(self._rulings.merges(self._line.ids) & ~shut.inside):
            later = self._line.from_time(self._catalogue[number].timestamp)
            remaining = self._line.ids & ~later
            self._line.move(remaining, self._rulings.aside(remaining))
            return

    def _note_ids(self, new: Ids, *, afresh: bool) -> None:
        """Keep the ids of H sorted, less those below the last checkpoint."""
        below = 0 if self.shut is None else self.shut.inside
        if afresh:
            self._sorted_ids = sorted(self._catalogue[n].id for n in numbers(self._ids & ~below))
            return
        for number in numbers(new & ~below):
            insort(self._sorted_ids, self._catalogue[number].id)

    def refold(self) -> bool:
        """Fold all of H once more from its ground, each request read and verified anew.

        True where the result is another one than what was kept, whose place it takes.
        """
        ids, before = self._ids, (self.history_hash, self.state_hash)
        for number in numbers(ids):
            self._catalogue.read_again(number)
        self.begin()
        self.extend(ids)
        return (self.history_hash, self.state_hash) != before

    # --- what readers see -----------------------------------------------------------------------

    @property
    def state(self) -> Configuration:
        """The fold of H. The value never changes; after ``extend`` there is another one here."""
        if self._state is None:
            self._state = self._line.workspace.snapshot()
        return self._state

    @property
    def visible(self) -> Configuration:
        """What readers are shown: the state that was last shown, whatever was folded since."""
        return self._visible

    def show(self, configuration: Configuration) -> None:
        """Show ``configuration``, which ``state`` once was."""
        self._visible = configuration

    def swap(self) -> tuple[Key, ...]:
        """Show the state as it is now; the keys that read differently."""
        before = self._visible
        self.show(self.state)
        return before.differences(self._visible)

    @property
    def state_hash(self) -> bytes:
        """32 bytes: equal for equal configurations, versions included."""
        return self._line.workspace.hash

    @property
    def history_hash(self) -> bytes:
        """32 bytes: the hash of the ids in H, sorted; for what is below a checkpoint stands its."""
        if self._history_hash is None:
            ground = self._catalogue.ground
            below = self.shut.terms.ground if self.shut is not None else ground.hash
            self._history_hash = digest(b"".join((below, *self._sorted_ids)))
        return self._history_hash

    @property
    def needs_upgrade(self) -> int | None:
        """The number of the ChangeSet at which folding stopped, since it is not understood."""
        stopped = (step.number for step in self._line.steps if step.is_stopped)
        return next(stopped, None) if self._line.is_stopped else None

    def log(self) -> Iterator[LogEntry]:
        """Every ChangeSet of H, in order."""
        return map(self._entry, self._line.steps)

    def transactions(self) -> Iterator[bytes]:
        """The tx of every ChangeSet of H, the last one first; one that was tried twice, twice."""
        return (self._catalogue[step.number].tx for step in reversed(self._line.steps))

    def entry(self, tx: bytes) -> LogEntry | None:
        """What became of ``tx``; None where it is not in H."""
        step = self._line.first_of(tx)
        return None if step is None else self._entry(step)

    def conflicts(self) -> tuple[LogEntry, ...]:
        """What is set aside, in order."""
        return tuple(
            self._entry(step)
            for step in self._line.steps
            if step.outcome.standing is Standing.SET_ASIDE
        )

    def set_aside_below(self, tx: bytes) -> Request | None:
        """The request ``tx`` that was set aside below the ground, if that is kept."""
        return set_aside_below(self._catalogue, tx)

    def fold(self, ids: Ids) -> "Fold | None":
        """What ``ids``, which is closed under ancestors, adds up to; None where that is not known.

        It is not where folding stops in it, at something that this version does not understand.
        """
        aside = self._rulings.aside(ids)
        with self._line.excursion():
            self._line.move(ids, aside)
            if self._line.is_stopped:
                return None
            outcomes = tuple(
                (self._catalogue[step.number].id, self._catalogue[step.number].tx, step.outcome)
                for step in self._line.steps
            )
            workspace = self._line.workspace
            return Fold(outcomes, workspace.hash, tuple(workspace.entries()))

    # --- what authors need ----------------------------------------------------------------------

    def kind_of(self, request: Request) -> Kind:
        """The kind of attempt that may carry ``request``."""
        return kind_of(request.resolved)

    def resolve(
        self,
        commands: Sequence[Command],
        nonce: bytes,
        *,
        force: bool = False,
        signer: bytes | None = None,
    ) -> Resolution | Unresolved:
        """``commands`` as a request on today's state; ``nonce`` is the request's own.

        The base names the rights of ``signer`` that it takes.
        """
        return resolve(self._line.workspace, commands, nonce, force=force, signer=signer)

    def carried_on(self, environment: bytes, tx: bytes) -> bytes | None:
        """The ChangeSet that carries that one of another environment on and has taken effect."""
        for step in self._line.steps:
            request = self._catalogue[step.number].request
            origin = request.origin
            if origin is None or step.outcome.standing is not Standing.EFFECTIVE:
                continue
            if (origin.environment, origin.tx) == (environment, tx):
                return self._catalogue[step.number].tx
        return None

    def written_keys(self, request: Request) -> tuple[Key, ...]:
        """The keys that its commands write, as far as they are known here."""
        return tuple(keys_written(request.resolved or request.written))

    def prospect(self, signed: SignedRequest, approvals: tuple[Approval, ...]) -> Prospect:
        """How ``signed`` would fare if it were proposed now with ``approvals``.

        Raises cbor.Undecodable where it is no request.
        """
        change_set = imagined(signed, approvals)
        if not is_resolved(change_set.request):
            return prospect_unresolved(self._line.workspace, signed, self._suite)
        prepared = prepare(change_set, self._environment, self._suite, self._examine)
        return prospect(self._line.workspace, prepared)

    def restage(
        self, tx: bytes, nonce: bytes, signer: bytes | None = None
    ) -> Resolution | Unresolved:
        """The commands of a set-aside ChangeSet as a new request on today's state."""
        request = set_aside(self._line, self._catalogue, tx)
        if isinstance(request, str):
            return Unresolved((request,))
        return self.again(request, nonce, signer)

    def again(
        self, request: Request, nonce: bytes, signer: bytes | None = None
    ) -> Resolution | Unresolved:
        """What ``request`` says, on today's state; objects that it brings back are the former."""
        returning = returning_in(request) or None
        workspace = self._line.workspace
        return resolve(workspace, request.written, nonce, signer=signer, returning=returning)

    def revert(
        self, tx: bytes, nonce: bytes, *, force: bool = False, signer: bytes | None = None
    ) -> Resolution | Unresolved:
        """What undoes ``tx`` as a new request on today's state."""
        return revert(self._line, self._catalogue, tx, nonce, force=force, signer=signer)

    def plan_merge(
        self,
        ids: Ids,
        released_by: Callable[[int], int],
        *,
        keep: tuple[bytes, ...] = (),
        admit: tuple[bytes, ...] = (),
    ) -> MergePlan:
        """The merge over ``ids``, everything that is released, by the policy in the fold of these.

        ``released_by`` says how many controllers released a number; ``keep`` and ``admit`` are tx
        that a person wants to stand, and to let in.
        """
        return self._merging.plan(ids, Wishes(released_by, keep, admit))

    def conflict_report(self, ids: Ids) -> tuple[Dispute, ...]:
        """What in ``ids`` does not go together: the same for everybody who holds them."""
        return self._merging.report(ids)

    # --- the fold -------------------------------------------------------------------------------

    def _prepare(self, change_set: ChangeSet) -> Prepared:
        known = self._prepared.get(change_set.id)
        if known is None:
            known = prepare(change_set, self._environment, self._suite, self._examine)
            _ = self._prepared.put(change_set.id, known)
        return known

    def _examine(self, signed: SignedRequest, request: Request) -> Examined:
        """Once for a request that waits, is judged and is attempted again."""
        known = self._examined.get(signed)
        if known is None:
            known = examine(signed, request, self._environment, self._suite)
            _ = self._examined.put(signed, known)
        return known

    def _fold(self, number: int, merged_by: bytes | None) -> Verdict:
        """The line's judge."""
        prepared = self._prepare(self._catalogue[number])
        if prepared.change_set.kind in RULING and prepared.unknown is None:
            return Verdict(self._rulings.refusal(number) or EFFECTIVE)
        return apply(self._line.workspace, prepared, merged_by)

    def _move(self) -> None:
        self._line.move(self._ids, self._rulings.aside(self._ids))

    def _footing(self, ids: Ids) -> Footing:
        """The footing in the fold of ``ids``: looked up where the line passes through it."""
        if ids == self._line.ids:
            return self._line.footing(len(self._line.steps))
        known = self._footings.get(ids)
        if known is not None:
            return known
        aside = self._rulings.aside(ids)
        shared = self._line.shared(ids, aside)
        if shared == ids.bit_count():
            return self._footings.put(ids, self._line.footing(shared))
        with self._line.excursion():
            self._line.move(ids, aside)
            return self._footings.put(ids, self._line.footing(len(self._line.steps)))

    def _overreach(self, said: Sequence[Command], ids: Ids, beneath: Ids) -> str | None:
        return self._merging.overreach(said, ids, beneath)

    def _earlier(self, over: Ids, timestamp: Timestamp) -> Ids:
        """Those of ``over`` with a timestamp below ``timestamp``."""
        later = self._line.from_time(timestamp)
        for number in numbers(over & ~self._ids):
            if self._catalogue[number].timestamp >= timestamp:
                later |= 1 << number
        return over & ~later

    def _ancestors(self, change_set: ChangeSet) -> Ids:
        ids = 0
        for number in self._catalogue.parents(change_set):
            assert number is not None, "a ChangeSet is judged only when its parents are known"
            ancestors = self._catalogue.ancestors(number)
            assert ancestors is not None, "and all that is behind them"
            ids |= ancestors | 1 << number
        return ids

    def _objection_of_fold(self, prepared: Prepared, ids: Ids) -> Objection | None:
        aside = self._rulings.aside(ids)
        if ids == self._line.ids:
            return self._trial(prepared)
        with self._line.excursion():
            self._line.move(ids, aside)
            return self._trial(prepared)

    def _trial(self, prepared: Prepared) -> Objection | None:
        """What the fold would say to it at the end of the line."""
        if self._line.is_stopped:
            return Objection(NoReason.VERSION, "this controller needs an upgrade to fold on")
        tx = prepared.change_set.tx
        if self._line.first_of(tx) is not None or tx in self._catalogue.ground.folded:
            return None
        outcome = self._line.trial(
            prepared.change_set.id,
            lambda: apply(self._line.workspace, prepared, None),
        ).outcome
        if outcome.standing is Standing.EFFECTIVE:
            return None
        return _objection(outcome)

    def _entry(self, step: Step) -> LogEntry:
        change_set = self._catalogue[step.number]
        request = change_set.request
        before = {key: entry.value for key, entry in step.before}
        return LogEntry(
            step.number,
            change_set.id,
            change_set.tx,
            request.name,
            change_set.attempt.author,
            request.signer,
            change_set.timestamp,
            change_set.kind,
            request.reason,
            request.written,
            step.outcome,
            tuple(KeyChange(key, before[key], entry.value) for key, entry in step.after),
            request.origin,
        )


def _objection(outcome: Outcome) -> Objection:
    if outcome.why is Why.CONFLICT:
        assert outcome.key is not None, "a conflict is about a key"
        return Objection(NoReason.CONFLICT, outcome.detail, Base(outcome.key, outcome.by))
    why = NoReason.RIGHTS if outcome.why is Why.REFUSED else NoReason.INVALID
    return Objection(why, outcome.detail)
