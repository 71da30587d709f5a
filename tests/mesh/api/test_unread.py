"""A body that nobody reads: the answer comes after it, and says so where it cannot."""

import pytest
import trio
import trio.testing
from starlette.types import Message

from mesh.api.unread import DISCARD_S, DISCARDED_BYTES_MAX, Patient

START: Message = {"type": "http.response.start", "status": 400, "headers": [(b"a", b"b")]}
CLOSE = (b"connection", b"close")


def piece(size: int, *, more: bool) -> Message:
    """A part of a body."""
    return {"type": "http.request", "body": bytes(size), "more_body": more}


class Line:
    """A client that sends these messages, and then nothing more."""

    def __init__(self, *messages: Message) -> None:
        self.arriving = list(messages)
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        """The next one; without one, wait for ever."""
        if not self.arriving:
            await trio.sleep_forever()
        return self.arriving.pop(0)

    async def send(self, message: Message) -> None:
        """Keep what is answered."""
        self.sent.append(message)


async def answered(line: Line, *, reads: bool = False) -> Message:
    """How the answer of an app begins that reads nothing, or one message before."""
    ends = Patient(line.receive, line.send)
    if reads:
        await ends.receive()
    await ends.send(START)
    return line.sent[0]


@pytest.mark.parametrize(
    "messages",
    [
        (piece(0, more=False),),
        (piece(9, more=True), piece(9, more=True), piece(0, more=False)),
        (piece(9, more=True), {"type": "http.disconnect"}),
    ],
)
async def test_an_answer_begins_when_the_body_has_ended(messages: tuple[Message, ...]) -> None:
    """All of it is read, and the answer is left as it was."""
    line = Line(*messages)
    assert await answered(line) == START
    assert line.arriving == []


async def test_what_was_read_is_not_waited_for_again() -> None:
    """An app that has read the whole body is answered at once."""
    line = Line(piece(9, more=False))
    assert await answered(line, reads=True) == START


async def test_too_large_a_body_is_not_read_to_its_end() -> None:
    """The answer says that the connection ends with it."""
    half = DISCARDED_BYTES_MAX // 2 + 1
    line = Line(*[piece(half, more=True)] * 4)
    assert CLOSE in (await answered(line))["headers"]
    assert len(line.arriving) == 2


async def test_too_slow_a_body_is_not_waited_for(autojump_clock: trio.testing.MockClock) -> None:
    """The same for a client that sends nothing more, or that holds the connection open."""
    line = Line(piece(9, more=True))
    begun = trio.current_time()
    assert CLOSE in (await answered(line))["headers"]
    assert trio.current_time() - begun == pytest.approx(DISCARD_S)
