"""Faults written as edits: in this function, this text instead of that one.

An edit that finds its text no more is an error, so a table of faults cannot outlive the code.
"""

import inspect
import sys
import textwrap
from collections.abc import Callable
from types import FunctionType, MethodType

import pytest


def edit(
    target: Callable[..., object] | property, old: str, new: str, *more: tuple[str, str]
) -> Callable[[pytest.MonkeyPatch], None]:
    """Replace ``target`` by itself with ``new`` for ``old``, wherever a module holds it.

    ``more`` edits, if one is not enough for the fault, are made as well.
    """
    function = _plain(target)

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        faulty = _edited(function, ((old, new), *more))
        owner = _owner(function)
        if owner is not None:
            monkeypatch.setattr(owner, function.__name__, _like(target, faulty))
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


def _plain(target: Callable[..., object] | property) -> FunctionType:
    if isinstance(target, property):
        assert target.fget is not None
        return _plain(target.fget)
    if isinstance(target, MethodType):
        return _plain(target.__func__)
    assert isinstance(target, FunctionType)
    return target


def _like(target: Callable[..., object] | property, faulty: FunctionType) -> object:
    """``faulty`` as a class holds what ``target`` is."""
    if isinstance(target, property):
        return property(faulty)
    return classmethod(faulty) if isinstance(target, MethodType) else faulty


def _edited(function: FunctionType, edits: tuple[tuple[str, str], ...]) -> FunctionType:
    source = textwrap.dedent(inspect.getsource(function))
    for old, new in edits:
        assert old in source, f"{function.__qualname__} does not hold {old!r} any more"
        source = source.replace(old, new)
    lines = source.splitlines()
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
