"""Which values are never shown, in one place: whoever prints commands or objects asks here.

A confidential value is signed, hashed and kept as any other, since every controller must fold the
same bytes. It leaves a controller towards people only where it is asked for by name, such as the
locked key of the one operator who logs in; everywhere else a mark stands for it.
"""

from collections.abc import Sequence
from typing import Final

from mesh.environment.kinds import COMMANDS, SCHEMA
from mesh.wire.requests import Command, Key, Value

NOT_SHOWN: Final = "(not shown)"


def is_confidential(key: Key) -> bool:
    """Whether what stands under ``key`` is never shown."""
    match key:
        case (kind, _, field) if kind in SCHEMA:
            return any(each.confidential and each.name == field for each in SCHEMA[kind].fields)
        case _:
            return False


def shown(key: Key, value: Value) -> Value:
    """``value`` as people may see it."""
    return NOT_SHOWN if value is not None and is_confidential(key) else value


def shown_object(kind: str, value: Value) -> Value:
    """The fields of one object as people may see them."""
    if not isinstance(value, dict) or SCHEMA[kind].plain:
        return value
    return {name: shown((kind, "", name), each) for name, each in value.items()}


def shown_command(command: Command) -> Command:
    """``command`` as people may see it, with a mark for each confidential parameter."""
    hidden = confidential_parameters((command,))
    if not hidden:
        return command
    parameters = {
        name: NOT_SHOWN if name in hidden else value for name, value in command.parameters.items()
    }
    return Command(command.group, command.verb, parameters)


def confidential_parameters(commands: Sequence[Command]) -> tuple[str, ...]:
    """The names of the confidential parameters that are given."""
    found: dict[str, None] = {}
    for command in commands:
        declaration = COMMANDS.get((command.group, command.verb))
        for parameter in () if declaration is None else declaration.parameters:
            if parameter.confidential and parameter.name in command.parameters:
                found[parameter.name] = None
    return tuple(found)
