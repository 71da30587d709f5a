"""The five: real controllers as real processes, in a directory that is gone afterwards.

Nothing may be left behind, however the demo ends. Each process stops when its standard input
ends, so even if this one is killed, the kernel closes the pipes and the others follow.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

import mesh
from mesh.cli.client import Client
from mesh.cli.demo.relay import Relay, Stop, free_stops
from mesh.cli.errors import FAILED, CommandError

START_S_MAX: Final = 20.0
STOP_S_MAX: Final = 5.0
_LOOK_S: Final = 0.02

OPERATOR_KEY: Final = "operator.key"

CONFIGURATION: Final = """\
[controller]
name = "{name}"
site = "{site}"
data_dir = "{data_dir}"

[cluster]
seeds = [{seeds}]
mdns = false
found = {found}
profile = "local"

[listen]
address = ["{stop.real}"]
port = {stop.port}
advertised = ["{stop.shown}:{stop.port}"]
"""


@dataclass(slots=True)
class Player:
    """One controller."""

    name: str
    site: str
    stop: Stop
    directory: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def data_dir(self) -> Path:
        """Its keys and journal."""
        return self.directory / "data"

    @property
    def client(self) -> Client:
        """Speaks to it."""
        return Client(self.data_dir / "api.sock")


class Interrupts:
    """Ctrl-C, and what else ends a program: KeyboardInterrupt, but not between two steps of one.

    An exception in the middle of starting a process would leave it running and unknown. At first
    everything is held back.
    """

    def __init__(self) -> None:
        self.is_held = True
        self._came = False
        self._former = {
            number: signal.signal(number, self._handle)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if not self.is_held:
            raise KeyboardInterrupt
        self._came = True

    def release(self) -> None:
        """Hold nothing back any more, nor what has come already."""
        self.is_held = False
        if self._came:
            raise KeyboardInterrupt

    def restore(self) -> None:
        """Let others handle them as before."""
        for number, handler in self._former.items():
            _ = signal.signal(number, handler)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """What comes within the block is raised at its end."""
        self.is_held = True
        yield
        self.release()


class Troupe:
    """All of them, and the relay between them."""

    def __init__(
        self, cast: Sequence[tuple[str, str]], directory: Path, interrupts: Interrupts
    ) -> None:
        """``cast``: name and site of each."""
        stops = _stops(len(cast))
        self._interrupts = interrupts
        self.players = [
            Player(name, site, stop, directory / name)
            for (name, site), stop in zip(cast, stops, strict=True)
        ]
        self.relay = Relay(stops)

    def __getitem__(self, name: str) -> Player:
        return next(player for player in self.players if player.name == name)

    def cut(self, groups: Sequence[Sequence[str]]) -> None:
        """Only those of one group reach each other from now on."""
        numbers = {player.name: at for at, player in enumerate(self.players)}
        self.relay.cut([[numbers[name] for name in group] for group in groups])

    def start(self, player: Player, seed: Player | None) -> None:
        """Start one; without a seed it founds an environment."""
        player.data_dir.mkdir(parents=True, mode=0o700, exist_ok=True)
        file = player.directory / "controller.toml"
        seeds = "" if seed is None else f'"{seed.stop.shown}:{seed.stop.port}"'
        text = CONFIGURATION.format(
            name=player.name,
            site=player.site,
            data_dir=player.data_dir,
            seeds=seeds,
            found="true" if seed is None else "false",
            stop=player.stop,
        )
        _ = file.write_text(text)
        command = ["up", "--config", str(file), "--until-eof", "--json"]
        with (player.directory / "log").open("wb") as log, self._interrupts.held():
            player.process = subprocess.Popen(  # noqa: S603  our own program
                [sys.executable, "-m", "mesh.cli.main", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=_environment(),
                start_new_session=True,
            )

    def share_operator_key(self, owner: Player) -> None:
        """Let everybody sign changes, also those who will be cut off from ``owner``."""
        for player in self.players:
            if player is not owner:
                player.data_dir.mkdir(parents=True, mode=0o700, exist_ok=True)
                _ = shutil.copy(owner.data_dir / OPERATOR_KEY, player.data_dir / OPERATOR_KEY)

    def await_start(self, player: Player) -> None:
        """Until it answers. Raises CommandError with the end of its log where it does not."""
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline:
            with contextlib.suppress(CommandError):
                _ = player.client.get("/v1/status")
                return
            if player.process is None or player.process.poll() is not None:
                break
            time.sleep(_LOOK_S)
        log = (player.directory / "log").read_text(errors="replace").splitlines()
        raise CommandError(FAILED, f"{player.name} did not start; the end of its log:", *log[-12:])

    def stop(self) -> None:
        """Stop all, in good order where they can and at once where not."""
        running = [player.process for player in self.players if player.process is not None]
        for process in running:
            if process.stdin is not None:
                process.stdin.close()
        deadline = time.monotonic() + STOP_S_MAX
        for process in running:
            try:
                _ = process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                _ = process.wait()
        self.relay.close()


def _stops(count: int) -> list[Stop]:
    """Places on the loopback network. Raises CommandError where it is too small for that."""
    numbers = range(1, count + 1)
    try:
        return free_stops(
            [f"127.77.0.{number}" for number in numbers],
            [f"127.77.1.{number}" for number in numbers],
        )
    except OSError as error:
        raise CommandError(
            FAILED,
            f"the demo needs addresses such as 127.77.0.1 on the loopback interface: {error}.",
            "On Linux all of 127.0.0.0/8 is there unless it was taken away: see `ip addr show lo`.",
        ) from error


def _environment() -> dict[str, str]:
    """Ours, less what would lead the five astray, and with a way to this very program."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("TRELLIS_")}
    here = str(Path(mesh.__file__).parents[1])
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, (here, kept.get("PYTHONPATH", ""))))
    return kept


@contextlib.contextmanager
def open_troupe(cast: Sequence[tuple[str, str]]) -> Iterator[Troupe]:
    """A troupe for as long as the block lasts; afterwards there is no trace of it."""
    interrupts = Interrupts()
    directory = Path(tempfile.mkdtemp(prefix="trellis-demo-"))
    try:
        troupe = Troupe(cast, directory, interrupts)
        try:
            interrupts.release()
            yield troupe
        finally:
            interrupts.is_held = True  # a second Ctrl-C must not leave half of it
            troupe.stop()
    finally:
        shutil.rmtree(directory)
        interrupts.restore()
