"""A whole mesh in one thread, from one seed.

    assembly      hosts start; one founds, the operator accepts the others, until all take part
    turbulence    faults come and go, people and services go on asking
    rest          nothing is wrong any more: within a stated time everybody must agree

What must hold is looked at after every step of every controller, and at rest once more as a whole.
"""

from collections.abc import Mapping
from random import Random

from mesh.protocol.configuration import ReplicaConfiguration
from mesh.protocol.effects import Image
from mesh.protocol.now import MILLISECOND
from mesh.wire.identity import Address
from simulations.checkers.agreement import disagreements
from simulations.chronicle import Chronicle, Sink
from simulations.faults import Faults
from simulations.guard import guarded
from simulations.host import Host, Watcher
from simulations.inspection import Inspector
from simulations.kernel import START_NS, Kernel
from simulations.life import Life, Maker
from simulations.luck import Luck
from simulations.network.datagrams import Datagrams
from simulations.network.paths import Paths
from simulations.network.streams import Streams
from simulations.network.traffic import UNWATCHED, Traffic
from simulations.recording.recorder import Recorder, Together
from simulations.scenario import Host as HostPlan
from simulations.scenario import Scenario
from simulations.suites import Keys, MacKeys, NaclKeys
from simulations.verdict import Verdict
from simulations.workload import Workload

PORT = 7_117
ASSEMBLY_LOOK_NS = 100 * MILLISECOND


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
        self.inspector = Inspector(self.kernel, self.chronicle)
        self.watcher: Watcher = self.inspector
        self._recorder = recorder
        self.addresses = tuple(
            Address(f"10.0.{number >> 8}.{number & 255}", PORT)
            for number in range(1, len(scenario.hosts) + 1)
        )
        self._luck = Luck(scenario.seed)
        self._healing_ns = 0
        self._make = make
        self._keys = self._suite()
        self._by_address: dict[Address, Host] = {}
        paths = Paths(scenario.network, self._luck)
        traffic: Traffic = recorder or UNWATCHED
        self.datagrams = Datagrams(self.kernel, paths, self._by_address, traffic)
        self.streams = Streams(self.kernel, paths, self._by_address, scenario.network, traffic)
        self.hosts = self._make_hosts()
        self.faults = Faults(
            self.kernel,
            paths,
            self.streams,
            self.hosts,
            self.inspector.witness,
            self._disturbed,
            self._wiped,
        )
        self.workload = Workload(
            self.kernel,
            self.hosts,
            self.inspector.oracle,
            self.inspector.witness,
            self.inspector.barrier.disturbed,
        )

        if recorder is not None:
            recorder.attach(self.kernel, paths, self.inspector.oracle)
            self.watcher = Together(recorder, self.inspector)

    def random(self, *purpose: str) -> Random:
        """The stream of luck for ``purpose``."""
        return self._luck.stream(*purpose)

    # --- making -------------------------------------------------------------------------------

    def _suite(self) -> Keys:
        if self.scenario.signatures == "ed25519":
            return NaclKeys()
        return MacKeys(self._luck.stream("suite").randbytes(32))

    def _make_hosts(self) -> Mapping[str, Host]:
        hosts: dict[str, Host] = {}
        for plan, address in zip(self.scenario.hosts, self.addresses, strict=True):
            host = hosts[plan.name] = self._make_host(plan, address)
            self._by_address[address] = host
        return hosts

    def _make_host(self, plan: HostPlan, address: Address) -> Host:
        secrets = self._luck.stream("key", plan.name)
        identity = self._keys.signer(secrets.randbytes(32))
        operator = self._keys.signer(self._luck.stream("operator").randbytes(32))
        exchange_key = secrets.randbytes(32)

        def make(life: int, image: Image) -> Life:
            founds = plan.founds and life == 1
            configuration = ReplicaConfiguration(
                name=plan.name,
                site=plan.site,
                addresses=(address,),
                exchange_key=exchange_key,
                found=founds,
                joins_only=not (founds or plan.fresh),
                profile=self.scenario.profile,
            )
            random = self._luck.stream("replica", plan.name, life)
            return self._make(identity, operator, configuration, random, self._keys, image)

        return Host(plan, address, identity.public, make, self, self.scenario.disk.sync)

    # --- running ------------------------------------------------------------------------------

    def run(self) -> Verdict:
        """Everything, from the first start to the verdict."""
        with guarded():
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
        first = [host for host in self.hosts.values() if host.plan.joins_ns is None]
        for host in first:
            self.kernel.at(START_NS + host.plan.starts_ns, host.start)
        self.workload.accept_all()
        self.inspector.barrier.disturbed("roster changes")
        limit_ns = START_NS + self.scenario.assembly_ns
        problems = ["nothing has happened"]
        while problems and self.kernel.now_ns < limit_ns and not self.inspector.violations:
            self.kernel.run(self.kernel.now_ns + ASSEMBLY_LOOK_NS)
            problems = list(disagreements(first))
        for problem in problems:
            self.inspector.violated("assembly", problem)
        return not problems

    def _turbulence(self) -> None:
        base_ns = self.kernel.now_ns
        self._phase("assembled")
        if self.scenario.calm:
            self.inspector.barrier.calm()
        for host in self.hosts.values():
            host.disk.back_up()
        horizon_ns = base_ns + self.scenario.horizon_ns
        self.faults.schedule(self.scenario.faults, base_ns, horizon_ns)
        self.workload.schedule(self.scenario.workload, base_ns)
        for host in self.hosts.values():
            if host.plan.joins_ns is not None:
                self.kernel.at(base_ns + host.plan.joins_ns, host.start)
        self._run_until(horizon_ns)
        self.inspector.witness.close()

    def _run_until(self, time_ns: int) -> None:
        while self.kernel.now_ns < time_ns and not self.inspector.violations:
            self.kernel.run(min(time_ns, self.kernel.now_ns + self.scenario.look_ns))

    def _rest(self) -> None:
        """Wait for agreement; then everybody's running information must be what was written."""
        hosts = list(self.hosts.values())
        began_ns = self.kernel.now_ns
        limit_ns = began_ns + self.scenario.healing_ns
        self._phase("nothing is wrong any more")
        problems = list(disagreements(hosts))
        while problems and self.kernel.now_ns < limit_ns and not self.inspector.violations:
            self._run_until(self.kernel.now_ns + self.scenario.look_ns)
            problems = list(disagreements(hosts))
        self._healing_ns = self.kernel.now_ns - began_ns
        if self.inspector.violations:
            return
        for problem in problems:
            self.inspector.violated("agreement", problem)
        rests = [host.replica.rest() for host in hosts if host.replica is not None]
        for text in self.inspector.barrier.at_rest(rest for rest in rests if rest is not None):
            self.inspector.violated("at rest", text)
        for host in hosts:
            if host.replica is not None and not problems:
                for text in self.inspector.oracle.violations(host.replica.entries()):
                    self.inspector.violated("running information", f"{host.name}: {text}")

    def _wiped(self, host: Host) -> None:
        """What only the disk of ``host`` held is lost, and nobody is to blame."""
        self.inspector.wiped(host.controller)
        shown = {
            path: frozenset[object]().union(
                *(
                    other.replica.read(path)
                    for other in self.hosts.values()
                    if other.replica is not None
                )
            )
            for path in self.inspector.oracle.paths()
        }
        self.inspector.oracle.wiped(shown)

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
            bites=dict(self.faults.bites),
            counts=dict(sorted(self.chronicle.counts.items())),
        )
