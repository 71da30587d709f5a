"""Commands against their declarations: every mistake of every command at once, nothing done.

The same checks serve a person's commands as written and, stricter, a request's commands as
resolved, which must be complete: no default is left to the program that folds them.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mesh.environment.declarations import ID_PARAMETER, Declaration, Parameter
from mesh.environment.kinds import COMMANDS, checkpoint, data, environment, merge
from mesh.environment.shapes import Misread, Shape
from mesh.environment.suggestions import unknown_name
from mesh.environment.templates import has_template, template_errors
from mesh.wire.limits import COMMANDS_MAX
from mesh.wire.requests import Command, Value

ALONE: Final = (data.NAME, environment.NAME, merge.NAME, checkpoint.NAME)
"""Groups whose commands are requests of their own, never part of a ChangeSet with others."""


@dataclass(frozen=True, slots=True)
class Misspelled:
    """Words that make no command: every mistake."""

    errors: tuple[str, ...]


def declaration_of(command: Command) -> Declaration | None:
    """The declaration of a command, None where this version knows none."""
    return COMMANDS.get((command.group, command.verb))


def check_commands(commands: Sequence[Command], *, filled: bool = False) -> tuple[str, ...]:
    """Every mistake in commands as people write them; none means that they can be resolved.

    Once they are ``filled`` braces are braces: what a template came to is checked, not read again.
    """
    if len(commands) > COMMANDS_MAX:
        return (f"{len(commands)} commands, one ChangeSet takes at most {COMMANDS_MAX}",)
    groups = dict.fromkeys(command.group for command in commands)
    alone = [group for group in groups if group in ALONE]
    found = [
        f"{group} commands are submitted on their own, not together with others"
        for group in alone
        if len(groups) > 1
    ]
    for at, command in enumerate(commands, 1):
        where = spell_place(at, len(commands), command) if len(commands) > 1 else ""
        found += [
            f"{where}: {error}" if where else error
            for error in check_written(command, filled=filled)
        ]
    return tuple(found)


def spell_place(at: int, count: int, command: Command) -> str:
    """Which of ``count`` commands it is, from 1 on; of one alone only what it says."""
    spoken = f"{command.group} {command.verb}"
    return f"command {at} ({spoken})" if at <= count > 1 else spoken


def check_written(command: Command, *, filled: bool = False) -> list[str]:
    """Every mistake in one command as a person writes it."""
    unknown = unknown_part(command)
    declaration = declaration_of(command)
    if declaration is None or command.unknown:
        assert unknown is not None
        return [unknown]
    found = _unknown_parameters(declaration, command.parameters)
    is_template = not filled and command.group != data.NAME
    return found + _check_parameters(
        declaration, command.parameters, command.parameters, is_template=is_template
    )


def _check_parameters(
    declaration: Declaration,
    values: Mapping[str, Value],
    given: Container[str],
    *,
    is_template: bool,
) -> list[str]:
    """Every mistake in ``values``, and what is missing of which not even a name was ``given``."""
    found: list[str] = []
    for parameter in declaration.parameters:
        if parameter.name in values:
            value = values[parameter.name]
            found += _check_written_value(parameter, value, is_template=is_template)
        elif parameter.required and parameter.name not in given:
            found.append(f"{parameter.name}: missing, expected {parameter.shape.words}")
    if declaration.one_of and not any(name in given for name in declaration.one_of):
        found.append(f"nothing to do: expected at least one of {', '.join(declaration.one_of)}")
    return found


def _check_written_value(parameter: Parameter, value: Value, *, is_template: bool) -> list[str]:
    if parameter.filled:
        return [f"{parameter.name}: is filled in when the change is submitted, leave it out"]
    if is_template and has_template(value):
        return template_errors(value, parameter.name)  # what it takes is checked when filled in
    return _errors(parameter, parameter.written or parameter.shape, value)


def _errors(parameter: Parameter, shape: Shape, value: Value) -> list[str]:
    """Every mistake in a value; of a confidential one the error does not tell what it is."""
    errors = shape.errors(value, parameter.name)
    if errors and parameter.confidential:
        return [f"{parameter.name}: expected {shape.words}"]
    return errors


def check_resolved(command: Command) -> list[str]:
    """Every mistake in one command as a request holds it, which this version must know."""
    declaration = declaration_of(command)
    assert declaration is not None
    found: list[str] = []
    for parameter in declaration.parameters:
        if parameter.name in command.parameters:
            found += _errors(parameter, parameter.shape, command.parameters[parameter.name])
        elif parameter.required or parameter.name == ID_PARAMETER:
            found.append(f"{parameter.name}: missing")
    if declaration.one_of and not any(name in command.parameters for name in declaration.one_of):
        found.append("nothing to do")
    return [f"{command.group} {command.verb}: {error}" for error in found]


def unknown_part(command: Command) -> str | None:
    """What this version does not know about a command; None where it knows all of it."""
    if command.unknown:
        return f"{command.group} {command.verb}: says more than this version can read"
    declaration = declaration_of(command)
    if declaration is not None:
        unknown = _unknown_parameters(declaration, command.parameters)
        return unknown[0] if unknown else None
    verbs = [verb for group, verb in COMMANDS if group == command.group]
    if verbs:
        return unknown_name("verb", command.verb, verbs)
    return unknown_name("group", command.group, list(dict.fromkeys(group for group, _ in COMMANDS)))


def _unknown_parameters(declaration: Declaration, given: Mapping[str, Value]) -> list[str]:
    known = [parameter.name for parameter in declaration.parameters]
    return [unknown_name("parameter", name, known) for name in given if name not in known]


def _read(shape: Shape, text: str) -> Value:
    """What was typed; a template that ``shape`` does not take is checked when it is filled in."""
    try:
        return shape.read(text)
    except Misread:
        if has_template(text):
            return text
        raise


def parse_words(group: str, verb: str, words: Mapping[str, str]) -> Command | Misspelled:
    """The command that a person typed as ``group verb --name value``; a ``-`` is read as ``_``."""
    declaration = COMMANDS.get((group, verb))
    texts = {name.replace("-", "_"): text for name, text in words.items()}
    if declaration is None:
        return Misspelled(tuple(check_written(Command(group, verb, {}))))
    shapes = {
        parameter.name: parameter.written or parameter.shape for parameter in declaration.parameters
    }
    short = {each.name: each for each in declaration.shorthands}
    shapes |= {name: each.shape for name, each in short.items()}
    errors = [unknown_name("parameter", name, list(shapes)) for name in texts if name not in shapes]
    parameters: dict[str, Value] = {}
    given: dict[str, None] = {}
    for name, text in texts.items():
        if name in shapes:
            meant = short[name].parameter if name in short else name
            if meant in given:
                errors.append(f"{name}: says again what {meant} says, leave one out")
            given[meant] = None
            try:
                value = _read(shapes[name], text)
                parameters[meant] = short[name].make(value) if name in short else value
            except Misread as error:
                errors.append(f"{name}: expected {error}, not '{text}'")
    if not errors:
        return Command(group, verb, parameters)
    is_template = group != data.NAME
    errors += _check_parameters(declaration, parameters, given, is_template=is_template)
    return Misspelled(tuple(errors))
