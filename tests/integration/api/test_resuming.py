"""A client that listens goes on where it was, although the controller was restarted meanwhile."""

import json
import socket
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.cli.hosts import Host, hosts

pytestmark = pytest.mark.integration


def events(ash: Host, last_id: str = "") -> Generator[tuple[str, str, dict[str, object]]]:
    """Id, kind and data of what is told of the configuration."""
    with closing(socket.socket(socket.AF_UNIX)) as line:
        line.settimeout(20)
        line.connect(str(ash.data_dir / "api.sock"))
        resume = f"Last-Event-ID: {last_id}\r\n" if last_id else ""
        head = "GET /v1/events?kinds=configuration HTTP/1.1\r\nHost: trellis\r\n"
        line.sendall(f"{head}{resume}\r\n".encode())
        told: dict[str, str] = {}
        for text in line.makefile():
            name, found, value = text.strip().partition(": ")
            if found:
                told[name] = value
            if "data" in told:
                yield told["id"], told["event"], json.loads(told["data"])
                told = {}


def applied(ash: Host, name: str) -> str:
    """The tx of a ChangeSet that was applied."""
    return str(ash.ask("item", "set", "--name", name, "--value", "1")["tx"])


def test_events_go_on_across_a_restart(tmp_path: Path) -> None:
    """Every ChangeSet is told once and in order, those of the time without a listener, too."""
    with hosts(tmp_path, ("ash",)) as (ash,):
        ash.start("--found")
        first = applied(ash, "a")
        whole = events(ash, "never-0-0.")
        seen = next(identity for identity, _, data in whole if data["tx"] == [first])
        whole.close()
        away = [applied(ash, name) for name in "bc"]
        assert ash.stop() == 0
        ash.start()
        back = events(ash, seen)
        told = [next(back) for _ in away]
        assert [data["tx"] for _, _, data in told] == [[tx] for tx in away]
        last = applied(ash, "d")
        assert next(back)[2]["tx"] == [last], "and from then on as it happens"
