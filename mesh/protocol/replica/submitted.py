"""What was submitted here of late, so that whoever asks is told what became of it.

A request that leaves the queue before it was ever proposed leaves no fact behind, and its
submitter waits for an answer. The last few are remembered for just that; they are forgotten with
the process, as the queue is.
"""

from dataclasses import dataclass
from typing import Final

from mesh.wire.requests import SignedRequest

SUBMITTED_MAX: Final = 64
"""Requests remembered: more than people submit in the time that they wait for an answer."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A request that was never proposed, and never will be by itself."""

    request: SignedRequest
    why: str
    conflict: bool
    """Something else was applied first, on which it was not made."""


class Submitted:
    """The last requests, and which of them were given up."""

    def __init__(self) -> None:
        self._requests: dict[bytes, SignedRequest] = {}
        self._given_up: dict[bytes, GivenUp] = {}

    def note(self, request: SignedRequest) -> None:
        """``request`` is in the queue now."""
        self._requests[request.tx] = request
        _ = self._given_up.pop(request.tx, None)
        while len(self._requests) > SUBMITTED_MAX:
            oldest = next(iter(self._requests))
            del self._requests[oldest]
            _ = self._given_up.pop(oldest, None)

    def give_up(self, tx: bytes, why: str, *, conflict: bool) -> None:
        """The request ``tx`` left the queue."""
        request = self._requests.get(tx)
        if request is not None:
            self._given_up[tx] = GivenUp(request, why, conflict)

    @property
    def given_up(self) -> dict[bytes, GivenUp]:
        """By tx, the earliest first."""
        return self._given_up
