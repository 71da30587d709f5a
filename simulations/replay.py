"""A run in a file: the scenario, which alone decides it, and what came of it.

Whoever gets such a file runs the scenario again and compares. The same code gives the same digest,
to the last event. Other code gives another run: that is said, never glossed over.
"""

from pathlib import Path
from typing import Final, Literal

import msgspec

from simulations.build import Build, this_build
from simulations.scenario import Scenario
from simulations.trial import signature
from simulations.verdict import Verdict

FORMAT: Final = 1
FILE_BYTES_MAX: Final = 64 * 1024 * 1024
"""A scenario of a thousand hosts with all its faults is a few megabytes."""


class Unreadable(Exception):
    """The file is no run that can be replayed; the text says why and what to do."""


class Failure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was violated first."""

    signature: str
    time_ns: int
    text: str


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file says."""

    format: Literal[1]
    trellis: str
    code: str
    scenario: Scenario
    digest: str
    failure: Failure | None = None
    story: tuple[str, ...] = ()
    """For people."""


class _Head(msgspec.Struct):
    """What can be read of a file of any format."""

    format: int = 0
    trellis: str = "unknown"


def kept(scenario: Scenario, verdict: Verdict, story: tuple[str, ...] = ()) -> Kept:
    """What is to be written about the run of ``scenario`` that ended in ``verdict``."""
    build = this_build()
    kind = signature(verdict)
    failure = None
    if kind is not None:
        first = verdict.violations[0]
        failure = Failure(kind, first.time_ns, first.text)
    return Kept(FORMAT, build.trellis, build.code, scenario, verdict.digest, failure, story)


def spelled(run: Kept) -> bytes:
    """``run`` as a file: JSON that people can read, and compare line by line."""
    return msgspec.json.format(msgspec.json.encode(run, order="sorted"), indent=1) + b"\n"


def load(path: Path) -> Kept:
    """What the file at ``path`` says.

    Raises Unreadable.
    """
    try:
        with path.open("rb") as file:
            text = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from error
    if len(text) > FILE_BYTES_MAX:
        raise Unreadable(f"{path} is larger than {FILE_BYTES_MAX} bytes: it is no run")
    try:
        head = msgspec.json.decode(text, type=_Head)
    except msgspec.MsgspecError as error:
        raise Unreadable(f"{path} is no run in JSON: {error}") from error
    if head.format != FORMAT:
        raise Unreadable(
            f"{path} has format {head.format}, made by Trellis {head.trellis}; this is Trellis"
            f" {this_build().trellis}, which reads format {FORMAT}: replay it with the other one"
        )
    try:
        return msgspec.json.decode(text, type=Kept)
    except msgspec.MsgspecError as error:
        raise Unreadable(
            f"{path}, made by Trellis {head.trellis}, holds what Trellis {this_build().trellis}"
            f" does not know: {error}"
        ) from error


def difference(run: Kept, build: Build) -> str:
    """What ``build`` has to say about replaying ``run``; empty where the code is the same."""
    if run.trellis != build.trellis:
        return f"it was made by Trellis {run.trellis}, and this is Trellis {build.trellis}"
    if run.code != build.code:
        return "the code has changed since it was made"
    return ""
