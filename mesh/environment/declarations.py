"""Commands, declared: what each takes, which keys it touches, and what it does.

A declaration is data, so that the command line, the prompt, the HTTP face, the reference manual
and the fold all read one table. What a command touches follows from its parameters alone, so the
base of a request can be checked without a configuration.

A parameter never changes its shape: a later version that takes more says so by a new parameter,
which an older one finds unknown. So no two versions ever fold one request to two states.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mesh.environment.draft import Draft, Refusal, Touched
from mesh.environment.entries import ObjectId
from mesh.environment.shapes import Shape
from mesh.wire.requests import Key, Kind, Value

Arguments = Mapping[str, Value]
"""Parameters by name."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One named parameter of a command, or one field of an object."""

    name: str
    shape: Shape
    help: str
    required: bool = False
    default: Value = None
    """Written out when the request is made, since another version may have another. None: none.

    A parameter that had none never gets one, and no default is ever given up: whether a request may
    say more than was written is judged by that, by all versions alike.
    """
    written: Shape | None = None
    """What people may write where a request is stricter, such as a name for a key."""
    filled: bool = False
    """Found when the request is made, never written by people: the id of a new object."""
    confidential: bool = False
    """Its value is kept and signed, and never shown: see :mod:`mesh.environment.redaction`."""


@dataclass(frozen=True, slots=True)
class Shorthand:
    """A word of the command line for a value that takes several; a request never holds it."""

    name: str
    shape: Shape
    help: str
    parameter: str
    """What it is another way to give."""
    make: Callable[[Value], Value]


@dataclass(frozen=True, slots=True)
class ElementSet:
    """A field that is a set: each element is a key of its own, so two who add do not meet."""

    name: str
    """Of the whole: ``labels``."""
    element: Parameter
    """One of them: ``label``."""


@dataclass(frozen=True, slots=True)
class Touch:
    """Keys by a pattern: literal parts, and ``{name}`` for the value of a parameter.

    A list stands for one key for each element, a mapping for one for each of its keys.
    """

    pattern: tuple[str, ...]
    given: str = ""
    """Only where this parameter is given; empty: always."""

    def keys(self, arguments: Arguments) -> list[Key]:
        """The keys touched with these arguments."""
        if self.given and self.given not in arguments:
            return []
        keys: list[Key] = [()]
        for part in self.pattern:
            values = _spelled(arguments, part[1:-1]) if part.startswith("{") else [part]
            keys = [(*key, value) for key in keys for value in values]
        return keys


def _spelled(arguments: Arguments, name: str) -> list[str]:
    match arguments.get(name):
        case str() as value:
            return [value]
        case list() | dict() as values:
            return [value for value in values if isinstance(value, str)]
        case _:
            return []


Run = Callable[[Draft, Arguments], Refusal | None]
Fill = Callable[[Draft, Arguments, str], Arguments]
"""(draft, arguments as written, a fresh creation id) -> arguments as resolved."""


def fill_nothing(draft: Draft, arguments: Arguments, fresh: str) -> Arguments:
    """The arguments as they are: for commands that name no object by its creation id."""
    del draft, fresh
    return arguments


@dataclass(frozen=True, slots=True)
class Declaration:
    """One command."""

    group: str
    verb: str
    help: str
    parameters: tuple[Parameter, ...]
    run: Run
    reads: tuple[Touch, ...] = ()
    writes: tuple[Touch, ...] = ()
    commutes: tuple[Touch, ...] = ()
    wholes: tuple[Touch, ...] = ()
    fill: Fill = fill_nothing
    one_of: tuple[str, ...] = ()
    """At least one of these parameters must be given; empty: no such rule."""
    kind: Kind = Kind.NORMAL
    """What an attempt that carries this command must be."""
    roster_with: tuple[str, ...] = ()
    """With one of these parameters given, the command changes the roster or the policy."""
    shorthands: tuple[Shorthand, ...] = ()
    by_controllers: bool = False
    """A controller of the roster may sign it, not only an operator."""
    by_controllers_with: str = ""
    """A controller may sign it where this parameter is given, which proves somebody else's will."""

    def touched(self, arguments: Arguments) -> Touched:
        """Every key that the command may touch with these arguments."""
        writes = _keys(self.writes, arguments)
        return Touched(
            tuple(key for key in _keys(self.reads, arguments) if key not in writes),
            writes,
            _keys(self.commutes, arguments),
            tuple((key[0], key[1]) for key in _keys(self.wholes, arguments)),
        )

    def is_for_controllers(self, arguments: Arguments) -> bool:
        """Whether a controller of the roster may sign the command with these arguments."""
        return self.by_controllers or self.by_controllers_with in arguments

    def needs(self, arguments: Arguments) -> Kind:
        """The kind of attempt that may carry the command with these arguments."""
        if any(name in arguments for name in self.roster_with):
            return Kind.ROSTER
        return self.kind


def _keys(touches: tuple[Touch, ...], arguments: Arguments) -> tuple[Key, ...]:
    keys = [key for touch in touches for key in touch.keys(arguments)]
    return tuple(dict.fromkeys(keys)) if len(keys) > 1 else tuple(keys)


def text(arguments: Arguments, name: str) -> str:
    """A parameter that its shape has proved to be text."""
    value = arguments[name]
    assert isinstance(value, str)
    return value


def object_key(arguments: Arguments, kind: str, parameter: str = "name") -> ObjectId:
    """The object that ``parameter`` names."""
    return kind, text(arguments, parameter)


NAME_PARAMETER: Final = "name"
ID_PARAMETER: Final = "id"
