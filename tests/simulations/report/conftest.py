"""One recorded run for all tests of the report."""

import pytest

from simulations.report.subject import Subject, record
from tests.simulations.report.stage import SCENARIO


@pytest.fixture(scope="session")
def subject() -> Subject:
    """The run, recorded once."""
    return record("a test", "trellis sim run test.json", SCENARIO, story="A split & a <crash>.")
