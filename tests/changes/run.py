"""One run: people change things while the mesh is parted and meets again, and every rule is held.

When all is whole again, what was set aside is restaged, one after the other, and what took effect
is undone: each of that must come about, or be refused for a reason that is true.
"""

import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mesh.protocol.history import LogEntry, Standing
from mesh.protocol.now import MILLISECOND, SECOND
from mesh.protocol.replica import views
from mesh.wire.requests import Command, Kind, Request
from simulations.checkers.agreement import Company
from simulations.guard import guarded
from simulations.host import Host
from simulations.reality import RealLife
from simulations.recording.recorder import Together
from simulations.verdict import Verdict
from simulations.world import World
from tests.changes.approving import Approvers
from tests.changes.interpreter import needed
from tests.changes.people import Asked, People
from tests.changes.scenario import scenario_of
from tests.changes.undoing import undoable, undoing
from tests.changes.watch import Watch, inside_of
from tests.mesh.protocol.history.consenting import approvals_in

LOOK_NS: Final = 50 * MILLISECOND
SETTLED_NS: Final = 30 * SECOND
"""Within this after a change all must be of one mind again: nothing is wrong with the mesh."""
REVERTED_MAX: Final = 5
RESTAGED_MAX: Final = 12
"""In one run; more would be the same again."""

_OVERTAKEN: Final = ("conflict: ", "invalid: ")
_FEW: Final = "no quorum:"
_LACKING: Final = ("rights: ", "approvals: ")
_FULL: Final = "changes wait for approval"
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
        self._restaged = self._reverted = 0
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
            "commands": sum(each.commands for each in self.people.questions.values()),
            "effective": standings[Standing.EFFECTIVE],
            "set aside": standings[Standing.SET_ASIDE],
            "merges": sum(each.kind is Kind.MERGE for each in log),
            "restaged": self._restaged,
            "reverted": self._reverted,
            "approved": 0 if self.people.approvers is None else self.people.approvers.approved,
            "compared": self.watch.looked,
        }

    # --- afterwards -------------------------------------------------------------------------------

    def _afterwards(self) -> None:
        self._judge_answers()
        self._judge_fates()
        if self.people.approvers is not None and not self._all_agree(self.people.approvers):
            return
        for tx in self._set_aside()[:RESTAGED_MAX]:
            self._restage(tx)
        for _ in range(REVERTED_MAX):
            self._revert()
        self._judge_answers()
        self._judge_fates()

    @property
    def _first(self) -> Host:
        return next(iter(self.world.hosts.values()))

    def _set_aside(self) -> list[bytes]:
        """What a person can restage."""
        inside = inside_of(self._first)
        assert inside is not None, "the mesh is whole"
        entries = inside.history.conflicts()
        return [entry.tx for entry in entries if entry.written and not _is_about_people(entry)]

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

    def _revert(self) -> None:
        """Undo something: the last of all, or any one; with force, or not."""
        random = self.world.random("changes", "revert", str(len(self.people.questions)))
        host = random.choice([*self.world.hosts.values()])
        fold = self.watch.fold(host)
        done = undoable(fold)
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
        entry = None if inside is None else inside.history.entry(bytes.fromhex(tx))
        return None if entry is None else entry.outcome.standing

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

    # --- what must have come of it ----------------------------------------------------------------

    def _judge_answers(self) -> None:
        """Who was refused was refused rightly, and nobody is told yes for what cannot be done."""
        for call, asked in self.people.questions.items():
            answer = self.watch.answers.get(call)
            told = f"{asked.what} on {asked.host}"
            if answer is None:
                self._found("answers", f"{told} was never answered")
            elif isinstance(answer, dict) and asked.expected is not None:
                self._found("answers", f"{told} is taken, and must not be: {asked.expected}")
            elif isinstance(answer, tuple) and not self._are_true(asked, answer):
                self._found("answers", f"{told} is refused: {'; '.join(answer)}")

    def _are_true(self, asked: Asked, errors: Sequence[str]) -> bool:
        return asked.expected is not None or all(self._is_true(asked, each) for each in errors)

    def _is_true(self, asked: Asked, why: str) -> bool:
        """Whether a reason is true that does not lie in the state on which the commands were made.

        Another ChangeSet is under way that writes what these commands take to stand still; or too
        few are reachable for a majority.
        """
        if why.startswith(_FEW):
            return self.world.scenario.policy == "majority"
        if why.startswith(_LACKING) or _FULL in why:
            return self.people.approvers is not None
        requests = [
            each.change_set.request
            for each in self.world.inspector.barrier.ledger.entries.values()
            if each.change_set.tx not in asked.fold.txs
        ]
        theirs = {key for each in requests for command in each.resolved for key in needed(command)}
        return why.startswith(_OVERTAKEN) and bool(asked.keys & theirs)

    def _judge_fates(self) -> None:
        """Whatever was taken has an end, and the same one everywhere."""
        for call, asked in self.people.questions.items():
            answer = self.watch.answers.get(call)
            if isinstance(answer, dict):
                tx = bytes.fromhex(str(answer["tx"]))
                renewed = tx in self.people.renewed or call in self.people.renewals
                for text in self._lost(tx, asked.host, is_renewed=renewed):
                    self._found("lost", f"{asked.what} on {asked.host}: {text}")
                if any(bool(each.overridden) != asked.force for each in self._requests(tx)):
                    self._found("force", f"{asked.what} on {asked.host}: {asked.force}")

    def _requests(self, tx: bytes) -> list[Request]:
        """The request ``tx``, once for each attempt of it."""
        entries = self.world.inspector.barrier.ledger.entries.values()
        return [each.change_set.request for each in entries if each.change_set.tx == tx]

    def _lost(self, tx: bytes, submitter: str, *, is_renewed: bool) -> Iterator[str]:
        released = self._released(tx)
        words: dict[str, str] = {}
        for host in self.world.hosts.values():
            assert isinstance(host.replica, RealLife), "all run"
            detail = views.change(host.replica.replica, tx.hex(), host.now)
            if detail is None and not released and _hangs_there(host, tx):
                continue
            if detail is None and (released or (host.name == submitter and not is_renewed)):
                yield f"{host.name} has never heard of it"
            elif detail is not None:
                words[host.name] = detail["word"]
                yield from _open(host.name, detail, released=released)
        if released and len(set(words.values())) > 1:
            yield f"it ended differently: {words}"

    def _released(self, tx: bytes) -> bool:
        entries = self.world.inspector.barrier.ledger.entries.values()
        return any(each.complete for each in entries if each.change_set.tx == tx)


def _hangs_there(host: Host, tx: bytes) -> bool:
    """Whether it waits and is not shown, for its signer may not propose it as things are."""
    inside = inside_of(host)
    return inside is not None and inside.consents.find(tx) is not None


def _is_about_people(entry: LogEntry) -> bool:
    """Whether to restage it would change who must agree."""
    return any(each.group in ("right", "operator", "environment") for each in entry.written)


_ENDS: Final = ("applied", "set aside")
_NO_ENDS: Final = ("cancelled", "cancelled here")


def _open(host: str, detail: views.ChangeDetail, *, released: bool) -> Iterable[str]:
    """Why that is no end."""
    if detail["consent"] is not None and not released:
        return  # it waits for people, who may have better things to do
    ends = _ENDS if released else _NO_ENDS
    if detail["word"] not in ends or not detail["final"]:
        yield f"on {host} it is {detail['word']}: {detail['text']}"
    elif not released and not detail["refused"] and "never proposed" not in detail["text"]:
        yield f"on {host} it is {detail['word']}, and nobody says why: {detail['text']}"
