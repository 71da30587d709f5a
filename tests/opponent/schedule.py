"""Random schedules: who does what when, with crashes, lost disks, one-way links, roster changes."""

from collections import Counter
from dataclasses import dataclass
from random import Random

from mesh.wire.requests import Kind
from tests.opponent import terms
from tests.opponent.duel import Broken, Duel
from tests.opponent.terms import ACTIVE, MAJORITY, PATIENCE, Change, Names

QUIET_STEPS = 4_000


@dataclass(frozen=True)
class Flavour:
    """What may happen in a run."""

    quiet: bool = False
    """Nobody is suspected, refuses, crashes or conflicts: then nobody may say No."""
    roster: bool = False


class Schedule:
    """One run."""

    def __init__(self, seed: int, flavour: Flavour) -> None:
        """The same seed and flavour give the same run."""
        self.random = Random(seed)
        self.flavour = flavour
        controllers = 5 if flavour.roster else self.random.choice([2, 3, 3, 4, 5])
        founders = frozenset(range(3 if flavour.roster else controllers))
        policy = self.random.choice([ACTIVE, ACTIVE, MAJORITY])
        self.duel = Duel(controllers, founders, policy)
        self.model = self.duel.model
        self.strict = flavour.quiet or self.random.random() < 0.5
        budgets = [3, 5, 7] if flavour.roster else [1, 2, 3, 4]
        self.budget = self.random.choice(budgets)
        self.merges = 4
        self.stormy = not flavour.quiet and self.random.random() < 0.4
        self.up = [True] * controllers
        self.links = [[True] * controllers for _ in range(controllers)]
        self.attempts: Counter[int] = Counter()
        self.counts: Counter[str] = Counter()

    def run(self) -> Counter[str]:
        """Play the run to its end; what happened in it."""
        if not self.flavour.quiet:
            self.duel.checker.disturbed("conflicts, roster changes, and what the schedule does")
        if self.stormy:
            self.budget += 4
            self.cut()
        for _ in range(self.random.choice([150, 250] if self.stormy else [40, 80, 150, 250])):
            self.step()
        self.settle()
        self.check_rest()
        self.counts["released"] += len(self.model.released(0))
        return self.counts

    # --- single events ------------------------------------------------------------------------

    def step(self) -> None:
        """One event at one controller, then all questions to both."""
        luck = self.random
        c = luck.randrange(len(self.up))
        if not self.up[c]:
            if luck.random() < 0.2:
                self.restart(c)
                self.duel.compare(c)
            return
        dice = luck.random()
        if dice < 0.40:
            _ = self.deliver(c)
        elif dice < 0.72:
            known = sorted(self.model.view(c).proposed)
            _ = known and self.vote(c, luck.choice(known))
        elif dice < 0.85:
            _ = self.duel.apply(c)
        elif dice < 0.90:
            self.propose(c)
        elif dice < 0.92:
            _ = self.merges and self.merge(c)
        elif dice < 0.94:
            _ = self.repropose(c)
        elif not self.flavour.quiet:
            self.disturb(c, dice)
        self.duel.compare(c)
        self.duel.check()

    def disturb(self, c: int, dice: float) -> None:
        """Something goes wrong."""
        luck = self.random
        if self.stormy and luck.random() < 0.6:
            self.cut()
        elif dice < 0.96:
            other = luck.randrange(len(self.up))
            self.model.sees[c] ^= {other} - {c}
            self.duel.look(c)
        elif dice < 0.97:
            known = sorted(self.model.view(c).proposed)
            if known:
                self.duel.refuse(c, luck.choice(known))
        elif dice < 0.985:
            self.cut()
        elif dice < 0.99:
            self.duel.pass_time(luck.choice([PATIENCE // 3, PATIENCE + 1]))
        elif luck.random() < 0.5:
            self.up[c] = False

    def cut(self) -> None:
        """Cut the links in two groups, heal them, or lose one direction of one."""
        luck, everybody = self.random, range(len(self.up))
        dice = luck.random()
        if dice < 0.5:
            side = [luck.randrange(2) for _ in everybody]
            self.links = [[side[a] == side[b] for b in everybody] for a in everybody]
            if luck.random() < 0.7:
                for a in everybody:
                    self.model.sees[a] = {b for b in everybody if side[a] == side[b]}
        elif dice < 0.75:
            self.links = [[True] * len(self.up) for _ in everybody]
            for a in everybody:
                self.model.sees[a] = set(everybody)
        else:
            self.links[luck.choice(everybody)][luck.choice(everybody)] = False
        for a in everybody:
            self.duel.look(a)

    def deliver(self, c: int) -> bool:
        """``c`` learns one fact from a neighbour that knows more."""
        held = self.model.held
        others = [x for x in self.model.controllers if x != c and self.up[x] and self.links[x][c]]
        self.random.shuffle(others)
        for x in others:
            news = sorted(o for o, upto in held[x].items() if held[c].get(o, 0) < upto)
            if news:
                self.duel.learn(c, self.random.choice(news))
                return True
        return False

    def vote(self, c: int, x: str) -> bool:
        """``c`` says about ``x`` what the rules say."""
        vote = self.model.vote(c, x)
        if vote is None:
            return False
        if isinstance(vote, terms.No):
            self.counts[f"no {vote.why}"] += 1
        self.duel.say(c, vote)
        return True

    def restart(self, c: int) -> None:
        """``c`` starts again, with its disk or without."""
        luck = self.random
        disk = luck.random() > 0.2
        self.up[c] = True
        self.duel.restart(c, disk=disk, proven=luck.random() < 0.7)
        self.counts["restart" if disk else "restart without disk"] += 1
        while not disk and self.deliver(c):
            pass

    # --- proposing ----------------------------------------------------------------------------

    def propose(self, c: int) -> None:
        """``c`` proposes something new."""
        if not self.budget:
            return
        change = self.invent(c)
        kind = Kind(change.kind)
        tx = self.duel.new_request(change, kind)
        if self.duel.propose(c, tx, kind, change, strict=self.strict):
            self.budget -= 1
            self.counts[f"proposed {kind.value}"] += 1

    def invent(self, c: int) -> Change:
        """What to propose."""
        luck, history = self.random, self.model.history[c]
        nothing = Change(self.model.current[c], (0, 0, 0), frozenset(), frozenset(), 1, "normal", 0)
        if self.flavour.roster and luck.random() < 0.4:
            return self.roster_change(c, nothing)
        if luck.random() < 0.5:
            return nothing
        name = f"key {0 if not self.flavour.quiet else self.budget}"
        old = self.flavour.quiet is False and luck.random() < 0.1
        versions = {} if old else self.model.versions(history, (10**9, 0, 0))
        return self.replaced(nothing, key=name, version=versions.get(name))

    def roster_change(self, c: int, nothing: Change) -> Change:
        """A roster or policy change."""
        luck = self.random
        roster = self.model.roster(self.model.history[c])
        if luck.random() < 0.2:
            policy = luck.choice([ACTIVE, MAJORITY])
            return self.replaced(nothing, kind="roster", policy=policy)
        other = luck.randrange(len(self.up))
        if other not in roster:
            return self.replaced(nothing, kind="roster", add=other)
        if other == c or len(roster) == 1:
            return nothing
        return self.replaced(nothing, kind="roster", remove=other)

    @staticmethod
    def replaced(change: Change, **values: object) -> Change:
        """``change`` with other values."""
        return Change(**{**change.__dict__, **values})

    def merge(self, c: int) -> bool:
        """``c`` proposes the merge that the rules call for; an operator's, here and there."""
        over: Names | None = self.model.merge_wanted(c)
        approved = self.random.random() < 0.15 and bool(self.model.stolen(c))
        if approved:
            over = self.model.whole(c)
        return over is not None and self.propose_merge(c, over, approved=approved)

    def let_in(self) -> bool:
        """An operator merges what waits for one: stolen, or after a merge that was refused."""
        model = self.model
        waiting = [c for c in model.controllers if self.up[c] and model.whole(c) - model.history[c]]
        return any(self.propose_merge(c, model.whole(c), approved=True) for c in waiting)

    def propose_merge(self, c: int, over: Names, *, approved: bool) -> bool:
        """``c`` proposes a merge of ``over``."""
        nothing = Change(self.model.current[c], (0, 0, 0), over, frozenset(), 1, "merge", 0)
        change = self.replaced(nothing, approved=approved)
        tx = self.duel.new_request(change, Kind.MERGE)
        if not self.duel.propose(c, tx, Kind.MERGE, change, strict=self.strict):
            return False
        self.merges = max(0, self.merges - 1)
        self.counts["merge"] += 1
        return True

    def repropose(self, c: int) -> bool:
        """``c`` tries again what the rules let it try again."""
        for x in sorted(self.model.view(c).proposed):
            change = self.model.changes[x]
            if self.attempts[change.tx] >= 3 or not self.model.may_repropose(c, x):
                continue
            kind = self.duel.kinds[change.tx]
            if self.duel.propose(c, change.tx, kind, change, strict=self.strict):
                self.attempts[change.tx] += 1
                self.counts["reproposed"] += 1
                return True
        return False

    # --- the end ------------------------------------------------------------------------------

    def settle(self) -> None:
        """Heal everything, and go on until nobody can move, patience being over at the last."""
        self.links = [[True] * len(self.up) for _ in self.up]
        for c in self.model.controllers:
            if not self.up[c] and self.random.random() < 0.7:
                self.restart(c)
        for c in self.model.controllers:
            self.model.sees[c] = {x for x in self.model.controllers if self.up[x]}
            self.duel.look(c)
        patient, operators = 2, 4
        for _ in range(QUIET_STEPS):
            if self.sweep() or self.author():
                continue
            if not patient and operators and self.let_in():
                operators -= 1
                continue
            if not patient:
                return
            patient -= 1
            if not self.flavour.quiet:
                self.duel.pass_time(PATIENCE + 1)
        raise AssertionError("no rest")

    def sweep(self) -> bool:
        """Everybody who is up learns, votes and applies once."""
        moved = False
        living = [c for c in self.model.controllers if self.up[c]]
        self.random.shuffle(living)
        for c in living:
            while self.deliver(c):
                moved = True
            self.duel.compare(c)
            self.duel.check()
            known = sorted(self.model.view(c).proposed)
            self.random.shuffle(known)
            if any(self.vote(c, x) for x in known) or self.duel.apply(c):
                moved = True
        return moved

    def author(self) -> bool:
        """Merges and new attempts, by several at once on purpose."""
        living = [c for c in self.model.controllers if self.up[c]]
        return sum(self.merge(c) or self.repropose(c) for c in living) > 0

    def check_rest(self) -> None:
        """At rest all are agreed, if those who are up are enough of the roster that they know."""
        model = self.model
        living = [c for c in model.controllers if self.up[c]]
        if not living:
            return
        longest = max((model.history[c] for c in living), key=len)
        roster, policy = model.roster(longest), model.policy(longest)
        members = [c for c in living if c in roster]
        if len(members) < model.quorum(roster, policy) or not members:
            return
        if any(model.stolen(c) for c in members):  # operators were not lucky enough
            self.counts["waits for an operator"] += 1
            return
        found = self.duel.checker.at_rest([self.duel.rest(c) for c in members])
        if found:
            raise Broken("; ".join(found))
