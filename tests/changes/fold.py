"""The fold, said a second time: what a set of ChangeSets adds up to, by the rules and nothing else.

ChangeSets in the order of their timestamps, each of them whole or not at all: rule 0, who signed
it; rule 1, the merge that counts for it, or the checkpoint that was taken without it; rule 2, its
base; rule 3, its commands and the whole.
States that two sets have in common are computed once, which is all that is clever here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from mesh.environment.founding import Founding
from mesh.environment.kinds.environment import FOUNDING_SETTINGS
from mesh.protocol.catalogue import ChangeSet
from mesh.wire.identity import Incarnation, Timestamp
from mesh.wire.requests import Key, Kind, Value
from tests.changes.interpreter import (
    NOTHING,
    Cell,
    Refused,
    State,
    demand_whole,
    filled,
    needed,
    run,
    taken,
)
from tests.mesh.protocol.history.consenting import Said, has_every_right, people, refused

Ids = frozenset[bytes]
"""A set of attempts."""

EFFECTIVE = "effective"
_REPEATED = "repeated"
_MERGED = "merged"
_LATE = "checkpoint"
_TOO_LATE = "failed"
"""A merge that decides about what has been summed up."""


class Ground(NamedTuple):
    """What a controller stands on: others may have given it that, without the checkpoint itself."""

    through: Timestamp
    attempts: Ids
    """What is summed up in it."""


@dataclass
class Fold:
    """What the ChangeSets up to one of them add up to."""

    state: State
    outcomes: dict[bytes, str]
    """By attempt: effective, repeated, refused, merged, checkpoint, conflict or failed."""
    txs: dict[bytes, "Fold"]
    """By tx: the fold in which it was judged."""
    before: "Fold | None" = None
    next: dict[tuple[bytes, str], "Fold"] = field(default_factory=dict)

    @property
    def roster(self) -> tuple[bytes, ...]:
        """The controllers that are active, sorted."""
        return tuple(
            sorted(
                bytes.fromhex(key[1])
                for key, cell in self.state.items()
                if key[0] == "controller" and key[2:] == ("state",) and cell.value == "active"
            )
        )


class Oracle:
    """The folds of one environment, over all that it was told of."""

    def __init__(self, founding: Founding) -> None:
        self._change_sets: dict[bytes, ChangeSet] = {}
        self._ancestors: dict[bytes, Ids] = {}
        self._known: dict[tuple[Ids, Ground | None], Fold] = {}
        self._rulings: dict[Ids, dict[bytes, bytes]] = {}
        founder, first = ("controller", founding.founder.hex()), ("operator", "founder")
        values: dict[Key, Value] = {
            ("environment", "barrier"): founding.policy.value,
            founder: "the founder",
            (*founder, "state"): "active",
            (*founder, "name"): founding.founder_name,
            first: "the first operator",
            (*first, "key"): founding.operator.hex(),
            (*first, "rights", "admin:/"): True,
            **{("environment", name): value for name, value in FOUNDING_SETTINGS},
        }
        state = {key: Cell(present=True, value=each, version=None) for key, each in values.items()}
        self._founded = Fold(state, {}, {})

    def hear(self, change_set: ChangeSet) -> None:
        """Take note of one; what it was made on top of is known already."""
        if change_set.id not in self._change_sets:
            self._change_sets[change_set.id] = change_set
            parents = change_set.attempt.parents
            below = (self._ancestors[parent] for parent in parents)
            self._ancestors[change_set.id] = frozenset(parents).union(*below)

    def change_set(self, attempt: bytes) -> ChangeSet:
        """The ChangeSet that the attempt carries."""
        return self._change_sets[attempt]

    def fold(self, ids: Iterable[bytes], ground: Ground | None = None) -> Fold:
        """What ``ids``, closed under ancestors, add up to for who stands on ``ground``."""
        chosen = frozenset(ids)
        if (chosen, ground) not in self._known:
            marks = self._marks(chosen, ground)
            fold = self._founded
            for attempt in sorted(chosen, key=lambda each: self.change_set(each).place):
                fold = self._step(fold, attempt, marks.get(attempt, ""))
            self._known[chosen, ground] = fold
        return self._known[chosen, ground]

    def _marks(self, ids: Ids, ground: Ground | None) -> dict[bytes, str]:
        """By attempt: what is decided about it before anybody looks at the state."""
        inside, late = self._shut(ids, ground)
        folded = frozenset(self.change_set(each).tx for each in inside)
        aside = self._set_aside(ids, inside, folded)
        marks = {each: _MERGED for each in ids if self.change_set(each).tx in aside}
        for each in ids - inside:
            if self._comes_after(each, folded):
                marks[each] = _TOO_LATE
        for each in late:
            marks[each] = _REPEATED if self.change_set(each).tx in folded else _LATE
        return marks

    def _step(self, fold: Fold, attempt: bytes, mark: str) -> Fold:
        known = fold.next.get((attempt, mark))
        if known is None:
            outcome, state = self._judged(fold, attempt, mark)
            known = Fold(state, {**fold.outcomes, attempt: outcome}, dict(fold.txs), fold)
            if mark != _REPEATED:
                _ = known.txs.setdefault(self.change_set(attempt).tx, known)
            fold.next[attempt, mark] = known
        return known

    def _judged(self, fold: Fold, attempt: bytes, mark: str) -> tuple[str, State]:
        change_set = self.change_set(attempt)
        if change_set.tx in fold.txs or mark == _REPEATED:
            return _REPEATED, fold.state
        if mark in (_LATE, _TOO_LATE):
            return mark, fold.state
        if change_set.kind is Kind.CHECKPOINT:
            return self._checkpoint_outcome(attempt), fold.state
        if change_set.kind is Kind.MERGE:
            return self._merge_outcome(attempt), fold.state
        if not self._has_right(change_set, fold):
            return "refused", fold.state
        if mark == _MERGED:
            return _MERGED, fold.state
        for entry in change_set.request.base:
            if fold.state.get(entry.key, NOTHING).version != entry.version:
                return "conflict", fold.state
        try:
            return EFFECTIVE, _committed(fold.state, change_set)
        except Refused:
            return "failed", fold.state

    def _has_right(self, change_set: ChangeSet, fold: Fold) -> bool:
        request = change_set.request
        said = {(command.group, command.verb) for command in request.resolved}
        may = {("controller", "activate"), ("merge", "keep"), ("merge", "set-aside")}
        may.add(("checkpoint", "take"))
        if request.signer in fold.roster and said <= may:
            return True
        signer, *approvers = _behind(change_set)
        if change_set.kind is Kind.MERGE:
            return signer in people(fold.state) and has_every_right(
                fold.state, (signer, *approvers)
            )
        return not refused(fold.state, Said(request, tuple(approvers)))

    # --- checkpoints ------------------------------------------------------------------------------

    def _checkpoint_outcome(self, attempt: bytes) -> str:
        below = self.fold(self._ancestors[attempt])
        return EFFECTIVE if self._has_right(self.change_set(attempt), below) else "refused"

    def _shut(self, ids: Ids, ground: Ground | None) -> tuple[Ids, Ids]:
        """What the last checkpoint sums up, and what in ``ids`` lies below it and is not in it."""
        checkpoints = [each for each in ids if self.change_set(each).kind is Kind.CHECKPOINT]
        taken = [self._taken(each) for each in checkpoints]
        grounds = [each for each in (ground, *taken) if each is not None]
        if not grounds:
            return frozenset(), frozenset()
        last = max(reversed(grounds), key=lambda each: each.through)
        below = {each for each in ids if self.change_set(each).timestamp <= last.through}
        inside = below & last.attempts
        return frozenset(inside), frozenset(below - inside)

    def _taken(self, checkpoint: bytes) -> Ground | None:
        """What ``checkpoint`` sums up, where it counts."""
        if self._checkpoint_outcome(checkpoint) != EFFECTIVE:
            return None
        through, below = _through(self.change_set(checkpoint)), self._ancestors[checkpoint]
        inside = [each for each in below if self.change_set(each).timestamp <= through]
        return Ground(through, frozenset(inside))

    def _comes_after(self, attempt: bytes, folded: Ids) -> bool:
        """Whether it is a merge that decides about one of ``folded``, the tx that are summed up."""
        is_merge = self.change_set(attempt).kind is Kind.MERGE
        return is_merge and any(tx in folded for tx, _ in self._said(attempt))

    # --- merges -----------------------------------------------------------------------------------

    def _merge_outcome(self, attempt: bytes) -> str:
        """A merge decides about what its sides did not share, and about nothing else."""
        below = self._ancestors[attempt]
        if not self._has_right(self.change_set(attempt), self.fold(below)):
            return "refused"
        named = [tx for tx, _ in self._said(attempt)]
        shared = set(below)
        for head in below:
            if not any(head in self._ancestors[each] for each in below):
                shared &= {*self._ancestors[head], head}
        settled = {self.change_set(each).tx for each in shared}
        normal = (each for each in below if self.change_set(each).kind is not Kind.MERGE)
        undecided = {self.change_set(each).tx for each in normal} - settled
        fits = len(set(named)) == len(named) and undecided.issuperset(named)
        return EFFECTIVE if fits else "failed"

    def _said(self, merge: bytes) -> list[tuple[bytes, str]]:
        commands = self.change_set(merge).request.resolved
        return [(bytes.fromhex(str(each.parameters["tx"])), each.verb) for each in commands]

    def _set_aside(self, ids: Ids, inside: Ids, folded: Ids) -> dict[bytes, bytes]:
        """By tx: the merge that counts for it and sets it aside.

        That merge counts which no other one that names the same has seen; of several one of people,
        and then the first.
        """
        merges = frozenset(
            each
            for each in ids
            if self.change_set(each).kind is Kind.MERGE
            and (each in inside or not self._comes_after(each, folded))
        )
        if merges not in self._rulings:
            self._rulings[merges] = self._ruled(merges)
        return self._rulings[merges]

    def _ruled(self, merges: Ids) -> dict[bytes, bytes]:
        naming: dict[bytes, dict[bytes, str]] = {}
        for merge in merges:
            if self._merge_outcome(merge) == EFFECTIVE:
                for tx, verb in self._said(merge):
                    naming.setdefault(tx, {})[merge] = verb
        aside: dict[bytes, bytes] = {}
        for tx, verbs in naming.items():
            seen = {below for merge in verbs for below in self._ancestors[merge]}
            last = [merge for merge in verbs if merge not in seen]
            counting = min(last, key=self._precedence)
            if verbs[counting] == "set-aside":
                aside[tx] = counting
        return aside

    def _precedence(self, merge: bytes) -> tuple[bool, object]:
        below = self.fold(self._ancestors[merge])
        is_of_people = has_every_right(below.state, _behind(self.change_set(merge)))
        return not is_of_people, self.change_set(merge).place


def _through(checkpoint: ChangeSet) -> Timestamp:
    """How far a checkpoint says that it goes."""
    (command,) = checkpoint.request.resolved
    said = {name: str(value) for name, value in command.parameters.items()}
    author = Incarnation(
        bytes.fromhex(said["controller"]), int(said["boot"]), bytes.fromhex(said["nonce"])
    )
    return Timestamp(int(said["lamport"]), author)


def _behind(change_set: ChangeSet) -> tuple[bytes, ...]:
    """Its signer, and who has approved it; nobody forges in these runs."""
    approvals = change_set.attempt.approvals
    return (change_set.request.signer, *(each.operator for each in approvals))


def _committed(state: State, change_set: ChangeSet) -> State:
    """All commands of ``change_set`` done to ``state``. Raises Refused."""
    request = change_set.request
    named = {entry.key for entry in (*request.base, *request.overridden)}
    attempt = dict(state)
    keys = [key for command in request.written for key in taken(command)]
    for key in (*keys, *(key for command in request.resolved for key in needed(command))):
        if key not in named:
            raise Refused(f"its base does not name {key}")
    for written, resolved in zip(request.written, request.resolved, strict=False):
        said = filled(state, written) if request.base else resolved
        if said.parameters.get("value") != resolved.parameters.get("value"):
            raise Refused("it is filled in with something else")
    for command in request.resolved:
        run(attempt, command, change_set.tx)
    demand_whole(attempt)
    return attempt
