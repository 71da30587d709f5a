"""What a person reads after a run: the story, the promises, and how to see it again."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Final

from simulations.commands.talking import say
from simulations.comparing import Difference
from simulations.files.situation import Situation
from simulations.measures import TIMES
from simulations.recording.recorder import Kind
from simulations.report.prose import moments
from simulations.report.subject import Subject
from simulations.report.troubles import troubles
from simulations.report.words import count, duration
from simulations.scenario import Scenario
from simulations.verdict import Verdict, Violation

KEPT: Final = "✔"
BROKEN: Final = "✘"
WIDTH: Final = 100
PROMISE_WIDTH_MAX: Final = 60
"""A promise that is longer stands out of its column, and does not push all others away."""
MEASURE_WIDTH: Final = 44

ASKED_MAX: Final = 12
"""Writes and refusals that are told one by one; more would hide the story."""

FEW: Final = 6
"""Hosts of one site that are named; of more their number says enough."""


def overview(situation: Situation, scenario: Scenario) -> None:
    """What is about to be run."""
    say(situation.title)
    if situation.story:
        say()
        for paragraph in situation.story.split("\n\n"):
            for line in textwrap.wrap(paragraph, WIDTH - 2):
                say(f"  {line}")
    say()
    sites: dict[str, list[str]] = {}
    for host in scenario.hosts:
        sites.setdefault(host.site, []).append(host.name)
    for site, names in sites.items():
        told = " ".join(names) if len(names) <= FEW else count(len(names), "host")
        say(f"  {site}: {told}")


def story(subject: Subject) -> None:
    """What happened, its times counted from the assembly as in the file."""
    say()
    told = [(each.time_ns, each.words) for each in moments(subject, troubles(subject))]
    recorder = subject.recorder
    asked = [
        (mark.time_ns, f"{recorder.hosts[mark.host]} {mark.words}")
        for mark in recorder.marks
        if mark.kind is Kind.ASKED and mark.time_ns >= subject.begins_ns
    ]
    told += asked[:ASKED_MAX]
    for time_ns, words in sorted(told, key=lambda each: each[0]):
        if time_ns >= subject.begins_ns:
            say(f"  {(time_ns - subject.begins_ns) / 1e9:9.3f} s  {words}")


def tell(verdict: Verdict, scenario: Scenario, again: str, *, pending: str | None) -> None:
    """What came of it."""
    say()
    rows = [(each.holds, each.promise, each.seen) for each in verdict.judgements]
    _tell_judged(rows)
    if scenario.expect is None:
        _tell_bites(verdict, scenario)
    for violation in verdict.violations:
        if not violation.rule.startswith("expectation"):
            say(f"  {BROKEN} {violation}")
    say()
    say(_result(verdict, pending))
    say(f"  again   {again}")
    say(f"  digest  {verdict.digest}")


def _tell_judged(rows: Sequence[tuple[bool, str, str]]) -> None:
    """Each promise with whether it was kept, and what was seen, below each other."""
    widths = [len(promise) for _, promise, _ in rows]
    width = max((each for each in widths if each <= PROMISE_WIDTH_MAX), default=0)
    for holds, promise, seen in rows:
        say(f"  {KEPT if holds else BROKEN} {promise:{width}}  {seen}".rstrip())


def _tell_bites(verdict: Verdict, scenario: Scenario) -> None:
    for fault, bites in zip(scenario.faults, verdict.bites.values(), strict=True):
        name = fault.name or str(type(fault).__struct_config__.tag)
        say(f"  the fault {name} bit {count(bites, 'time')}")


def _result(verdict: Verdict, pending: str | None) -> str:
    broken = [each for each in verdict.judgements if not each.holds]
    others = [each for each in verdict.violations if not each.rule.startswith("expectation")]
    if pending is not None and verdict.violations and all(map(_is_promise, verdict.violations)):
        return f"Pending, and never counted as passing: {pending}."
    if others:
        return f"Something happened that never must: {others[0].rule}."
    if pending is not None:
        return f"It holds, though it is marked as pending ({pending}): take the mark away."
    if broken:
        return f"{count(len(broken), 'promise')} of {len(verdict.judgements)} broken."
    promises = len(verdict.judgements)
    kept = f", and {count(promises, 'promise')} kept" if promises else ""
    return f"All that must hold has held{kept}."


def _is_promise(violation: Violation) -> bool:
    return violation.is_promise


# --- many seeds ---------------------------------------------------------------------------------


def tell_many(situation: Situation, verdicts: Sequence[Verdict], again: str) -> None:
    """Each promise with the number of seeds that kept it, and how to see those that did not."""
    say(f"{situation.title}: {count(len(verdicts), 'seed')}")
    say()
    kept: dict[str, list[bool]] = {}
    for verdict in verdicts:
        for judgement in verdict.judgements:
            kept.setdefault(judgement.promise, []).append(judgement.holds)
    _tell_judged([(all(held), each, f"{sum(held)} of {len(held)}") for each, held in kept.items()])
    failed = [verdict for verdict in verdicts if verdict.violations]
    say()
    for verdict in failed:
        violation = verdict.violations[0]
        say(f"  {again} --seed {verdict.seed}")
        say(f"      {violation.rule}: {violation.text}")
    if situation.pending is not None:
        say(f"Pending, and never counted as passing: {situation.pending}.")
    elif failed:
        say(f"{len(failed)} of {count(len(verdicts), 'seed')} failed.")
    else:
        say("All that must hold has held, on every seed.")


# --- alternatives -------------------------------------------------------------------------------


def tell_compared(
    situation: Situation,
    chosen: range,
    before: Sequence[Verdict],
    others: Mapping[str, Sequence[Verdict]],
    found: Mapping[str, Mapping[str, Difference]],
) -> None:
    """Each measure of each alternative beside that of the file as it is written."""
    say(f"{situation.title}: the same luck, seeds {chosen[0]}..{chosen[-1]}")
    for name, differences in found.items():
        say()
        head = f"{'measure (mean)':{MEASURE_WIDTH}} {'as written':>12} {name:>12}"
        say(f"{head}   difference, 95 % of it within")
        for measure, difference in differences.items():
            say(_compared(measure, difference))
        say()
        say(f"  {_kept(others[name])} with {name}, {_kept(before)} as written")
    say()
    say(f"A difference that is marked ({BOLD}) leaves out zero.")


BOLD: Final = "*"


def _compared(measure: str, difference: Difference) -> str:
    def spelled(value: float) -> str:
        return duration(round(value)) if measure in TIMES else f"{value:,.3g}"

    means = f"{spelled(difference.before):>12} {spelled(difference.after):>12}"
    line = f"{measure:{MEASURE_WIDTH}} {means}"
    if difference.before == difference.after and difference.low == difference.high:
        return f"{line}   none"
    sign = "+" if difference.mean > 0 else ""
    mark = BOLD if difference.is_certain else " "
    if math.isinf(difference.low):
        return f"{line}   {sign}{spelled(difference.mean)}"
    within = f"{spelled(difference.low)} to {spelled(difference.high)}"
    return f"{line} {mark} {sign}{spelled(difference.mean)}, {within}"


def _kept(verdicts: Sequence[Verdict]) -> str:
    good = len([verdict for verdict in verdicts if not verdict.violations])
    return f"{good} of {len(verdicts)} seeds kept every promise"
