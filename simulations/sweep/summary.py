"""What many runs come to."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from simulations.sweep.archive import Row
from simulations.verdict import Verdict


@dataclass(slots=True)
class Summary:
    """All rows of a sweep, added up in the order of their seeds."""

    runs: int = 0
    failed: list[Row] = field(default_factory=list)
    """Violated, lost, or another digest than here."""
    events: int = 0
    steps: int = 0
    simulated_ns: int = 0
    healing_ns: int = 0
    """The longest time from the end of the last trouble until all agreed."""
    slowest: int | None = None
    """The seed that took so long."""
    counts: dict[str, int] = field(default_factory=dict)
    """What happened how often."""
    bites: dict[str, int] = field(default_factory=dict)
    """By kind of fault, how often it made a difference."""
    digest: str = ""
    """Over all seeds and their digests."""

    @property
    def toothless(self) -> tuple[str, ...]:
        """Kinds of faults of which not one bit."""
        return tuple(sorted(kind for kind, count in self.bites.items() if not count))

    def add(self, row: Row) -> None:
        """Take ``row`` into account."""
        self.runs += 1
        if row.failure is not None:
            self.failed.append(row)
        if row.verdict is not None:
            self._add_verdict(row.verdict)

    def _add_verdict(self, verdict: Verdict) -> None:
        self.events += verdict.events
        self.steps += verdict.steps
        self.simulated_ns += verdict.simulated_ns
        if self.slowest is None or verdict.healing_ns > self.healing_ns:
            self.healing_ns, self.slowest = verdict.healing_ns, verdict.seed
        for name, count in verdict.counts.items():
            self.counts[name] = self.counts.get(name, 0) + count
        for name, count in verdict.bites.items():
            kind = name.partition("-")[2]
            self.bites[kind] = self.bites.get(kind, 0) + count


def summarised(rows: Iterable[Row]) -> Summary:
    """What ``rows`` come to."""
    summary = Summary()
    hasher = hashlib.blake2b(digest_size=32)
    for row in rows:
        summary.add(row)
        hasher.update(f"{row.seed} {row.digest}\n".encode())
    summary.digest = hasher.hexdigest()
    return summary
