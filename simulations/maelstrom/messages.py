"""Maelstrom's messages: one JSON object on a line, from a source to a destination, with a body.

A body has a ``type``; a request has a ``msg_id``, and its answer names it in ``in_reply_to``.
Nothing but such lines may be printed. After Maelstrom's doc/protocol.md.
"""

import json
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

Json = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

LINE_BYTES_MAX: Final = 4 * 1_048_576
"""The longest line that is read: a frame in base64, several times over."""


class ErrorCode(IntEnum):
    """Why a request was not done. These are definite: it was not, and will not be."""

    NOT_SUPPORTED = 10
    TEMPORARILY_UNAVAILABLE = 11
    MALFORMED_REQUEST = 12
    ABORT = 14


class MalformedError(Exception):
    """A line that is no message, or a request without what it needs."""


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, code: ErrorCode, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Message:
    """One line."""

    source: str
    destination: str
    body: dict[str, Json]

    @property
    def type(self) -> str:
        """What the body is; empty where it does not say so."""
        kind = self.body.get("type")
        return kind if isinstance(kind, str) else ""

    def reply(self, **body: Json) -> "Message":
        """The answer to this request."""
        answer = {**body, "in_reply_to": self.body.get("msg_id")}
        return Message(self.destination, self.source, answer)

    def error(self, refused: RefusedError) -> "Message":
        """The answer that it is not done, and why."""
        return self.reply(type="error", code=int(refused.code), text=str(refused))

    def encode(self) -> bytes:
        """The line, with its end."""
        envelope = {"src": self.source, "dest": self.destination, "body": self.body}
        return json.dumps(envelope, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Message:
    """Read one line.

    Raises:
        MalformedError: it is no message.
    """
    try:
        read: object = json.loads(line)
    except (ValueError, RecursionError) as error:
        text = f"no JSON: {error}"
        raise MalformedError(text) from error
    match read:
        case {"src": str(source), "dest": str(destination), "body": dict(body)}:
            return Message(source, destination, body)
        case _:
            text = "a message has src, dest and body"
            raise MalformedError(text)


def text_at(body: dict[str, Json], key: str) -> str:
    """The string at ``key``. Raises MalformedError where there is none."""
    value = body.get(key)
    if not isinstance(value, str):
        text = f"{key} has to be a string"
        raise MalformedError(text)
    return value


def number_at(body: dict[str, Json], key: str) -> int:
    """The integer at ``key``. Raises MalformedError where there is none."""
    value = body.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        text = f"{key} has to be an integer"
        raise MalformedError(text)
    return value
