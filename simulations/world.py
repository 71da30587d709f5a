"""A whole mesh in one thread, from one seed.

    assembly      hosts start; one founds, the operator accepts the others, until all take part
    turbulence    faults come and go, people and services go on asking
    rest          nothing is wrong any more: within a stated time everybody must agree

What must hold is looked at after every step of every controller, and at rest once more as a whole.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from random import Random
from typing import Final

from mesh.protocol.now import MILLISECOND
from mesh.wire.identity import Address
from simulations.checkers.admission import People
from simulations.checkers.agreement import Company
from simulations.chronicle import Chronicle, Sink
from simulations.collector import seldom_collected
from simulations.faults.schedule import Faults
from simulations.guard import guarded
from simulations.host import Host, Watcher
from simulations.inspection import Inspector
from simulations.judging import Ending, judge
from simulations.kernel import START_NS, Kernel
from simulations.life import Maker
from simulations.luck import Luck
from simulations.measures import measured
from simulations.network.datagrams import Datagrams
from simulations.network.paths import Paths
from simulations.network.streams import Streams
from simulations.network.suppression import Suppression
from simulations.network.traffic import UNWATCHED, Traffic
from simulations.population import Population
from simulations.prelude import Prelude
from simulations.recording.recorder import Recorder, Together
from simulations.scenario import Scenario
from simulations.troubles import Crash
from simulations.verdict import Judgement, Verdict
from simulations.witness import Moment
from simulations.workload import Workload

ASSEMBLY_LOOK_NS: Final = 100 * MILLISECOND
INVITE_LOOK_NS: Final = 250 * MILLISECOND
"""How often somebody looks whether the code has come that a new host is to start with."""
NOT_YET: Final = "nothing has happened yet"


class World:
    """One run of one scenario."""

    def __init__(
        self,
        scenario: Scenario,
        make: Maker,
        *,
        sink: Sink | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self.scenario = scenario
        self.kernel = Kernel()
        self.chronicle = Chronicle(sink)
        self.inspector = Inspector(self.kernel, self.chronicle, len(scenario.hosts))
        self.watcher: Watcher = self.inspector
        self._recorder = recorder
        self._luck = Luck(scenario.seed)
        self._healing_ns = 0
        self._assembled_ns: int | None = None
        self._judgements: tuple[Judgement, ...] = ()
        self.population = Population(scenario, self._luck, make)
        self.inspector.listen(self.population.tap)
        self.addresses: tuple[Address, ...] = ()
        """What every controller knows at its start: where others may be."""
        count = len(scenario.hosts)
        self.paths = Paths(scenario.network, self._luck, scenario.links, count)
        traffic: Traffic = recorder or UNWATCHED
        by_address = self.population.by_address
        suppression = Suppression(scenario.suppressed) if scenario.suppressed else None
        self.datagrams = Datagrams(self.kernel, self.paths, by_address, traffic, suppression)
        self.streams = Streams(self.kernel, self.paths, by_address, scenario.network, traffic)
        self.population.settle(self)
        self.hosts: Mapping[str, Host] = self.population.hosts
        self.faults = Faults(self, self.inspector.witness, self._disturbed)
        self.workload = Workload(
            self.kernel,
            self.population,
            self.inspector.oracle,
            self.inspector.witness,
            self.inspector.barrier.disturbed,
        )
        self.inspector.admission.ask(self._people())
        if recorder is not None:
            recorder.attach(self.kernel, self.paths, self.inspector.oracle, self.population.tap)
            self.watcher = Together(recorder, self.inspector)

    def _people(self) -> People:
        """Who may be in the roster: what the people of the scenario want."""
        carriers = {
            host.controller: host.plan.invite for host in self.hosts.values() if host.plan.invite
        }
        return People(self.population.operator.public, self.population.invites, carriers)

    def random(self, *purpose: str) -> Random:
        """The stream of luck for ``purpose``."""
        return self._luck.stream(*purpose)

    # --- running ------------------------------------------------------------------------------

    def run(self) -> Verdict:
        """Everything, from the first start to the verdict."""
        with guarded(), seldom_collected():
            assembled = self._assemble()
            if assembled:
                self._turbulence()
                self._rest()
        return self.verdict()

    def _disturbed(self, fault: str) -> None:
        """``fault`` begins."""
        self.inspector.barrier.disturbed(fault)
        if self._recorder is not None:
            self._recorder.disturbed(fault)

    def _phase(self, words: str) -> None:
        self.chronicle.remark(self.kernel.now_ns, "world", words)
        if self._recorder is not None:
            self._recorder.phase(words)

    def _assemble(self) -> bool:
        """Start the hosts and settle the policy; whether all are of one mind in time."""
        newcomers = self.scenario.newcomers
        there = [host for host in self.hosts.values() if host.name not in newcomers]
        first = [host for host in there if not host.plan.stranger]
        limit_ns = START_NS + self.scenario.assembly_ns
        self.inspector.barrier.disturbed("roster changes")
        problems = self._admit(first, limit_ns)
        self.addresses = self.population.addresses
        for host in there:
            if not host.is_running:
                self.kernel.at(self.kernel.now_ns + host.plan.starts_ns, host.start)
        self.workload.accept_all()
        if not problems:
            problems = self._wait_for(Company.of(first), limit_ns, ASSEMBLY_LOOK_NS)
        if not problems and self.scenario.policy == "majority":
            self.workload.set_majority(first[0])
            problems = self._wait_for(Company.of(first), limit_ns, ASSEMBLY_LOOK_NS)
            if self.scenario.keeps_roster:
                self.inspector.barrier.expect_majority()
        if not problems and self.workload.collect(first[0], self.scenario):
            problems = self._wait_for(Company.of(first), limit_ns, ASSEMBLY_LOOK_NS)
        for problem in problems:
            self.inspector.violated("assembly", problem)
        return not problems and not self.inspector.violations

    def _admit(self, hosts: Sequence[Host], limit_ns: int) -> list[str]:
        """Write the history in which all ``hosts`` were admitted, where the scenario wants one."""
        if self.scenario.population == "arriving":
            return []
        self._phase("the founder admits everybody")
        prelude = Prelude(self.kernel, self.population, self.workload, hosts)
        return list(prelude.play(limit_ns))

    def _wait_for(self, company: Company, limit_ns: int, look_ns: int) -> list[str]:
        """Let time pass until ``company`` is of one mind; what is missing when time is up."""
        problems = [NOT_YET]
        while problems and self.kernel.now_ns < limit_ns and not self.inspector.violations:
            self.kernel.run(min(limit_ns, self.kernel.now_ns + look_ns))
            problems = list(company.disagreements())
        return problems

    def _turbulence(self) -> None:
        base_ns = self._assembled_ns = self.kernel.now_ns
        self._phase("assembled")
        if self.scenario.calm:
            self.inspector.barrier.calm()
        self._plan_images(base_ns)
        horizon_ns = base_ns + self.scenario.horizon_ns
        self.faults.schedule(self.scenario.faults, base_ns, horizon_ns)
        self.workload.schedule(self.scenario.workload, base_ns)
        for host in self.hosts.values():
            if host.plan.joins_ns is not None:
                self.kernel.at(base_ns + host.plan.joins_ns, partial(self._join, host))
        while self.kernel.now_ns < horizon_ns and not self.inspector.violations:
            self.kernel.run(min(horizon_ns, self.kernel.now_ns + self.scenario.look_ns))
            self.inspector.sample(tuple(self.hosts.values()))
        self.inspector.witness.close()

    def _join(self, host: Host) -> None:
        """Start a newcomer; who is to come with an invite waits until there is one."""
        if host.plan.invite is None or self.population.invites.of_step(host.plan.invite):
            host.start()
        else:
            self.kernel.after(INVITE_LOOK_NS, partial(self._join, host))

    def _plan_images(self, base_ns: int) -> None:
        """Images of disks are taken when the mesh has assembled, and where a fault wants one."""
        for host in self.hosts.values():
            host.disk.back_up(0)
        for fault in self.scenario.faults:
            if isinstance(fault, Crash) and fault.image_ns:
                disk, at_ns = self.hosts[fault.host].disk, fault.image_ns
                self.kernel.at(base_ns + at_ns, partial(disk.back_up, at_ns))

    def _rest(self) -> None:
        """Wait for agreement of the core; then its information must be what was written."""
        core = self.scenario.healthy
        self.faults.heal(core)
        company = Company(
            tuple(self.hosts[name] for name in core),
            tuple(self.hosts.values()),
            tuple(
                self.hosts[name].controller
                for name in (*self.workload.dismissed, *self.scenario.invited)
            ),
        )
        self._phase("nothing is wrong any more")
        began_ns = self.kernel.now_ns
        problems = list(company.disagreements())
        if problems:
            limit_ns = began_ns + self.scenario.healing_ns
            problems = self._wait_for(company, limit_ns, self.scenario.look_ns)
        self._healing_ns = self.kernel.now_ns - began_ns
        if not problems and self._may_go_on(company):
            problems = self._go_on(company)
        if self.inspector.violations:
            return
        for problem in problems:
            self.inspector.violated("agreement", problem)
        outside = [name for name in self.hosts if name not in core]
        self.inspector.oracle.cut_off(outside)
        self.inspector.oracle.dismissed((*self.workload.dismissed, *self.scenario.invited))
        self.inspector.at_rest(company.members(), agreed=not problems)
        self._judge(company.members())

    def _may_go_on(self, company: Company) -> bool:
        """Whether others are broken for ever, and the core can change things without them.

        Under majority who has lost his disk votes only when enough others have told him all.
        """
        if not self.scenario.core or self.scenario.policy == "all-active":
            return bool(self.scenario.core)
        roster = [host for host in self.hosts.values() if not host.plan.stranger]
        return len(self._voters(company)) > len(roster) // 2

    def _voters(self, company: Company) -> list[Host]:
        return [host for host in company.members() if host.controller not in self.inspector.lost]

    def _go_on(self, company: Company) -> list[str]:
        """To agree on the past is not enough: the core must be able to change something new."""
        limit_ns = self.kernel.now_ns + self.scenario.healing_ns
        somebody = (self._voters(company) or company.members())[0]
        call = self.workload.change_something(somebody)
        problems = self._wait_for(company, limit_ns, self.scenario.look_ns)
        if not problems and not self.inspector.answers.get(call, False):
            return [f"{somebody.name} could not change anything any more"]
        return problems

    def _judge(self, healthy: Sequence[Host]) -> None:
        """Hold what the scenario promises against what is there."""
        if self.scenario.expect is None or self.inspector.violations:
            return
        self._judgements = judge(self.scenario.expect, self.ending(healthy))
        for each in self._judgements:
            if not each.holds:
                self.inspector.violated(f"expectation: {each.promise}", each.seen)

    def ending(self, healthy: Sequence[Host]) -> Ending:
        """What promises are held against; ``healthy`` are those who must keep them."""
        bites: dict[str, int] = {}
        for fault, count in zip(self.scenario.faults, self.faults.bites.values(), strict=True):
            bites[fault.name] = bites.get(fault.name, 0) + count
        return Ending(
            healthy=healthy,
            hosts=[host for host in self.population.everybody() if host.replica is not None],
            controllers={name: host.controller for name, host in self.hosts.items()},
            exchange_keys=self.population.exchange_keys,
            moments=self._moments(),
            steps=[step.name for step in self.scenario.workload],
            values=self.workload.values,
            bites=bites,
            healing_ns=self._healing_ns,
        )

    def _moments(self) -> Sequence[Moment]:
        """What was seen since the mesh has assembled."""
        base_ns = self._assembled_ns
        assert base_ns is not None, "before that nothing is told"
        return [each for each in self.inspector.witness.moments if each.time_ns >= base_ns]

    def _measures(self) -> Mapping[str, float]:
        """What can be compared with another run; nothing where no story begins."""
        if self._assembled_ns is None:
            return {}
        submitted = [step.name for step in self.scenario.workload if step.name]
        return measured(self._moments(), submitted, self._healing_ns, self.chronicle.counts)

    def disbelieve(self, host: Host, *, about_itself: bool) -> None:
        """What ``host`` sends is no work of the program under test; not even its own facts."""
        self.inspector.disbelieved[host.name] = host.controller
        if about_itself:
            self.inspector.equivocal[host.controller] = None

    def torn(self, host: Host) -> None:
        """What ``host`` writes at this moment may be there in part."""
        self.inspector.barrier.torn(host.controller)

    def lost(self, host: Host) -> None:
        """What only the disk of ``host`` held is lost, and nobody is to blame.

        Whoever stays in trouble for ever is no help either.
        """
        self.inspector.wiped(host.controller)
        others = [self.hosts[name].replica for name in self.scenario.healthy]
        self.inspector.oracle.wiped(
            {
                path: frozenset[object]().union(
                    *(replica.read(path) for replica in others if replica is not None)
                )
                for path in self.inspector.oracle.paths()
            }
        )

    def clone(self, host: Host, *, empty: bool) -> Host:
        """A host of its own with the key of ``host``, and its disk or an ``empty`` one."""
        copy = self.population.clone(host, self, empty=empty)
        self.inspector.cloned(host.controller, copy.name)
        return copy

    def verdict(self) -> Verdict:
        """What has become of the run so far."""
        return Verdict(
            seed=self.scenario.seed,
            digest=self.chronicle.digest,
            violations=tuple(self.inspector.violations),
            events=self.kernel.events,
            steps=self.inspector.steps,
            simulated_ns=self.kernel.now_ns - START_NS,
            healing_ns=self._healing_ns,
            bites=self.faults.bites,
            counts=dict(sorted(self.chronicle.counts.items())),
            measures=self._measures(),
            judgements=self._judgements,
        )
