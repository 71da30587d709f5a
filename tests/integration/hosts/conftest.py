"""Meshes that tests share: each test finds its mesh whole, whatever the one before did to it."""

from collections.abc import Iterator

import pytest

from tests.hosts.mesh import Mesh, on_loopback
from tests.integration.hosts.office import Office, open_office


@pytest.fixture(scope="session")
def shared_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Three hosts on one switch, in one environment."""
    with open_office(3, tmp_path_factory.mktemp("office")) as made:
        yield made


@pytest.fixture
def office(shared_office: Office) -> Office:
    """The same, whole."""
    shared_office.mend()
    return shared_office


@pytest.fixture(scope="session")
def shared_mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    """Three controllers on loopback, in one environment."""
    made = Mesh(on_loopback(3, tmp_path_factory.mktemp("mesh")))
    try:
        made.form()
        yield made
    finally:
        made.stop()


@pytest.fixture
def mesh(shared_mesh: Mesh) -> Mesh:
    """The same, whole."""
    shared_mesh.mend()
    return shared_mesh
