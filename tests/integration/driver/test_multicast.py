"""Controllers find each other by multicast DNS on a real network, beside Debian's avahi-daemon."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import pytest

from tests.integration.namespaces import Host, demand_namespaces, switched

ROOT = Path(__file__).parents[3]
SPEAKER = Path(__file__).with_name("multicast_process.py")
PATIENCE_S = 20.0

DBUS_CONFIGURATION = """
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_type="method_call"/>
    <allow send_type="signal"/><allow receive_type="signal"/>
    <allow send_requested_reply="true"/><allow receive_requested_reply="true"/>
  </policy>
</busconfig>
"""

AVAHI_SERVICE = """<?xml version="1.0" standalone="no"?>
<!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group>
  <name>seven-seven-seven-seven</name>
  <service>
    <type>_trellis._tcp</type><port>7777</port>
    <txt-record>fingerprint=seven-seven-seven-seven</txt-record>
  </service>
</service-group>
"""


class Speaker:
    """A running `multicast_process.py` on a host."""

    def __init__(self, host: Host, fingerprint: str, port: int) -> None:
        self._process = subprocess.Popen(
            host.command(sys.executable, SPEAKER, fingerprint, str(port)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
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
def speaking(host: Host, fingerprint: str, port: int) -> Iterator[Speaker]:
    """A speaker that is ready, and ends with the block."""
    speaker = Speaker(host, fingerprint, port)
    try:
        assert speaker.hears("ready")
        yield speaker
    finally:
        speaker.end()


@contextmanager
def background(*command: str | os.PathLike[str], **environment: str) -> Iterator[None]:
    """A program that runs as long as the block lasts."""
    with subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield
        finally:
            process.terminate()


class Avahi:
    """Debian's avahi-daemon on one host, with a bus of its own and one service to announce."""

    def __init__(self, host: Host, folder: Path) -> None:
        self._host = host
        self._folder = folder
        self._bus = folder / "bus"
        self._stack = ExitStack()

    def start(self) -> None:
        """Run it, away from the files of this machine."""
        services = self._folder / "services"
        services.mkdir()
        _ = (services / "trellis.service").write_text(AVAHI_SERVICE)
        bus = self._folder / "bus.conf"
        _ = bus.write_text(DBUS_CONFIGURATION.format(socket=self._bus))
        _ = self._stack.enter_context(
            background("dbus-daemon", "--nofork", "--nopidfile", f"--config-file={bus}")
        )
        _until(self._bus.exists)
        script = (
            f"mount --bind {services} /etc/avahi/services && mount -t tmpfs tmpfs /run &&"
            " exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f /dev/null"
        )
        _ = self._stack.enter_context(
            background(
                *self._host.command("unshare", "--mount", "sh", "-c", script),
                DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={self._bus}",
            )
        )

    def stop(self) -> None:
        """End it and its bus."""
        self._stack.close()

    def resolve(self, fingerprint: str) -> str:
        """What it says of the service of that name, once it has found it."""
        found = ""

        def ask() -> bool:
            nonlocal found
            asked = subprocess.run(
                [
                    *("dbus-send", "--system", "--print-reply", "--reply-timeout=3000"),
                    *("--dest=org.freedesktop.Avahi", "/"),
                    "org.freedesktop.Avahi.Server.ResolveService",
                    *("int32:-1", "int32:-1", f"string:{fingerprint}", "string:_trellis._tcp"),
                    *("string:local", "int32:-1", "uint32:0"),
                ],
                env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self._bus}"},
                capture_output=True,
                text=True,
                check=False,
            )
            found = asked.stdout
            return asked.returncode == 0

        _until(ask)
        return found


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def hosts() -> Iterator[list[Host]]:
    """Two hosts on one switch."""
    demand_namespaces()
    with switched(2) as found:
        yield found


@pytest.fixture
def avahi(hosts: list[Host], tmp_path: Path) -> Iterator[Avahi]:
    """avahi-daemon on the first host."""
    for program in ("avahi-daemon", "dbus-daemon", "dbus-send", "unshare"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
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
        _until(lambda: '"environment=0123456789abcdef"' in avahi.resolve("two"))
