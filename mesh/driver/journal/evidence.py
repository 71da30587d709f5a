"""The folder in which damaged files are kept: nothing ever deletes there, and people are told.

What a disk did to a journal can only be seen from the damaged file itself, and it may hold facts
that nobody else has. So the only bound is a person: from ``EVIDENCE_BYTES_MANY`` on each start and
the doctor say how much there is.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

EVIDENCE_FOLDER: Final = "evidence"

EVIDENCE_BYTES_MANY: Final = 256 * 1_048_576
"""Several journals of a large mesh: by then somebody should look, and move them away."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What lies in the folder."""

    files: int = 0
    size_bytes: int = 0

    def __str__(self) -> str:
        return f"{self.files} files, {self.size_bytes / 1_048_576:.1f} MiB"

    @property
    def is_much(self) -> bool:
        """Whether somebody should clear it away."""
        return self.size_bytes > EVIDENCE_BYTES_MANY


def evidence_in(directory: Path) -> Evidence:
    """What is kept in the data directory ``directory``; nothing where that cannot be read."""
    try:
        files = [each for each in (directory / EVIDENCE_FOLDER).iterdir() if each.is_file()]
        return Evidence(len(files), sum(each.stat().st_size for each in files))
    except OSError:
        return Evidence()
