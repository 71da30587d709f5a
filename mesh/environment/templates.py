"""Templates: ``{{name}}`` in a command is filled in from the data of the environment.

``{{name}}`` takes the environment's own value, else the default; ``{{!name}}``, and any template of
data that is required, insists on its own. A parameter that is nothing but one template takes the
value as it is, so a number stays a number; within other text the value is spelled out. ``{{{{``
stands for two braces that are meant as such. Values are taken as they are: a template in a value is
none.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from mesh.environment.configuration import Configuration
from mesh.environment.kinds import data
from mesh.wire.limits import REQUEST_BYTES_MAX
from mesh.wire.requests import Key, Value

_OPEN: Final = "{{"
_ESCAPED: Final = "{{{{"
_TEMPLATE: Final = re.compile(r"\{\{\{\{|\{\{ ?(!?)([a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?) ?\}\}")

FILLED_CHARACTERS_MAX: Final = REQUEST_BYTES_MAX
"""What the templates of one ChangeSet may take together: a few characters that take a long value,
many times, would fill the memory before the request is found to be too large."""


def names_in(value: Value) -> Iterator[str]:
    """The names of the data that the templates in ``value`` take."""
    for text in _texts(value):
        yield from (found[2] for found in _TEMPLATE.finditer(text) if found[2])


def has_template(value: Value) -> bool:
    """Whether there is anything in ``value`` to be filled in, well-formed or not."""
    if isinstance(value, str):
        return _OPEN in value
    return any(_OPEN in text for text in _texts(value))


def literals(text: str) -> list[str] | None:
    """What stands before, between and behind the templates in ``text``.

    None where it is nothing but one template, which stands for a value of any shape.
    """
    pieces, at = [""], 0
    for found in _TEMPLATE.finditer(text):
        if found[0] != _ESCAPED and found[0] == text:
            return None
        pieces[-1] += text[at : found.start()]
        at = found.end()
        if found[0] == _ESCAPED:
            pieces[-1] += _OPEN
        else:
            pieces.append("")
    pieces[-1] += text[at:]
    return pieces


def template_errors(value: Value, path: str) -> list[str]:
    """Every ``{{`` in ``value`` that begins no template."""
    return [
        f"{path}: '{{{{' begins no template in '{text}': write {{{{name}}}}, or {{{{{{{{ for braces"
        for text in _texts(value)
        if _OPEN in _TEMPLATE.sub("", text)
    ]


def _texts(value: Value) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from _texts(each)
        case dict():
            for each in value.values():
                yield from _texts(each)
        case _:
            return


def escaped(value: Value) -> Value:
    """``value`` in such a way that nothing in it is filled in."""
    match value:
        case str():
            return value.replace(_OPEN, _ESCAPED)
        case list():
            return [escaped(each) for each in value]
        case dict():
            return {name: escaped(each) for name, each in value.items()}
        case _:
            return value


@dataclass(slots=True)
class Filling:
    """Fills in from one state, and notes what it took and what was not there."""

    configuration: Configuration
    read: dict[Key, None] = field(default_factory=dict)
    """Every key that what was filled in depends on."""
    missing: dict[str, str] = field(default_factory=dict)
    """The data that is not there: its name, and the template as it was written."""
    taken: int = 0
    """Characters that were filled in so far."""

    @property
    def is_too_much(self) -> bool:
        """Whether more would be filled in than is allowed: then the rest was left out."""
        return self.taken > FILLED_CHARACTERS_MAX

    def parameters(self, given: Mapping[str, Value]) -> dict[str, Value]:
        """``given`` with every template filled in that can be."""
        return {name: self._value(value) for name, value in given.items()}

    def _value(self, value: Value) -> Value:
        match value:
            case str() if _OPEN in value:
                return self._text(value)
            case list():
                return [self._value(each) for each in value]
            case dict():
                return {name: self._value(each) for name, each in value.items()}
            case _:
                return value

    def _text(self, text: str) -> Value:
        whole = _TEMPLATE.fullmatch(text)
        if whole is not None and whole[0] != _ESCAPED:
            return self._taken(whole)
        return _TEMPLATE.sub(self._spelled, text)

    def _spelled(self, found: re.Match[str]) -> str:
        if found[0] == _ESCAPED:
            return _OPEN
        value = self._taken(found)
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    def _taken(self, found: re.Match[str]) -> Value:
        insists, name = bool(found[1]), found[2]
        key = (data.NAME, name)
        fields = (data.VALUE, data.DEFAULT, data.REQUIRED)
        self.read.update(dict.fromkeys((key, *((*key, each) for each in fields))))
        if self.configuration.entry((*key, data.VALUE)).present:
            return self._weighed(self.configuration.read((*key, data.VALUE)))
        insists = insists or self.configuration.read((*key, data.REQUIRED)) is True
        if not insists and self.configuration.entry((*key, data.DEFAULT)).present:
            return self._weighed(self.configuration.read((*key, data.DEFAULT)))
        _ = self.missing.setdefault(name, found[0])
        return ""

    def _weighed(self, value: Value) -> Value:
        """``value``, unless that makes too much."""
        if not self.is_too_much:
            self.taken += max(1, len(json.dumps(value, ensure_ascii=False)))
        return "" if self.is_too_much else value


def too_much_error() -> str:
    """What is wrong where ``is_too_much``."""
    return f"its templates take more than {FILLED_CHARACTERS_MAX} characters: make several changes"


def missing_error(name: str, template: str) -> str:
    """What is missing, as the ``template`` says it, and what to do."""
    hint = f"`trellis data set --name {name} --value …`"
    return f"{template} has no value in this environment: {hint}"
