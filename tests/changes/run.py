"""One run: people change things while the mesh is parted and meets again, and every rule is held.

When all is whole again, what was set aside is restaged, one after the other, and what took effect
is undone: each of that must come about, or be refused for a reason that is true.
"""

import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mesh.protocol.history import LogEntry, Standing
from mesh.protocol.now import MILLISECOND, SECOND
from mesh.wire.requests import Command, Kind, Request
from simulations.checkers.agreement import Company
from simulations.guard import guarded
from simulations.host import Host
from simulations.reality import RealLife
from simulations.recording.recorder import Together
from simulations.troubles import AnyFault, Split
from simulations.verdict import Verdict
from simulations.world import World
from tests.changes.approving import Approvers
from tests.changes.fates import Fates
from tests.changes.people import People
from tests.changes.rehearsal import rehearse
from tests.changes.scenario import scenario_of
from tests.changes.undoing import undoable, undoing
from tests.changes.watch import Watch, inside_of
from tests.mesh.protocol.history.consenting import approvals_in

LOOK_NS: Final = 50 * MILLISECOND
SETTLED_NS: Final = 30 * SECOND
"""Within this after a change all must be of one mind again: nothing is wrong with the mesh."""
STRANDED_NS: Final = 60 * SECOND
"""Within this whoever waits for votes that are lost has given up, and begun a new life."""
REVERTED_MAX: Final = 5
"""So many are really undone, one after the other; of all others it is only asked what that does."""

