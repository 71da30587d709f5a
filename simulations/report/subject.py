"""The run that a report is about: its scenario, its verdict, and all that was recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from simulations.recording.mail import MESSAGES_MAX
from simulations.recording.recorder import Recorder
from simulations.scenario import Scenario
from simulations.trial import attempt
from simulations.verdict import Verdict

SECOND: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Subject:
    """One recorded run."""

    title: str
    replay: str
    """The command that runs it again."""
    scenario: Scenario
    verdict: Verdict
    recorder: Recorder
    story: str = ""
    """What the situation is about, in the words of its file."""
    numbers: Mapping[str, int] = field(default_factory=dict)
    """The hosts by name: where they stand in every table of the report."""

    @property
    def is_good(self) -> bool:
        """Whether all that must hold, and all that the situation promises, has held."""
        return not self.verdict.violations

    @property
    def hosts(self) -> tuple[str, ...]:
        """All hosts: those of the scenario, then copies of them that a fault brought."""
        return tuple(self.numbers)

    @property
    def begins_ns(self) -> int:
        """When the mesh had assembled and the story begins; the start where it never did."""
        phases = self.recorder.phases
        return phases[0].time_ns if len(phases) > 1 else 0

    @property
    def ends_ns(self) -> int:
        """The last moment of the run."""
        return self.recorder.phases[-1].time_ns


def record(
    title: str,
    replay: str,
    scenario: Scenario,
    *,
    story: str = "",
    messages_max: int = MESSAGES_MAX,
) -> Subject:
    """Run ``scenario``, and keep what happens."""
    recorder = Recorder(messages_max=messages_max)
    verdict = attempt(scenario, recorder=recorder)
    names = tuple(host.name for host in scenario.hosts)
    recorder.close(verdict.violations, names)
    numbers = _numbers(names, recorder)
    return Subject(title, replay, scenario, verdict, recorder, story, numbers)


def _numbers(names: tuple[str, ...], recorder: Recorder) -> dict[str, int]:
    """Hosts in the order of the scenario; of other names only those where a controller ran."""
    ran = {life.host: None for life in recorder.sights.lives}
    return {name: number for number, name in enumerate(dict.fromkeys((*names, *ran)))}
