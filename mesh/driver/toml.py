"""Reading a TOML document key by key, so that nothing is overlooked and every mistake is named.

A table remembers which keys were asked for; what is left at the end was misspelt or made up.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from mesh.environment.shapes import NAME
from mesh.wire.identity import Address
from mesh.wire.invitation import BadInvitation, Invitation, decode_invitation
from mesh.wire.limits import NAME_CHARACTERS_MAX

T = TypeVar("T")
D = TypeVar("D")
EnumT = TypeVar("EnumT", bound=StrEnum)

HOST_CHARACTERS_MAX: Final = 253
PORT_MAX: Final = 65_535


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it is, and what it is."""

    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


class WrongValueError(Exception):
    """A value that its key does not take.

    ``mistakes`` are (what follows the path of the key, what is wrong there), at least one.
    """

    def __init__(self, wrong: str, *more: tuple[str, str]) -> None:
        super().__init__(wrong)
        self.mistakes = more or (("", wrong),)


Convert = Callable[[object], T]


class Table:
    """One table of a document; mistakes go into ``problems``."""

    def __init__(self, path: str, values: Mapping[str, object], problems: list[Problem]) -> None:
        self._path = path
        self._values = values
        self._problems = problems
        self._asked: dict[str, None] = {}

    def names(self) -> Iterable[str]:
        """The keys that are there, for tables in which any may be."""
        return tuple(self._values)

    def take(self, key: str, convert: Convert[T], default: D) -> T | D:
        """The value of ``key``; ``default`` where it is absent or wrong."""
        self._asked[key] = None
        if key not in self._values:
            return default
        try:
            return convert(self._values[key])
        except WrongValueError as error:
            for at, wrong in error.mistakes:
                self.wrong(key + at, wrong)
            return default

    def table(self, key: str) -> "Table":
        """The table under ``key``; an empty one where it is absent or none."""
        found = self.take(key, mapping, {})
        return Table(self._join(key), found, self._problems)

    def wrong(self, key: str, text: str) -> None:
        """The value of ``key`` is a mistake."""
        self._problems.append(Problem(self._join(key), text))

    def finish(self) -> None:
        """Whatever was not asked for is a mistake."""
        for key in self._values:
            if key not in self._asked:
                close = get_close_matches(key, self._asked, n=1)
                hint = f"did you mean {close[0]}?" if close else f"known are {self._known()}"
                self.wrong(key, f"unknown; {hint}")

    def _known(self) -> str:
        return ", ".join(sorted(self._asked))

    def _join(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key


def mapping(value: object) -> Mapping[str, object]:
    """A table."""
    if not isinstance(value, dict):
        raise WrongValueError(f"is {_kind(value)}, a table is wanted")
    return value


def text(value: object) -> str:
    """A string with something in it."""
    if not isinstance(value, str) or not value.strip():
        raise WrongValueError(f"is {_kind(value)}, text is wanted")
    return value


def name(value: object) -> str:
    """A short text that people read in one line."""
    found = text(value)
    if len(found) > NAME_CHARACTERS_MAX or not found.isprintable():
        raise WrongValueError(f"takes up to {NAME_CHARACTERS_MAX} printable characters")
    return found


def environment_name(value: object) -> str:
    """A name as objects of an environment have it: it becomes part of the roster."""
    found = text(value)
    errors = NAME.errors(found, "")
    if errors:
        raise WrongValueError(f"is {found!r}: {NAME.words} is wanted")
    return found


def user(value: object) -> str:
    """A user or a group of this host: its name or its number."""
    found = str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)
    if not re.fullmatch(r"[a-z_][a-z0-9_.-]{0,31}\$?|[0-9]{1,10}", found):
        raise WrongValueError(f"is {found!r}: the name or the number of a user is wanted")
    return found


def flag(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise WrongValueError(f"is {_kind(value)}, true or false is wanted")
    return value


def path_(value: object) -> Path:
    """An absolute path; ``~`` is the home directory, ``~ann`` that of somebody else."""
    if "\0" in text(value):
        raise WrongValueError("holds a character that no path may hold: \\0")
    written = Path(text(value))
    try:
        found = written.expanduser()
    except RuntimeError as error:
        whose = written.parts[0]
        raise WrongValueError(f"begins with {whose!r}, and nobody here has that home") from error
    if not found.is_absolute():
        raise WrongValueError("is relative to nothing: write an absolute path")
    return found


def integer(least: int, most: int) -> Convert[int]:
    """A whole number from ``least`` to ``most``."""

    def convert(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise WrongValueError(f"takes a whole number from {least} to {most}")
        return value

    return convert


def words(kind: type[EnumT]) -> Convert[EnumT]:
    """One of the words of an enumeration."""

    def convert(value: object) -> EnumT:
        allowed = [each.value for each in kind]
        if value not in allowed:
            close = get_close_matches(value, allowed, n=1) if isinstance(value, str) else []
            hint = f"did you mean {close[0]}?" if close else "one of " + ", ".join(allowed)
            raise WrongValueError(f"{value!r} is unknown; {hint}")
        return kind(value)

    return convert


def listed(convert: Convert[T], most: int) -> Convert[tuple[T, ...]]:
    """A list of up to ``most`` values; one alone may stand without brackets."""

    def convert_all(value: object) -> tuple[T, ...]:
        if not isinstance(value, list):
            return (convert(value),)
        if len(value) > most:
            raise WrongValueError(f"has {len(value)} entries, at most {most} are taken")
        found: list[T] = []
        mistakes: list[tuple[str, str]] = []
        for number, each in enumerate(value):
            try:
                found.append(convert(each))
            except WrongValueError as error:
                mistakes += ((f"[{number}]{at}", wrong) for at, wrong in error.mistakes)
        if mistakes:
            raise WrongValueError("has wrong entries", *mistakes)
        return tuple(found)

    return convert_all


def host(value: object) -> str:
    """An IP address of this host."""
    found = text(value)
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        raise WrongValueError(f"{found!r} is no IP address") from None


def address(default_port: int) -> Convert[Address]:
    """``host``, ``host:port``, ``[ipv6]:port``; without a port the default one."""

    def convert(value: object) -> Address:
        found = text(value)
        where, port = _split(found)
        if not where or len(where) > HOST_CHARACTERS_MAX or not where.isprintable() or " " in where:
            raise WrongValueError(f"{found!r} is no host: write name, name:port or [ipv6]:port")
        if port is None:
            return Address(where, default_port)
        if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= PORT_MAX:
            raise WrongValueError(f"{found!r} has no port from 1 to {PORT_MAX} after its colon")
        return Address(where, int(port))

    return convert


def invitation(value: object) -> Invitation:
    """The code of an invite, which no message repeats: it is a secret."""
    try:
        return decode_invitation(text(value))
    except BadInvitation as error:
        raise WrongValueError(f"is no invite: {error}") from None


def _split(found: str) -> tuple[str, str | None]:
    if found.startswith("["):
        where, bracket, rest = found[1:].partition("]")
        return (where, rest[1:] if rest.startswith(":") else None) if bracket else ("", None)
    if found.count(":") == 1:
        where, _, port = found.partition(":")
        return where, port
    return found, None


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text" if value.strip() else "empty text"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return "a date"
