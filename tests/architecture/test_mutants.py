"""Every planted fault can still be planted: the code that it edits is there.

Whether each is caught takes minutes (``make mutants``); that each means something is known at once.
"""

import pytest

from tests.mutants.__main__ import all_mutants

pytestmark = pytest.mark.repository

MUTANTS = all_mutants()


@pytest.mark.parametrize("name", MUTANTS)
def test_every_fault_can_be_planted(name: str) -> None:
    """Its edits find their text, and it names the tests that it must fail."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        MUTANTS[name].patch(monkeypatch)
    assert MUTANTS[name].caught_by
