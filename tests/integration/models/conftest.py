"""Models are checked where the model checker is installed."""

import pytest

from tests.models import spin


@pytest.fixture(autouse=True)
def _demand_spin() -> None:
    program = spin.missing()
    if program is not None:
        pytest.skip(f"{program} is not installed: it checks the models")
