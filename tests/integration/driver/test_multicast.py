"""Controllers find each other by multicast DNS on a real network, beside Debian's avahi-daemon."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import pytest

from tests.integration.avahi import Avahi, demand_avahi, until
from tests.integration.namespaces import Host, demand_namespaces, switched

ROOT = Path(__file__).parents[3]
SPEAKER = Path(__file__).with_name("multicast_process.py")
PATIENCE_S = 20.0


class Speaker:
    """A running `multicast_process.py` on a host."""

    def __init__(self, host: Host, fingerprint: str, port: int, log: Path | None) -> None:
        stderr = log.open("w") if log is not None else None
        self._process = subprocess.Popen(
            host.command(sys.executable, SPEAKER, fingerprint, str(port)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        if stderr is not None:
            stderr.close()
        self._lines: Queue[str] = Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def hears(self, line: str) -> bool:
        """Whether it prints ``line`` before patience ends."""
        deadline = time.monotonic() + PATIENCE_S
        while (left := deadline - time.monotonic()) > 0:
            try:
                if self._lines.get(timeout=left) == line:
                    return True
            except Empty:
                break
        return False

    def announce(self, environment: str) -> None:
        """Have it announce another environment."""
        assert self._process.stdin is not None
        _ = self._process.stdin.write(f"{environment}\n")
        self._process.stdin.flush()

    def end(self) -> None:
        """Let it end, and see that it does so well."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(PATIENCE_S) == 0
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.strip())


@contextmanager
def speaking(host: Host, fingerprint: str, port: int, log: Path | None = None) -> Iterator[Speaker]:
    """A speaker that is ready, and ends with the block; what it complains of goes to ``log``."""
    speaker = Speaker(host, fingerprint, port, log)
    try:
        assert speaker.hears("ready")
        yield speaker
    finally:
        speaker.end()


@pytest.fixture
def hosts() -> Iterator[list[Host]]:
    """Two hosts on one switch."""
    demand_namespaces()
    with switched(2) as found:
        yield found


@pytest.fixture
def avahi(hosts: list[Host], tmp_path: Path) -> Iterator[Avahi]:
    """avahi-daemon on the first host."""
    demand_avahi()
    found = Avahi(hosts[0], tmp_path)
    found.start()
    yield found
    found.stop()


def test_two_hosts_find_each_other(hosts: list[Host]) -> None:
    """Each hears where the other listens, and not of itself."""
    one, two = hosts
    with speaking(one, "one", 1_111) as first, speaking(two, "two", 2_222) as second:
        assert first.hears(f"{two.ip}:2222")
        assert second.hears(f"{one.ip}:1111")


def test_two_controllers_on_one_host_find_each_other(hosts: list[Host]) -> None:
    """They share port 5353."""
    with speaking(hosts[0], "one", 1_111) as first, speaking(hosts[0], "two", 2_222) as second:
        assert first.hears(f"{hosts[0].ip}:2222")
        assert second.hears(f"{hosts[0].ip}:1111")


def test_avahi_and_a_controller_share_a_host(hosts: list[Host], avahi: Avahi) -> None:
    """avahi-daemon holds port 5353 too: each hears the other, on one host and across."""
    one, two = hosts
    with speaking(one, "one", 1_111) as first, speaking(two, "two", 2_222) as second:
        assert first.hears(f"{one.ip}:7777")
        assert second.hears(f"{one.ip}:7777")
        for fingerprint, host, port in (("one", one, 1_111), ("two", two, 2_222)):
            answer = avahi.resolve(fingerprint)
            assert f'"{host.ip}"' in answer
            assert f"uint16 {port}" in answer


def test_announcement_follows_the_environment(hosts: list[Host], avahi: Avahi) -> None:
    """Once a controller belongs to an environment its announcement says so."""
    with speaking(hosts[1], "two", 2_222) as speaker:
        _ = avahi.resolve("two")
        speaker.announce("0123456789abcdef" * 4)
        until(lambda: '"environment=0123456789abcdef"' in avahi.resolve("two"))


def test_a_copy_says_once_that_its_name_is_taken(hosts: list[Host], tmp_path: Path) -> None:
    """The name of a controller is one process's; whoever waits for it fills no log."""
    log = tmp_path / "copy.log"
    with speaking(hosts[0], "one", 1_111), speaking(hosts[1], "one", 2_222, log):
        until(lambda: "another process announces this controller's name" in log.read_text())
        time.sleep(2.0)
    assert log.read_text().count("another process announces") == 1
