"""A planted fault, and the tests that must notice it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault that a careless hand could make."""

    patch: Callable[[pytest.MonkeyPatch], None]
    """Plants the fault in the code under test, until the monkeypatch is undone."""
    caught_by: tuple[str, ...]
    """Test ids (``path::name``), each of which fails while the fault is planted."""
