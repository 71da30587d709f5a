"""Controllers as processes on loopback, started, killed and asked."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from mesh.cli.client import Client
from mesh.cli.errors import CommandError

READY_S_MAX = 30.0
LOOK_S = 0.02


class FellShort(Exception):
    """Something that must hold did not."""


@dataclass
class Process:
    """One controller, dead or alive."""

    name: str
    directory: Path
    port: int
    seeds: tuple[int, ...]
    prefix: tuple[str, ...] = ()
    """What runs it, such as a tracer."""
    environment: dict[str, str] | None = None
    popen: subprocess.Popen[bytes] | None = None

    @property
    def client(self) -> Client:
        """Speaks to it."""
        return Client(self.directory / "api.sock")

    def start(self) -> None:
        """Start it; returns at once."""
        arguments = ["up", "--data-dir", str(self.directory), "--name", self.name]
        arguments += ["--site", "torture", "--listen", "127.0.0.1", "--port", str(self.port)]
        arguments += ["--no-mdns", "--json"]
        arguments += [f"--seed=127.0.0.1:{port}" for port in self.seeds] or ["--found"]
        with (self.directory / "log").open("ab") as log:
            self.popen = subprocess.Popen(
                [*self.prefix, sys.executable, "-m", "mesh.cli.main", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(self.environment or {})},
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL to it and to whatever traces it: no last word, no flush."""
        if self.popen is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()
            self.popen = None

    def terminate(self) -> None:
        """Stop it in good order."""
        if self.popen is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGTERM)
            try:
                self.popen.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
            self.popen = None

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


class Mesh:
    """A few controllers in one environment, all of them able to sign changes."""

    def __init__(
        self,
        count: int,
        directory: Path,
        prefix: Callable[[int], tuple[str, ...]] = lambda _: (),
        environment: dict[str, str] | None = None,
    ) -> None:
        ports = free_ports(count)
        self.processes = []
        for number, port in enumerate(ports):
            home = directory / f"c{number}"
            home.mkdir(mode=0o700)
            self.processes.append(
                Process(
                    name=f"c{number}",
                    directory=home,
                    port=port,
                    seeds=tuple(ports[:1]) if number else (),
                    prefix=prefix(number),
                    environment=environment,
                )
            )

    def form(self) -> None:
        """Start all and make them one environment."""
        first, *others = self.processes
        first.start()
        await_that(lambda: first.status() is not None, READY_S_MAX, "the first one answers")
        for other in others:
            shutil.copy(first.directory / "operator.key", other.directory / "operator.key")
            other.start()
        for other in others:
            await_that(lambda: other.status() is not None, READY_S_MAX, f"{other.name} answers")  # noqa: B023  called at once
        await_that(self._accept_all, READY_S_MAX, "all were accepted")
        self.await_whole()

    def _accept_all(self) -> bool:
        listed = self.processes[0].client.get("/v1/members")
        for waiting in _rows(listed, "pending"):
            with contextlib.suppress(CommandError):  # accepted a moment ago, or not now: try again
                body = {"fingerprint": waiting["fingerprint"]}
                _ = self.processes[0].client.post("/v1/members/accept", body)
        return len(_rows(listed, "members")) == len(self.processes)

    def await_whole(self) -> None:
        """Wait until each is active and sees each other one alive."""
        for process in self.processes:
            await_that(
                lambda: self._is_whole(process),  # noqa: B023  called at once
                60,
                f"{process.name} sees all others alive and active",
            )

    def _is_whole(self, process: Process) -> bool:
        with contextlib.suppress(CommandError):
            rows = _rows(process.client.get("/v1/members"), "members")
            return len(rows) == len(self.processes) and all(
                row["state"] == "active" and row["standing"] == "alive" for row in rows
            )
        return False

    def stop(self) -> None:
        """Kill all."""
        for process in self.processes:
            process.kill()


def _rows(listed: dict[str, object] | object, name: str) -> list[dict[str, object]]:
    assert isinstance(listed, dict)
    rows = listed[name]
    assert isinstance(rows, list)
    return rows


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@contextlib.contextmanager
def open_mesh(
    count: int,
    prefix: Callable[[int], tuple[str, ...]] = lambda _: (),
    environment: dict[str, str] | None = None,
) -> Iterator[Mesh]:
    """A mesh for as long as the block lasts. Its logs are kept where something fell short."""
    directory = Path(mkdtemp(prefix="trellis-torture-"))
    mesh = Mesh(count, directory, prefix, environment)
    try:
        yield mesh
    except FellShort as error:
        mesh.stop()
        raise FellShort(f"{error} (see {directory})") from error
    except BaseException:
        mesh.stop()
        shutil.rmtree(directory, ignore_errors=True)
        raise
    mesh.stop()
    shutil.rmtree(directory)


def choose(luck: random.Random, processes: Sequence[Process]) -> Process:
    """One of them by chance."""
    return processes[luck.randrange(len(processes))]
