"""Faults written as edits: in this function, this text instead of that one.

An edit that finds its text no more is an error, so a table of faults cannot outlive the code.
"""

import inspect
import sys
import textwrap
from collections.abc import Callable
from types import FunctionType

import pytest


def edit(
    target: FunctionType | property, old: str, new: str
) -> Callable[[pytest.MonkeyPatch], None]:
    """Replace ``target`` by itself with ``new`` for ``old``, wherever a module holds it."""
    got = target.fget if isinstance(target, property) else target
    assert isinstance(got, FunctionType)
    function: FunctionType = got

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        faulty = _edited(function, old, new)
        owner = _owner(function)
        if owner is not None:
            planted = property(faulty) if isinstance(target, property) else faulty
            monkeypatch.setattr(owner, function.__name__, planted)
            return
        for module in list(sys.modules.values()):
            if getattr(module, function.__name__, None) is function:
                monkeypatch.setattr(module, function.__name__, faulty)

    return patch


def both(*patches: Callable[[pytest.MonkeyPatch], None]) -> Callable[[pytest.MonkeyPatch], None]:
    """Several edits that make one fault."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        for each in patches:
            each(monkeypatch)

    return patch


def _edited(function: FunctionType, old: str, new: str) -> FunctionType:
    source = textwrap.dedent(inspect.getsource(function))
    assert old in source, f"{function.__qualname__} does not hold {old!r} any more"
    lines = source.replace(old, new).splitlines()
    while lines[0].startswith("@"):
        del lines[0]
    names: dict[str, FunctionType] = {}
    exec("\n".join(lines), function.__globals__, names)  # our own source, edited
    return names[function.__name__]


def _owner(function: FunctionType) -> type | None:
    """The class of which ``function`` is a method."""
    *names, _ = function.__qualname__.split(".")
    if not names:
        return None
    owner = getattr(sys.modules[function.__module__], names[0])
    assert isinstance(owner, type)
    return owner
