"""Debian's avahi-daemon on one host: the other speaker of mDNS that real hosts have."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.integration.namespaces import Host

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


def demand_avahi() -> None:
    """Skip where one of the programs is missing."""
    for program in ("avahi-daemon", "dbus-daemon", "dbus-send", "unshare"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


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
        until(self._bus.exists)
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

        until(ask)
        return found


def until(condition: Callable[[], bool]) -> None:
    """Wait for ``condition``; fail where patience ends."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
