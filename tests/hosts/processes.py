"""One controller as people run it: `trellis up` in a process, asked over its socket.

Each ends with its standard input, so none outlives whoever started it, however that one ends.
"""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mesh.cli.client import Client
from mesh.cli.errors import CommandError
from mesh.cli.place import DATA_DIR_VARIABLE
from mesh.driver.journal.witness import FOLDER_VARIABLE

ROOT: Final = Path(__file__).parents[2]
TRELLIS: Final = (sys.executable, "-m", "mesh.cli.main")
STOP_S_MAX: Final = 20.0
COMMAND_S_MAX: Final = 120.0
LOOK_S: Final = 0.02
PORTS: Final = range(20_000, 32_000)
"""Below those that Linux hands out, which begin at 32768 unless somebody says otherwise."""

CONFIGURATION: Final = """\
[limits]
restart_wait_s_max = 0
"""
"""What is not said by arguments. A controller that is started too often waits longer and longer
before its next life: right for a crash loop, and here it would only pass the time."""


class FellShort(Exception):
    """Something that must hold did not."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    errors: str


@dataclass
class Process:
    """One controller, dead or alive."""

    name: str
    directory: Path
    arguments: tuple[str, ...] = ()
    """Of `trellis up`, beside its name and its data directory."""
    prefix: tuple[str, ...] = ()
    """What runs it, such as a tracer."""
    environment: Mapping[str, str] = field(default_factory=dict)
    popen: subprocess.Popen[bytes] | None = None

    @property
    def client(self) -> Client:
        """Speaks to it."""
        return Client(self.directory / "api.sock")

    @property
    def kernel(self) -> Path:
        """What stands for its kernel's memory: it outlives its lives, and no copy holds it."""
        return self.directory.with_suffix(".kernel")

    @property
    def log(self) -> Path:
        """All that its lives have written."""
        return self.directory.with_suffix(".log")

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.popen is not None and self.popen.poll() is None

    def start(self) -> None:
        """Start it; returns at once."""
        assert not self.is_running
        self._forget()
        configuration = self.directory.with_suffix(".toml")
        _ = configuration.write_text(CONFIGURATION)
        own = ["--config", str(configuration), "--data-dir", str(self.directory)]
        own += ["--name", self.name, "--json", "--until-eof"]
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                [*self.prefix, *TRELLIS, "up", *own, *self.arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    FOLDER_VARIABLE: str(self.kernel),
                    **self.environment,
                },
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL to it and to whatever traces it: no last word, no flush."""
        if self.popen is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            _ = self.popen.wait()
            self._forget()

    def terminate(self) -> int | None:
        """Stop it in good order; its exit code, None where it was not running or did not stop."""
        if self.popen is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGTERM)
        try:
            code = self.popen.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            return None
        self._forget()
        return code

    def _forget(self) -> None:
        if self.popen is not None:
            assert self.popen.stdin is not None
            self.popen.stdin.close()
            self.popen = None

    def run(self, *words: str) -> Outcome:
        """The command `trellis` with ``words``, spoken to this controller, to its end."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            DATA_DIR_VARIABLE: str(self.directory),
        }
        done = subprocess.run(
            [*TRELLIS, *words],
            capture_output=True,
            text=True,
            timeout=COMMAND_S_MAX,
            check=False,
            env=environment,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def status(self) -> dict[str, object] | None:
        """What it says of itself; None where it does not answer."""
        with contextlib.suppress(CommandError):
            return dict(self.client.get("/v1/status"))
        return None


def await_that(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until ``condition`` holds. Raises FellShort, saying ``what`` did not come true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(LOOK_S)
    raise FellShort(f"after {seconds:.0f} s still not: {what}")


def free_ports(count: int) -> list[int]:
    """Ports that nobody has now, for TCP and UDP, and that no dialler will be given.

    A controller that is stopped for a while comes back to its port; from the range that systems
    hand out, the next connection of anybody might have taken it meanwhile.
    """
    order = random.SystemRandom()
    found: list[int] = []
    while len(found) < count:
        port = order.choice(PORTS)
        if port not in found and _is_free(port):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(type=kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
