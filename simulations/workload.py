"""People and services at work: each step of the workload becomes a call to one controller."""

from collections.abc import Callable, Iterator, Mapping
from typing import assert_never

from mesh.protocol.inputs import (
    AcceptMember,
    ApproveChange,
    Input,
    MergeChanges,
    Path,
    RefuseChange,
    RemoveInformation,
    RestageChange,
    RotateKey,
    SubmitCommands,
    Write,
    WriteInformation,
)
from mesh.protocol.now import MILLISECOND, SECOND
from mesh.wire.consent import approval_of
from mesh.wire.requests import Approval, Command
from simulations.checkers.information import InformationOracle
from simulations.host import Host
from simulations.kernel import Kernel
from simulations.population import Population
from simulations.scenario import (
    AnyStep,
    Approve,
    Change,
    Dismiss,
    Invite,
    Keep,
    Put,
    Refuse,
    Remove,
    Restage,
    Revoke,
    Rotate,
    Scenario,
    Welcome,
)
from simulations.witness import Witness

OPERATOR_NS = 250 * MILLISECOND
"""How often the operator looks who waits to be accepted."""

PATIENCE_NS = 30 * SECOND
"""Of the operator who removes a controller."""

TRY_AGAIN_NS = 10 * MILLISECOND
TRIES_MAX = 1_000
"""A client of a busy controller waits in line for ten seconds, and gives up."""

ACCEPT_AGAIN_NS = 5 * SECOND
"""An acceptance that did not come about is tried again after this long."""


