"""A mesh of real processes on loopback, formed, asked and ended.

Each process ends with its standard input, so none outlives this one, however it ends.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, Any, Final

from mesh.cli.client import Client
from mesh.cli.errors import CommandError

STARTS_AT_ONCE: Final = 4
"""More at once on few cores make each of them late and none of them earlier."""

START_S_MAX: Final = 60.0
WHOLE_S_MAX: Final = 180.0
STOP_S_MAX: Final = 20.0
LOOK_S: Final = 0.1
ASK_AGAIN_S: Final = 5.0
"""After this long an acceptance that came to nothing is asked for again."""


class Failed(Exception):
    """Something that had to happen before anything can be measured did not."""


@dataclass
class Controller:
    """One process: a player, or ``trellis up``."""

    number: int
    directory: Path
    port: int
    seed: int | None
    is_player: bool
    id: str = ""
    popen: subprocess.Popen[bytes] | None = None
    _unread: bytes = field(default=b"")

    @property
    def client(self) -> Client:
        """Speaks to it over HTTP."""
        return Client(self.directory / "api.sock")

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self.popen is not None
        return self.popen.pid

    def start(self) -> None:
        """Start it; returns at once."""
        with (self.directory / "log").open("ab") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", *self._arguments()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if self.is_player else log,
                stderr=log,
                start_new_session=True,
            )
        self._unread = b""

    def _arguments(self) -> list[str]:
        name = f"c{self.number}"
        if self.is_player:
            seed = [] if self.seed is None else [str(self.seed)]
            return ["tests.benchmarks.player", str(self.directory), name, str(self.port), *seed]
        arguments = ["mesh.cli.main", "up", "--data-dir", str(self.directory), "--name", name]
        arguments += ["--site", "bench", "--listen", "127.0.0.1", "--port", str(self.port)]
        arguments += ["--no-mdns", "--json", "--until-eof"]
        return [
            *arguments,
            "--found" if self.seed is None else f"--seed=127.0.0.1:{self.seed}",
        ]

    def await_up(self) -> None:
        """Wait until it answers, and learn who it is."""
        if self.is_player:
            self.id = str(self._answer(START_S_MAX)["id"])
            return
        stands = self.client.get
        await_that(lambda: _answers(stands), START_S_MAX, f"c{self.number} answers")
        controller = stands("/v1/status")["controller"]
        assert isinstance(controller, dict)
        self.id = str(controller["id"])

    def ask(self, do: str, seconds: float = 30.0, **order: object) -> dict[str, Any]:
        """Have a player do something; its answer."""
        assert self.popen is not None
        assert self.popen.stdin is not None
        self.popen.stdin.write(json.dumps({"do": do, **order}).encode() + b"\n")
        self.popen.stdin.flush()
        return self._answer(seconds)

    def _answer(self, seconds: float) -> dict[str, Any]:
        assert self.popen is not None
        assert self.popen.stdout is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self._unread:
            self._unread += self._read(self.popen.stdout, deadline)
        line, _, self._unread = self._unread.partition(b"\n")
        answer = json.loads(line)
        assert isinstance(answer, dict)
        return answer

    def _read(self, stdout: IO[bytes], deadline: float) -> bytes:
        ready, _, _ = select.select([stdout], [], [], max(0.0, deadline - time.monotonic()))
        received = os.read(stdout.fileno(), 1_048_576) if ready else b""
        if not received:
            raise Failed(f"c{self.number} does not answer; its log ends with\n{self.last_words()}")
        return received

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join((self.directory / "log").read_text(errors="replace").splitlines()[-5:])

    def send_signal(self, number: signal.Signals) -> int:
        """Send it a signal; the monotonic time just before."""
        at_ns = time.monotonic_ns()
        os.kill(self.pid, number)
        return at_ns

    def stop(self, number: signal.Signals) -> None:
        """Make it end, and wait for that."""
        if self.popen is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGCONT)
            os.killpg(self.pid, number)
        try:
            _ = self.popen.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            _ = self.popen.wait()
        for pipe in (self.popen.stdin, self.popen.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self.popen = None


class Ensemble:
    """Some controllers of one environment."""

    def __init__(self, count: int, directory: Path, ports: list[int], *, players: bool) -> None:
        self.controllers: list[Controller] = []
        for number, port in enumerate(ports[:count]):
            home = directory / f"c{number}"
            home.mkdir(mode=0o700)
            seed = ports[0] if number else None
            self.controllers.append(Controller(number, home, port, seed, players))

    def __len__(self) -> int:
        return len(self.controllers)

    def form(self) -> None:
        """Start all, a few at a time, and make them one environment."""
        first, *others = self.controllers
        first.start()
        first.await_up()
        for begin in range(0, len(others), STARTS_AT_ONCE):
            wave = others[begin : begin + STARTS_AT_ONCE]
            for each in wave:
                shutil.copy(first.directory / "operator.key", each.directory)
                each.start()
            for each in wave:
                each.await_up()
            self._accept(1 + begin + len(wave))
        self.await_whole()

    def _accept(self, count: int) -> None:
        """Accept whoever waits, until ``count`` are members: the fewer there are, the quicker."""
        first = self.controllers[0].client
        asked: dict[object, float] = {}

        def all_accepted() -> bool:
            listed = first.get("/v1/members")
            for waiting in _rows(listed, "pending"):
                fingerprint = waiting["fingerprint"]
                if time.monotonic() > asked.get(fingerprint, 0.0) + ASK_AGAIN_S:
                    asked[fingerprint] = time.monotonic()
                    with contextlib.suppress(CommandError):  # busy: next time
                        _ = first.post("/v1/members/accept", {"fingerprint": fingerprint})
            return len(_rows(listed, "members")) == count

        await_that(all_accepted, WHOLE_S_MAX, f"{count} are members")

    def await_whole(self) -> None:
        """Wait until each is active and sees each other one alive, over a stream."""
        for each in self.controllers:
            await_that(lambda: self._is_whole(each), WHOLE_S_MAX, f"c{each.number} sees all alive")  # noqa: B023  called at once

    def _is_whole(self, each: Controller) -> bool:
        with contextlib.suppress(CommandError):
            rows = _rows(each.client.get("/v1/members"), "members")
            return len(rows) == len(self) and all(
                row["state"] == "active" and row["standing"] == "alive" for row in rows
            )
        return False

    def stop(self) -> None:
        """End all."""
        for each in self.controllers:
            if each.popen is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(each.pid, signal.SIGCONT)
                    os.killpg(each.pid, signal.SIGTERM)
        for each in self.controllers:
            each.stop(signal.SIGTERM)


@contextlib.contextmanager
def open_ensemble(count: int, ports: list[int], *, players: bool) -> Iterator[Ensemble]:
    """``count`` controllers in one environment, as long as the block lasts."""
    directory = Path(mkdtemp(prefix="trellis-bench-"))
    ensemble = Ensemble(count, directory, ports, players=players)
    try:
        ensemble.form()
        yield ensemble
    finally:
        ensemble.stop()
        shutil.rmtree(directory, ignore_errors=True)


def await_that(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until ``condition`` holds. Raises Failed, saying ``what`` did not come true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(LOOK_S)
    raise Failed(f"after {seconds:.0f} s still not: {what}")


def _answers(get: Callable[[str], object]) -> bool:
    try:
        _ = get("/v1/status")
    except CommandError:
        return False
    return True


def _rows(listed: object, name: str) -> list[dict[str, object]]:
    assert isinstance(listed, dict)
    rows = listed[name]
    assert isinstance(rows, list)
    return rows
