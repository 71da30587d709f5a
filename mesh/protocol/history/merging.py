"""What two sides of a partition did that does not go together, and how a merge decides it.

A *dispute* is a pair of ChangeSets that no side had both of, of which the later cannot take effect
because of the earlier. One is kept and the other set aside, whole; then the fold is asked again,
since what is set aside may have been in the way of, or the ground under, something else.

A merge that people stand behind says what they want. One that only a controller signed says what
the policy leaves open, and nothing beside it: so all who read it decide the same disputes once
more, in its order, and it counts only where it says just that. Whom one side put out, or took a
right from, no controller lets in again: what takes something away stands, or a person decides.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mesh.environment.entries import spell
from mesh.environment.kinds import controller, merge
from mesh.environment.takings import are_taken, takings
from mesh.protocol.catalogue import Catalogue, Ids, numbers
from mesh.protocol.history.disputes import Dispute, Sides, removed_by
from mesh.protocol.history.line import Line, Step
from mesh.protocol.history.outcomes import Standing, Why
from mesh.protocol.history.rulings import Rulings
from mesh.wire.limits import COMMANDS_MAX
from mesh.wire.requests import Command, Key

HOLD: Final = "hold"
PART: Final = 16
"""ChangeSets that are folded at once when a merge is planned or judged: what lies behind them need
not be folded again when one of them falls."""
_SITE: Final = "site:"
_LOST: Final = (Why.MERGED, Why.CONFLICT, Why.FAILED)
_THIS_MERGE: Final = bytes(32)
"""Stands for the tx of the merge that is being planned."""


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
    """What an author wants beside the policy."""

    released_by: Callable[[int], int]
    """By number: how many controllers released it."""
    keep: tuple[bytes, ...] = ()
    """What a person wants to stand."""
    admit: tuple[bytes, ...] = ()
    """What a person lets in although only controllers released it that are removed by now."""


@dataclass(frozen=True, slots=True)
class _Settlement:
    """Every dispute, as one merge would decide it."""

    disputes: tuple[Dispute, ...]
    fallen: tuple[bytes, ...]
    """What took something away on its own side, and would not any more."""

    @property
    def undecided(self) -> tuple[Dispute, ...]:
        """Those that nobody has decided."""
        return tuple(dispute for dispute in self.disputes if dispute.set_aside is None)


Options = tuple[Step, ...]
"""Which of two may stand without a person's word, the earlier one first; none: a person decides."""

Choose = Callable[[Step, Step, Options], Step | None]
"""(earlier, later, who of them may stand) -> the one to keep; None: undecided."""


