"""Calls of local clients that wait for their answer.

A call is answered once, refused once, or interrupted, when the life that took it is over before it
answered: then nobody knows whether it took effect, and the caller is told just that.
"""

from typing import Final

import trio

from mesh.driver.errors import Interrupted, Overloaded, Refused
from mesh.protocol.effects import Answer, Refusal
from mesh.protocol.inputs import CallId

CALLS_MAX: Final = 16_384
"""Open at once; each holds a task and an answer to come."""


class PendingCall:
    """One call under way."""

    def __init__(self, number: CallId) -> None:
        self.number = number
        self._done = trio.Event()
        self._outcome: Answer | Refusal | str | None = None

    def settle(self, outcome: Answer | Refusal | str) -> None:
        """The call is over; a string says why it was interrupted."""
        self._outcome = outcome
        self._done.set()

    async def result(self) -> dict[str, object]:
        """What it was answered. Raises Refused and Interrupted."""
        await self._done.wait()
        match self._outcome:
            case Answer(result=result):
                return result
            case Refusal(code=code, errors=errors):
                raise Refused(code, errors)
            case why:
                raise Interrupted(f"{why}: the call may have taken effect or not")


class PendingCalls:
    """All calls under way."""

    def __init__(self) -> None:
        self._calls: dict[CallId, PendingCall] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._calls)

    def open(self) -> PendingCall:
        """A new call. Raises Overloaded."""
        if len(self._calls) >= CALLS_MAX:
            raise Overloaded(
                f"{CALLS_MAX} calls are waiting for an answer already: try again later"
            )
        self._last += 1
        call = self._calls[self._last] = PendingCall(self._last)
        return call

    def forget(self, call: PendingCall) -> None:
        """Nobody waits for ``call`` any more."""
        _ = self._calls.pop(call.number, None)

    def settle(self, outcome: Answer | Refusal) -> None:
        """An answer has come; nobody may be waiting for it any more."""
        call = self._calls.pop(outcome.call, None)
        if call is not None:
            call.settle(outcome)

    def interrupt(self, why: str) -> None:
        """No call that is open now will be answered."""
        calls, self._calls = self._calls, {}
        for call in calls.values():
            call.settle(why)
