"""What clients ask for, as entries of running information.

    broadcast, g-set   each element is an entry of its own, so that additions never meet
    pn-counter         each life of a controller keeps its own sum; the value is the sum of these
    unique-ids         a life's name, which nobody ever had before, and a number within it

A read answers with what this controller holds: nobody is asked.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Final

from mesh.protocol.inputs import Path, Write
from mesh.protocol.replica.participant import Participant
from mesh.wire.identity import Incarnation
from simulations.maelstrom.messages import (
    ErrorCode,
    Json,
    MalformedError,
    Message,
    RefusedError,
    number_at,
)

SET: Final = "set"
COUNTER: Final = "counter"


class Workload(StrEnum):
    """Maelstrom's names for what is tested."""

    ECHO = "echo"
    BROADCAST = "broadcast"
    G_SET = "g-set"
    PN_COUNTER = "pn-counter"
    G_COUNTER = "g-counter"
    UNIQUE_IDS = "unique-ids"


@dataclass(frozen=True, slots=True)
class Asked:
    """An entry that has to be written before ``reply`` is sent."""

    write: Write
    reply: Message


class Desk:
    """Answers clients. ``workload`` None: it follows from the first request that tells."""

    def __init__(self, workload: Workload | None) -> None:
        self._workload = workload
        self._generated = 0

    def take(
        self, request: Message, own: Incarnation, inside: Participant | None
    ) -> Message | Asked:
        """What follows from ``request``.

        Raises:
            RefusedError: it is answered with an error.
            MalformedError: it lacks what it needs.
        """
        match request.type:
            case "echo":
                return request.reply(type="echo_ok", echo=request.body.get("echo"))
            case "topology":
                # Controllers find their own paths: the neighbours are a suggestion.
                self._learn(Workload.BROADCAST)
                return request.reply(type="topology_ok")
            case "generate":
                self._generated += 1
                return request.reply(type="generate_ok", id=f"{own.nonce.hex()}-{self._generated}")
            case "broadcast" | "add" | "read":
                if inside is None:
                    text = "this controller is not a member yet"
                    raise RefusedError(ErrorCode.TEMPORARILY_UNAVAILABLE, text)
                return self._entries(request, own, inside)
            case other:
                raise RefusedError(ErrorCode.NOT_SUPPORTED, f"unknown request: {other!r}")

    def _learn(self, workload: Workload) -> None:
        if self._workload is None:
            self._workload = workload

    def _entries(self, request: Message, own: Incarnation, inside: Participant) -> Message | Asked:
        body = request.body
        match request.type:
            case "broadcast" if "message" in body:
                self._learn(Workload.BROADCAST)
                return Asked(_element(body["message"]), request.reply(type="broadcast_ok"))
            case "add" if "element" in body:
                self._learn(Workload.G_SET)
                return Asked(_element(body["element"]), request.reply(type="add_ok"))
            case "add" if "delta" in body:
                self._learn(Workload.PN_COUNTER)
                write = _sum(inside, own, number_at(body, "delta"))
                return Asked(write, request.reply(type="add_ok"))
            case "read":
                return self._read(request, inside)
            case kind:
                text = f"{kind} lacks what is to be added"
                raise MalformedError(text)

    def _read(self, request: Message, inside: Participant) -> Message:
        match self._workload:
            case Workload.BROADCAST:
                return request.reply(type="read_ok", messages=list(_elements(inside)))
            case Workload.G_SET:
                return request.reply(type="read_ok", value=list(_elements(inside)))
            case Workload.PN_COUNTER | Workload.G_COUNTER:
                return request.reply(type="read_ok", value=_total(inside))
            case _:
                text = "nothing has told yet what is to be read: start with --workload"
                raise RefusedError(ErrorCode.TEMPORARILY_UNAVAILABLE, text)


def _element(element: Json) -> Write:
    """The entry of ``element``: equal ones are one entry, whoever adds them."""
    text = json.dumps(element, sort_keys=True, separators=(",", ":"))
    name = blake2b(text.encode(), digest_size=16).hexdigest()
    return Write((SET, name), text)


def _elements(inside: Participant) -> Iterator[Json]:
    for _, reading in inside.information.items((SET,)):
        if isinstance(reading.value, str):
            yield json.loads(reading.value)


def _sum(inside: Participant, own: Incarnation, delta: int) -> Write:
    """The entry of this life, which nobody else writes, with ``delta`` added."""
    path: Path = (COUNTER, own.nonce.hex())
    reading = inside.information.read(path)
    so_far = reading.value if reading is not None else 0
    assert isinstance(so_far, int), "only this life writes its sum"
    return Write(path, so_far + delta)


def _total(inside: Participant) -> int:
    sums = (reading.value for _, reading in inside.information.items((COUNTER,)))
    return sum(value for value in sums if isinstance(value, int))
