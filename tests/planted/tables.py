"""All planted bugs: the tables of the modules in this package that have one."""

import importlib
import pkgutil
from typing import Final

import tests.planted
from tests.planted.bug import Bug

_PROGRAMS: Final = ("__main__", "bug", "hunt", "page", "plant", "tables")
"""Modules without a table."""


def all_bugs() -> dict[str, Bug]:
    """By name, in the order of the protocol's parts."""
    found: dict[str, Bug] = {}
    for module in sorted(each.name for each in pkgutil.iter_modules(tests.planted.__path__)):
        if module not in _PROGRAMS:
            table: dict[str, Bug] = importlib.import_module(f"tests.planted.{module}").BUGS
            assert not found.keys() & table.keys(), f"{module} repeats a name"
            found |= table
    return found
