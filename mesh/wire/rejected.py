"""What becomes of bytes of a peer that say nothing: a reason, never an exception."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rejected:
    """Bytes of a peer that are not what they should be, and why; to be counted, not answered."""

    why: str
