"""From tables of a TOML document to the structs of a scenario, by the types of their fields.

Nothing here knows a fault or a step by name. A key is the name of a field, less its unit: what ends
in ``_ns`` inside is written as text with a unit. A new fault is therefore a new word in files from
the moment at which its struct exists.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Final, TypeVar

import msgspec
from msgspec import inspect

from simulations.expect import Range
from simulations.files.commands import NoCommand, read_command
from simulations.files.durations import WORDS, NoDuration, read_duration
from simulations.files.positions import Place
from simulations.files.problems import Notes, hint
from simulations.plan import Delay, Trigger
from simulations.scenario import Order

StructT = TypeVar("StructT", bound=msgspec.Struct)

_NANOSECONDS: Final = "_ns"

MERGE: Final = "merge"
"""What controllers call the ChangeSets by which histories become one."""


class Mistake(Enum):
    """Stands for a value that could not be read; why is in the notes."""

    MADE = 1


MISTAKE: Final = Mistake.MADE


@dataclass(frozen=True, slots=True)
class Names:
    """What a document may speak of, by kind: hosts, steps and faults."""

    hosts: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    def of(self, kind: str) -> tuple[str, ...]:
        """All of one kind."""
        known = {
            "host": self.hosts,
            "step": self.steps,
            "change": (*self.steps, MERGE),
            "fault": self.faults,
        }
        return known[kind]


def _delay(value: object) -> Delay | None:
    return Delay("constant", read_duration(value)) if isinstance(value, str) else None


def _range(value: object) -> Range | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return Range(value, value) if is_count and isinstance(value, int) else None


def _order(value: object) -> Order | None:
    return read_command(value) if isinstance(value, str) else None


_SHORT: Final[Mapping[type, tuple[Callable[[object], object | None], str]]] = {
    Delay: (_delay, f"{WORDS}, or a table"),
    Range: (_range, "a whole number, or a table with least and most"),
    Order: (_order, 'a command such as "item set --name colour --value red"'),
}
"""Structs that may be written without a table, and what is wanted then."""

_MAIN_KEY: Final[Mapping[type, str]] = {Trigger: "seen"}
"""Structs that may be written as the value of one of their keys."""


@cache
def fields_of(struct: type[msgspec.Struct]) -> Mapping[str, inspect.Field]:
    """The fields of a struct by the keys under which they are written."""
    found = inspect.type_info(struct)
    assert isinstance(found, inspect.StructType)
    return {key_of(field.name): field for field in found.fields}


def key_of(field: str) -> str:
    """The key of a field."""
    return field.removesuffix(_NANOSECONDS)


def variants_of(union: object) -> Mapping[str, type[msgspec.Struct]]:
    """The structs of a union by the word that tells them apart."""
    found = inspect.type_info(union)
    assert isinstance(found, inspect.UnionType)
    return {str(each.tag): each.cls for each in found.types if isinstance(each, inspect.StructType)}


class Reader:
    """Reads values; what is wrong goes into the notes."""

    def __init__(self, notes: Notes, names: Names) -> None:
        self._notes = notes
        self._names = names

    # --- tables -------------------------------------------------------------------------------

    def tagged(
        self, union: object, value: object, place: Place, given: Mapping[str, object]
    ) -> msgspec.Struct | None:
        """One of the structs of ``union``: a key of the table says which."""
        variants = variants_of(union)
        tag = str(next(iter(variants.values())).__struct_config__.tag_field)
        if not isinstance(value, dict):
            self._notes.wrong(place, f"is {kind_of(value)}, a table is wanted")
            return None
        word = value.get(tag)
        if word is None:
            self._notes.wrong(
                place, f"lacks the key {tag!r}: which one is it? {hint('', variants)}"
            )
            return None
        if not isinstance(word, str):
            self._notes.wrong((*place, tag), f"is {kind_of(word)}; {hint('', variants)}")
            return None
        if word not in variants:
            self._notes.wrong((*place, tag), f"unknown {tag} {word!r}; {hint(word, variants)}")
            return None
        rest = {key: each for key, each in value.items() if key != tag}
        return self.struct(variants[word], rest, place, given)

    def struct(
        self,
        struct: type[StructT],
        value: Mapping[str, object],
        place: Place,
        given: Mapping[str, object],
    ) -> StructT | None:
        """A struct from the keys of a table and from fields that are ``given``; None if wrong."""
        fields = fields_of(struct)
        open_to = {key: field for key, field in fields.items() if field.name not in given}
        arguments: dict[str, object] = dict(given)
        for key, each in value.items():
            if key in open_to:
                field = open_to[key]
                arguments[field.name] = self._field(field, each, (*place, key))
            else:
                self._notes.wrong((*place, key), f"unknown key; {hint(key, open_to)}")
                arguments["?"] = MISTAKE
        for key, field in open_to.items():
            if field.required and key not in value:
                self._notes.wrong(place, f"lacks the key {key!r}")
                arguments["?"] = MISTAKE
        return None if MISTAKE in arguments.values() else struct(**arguments)

    def _field(self, field: inspect.Field, value: object, place: Place) -> object:
        return self._value(field.type, value, place, is_time=field.name.endswith(_NANOSECONDS))

    # --- values -------------------------------------------------------------------------------

    def _value(self, kind: inspect.Type, value: object, place: Place, *, is_time: bool) -> object:
        match kind:
            case inspect.Metadata(type=inner, extra=extra):
                return self._annotated(inner, extra or {}, value, place, is_time=is_time)
            case inspect.IntType() if is_time:
                return self._time(kind, value, place)
            case inspect.IntType() | inspect.FloatType():
                return self._number(kind, value, place)
            case inspect.BoolType():
                return self._plain(bool, value, place, "true or false")
            case inspect.StrType():
                return self._plain(str, value, place, "text")
            case inspect.LiteralType(values=words):
                return self._word(tuple(map(str, words)), value, place)
            case inspect.EnumType(cls=enum):
                word = self._word(tuple(str(each.value) for each in enum), value, place)
                return word if word is MISTAKE else enum(word)
            case inspect.VarTupleType(item_type=item):
                return self._listed(item, value, place, is_time=is_time)
            case inspect.DictType():
                return self._mapping(kind, value, place, is_time=is_time)
            case inspect.StructType(cls=struct):
                return self._nested(struct, value, place)
            case inspect.UnionType(types=kinds):
                return self._either(kinds, value, place, is_time=is_time)
            case _:
                raise AssertionError(f"scenarios have no fields of type {kind}")

    def _annotated(
        self,
        kind: inspect.Type,
        extra: Mapping[str, object],
        value: object,
        place: Place,
        *,
        is_time: bool,
    ) -> object:
        if "spelled" in extra:
            text = self._plain(str, value, place, "a path such as app/load")
            return text if text is MISTAKE else path_of(str(text))
        if "names" in extra:
            what = str(extra["names"])
            return self._named(what, value, place)
        return self._value(kind, value, place, is_time=is_time)

    def _named(self, what: str, value: object, place: Place) -> object:
        text = self._plain(str, value, place, f"the name of a {what}")
        known = self._names.of(what)
        if text is not MISTAKE and text not in known:
            self._notes.wrong(place, f"there is no {what} {text!r}; {hint(str(text), known)}")
            return MISTAKE
        return text

    def _time(self, kind: inspect.IntType, value: object, place: Place) -> object:
        if not isinstance(value, str):
            self._notes.wrong(place, f"is {kind_of(value)}, {WORDS} is wanted")
            return MISTAKE
        try:
            found = read_duration(value)
        except NoDuration as error:
            self._notes.wrong(place, str(error))
            return MISTAKE
        if kind.ge is not None and found < kind.ge:
            self._notes.wrong(place, "a length of time, not less than nothing, is wanted")
            return MISTAKE
        return found

    def _number(
        self, kind: inspect.IntType | inspect.FloatType, value: object, place: Place
    ) -> object:
        is_whole = isinstance(kind, inspect.IntType)
        fits = isinstance(value, int if is_whole else (int, float)) and not isinstance(value, bool)
        if fits and isinstance(value, int | float):
            above = kind.ge is None or value >= kind.ge
            below = kind.le is None or value <= kind.le
            if above and below:
                return value if is_whole else float(value)
        bounds = [f"from {kind.ge}" if kind.ge is not None else "", f"to {kind.le}"]
        wanted = " ".join(bounds[: 1 if kind.le is None else 2]).strip()
        noun = "a whole number" if is_whole else "a number"
        self._notes.wrong(place, f"{noun} {wanted}".rstrip() + f" is wanted, not {value!r}")
        return MISTAKE

    def _plain(self, wanted: type, value: object, place: Place, words: str) -> object:
        if type(value) is not wanted:
            self._notes.wrong(place, f"is {kind_of(value)}, {words} is wanted")
            return MISTAKE
        return value

    def _word(self, words: tuple[str, ...], value: object, place: Place) -> object:
        if value not in words:
            self._notes.wrong(place, f"unknown word {value!r}; {hint(str(value), words)}")
            return MISTAKE
        return value

    def _listed(self, item: inspect.Type, value: object, place: Place, *, is_time: bool) -> object:
        if not isinstance(value, list):
            self._notes.wrong(place, f"is {kind_of(value)}, a list is wanted")
            return MISTAKE
        found = [
            self._value(item, each, (*place, number), is_time=is_time)
            for number, each in enumerate(value)
        ]
        return MISTAKE if MISTAKE in found else tuple(found)

    def _mapping(
        self, kind: inspect.DictType, value: object, place: Place, *, is_time: bool
    ) -> object:
        if not isinstance(value, dict):
            self._notes.wrong(place, f"is {kind_of(value)}, a table is wanted")
            return MISTAKE
        found: dict[object, object] = {}
        for key, each in value.items():
            at = (*place, key)
            read_key = self._value(kind.key_type, key, at, is_time=False)
            found[read_key] = self._value(kind.value_type, each, at, is_time=is_time)
        return MISTAKE if MISTAKE in found or MISTAKE in found.values() else found

    def _nested(self, struct: type[msgspec.Struct], value: object, place: Place) -> object:
        if struct in _MAIN_KEY and isinstance(value, str):
            value = {_MAIN_KEY[struct]: value}
        if isinstance(value, dict):
            found = self.struct(struct, value, place, {})
            return MISTAKE if found is None else found
        short, wanted = _SHORT.get(struct, (lambda _: None, "a table"))
        try:
            made = short(value)
        except (NoDuration, NoCommand) as error:
            self._notes.wrong(place, str(error))
            return MISTAKE
        if made is None:
            self._notes.wrong(place, f"is {kind_of(value)}, {wanted} is wanted")
            return MISTAKE
        return made

    def _either(
        self, kinds: tuple[inspect.Type, ...], value: object, place: Place, *, is_time: bool
    ) -> object:
        """None is never written: a key that is not there says so."""
        real = [kind for kind in kinds if not isinstance(kind, inspect.NoneType)]
        if len(real) == 1:
            return self._value(real[0], value, place, is_time=is_time)
        if isinstance(value, bool | int | str):
            return value
        self._notes.wrong(place, f"is {kind_of(value)}, text, a whole number or true is wanted")
        return MISTAKE


def path_of(text: str) -> tuple[str, ...]:
    """``/app/load`` as the parts of a path."""
    return tuple(part for part in text.split("/") if part)


def kind_of(value: object) -> str:
    """What ``value`` is, for people."""
    words: Mapping[type, str] = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: f"the text {value!r}",
        list: "a list",
        dict: "a table",
    }
    return words.get(type(value), "a date")
