"""Tell one run, or many, to a stranger: as a page, as text, or as a log for ShiViz."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from simulations.commands.choosing import RESOLVED, Unknown, chosen_situation, chosen_source
from simulations.commands.talking import say
from simulations.engines.engine import prepare
from simulations.replay import Unreadable, load
from simulations.report import many as many_runs
from simulations.report import plots, shiviz
from simulations.report.page import page
from simulations.report.subject import Subject, record
from simulations.report.text import text
from simulations.scenario import Scenario
from simulations.sweep.source import Fixed

WRONG_USAGE: Final = 2

EXAMPLES: Final = """\
example:
  trellis sim report both_sides_change_the_same_service -o report.html
  trellis sim report 4711 --text
  trellis sim report failing.json -o report.html --shiviz failing.log
  trellis sim run office_wan_cut --compare --json >compared.json
  trellis sim report office_wan_cut --many compared.json -o report.html
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    _ = add(
        "which",
        nargs="?",
        metavar="SEED|FILE|NAME",
        help="what is told: what a seed makes up, a file, or a situation by name",
    )
    _ = add("--seed", type=int, metavar="N", help="which luck, with a name or a file")
    _ = add("--output", "-o", type=Path, metavar="FILE", help="write an HTML page")
    _ = add("--text", action="store_true", help="print the report, for a terminal")
    _ = add("--shiviz", type=Path, metavar="FILE", help="write a log that ShiViz reads")
    _ = add("--plant", metavar="MODULE:FUNCTION", help="plant a bug first, for tests")
    _ = add("--many", type=Path, metavar="FILE", help="JSON of sim sweep, or of sim run")


def run(arguments: argparse.Namespace) -> int:
    """Do it; 2 if there is nothing to tell. What came out of the run is told, not returned."""
    try:
        return _report(arguments)
    except (Unknown, many_runs.Unreadable) as error:
        print(f"trellis sim report: {error}", file=sys.stderr)  # noqa: T201  it speaks to a person
    except OSError as error:
        told = f"{error.filename}: {error.strerror}"
        print(f"trellis sim report: {told}", file=sys.stderr)  # noqa: T201  the same
    return WRONG_USAGE


def _report(arguments: argparse.Namespace) -> int:
    many_at: Path | None = arguments.many
    many = many_runs.read(many_at.read_bytes()) if many_at is not None else None
    if arguments.which is None:
        raise Unknown("what is to be told? A seed, a file, or a name from trellis sim list")
    prepare(arguments.plant)
    subject = _subject(arguments.which, arguments.seed)
    output: Path | None = arguments.output
    if output is not None:
        _write(output, page(subject, plots.section(many) if many is not None else ""))
    log: Path | None = arguments.shiviz
    if log is not None:
        _write(log, shiviz.log(subject.recorder))
    if arguments.text or (output is None and log is None):
        say("\n".join((text(subject), *(plots.lines(many) if many is not None else ()))))
    else:
        for line in _written(subject, output, log):
            say(line)
    return 0


def _subject(word: str, seed: int | None) -> Subject:
    """The run that ``word`` names, recorded."""
    if word.isdecimal():
        number = int(word)
        again = f"trellis sim run --seed {number}"
        return record(f"seed {number}", again, chosen_source(None).scenario(number))
    if word.endswith(RESOLVED):
        return record(*_of_file(Path(word), seed))
    situation = chosen_situation(word)
    again = f"trellis sim run {word} --seed {seed or 0}"
    return record(situation.title, again, situation.scenario(seed or 0), story=situation.story)


def _of_file(path: Path, seed: int | None) -> tuple[str, str, Scenario]:
    """A scenario that is written out in full, or what shrink and sweep keep of a failing run."""
    try:
        kept = load(path).scenario
    except Unreadable as unreadable:
        try:
            source = chosen_source(str(path))
        except Unknown as unknown:
            raise Unknown(f"{unknown}; {unreadable}") from unknown
        assert isinstance(source, Fixed), "a file holds one scenario"
        luck = source.template.seed if seed is None else seed
        return path.stem, f"trellis sim run {path} --seed {luck}", source.scenario(luck)
    if seed is not None:
        raise Unknown(f"{path} holds one run, with its luck: leave out --seed")
    return path.stem, f"trellis sim replay {path}", kept


def _write(place: Path, content: str) -> None:
    _ = place.write_text(content, encoding="utf-8", newline="\n")


def _written(subject: Subject, output: Path | None, log: Path | None) -> Iterator[str]:
    for violation in subject.verdict.violations[:1]:
        yield f"violated: {subject.recorder.names.plain(str(violation))}"
    for place in (output, log):
        if place is not None:
            yield f"{place}: {place.stat().st_size:,} bytes"
