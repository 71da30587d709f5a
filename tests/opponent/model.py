"""The barrier once more, as naively as can be: every question is answered from the facts.

This is the opponent of the implementation: the model with which the design was explored, brought
up to the design. Sets are frozensets, attempts are names, incarnations are numbers (controller +
100 for each life), and nothing is remembered from one question to the next, except within one
state of knowledge. Compared with the model of the design, mended are:

- B11i holds for normal and roster ChangeSets, not for merges, and what lies in anc(C) but not in H
  is left to B2f; B11v: those that a roster change removes are not in its P; B11vi: a stricter
  policy needs all of the old roster, and the policy is part of what a roster change changes;
- open(m) is what the *current* incarnation sealed;
- No(conflict), by a fold of keys over what is lower, and No(ended); No(invalid) for a merge that
  lets in what only removed controllers released (B10);
- a Boot closes its predecessor only where it proves the last number, and a later fact reopens it;
- after a start H is what is on record as applied, also what an earlier disk had held;
- patience runs per proposal from when it was first held; a skip is on record for ever;
- an ancestor whose proposal is not known is waited for before anything else is judged, as the
  parents alone travel; what is not released goes before what has diverged (B2f);
- re-proposals follow only a No that time heals, and only when nothing is left to apply, join or
  merge; merges end after No(invalid, conflict or operator) until something new is released;
- an author proposes only what it would seal itself (B1), where a run asks for strict authors.
"""

from collections.abc import Callable
from typing import TypeVar

from tests.opponent.terms import (
    ACTIVE,
    FINAL,
    HEALED,
    PATIENCE,
    Applied,
    Boot,
    Change,
    Fact,
    Names,
    No,
    Propose,
    Seal,
    Set,
    Skip,
    View,
)

T = TypeVar("T")


