"""The people of one run: they change the same few things on all sides, and say what stands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mesh.environment.resolve import Resolution
from mesh.protocol.inputs import (
    Input,
    MergeChanges,
    RestageChange,
    RevertChange,
    SubmitCommands,
    SubmitRequest,
)
from mesh.protocol.now import MILLISECOND, SECOND
from mesh.protocol.replica.authoring import Cover, author
from mesh.protocol.replica.participant import Participant
from mesh.protocol.suite import Signer
from mesh.wire.requests import Command, Key
from simulations.checkers.information import InformationOracle
from simulations.host import Host
from simulations.kernel import Kernel
from simulations.luck import Luck
from simulations.population import Population
from simulations.scenario import AnyStep, Scenario
from simulations.troubles import Split
from simulations.witness import Witness
from simulations.workload import PATIENCE_NS, TRIES_MAX, TRY_AGAIN_NS, Workload
from tests.changes.approving import Approvers
from tests.changes.fold import Fold
from tests.changes.interpreter import needed, refusal, taken
from tests.changes.undoing import undoable, undoing
from tests.changes.watch import Watch, inside_of
from tests.changes.writing import Writer

_BEFORE: Final = (1, 3)
_ALONE: Final = (2, 7)
_AROUND: Final = (1, 4)
"""ChangeSets before the first split, in each one, and around each beginning and end."""

_GIVEN_UP_NS: Final = 6 * SECOND
"""From then on the sides of a split change things without each other."""
_NEAR_NS: Final = 100 * MILLISECOND
_DECIDE_NS: Final = SECOND
"""How often somebody looks whether a merge waits for a person."""
_KEEPS_MAX: Final = 50
_FORCED_ONE_IN: Final = 8
_RESTAGED_ONE_IN: Final = 4
_REVERTED_ONE_IN: Final = 6
_CROWDS_ONE_IN: Final = 5
_CROWD_NS: Final = 10 * MILLISECOND
"""Now and then several ask for something within this time."""
_SAME_HOST_ONE_IN: Final = 2
"""Of the crowds, how many come to one controller, where they wait for each other."""
_POLICY_ONE_IN: Final = 20
_BEHIND_MAX: Final = 3
"""What is asked for behind a roster change, which goes alone: that waits, and may be overtaken."""
_CONSENT_ONE_IN: Final = 3
"""Of the runs, how many have people with different rights, who must agree."""
_ARRIVE_NS: Final = 200 * MILLISECOND
_DEMAND_NS: Final = 1_300 * MILLISECOND
_SPARE_ONE_IN: Final = 7
_SIGNED_ONE_IN: Final = 3
_SHIFT_ONE_IN: Final = 8
_ANEW_ONE_IN: Final = 6
_POLICIES: Final = ("auto", "auto", "site:office", "hold")


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that somebody asked for."""

    host: str
    what: str
    written: tuple[Command, ...]
    """The commands for it; none where the controller makes them, as for an undo."""
    force: bool
    """Whatever others write meanwhile."""
    keys: frozenset[Key]
    """What it takes to stand still until then."""
    fold: Fold
    """What the controller held then."""
    expected: str | None
    """Why it must be refused, by the rules; None: they let it through."""
    life: int
    """Which one of the host it was asked of: a queue is forgotten with its life."""


