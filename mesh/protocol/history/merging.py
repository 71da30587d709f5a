"""What two sides of a partition did that does not go together, and how a merge decides it.

A *dispute* is a pair of ChangeSets that no side had both of, of which the later cannot take effect
because of the earlier. One is kept and the other set aside, whole; then the fold is asked again,
since what is set aside may have been in the way of, or the ground under, something else.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mesh.environment.entries import spell
from mesh.environment.kinds import controller, merge
from mesh.environment.roster_effect import roster_effect
from mesh.protocol.catalogue import Catalogue, Ids, numbers
from mesh.protocol.history.line import Line, Step
from mesh.protocol.history.outcomes import Standing, Why
from mesh.protocol.history.rulings import Rulings
from mesh.wire.limits import COMMANDS_MAX
from mesh.wire.requests import Command, Key

HOLD: Final = "hold"
_SITE: Final = "site:"
_THIS_MERGE: Final = bytes(32)
"""Stands for the tx of the merge that is being planned."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """Two ChangeSets of different sides of which one must give way."""

    earlier: bytes
    """The tx with the lower timestamp: without a decision this one stands."""
    later: bytes
    key: Key | None
    """Over what; None where two sides remove each other from the roster."""
    detail: str
    set_aside: bytes | None
    """The tx that gives way; None while nobody has decided."""


@dataclass(frozen=True, slots=True)
class MergePlan:
    """What a merge would say."""

    commands: tuple[Command, ...]
    report: tuple[Dispute, ...]
    held: bool
    """It waits for a person: nothing is to be proposed."""
    why: str
    """For people, where it is held."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How disputes are to be decided."""

    policy: str
    """The environment's setting: ``auto``, ``hold`` or ``site:NAME``."""
    released_by: Callable[[int], int]
    """By number: how many controllers released it."""
    keep: tuple[bytes, ...] = ()
    """What a person wants to stand."""
    admit: tuple[bytes, ...] = ()
    """What a person lets in although only controllers released it that are removed by now."""


Choose = Callable[[Step, Step], Step | None]
"""(earlier, later) -> the one to keep; None: undecided."""


