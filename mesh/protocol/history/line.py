"""The fold, laid out as a line: one step for each ChangeSet, in the order of their timestamps.

Each step remembers what it changed, so the line can be rolled back to any place and forward again.
What arrives late is put in its place by rolling back that far; to ask what *another* set of
ChangeSets would give, the line goes there from where the two part, and comes back (an excursion).

Invariant: the line that was moved to a set of ChangeSets equals one built from nothing for it.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Self

from mesh.environment.configuration import Configuration
from mesh.environment.policy import Policy
from mesh.environment.rights import Rights
from mesh.environment.workspace import Workspace
from mesh.protocol.catalogue import Catalogue, Ids, numbers
from mesh.protocol.history.outcomes import REPEATED, TOO_LATE, Outcome, Standing
from mesh.protocol.history.recent import Recent
from mesh.protocol.history.rules import Changes, Verdict
from mesh.wire.identity import Timestamp


@dataclass(frozen=True, slots=True)
class SetAside:
    """Rule 1: what merges and the last checkpoint set aside."""

    merged: Mapping[bytes, bytes] = field(default_factory=dict)
    """By tx: the tx of the merge that sets it aside, where that merge counts."""
    late: Ids = 0
    """What lies below the last checkpoint and is not in it."""
    folded: frozenset[bytes] = frozenset()
    """The tx of what is in that checkpoint, where anything is late."""

    def with_more(self, merged: Mapping[bytes, bytes]) -> "SetAside":
        """The same, and what another merge says."""
        return replace(self, merged={**self.merged, **merged})


class Footing(NamedTuple):
    """What a state says about who takes part, how many it takes, and who may do what."""

    roster: tuple[bytes, ...]
    """Who is ACTIVE, sorted."""
    policy: Policy
    rights: Rights

    @classmethod
    def of(cls, configuration: Configuration) -> Self:
        """The footing in ``configuration``."""
        return cls(configuration.roster, configuration.policy, configuration.rights)


@dataclass(frozen=True, slots=True)
class Step:
    """One ChangeSet, folded."""

    number: int
    merged_by: bytes | None
    outcome: Outcome
    before: Changes
    after: Changes
    footing: Footing
    """After it."""
    is_stopped: bool
    """Folding ended here or before, at a ChangeSet that is not understood."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """What a ChangeSet would do, or did, at the end of the line for ``ids``."""

    ids: Ids
    aside: SetAside
    verdict: Verdict


TRIALS_KEPT_MAX: Final = 64
"""ChangeSets whose last trial is kept: those that wait at the barrier, and some more."""

Judge = Callable[[int, bytes | None], Verdict]
"""(number, tx of the merge that sets it aside) -> what it did to the workspace."""

_NO_ONE: Final = SetAside()


class Line:
    """The fold of one set of ChangeSets over ``workspace``, which it keeps in step."""

    def __init__(self, workspace: Workspace, catalogue: Catalogue, judge: Judge) -> None:
        self.workspace: Final = workspace
        self.ids: Ids = 0
        self.steps: list[Step] = []
        self._catalogue = catalogue
        self._judge = judge
        self._aside: SetAside = _NO_ONE
        self._places: list[tuple[Timestamp, bytes]] = []
        self._positions: dict[int, int] = {}
        self._firsts: dict[bytes, int] = {}
        self._beginning = Footing.of(workspace)
        self._away: list[Step] | None = None
        self._low = 0
        self._trials: Recent[bytes, _Trial] = Recent(TRIALS_KEPT_MAX)

    # --- reading --------------------------------------------------------------------------------

    @property
    def frontier(self) -> Timestamp | None:
        """The greatest timestamp on the line and in the ground below it."""
        through = self._catalogue.ground.through
        if not self._places:
            return through
        last = self._places[-1][0]
        return last if through is None else max(last, through)

    def footing(self, length: int) -> Footing:
        """Roster, policy and rights after the first ``length`` steps."""
        return self._beginning if length == 0 else self.steps[length - 1].footing

    @property
    def is_stopped(self) -> bool:
        """Whether something on the line is not understood."""
        return bool(self.steps) and self.steps[-1].is_stopped

    def first_of(self, tx: bytes) -> Step | None:
        """The step where ``tx`` is judged: its lowest on the line."""
        number = self._firsts.get(tx)
        return None if number is None else self.steps[self._positions[number]]

    def step(self, number: int) -> Step:
        """The step of a ChangeSet that is on the line."""
        return self.steps[self._positions[number]]

    def position(self, number: int) -> int:
        """The place of a ChangeSet that is on the line."""
        return self._positions[number]

    def from_time(self, timestamp: Timestamp) -> Ids:
        """Those on the line that are not earlier than ``timestamp``."""
        ids = 0
        for step in self.steps[bisect_left(self._places, (timestamp, b"")) :]:
            ids |= 1 << step.number
        return ids

    def shared(self, ids: Ids, aside: SetAside) -> int:
        """How many steps from the beginning the line has in common with the one for ``ids``."""
        length = len(self.steps)
        for number in numbers(self.ids & ~ids):
            length = min(length, self._positions[number])
        for number in numbers(ids & ~self.ids):
            length = min(length, bisect_left(self._places, self._catalogue[number].place))
        if aside is not self._aside:
            new, old = aside.merged, self._aside.merged
            for tx in (*new, *old):
                if new.get(tx) != old.get(tx) and tx in self._firsts:
                    length = min(length, self._positions[self._firsts[tx]])
            for number in numbers((aside.late ^ self._aside.late) & ids & self.ids):
                length = min(length, self._positions[number])
        return length

    # --- judging --------------------------------------------------------------------------------

    def trial(self, attempt: bytes, judge: Callable[[], Verdict]) -> Verdict:
        """What ``judge`` says of ``attempt`` at the end of this line, with nothing changed.

        A ChangeSet is asked about when it is submitted, when it is voted on and when it is
        released, and mostly at one and the same state: then it is judged once.
        """
        known = self._known(attempt)
        if known is not None:
            return known
        verdict = judge()
        _ = self.workspace.assign(verdict.before)
        return self._trials.put(attempt, _Trial(self.ids, self._aside, verdict)).verdict

    def _judged(self, number: int, merged_by: bytes | None) -> Verdict:
        """The verdict on ``number``, whose changes are in the workspace afterwards."""
        known = self._known(self._catalogue[number].id) if merged_by is None else None
        if known is None:
            return self._judge(number, merged_by)
        _ = self.workspace.assign(known.after)
        return known

    def _known(self, attempt: bytes) -> Verdict | None:
        """The last verdict on ``attempt``, if it was found at the state that is here now."""
        last = self._trials.get(attempt)
        if last is None or last.ids != self.ids or last.aside is not self._aside:
            return None
        return last.verdict

    # --- moving ---------------------------------------------------------------------------------

    def move(self, ids: Ids, aside: SetAside) -> None:
        """Become the line for ``ids``, where the merges that count set ``aside`` aside."""
        shared = self.shared(ids, aside)
        tail = [step.number for step in self.steps[shared:] if ids >> step.number & 1]
        tail += numbers(ids & ~self.ids)
        tail.sort(key=lambda number: self._catalogue[number].place)
        self._roll_back(shared)
        self._aside = aside
        for number in tail:
            self._append(self._step(number))

    @contextmanager
    def excursion(self) -> Iterator[None]:
        """Move at will inside; at the end the line is as it was."""
        assert self._away is None, "one excursion at a time"
        aside = self._aside
        self._away, self._low = [], len(self.steps)
        try:
            yield
        finally:
            away, low = self._away, self._low
            self._away = None
            self._roll_back(low)
            self._aside = aside
            for step in reversed(away):
                _ = self.workspace.assign(step.after)
                self._append(step)

    def _step(self, number: int) -> Step:
        tx = self._catalogue[number].tx
        merged_by = self._aside.merged.get(tx)
        if self.is_stopped:
            verdict = Verdict(Outcome(Standing.UNFOLDED, detail="needs an upgrade"))
        elif tx in self._firsts or self._is_folded(number):
            verdict = Verdict(REPEATED)
        elif self._aside.late >> number & 1:
            verdict = Verdict(TOO_LATE)
        else:
            verdict = self._judged(number, merged_by)
        return Step(
            number,
            merged_by,
            verdict.outcome,
            verdict.before,
            verdict.after,
            Footing.of(self.workspace),
            verdict.outcome.standing is Standing.UNFOLDED,
        )

    def _is_folded(self, number: int) -> bool:
        """Whether another attempt of its request is in a checkpoint, and counts for both."""
        tx = self._catalogue[number].tx
        if self._aside.late >> number & 1 and tx in self._aside.folded:
            return True
        return tx in self._catalogue.ground.folded

    def _append(self, step: Step) -> None:
        change_set = self._catalogue[step.number]
        self._positions[step.number] = len(self.steps)
        if not self._is_folded(step.number):
            _ = self._firsts.setdefault(change_set.tx, step.number)
        self.steps.append(step)
        self._places.append(change_set.place)
        self.ids |= 1 << step.number

    def _roll_back(self, length: int) -> None:
        while len(self.steps) > length:
            step = self.steps.pop()
            if self._away is not None and len(self.steps) < self._low:
                self._away.append(step)
                self._low = len(self.steps)
            _ = self.workspace.assign(step.before)
            _ = self._places.pop()
            del self._positions[step.number]
            self.ids ^= 1 << step.number
            tx = self._catalogue[step.number].tx
            if self._firsts.get(tx) == step.number:
                del self._firsts[tx]