class Merging:
    """Plans merges over a line."""

    def __init__(self, line: Line, rulings: Rulings, catalogue: Catalogue) -> None:
        self._line = line
        self._rulings = rulings
        self._catalogue = catalogue

    def report(self, ids: Ids) -> tuple[Dispute, ...]:
        """The disputes in ``ids`` where always the earlier one stands: the same for everybody."""
        beneath = self._rulings.beneath
        return self._settle(ids, lambda earlier, _later, _options: earlier, beneath).disputes

    def plan(self, ids: Ids, wishes: Wishes) -> MergePlan:
        """The merge over ``ids`` that ``wishes`` call for."""

        def choose(earlier: Step, later: Step, options: Options) -> Step | None:
            return self._choose(wishes, earlier, later, options)

        settled = self._settle(ids, choose, self._rulings.beneath)
        why = _question(settled)
        if not why:
            why = "; ".join(self._unkept(ids, settled.disputes, wishes.keep))
        if not why and not wishes.keep:
            why = _warning(settled)
        if why:
            return MergePlan((), settled.disputes, held=True, why=why)
        commands = (
            *_decided(settled.disputes),
            *(_command(merge.ADMIT, tx) for tx in wishes.admit),
        )
        return MergePlan(commands[:COMMANDS_MAX], settled.disputes, held=False, why="")

    def overreach(self, said: Sequence[Command], ids: Ids, beneath: Ids) -> str | None:
        """Why a merge over ``ids`` that says ``said`` takes a person; None where it does not.

        ``beneath`` is what lies behind everything, beside ``ids``. Judged over these alone, so all
        who hold them judge alike.
        """
        told = tuple(said)
        left = [str(each.parameters["tx"]) for each in told if each.verb == merge.SET_ASIDE]
        left.reverse()

        def as_it_says(earlier: Step, later: Step, options: Options) -> Step | None:
            losers = [step for step in (earlier, later) if left[-1:] == [self._tx(step).hex()]]
            if not losers:
                return earlier if len(told) == COMMANDS_MAX else None
            _ = left.pop()
            winner = later if losers[0] is earlier else earlier
            return winner if winner in options else None

        settled = self._settle(ids, as_it_says, beneath)
        if settled.undecided:
            return "it decides what takes a person, or leaves a dispute undecided"
        if told != tuple(_decided(settled.disputes))[:COMMANDS_MAX]:
            return "it decides about more than is in dispute"
        return _warning(settled) or None

    # --- disputes -------------------------------------------------------------------------------

    def _settle(self, ids: Ids, choose: Choose, beneath: Ids) -> _Settlement:
        found: list[Dispute] = []
        whole = ids | beneath
        aside = self._rulings.aside(whole)
        with self._line.excursion():
            self._line.move(whole, aside)
            policy = str(self._line.workspace.get("environment", "merge"))
            sides = Sides(self._catalogue, ids, self._rulings.common(ids), beneath)
            for part in self._parts(whole, sides):
                self._line.move(part, aside.with_more(_gone(found)))
                while self._decide_some(policy, sides, choose, found):
                    self._line.move(part, aside.with_more(_gone(found)))
            return _Settlement(tuple(found), tuple(self._fallen(sides, beneath)))

    def _parts(self, whole: Ids, sides: Sides) -> Iterator[Ids]:
        """What is folded before disputes are looked for: ever more from the beginning, then all.

        What comes later changes nothing about who stands in whose way before it, so little is
        folded again when something falls. Removals alone are compared with later ones.
        """
        if sides.removals:
            yield whole
            return
        ordered, part = self._catalogue.ordered(whole), 0
        for at, number in enumerate(ordered, 1):
            part |= 1 << number
            if at % PART == 0 or at == len(ordered):
                yield part

    def _decide_some(self, policy: str, sides: Sides, choose: Choose, found: list[Dispute]) -> bool:
        """Decide what is not in ``found``, until one falls that stood; False: none is left.

        Who loses and had no effect anyway changes nothing, and the fold need not be asked again.
        """
        known = dict.fromkeys((dispute.earlier, dispute.later) for dispute in found)
        for earlier, later in (*self._mutual_removals(sides), *self._collisions(sides)):
            if (self._tx(earlier), self._tx(later)) in known:
                continue
            options = self._options(policy, earlier, later, found)
            winner = choose(earlier, later, options)
            found.append(self._decide(earlier, later, winner))
            loser = earlier if winner is later else later
            if winner is not None and loser.outcome.standing is Standing.EFFECTIVE:
                return True
        return False

    def _fallen(self, sides: Sides, beneath: Ids) -> Iterator[bytes]:
        """What takes something away and stood wherever it was known, and does so no more."""
        steps = [step for step in self._steps(sides.apart) if self._takes(step)]
        taken = [
            key
            for step in steps
            if step.outcome.standing is Standing.EFFECTIVE
            for key in self._takes(step)
        ]
        for step in steps:
            if step.outcome.why not in _LOST or step.merged_by not in (None, _THIS_MERGE):
                continue
            if are_taken(self._takes(step), taken):
                continue
            if all(self._stands(step, side | beneath) for side in sides.with_it(step)):
                yield self._tx(step)

    def _stands(self, step: Step, side: Ids) -> bool:
        """Whether ``step`` has an effect in the fold of ``side``, where the line goes."""
        self._line.move(side, self._rulings.aside(side))
        there = self._line.first_of(self._tx(step))
        return there is not None and there.outcome.standing is Standing.EFFECTIVE

    def _takes(self, step: Step) -> tuple[Key, ...]:
        return takings(self._catalogue[step.number].request.resolved)

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

    def _decide(self, earlier: Step, later: Step, winner: Step | None) -> Dispute:
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

    def _collisions(self, sides: Sides) -> Iterator[tuple[Step, Step]]:
        """Those that the fold sets aside because of one that their own side did not have."""
        for step in self._steps(sides.apart & self._line.ids):
            outcome = step.outcome
            if outcome.why not in (Why.CONFLICT, Why.FAILED) or outcome.by is None:
                continue
            rival = self._line.first_of(outcome.by)
            if rival is None or sides.is_settled(rival):
                continue  # it lies below a checkpoint, and stands
            if not sides.met(rival, step) and not self._is_orphan(step):
                yield rival, step

    def _is_orphan(self, step: Step) -> bool:
        """Whether it was built on something that is set aside: that one's dispute decides."""
        for entry in self._catalogue[step.number].request.base:
            if entry.key == step.outcome.key and entry.version is not None:
                ground = self._line.first_of(entry.version)
                if ground is None:
                    return entry.version not in self._catalogue.ground.effective
                return ground.outcome.standing is not Standing.EFFECTIVE
        return False

    def _mutual_removals(self, sides: Sides) -> Iterator[tuple[Step, Step]]:
        """Two removals, each of somebody who took part in the other."""
        steps = map(self._line.step, sides.removals)
        removals = [
            (step, removed_by(self._catalogue[step.number]))
            for step in sorted(steps, key=lambda step: self._line.position(step.number))
            if step.outcome.standing is Standing.EFFECTIVE
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

    def _choose(self, wishes: Wishes, earlier: Step, later: Step, options: Options) -> Step | None:
        wanted = [step for step in (earlier, later) if self._tx(step) in wishes.keep]
        if len(wanted) == 1:
            return wanted[0]
        if len(options) < len((earlier, later)):
            return options[0] if options else None
        more = wishes.released_by(later.number) > wishes.released_by(earlier.number)
        return later if more else earlier

    def _options(
        self, policy: str, earlier: Step, later: Step, found: Sequence[Dispute]
    ) -> Options:
        """Who may stand: first by what is taken away, then by site, then who was kept before."""
        if policy == HOLD or later.outcome.standing is Standing.EFFECTIVE:
            return ()
        pairs = ((earlier, later), (later, earlier))
        options = tuple(
            step for step, rival in pairs if are_taken(self._takes(rival), self._takes(step))
        )
        if policy.startswith(_SITE):
            options = _narrowed(options, lambda each: self._site(each) == _site_of(policy))
        return _narrowed(options, lambda each: self._was_kept(each, found))

    def _site(self, step: Step) -> object:
        author = self._catalogue[step.number].attempt.author.controller
        return self._line.workspace.read((controller.NAME, author.hex(), "site"))


def _gone(found: Sequence[Dispute]) -> dict[bytes, bytes]:
    return {each.set_aside: _THIS_MERGE for each in found if each.set_aside is not None}


def _decided(disputes: Sequence[Dispute]) -> Iterator[Command]:
    aside = dict.fromkeys(dispute.set_aside for dispute in disputes)
    kept = dict.fromkeys(
        tx for dispute in disputes for tx in (dispute.earlier, dispute.later) if tx not in aside
    )
    yield from (_command(merge.SET_ASIDE, tx) for tx in aside if tx is not None)
    yield from (_command(merge.KEEP, tx) for tx in kept)


def _command(verb: str, tx: bytes) -> Command:
    return Command(merge.NAME, verb, {"tx": tx.hex()})


def _narrowed(options: Options, fits: Callable[[Step], bool]) -> Options:
    """The one of ``options`` that fits; all of them where none does, or more than one."""
    fitting = tuple(step for step in options if fits(step))
    return fitting if len(fitting) == 1 else options


def _site_of(policy: str) -> str:
    return policy.removeprefix(_SITE)


def _question(settled: _Settlement) -> str:
    pairs = "; ".join(
        f"{dispute.earlier.hex()} or {dispute.later.hex()}"
        f" ({'removals' if dispute.key is None else spell(dispute.key)})"
        for dispute in settled.undecided
    )
    return f"the merge waits for a person, who says which to keep: {pairs}" if pairs else ""


def _warning(settled: _Settlement) -> str:
    fallen = ", ".join(tx.hex() for tx in settled.fallen)
    if not fallen:
        return ""
    return f"it takes a person, for what takes something away would have no effect then: {fallen}"
