"""How values stand in files: as in commands, but for durations, which people write with a unit.

``interval_ns: 10s`` and ``interval_ns: 10000000000`` are the same; an export writes the former.
A list of members stands for a mapping whose values go without saying: ``services: [blog, shop]``.
"""

from collections.abc import Callable

from mesh.environment.compounds import ListOf, MappingOf, Record
from mesh.environment.shapes import Duration, Misread, Shape, spell_duration
from mesh.wire.requests import Value


def read_value(shape: Shape, value: Value) -> Value:
    """``value`` as a command has it; what cannot be read stays, for its shape to complain about."""
    match shape, value:
        case Duration(), str():
            try:
                return shape.read(value)
            except Misread:
                return value
        case ListOf(element), list():
            return [read_value(element, each) for each in value]
        case MappingOf(unsaid=unsaid), list() if unsaid is not None:
            return {name: unsaid for name in value if isinstance(name, str)}
        case MappingOf(value=element), dict():
            return {name: read_value(element, each) for name, each in value.items()}
        case Record(), dict():
            return _each_member(shape, value, read_value)
        case _:
            return value


def written_value(shape: Shape, value: Value) -> Value:
    """``value`` as people write it."""
    match shape, value:
        case Duration(), int():
            return spell_duration(value)
        case ListOf(element), list():
            return [written_value(element, each) for each in value]
        case MappingOf(value=element), dict():
            return {name: written_value(element, each) for name, each in value.items()}
        case Record(), dict():
            order = [each.name for each in shape.members]
            arranged = {name: value[name] for name in order if name in value} | value
            return _each_member(shape, arranged, written_value)
        case _:
            return value


def _each_member(
    record: Record, value: dict[str, Value], spell: Callable[[Shape, Value], Value]
) -> dict[str, Value]:
    shapes = {member.name: member.shape for member in record.members}
    return {
        name: spell(shapes[name], each) if name in shapes else each for name, each in value.items()
    }
