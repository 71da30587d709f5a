"""Three fresh hosts that nobody told anything, on a network where avahi-daemon speaks mDNS too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mesh.driver.configuration import DEFAULT_PORT
from mesh.driver.discovery.multicast import ENVIRONMENT_DIGITS
from tests.hosts.asking import environment
from tests.hosts.mesh import Mesh, await_answer, pending
from tests.hosts.processes import Process, await_that
from tests.integration.avahi import Avahi, demand_avahi
from tests.integration.hosts.office import process_on
from tests.integration.namespaces import Host, demand_namespaces, switched

PATIENCE_S = 60.0
HOSTS = 3


@pytest.fixture
def hosts() -> Iterator[list[Host]]:
    """Three hosts on one switch."""
    demand_namespaces()
    with switched(HOSTS) as found:
        yield found


@pytest.fixture
def avahi(hosts: list[Host], tmp_path: Path) -> Iterator[Avahi]:
    """avahi-daemon on the first of them, which holds port 5353 there."""
    demand_avahi()
    folder = tmp_path / "avahi"
    folder.mkdir()
    found = Avahi(hosts[0], folder)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def fresh(hosts: list[Host], tmp_path: Path) -> Iterator[Mesh]:
    """A controller on each, without seeds; not started."""
    made = Mesh([process_on(host, tmp_path) for host in hosts])
    yield made
    made.stop()


def test_two_accepts_make_one_environment(hosts: list[Host], avahi: Avahi, fresh: Mesh) -> None:
    """Started in the same second they are one environment after two accepts, and avahi says so."""
    for process in fresh.processes:
        process.start()
    for process in fresh.processes:
        await_answer(process)
    founder = _await_founder(fresh.processes)
    for newcomer in pending(founder):
        accepted = founder.run("members", "accept", str(newcomer["fingerprint"]))
        assert accepted.code == 0, accepted
    fresh.await_whole()
    (name,) = {str(environment(process)["id"]) for process in fresh.processes}
    for process, host in zip(fresh.processes, hosts, strict=True):
        assert "3 active" in process.run("status").out
        assert pending(process) == []
        announced = _announced(avahi, process, name)
        assert f'"{host.ip}"' in announced
        assert f"uint16 {DEFAULT_PORT}" in announced


def _await_founder(processes: list[Process]) -> Process:
    """The one that keeps its environment, when all others ask to be let in."""

    def founders() -> list[Process]:
        return [process for process in processes if environment(process)]

    def is_settled() -> bool:
        found = founders()
        return len(found) == 1 and len(pending(found[0])) == HOSTS - 1

    await_that(is_settled, PATIENCE_S, "one founds, and two ask it to be let in")
    return founders()[0]


def _fingerprint(process: Process) -> str:
    status = process.status()
    assert status is not None
    controller = status["controller"]
    assert isinstance(controller, dict)
    return str(controller["fingerprint"])


def _announced(avahi: Avahi, process: Process, name: str) -> str:
    """What avahi hears of a controller, once that says to which environment it belongs."""
    fingerprint = _fingerprint(process)
    heard = ""

    def is_said() -> bool:
        nonlocal heard
        heard = avahi.resolve(fingerprint)
        return f'"environment={name[:ENVIRONMENT_DIGITS]}"' in heard

    await_that(is_said, PATIENCE_S, f"{process.name} announces its environment")
    assert f'"fingerprint={fingerprint}"' in heard
    return heard
