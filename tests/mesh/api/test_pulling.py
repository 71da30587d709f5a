"""What another environment's API may do to who asks it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from threading import Event, Thread

import msgspec
import pytest
import trio
import trio.testing

from mesh.api.bodies import BODY_BYTES_MAX
from mesh.api.problems import Problem
from mesh.api.pulling import DEADLINE_S, PublishedIndex, ask
from mesh.driver.linked import LinkSection


@contextmanager
def answering(
    directory: Path, answer: bytes, *, ends: bool = True, heard: Event | None = None
) -> Iterator[LinkSection]:
    """An API that says just this to the first who asks; without an end it waits for the other."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(directory / "s"))
    listener.listen()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            _ = connection.recv(4_096)
            connection.sendall(answer)
            if heard is not None:
                heard.set()
            while not ends and connection.recv(4_096):
                pass

    thread = Thread(target=serve)
    thread.start()
    try:
        yield LinkSection(socket=directory / "s")
    finally:
        thread.join(10)
        listener.close()
    assert not thread.is_alive()


def page(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    """An answer over HTTP."""
    return f"HTTP/1.1 {status}\r\n{more}content-length: {len(body)}\r\n\r\n".encode() + body


async def refused(link: LinkSection) -> Problem:
    """Why nothing comes of it."""
    with pytest.raises(Problem) as caught:
        _ = await ask(link, "test", "/v1/published", PublishedIndex)
    return caught.value


async def test_one_that_never_ends_is_left(
    tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    """At the deadline the connection is closed, and with it the thread that reads from it ends."""
    heard = Event()
    slow = b"HTTP/1.1 200 OK\r\nx-slow: "
    with answering(tmp_path, slow, ends=False, heard=heard) as link:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_leave_at_the_deadline, mock_clock, heard)
            problem = await refused(link)
    assert "within 30 s" in problem.errors[0]


async def _leave_at_the_deadline(clock: trio.testing.MockClock, heard: Event) -> None:
    _ = await trio.to_thread.run_sync(heard.wait, 10)
    clock.jump(DEADLINE_S + 1)


async def test_it_is_followed_nowhere(tmp_path: Path) -> None:
    """A redirect is an answer like any other that is not wanted."""
    moved = page(b"", "302 Found", "location: http://127.0.0.1:1/\r\n")
    with answering(tmp_path, moved) as link:
        problem = await refused(link)
    assert (problem.status, "302" in problem.errors[0]) == (HTTPStatus.BAD_GATEWAY, True)


async def test_what_it_refuses_with_is_bounded(tmp_path: Path) -> None:
    """A person is told a few lines of it."""
    errors = msgspec.json.encode({"errors": ["x" * 10_000] * 100})
    with answering(tmp_path, page(errors, "403 Forbidden")) as link:
        problem = await refused(link)
    assert len(problem.errors) == 10
    assert all(len(each) < 600 for each in problem.errors)


async def test_what_it_says_is_bounded(tmp_path: Path) -> None:
    """Nobody reads more than a body may have."""
    with answering(tmp_path, page(b" " * (BODY_BYTES_MAX + 1))) as link:
        problem = await refused(link)
    assert "more than" in problem.errors[0]