_LOWERED_TRIES_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one run."""

    verdict: Verdict
    figures: Mapping[str, int]
    """What happened how often."""


def run(seed: int) -> Outcome:
    """The run of ``seed``."""
    played = ChangesRun(seed)
    verdict = played.play()
    return Outcome(verdict, played.figures())


class ChangesRun:
    """One run under way."""

    def __init__(self, seed: int) -> None:
        scenario = scenario_of(seed)
        self.world = World(scenario, RealLife)
        inspector = self.world.inspector
        self.watch = Watch(self._found)
        self.people = People(
            self.world.kernel,
            self.world.population,
            inspector.oracle,
            inspector.witness,
            inspector.barrier.disturbed,
            scenario=scenario,
            watch=self.watch,
        )
        self._fates = Fates(self.world, self.people, self.watch, self._found)
        self._restaged = self._rehearsed = self._reverted = 0
        self.world.workload = self.people
        self.world.watcher = Together(inspector, self.watch)

    def _found(self, rule: str, text: str) -> None:
        self.world.inspector.violated(f"changes: {rule}", text)

    def play(self) -> Verdict:
        """All of it."""
        try:
            verdict = self.world.run()
            if not verdict.violations:
                with guarded():
                    self._afterwards()
        except Exception as error:  # noqa: BLE001  whatever the code under test raises is a finding
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{frame.name} ({Path(frame.filename).name}:{frame.lineno})"
            self._found(f"raised {type(error).__name__}", f"{where}: {error}")
        return self.world.verdict()

    def figures(self) -> Mapping[str, int]:
        """What happened how often."""
        answers = [self.watch.answers.get(call) for call in self.people.questions]
        inside = inside_of(self._first)
        log = () if inside is None else tuple(inside.history.log())
        standings = Counter(str(each.outcome.standing) for each in log if each.written)
        return {
            "asked": len(answers),
            "refused": sum(isinstance(each, tuple) for each in answers),
            "commands": sum(len(each.written) for each in self.people.questions.values()),
            "effective": standings[Standing.EFFECTIVE],
            "set aside": standings[Standing.SET_ASIDE],
            "merges": sum(each.kind is Kind.MERGE for each in log),
            "restaged": self._restaged,
            "reverted": self._reverted,
            "rehearsed": self._rehearsed,
            "checkpoints": sum(each.kind is Kind.CHECKPOINT for each in log),
            "falls": len([each for each in self.world.scenario.faults if not _is_split(each)]),
            "approved": 0 if self.people.approvers is None else self.people.approvers.approved,
            "compared": self.watch.looked,
        }

    # --- afterwards -------------------------------------------------------------------------------

    def _afterwards(self) -> None:
        self._await_ends()
        self._fates.judge()
        if self.people.approvers is not None and not self._all_agree(self.people.approvers):
            return
        for tx in self._set_aside():
            self._restage(tx)
        self._rehearse()
        for _ in range(REVERTED_MAX):
            self._revert()
        self._fates.judge()

    @property
    def _first(self) -> Host:
        return next(iter(self.world.hosts.values()))

    def _set_aside(self) -> list[bytes]:
        """What a person can restage."""
        inside = inside_of(self._first)
        assert inside is not None, "the mesh is whole"
        history, below = inside.history, inside.catalogue.ground.set_aside
        kept = [(tx, history.set_aside_below(tx)) for tx in below]
        entries = [(entry.tx, entry) for entry in history.conflicts() if entry.written]
        found = (*kept, *entries)
        return [tx for tx, each in found if each is not None and not _is_about_consent(each)]

    def _all_agree(self, approvers: Approvers) -> bool:
        """Give up the demand for approvals, which takes them; whether that came about.

        Where too few are left who may agree the founder passes it by, at last.
        """
        lowered = (Command("environment", "set", {"approvals": 0}),)
        for left in reversed(range(_LOWERED_TRIES_MAX)):
            what = "nobody needs to agree"
            call = self.people.ask(self._first, what, lowered, override=not left)
            self.people.renewals[call] = None
            kernel = self.world.kernel
            kernel.run(kernel.now_ns + 2 * SECOND)
            self._settle()
            if not approvals_in(self.watch.fold(self._first).state):
                approvers.rest()
                self._settle()
                return True
        self._found("consent", "the demand for approvals cannot be lowered again")
        return False

    def _restage(self, tx: bytes) -> None:
        host = self.world.random("changes", "restage", tx.hex()).choice(
            [*self.world.hosts.values()]
        )
        call = self.people.restage(host, tx)
        self._settle()
        answer = self.watch.answers.get(call)
        asked = self.people.questions[call]
        if isinstance(answer, dict):
            self._restaged += 1
            standing = self._standing(str(answer["tx"]))
            if standing is not Standing.EFFECTIVE:
                self._found("restage", f"{asked.what} on {asked.host} is {standing}")

    def _rehearse(self) -> None:
        """What undoing would do, for every entry of the log."""
        inside = inside_of(self._first)
        assert inside is not None, "the mesh is whole"
        for called, wrong in rehearse(inside.history, self.watch.fold(self._first)):
            self._rehearsed += 1
            if wrong is not None:
                self._found("revert", f"{called}, {wrong}")

    def _revert(self) -> None:
        """Undo something: the last of all, or any one; with force, or not."""
        random = self.world.random("changes", "revert", str(len(self.people.questions)))
        host = random.choice([*self.world.hosts.values()])
        fold = self.watch.fold(host)
        inside = inside_of(host)
        assert inside is not None, "the mesh is whole"
        done = undoable(fold, inside.history)
        force = bool(random.getrandbits(1))
        tx = done[-1] if random.getrandbits(1) else random.choice(done)
        call = self.people.revert(host, tx, force=force)
        self._settle()
        answer, asked = self.watch.answers.get(call), self.people.questions[call]
        if not isinstance(answer, dict):
            return
        self._reverted += 1
        standing = self._standing(str(answer["tx"]))
        if standing is not Standing.EFFECTIVE:
            self._found("revert", f"{asked.what} on {asked.host} is {standing}")
            return
        for key in undoing(fold, tx, force=force).missed(self.watch.seen(host)):
            self._found("revert", f"{asked.what} on {asked.host} leaves {'/'.join(key)} as it is")

    def _standing(self, tx: str) -> Standing | None:
        inside = inside_of(self._first)
        assert inside is not None, "the mesh is whole"
        if bytes.fromhex(tx) in inside.catalogue.ground.effective:
            return Standing.EFFECTIVE
        entry = inside.history.entry(bytes.fromhex(tx))
        return None if entry is None else entry.outcome.standing

    def _await_ends(self) -> None:
        """What waits for the votes of lives that lost them is given up after a while."""
        kernel = self.world.kernel
        limit_ns = kernel.now_ns + STRANDED_NS
        while kernel.now_ns < limit_ns and self._fates.is_open():
            kernel.run(kernel.now_ns + SECOND)
            self._settle()

    def _settle(self) -> None:
        """Let time pass until all are of one mind."""
        kernel, company = self.world.kernel, Company.of([*self.world.hosts.values()])
        limit_ns = kernel.now_ns + SETTLED_NS
        kernel.run(kernel.now_ns + LOOK_NS)
        while (problems := list(company.disagreements())) and kernel.now_ns < limit_ns:
            if self.world.inspector.violations:
                return
            kernel.run(kernel.now_ns + LOOK_NS)
        if problems:
            self._found("agreement", problems[0])


def _is_split(fault: AnyFault) -> bool:
    return isinstance(fault, Split)


def _is_about_consent(entry: LogEntry | Request) -> bool:
    """Whether to restage it would change how many must agree."""
    return any("approvals" in each.parameters for each in entry.written)
