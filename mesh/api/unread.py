"""What is left of a body when the answer is known already is read and thrown away.

HTTP has one order: the request, then the answer. Who closes a connection with a part of the request
unread makes the other side's kernel drop what it was sent; the client sees a connection that broke
and never learns that it is its token, its parameter or the size of its body that is wrong. And the
next request on that connection breaks as well, although there is nothing wrong with it.

So an answer begins when the body has ended. Too much or too slow a body is not waited for: then the
answer says that the connection ends with it.
"""

from typing import Final

import trio
from starlette.types import Message, Receive, Send

DISCARDED_BYTES_MAX: Final = 16 * 1024 * 1024
"""Thrown away of one body: whoever has sent a file too large by mistake is still told."""

DISCARD_S: Final = 5.0
"""For that: 16 MiB over a LAN."""

_CLOSE: Final = (b"connection", b"close")


class Patient:
    """The two ends of one request; the answer begins only after the body has ended."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._has_ended = False

    async def receive(self) -> Message:
        """As ASGI has it."""
        message = await self._receive()
        self._has_ended = not (message["type"] == "http.request" and message.get("more_body"))
        return message

    async def send(self, message: Message) -> None:
        """As ASGI has it."""
        if message["type"] == "http.response.start" and not self._has_ended:
            await self._discard()
            if not self._has_ended:
                message = {**message, "headers": [*message.get("headers", ()), _CLOSE]}
        await self._send(message)

    async def _discard(self) -> None:
        discarded = 0
        with trio.move_on_after(DISCARD_S):
            while not self._has_ended and discarded <= DISCARDED_BYTES_MAX:
                discarded += len((await self.receive()).get("body", b""))
