"""Faults of hosts: controllers that go and come back, hosts that are slow, moved, copied or old."""

from collections.abc import Callable, Collection
from typing import assert_never

from mesh.protocol.inputs import Leave as LeaveInput
from mesh.protocol.inputs import Woke
from simulations.faults.links import Link, OnLinks
from simulations.faults.working import OnHost, Stage, Together, Working, nothing
from simulations.host import Host
from simulations.network.afflictions import Affliction
from simulations.network.versions import ForeignVersion
from simulations.troubles import (
    Clone,
    Crash,
    FlashCrowd,
    Leave,
    Liar,
    Move,
    OtherVersion,
    Pause,
    RollingRestart,
    SlowHost,
)

HostFault = (
    Crash
    | Leave
    | RollingRestart
    | FlashCrowd
    | Pause
    | SlowHost
    | Clone
    | Liar
    | OtherVersion
    | Move
)


def begin(stage: Stage, name: str, fault: HostFault) -> Working:
    """Let ``fault`` work."""
    match fault:
        case Crash():
            return _crash(stage, fault)
        case Leave():
            return _leave(stage, stage.hosts[fault.host])
        case RollingRestart():
            return _rolling_restart(stage, fault)
        case FlashCrowd():
            return Together([_start(stage.hosts[host]) for host in fault.hosts])
        case Pause():
            return _pause(stage.hosts[fault.host])
        case SlowHost():
            return _slow_down(stage.hosts[fault.host], fault)
        case Clone():
            return _clone(stage, stage.hosts[fault.host], empty=fault.of == "key")
        case Liar():
            return _Lying(stage, stage.hosts[fault.host], fault)
        case OtherVersion():
            return _change_version(stage, name, stage.hosts[fault.host])
        case Move():
            return _move(stage, name, stage.hosts[fault.host])
        case _:
            assert_never(fault)


def _once(bit: bool) -> Callable[[], int]:  # noqa: FBT001  the one thing that it is told
    return lambda: int(bit)


# --- controllers that go ------------------------------------------------------------------------


def _crash(stage: Stage, fault: Crash) -> Working:
    host = stage.hosts[fault.host]
    stage.population.down(host)
    ran = host.is_running
    if fault.kind == "torn":
        stage.torn(host)
    if ran:
        host.stop(power=fault.kind != "killed", torn=fault.kind == "torn")
    if fault.kind == "wiped":
        host.disk.wipe()
    elif fault.kind == "restored":
        host.disk.restore(fault.image_ns)
    if fault.kind in {"wiped", "restored"}:
        stage.lost(host)
    return OnHost(
        host.name, lambda: stage.population.up(host, in_doubt=fault.kind != "killed"), _once(ran)
    )


def _leave(stage: Stage, host: Host) -> Working:
    stage.population.down(host)
    ran = host.is_running
    if ran:
        host.leave(LeaveInput())
    return OnHost(host.name, lambda: stage.population.up(host, in_doubt=False), _once(ran))


def _rolling_restart(stage: Stage, fault: RollingRestart) -> Working:
    turn_ns = (fault.ends_ns - fault.starts_ns) // len(fault.hosts)
    turns = [_Turn(stage, stage.hosts[host], turn_ns) for host in fault.hosts]
    for number, turn in enumerate(turns):
        stage.kernel.after(number * turn_ns, turn.begin)
    return Together(turns)


class _Turn:
    """One host's turn in a rolling restart."""

    def __init__(self, stage: Stage, host: Host, turn_ns: int) -> None:
        self._stage = stage
        self._host = host
        self._down_ns = turn_ns // 2
        self._leaving: Working = OnHost(host.name, nothing, _once(bit=False))
        self._is_over = False

    @property
    def bites(self) -> int:
        """See Working."""
        return self._leaving.bites

    def begin(self) -> None:
        """Its turn has come."""
        if not self._is_over:
            self._leaving = _leave(self._stage, self._host)
            self._stage.kernel.after(self._down_ns, self._leaving.end)

    def end(self) -> None:
        """See Working."""
        self._is_over = True
        self._leaving.end()

    def heal(self, core: Collection[str]) -> None:
        """See Working."""
        if self._host.name in core:
            self.end()


def _start(host: Host) -> Working:
    if not host.life:
        host.start()
    return OnHost(host.name, nothing, lambda: int(host.is_member))


# --- controllers that are hampered --------------------------------------------------------------


def _pause(host: Host) -> Working:
    ran = host.is_running
    host.pause()
    return OnHost(host.name, host.resume, _once(ran))


def _slow_down(host: Host, fault: SlowHost) -> Working:
    before = host.delayed
    host.step_ns += fault.step_ns

    def undo() -> None:
        host.step_ns -= fault.step_ns

    return OnHost(host.name, undo, lambda: host.delayed - before)


# --- hosts that are not what they were ----------------------------------------------------------


def _clone(stage: Stage, host: Host, *, empty: bool) -> Working:
    if not host.life:
        return OnHost(host.name, nothing, _once(bit=False))
    copy = stage.clone(host, empty=empty)
    copy.start(in_doubt=not empty)

    def undo() -> None:
        copy.retire()
        stage.lost(copy)  # with its disk
        if host.is_running and not host.is_paused:
            host.stop(power=False)
            host.start()

    return OnHost(host.name, undo, lambda: copy.steps)


def _move(stage: Stage, name: str, host: Host) -> Working:
    home = host.address
    reason = Affliction(name, cuts=True)

    def move() -> None:
        left = host.address
        reason.bites += stage.streams.strand(host)
        stage.population.move(
            host, home if host.address != home else stage.population.free_address()
        )
        stage.datagrams.left[left] = reason
        _ = stage.datagrams.left.pop(host.address, None)

    move()
    return OnHost(host.name, move, lambda: reason.bites)


def _change_version(stage: Stage, name: str, host: Host) -> Working:
    foreign = ForeignVersion(name)
    links: list[Link] = []
    for other in stage.hosts:
        if other != host.name:
            links += [(host.name, other), (other, host.name)]
    ran = host.is_running
    if ran:
        host.stop(power=False)
        host.start()
    barrier = OnLinks(stage, foreign, links)

    def undo() -> None:
        barrier.end()
        if host.is_running:
            host.stop(power=False)
            host.start()

    return OnHost(host.name, undo, lambda: foreign.bites)


class _Lying:
    """A host whose controller has another program: the right one, and lies in between."""

    def __init__(self, stage: Stage, host: Host, fault: Liar) -> None:
        self._kernel = stage.kernel
        self._random = stage.random("liar", host.name)
        self._host = host
        self._fault = fault
        self._is_over = False
        self.bites = 0
        """See Working."""
        stage.disbelieve(host, about_itself="equivocation" in fault.lies)
        self._lie()

    def _lie(self) -> None:
        if self._is_over:
            return
        host = self._host
        if host.replica is not None and not host.is_paused:
            for lie in self._fault.lies:
                self.bites += host.replica.lie(lie, self._random, host.now)
            host.take(host.life, Woke())
        self._kernel.after(self._fault.every_ns, self._lie)

    def end(self) -> None:
        """See Working."""
        self._is_over = True

    def heal(self, core: Collection[str]) -> None:
        """See Working."""
        if self._host.name in core:
            self.end()
