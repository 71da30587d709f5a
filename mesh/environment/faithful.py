"""Whether what a request carries out is what a person wrote, as far as the commands alone can tell.

A request says its commands twice: as they were *written*, which is what people read, what a linked
environment vouches for and what is carried on, and as they were *resolved*, which is what is
folded. Were the two free of each other, a signer could show one thing and do another, and a change
that another environment has vouched for could be a cloak around any change at all. So each resolved
command is the written one, and only this was added: defaults, ids, keys that names stand for, and
what templates took.

Invariant: the verdict follows from the commands and from what a parameter *may* have filled in, not
from today's defaults, so that all versions judge alike.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from mesh.environment.commands import declaration_of
from mesh.environment.configuration import Configuration
from mesh.environment.declarations import ID_PARAMETER, Declaration, Parameter
from mesh.environment.kinds import controller, data, environment, role
from mesh.environment.policy import Policy
from mesh.environment.templates import Filling, has_template, literals
from mesh.wire.requests import Command, Value

_LAPSE: Final = Command(environment.NAME, "set", {"barrier": Policy.ALL_ACTIVE.value})
"""What comes with a removal that leaves fewer controllers than a majority needs."""


def departure(written: Sequence[Command], resolved: Sequence[Command]) -> str:
    """How ``resolved`` says another thing than ``written``; empty where it does not."""
    if len(resolved) < len(written):
        return "it carries out fewer commands than were written"
    own, added = resolved[: len(written)], resolved[len(written) :]
    for one, other in zip(written, own, strict=True):
        wrong = next(_departures(one, other), "")
        if wrong:
            return wrong
    return _more(own, added)


def _departures(written: Command, resolved: Command) -> Iterator[str]:
    called = f"{written.group} {written.verb}"
    declaration = declaration_of(written)
    if declaration is None or (written.group, written.verb) != (resolved.group, resolved.verb):
        yield f"{called} became {resolved.group} {resolved.verb}"
        return
    known = {each.name: each for each in declaration.parameters}
    takes_templates = written.group != data.NAME
    for name, value in written.parameters.items():
        if name not in resolved.parameters:
            yield f"{name} of {called} was left out"
        elif not _stands_for(
            known.get(name), value, resolved.parameters[name], takes_templates=takes_templates
        ):
            yield f"{name} of {called} became another"
    for name in resolved.parameters:
        if name not in written.parameters and not may_be_filled_in(declaration, name):
            yield f"{name} was added to {called}"


def misfilled(configuration: Configuration, written: Command, resolved: Command) -> str:
    """The parameter whose templates took something else than ``configuration`` has; or none."""
    if written.group == data.NAME or not has_template([*written.parameters.values()]):
        return ""
    declaration = declaration_of(written)
    assert declaration is not None, "unknown commands were found before"
    named = [each.name for each in declaration.parameters if each.written is not None]
    filling = Filling(configuration)
    for name, value in filling.parameters(written.parameters).items():
        if name not in named and not is_same(value, resolved.parameters[name]):
            return name
    return ", ".join(filling.missing)


def may_be_filled_in(declaration: Declaration, name: str) -> bool:
    """Whether a request may give the parameter ``name`` although nobody wrote it."""
    known = next((each for each in declaration.parameters if each.name == name), None)
    return known is not None and (
        known.filled or known.default is not None or known.name == ID_PARAMETER
    )


def _stands_for(
    parameter: Parameter | None, written: Value, resolved: Value, *, takes_templates: bool
) -> bool:
    """Whether ``written`` may have come to ``resolved``."""
    strict = None if parameter is None or parameter.written is None else parameter.shape
    if takes_templates and has_template(written):
        return strict is not None or _fits(written, resolved)
    if is_same(written, resolved):
        return True
    # A name stands for whatever key; a key that was written stands for itself.
    return strict is not None and bool(strict.errors(written, ""))


def _fits(written: Value, value: Value) -> bool:
    """Whether the templates in ``written`` may have been filled in to give ``value``."""
    match written, value:
        case str(), _ if has_template(written):
            pieces = literals(written)
            return pieces is None or (isinstance(value, str) and _is_spelled(pieces, value))
        case list(), list():
            return len(written) == len(value) and all(map(_fits, written, value))
        case dict(), dict():
            return written.keys() == value.keys() and all(
                _fits(each, value[name]) for name, each in written.items()
            )
        case _:
            return is_same(written, value)


def _is_spelled(pieces: Sequence[str], text: str) -> bool:
    """Whether ``text`` is the ``pieces`` in their order, with anything between two of them."""
    if len(pieces) == 1:
        return text == pieces[0]
    first, *middle, last = pieces
    if not text.startswith(first):
        return False
    at = len(first)
    for piece in middle:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(text) - at >= len(last) and text.endswith(last)


def is_same(one: Value, other: Value) -> bool:
    """Equality of parameters: True is no 1, and mappings have no order."""
    match one, other:
        case list(), list():
            return len(one) == len(other) and all(map(is_same, one, other))
        case dict(), dict():
            return one.keys() == other.keys() and all(
                is_same(value, other[name]) for name, value in one.items()
            )
        case _:
            return type(one) is type(other) and one == other


def _more(own: Sequence[Command], added: Sequence[Command]) -> str:
    """What was added beside what was written, and does not follow from it."""
    for each in added:
        if (each.group, each.verb) == (role.NAME, "create"):
            name = each.parameters.get("name")
            is_named = any(_names(name, command) for command in own)
            if is_named and each.parameters.keys() <= {"name", ID_PARAMETER}:
                continue
        is_removal = any((c.group, c.verb) == (controller.NAME, "remove") for c in own)
        if is_removal and each == _LAPSE:
            continue
        return f"{each.group} {each.verb} was added"
    return ""


def _names(role_name: Value, command: Command) -> bool:
    return any(
        value == role_name or (isinstance(value, list) and role_name in value)
        for value in command.parameters.values()
    )
