"""A process that carries out runs for another one, until that one goes away.

It is started from nothing and not forked, so that it has a hash seed and a memory layout of its
own: runs that depend on either give other digests, and are found out. Scenarios go in and verdicts
come out as bytes, over a pair of sockets.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Final

from simulations.engines.engine import carry_out, prepare

_MODULE: Final = "simulations.engines.child"
_ARGUMENTS_MAX: Final = 2


class Died(Exception):
    """The process has ended; the text says how."""


class Child:
    """Such a process, seen from its parent."""

    def __init__(self, plant: str | None = None) -> None:
        """Start it; ``plant`` names what it calls first."""
        near, far = socket.socketpair()
        with far:
            words = [sys.executable, "-m", _MODULE, str(far.fileno())]
            words += [plant] if plant is not None else []
            path = os.pathsep.join(each or "." for each in sys.path)
            with _deaf_to_ctrl_c():
                self._process = subprocess.Popen(  # noqa: S603  this very program
                    words,
                    pass_fds=[far.fileno()],
                    env={**os.environ, "PYTHONPATH": path},
                    stdin=subprocess.DEVNULL,
                )
        self._pipe = Connection(near.detach())

    @property
    def pid(self) -> int:
        """Its number in the system."""
        return self._process.pid

    def fileno(self) -> int:
        """Readable when there is a result, or when it has died."""
        return self._pipe.fileno()

    def give(self, scenario: bytes) -> None:
        """Let it run ``scenario``. That it has died is told by ``take``."""
        with suppress(OSError):
            self._pipe.send_bytes(scenario)

    def is_ready(self, patience_s: float) -> bool:
        """Whether ``take`` would return, or raise, at once; waits for that up to ``patience_s``."""
        return self._pipe.poll(patience_s)

    def take(self) -> bytes:
        """The verdict on what was given.

        Raises Died.
        """
        try:
            return self._pipe.recv_bytes()
        except (EOFError, OSError):
            raise Died(_ending(self._process.wait())) from None

    def end(self) -> None:
        """End it at once."""
        self._process.kill()
        _ = self._process.wait()
        self._pipe.close()


@contextmanager
def _deaf_to_ctrl_c() -> Generator[None]:
    """What is started within is deaf to it from its first moment: its parent hears it, and ends it.

    A signal that a process ignores only once it is ready meets it while it still imports.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        _ = signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ending(code: int) -> str:
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"


def main(words: list[str]) -> None:
    """What the process does until its parent closes its end."""
    prepare(words[1] if len(words) == _ARGUMENTS_MAX else None)
    pipe = Connection(int(words[0]))
    with suppress(EOFError, OSError):
        while True:
            pipe.send_bytes(carry_out(pipe.recv_bytes()))


if __name__ == "__main__":
    main(sys.argv[1:])
