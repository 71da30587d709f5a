"""Faults of disks: slow, failing, full, rotting."""

from typing import assert_never

from simulations.faults.working import OnHost, Stage, Working
from simulations.troubles import BitRot, FailingDisk, FailingSync, FullDisk, SlowDisk

DiskFault = SlowDisk | FailingDisk | FailingSync | FullDisk | BitRot


def begin(stage: Stage, fault: DiskFault) -> Working:
    """Let ``fault`` work."""
    match fault:
        case SlowDisk():
            return _slow_down(stage, fault)
        case FailingDisk():
            return _fail(stage, fault)
        case FailingSync():
            return _fail_once(stage, fault)
        case FullDisk():
            return _fill(stage, fault)
        case BitRot():
            return _rot(stage, fault)
        case _:
            assert_never(fault)


def _slow_down(stage: Stage, fault: SlowDisk) -> Working:
    disk = stage.hosts[fault.host].disk
    before = disk.slowed
    disk.extra_ns += fault.extra_ns

    def undo() -> None:
        disk.extra_ns -= fault.extra_ns

    return OnHost(fault.host, undo, lambda: disk.slowed - before)


def _fail(stage: Stage, fault: FailingDisk) -> Working:
    disk = stage.hosts[fault.host].disk
    before = disk.failed
    disk.broken += 1

    def undo() -> None:
        disk.broken -= 1

    return OnHost(fault.host, undo, lambda: disk.failed - before)


def _fail_once(stage: Stage, fault: FailingSync) -> Working:
    disk = stage.hosts[fault.host].disk
    before = disk.failed
    disk.fails_next = True

    def undo() -> None:
        disk.fails_next = False

    return OnHost(fault.host, undo, lambda: disk.failed - before)


def _fill(stage: Stage, fault: FullDisk) -> Working:
    disk = stage.hosts[fault.host].disk
    before = disk.failed
    disk.free_bytes = fault.free_bytes

    def undo() -> None:
        disk.free_bytes = None

    return OnHost(fault.host, undo, lambda: disk.failed - before)


def _rot(stage: Stage, fault: BitRot) -> Working:
    host = stage.hosts[fault.host]
    before = host.disk.damaged
    is_over = False
    every_ns = (fault.ends_ns - fault.starts_ns) // fault.rows

    def rot() -> None:
        if not is_over:
            host.disk.rot()

    def undo() -> None:
        nonlocal is_over
        is_over = True

    for number in range(fault.rows):
        stage.kernel.after(number * every_ns, rot)
    return OnHost(fault.host, undo, lambda: host.disk.damaged - before)
