"""An office: one switch, a few hosts, and `trellis up` on each."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.hosts.mesh import Mesh
from tests.hosts.processes import Process
from tests.integration.firewall import Firewall, demand_firewall
from tests.integration.namespaces import Host, demand_namespaces, switched


def process_on(host: Host, directory: Path, *arguments: str) -> Process:
    """A controller on ``host`` that keeps its data below ``directory``; not started."""
    home = directory / host.port
    home.mkdir(mode=0o700)
    prefix = tuple(str(word) for word in host.command())
    return Process(home.name, home, ("--site", "office", *arguments), prefix)


class Office(Mesh):
    """Hosts whose controllers know each other by seeds, and the firewall between them."""

    def __init__(self, hosts: Sequence[Host], directory: Path) -> None:
        ways_in = ["--found", *[f"--seed={hosts[0].ip}"] * (len(hosts) - 1)]
        super().__init__(
            [
                process_on(host, directory, "--no-mdns", way_in)
                for host, way_in in zip(hosts, ways_in, strict=True)
            ]
        )
        self.hosts = hosts
        self.firewall = Firewall(hosts)

    def mend(self) -> None:
        """Let everything through as well."""
        self.firewall.open()
        super().mend()


@contextmanager
def open_office(count: int, directory: Path) -> Iterator[Office]:
    """``count`` hosts in one environment, gone at the end of the block."""
    demand_namespaces()
    demand_firewall()
    with switched(count) as hosts:
        made = Office(hosts, directory)
        try:
            made.form()
            yield made
        finally:
            made.stop()
