"""From a fault of the network to the single messages that matter.

A link that is down for a second loses a hundred datagrams. The fault is taken away and these very
datagrams are suppressed instead; if the run fails alike, all but the few that matter are let
through. Where many of them matter the fault is the simpler word, and stays.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from simulations.faults.schedule import fault_name
from simulations.recording.recorder import Recorder
from simulations.scenario import Scenario, Suppress
from simulations.shrink.ddmin import minimal
from simulations.shrink.search import Search
from simulations.trial import attempt

MESSAGES_MAX: Final = 400
"""A fault that lost more is not taken apart."""

NEEDED_MAX: Final = 4
"""More than so many single messages are harder to understand than the fault."""


def single_messages(search: Search) -> None:
    """Each fault of the network that can be said in a few messages is said so."""
    lost = lost_by_fault(search.best)
    for at in reversed(range(len(search.best.faults))):
        if search.is_over:
            return
        messages = lost.get(at, ())
        if 0 < len(messages) <= MESSAGES_MAX:
            _take_apart(search, at, messages)


def _take_apart(search: Search, at: int, messages: tuple[Suppress, ...]) -> None:
    kept, verdict = search.best, search.verdict
    faults = kept.faults[:at] + kept.faults[at + 1 :]

    def first(choices: Iterator[tuple[Suppress, ...]]) -> tuple[Suppress, ...] | None:
        offered = (
            replace(kept, faults=faults, suppressed=(*kept.suppressed, *choice))
            for choice in choices
        )
        if not search.accept_first(offered):
            return None
        return search.best.suppressed[len(kept.suppressed) :]

    if first(iter([messages])) is None:
        return
    if len(minimal(messages, first)) > NEEDED_MAX:
        search.best, search.verdict = kept, verdict


def lost_by_fault(scenario: Scenario) -> dict[int, tuple[Suppress, ...]]:
    """The datagrams that each fault loses, by its place among the faults.

    What is on a stream is left aside: a stream that loses something is closed, or sends it again.
    """
    recorder = Recorder()
    _ = attempt(scenario, recorder=recorder)
    sent: Counter[tuple[str, str]] = Counter()
    lost: dict[str, list[Suppress]] = {}
    if recorder.mail.first:
        return {}  # the earliest are not kept: their numbers are not known
    for number in recorder.mail.numbers:
        letter = recorder.mail[number]
        if not letter.on_stream:
            link = (recorder.hosts[letter.source], recorder.hosts[letter.target])
            sent[link] += 1
            if letter.lost:
                lost.setdefault(letter.lost, []).append(Suppress(*link, sent[link]))
    return {
        at: tuple(lost.get(fault_name(at, fault), ())) for at, fault in enumerate(scenario.faults)
    }
