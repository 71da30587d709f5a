"""From a write of running information on one controller until all others have been told of it.

``in process`` measures from the call of ``Controller.put`` until the task that subscribed in the
last other controller holds the change; no observer and no HTTP between. ``over HTTP`` measures from
the first byte of a PUT to one ``trellis up`` until the last of all others has sent the event to one
process that listens to them all, which is what a client sees; that one process is itself woken once
for each controller, so with many controllers it measures also itself.
"""

import random
import selectors
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Self

from mesh.api.unix import connect
from tests.benchmarks.ensemble import Ensemble, Failed, await_that
from tests.benchmarks.figures import Figure, figure, milliseconds

VALUE_BYTES: Final = 64
PAUSE_S: Final = 0.05
"""Between two writes, on the average: longer than all that follows one of them."""

SETTLE_S: Final = 1.0
"""After the last write: what was lost has been fetched."""

UDP_HEADERS_BYTES: Final = 28
"""IPv4 and UDP."""
TCP_HEADERS_BYTES: Final = 2 * 52
"""IPv4 and TCP with timestamps, for the segment and for the acknowledgement that answers it."""

EVENT_S_MAX: Final = 20.0
_MISSED: Final = b"event: missed"
_LOOK_S: Final = 0.005
TARGETS_MS: Final = {3: "≤ 3.8 (1.5 etcd)", 10: "≤ 20 (issue), 14 (Serf)", 30: "≤ 66 (Serf)"}
BYTES_TARGETS: Final = {10: "≤ 4,200 (Serf)", 30: "≤ 14,000 (Serf)"}


