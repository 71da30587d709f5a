"""A change of the rules that is proposed and not made: who holds a dead one as open says No to it.

B3a lets m withdraw when every set that it sealed meets Nay. Two closed participants that sealed
different sets, neither of them in Nay, make a ChangeSet dead, while a set of m stays clean: it is
open at m for as long as this life lasts. The proposal adds to B3a: or it is dead.

With `python -m tests.opponent.dead_withdraws FIRST LAST` the schedules of these seeds go through a
model and an implementation that both have the rule, with the invariants after every fact.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mesh.protocol.barrier import reseal
from mesh.protocol.barrier.predicates import is_dead
from mesh.protocol.barrier.standpoint import Standpoint
from mesh.protocol.barrier.verdict import Deny
from mesh.wire.facts import NoReason
from tests.opponent.model import Model
from tests.opponent.schedule import Flavour, Schedule
from tests.opponent.terms import No, Seal


@contextmanager
def proposed(used: Counter[str]) -> Iterator[None]:
    """Both sides have the rule; ``used`` counts where it made a difference."""
    withdraw, after_seal = reseal.withdraw, Model.after_seal

    def withdraw_or_dead(at: Standpoint, number: int) -> Deny | None:
        verdict = withdraw(at, number)
        if verdict is None and is_dead(at, number):
            used["dead, and no set of its own meets Nay"] += 1
            return Deny(NoReason.WITHDRAW, "nobody can release it any more")
        return verdict

    def after_seal_or_dead(self: Model, c: int, x: str) -> Seal | No | None:
        return No(x, "withdraw") if self.dead(c, x) else after_seal(self, c, x)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reseal, "withdraw", withdraw_or_dead)
        patch.setattr(Model, "after_seal", after_seal_or_dead)
        yield


class Restless(Schedule):
    """A schedule with many starts, most of which prove what the life before had said."""

    def step(self) -> None:
        """Somebody stops, now and then, and is back soon."""
        c = self.random.randrange(len(self.up))
        if not self.up[c]:
            self.restart(c)
            self.duel.compare(c)
        elif self.random.random() < 0.06:  # often enough to meet twice in one
            self.up[c] = False
        super().step()


def explore(seeds: range) -> Counter[str]:
    """Play ``seeds``; an AssertionError where the two differ or an invariant falls."""
    counts: Counter[str] = Counter()
    with proposed(counts):
        for seed in seeds:
            for flavour in (Flavour(), Flavour(roster=True)):
                counts.update(Restless(seed, flavour).run())
    return counts


if __name__ == "__main__":
    print(explore(range(*map(int, sys.argv[1:3]))))  # noqa: T201  # a program