class Model:
    """Everything: the facts of all, what each holds, and the rules."""

    def __init__(self, controllers: int, founders: Set, policy: str) -> None:
        """Controllers are numbered from 0; every one of them sees all others."""
        self.controllers = range(controllers)
        self.founders = founders
        self.first_policy = policy
        self.current = list(self.controllers)
        self.logs: dict[int, list[Fact]] = {life: [] for life in self.controllers}
        self.held: list[dict[int, int]] = [dict.fromkeys(self.logs, 0) for _ in self.controllers]
        self.changes: dict[str, Change] = {}
        self.history: list[set[str]] = [set() for _ in self.controllers]
        self.sees: list[set[int]] = [set(self.controllers) for _ in self.controllers]
        self.refused: list[set[int]] = [set() for _ in self.controllers]
        self.since: list[dict[str, int]] = [{} for _ in self.controllers]
        self.time = 0
        self._views: dict[int, View] = {}

    # --- facts --------------------------------------------------------------------------------

    def say(self, c: int, fact: Fact) -> None:
        """``c`` writes ``fact``."""
        life = self.current[c]
        self.logs[life].append(fact)
        _ = self.learn(c, life)

    def learn(self, c: int, life: int) -> Fact:
        """``c`` learns the next fact of ``life``."""
        upto = self.held[c].get(life, 0)
        fact = self.logs[life][upto]
        self.held[c][life] = upto + 1
        self.touch(c)
        if isinstance(fact, Propose):
            _ = self.since[c].setdefault(fact.change, self.time)
        return fact

    def touch(self, c: int) -> None:
        """Something about ``c`` has changed: forget what was concluded."""
        _ = self._views.pop(c, None)

    def view(self, c: int) -> View:
        """What ``c`` knows."""
        if c not in self._views:
            self._views[c] = self._read(self.held[c])
        return self._views[c]

    def _read(self, held: dict[int, int]) -> View:
        view = View(newest={c: c for c in self.controllers})
        proofs: list[tuple[int, int]] = []
        for life, upto in held.items():
            for fact in self.logs[life][:upto]:
                self._take(view, proofs, life, fact)
        view.closed = {life for life, last in proofs if held.get(life, 0) == last}
        return view

    def _take(self, view: View, proofs: list[tuple[int, int]], life: int, fact: Fact) -> None:
        match fact:
            case Propose(change):
                view.proposed[change] = None
            case Seal(change, members):
                view.seals.setdefault(change, {}).setdefault(life, []).append(members)
            case No(change, why):
                view.nos.setdefault(change, {})[life] = why
            case Applied(change):
                view.applied.setdefault(change, set()).add(life % 100)
            case Skip(change):
                view.skipped.add((life % 100, change))
            case Boot(previous, last):
                view.newest[life % 100] = max(view.newest[life % 100], life)
                if last is not None:
                    proofs.append((previous, last))

    def once(self, c: int, key: tuple[object, ...], compute: Callable[[], T]) -> T:
        """One answer for each state of knowledge, H and view."""
        answers = self.view(c).answers
        if key not in answers:
            answers[key] = compute()
        return answers[key]  # type: ignore[return-value]  # each key has one type

    # --- predicates ---------------------------------------------------------------------------

    def seals(self, c: int, x: str) -> dict[int, list[Set]]:
        """Who sealed which sets."""
        return self.view(c).seals.get(x, {})

    def nay(self, c: int, x: str) -> Set:
        """P-nay."""
        return self.once(c, ("nay", x), lambda: self._nay(c, x))

    def _nay(self, c: int, x: str) -> Set:
        found = set(self.view(c).nos.get(x, {})) & self.changes[x].participants
        closed = self.view(c).closed & self.changes[x].participants
        while more := {
            life
            for life in closed - found
            if all(members & found for members in self.seals(c, x).get(life, []))
        }:
            found |= more
        return frozenset(found)

    def complete(self, c: int, x: str) -> set[Set]:
        """P-complete."""
        seals = self.seals(c, x)
        quorum = self.changes[x].quorum
        return {
            members
            for said in seals.values()
            for members in said
            if len(members) >= quorum and all(members in seals.get(o, []) for o in members)
        }

    def star(self, c: int, x: str) -> Set:
        """P-star, by controller."""
        return self.once(
            c, ("star", x), lambda: frozenset(o % 100 for s in self.complete(c, x) for o in s)
        )

    def released(self, c: int) -> Names:
        """P-released."""
        return self.once(
            c,
            ("released",),
            lambda: frozenset(x for x in self.view(c).proposed if self.star(c, x)),
        )

    def whole(self, c: int) -> Names:
        """Released with all ancestors."""
        released = self.released(c)
        return frozenset(x for x in released if self.changes[x].anc <= released)

    def dead(self, c: int, x: str) -> bool:
        """P-dead."""
        change, closed = self.changes[x], self.view(c).closed
        if len(change.participants - self.nay(c, x) - closed) >= change.quorum:
            return False
        seals = self.seals(c, x)
        return not any(
            len(s) >= change.quorum
            and not s & self.nay(c, x)
            and all(j not in closed or s in seals.get(j, []) for j in s)
            for o in closed & change.participants
            for s in seals.get(o, [])
        )

    def lives(self, c: int, x: str) -> Set:
        """The incarnations of ``c`` in P."""
        return frozenset(o for o in self.changes[x].participants if o % 100 == c)

    def mine(self, c: int, x: str) -> bool:
        """P-mine."""
        if not self.star(c, x):
            return False
        sealed = {o for o in self.lives(c, x) if o in self.seals(c, x)}
        return c in self.star(c, x) or bool(sealed - self.nay(c, x))

    def bound(self, c: int, x: str) -> Set:
        """P-bound."""
        return self.once(c, ("bound", x), lambda: self._bound(c, x))

    def _bound(self, c: int, x: str) -> Set:
        above = (y for y in self.released(c) if y == x or x in self.changes[y].anc)
        stars = frozenset(o for y in above for o in self.star(c, y))
        return stars | frozenset(self.view(c).applied.get(x, ()))

    def open(self, c: int) -> Names:
        """P-open."""
        me = self.current[c]
        view = self.view(c)
        return frozenset(
            x
            for x in view.proposed
            if me in self.seals(c, x) and me not in view.nos.get(x, {}) and not self.star(c, x)
        )

    def base(self, c: int) -> Names:
        """P-base."""
        below = (self.changes[x].anc for x in self.open(c))
        return frozenset(self.history[c]).union(*below)

    def severed(self, c: int) -> Names:
        """Neither in H nor mine, and somebody in base has no controller in common with it."""
        return self.once(c, ("severed",), lambda: self._severed(c))

    def _severed(self, c: int) -> Names:
        base = self.base(c) & self.released(c)
        return frozenset(
            z
            for z in self.released(c) - self.history[c]
            if not self.mine(c, z)
            and any(not self.bound(c, d) & self.bound(c, z) for d in base - {z})
        )

    def joinable(self, c: int, x: str) -> bool:
        """P-joinable."""
        below = self.changes[x].anc | {x}
        return below <= self.released(c) and not below & self.severed(c)

    def remembered(self, c: int) -> set[str]:
        """H after a start: what any life of ``c`` said that it applied, closed under ancestors."""
        view = self.view(c)
        said = {x for x in self.whole(c) if c in view.applied.get(x, ())}
        return {x for x in said if self.changes[x].anc <= said}

    def alive(self, c: int, x: str) -> Set:
        """V and P, current incarnations only."""
        newest = self.view(c).newest
        return frozenset(
            o
            for o in self.changes[x].participants
            if o % 100 in self.sees[c] | {c} and newest[o % 100] == o
        )

    # --- the state that a set of changes folds to -------------------------------------------------

    def ordered(self, names: Names | set[str]) -> list[str]:
        """By timestamp."""
        return sorted(names, key=lambda x: self.changes[x].ts)

    def roster(self, names: Names | set[str]) -> Set:
        """Who is in the roster."""
        members = set(self.founders)
        for x in self.ordered(names):
            change = self.changes[x]
            members |= set() if change.add is None else {change.add}
            members -= set() if change.remove is None else {change.remove}
        return frozenset(members)

    def policy(self, names: Names | set[str]) -> str:
        """Which policy holds."""
        policy = self.first_policy
        for x in self.ordered(names):
            policy = self.changes[x].policy or policy
        return policy

    def versions(self, names: Names | set[str], before: tuple[int, int, int]) -> dict[str, int]:
        """Which tx last wrote each key."""
        versions: dict[str, int] = {}
        seen: set[int] = set()
        for x in self.ordered(names):
            change = self.changes[x]
            if change.ts >= before or change.tx in seen:
                continue
            seen.add(change.tx)
            if change.key is not None and versions.get(change.key) == change.version:
                versions[change.key] = change.tx
        return versions

    def quorum(self, roster: Set, policy: str) -> int:
        """How many must take part."""
        return 1 if policy == ACTIVE else len(roster) // 2 + 1

    # --- rules --------------------------------------------------------------------------------

    def stolen(self, c: int) -> Names:
        """B10: foreign, released by none but removed ones, and let in by no approved merge."""
        history = self.history[c]
        removed = {self.changes[x].remove for x in history} - self.roster(history)
        merges = (x for x in self.released(c) if self.changes[x].approved)
        let_in = frozenset(y for x in merges for y in self.changes[x].anc)
        return frozenset(
            x
            for x in self.released(c) - history - let_in
            if not self.mine(c, x) and self.star(c, x) <= removed
        )

    def kept_out(self, c: int, x: str) -> bool:
        """B10."""
        return bool((self.changes[x].anc | {x}) & self.stolen(c))

    def roster_verdict(self, c: int, change: Change, x: str | None) -> str | None:
        """B11."""
        if change.kind == "merge":
            return None
        history = self.history[c]
        if any(self.changes[y].kind == "roster" for y in history - change.anc):
            return "roster"
        unapplied = self.released(c) - history - change.anc
        underway = (self.open(c) | {y for y in unapplied if self.mine(c, y)}) - {x}
        if any(self.changes[y].kind == "roster" for y in underway):
            return "busy"
        if change.kind == "roster" and (underway or not history <= change.anc):
            return "busy"
        return None

    def place(self, c: int, change: Change, x: str | None) -> str | None:
        """B2c to B2f."""
        verdict = self.roster_verdict(c, change, x)
        if verdict is not None:
            return verdict
        if any(change.ts <= self.changes[y].ts for y in self.history[c]):
            return "behind"
        author = change.author % 100
        if any(author not in self.bound(c, y) for y in self.base(c) - change.anc):
            return "behind"
        return self._lacking(c, change)

    def _lacking(self, c: int, change: Change) -> str | None:
        lacking = change.anc - self.history[c]
        if not lacking <= self.released(c):
            return "wait"
        if change.kind == "merge":
            return None
        strange = [y for y in lacking if not self.mine(c, y)]
        if any(not self.joinable(c, y) or self.kept_out(c, y) for y in strange):
            return "diverged"
        return "wait" if strange else None

    def content(self, c: int, change: Change, x: str | None) -> str | None:
        """B2g."""
        if change.kind == "merge" and not change.approved and change.anc & self.stolen(c):
            return "invalid"
        if change.tx in self.refused[c]:
            return "operator"
        if self.view(c).newest[change.author % 100] > change.author:
            return "ended"
        over = (self.base(c) | self.open(c) | change.anc) - {x}
        if change.key is not None:
            versions = self.versions(over & self.view(c).proposed.keys(), change.ts)
            if versions.get(change.key) != change.version:
                return "conflict"
        return None

    def first_answer(self, c: int, x: str) -> Seal | No | None:
        """B2."""
        change = self.changes[x]
        if self.nay(c, x):
            return No(x, "nay")
        if any(y != x and self.changes[y].tx == change.tx for y in self.released(c)):
            return No(x, "done")
        known = change.anc <= self.view(c).proposed.keys()
        why = self.place(c, change, x) if known else "wait"
        why = why or self.content(c, change, x)
        if why is not None and why != "wait":
            return No(x, why)
        alive = self.alive(c, x)
        if why == "wait" or self.current[c] not in alive or len(alive) < change.quorum:
            return No(x, "patience") if self.time >= self.since[c][x] + PATIENCE else None
        return Seal(x, alive)

    def after_seal(self, c: int, x: str) -> Seal | No | None:
        """B3."""
        me, nay, seals = self.current[c], self.nay(c, x), self.seals(c, x)
        quorum = self.changes[x].quorum
        if all(s & nay for s in seals[me]):
            return No(x, "withdraw")
        fitting = [
            s
            for said in seals.values()
            for s in said
            if me in s
            and s not in seals[me]
            and len(s) >= max(2, quorum)
            and not s & nay
            and all(o == me or s in seals.get(o, []) for o in s)
        ]
        if fitting:
            seats = sorted(self.changes[x].participants, key=lambda o: (o % 100, o))
            return Seal(
                x, min(fitting, key=lambda s: (-len(s), sum(1 << seats.index(o) for o in s)))
            )
        next_set = self.alive(c, x) - nay
        if me in next_set and len(next_set) >= quorum and next_set not in seals[me]:
            return Seal(x, next_set)
        return None

    def vote(self, c: int, x: str) -> Seal | No | None:
        """What ``c`` says about ``x`` now."""
        me = self.current[c]
        silent = me in self.changes[x].participants and me not in self.view(c).nos.get(x, {})
        if not silent or self.star(c, x):
            return None
        return self.after_seal(c, x) if me in self.seals(c, x) else self.first_answer(c, x)

    def settled(self, c: int, y: str) -> str:
        """B6."""
        if y in self.history[c] or (c, y) in self.view(c).skipped:
            return "yes"
        if self.star(c, y):
            return "no" if self.mine(c, y) else "yes"
        if self.lives(c, y) <= self.nay(c, y) or self.dead(c, y):
            return "yes"
        short = len(self.alive(c, y) - self.nay(c, y)) < self.changes[y].quorum
        return "short" if short else "no"

    def next_to_apply(self, c: int) -> tuple[str, Names] | None:
        """B6 and B9."""
        for x in self.ordered(self.whole(c) - self.history[c]):
            change = self.changes[x]
            if not self.mine(c, x) and (not self.joinable(c, x) or self.kept_out(c, x)):
                continue
            lower = [
                y
                for y in self.view(c).proposed
                if self.changes[y].ts < change.ts and y not in change.anc
            ]
            states = {y: self.settled(c, y) for y in lower}
            if "no" not in states.values():
                return x, frozenset(y for y, state in states.items() if state == "short")
        return None

    def left_over(self, c: int) -> Names:
        """Released, not applied, and not kept out."""
        open_end = self.released(c) - self.history[c]
        return frozenset(x for x in open_end if not self.kept_out(c, x))

    def mergeable(self, c: int) -> Names:
        """What a merge covers."""
        return frozenset(
            x for x in self.whole(c) if x in self.history[c] or not self.kept_out(c, x)
        )

    def merge_wanted(self, c: int) -> Names | None:
        """B10."""
        strange = (
            x
            for x in self.whole(c) - self.history[c]
            if not self.mine(c, x) and not self.joinable(c, x) and not self.kept_out(c, x)
        )
        if c not in self.roster(self.history[c]) or not any(strange):
            return None
        over = self.mergeable(c)
        for y in self.view(c).proposed:
            change = self.changes[y]
            if change.kind != "merge" or self.star(c, y):
                continue
            known = change.anc <= self.view(c).proposed.keys()
            if known and over <= change.anc | {y} and not self.nay(c, y):
                return None
            nos = self.view(c).nos.get(y, {}).values()
            if known and over <= change.anc and any(why in FINAL for why in nos):
                return None
        return over

    def may_repropose(self, c: int, x: str) -> bool:
        """B8."""
        change = self.changes[x]
        nos = self.view(c).nos.get(x, {}).values()
        same = [y for y in self.view(c).proposed if self.changes[y].tx == change.tx]
        return (
            change.author == self.current[c]
            and change.kind in ("normal", "roster")
            and change.author in self.nay(c, x)
            and all(why in HEALED for why in nos)
            and not any(self.star(c, y) or self.changes[y].ts > change.ts for y in same)
            and not self.left_over(c)
        )
