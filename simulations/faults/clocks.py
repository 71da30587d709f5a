"""Faults of clocks: set, too fast or too slow, frozen."""

from typing import assert_never

from simulations.faults.working import Heal, OnHost, Stage, Working
from simulations.troubles import ClockDrift, ClockFrozen, ClockStep

ClockFault = ClockStep | ClockDrift | ClockFrozen


def begin(stage: Stage, fault: ClockFault) -> Working:
    """Let ``fault`` work."""
    host = stage.hosts[fault.host]
    steps = host.steps
    match fault:
        case ClockStep():
            undo = _set(stage, fault)
        case ClockDrift():
            undo = _drift(stage, fault)
        case ClockFrozen():
            undo = _freeze(stage, fault)
        case _:
            assert_never(fault)
    return OnHost(fault.host, undo, lambda: host.steps - steps)


def _set(stage: Stage, fault: ClockStep) -> Heal:
    """A monotonic clock jumps ahead and stays there; it is never set back."""
    host = stage.hosts[fault.host]

    def step(by_ns: int) -> None:
        for dial in host.clock.dials(fault.clock):
            if dial is host.clock.wall or by_ns > 0:
                dial.step(by_ns)
        host.look_at_clock()

    step(fault.by_ns)
    return lambda: step(-fault.by_ns)


def _drift(stage: Stage, fault: ClockDrift) -> Heal:
    host = stage.hosts[fault.host]

    def drift(by_ppb: int) -> None:
        for dial in host.clock.dials(fault.clock):
            dial.drift(stage.kernel.now_ns, by_ppb)
        host.look_at_clock()

    drift(fault.ppb)
    return lambda: drift(-fault.ppb)


def _freeze(stage: Stage, fault: ClockFrozen) -> Heal:
    host = stage.hosts[fault.host]
    dials = host.clock.dials(fault.clock)
    for dial in dials:
        dial.stop(stage.kernel.now_ns)
    host.look_at_clock()

    def undo() -> None:
        for dial in dials:
            dial.go_on(stage.kernel.now_ns)
        host.look_at_clock()

    return undo
