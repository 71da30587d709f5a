"""How long until all others hold a controller for failed, after it died and after it only stopped.

SIGKILL closes the victim's sockets, so its host speaks for it; SIGSTOP leaves nothing but silence,
as a cut cable or a lost host does. The victim is never the first, through which the others joined.
"""

import signal
import time
from collections.abc import Iterator
from typing import Final

from tests.benchmarks.ensemble import Controller, Ensemble, Failed
from tests.benchmarks.figures import Figure, figure, milliseconds

FAILED_S_MAX: Final = 60.0
LOOK_S: Final = 0.25
REST_S: Final = 3.0
"""Between two: clocks measured, tables compared."""

KILL_TARGETS_S: Final = {3: "≤ 2,850 (Serf)", 10: "≤ 3,150 (Serf)", 30: "≤ 4,000 (Serf)"}
STOP_TARGETS_S: Final = {3: "≤ 3,180 (Serf)", 10: "≤ 3,540 (Serf)"}


def killed(ensemble: Ensemble, rounds: int) -> Figure:
    """SIGKILL, then a new start, ``rounds`` times."""
    took: list[int] = []
    for victim in _victims(ensemble, rounds):
        at_ns = victim.send_signal(signal.SIGKILL)
        took.append(_until_failed(ensemble, victim, at_ns))
        victim.stop(signal.SIGKILL)
        victim.start()
        victim.await_up()
        _rest(ensemble)
    return _figure("SIGKILL until failed on all others", took, ensemble, KILL_TARGETS_S)


def stopped(ensemble: Ensemble, rounds: int) -> Figure:
    """SIGSTOP, then SIGCONT, ``rounds`` times."""
    took: list[int] = []
    for victim in _victims(ensemble, rounds):
        at_ns = victim.send_signal(signal.SIGSTOP)
        try:
            took.append(_until_failed(ensemble, victim, at_ns))
        finally:
            _ = victim.send_signal(signal.SIGCONT)
        _rest(ensemble)
    return _figure("SIGSTOP until failed on all others", took, ensemble, STOP_TARGETS_S)


def _victims(ensemble: Ensemble, rounds: int) -> Iterator[Controller]:
    others = ensemble.controllers[1:]
    for number in range(rounds):
        yield others[number % len(others)]


def _until_failed(ensemble: Ensemble, victim: Controller, at_ns: int) -> int:
    """Nanoseconds until the last of the others was told that ``victim`` failed."""
    waiting = [each for each in ensemble.controllers if each is not victim]
    last_ns = at_ns
    deadline = time.monotonic() + FAILED_S_MAX
    while waiting:
        time.sleep(LOOK_S)
        for each in list(waiting):
            told_ns = _told_failed(each, victim, at_ns)
            if told_ns is not None:
                last_ns = max(last_ns, told_ns)
                waiting.remove(each)
        if time.monotonic() > deadline:
            raise Failed(f"{len(waiting)} controllers do not notice that c{victim.number} is gone")
    return last_ns - at_ns


def _told_failed(each: Controller, victim: Controller, since_ns: int) -> int | None:
    for at_ns, controller, standing in each.ask("told")["standings"]:
        if at_ns >= since_ns and controller == victim.id and standing == "failed":
            return int(at_ns)
    return None


def _rest(ensemble: Ensemble) -> None:
    ensemble.await_whole()
    time.sleep(REST_S)


def _figure(name: str, took: list[int], ensemble: Ensemble, targets: dict[int, str]) -> Figure:
    return figure(
        "failure",
        name,
        "ms",
        milliseconds(took),
        controllers=len(ensemble),
        target=targets.get(len(ensemble), ""),
    )
