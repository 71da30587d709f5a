"""What is asked of controllers through their API; whoever does not answer gives nothing."""

import contextlib
from collections.abc import Iterable
from typing import cast

from mesh.cli.client import Json, quoted
from mesh.cli.errors import CommandError
from tests.hosts.processes import Process

HASHES = ("history_hash", "state_hash", "shown_hash", "entries")
"""Of an environment: equal on all controllers that have nothing left to tell each other."""


def environment(process: Process) -> dict[str, Json]:
    """The environment as ``process`` sees it; empty while it has none or does not answer."""
    status = process.status()
    found = None if status is None else status["environment"]
    return cast("dict[str, Json]", found) if isinstance(found, dict) else {}


def counters(process: Process) -> dict[str, int]:
    """What happened in this life of ``process``, by name."""
    status = process.status()
    return {} if status is None else cast("dict[str, int]", status["counters"])


def agree(processes: Iterable[Process]) -> bool:
    """Whether all hold and show the same, and nothing waits to be applied or merged."""
    seen = []
    for process in processes:
        found = environment(process)
        if not found or found["waiting"] or found["unmerged"]:
            return False
        seen.append(tuple(found[name] for name in HASHES))
    return len(set(seen)) == 1


def set_item(process: Process, name: str, value: str) -> str:
    """Submit a ChangeSet that sets one item at ``process``; its tx. Raises CommandError."""
    parameters = {"name": name, "value": value}
    command = {"group": "item", "verb": "set", "parameters": parameters}
    body = {"name": f"set {name}", "commands": [command]}
    return str(process.client.post("/v1/changes", body)["tx"])


def items(process: Process) -> dict[str, Json]:
    """All items of the configuration, as readers at ``process`` are shown them."""
    with contextlib.suppress(CommandError):
        objects = process.client.get("/v1/environment", kind="item")["objects"]
        return cast("dict[str, dict[str, Json]]", objects).get("item", {})
    return {}


def put(process: Process, name: str, value: str) -> None:
    """Write one entry of running information at ``process``. Raises CommandError."""
    _ = process.client.put(quoted("info", name), {"value": value})


def entry(process: Process, name: str) -> Json:
    """What ``process`` reads of one entry; None where it has none."""
    with contextlib.suppress(CommandError):
        return process.client.get(quoted("info", name))["value"]
    return None
