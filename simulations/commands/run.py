"""Run one scenario, and tell what happened and which promises were kept."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from simulations.commands.choosing import RESOLVED, Unknown, chosen_situation, chosen_source
from simulations.commands.narration import overview, story, tell, tell_compared, tell_many
from simulations.commands.talking import say, seeds
from simulations.comparing import Difference, compared
from simulations.engines.engine import Engine, Job, results
from simulations.engines.here import Here
from simulations.engines.processes import CannotStart, Processes
from simulations.files.situation import Situation
from simulations.report.subject import record
from simulations.scenario import Scenario, canonical
from simulations.sweep.source import Fixed
from simulations.trial import attempt
from simulations.verdict import Verdict

BROKEN: Final = 1
WRONG_USAGE: Final = 2

COMPARED_SEEDS: Final = range(10)
"""Enough for an interval that says something, and few enough to wait for."""

EXAMPLES: Final = """\
example:
  trellis sim run both_sides_change_the_same_service
  trellis sim run my-office.toml --seeds 0..99
  trellis sim run office_wan_cut --compare
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    _ = add(
        "scenario",
        nargs="?",
        help="a situation by name (trellis sim list), a file, or nothing: what the seed makes up",
    )
    which = parser.add_mutually_exclusive_group()
    _ = which.add_argument("--seed", type=int, metavar="N", help="which luck (0)")
    _ = which.add_argument("--seeds", type=seeds, metavar="A..B", help="many, both ends included")
    _ = add("--compare", action="store_true", help="also run the alternatives of the file")
    _ = add("--workers", type=int, metavar="N", help="processes for many seeds; as many as cores")
    _ = add("--trace", action="store_true", help="print every event")
    _ = add("--json", action="store_true", help="print JSON, for programs")


def run(arguments: argparse.Namespace) -> int:
    """Do it; 1 if anything was violated or a promise broken, 2 if there is nothing to run."""
    try:
        return _run(arguments)
    except (Unknown, CannotStart) as error:
        print(f"trellis sim run: {error}", file=sys.stderr)  # noqa: T201  it speaks to a person
        return WRONG_USAGE


def _run(arguments: argparse.Namespace) -> int:
    word: str | None = arguments.scenario
    if word is None or word.endswith(RESOLVED):
        return _run_resolved(arguments, word)
    situation = chosen_situation(word)
    again = f"trellis sim run {word}"
    if arguments.compare:
        return _compare(situation, arguments)
    if arguments.seeds is not None:
        return _run_many(situation, arguments, again)
    seed = arguments.seed or 0
    scenario = situation.scenario(seed)
    again = f"{again} --seed {seed}"
    if arguments.json or arguments.trace:
        verdict = attempt(scenario, sink=say if arguments.trace else None)
        if arguments.json:
            say(json.dumps(_as_json(situation, {"runs": [_run_as_json(verdict)]}), indent=2))
        return _code(situation, [verdict])
    overview(situation, scenario)
    subject = record(situation.title, again, scenario)
    story(subject)
    tell(subject.verdict, scenario, again, pending=situation.pending)
    return _code(situation, [subject.verdict])


def _run_resolved(arguments: argparse.Namespace, word: str | None) -> int:
    """A scenario that a seed made up, or one that is written out in full."""
    if arguments.compare or arguments.seeds is not None:
        raise Unknown("--seeds and --compare need a situation; see also trellis sim sweep")
    source = chosen_source(word)
    own = source.template.seed if isinstance(source, Fixed) else 0
    scenario = source.scenario(own if arguments.seed is None else arguments.seed)
    named = f" {word}" if word is not None else ""
    again = f"trellis sim run{named} --seed {scenario.seed}"
    if arguments.json or arguments.trace:
        verdict = attempt(scenario, sink=say if arguments.trace else None)
        if arguments.json:
            say(json.dumps({"runs": [_run_as_json(verdict)]}, indent=2))
        return BROKEN if verdict.violations else 0
    subject = record(source.name, again, scenario)
    story(subject)
    tell(subject.verdict, scenario, again, pending=None)
    return BROKEN if subject.verdict.violations else 0


# --- many seeds ---------------------------------------------------------------------------------


def _run_many(situation: Situation, arguments: argparse.Namespace, again: str) -> int:
    chosen: range = arguments.seeds
    verdicts = _verdicts(situation.plan, chosen, arguments.workers)
    if arguments.json:
        runs = [_run_as_json(verdict) for verdict in verdicts]
        say(json.dumps(_as_json(situation, {"runs": runs}), indent=2))
    else:
        tell_many(situation, verdicts, again)
    return _code(situation, verdicts)


def _verdicts(scenario: Scenario, chosen: range, workers: int | None) -> list[Verdict]:
    """Of all ``chosen`` seeds, in their order."""
    jobs = (Job(seed, canonical(msgspec.structs.replace(scenario, seed=seed))) for seed in chosen)
    engine: Engine = Here() if len(chosen) == 1 else Processes(workers)
    with engine:
        done = {each.number: each for each in results(engine, jobs)}
    lost = [f"seed {each.number}: {each.lost}" for each in done.values() if each.verdict is None]
    if lost:
        raise CannotStart("; ".join(lost))
    found = (done[seed].verdict for seed in chosen)
    return [verdict for verdict in found if verdict is not None]


def _compare(situation: Situation, arguments: argparse.Namespace) -> int:
    if not situation.alternatives:
        raise Unknown(f"{situation.name} has no alternatives: write [compare.NAME] into it")
    chosen: range = arguments.seeds or COMPARED_SEEDS
    before = _verdicts(situation.plan, chosen, arguments.workers)
    found: dict[str, Mapping[str, Difference]] = {}
    others: dict[str, Sequence[Verdict]] = {}
    for name, scenario in situation.alternatives.items():
        after = others[name] = _verdicts(scenario, chosen, arguments.workers)
        found[name] = compared([each.measures for each in before], [one.measures for one in after])
    if arguments.json:
        runs = {"as written": before, **others}
        content = {
            "runs": {name: [_run_as_json(each) for each in many] for name, many in runs.items()},
            "compared": msgspec.to_builtins(found),
        }
        say(json.dumps(_as_json(situation, content), indent=2))
    else:
        tell_compared(situation, chosen, before, others, found)
    return _code(situation, before)


# --- the result ---------------------------------------------------------------------------------


def _code(situation: Situation, verdicts: Sequence[Verdict]) -> int:
    """A pending situation promises nothing yet; what must always hold holds for it too."""
    for verdict in verdicts:
        if any(situation.pending is None or not each.is_promise for each in verdict.violations):
            return BROKEN
    return 0


def _as_json(situation: Situation, content: Mapping[str, object]) -> Mapping[str, object]:
    about = {"situation": situation.name, "title": situation.title, "pending": situation.pending}
    return {**about, **content}


def _run_as_json(verdict: Verdict) -> object:
    return msgspec.to_builtins(verdict)
