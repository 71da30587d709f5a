"""Controllers as a person runs them: processes of ``trellis up``, spoken to by ``trellis``."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

START_S_MAX: Final = 30.0
TRELLIS: Final = (sys.executable, "-m", "mesh.cli.main")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    errors: str

    @property
    def json(self) -> dict[str, Any]:
        """What it printed for programs."""
        told: dict[str, Any] = json.loads(self.out)
        return told


def trellis(*words: str, environment: dict[str, str] | None = None) -> Outcome:
    """One command, to its end."""
    done = subprocess.run(
        [*TRELLIS, *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


class Host:
    """One controller."""

    def __init__(self, directory: Path, name: str) -> None:
        self.name = name
        self.data_dir = directory / name
        self.log = directory / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """Start it, and wait until it answers."""
        command = ["up", "--data-dir", str(self.data_dir), "--name", self.name, "--no-mdns"]
        listening = ["--listen", "127.0.0.1", "--port", "0", "--until-eof", "--json"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*TRELLIS, *command, *listening, *options],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        await_(lambda: self.run("status").code == 0, self.log.read_text)

    def run(self, *words: str) -> Outcome:
        """One command on this host."""
        own = {"TRELLIS_DATA_DIR": str(self.data_dir)}
        if "TRELLIS_SESSION_DIR" not in os.environ:
            own["TRELLIS_SESSION_DIR"] = str(self.data_dir.with_suffix(".session"))
        return trellis(*words, environment=own)

    def ask(self, *words: str) -> dict[str, Any]:
        """What one command that must succeed prints for programs."""
        outcome = self.run(*words, "--json")
        assert outcome.code == 0, outcome
        return outcome.json

    @property
    def address(self) -> str:
        """Where others reach it."""
        return str(self.ask("status")["controller"]["addresses"][0])

    @property
    def fingerprint(self) -> str:
        """As its own screen shows it."""
        return str(self.ask("status")["controller"]["fingerprint"])

    def stop(self) -> int:
        """Stop it in good order; its exit code."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(30)


def await_(wanted: Callable[[], bool], story: Callable[[], str] = str) -> None:
    """Look again and again until it is so; ``story`` says what went on if it never is."""
    deadline = time.monotonic() + START_S_MAX
    while not wanted():
        assert time.monotonic() < deadline, story()
        time.sleep(0.05)


@contextmanager
def hosts(directory: Path, names: Sequence[str]) -> Iterator[list[Host]]:
    """Hosts on which nothing runs yet; whatever does in the end is stopped."""
    made = [Host(directory, name) for name in names]
    try:
        yield made
    finally:
        for host in made:
            if host.process is not None and host.process.poll() is None:
                host.process.kill()
                host.process.wait()
            if host.process is not None and host.process.stdin is not None:
                host.process.stdin.close()


def join(first: Host, newcomer: Host) -> None:
    """Start ``newcomer`` with the address of ``first``, accept it there, and wait for its vote."""
    newcomer.start("--seed", first.address)
    told = newcomer.fingerprint
    await_(lambda: told in str(first.ask("members")["pending"]))
    accepted = first.run("members", "accept", told)
    assert accepted.code == 0, accepted
    await_(lambda: bool(newcomer.ask("status")["votes"]), lambda: str(newcomer.ask("status")))
