"""Clients that write and change, and remember what they were told was done."""

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Final

from mesh.cli.client import quoted
from mesh.cli.errors import CommandError
from tests.torture.processes import Process, choose

CHANGE_S_MAX: Final = 20.0
"""How long one ChangeSet is waited for; after that the client was told nothing."""


@dataclass
class Told:
    """What clients were told, each under a name of its own, so that nothing overwrites another."""

    entries: dict[str, str] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)


class Workload:
    """A few clients on random controllers, until ``stop``."""

    def __init__(self, processes: list[Process], seed: int) -> None:
        self.told = Told()
        self._processes = processes
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=work, args=(random.Random(f"{seed}/{number}"), number))
            for number, work in enumerate((self._write, self._write, self._change))
        ]
        self._seed = seed

    def start(self) -> None:
        """Let the clients begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> Told:
        """Let each client finish what it is at."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        return self.told

    def _write(self, luck: random.Random, client: int) -> None:
        count = 0
        while not self._stopping.is_set():
            name = f"run{self._seed}-{client}-{count}"
            count += 1
            try:
                process = choose(luck, self._processes)
                _ = process.client.put(quoted("info", name), {"value": name})
            except CommandError:
                continue  # told nothing: it may be there or not
            self.told.entries[name] = name
            time.sleep(luck.random() * 0.01)

    def _change(self, luck: random.Random, _client: int) -> None:
        count = 0
        while not self._stopping.is_set():
            name = f"run{self._seed}-{count}"
            count += 1
            command = {
                "group": "item",
                "verb": "set",
                "parameters": {"name": name, "value": name},
            }
            process = choose(luck, self._processes)
            try:
                submitted = process.client.post(
                    "/v1/changes", {"name": name, "commands": [command]}
                )
                if self._is_applied(process, str(submitted["tx"])):
                    self.told.changes.append(name)
            except CommandError:
                continue  # told nothing

    def _is_applied(self, process: Process, tx: str) -> bool:
        """What ``trellis change submit`` waits for before it exits with 0."""
        deadline = time.monotonic() + CHANGE_S_MAX
        while time.monotonic() < deadline:
            detail = process.client.get(quoted("changes", tx))
            if detail["final"]:
                return detail["word"] == "applied"
            if self._stopping.is_set():
                return False
            time.sleep(0.01)
        return False
