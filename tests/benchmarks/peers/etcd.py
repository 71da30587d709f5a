"""Three members of etcd on loopback, as Debian ships it, spoken to over its JSON gateway.

The package is fetched by apt and unpacked below ``build``: nothing is installed, no service begins.
Every member syncs its log before it answers (its default), on the same disk as ours.
"""

import base64
import contextlib
import http.client
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from tests.benchmarks.ensemble import Failed, await_that
from tests.hosts.processes import free_ports

PACKAGE: Final = "etcd-server"
PLACE: Final = Path("build") / "peers"
START_S_MAX: Final = 30.0
ASK_S_MAX: Final = 30.0
KEYS_BELOW: Final = b"bench/"


def binary() -> Path:
    """The program. Raises Failed where the package cannot be had."""
    program = PLACE / "usr" / "bin" / "etcd"
    if not program.exists():
        PLACE.mkdir(parents=True, exist_ok=True)
        _run("apt-get", "--quiet", "download", PACKAGE)
        for package in PLACE.glob(f"{PACKAGE}_*.deb"):
            _run("dpkg-deb", "--extract", package.name, ".")
    return program


def _run(*words: str) -> None:
    done = subprocess.run(words, cwd=PLACE, check=False, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{' '.join(words)}: {done.stderr.strip()}")


class Client:
    """One connection to one member, kept open."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ASK_S_MAX)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def put_all(self, name: str, count: int) -> None:
        """One transaction of ``count`` puts below ``name``; returns when it is committed."""
        puts = [
            {"request_put": {"key": _spell(f"bench/{name}/{at}"), "value": _spell(str(at))}}
            for at in range(count)
        ]
        body = json.dumps({"compare": [], "success": puts, "failure": []})
        self._connection.request("POST", "/v3/kv/txn", body, {"content-type": "application/json"})
        answer = self._connection.getresponse()
        raw = answer.read()
        if answer.status != http.client.OK:
            raise Failed(f"etcd: {raw[:200]!r}")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


class Watcher:
    """Notes when one member told of the first key of each transaction, by the monotonic clock."""

    def __init__(self, port: int) -> None:
        self.told: dict[str, int] = {}
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        asked = {"key": _spell("bench/"), "range_end": _spell("bench0")}
        self._connection.request("POST", "/v3/watch", json.dumps({"create_request": asked}))
        self._lines = self._connection.getresponse()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            while line := self._lines.readline():
                at_ns = time.monotonic_ns()
                for event in json.loads(line)["result"].get("events", ()):
                    _, name, _ = base64.b64decode(event["kv"]["key"]).decode().split("/")
                    self.told.setdefault(name, at_ns)


class Cluster:
    """The members."""

    def __init__(self, count: int, directory: Path) -> None:
        ports = free_ports(2 * count)
        self.ports, peers = ports[:count], ports[count:]
        everybody = ",".join(f"e{at}=http://127.0.0.1:{port}" for at, port in enumerate(peers))
        self.processes = [
            subprocess.Popen(
                [
                    str(binary().resolve()),
                    f"--name=e{at}",
                    f"--data-dir={directory / f'e{at}'}",
                    f"--listen-client-urls=http://127.0.0.1:{self.ports[at]}",
                    f"--advertise-client-urls=http://127.0.0.1:{self.ports[at]}",
                    f"--listen-peer-urls=http://127.0.0.1:{peers[at]}",
                    f"--initial-advertise-peer-urls=http://127.0.0.1:{peers[at]}",
                    f"--initial-cluster={everybody}",
                    "--initial-cluster-state=new",
                    "--logger=zap",
                    "--log-level=error",
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for at in range(count)
        ]

    def await_up(self) -> None:
        """Until every member commits."""
        for port in self.ports:
            await_that(lambda: _commits(port), START_S_MAX, "etcd commits")  # noqa: B023  called at once

    def stop(self) -> None:
        """End all."""
        for each in self.processes:
            each.kill()
        for each in self.processes:
            _ = each.wait()


def _commits(port: int) -> bool:
    try:
        client = Client(port)
        client.put_all("begin", 1)
        client.close()
    except (OSError, Failed, http.client.HTTPException):
        return False
    return True


@contextlib.contextmanager
def open_cluster(count: int) -> Iterator[Cluster]:
    """``count`` members, as long as the block lasts."""
    directory = Path(mkdtemp(prefix="etcd-bench-"))
    cluster = Cluster(count, directory)
    try:
        cluster.await_up()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _spell(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
