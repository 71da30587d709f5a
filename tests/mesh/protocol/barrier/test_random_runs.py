"""Random runs of whole barriers through their one crank, with the invariants after every fact."""

from collections.abc import Iterator
from random import Random

import pytest

from mesh.environment.policy import Policy
from mesh.protocol.barrier import Timing
from mesh.protocol.barrier.order import is_short
from mesh.protocol.now import MILLISECOND, SECOND
from mesh.wire.facts import Fact
from mesh.wire.requests import Base
from simulations.checkers.barrier import BarrierChecker, Rest
from tests.mesh.protocol.barrier.stage import Actor, Stage, item, request

QUICK = Timing(
    reseal_ns=5 * MILLISECOND,
    skip_ns=SECOND,
    merge_step_ns=10 * MILLISECOND,
    merge_retry_ns=100 * MILLISECOND,
    repropose_ns=MILLISECOND,
)


class Run:
    """Some controllers, links that come and go, and luck."""

    def __init__(self, seed: int, policy: Policy) -> None:
        """The same seed gives the same run."""
        self.luck = Random(seed)
        members = self.luck.choice([2, 3, 4, 5])
        self.stage = Stage(members, policy=policy, timing=QUICK)
        self.checker = BarrierChecker(majority=policy is Policy.MAJORITY)
        self.written: dict[Fact, None] = {}
        self.sides = dict.fromkeys(self.stage.lives, 0)
        for number in self.stage.lives:
            self.look(self.stage.actor(number))
        self.checker.disturbed("conflicts, cuts and restarts")
        self.requests = 0

    @property
    def actors(self) -> dict[int, Actor]:
        """Those who act, by number."""
        return self.stage.actors

    def look(self, actor: Actor) -> None:
        """It sees those on its side."""
        side = self.sides[actor.number]
        seen = [each for each, where in self.sides.items() if where == side]
        _ = actor.see(*seen)
        self.checker.saw(actor.me, [self.stage.lives[each] for each in seen])

    def step(self) -> None:
        """One controller hears something, is asked for something, or is hit."""
        actor = self.actors[self.luck.choice(list(self.actors))]
        dice = self.luck.random()
        if dice < 0.7:
            self.hear(actor, self.luck.choice(list(self.actors.values())))
        elif dice < 0.85:
            self.submit(actor)
        elif dice < 0.9:
            self.cut()
        elif dice < 0.92:
            again = actor.restart(proven=self.luck.random() < 0.5)
            for each in self.actors.values():
                self.look(each)
            actor = again
        self.stage.wait(self.luck.choice([0, MILLISECOND, 20 * MILLISECOND]))
        self.act(actor)

    def hear(self, actor: Actor, other: Actor) -> None:
        """Some of what ``other`` knows, if it can be reached."""
        if self.sides[actor.number] != self.sides[other.number]:
            return
        for origin, upto in list(other.heard.items()):
            known = actor.heard.get(origin, 0)
            if upto > known:
                further = known + self.luck.randrange(1, upto - known + 1)
                for fact in self.stage.chains[origin][known:further]:
                    self.checker.held(actor.me.controller, fact)
                _ = actor.hear_chain(origin, further)

    def submit(self, actor: Actor) -> None:
        """Something new, often on a key that others write, too."""
        self.requests += 1
        name = f"key {self.luck.randrange(3)}"
        versions = actor.judge.versions(actor.judge.ids)
        base = (Base((name,), versions.get((name,))),)
        signed = request(f"request {self.requests}", item(name), base, patience_ns=SECOND)
        _ = actor.submit(signed)

    def cut(self) -> None:
        """Two sides, or one again."""
        parted = self.luck.random() < 0.5
        self.sides = {each: self.luck.randrange(2) if parted else 0 for each in self.sides}
        for actor in self.actors.values():
            self.look(actor)

    def act(self, actor: Actor) -> None:
        """It does all that it can, and what it wrote is looked at."""
        _ = actor.act()
        for fact in self.news():
            self.checker.written(fact)
        assert self.checker.violations() == []

    def news(self) -> Iterator[Fact]:
        """Facts that have not been looked at."""
        for chain in self.stage.chains.values():
            for fact in chain:
                if fact not in self.written:
                    self.written[fact] = None
                    yield fact

    def settle(self) -> None:
        """Heal everything, and let time pass until nothing moves."""
        self.sides = dict.fromkeys(self.sides, 0)
        for actor in self.actors.values():
            self.look(actor)
        for _ in range(60):
            before = len(self.written)
            for actor in self.actors.values():
                for other in self.actors.values():
                    self.hear(actor, other)
                self.act(actor)
            if len(self.written) == before:
                self.stage.wait(SECOND)
        found = self.checker.at_rest(map(self.rest, self.actors.values()))
        assert found == []

    def rest(self, actor: Actor) -> Rest:
        """How it stands."""
        ids = {number: actor.catalogue[number].id for number in range(len(actor.catalogue))}
        history = frozenset(each for n, each in ids.items() if actor.judge.ids >> n & 1)
        released = frozenset(each for n, each in ids.items() if actor.barrier.released >> n & 1)
        order = actor.catalogue.ordered(actor.judge.ids)
        versions = actor.judge.versions(actor.judge.ids)
        return Rest(
            me=actor.me,
            history=history,
            released=released,
            excused=frozenset(each for n, each in ids.items() if is_short(actor.at, n)),
            effective=tuple(dict.fromkeys(actor.catalogue[n].tx for n in order)),
            state=b"".join(versions[each] for each in sorted(versions)),
        )


@pytest.mark.parametrize("policy", list(Policy))
@pytest.mark.parametrize("seed", range(25))
def test_no_invariant_falls_and_all_agree_at_rest(seed: int, policy: Policy) -> None:
    """W, NF, D, O, H, M after every fact; one history and one state when all is healed."""
    run = Run(seed, policy)
    for _ in range(150):
        run.step()
    run.settle()
