"""One attack, and the judgement on it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tests.benchmarks.ensemble import Failed
from tests.hostile.pulse import Pulse, take_pulse
from tests.hostile.stage import Stage
from tests.hosts.asking import agree, counters
from tests.hosts.processes import await_that

GROWN_BYTES_MAX: Final = 32 * 1_048_576
"""Of memory, in any honest controller at any moment of an attack."""
SLOWER_MAX: Final = 5.0
"""An honest change takes at most so many times its quiet median meanwhile."""
CALM_S_MAX: Final = 10.0
"""After the attack all is as it was within this time."""

LASTS_S_MIN: Final = 2.0
"""The pulse is felt for so long at least, however soon an attack has thrown all it has."""
QUIET_S: Final = 4.0
AFTER_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Attack:
    """``run`` throws everything and returns how many tries that were; it raises Landed, too.

    Landed is for what an attacker notices first, such as an answer that it should not have got.
    """

    name: str
    what: str
    run: Callable[[Stage], int]
    counted: str = ""
    """Part of the name of a counter of the target that rises: what is thrown does arrive, and what
    is dropped is not dropped in silence. Empty: the attack itself looks whether it arrived."""
    prepare: Callable[[Stage], None] | None = None
    """What honest people do before it."""
    in_history: bool = False
    """Under ``all-active`` a member may bring into the history what counts for nothing there."""
    is_settled: bool = False
    """Honest people act meanwhile, and clear up: all must be as it is when ``run`` returns."""


class Landed(Exception):
    """The attack got through, as seen by the attacker."""


@dataclass(slots=True)
class Judgement:
    """What an attack did."""

    attack: Attack
    tries: int = 0
    slower: float = 0.0
    grown_bytes: int = 0
    calm_s: float = 0.0
    breaches: list[str] = field(default_factory=list)


def judge(stage: Stage, attack: Attack, quiet_ms: float) -> Judgement:
    """Attack ``stage``, whose quiet median is ``quiet_ms``, and look what came of it."""
    result = Judgement(attack)
    if attack.prepare is not None:
        attack.prepare(stage)
        _await_one_mind(stage)
    before, counted = stage.seen(history=not attack.in_history), _count(stage, attack)
    pulse = Pulse(stage.honest).start()
    begun = time.monotonic()
    try:
        result.tries = attack.run(stage)
        if attack.is_settled:
            _await_one_mind(stage)
            before = stage.seen()
    except Landed as error:
        result.breaches.append(str(error))
    except BaseException:
        pulse.give_up()
        raise
    time.sleep(max(0.0, LASTS_S_MIN - (time.monotonic() - begun)))
    ended = time.monotonic()
    try:
        taken = pulse.stop()
    except Failed as error:
        result.breaches.append(f"an honest change never arrived: {error}")
        return result
    result.slower = taken.median_ms / quiet_ms
    result.grown_bytes = taken.grown_bytes
    _await_calm(stage, before, quiet_ms, result)
    result.calm_s = time.monotonic() - ended
    if result.calm_s > CALM_S_MAX and not result.breaches:
        result.breaches.append(f"all was as before only after {result.calm_s:.1f} s")
    if attack.counted and _count(stage, attack) <= counted:
        result.breaches.append(f"nothing was counted as '{attack.counted}'")
    _weigh(result)
    return result


def _count(stage: Stage, attack: Attack) -> int:
    told = counters(stage.target).items()
    return sum(number for name, number in told if attack.counted in name)


def _await_calm(stage: Stage, before: object, quiet_ms: float, result: Judgement) -> None:
    deadline = time.monotonic() + CALM_S_MAX
    while True:
        same = stage.seen(history=not result.attack.in_history) == before
        ratio = take_pulse(stage.honest, AFTER_S).median_ms / quiet_ms
        if same and ratio <= SLOWER_MAX:
            return
        if time.monotonic() > deadline:
            break
    if not same:
        changed = _changed(stage, before, history=not result.attack.in_history)
        result.breaches.append(f"the honest hold or show something else: {changed}")
    if ratio > SLOWER_MAX:
        result.breaches.append(f"{CALM_S_MAX:.0f} s later a change still takes {ratio:.1f} times")


def _await_one_mind(stage: Stage) -> None:
    await_that(lambda: agree(stage.honest), CALM_S_MAX, "the honest agree on what people did")


def _changed(stage: Stage, before: object, *, history: bool) -> str:
    assert isinstance(before, tuple)
    for process, then, now in zip(stage.honest, before, stage.seen(history=history), strict=True):
        assert isinstance(now, tuple)
        for was, is_now in zip(then, now, strict=True):
            if was != is_now:
                return f"{process.name} had {was}, has {is_now}"
    return "it was only late"


def _weigh(result: Judgement) -> None:
    if result.slower > SLOWER_MAX:
        result.breaches.append(f"an honest change took {result.slower:.1f} times its quiet median")
    if result.grown_bytes > GROWN_BYTES_MAX:
        result.breaches.append(f"memory grew by {result.grown_bytes / 1_048_576:.0f} MiB")
