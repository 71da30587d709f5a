"""One ChangeSet after the other through the barrier, until all show it; and where the time goes.

The steps are read off the clocks in the facts themselves, which on one host is one clock: submitted
→ proposal written → last seal written → released on the last one (Applied written) → the instant →
shown on the last one. A seal is written when the proposal is durable at its author and has come;
the release when all seals are durable at theirs and have come.
"""

import time
from collections.abc import Iterator
from typing import Any, Final

from tests.benchmarks.ensemble import Ensemble, Failed, await_that
from tests.benchmarks.figures import Figure, figure, milliseconds

COMMANDS: Final = 10
PAUSE_S: Final = 0.1
SHOWN_S_MAX: Final = 30.0
APPLIED_TARGETS_MS: Final = {3: "≤ 25 (issue)"}
SKEW_TARGETS_MS: Final = {3: "≤ 2", 5: "≤ 2", 30: "≤ 25"}


def through_barrier(ensemble: Ensemble, count: int) -> Iterator[Figure]:
    """``count`` ChangeSets of ten commands, submitted on each controller in turn."""
    size = len(ensemble)
    submitted = list(_submit(ensemble, count))
    wanted = [each["tx"] for each in submitted]
    shown: list[dict[str, Any]] = []

    def all_shown() -> bool:
        shown[:] = [each.ask("told")["shown"] for each in ensemble.controllers]
        return all(tx in here for here in shown for tx in wanted)

    await_that(all_shown, SHOWN_S_MAX, "all ChangeSets are shown by all")
    last = [max(here[each["tx"]][0] for here in shown) - each["asked"] for each in submitted]
    yield figure(
        "barrier",
        "ChangeSet submitted until shown by all",
        "ms",
        milliseconds(last),
        controllers=size,
        target=APPLIED_TARGETS_MS.get(size, ""),
    )
    skews = [_spread([here[tx][1] for here in shown]) for tx in wanted]
    yield figure(
        "barrier",
        "skew: first to last to show it",
        "ms",
        milliseconds(skews),
        controllers=size,
        target=SKEW_TARGETS_MS.get(size, ""),
    )
    late = sum(1 for tx in wanted if any(here[tx][2] or here[tx][3] for here in shown))
    yield figure(
        "barrier",
        "ChangeSets late, or not at the instant, anywhere",
        "%",
        [100 * late / len(wanted)],
        controllers=size,
    )
    yield from _steps(ensemble, submitted, shown)


def _submit(ensemble: Ensemble, count: int) -> Iterator[dict[str, Any]]:
    """One at a time: the next a while after the one before is shown where it was submitted."""
    for number in range(count):
        submitter = ensemble.controllers[number % len(ensemble)]
        answer = submitter.ask("submit", commands=COMMANDS, name=number)
        if answer["tx"] is None:
            raise Failed(f"a ChangeSet was refused: {answer['why']}")
        yield answer
        time.sleep(PAUSE_S)


def _steps(
    ensemble: Ensemble, submitted: list[dict[str, Any]], shown: list[dict[str, Any]]
) -> Iterator[Figure]:
    stories = {each["tx"]: each for each in ensemble.controllers[0].ask("facts")["stories"]}
    steps: dict[str, list[int]] = {}
    for each in submitted:
        story = stories[each["tx"]]
        sealed = max(story["sealed"])
        instant = sealed + story["guard"]
        all_shown = max(here[each["tx"]][1] for here in shown)
        for step, took_ns in (
            ("submitted until proposal written", story["proposed"] - each["asked_wall"]),
            ("… until durable and answered", each["durable_wall"] - story["proposed"]),
            ("… proposal until last seal written", sealed - story["proposed"]),
            ("… last seal until released on last", max(story["applied"]) - sealed),
            ("… guard: last seal until instant", story["guard"]),
            ("… instant until shown on last", all_shown - instant),
        ):
            steps.setdefault(step, []).append(took_ns)
    for step, took in steps.items():
        yield figure("barrier", step, "ms", milliseconds(took), controllers=len(ensemble))


def _spread(times_ns: list[int]) -> int:
    return max(times_ns) - min(times_ns)