class People(Workload):
    """All clients of one run, and an operator who decides merges."""

    def __init__(
        self,
        kernel: Kernel,
        population: Population,
        oracle: InformationOracle,
        witness: Witness,
        disturbed: Callable[[str], None],
        *,
        scenario: Scenario,
        watch: Watch,
    ) -> None:
        super().__init__(kernel, population, oracle, witness, disturbed)
        self.questions: dict[int, Asked] = {}
        """By call."""
        self._scenario = scenario
        self._watch = watch
        self._random = Luck(scenario.seed).stream("changes", "people")
        self._writer = Writer(self._random)
        self.renewed: dict[bytes, None] = {}
        """What waited for people and was signed once more: it is taken down."""
        self.renewals: dict[int, None] = {}
        """The calls of that: who does it elsewhere at once takes down the other's."""
        self.approvers: Approvers | None = None
        """Where consent is asked for."""
        if not Luck(scenario.seed).stream("changes", "consent").randrange(_CONSENT_ONE_IN):
            hosts = list(self._hosts.values())
            self.approvers = Approvers(kernel, population, hosts, self._random)

    def schedule(self, steps: tuple[AnyStep, ...], base_ns: int) -> None:
        """Their day, from the assembly on."""
        super().schedule(steps, base_ns)
        policy = Command("environment", "set", {"merge": self._random.choice(_POLICIES)})
        self._kernel.at(base_ns, lambda: self._do((policy,)))
        for at_ns in sorted(self._moments()):
            self._kernel.at(base_ns + at_ns, self._act)
        people = self.approvers
        if people is not None:
            arrival = people.arrival()
            self._kernel.at(base_ns + _ARRIVE_NS, lambda: self._do(arrival))
            self._kernel.at(base_ns + _DEMAND_NS, lambda: self._do((people.demand(),)))
            self._kernel.at(base_ns + _DEMAND_NS, people.look_for_ever)
        self._kernel.at(base_ns + _DECIDE_NS, self._decide_for_ever)

    def _moments(self) -> list[int]:
        random = self._random
        faults = [each for each in self._scenario.faults if isinstance(each, Split)]
        moments = [
            random.randrange(SECOND // 2, faults[0].starts_ns)
            for _ in range(random.randint(*_BEFORE))
        ]
        for fault in faults:
            alone = (fault.starts_ns + _GIVEN_UP_NS, fault.ends_ns)
            moments += [random.randrange(*alone) for _ in range(random.randint(*_ALONE))]
            for edge_ns in (fault.starts_ns, fault.ends_ns):
                near = (edge_ns - _NEAR_NS, edge_ns + _NEAR_NS)
                moments += [random.randrange(*near) for _ in range(random.randint(*_AROUND))]
        return moments

    def _do(self, commands: tuple[Command, ...], tries: int = TRIES_MAX) -> None:
        host = self._somebody()
        if inside_of(host) is not None:
            _ = self.ask(host, "settings", commands)
        elif tries:
            self._kernel.after(TRY_AGAIN_NS, lambda: self._do(commands, tries - 1))

    def _somebody(self) -> Host:
        return self._random.choice(list(self._hosts.values()))

    # --- asking -----------------------------------------------------------------------------------

    def _act(self) -> None:
        host = None if self._random.randrange(_SAME_HOST_ONE_IN) else self._somebody()
        self._do_something(host)
        while not self._random.randrange(_CROWDS_ONE_IN):
            after_ns = self._random.randrange(_CROWD_NS)
            self._kernel.after(after_ns, lambda: self._do_something(host))

    def _do_something(self, where: Host | None) -> None:
        host = where or self._somebody()
        inside = inside_of(host)
        if inside is None or self._with_consent(host, inside):
            return
        aside = [each.tx for each in inside.history.conflicts() if each.written]
        if aside and not self._random.randrange(_RESTAGED_ONE_IN):
            _ = self.restage(host, self._random.choice(aside))
            return
        force = not self._random.randrange(_FORCED_ONE_IN)
        done = undoable(self._watch.fold(host), inside.history)
        if done and not self._random.randrange(_REVERTED_ONE_IN):
            _ = self.revert(host, self._random.choice(done), force=force)
            return
        if not self._random.randrange(_POLICY_ONE_IN):
            self._say_the_policy_again(host)
        elif self._random.randrange(_SPARE_ONE_IN):
            self._change(host, self._writer.change_set(self._watch.fold(host).state), force=force)
        else:
            self._change(host, (self._writer.spare(),), force=bool(self._random.getrandbits(1)))

    def _change(self, host: Host, commands: tuple[Command, ...], *, force: bool) -> None:
        _ = self.ask(host, f"change {self._calls + 1}", commands, force=force)

    def _say_the_policy_again(self, host: Host) -> None:
        """A roster change that changes nothing, and others who come to the same door meanwhile."""
        policy = Command("environment", "set", {"barrier": self._scenario.policy})
        _ = self.ask(host, "policy", (policy,))
        for _ in range(self._random.randrange(_BEHIND_MAX + 1)):
            after_ns = self._random.randrange(_CROWD_NS)
            self._kernel.after(after_ns, lambda: self._do_something(host))

    def _with_consent(self, host: Host, inside: Participant) -> bool:
        """Something that is about consent; or else nothing is done."""
        people = self.approvers
        if people is None:
            return False
        waiting = [each.tx for each in inside.consents.waiting() if each.is_resolved]
        if waiting and not self._random.randrange(_ANEW_ONE_IN):
            self._anew(host, inside, self._random.choice(waiting))
        elif not self._random.randrange(_SHIFT_ONE_IN):
            _ = self.ask(host, "rights", (people.shift(),))
        elif not self._random.randrange(_SIGNED_ONE_IN):
            name = self._random.choice([*people.signers])
            commands = self._writer.change_set(self._watch.fold(host).state)
            self._sign(host, inside, people.signers[name], commands)
        else:
            return False
        return True

    def _anew(self, host: Host, inside: Participant, tx: bytes) -> None:
        """Sign once more, on the state of now, what waits for people."""
        posted = inside.consents.find(tx)
        assert posted is not None, "it waits"
        self._calls += 1
        self.renewed[tx] = self.renewals[self._calls] = None
        given = RestageChange(self._calls, tx)
        _ = self._asked(host, f"{tx.hex()[:8]}, anew", posted.request.written, given)

    def _sign(
        self, host: Host, inside: Participant, signer: Signer, commands: tuple[Command, ...]
    ) -> None:
        """Sign commands by a key that no controller has, where they can be resolved."""
        nonce = self._random.randbytes(16)
        resolution = inside.history.resolve(commands, nonce, signer=signer.public)
        if isinstance(resolution, Resolution):
            cover = Cover("signed", "", PATIENCE_NS, override=not self._random.randrange(4))
            signed = author(inside.place.environment, signer, resolution, cover, nonce)
            self._calls += 1
            _ = self._asked(host, "signed", commands, SubmitRequest(self._calls, signed))

    def ask(
        self,
        host: Host,
        name: str,
        commands: tuple[Command, ...],
        *,
        force: bool = False,
        override: bool = False,
    ) -> int:
        """Submit a ChangeSet on ``host``; the number of the call."""
        self._calls += 1
        given = SubmitCommands(
            self._calls, name, commands, "", PATIENCE_NS, force=force, override=override
        )
        return self._asked(host, name, commands, given)

    def restage(self, host: Host, tx: bytes) -> int:
        """Restage what was set aside; the number of the call."""
        inside = inside_of(host)
        assert inside is not None, "the mesh is whole"
        entry = inside.history.entry(tx) or inside.history.set_aside_below(tx)
        assert entry is not None, "it is in the history of all, or in what that stands on"
        self._calls += 1
        if self.approvers is not None:
            self.renewals[self._calls] = None  # who restages the same elsewhere says the same again
        given = RestageChange(self._calls, tx)
        return self._asked(host, f"{entry.name}, restaged", entry.written, given)

    def revert(self, host: Host, tx: bytes, *, force: bool) -> int:
        """Undo what took effect; the number of the call."""
        self._calls += 1
        if self.approvers is not None:
            self.renewals[self._calls] = None  # who undoes the same elsewhere says the same again
        fold = self._watch.fold(host)
        wanted = undoing(fold, tx, force=force)
        keys = frozenset((*wanted.former, *(key[:2] for key in wanted.former)))
        what = f"{tx.hex()[:8]}, reverted{' by force' if force else ''}"
        self.questions[self._calls] = Asked(
            host.name, what, (), force, keys, fold, wanted.refusal, host.life
        )
        host.take(host.life, RevertChange(self._calls, tx, force))
        return self._calls

    def _asked(self, host: Host, what: str, commands: tuple[Command, ...], given: Input) -> int:
        fold = self._watch.fold(host)
        expected = refusal(fold.state, commands)
        keys = frozenset(key for command in commands for key in (*needed(command), *taken(command)))
        force = isinstance(given, SubmitCommands) and given.force
        asked = Asked(host.name, what, commands, force, keys, fold, expected, host.life)
        self.questions[self._calls] = asked
        host.take(host.life, given)
        return self._calls

    # --- deciding ---------------------------------------------------------------------------------

    def _decide_for_ever(self) -> None:
        """Somebody decides; or two do at once, and each of them something else."""
        for host in self._random.sample(list(self._hosts.values()), self._random.randint(1, 2)):
            self._decide(host)
        self._kernel.after(_DECIDE_NS, self._decide_for_ever)

    def _decide(self, host: Host) -> None:
        inside = inside_of(host)
        if inside is not None and inside.barrier.unmerged and not inside.barrier.merges_by_itself:
            keep = self._kept(inside)
            self._calls += 1
            host.take(host.life, MergeChanges(self._calls, keep))

    def _kept(self, inside: Participant) -> tuple[bytes, ...]:
        """What stands: one of each two that nobody has decided between."""
        keep: list[bytes] = []
        for _ in range(_KEEPS_MAX):
            plan = inside.crank.plan_merge(tuple(keep))
            undecided = [each for each in plan.report if each.set_aside is None]
            if not undecided:
                break
            keep.append(self._random.choice((undecided[0].earlier, undecided[0].later)))
        return tuple(keep)
