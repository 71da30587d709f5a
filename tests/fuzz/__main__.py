"""Fuzz every parser, or those named: `python -m tests.fuzz [NAME ...] --seconds 600`.

Each target runs in a process of its own under Atheris. What it found lies in build/fuzz: inputs
that reach something new, and, under ``findings``, inputs that break a property. With ``--keep`` the
corpus in the repository is chosen anew. Exits with 1 where anything was found.
"""

import argparse
import hashlib
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

import atheris  # type: ignore[import-untyped, unused-ignore]  # only where one fuzzes

if TYPE_CHECKING:
    from tests.fuzz import keeping, mutation
    from tests.fuzz.target import Target
    from tests.fuzz.targets import TARGETS
else:
    with atheris.instrument_imports(include=["crdt", "mesh", "simulations"]):
        from tests.fuzz import keeping, mutation
        from tests.fuzz.target import Target
        from tests.fuzz.targets import TARGETS

WORK: Final = Path("build") / "fuzz"

INPUT_S_MAX: Final = 60
"""For one input, by the clock on the wall. This is for a parser that does not end: a machine that
stood still for a while must not look like one."""

MEMORY_MB_MAX: Final = 1_024

_EDGES: Final = re.compile(r"cov: (\d+)")
_FINDINGS: Final = ("Uncaught Python exception", "=== Timeout", "ERROR: libFuzzer")
_INPUTS: Final = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


class Outcome(NamedTuple):
    """What became of one target."""

    name: str
    inputs: int
    seconds: float
    edges: int
    kept: int
    findings: list[Path]


def main(words: Sequence[str]) -> int:
    """Fuzz, and tell."""
    arguments = _parser().parse_args(words)
    unknown = [name for name in arguments.names if name not in TARGETS]
    if unknown:
        sys.exit(f"no such target: {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    names = arguments.names or list(TARGETS)
    _say(f"{'target':18}{'inputs':>10}{'per second':>12}{'edges':>8}{'corpus':>8}  findings")
    found = 0
    length = _length(arguments.seconds, arguments.inputs)
    for outcome in _run_all(names, length, arguments.jobs):
        rate = outcome.inputs / outcome.seconds
        row = f"{outcome.inputs:10,}{rate:12,.0f}{outcome.edges:8,}{outcome.kept:8,}"
        _say(f"{outcome.name:18}{row}  {len(outcome.findings) or 'none'}")
        for finding in outcome.findings:
            _say(f"    {finding}; see {_log(outcome.name)}")
        found += len(outcome.findings)
    if arguments.keep and not found:
        for name in names:
            _keep(name)
    return 1 if found else 0


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  a program that people run


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="targets; all where none is named")
    parser.add_argument("--seconds", type=int, default=600, help="for each target")
    parser.add_argument(
        "--inputs",
        type=int,
        help="so many for each target instead, the same ones on every run: for a gate",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="at the same time")
    parser.add_argument("--keep", action="store_true", help="choose the corpus anew")
    return parser


def _length(seconds: int, inputs: int | None) -> list[str]:
    """How long libFuzzer goes on, in its words."""
    return [f"-max_total_time={seconds}"] if inputs is None else [f"-runs={inputs}", "-seed=1"]


def _run_all(names: Sequence[str], length: Sequence[str], jobs: int) -> Iterator[Outcome]:
    running: dict[int, tuple[str, float]] = {}
    waiting = list(names)
    while waiting or running:
        while waiting and len(running) < jobs:
            name = waiting.pop(0)
            running[_start(name, length)] = (name, time.monotonic())
        process, _ = os.wait()
        name, began = running.pop(process)
        yield _outcome(name, time.monotonic() - began)


def _start(name: str, length: Sequence[str]) -> int:
    """Fuzz ``name`` in a process of its own; its number."""
    target, work = TARGETS[name], WORK / name
    findings, seeds = WORK / "findings" / name, WORK / "seeds" / name
    for folder in (work, findings, seeds):
        folder.mkdir(parents=True, exist_ok=True)
    for raw in (*target.seeds, *keeping.read_kept(name)):
        _ = (seeds / hashlib.sha1(raw, usedforsecurity=False).hexdigest()).write_bytes(raw)
    process = os.fork()
    if process:
        return process
    options = [
        *length,
        f"-max_len={target.bytes_max}",
        f"-timeout={INPUT_S_MAX}",
        f"-rss_limit_mb={MEMORY_MB_MAX}",
        f"-artifact_prefix={findings}/",
        "-print_final_stats=1",
    ]
    _redirect(_log(name))
    _fuzz(target, [name, *options, str(work), str(seeds)])
    os._exit(0)


def _redirect(log: Path) -> None:
    """Whatever is printed from now on goes into ``log``."""
    sys.stdout.flush()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        _ = os.dup2(descriptor, stream)


def _fuzz(target: Target, arguments: list[str]) -> None:
    def mutate(raw: bytes, bytes_max: int, seed: int) -> bytes:
        luck = Random(seed)
        changed = mutation.change(raw, luck) if luck.random() < 0.5 else None
        if changed is None or len(changed) > bytes_max:
            changed = atheris.Mutate(raw, bytes_max)
            assert isinstance(changed, bytes)
        return changed

    if target.is_cbor:
        _ = atheris.Setup(arguments, target.check, custom_mutator=mutate)
    else:
        _ = atheris.Setup(arguments, target.check)
    atheris.Fuzz()


def _outcome(name: str, seconds: float) -> Outcome:
    log = _log(name).read_text(errors="replace")
    edges, inputs = _EDGES.findall(log), _INPUTS.findall(log)
    findings = sorted((WORK / "findings" / name).iterdir())
    if not findings and any(word in log for word in _FINDINGS):
        findings = [_log(name)]  # libFuzzer could not write the input down: what led to it is there
    kept = len(list((WORK / name).iterdir()))
    return Outcome(name, int((inputs or [0])[-1]), seconds, int((edges or [0])[-1]), kept, findings)


def _log(name: str) -> Path:
    return WORK / f"{name}.log"


def _keep(name: str) -> None:
    inputs = [path.read_bytes() for path in (WORK / name).iterdir()]
    chosen = keeping.choose(TARGETS[name], [*inputs, *keeping.read_kept(name)])
    keeping.keep(name, [raw for raw in chosen if raw not in list(TARGETS[name].seeds)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
