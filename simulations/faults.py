"""Faults at work: each begins, works, and ends, and counts how often it made a difference."""

from collections.abc import Callable, Iterator, Mapping

from simulations.host import Host
from simulations.kernel import Kernel
from simulations.network.paths import Affliction, Paths
from simulations.network.streams import Streams
from simulations.troubles import (
    AnyFault,
    ClockStep,
    Crash,
    FailingDisk,
    OneWay,
    Pause,
    SlowDisk,
    Split,
    Weather,
)
from simulations.witness import Then, Witness

Undo = Callable[[], int]
"""Ends a fault and says how often it bit."""


class Faults:
    """All faults of one run."""

    def __init__(
        self,
        kernel: Kernel,
        paths: Paths,
        streams: Streams,
        hosts: Mapping[str, Host],
        witness: Witness,
        disturbed: Callable[[str], None],
        wiped: Callable[[Host], None],
    ) -> None:
        self.bites: dict[str, int] = {}
        self._kernel = kernel
        self._paths = paths
        self._streams = streams
        self._hosts = hosts
        self._witness = witness
        self._disturbed = disturbed
        self._wiped = wiped
        self._down: dict[str, int] = dict.fromkeys(hosts, 0)
        """By host: how many faults keep its controller from running."""

    def schedule(self, faults: tuple[AnyFault, ...], base_ns: int, horizon_ns: int) -> None:
        """Let ``faults`` happen, their times counted from ``base_ns``, or from their triggers.

        What waited for a trigger ends at the time ``horizon_ns`` at the latest.
        """
        for number, fault in enumerate(faults):
            name = f"{number}-{type(fault).__struct_config__.tag}"
            self.bites[name] = 0
            self._witness.wait(fault.when, base_ns, self._scheduling(name, fault, horizon_ns))

    def _scheduling(self, name: str, fault: AnyFault, horizon_ns: int) -> Then:
        def schedule(moment_ns: int) -> None:
            starts_ns, ends_ns = moment_ns + fault.starts_ns, moment_ns + fault.ends_ns
            if fault.when is not None:
                ends_ns = min(ends_ns, horizon_ns)
            if starts_ns <= ends_ns:
                self._kernel.at(starts_ns, self._beginning(name, fault, ends_ns))

        return schedule

    def _beginning(self, name: str, fault: AnyFault, ends_ns: int) -> Callable[[], None]:
        def begin() -> None:
            self._disturbed(name)
            undo = self._begin(name, fault)

            def end() -> None:
                self.bites[name] += undo()

            self._kernel.at(ends_ns, end)

        return begin

    def _begin(self, name: str, fault: AnyFault) -> Undo:
        match fault:
            case Split() | OneWay() | Weather():
                return self._afflict(fault, name)
            case Crash():
                return self._crash(fault)
            case Pause():
                return self._pause(self._hosts[fault.host])
            case SlowDisk() | FailingDisk():
                return self._spoil(fault)
            case ClockStep():
                return self._set_clock(fault)
            case _:
                raise NotImplementedError(name)

    # --- the network --------------------------------------------------------------------------

    def _afflict(self, fault: Split | OneWay | Weather, name: str) -> Undo:
        affliction = Affliction(name, cuts=not isinstance(fault, Weather))
        links: list[tuple[str, str]]
        if isinstance(fault, Split):
            links = list(_links_between(fault.groups))
        elif isinstance(fault, OneWay):
            links = [(fault.source, fault.target)]
        else:
            affliction.loss, affliction.duplication = fault.loss, fault.duplication
            affliction.delay = fault.delay
            links = list(self._links_of(fault.hosts))
        for source, target in links:
            self._paths.path(source, target).afflictions.append(affliction)

        def undo() -> int:
            for source, target in links:
                self._paths.path(source, target).afflictions.remove(affliction)
            self._streams.healed()
            return affliction.bites

        return undo

    def _links_of(self, hosts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        for source in self._hosts:
            for target in self._hosts:
                if source != target and (source in hosts or target in hosts):
                    yield source, target

    # --- hosts and their parts ----------------------------------------------------------------

    def _crash(self, fault: Crash) -> Undo:
        host = self._hosts[fault.host]
        self._down[host.name] += 1
        ran = host.is_running
        if ran:
            host.stop(power=fault.kind != "killed")
        if fault.kind == "wiped":
            host.disk.wipe()
            self._wiped(host)
        elif fault.kind == "restored":
            host.disk.restore()
            self._wiped(host)

        def undo() -> int:
            self._down[host.name] -= 1
            if not self._down[host.name] and host.life and not host.is_running:
                host.start(in_doubt=fault.kind != "killed")
            return int(ran)

        return undo

    def _pause(self, host: Host) -> Undo:
        ran = host.is_running
        host.pause()

        def undo() -> int:
            host.resume()
            return int(ran)

        return undo

    def _spoil(self, fault: SlowDisk | FailingDisk) -> Undo:
        disk = self._hosts[fault.host].disk
        before = disk.bites
        if isinstance(fault, SlowDisk):
            disk.extra_ns += fault.extra_ns
        else:
            disk.fails = True

        def undo() -> int:
            if isinstance(fault, SlowDisk):
                disk.extra_ns -= fault.extra_ns
            else:
                disk.fails = False
            return disk.bites - before

        return undo

    def _set_clock(self, fault: ClockStep) -> Undo:
        clock = self._hosts[fault.host].clock
        clock.step(fault.by_ns)

        def undo() -> int:
            clock.step(-fault.by_ns)
            return 1

        return undo


def _links_between(groups: tuple[tuple[str, ...], ...]) -> Iterator[tuple[str, str]]:
    for group in groups:
        for other in groups:
            if group is not other:
                for source in group:
                    for target in other:
                        yield source, target
