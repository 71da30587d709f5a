"""What the switch lets through: rules in its namespace, changed all at once."""

import shutil
import subprocess
from collections.abc import Iterable, Sequence

import pytest

from tests.integration.namespaces import Host

_TABLE = "table bridge trellis"


def demand_firewall() -> None:
    """Skip where there is no nftables."""
    if shutil.which("nft") is None:
        pytest.skip("nftables is not installed: links are cut with it")


class Firewall:
    """Drops frames between ``hosts``, which hang on one switch."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        self._switch = hosts[0].switch
        self._hosts = hosts

    def open(self) -> None:
        """Let everything through."""
        self._apply(())

    def split(self, group: Sequence[Host]) -> None:
        """Let nothing through between ``group`` and the others."""
        others = [host for host in self._hosts if host not in group]
        pairs = [(one, other) for one in group for other in others]
        self._apply(_cut(*pair) for one, other in pairs for pair in ((one, other), (other, one)))

    def cut_one_way(self, source: Host, target: Host) -> None:
        """Let nothing through from ``source`` to ``target``."""
        self._apply([_cut(source, target)])

    def block_datagrams(self) -> None:
        """Let no UDP through."""
        self._apply(["ip protocol udp drop", "ip6 nexthdr udp drop"])

    def _apply(self, rules: Iterable[str]) -> None:
        """Have ``rules`` and no others hold, from one packet to the next."""
        chain = "; ".join(["type filter hook forward priority 0", *rules])
        script = f"{_TABLE}\ndelete {_TABLE}\n{_TABLE} {{ chain forward {{ {chain}; }}; }}\n"
        command = ["ip", "netns", "exec", self._switch, "nft", "-f", "-"]
        _ = subprocess.run(command, input=script, text=True, check=True, capture_output=True)


def _cut(source: Host, target: Host) -> str:
    return f'iifname "{source.port}" oifname "{target.port}" drop'
