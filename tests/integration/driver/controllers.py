"""Controllers as processes, told what to do from a test."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
SCRIPT: Final = Path(__file__).with_name("controller_process.py")
PATIENCE_S: Final = 30.0


class ControllerProcess:
    """A running `controller_process.py`."""

    def __init__(
        self,
        toml: Path,
        wrap: Callable[[Sequence[str | Path]], Sequence[str | Path]] = lambda command: command,
        **environment: str,
    ) -> None:
        with toml.with_suffix(".log").open("a") as log:
            self._process = subprocess.Popen(
                wrap([sys.executable, SCRIPT, toml]),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            )
        self._introduction: dict[str, object] | None = None

    @property
    def id(self) -> str:
        """The controller's id in hex, once it has started."""
        if self._introduction is None:
            self._introduction = self._read()
        return str(self._introduction["id"])

    def ask(self, line: str) -> object:
        """What it answers to ``line``."""
        assert self.id
        assert self._process.stdin is not None
        _ = self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._read()

    def status(self) -> dict[str, object]:
        """How it stands."""
        answer = self.ask("status")
        assert isinstance(answer, dict)
        return answer

    def kill(self) -> None:
        """End it as a power cut would end the process."""
        self._process.send_signal(signal.SIGKILL)
        _ = self._process.wait()
        self._close()

    def stop(self) -> None:
        """Let it stop in good order."""
        if self._process.poll() is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            assert self._process.wait(PATIENCE_S) == 0
        self._close()

    def _read(self) -> dict[str, object]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the controller ended by itself; see its log"
        answer: dict[str, object] = json.loads(line)
        return answer

    def _close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for ``condition``; fail with ``what`` where patience ends."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.05)
