"""How long the barrier takes for one fact: python -m tests.benchmarks.bench_barrier."""

import sys
import time
from dataclasses import dataclass

from mesh.environment.policy import Policy
from mesh.protocol.barrier import Say
from mesh.protocol.catalogue import ChangeSet, Ids
from mesh.wire.facts import Fact
from mesh.wire.identity import Timestamp
from tests.mesh.protocol.barrier.judge import FakeJudge
from tests.mesh.protocol.barrier.stage import Actor, Proposal, Stage

CONTROLLERS = 30
HISTORY = 10_000
ROUNDS = 20


class QuickJudge(FakeJudge):
    """Answers at once: no request here changes roster, policy or keys."""

    _frontier: Timestamp | None = None

    @property
    def frontier(self) -> Timestamp | None:
        """Kept up to date."""
        return self._frontier

    def roster(self, ids: Ids) -> tuple[bytes, ...]:
        """The founders."""
        del ids
        return self.founders

    def policy(self, ids: Ids) -> Policy:
        """The first one."""
        del ids
        return self.first_policy

    def objection(self, change_set: ChangeSet, over: Ids) -> None:
        """Nothing is ever wrong."""
        del change_set, over

    def extend(self, ids: Ids) -> None:
        """All is on one line here: the latest is what became known last."""
        self.ids |= ids
        self._frontier = self.catalogue[ids.bit_length() - 1].timestamp


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds of CPU."""

    learn: float
    """Mean for one fact of the history, learnt in one batch."""
    mean: float
    """Mean for one fact of a ChangeSet that goes through: learn and advance, own facts included."""
    worst: float


def measure(controllers: int = CONTROLLERS, history: int = HISTORY) -> Figures:
    """Let one of ``controllers`` learn a history, then ``ROUNDS`` ChangeSets fact by fact."""
    stage = Stage(controllers)
    m = stage.actor(1)
    m.judge.__class__ = QuickJudge
    everybody = tuple(stage.lives)
    last: tuple[Proposal, ...] = ()
    began = time.process_time()
    spent = 0.0
    for _ in range(history):
        facts, last = _one(stage, last, everybody, everybody)
        began = time.process_time()
        for fact in facts:
            _ = m.barrier.learn(fact, stage.now)
        spent += time.process_time() - began
    m.judge.extend((1 << history) - 1)
    _ = m.act()
    _ = m.at.ancestors(history - 1)
    times: list[float] = []
    for _ in range(ROUNDS):
        facts, last = _one(stage, last, everybody[1:], everybody[1:])
        times += [_take(m, fact) for fact in facts]
    learn = spent / (history * (1 + 2 * controllers))
    return Figures(learn, sum(times) / len(times), max(times))


def _one(
    stage: Stage, below: tuple[Proposal, ...], sealers: tuple[int, ...], appliers: tuple[int, ...]
) -> tuple[list[Fact], tuple[Proposal, ...]]:
    """The facts about one ChangeSet on top of ``below``."""
    change = stage.propose(2, *below)
    facts = [change.fact, *(stage.seal(who, change, stage.roster) for who in sealers)]
    for who in appliers:
        stage.apply(who, change)
        facts.append(stage.chains[stage.lives[who]][-1])
    return facts, (change,)


def _take(m: Actor, fact: Fact) -> float:
    """Learn ``fact``, and do and learn all that follows; the CPU that it took."""
    spent = 0.0
    began = time.process_time()
    _ = m.barrier.learn(fact, m.stage.now)
    while (action := m.barrier.advance(m.stage.now, m.next_lamport())) is not None:
        spent += time.process_time() - began
        said = m.stage.write(m.me, action.body) if isinstance(action, Say) else None
        began = time.process_time()
        if said is not None:
            _ = m.barrier.learn(said, m.stage.now)
    return spent + time.process_time() - began


if __name__ == "__main__":
    figures = measure(history=int(sys.argv[1]) if len(sys.argv) > 1 else HISTORY)
    print(f"learn, in a batch   {figures.learn * 1e6:8.1f} us a fact")  # noqa: T201  # a program
    print(f"learn and advance   {figures.mean * 1e6:8.1f} us a fact")  # noqa: T201
    print(f"the slowest         {figures.worst * 1e6:8.1f} us")  # noqa: T201
