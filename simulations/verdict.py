"""What became of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must never happen, and happened."""

    time_ns: int
    rule: str
    """Which rule, as the documentation of the protocol or of the simulator calls it."""
    text: str
    """What was seen, where."""

    def __str__(self) -> str:
        return f"{self.time_ns / 1e9:.6f} s: {self.rule}: {self.text}"

    @property
    def is_promise(self) -> bool:
        """Whether something good did not come about, rather than something bad happened."""
        return self.rule == "agreement" or self.rule.startswith("expectation")


@dataclass(frozen=True, slots=True)
class Judgement:
    """One promise of a situation, held against a run."""

    promise: str
    holds: bool
    seen: str
    """What shows it, or what was seen instead."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one run."""

    seed: int
    digest: str
    """Over every event, 64 hexadecimal digits: equal digests are equal runs."""
    violations: tuple[Violation, ...]
    events: int
    """Events of the kernel."""
    steps: int
    """Steps of replicas."""
    simulated_ns: int
    healing_ns: int
    """From the end of the last trouble until all agreed."""
    bites: Mapping[str, int]
    """For each fault, how often it made a difference."""
    counts: Mapping[str, int]
    """What happened how often."""
    measures: Mapping[str, float] = field(default_factory=dict)
    """What can be compared between runs, by name; times in nanoseconds."""
    judgements: tuple[Judgement, ...] = ()
    """Each promise of the scenario, if the run came to its end."""