class Merging:
    """Plans merges over a line."""

    def __init__(self, line: Line, rulings: Rulings, catalogue: Catalogue) -> None:
        self._line = line
        self._rulings = rulings
        self._catalogue = catalogue

    def report(self, ids: Ids) -> tuple[Dispute, ...]:
        """The disputes in ``ids`` where always the earlier one stands: the same for everybody."""
        return tuple(self._settle(ids, lambda earlier, _later: earlier))

    def plan(self, ids: Ids, wishes: Wishes) -> MergePlan:
        """The merge over ``ids`` that ``wishes`` call for."""
        disputes = self._settle(ids, lambda earlier, later: self._choose(wishes, earlier, later))
        undecided = [dispute for dispute in disputes if dispute.set_aside is None]
        if undecided:
            return MergePlan((), tuple(disputes), held=True, why=_question(undecided))
        unkept = tuple(self._unkept(ids, disputes, wishes.keep))
        if unkept:
            return MergePlan((), tuple(disputes), held=True, why="; ".join(unkept))
        commands = (*_decided(disputes), *(_command(merge.ADMIT, tx) for tx in wishes.admit))
        return MergePlan(commands[:COMMANDS_MAX], tuple(disputes), held=False, why="")

    # --- disputes -------------------------------------------------------------------------------

    def _settle(self, ids: Ids, choose: Choose) -> list[Dispute]:
        found: list[Dispute] = []
        aside = self._rulings.aside(ids)
        with self._line.excursion():
            self._line.move(ids, aside)
            sides = _Sides(self._catalogue, ids, self._rulings.common(ids))
            while True:
                pair = self._next(sides, found)
                if pair is None:
                    return found
                dispute = self._decide(pair, found, choose)
                found.append(dispute)
                if dispute.set_aside is not None:
                    aside = aside.with_more({dispute.set_aside: _THIS_MERGE})
                    self._line.move(ids, aside)

    def _unkept(
        self, ids: Ids, disputes: Sequence[Dispute], keep: Sequence[bytes]
    ) -> Iterator[str]:
        """Which of ``keep`` would not stand after all, and why: a person's word is kept or refused.

        They may stand against each other, or on what is set aside, or be no part of the merge.
        """
        if not keep:
            return
        decided = {each.set_aside: _THIS_MERGE for each in disputes if each.set_aside is not None}
        with self._line.excursion():
            self._line.move(ids, self._rulings.aside(ids).with_more(decided))
            for tx in dict.fromkeys(keep):
                why = self._why_not(tx, disputes, keep)
                if why:
                    yield f"{tx.hex()} cannot be kept: {why}"

    def _why_not(self, tx: bytes, disputes: Sequence[Dispute], keep: Sequence[bytes]) -> str:
        """Why ``tx`` has no effect on the line as it is; empty where it has."""
        step = self._line.first_of(tx)
        if step is None:
            return "it is no part of what is merged"
        if step.outcome.standing is Standing.EFFECTIVE:
            return ""
        for dispute in disputes:
            rival = dispute.earlier if dispute.later == tx else dispute.later
            if dispute.set_aside == tx and rival in keep:
                return f"{rival.hex()} is kept, and only one of the two can be"
        return step.outcome.detail or str(step.outcome.standing)

    def _decide(self, pair: tuple[Step, Step], found: Sequence[Dispute], choose: Choose) -> Dispute:
        earlier, later = pair
        kept = [step for step in pair if self._was_kept(step, found)]
        winner = kept[0] if len(kept) == 1 else choose(earlier, later)
        loser = None if winner is None else (later if winner is earlier else earlier)
        mutual = later.outcome.standing is Standing.EFFECTIVE
        return Dispute(
            self._tx(earlier),
            self._tx(later),
            None if mutual else later.outcome.key,
            "both sides remove controllers of the other" if mutual else later.outcome.detail,
            None if loser is None else self._tx(loser),
        )

    def _was_kept(self, step: Step, found: Sequence[Dispute]) -> bool:
        tx = self._tx(step)
        return any(
            tx in (dispute.earlier, dispute.later) and dispute.set_aside not in (tx, None)
            for dispute in found
        )

    def _next(self, sides: "_Sides", found: Sequence[Dispute]) -> tuple[Step, Step] | None:
        """The first dispute, by the timestamp of the later one, that is not in ``found``."""
        known = [(dispute.earlier, dispute.later) for dispute in found]
        pairs = (*self._mutual_removals(sides), *self._collisions(sides))
        for earlier, later in pairs:
            if (self._tx(earlier), self._tx(later)) not in known:
                return earlier, later
        return None

    def _collisions(self, sides: "_Sides") -> Iterator[tuple[Step, Step]]:
        """Those that the fold sets aside because of one that their own side did not have."""
        for step in self._steps(sides.apart):
            outcome = step.outcome
            if outcome.why not in (Why.CONFLICT, Why.FAILED) or outcome.by is None:
                continue
            rival = self._line.first_of(outcome.by)
            if rival is not None and not sides.met(rival, step) and not self._is_orphan(step):
                yield rival, step

    def _is_orphan(self, step: Step) -> bool:
        """Whether it was built on something that is set aside: that one's dispute decides."""
        for entry in self._catalogue[step.number].request.base:
            if entry.key == step.outcome.key and entry.version is not None:
                ground = self._line.first_of(entry.version)
                return ground is None or ground.outcome.standing is not Standing.EFFECTIVE
        return False

    def _mutual_removals(self, sides: "_Sides") -> Iterator[tuple[Step, Step]]:
        """Two removals, each of somebody who took part in the other."""
        removals = [
            (step, removed)
            for step in self._steps(sides.apart)
            if step.outcome.standing is Standing.EFFECTIVE
            and (removed := roster_effect(self._catalogue[step.number].request.resolved).removed)
        ]
        for at, (earlier, removed) in enumerate(removals):
            for later, removed_too in removals[at + 1 :]:
                if (
                    self._takes_part(later, removed)
                    and self._takes_part(earlier, removed_too)
                    and not sides.met(earlier, later)
                ):
                    yield earlier, later

    def _takes_part(self, step: Step, controllers: tuple[bytes, ...]) -> bool:
        participants = self._catalogue[step.number].attempt.participants
        return any(who.controller in controllers for who in participants)

    def _steps(self, ids: Ids) -> Iterator[Step]:
        """The steps of ``ids``, in order."""
        for position in sorted(self._line.position(number) for number in numbers(ids)):
            yield self._line.steps[position]

    def _tx(self, step: Step) -> bytes:
        return self._catalogue[step.number].tx

    # --- decisions ------------------------------------------------------------------------------

    def _choose(self, wishes: Wishes, earlier: Step, later: Step) -> Step | None:
        wanted = [step for step in (earlier, later) if self._tx(step) in wishes.keep]
        if len(wanted) == 1:
            return wanted[0]
        if wishes.policy == HOLD or later.outcome.standing is Standing.EFFECTIVE:
            return None
        if wishes.policy.startswith(_SITE):
            site = wishes.policy.removeprefix(_SITE)
            here = [step for step in (earlier, later) if self._site(step) == site]
            if len(here) == 1:
                return here[0]
        more = wishes.released_by(later.number) > wishes.released_by(earlier.number)
        return later if more else earlier

    def _site(self, step: Step) -> object:
        author = self._catalogue[step.number].attempt.author.controller
        return self._line.workspace.read((controller.NAME, author.hex(), "site"))


class _Sides:
    """Who has met whom: two ChangeSets have, where one head has both behind it."""

    def __init__(self, catalogue: Catalogue, ids: Ids, common: Ids) -> None:
        self.apart: Ids = ids & ~common
        self._sides = [
            (catalogue.ancestors(head) or 0) | 1 << head for head in catalogue.heads(ids)
        ]

    def met(self, one: Step, other: Step) -> bool:
        """Whether some side has both, and so has decided between them already."""
        both = 1 << one.number | 1 << other.number
        return any(side & both == both for side in self._sides)


def _decided(disputes: Sequence[Dispute]) -> Iterator[Command]:
    aside = dict.fromkeys(dispute.set_aside for dispute in disputes)
    kept = dict.fromkeys(
        tx for dispute in disputes for tx in (dispute.earlier, dispute.later) if tx not in aside
    )
    yield from (_command(merge.SET_ASIDE, tx) for tx in aside if tx is not None)
    yield from (_command(merge.KEEP, tx) for tx in kept)


def _command(verb: str, tx: bytes) -> Command:
    return Command(merge.NAME, verb, {"tx": tx.hex()})


def _question(undecided: Sequence[Dispute]) -> str:
    pairs = "; ".join(
        f"{dispute.earlier.hex()} or {dispute.later.hex()}"
        f" ({'removals' if dispute.key is None else spell(dispute.key)})"
        for dispute in undecided
    )
    return f"the merge waits for a person, who says which to keep: {pairs}"
