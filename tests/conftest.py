"""What every test shares: how hypothesis looks for examples, and what an integration test is."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from mesh.driver.journal.witness import FOLDER_VARIABLE

INTEGRATION: Final = Path(__file__).parent / "integration"

# The same examples on every machine and every run: a test that fails here fails everywhere.
settings.register_profile(
    "gate",
    database=None,
    deadline=None,
    derandomize=True,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
# Whether the wheel holds everything, not once more whether the code is right.
settings.register_profile("wheel", settings.get_profile("gate"), max_examples=10)
# New examples on every run, and more of them: for a person who looks for trouble.
settings.register_profile("search", database=None, deadline=None, max_examples=5_000)
settings.load_profile(os.environ.get("TRELLIS_HYPOTHESIS", "gate"))


def pytest_configure() -> None:
    """What controllers leave in the kernel's memory goes elsewhere, and is not kept."""
    os.environ[FOLDER_VARIABLE] = tempfile.mkdtemp(prefix="trellis-witness-")


def pytest_unconfigure() -> None:
    """Workers of a run in parallel come through here, too; they never exit as others do."""
    shutil.rmtree(os.environ[FOLDER_VARIABLE], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What lies in `tests/integration` is an integration test, without having to say so."""
    for item in items:
        if item.path.is_relative_to(INTEGRATION):
            item.add_marker("integration")