def in_process(ensemble: Ensemble, count: int) -> Iterator[Figure]:
    """``count`` writes, by each controller in turn."""
    size = len(ensemble)
    before = _sent_bytes(ensemble)
    begun = time.monotonic()
    asked: dict[str, int] = {}
    durable: dict[str, int] = {}
    share = -(-count // size)
    for writer in ensemble.controllers:
        names = [f"{writer.number}-{number}" for number in range(share)]
        answer = writer.ask("write", 120, names=names, pause_s=PAUSE_S, size=VALUE_BYTES)
        asked |= answer["asked"]
        durable |= answer["durable"]
    time.sleep(SETTLE_S)
    sent = _sent_bytes(ensemble) - before
    lasted = time.monotonic() - begun
    seen = _await_seen(ensemble, asked)
    last = [max(here[name] for here in seen) - asked[name] for name in asked]
    first = [durable[name] - asked[name] for name in asked]
    yield figure(
        "change",
        "put until durable on the writer",
        "ms",
        milliseconds(first),
        controllers=size,
    )
    yield figure(
        "change",
        "put until all know, in process",
        "ms",
        milliseconds(last),
        controllers=size,
        target=TARGETS_MS.get(size, ""),
    )
    idle = _idle_bytes_per_second(ensemble) * lasted
    yield figure(
        "change",
        "wire for one change of 64 B, whole mesh, less idle",
        "bytes",
        [(sent - idle) / len(asked)],
        controllers=size,
        target=BYTES_TARGETS.get(size, ""),
    )


def _await_seen(ensemble: Ensemble, names: Iterable[str]) -> list[dict[str, int]]:
    """When each controller was told of each of ``names``, the last of which may take a while."""
    seen: list[dict[str, int]] = []

    def all_seen() -> bool:
        seen[:] = [each.ask("told")["seen"] for each in ensemble.controllers]
        return all(name in here for here in seen for name in names)

    await_that(all_seen, EVENT_S_MAX, "all changes were seen by all")
    return seen


def idle_bytes(ensemble: Ensemble) -> Figure:
    """What goes over the wire when nothing happens, per controller."""
    return figure(
        "idle",
        "bytes sent per second and controller, headers estimated",
        "bytes/s",
        [_idle_bytes_per_second(ensemble, 20.0) / len(ensemble)],
        controllers=len(ensemble),
        target="≤ 408 encrypted (1.5 Serf)",
    )


def _idle_bytes_per_second(ensemble: Ensemble, seconds: float = 5.0) -> float:
    """Of the whole mesh."""
    before, begun = _sent_bytes(ensemble), time.monotonic()
    time.sleep(seconds)
    return (_sent_bytes(ensemble) - before) / (time.monotonic() - begun)


def _sent_bytes(ensemble: Ensemble) -> int:
    """Payloads as counted by the controllers, and what their headers come to."""
    total = 0
    for each in ensemble.controllers:
        counts = each.ask("statistics")
        total += counts["bytes_sent"]
        total += counts["datagrams_sent"] * UDP_HEADERS_BYTES
        total += counts["frames_sent"] * TCP_HEADERS_BYTES
    return total


# --- over HTTP ------------------------------------------------------------------------------------


def over_http(ensemble: Ensemble, count: int) -> Iterator[Figure]:
    """``count`` requests, to each controller in turn, while one process listens to all."""
    luck = random.Random(count)
    listened = [Listened(each.number, each.directory) for each in ensemble.controllers]
    with Audience(listened) as audience:
        took: list[int] = []
        for number in range(count):
            time.sleep(PAUSE_S * luck.uniform(0.5, 1.5))
            writer = listened[number % len(listened)]
            took.append(audience.time(writer, f"n{number}", luck.randbytes(VALUE_BYTES // 2).hex()))
    yield figure(
        "change",
        "PUT until all sent the event, over HTTP",
        "ms",
        milliseconds(took),
        controllers=len(ensemble),
        target=TARGETS_MS.get(len(ensemble), ""),
    )


class Listened(NamedTuple):
    """A controller that an audience listens to."""

    number: int
    directory: Path


class Audience:
    """Listens to the events of all controllers in one thread, and writes."""

    def __init__(self, controllers: Sequence[Listened]) -> None:
        self._selector = selectors.DefaultSelector()
        self._listening: list[socket.socket] = []
        self._heard: dict[int, bytes] = {}
        for each in controllers:
            stream = connect(each.directory / "api.sock", EVENT_S_MAX)
            stream.sendall(
                b"GET /v1/events?kinds=information&prefix=/bench HTTP/1.1\r\nHost: trellis\r\n\r\n"
            )
            while b": trellis" not in stream.recv(65_536):
                pass
            stream.setblocking(False)
            self._listening.append(stream)
            _ = self._selector.register(stream, selectors.EVENT_READ, each.number)
        self._writing, self._asking = (
            {each.number: connect(each.directory / "api.sock", EVENT_S_MAX) for each in controllers}
            for _ in range(2)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._selector.close()
        for stream in (
            *self._listening,
            *self._writing.values(),
            *self._asking.values(),
        ):
            stream.close()

    def time(self, writer: Listened, name: str, value: str) -> int:
        """Write ``value`` through ``writer``; nanoseconds until all have said so."""
        marker = f'"/bench/{name}"'.encode()
        body = b'{"value":"' + value.encode() + b'"}'
        request = (
            f"PUT /v1/info/bench/{name} HTTP/1.1\r\nHost: trellis\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writing = self._writing[writer.number]
        begun = time.monotonic_ns()
        writing.sendall(request.encode() + body)
        missing = set(self._writing)
        self._heard.clear()
        while missing:
            ready = self._selector.select(EVENT_S_MAX)
            at_ns = time.monotonic_ns()
            if not ready:
                raise Failed(f"{len(missing)} controllers never told of {name}")
            for key, _ in ready:
                number = int(key.data)
                stream = key.fileobj
                assert isinstance(stream, socket.socket)
                heard = self._heard.get(number, b"") + stream.recv(65_536)
                self._heard[number] = heard
                if marker in heard or (_MISSED in heard and self._reads(number, name, value)):
                    missing.discard(number)
            if not missing:
                answer = b""
                while not answer.endswith(b"}"):  # the head and the object come one by one
                    answer += writing.recv(65_536)
                if not answer.startswith(b"HTTP/1.1 200"):
                    raise Failed(f"the write of {name} was answered with {answer[:200]!r}")
                return at_ns - begun
        raise AssertionError("unreachable")

    def _reads(self, number: int, name: str, value: str) -> bool:
        """Wait until a controller shows ``value``: it had more to tell than it keeps.

        So it said only that something was missed, and whoever listens has to look.
        """
        asking = self._asking[number]
        until = time.monotonic() + EVENT_S_MAX
        while time.monotonic() < until:
            asking.sendall(f"GET /v1/info/bench/{name} HTTP/1.1\r\nHost: trellis\r\n\r\n".encode())
            answer = b""
            while not answer.endswith(b"}"):
                answer += asking.recv(65_536)
            if value.encode() in answer:
                return True
            time.sleep(_LOOK_S)
        return False
