"""Hosts on one switch, made of network namespaces: real interfaces, real multicast, no machines.

Each host is a namespace with one interface; all of them hang on one bridge in a namespace of its
own. Needs root and iproute2.
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True)
class Host:
    """One namespace."""

    namespace: str
    ip: str
    switch: str
    """The namespace of the switch that it hangs on."""
    port: str
    """The switch's end of its cable."""

    def command(self, *arguments: str | os.PathLike[str]) -> list[str | os.PathLike[str]]:
        """The command line that runs ``arguments`` on this host."""
        return ["ip", "netns", "exec", self.namespace, *arguments]


def demand_namespaces() -> None:
    """Skip where this process may not make network namespaces."""
    if shutil.which("ip") is None:
        pytest.skip("iproute2 is not installed: network namespaces are made with it")
    if os.geteuid() != 0:
        pytest.skip("needs root to make network namespaces")
    name = f"trellis-{secrets.token_hex(4)}"
    made = subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True)
    if made.returncode:
        pytest.skip(f"may not make network namespaces here: {made.stderr.decode().strip()}")
    _ip("netns", "delete", name)


@contextmanager
def switched(count: int) -> Iterator[list[Host]]:
    """``count`` hosts on one switch, gone at the end of the block."""
    run = secrets.token_hex(3)
    switch = f"trellis-{run}-switch"
    hosts = [
        Host(f"trellis-{run}-{at}", f"10.77.0.{at}", switch, f"port{at}")
        for at in range(1, count + 1)
    ]
    made: list[str] = []
    try:
        for namespace in [switch, *(host.namespace for host in hosts)]:
            _ip("netns", "add", namespace)
            made.append(namespace)
            _ip("-n", namespace, "link", "set", "lo", "up")
        _ip("-n", switch, "link", "add", "bridge", "type", "bridge", "mcast_snooping", "0")
        _ip("-n", switch, "link", "set", "bridge", "up")
        for host in hosts:
            _plug_in(host)
        yield hosts
    finally:
        for namespace in made:
            _ip("netns", "delete", namespace)


def _plug_in(host: Host) -> None:
    there = ["peer", "name", host.port, "netns", host.switch]
    _ip("-n", host.namespace, "link", "add", "eth0", "type", "veth", *there)
    _ip("-n", host.switch, "link", "set", host.port, "master", "bridge")
    _ip("-n", host.switch, "link", "set", host.port, "up")
    _ip("-n", host.namespace, "addr", "add", f"{host.ip}/24", "dev", "eth0")
    _ip("-n", host.namespace, "link", "set", "eth0", "up")


def _ip(*arguments: str) -> None:
    command: Sequence[str] = ["ip", *arguments]
    _ = subprocess.run(command, check=True, capture_output=True)
