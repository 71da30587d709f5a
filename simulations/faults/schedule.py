"""All faults of one run: when each begins and ends, and how often it bit.

At the horizon whatever still works is over for the healthy core, and goes on for ever for the rest:
what a core has to survive is not that nothing is wrong, but that something stays wrong elsewhere.
"""

from collections.abc import Callable, Collection

from simulations.faults import clocks, disks, links, machines
from simulations.faults.working import Stage, Working
from simulations.troubles import AnyFault
from simulations.witness import Then, Witness


class Faults:
    """All faults of one run."""

    def __init__(self, stage: Stage, witness: Witness, disturbed: Callable[[str], None]) -> None:
        self._stage = stage
        self._witness = witness
        self._disturbed = disturbed
        self._working: dict[str, Working | None] = {}
        """By name, in the order of the scenario; None: it has not begun."""
        self._horizon_ns = 0

    @property
    def bites(self) -> dict[str, int]:
        """By fault: how often it made a difference so far."""
        return {name: working.bites if working else 0 for name, working in self._working.items()}

    def schedule(self, faults: tuple[AnyFault, ...], base_ns: int, horizon_ns: int) -> None:
        """Let ``faults`` happen, their times counted from ``base_ns``, or from their triggers.

        What waited for a trigger ends at the time ``horizon_ns`` at the latest.
        """
        self._horizon_ns = horizon_ns
        for number, fault in enumerate(faults):
            name = fault_name(number, fault)
            self._working[name] = None
            self._witness.wait(fault.when, base_ns, self._scheduling(name, fault))

    def _scheduling(self, name: str, fault: AnyFault) -> Then:
        def schedule(moment_ns: int) -> None:
            starts_ns, ends_ns = moment_ns + fault.starts_ns, moment_ns + fault.ends_ns
            if fault.when is not None:
                ends_ns = min(ends_ns, self._horizon_ns)
            if starts_ns <= min(ends_ns, self._horizon_ns):
                self._stage.kernel.at(starts_ns, lambda: self._begin(name, fault, ends_ns))

        return schedule

    def _begin(self, name: str, fault: AnyFault, ends_ns: int) -> None:
        self._disturbed(name)
        working = self._working[name] = _begin(self._stage, name, fault)
        if ends_ns <= self._horizon_ns:
            self._stage.kernel.at(ends_ns, working.end)

    def heal(self, core: Collection[str]) -> None:
        """The horizon: all is well for ``core``, and what works elsewhere never ends."""
        for working in self._working.values():
            if working is not None:
                working.heal(core)


def fault_name(number: int, fault: AnyFault) -> str:
    """What the fault in the place ``number`` of a scenario is called."""
    return f"{number}-{type(fault).__struct_config__.tag}"


def _begin(stage: Stage, name: str, fault: AnyFault) -> Working:
    if isinstance(fault, links.LinkFault):
        return links.begin(stage, name, fault)
    if isinstance(fault, disks.DiskFault):
        return disks.begin(stage, fault)
    if isinstance(fault, clocks.ClockFault):
        return clocks.begin(stage, fault)
    return machines.begin(stage, name, fault)
