"""The seam to the disk: where journals come from, and what a journal does.

A *storage* outlives the lives of a controller; a *journal* is one opening of it, for one life.
Writes are handed over and confirmed later, in the order of their tokens. A journal that failed
confirms nothing any more: the kernel may have marked pages clean that it never wrote, so the only
way on is a new opening, which verifies what is really there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from mesh.driver.journal.evidence import Evidence
from mesh.driver.journal.proof import ORDINARY
from mesh.protocol.effects import Image, JournalWrite
from mesh.protocol.inputs import Persisted, PersistFailed

Report = Callable[[Persisted | PersistFailed], None]
"""Takes what became of writes; called in trio's thread, never from within `Journal.append`."""


@dataclass(frozen=True, slots=True)
class JournalStatistics:
    """What one journal has done so far."""

    transactions: int
    """Transactions that are durable."""
    rows: int
    """Rows that they wrote or deleted."""
    tokens: int
    """Tokens that they confirmed; more than transactions where writes shared one."""
    backlog_bytes: int
    """Handed over and not yet durable."""
    duration_ns_max: int
    """The longest that one transaction took, its sync included."""
    failed: str | None
    """Why nothing is written any more."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What opening a storage brought to light."""

    doubts: tuple[str, ...] = ()
    """Why the store may not have gone on without a break since the last life; empty: it has."""
    damaged_rows: int = 0
    """Rows whose hash did not fit; put aside as evidence."""
    detached_facts: int = 0
    """Whole facts that follow a gap in their chain; kept, not loaded."""
    wait_ns: int = 0
    """How long this life has to wait before it begins, since there were many of late."""
    is_torn: bool = False
    """Some table could not be read to its end: an unknown number of rows is missing."""
    evidence: Evidence = field(default_factory=Evidence)
    """What earlier damage has left for people to look at."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """For people: what is out of the ordinary."""
        said = [doubt for doubt in self.doubts if doubt not in ORDINARY]
        if self.damaged_rows:
            said.append(f"damaged rows of the journal, which were put aside: {self.damaged_rows}")
        if self.is_torn:
            said.append("the journal's file was damaged: what could not be read of it is missing")
        if self.detached_facts:
            said.append(
                f"{self.detached_facts} facts followed a gap, which is filled by what others hold"
            )
        return tuple(said)


class Journal(Protocol):
    """One opening of a storage."""

    @property
    def image(self) -> Image:
        """What was found, with the boot number of this life, which is durable already."""

    @property
    def findings(self) -> Findings:
        """What was noticed on the way."""

    @property
    def backlog_bytes(self) -> int:
        """Handed over and not yet durable."""

    def append(self, token: int, writes: tuple[JournalWrite, ...]) -> None:
        """Hand over ``writes``, which become durable together; ``token`` rises. Never blocks."""

    async def aclose(self) -> None:
        """Make durable what was handed over, where that is possible, and let go of the files."""

    def statistics(self) -> JournalStatistics:
        """What has been done so far."""


class Storage(Protocol):
    """Where a controller's journals come from."""

    async def open(
        self, controller: bytes, report: Report, doubt: str | None = None, boot_floor: int = 0
    ) -> Journal:
        """A journal of ``controller`` (its id) for a new life.

        ``doubt`` is why the last one ended, where that alone is a reason not to trust the store;
        the boot number of the new one lies above ``boot_floor``.
        Raises StartError where the storage is not fit for this controller, DiskFailed where it
        cannot be read or written now. One journal at a time: the former one must have been closed.
        """
