"""HTTP over the controller's unix socket, with nothing but the standard library.

A plain command is one request and one answer; it must be there before a person notices that it was
started, so nothing is imported that it does not need.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import queue
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from mesh.api.unix import connect
from mesh.cli.errors import FAILED, NOT_REACHABLE, CommandError

TIMEOUT_S: Final = 30.0
"""For one answer: a write is answered when it is on disk, and a busy disk takes its time."""

Json = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


class _Connection(http.client.HTTPConnection):
    """A connection whose far end is a file."""

    def __init__(self, path: Path, timeout_s: float | None) -> None:
        super().__init__("trellis")
        self._path = path
        self._timeout_s = timeout_s

    def connect(self) -> None:
        """Reach the controller."""
        self.sock = self.far_end = connect(self._path, self._timeout_s)

    def hang_up(self) -> None:
        """End what is being read, also by another thread."""
        with contextlib.suppress(OSError):  # the controller may have done so already
            self.far_end.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event."""

    kind: str
    data: dict[str, Json]
    at_ns: int
    """When it arrived, on this process's monotonic clock."""


class Client:
    """Speaks to the controller whose socket is ``place``."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def get(self, path: str, **query: str | None) -> dict[str, Json]:
        """Read a resource."""
        return self.request("GET", path, None, query)

    def post(self, path: str, body: Mapping[str, object] | None = None) -> dict[str, Json]:
        """Ask for something to be done."""
        return self.request("POST", path, body or {}, {})

    def put(self, path: str, body: Mapping[str, object]) -> dict[str, Json]:
        """Write a resource."""
        return self.request("PUT", path, body, {})

    def delete(self, path: str, **query: str | None) -> dict[str, Json]:
        """Remove a resource."""
        return self.request("DELETE", path, None, query)

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        query: Mapping[str, str | None],
    ) -> dict[str, Json]:
        """One request and its answer. Raises CommandError."""
        raw = None if body is None else json.dumps(body).encode()
        return _answer(*self._exchange(method, _target(path, query), raw))

    def text(self, path: str) -> str:
        """A resource that is plain text. Raises CommandError."""
        status, content = self._exchange("GET", path, None)
        if status != http.client.OK:
            _ = _answer(status, content)
        return content.decode()

    def _exchange(self, method: str, target: str, raw: bytes | None) -> tuple[int, bytes]:
        connection = _Connection(self.place, TIMEOUT_S)
        try:
            connection.request(method, target, raw)
            response = connection.getresponse()
            content = response.read()
        except TimeoutError:
            raise CommandError(
                FAILED,
                f"the controller did not answer within {TIMEOUT_S:.0f} s: its disk or its host may "
                "be overloaded. What was asked may have been done all the same.",
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error
        finally:
            connection.close()
        return response.status, content

    def events(self, **query: str | None) -> Events:
        """Listen from now on. Raises CommandError where nobody is there to listen to."""
        connection = _Connection(self.place, None)
        try:
            connection.request("GET", _target("/v1/events", query))
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise self._unreachable(error) from error
        if response.status != http.client.OK:
            content = response.read()
            connection.close()
            _ = _answer(response.status, content)
        return Events(connection, response)

    def _unreachable(self, error: Exception) -> CommandError:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return CommandError(
            NOT_REACHABLE,
            f"no controller answers at {self.place} ({why}).\n"
            "Start one with `trellis up`; if it keeps its data elsewhere, name the directory with "
            "--data-dir or TRELLIS_DATA_DIR.",
        )


def quoted(*parts: str) -> str:
    """The path of a resource; whatever the parts hold stays within them."""
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def _target(path: str, query: Mapping[str, str | None]) -> str:
    said = {name: text for name, text in query.items() if text is not None}
    return f"{path}?{urlencode(said)}" if said else path


def _answer(status: int, content: bytes) -> dict[str, Json]:
    try:
        told = json.loads(content)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise CommandError(
            FAILED, f"the controller answered with {status} and no JSON: see its log"
        )
    if status < http.client.BAD_REQUEST:
        return told
    errors = told.get("errors") or [told.get("detail", f"status {status}")]
    raise CommandError(int(told.get("exit_code", FAILED)), *(str(error) for error in errors))


class Events:
    """What happens, as it happens. A thread reads, so that whoever waits can do so for a while."""

    def __init__(self, connection: _Connection, response: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._queue: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, args=(response,), daemon=True)
        self._reader.start()

    def next(self, timeout_s: float | None = None) -> Event | None:
        """The next event; None after ``timeout_s`` without one. Raises CommandError at the end."""
        try:
            event = self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if event is None:
            raise CommandError(NOT_REACHABLE, "the controller has stopped, so nothing more comes.")
        return event

    def __iter__(self) -> Iterator[Event]:
        while True:
            event = self.next()
            assert event is not None, "without a timeout there is always an event"
            yield event

    def close(self) -> None:
        """Listen no more."""
        self._connection.hang_up()
        self._reader.join()
        self._connection.close()

    def _read(self, response: http.client.HTTPResponse) -> None:
        kind = ""
        try:
            for raw in response:
                field, _, value = raw.decode().rstrip("\n").partition(": ")
                if field == "event":
                    kind = value
                elif field == "data":
                    self._queue.put(Event(kind, json.loads(value), time.monotonic_ns()))
        except (OSError, ValueError, http.client.HTTPException):
            pass  # the end, as seen from here; next() says so
        finally:
            self._queue.put(None)