class Workload:
    """All clients of one run."""

    def __init__(
        self,
        kernel: Kernel,
        population: Population,
        oracle: InformationOracle,
        witness: Witness,
        disturbed: Callable[[str], None],
    ) -> None:
        self.asked = 0
        """Steps that reached a controller."""
        self.values: dict[tuple[str, Path], str] = {}
        """What the step of this name wrote at this path."""
        self._kernel = kernel
        self._hosts: Mapping[str, Host] = population.hosts
        self._oracle = oracle
        self._witness = witness
        self._disturbed = disturbed
        self._population = population
        self.dismissed: dict[str, None] = {}
        """Hosts that the operator wanted out of the roster."""
        self._calls = 0
        self._accepted_ns: dict[bytes, int] = {}
        self._left_waiting = frozenset(
            host.controller
            for host in population.hosts.values()
            if host.plan.stranger or host.plan.invite is not None
        )

    def schedule(self, steps: tuple[AnyStep, ...], base_ns: int) -> None:
        """Let ``steps`` happen, their times counted from ``base_ns``."""
        for step in steps:
            self._witness.wait(step.when, base_ns, self._scheduling(step))

    def _scheduling(self, step: AnyStep) -> Callable[[int], None]:
        return lambda moment_ns: self._kernel.at(moment_ns + step.at_ns, lambda: self._ask(step))

    def _ask(self, step: AnyStep, tries: int = TRIES_MAX) -> None:
        host = self._hosts[step.host]
        if host.is_paused or not host.is_member:
            return
        if host.is_busy:
            self._ask_later(step, tries)
            return
        self.asked += 1
        self._calls += 1
        given = self._call(host, step, step.name or f"change {self._calls}")
        if given is not None:
            kind = str(type(step).__struct_config__.tag)
            self._witness.asked(self._calls, host.name, step.name or f"change {self._calls}", kind)
            host.take(host.life, given)

    def _ask_later(self, step: AnyStep, tries: int) -> None:
        """A client waits for its turn: what it has seen is what is there when it is heard."""
        if tries:
            self._kernel.after(TRY_AGAIN_NS, lambda: self._ask(step, tries - 1))

    def _call(self, host: Host, step: AnyStep, name: str) -> Input | None:
        match step:
            case Put(paths=paths):
                writes = tuple(self._write(host, path, name) for path in paths)
                return WriteInformation(self._calls, writes)
            case Remove(path=path):
                observed = self._observed(host, path)
                _ = self._oracle.wrote(self._calls, path, observed, host.name, removes=True)
                return RemoveInformation(self._calls, path)
            case Change(commands=orders, patience_ns=patience_ns, force=force):
                commands = tuple(
                    Command(order.group, order.verb, dict(order.parameters)) for order in orders
                )
                return SubmitCommands(self._calls, name, commands, "", patience_ns, force=force)
            case Refuse(change=change):
                return self._refuse(host, change)
            case Restage(change=change):
                tx = self._named(host, (change,))
                return RestageChange(self._calls, tx[0]) if tx else None
            case Keep(changes=changes):
                return MergeChanges(self._calls, self._named(host, changes))
            case Dismiss(member=member):
                self._disturbed("the roster changes")
                self.dismissed[member] = None
                removal = Command(
                    "controller", "remove", {"controller": self._hosts[member].controller.hex()}
                )
                called = step.name or f"dismiss {member}"
                return SubmitCommands(self._calls, called, (removal,), "", PATIENCE_NS)
            case Rotate():
                self._disturbed("a life ends for its new key")
                return RotateKey(self._calls, self._population.fresh_exchange_key(host))
            case Invite() | Revoke():
                return self._about_invite(host, step)
            case Welcome(people=people):
                arrival = tuple(self._arrival(people))
                called = step.name or "people come"
                return SubmitCommands(self._calls, called, arrival, "", PATIENCE_NS)
            case Approve(change=change, by=by):
                return self._approve(host, change, by)
            case _:
                assert_never(step)

    def _arrival(self, people: Mapping[str, tuple[str, ...]]) -> Iterator[Command]:
        for name, rights in people.items():
            key = self._population.person(name).public.hex()
            yield Command("operator", "create", {"name": name, "key": key})
            for right in rights:
                yield Command("right", "grant", {"name": name, "right": right})

    def _approve(self, host: Host, change: str, by: str) -> Input | None:
        assert host.replica is not None
        environment, named = host.replica.environment(), self._named(host, (change,))
        if environment is None or not named:
            return None
        signer = self._population.person(by)
        approval = Approval(signer.public, signer.sign(approval_of(environment, named[0])))
        return ApproveChange(self._calls, named[0], approval)

    def _about_invite(self, host: Host, step: Invite | Revoke) -> Input | None:
        """Open an invite, or close it."""
        assert host.replica is not None
        environment = host.replica.environment()
        assert environment is not None, "only members are asked"
        if isinstance(step, Revoke):
            commands = self._population.invites.revocation(step.invite)
        else:
            expires_at_ns = host.now.wall_ns + step.lasts_ns
            commands = self._population.invites.issue(
                step.name, host.controller, environment, expires_at_ns
            )
        called = step.name or "about an invite"
        return SubmitCommands(self._calls, called, commands, "", PATIENCE_NS) if commands else None

    def _refuse(self, host: Host, change: str | None) -> Input | None:
        assert host.replica is not None
        waiting = host.replica.waiting()
        if change is not None:
            named = self._named(host, (change,))
            waiting = tuple(tx for tx in waiting if tx in named)
        if not waiting:
            return None
        self._disturbed("an operator refuses")
        return RefuseChange(self._calls, waiting[0])

    def _named(self, host: Host, names: tuple[str, ...]) -> tuple[bytes, ...]:
        """The ChangeSets that ``host`` knows by these names."""
        assert host.replica is not None
        return tuple(fate.tx for fate in host.replica.fates(host.now) if fate.name in names)

    def _write(self, host: Host, path: Path, name: str) -> Write:
        observed = self._observed(host, path)
        value = self._oracle.wrote(self._calls, path, observed, host.name, removes=False)
        assert value is not None
        self.values[name, path] = value
        return Write(path, value)

    def _observed(self, host: Host, path: tuple[str, ...]) -> frozenset[object]:
        assert host.replica is not None
        return host.replica.read(path)

    def set_majority(self, host: Host) -> None:
        """The operator wants more than half of the roster for each change, from now on."""
        order = Command("environment", "set", {"barrier": "majority"})
        _ = self.submit(host, "majority", (order,))

    def collect(self, host: Host, scenario: Scenario) -> bool:
        """The operator wants checkpoints as ``scenario`` has it; False: that says nothing of it."""
        wanted = {
            "checkpoint_changes": scenario.checkpoint_changes,
            "absence_max_ns": scenario.absence_max_ns,
        }
        settings = {name: value for name, value in wanted.items() if value is not None}
        if settings:
            _ = self.submit(host, "collect", (Command("environment", "set", {**settings}),))
        return bool(settings)

    def change_something(self, host: Host) -> int:
        """Somebody makes a change that nobody else makes; the number of the call."""
        order = Command("item", "set", {"name": "sign-of-life", "value": "yes"})
        return self.submit(host, "life", (order,))

    def submit(self, host: Host, name: str, commands: tuple[Command, ...]) -> int:
        """The operator submits a ChangeSet on ``host``; the number of the call."""
        self._calls += 1
        host.take(host.life, SubmitCommands(self._calls, name, commands, "", PATIENCE_NS))
        return self._calls

    # --- the operator -------------------------------------------------------------------------

    def accept_all(self) -> None:
        """The operator accepts whoever waits, on the first host that tells of it, for ever."""
        for host in self._hosts.values():
            is_asked = not host.is_paused and host.name not in self.dismissed
            if host.replica is not None and is_asked:
                for controller in host.replica.pending(host.now):
                    if controller not in self._left_waiting:
                        self._accept(host, controller)
        self._kernel.after(OPERATOR_NS, self.accept_all)

    def _accept(self, host: Host, controller: bytes) -> None:
        last_ns = self._accepted_ns.get(controller)
        if last_ns is None or last_ns + ACCEPT_AGAIN_NS <= self._kernel.now_ns:
            self._accepted_ns[controller] = self._kernel.now_ns
            self._population.invites.accepted[controller] = None
            self._calls += 1
            host.take(host.life, AcceptMember(self._calls, controller))
