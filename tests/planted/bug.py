"""A planted bug of the protocol, and the scenario that must find it."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, MethodType
from typing import Final

import pytest

from tests.mutants.edit import edit

ROOT: Final = Path(__file__).parents[2]

GENERATED: Final = "generated"
"""The generator: each seed makes up a scenario of its own."""

CHANGES: Final = "changes"
"""The runs of ``make changes``: each seed is a mesh with people of its own."""


@dataclass(frozen=True, slots=True)
class Change:
    """In this function, ``new`` stands where ``old`` should."""

    target: Callable[..., object] | property
    old: str
    new: str

    @property
    def place(self) -> str:
        """The file and the name of the function."""
        function = self.target.fget if isinstance(self.target, property) else self.target
        plain = function.__func__ if isinstance(function, MethodType) else function
        assert isinstance(plain, FunctionType)
        file = Path(inspect.getfile(plain)).relative_to(ROOT)
        return f"{file.as_posix()}: {plain.__qualname__}"


@dataclass(frozen=True, slots=True)
class Bug:
    """One mistake that a careless hand could make in the protocol."""

    wrong: str
    """In words, for people: what the code does."""
    scenario: str
    """The situation that finds it, or ``GENERATED``, or ``CHANGES``."""
    changes: tuple[Change, ...]

    @classmethod
    def of(cls, wrong: str, scenario: str, *changes: Change) -> "Bug":
        """Made by all of ``changes`` together."""
        return cls(wrong, scenario, changes)

    @property
    def places(self) -> tuple[str, ...]:
        """Where it is planted."""
        return tuple(dict.fromkeys(change.place for change in self.changes))

    def plant(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Plant it in this process, until ``monkeypatch`` is undone."""
        by_target: dict[int, list[Change]] = {}
        for change in self.changes:
            by_target.setdefault(id(change.target), []).append(change)
        for first, *others in by_target.values():
            more = [(each.old, each.new) for each in others]
            edit(first.target, first.old, first.new, *more)(monkeypatch)
