"""One run as an experiment: whatever happens in it, a verdict comes out.

The code under test may raise. To whoever runs thousands of seeds that is a finding like any other,
so it becomes a violation whose rule names the kind of error and the function that raised it.
"""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from simulations.chronicle import Sink
from simulations.kernel import START_NS
from simulations.reality import RealLife
from simulations.recording.recorder import Recorder
from simulations.scenario import Scenario
from simulations.verdict import Verdict, Violation
from simulations.world import World

SIGNATURE_WORD_MAX: Final = 4
"""A checker of several rules begins its text with the letters of the one that was broken."""


class _Enough(Exception):
    """The run is stopped from within."""


def attempt(
    scenario: Scenario,
    *,
    sink: Sink | None = None,
    until_ns: int | None = None,
    recorder: Recorder | None = None,
) -> Verdict:
    """Run ``scenario`` on the real replica.

    ``until_ns`` stops it after so much simulated time; nothing is judged at rest then.
    """
    world = World(scenario, RealLife, sink=sink, recorder=recorder)
    if until_ns is not None:
        world.kernel.at(START_NS + until_ns, _enough)
    try:
        return world.run()
    except _Enough:
        return world.verdict()
    except Exception as error:  # noqa: BLE001  whatever the code under test raises is the finding
        world.inspector.violated(f"raised {type(error).__name__}", _where(error))
        return world.verdict()


def _enough() -> None:
    raise _Enough


def _where(error: Exception) -> str:
    """The function that raised it, and what it said."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.name} ({Path(frame.filename).name}:{frame.lineno}): {error}"


def signature(verdict: Verdict) -> str | None:
    """What kind of failure it is: two runs with one signature fail alike. None: it has not failed.

    It is the rule of the first violation, with the letters that tell the rules of one checker
    apart, and for an error the function that raised it.
    """
    if not verdict.violations:
        return None
    return _kind(verdict.violations[0])


def _kind(violation: Violation) -> str:
    head, colon, _ = violation.text.partition(":")
    if violation.rule.startswith("raised "):
        return f"{violation.rule} in {violation.text.partition(' ')[0]}"
    if colon and head[:1].isupper() and head.isalnum() and len(head) <= SIGNATURE_WORD_MAX:
        return f"{violation.rule} {head}"
    return violation.rule


Runner = Callable[[Scenario], Verdict]
"""Runs one scenario; ``attempt`` is the usual one."""


def encoded(verdict: Verdict) -> bytes:
    """``verdict`` as JSON: it crosses from worker to parent, and rests in databases."""
    return msgspec.json.encode(verdict, order="sorted")


def decoded(text: bytes) -> Verdict:
    """The verdict that ``encoded`` wrote."""
    return msgspec.json.decode(text, type=Verdict)
