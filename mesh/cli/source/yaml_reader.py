"""YAML as a tree with line numbers: mappings, lists, texts, whole numbers, true and false, nothing.

The document is composed and never constructed, so no tag makes an object; an alias is copied, and
counted, as often as it is used. What people trip over is refused with a word on what to write:
fractions, dates, merge keys, tags of one's own, keys that stand twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from mesh.environment.source.documents import (
    DEPTH_MAX,
    NODES_MAX,
    Mistake,
    Node,
    Place,
    number,
)

_PLAIN: Final = "tag:yaml.org,2002:"
_HINTS: Final = {
    "float": "a fraction: write a whole number, or a text in quotes",
    "timestamp": "a date: put it in quotes",
    "binary": "binary data: no field takes it",
    "merge": "a merge key: write the fields themselves",
}


def read_yaml(text: str, file: str) -> tuple[Node | None, list[Mistake]]:
    """The tree of one document, and what no description can hold; None where it is no document."""
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        return None, [Mistake(Place(file, line), "", f"no YAML: {error.problem or error.context}")]
    except (YAMLError, RecursionError, ValueError) as error:
        return None, [Mistake(Place(file, 1), "", f"no YAML: {str(error).splitlines()[0]}")]
    if root is None:
        return Node(Place(file, 1), None), []
    composer = _Composer(file)
    try:
        node = composer.node(root, "", DEPTH_MAX, root.start_mark.line + 1)
    except _TooMuch as wrong:
        return None, [*composer.mistakes, wrong.mistake]
    return node, composer.mistakes


class _TooMuch(Exception):
    """The document goes beyond a bound, so nothing more of it is looked at."""

    def __init__(self, place: Place, path: str, text: str) -> None:
        super().__init__(text)
        self.mistake = Mistake(place, path, text)


@dataclass(slots=True)
class _Composer:
    file: str
    left: int = NODES_MAX
    mistakes: list[Mistake] = field(default_factory=list)

    def node(self, node: object, path: str, depth: int, line: int) -> Node:
        """A node of ours for one of the parser's; ``line`` is that of its key."""
        place = Place(self.file, line)
        self.left -= 1
        if self.left < 0:
            text = f"more than {NODES_MAX} values, aliases counted as often as they are used"
            raise _TooMuch(place, path, text)
        if depth < 0:
            raise _TooMuch(place, path, f"nested deeper than {DEPTH_MAX}")
        match node:
            case MappingNode():
                self._demand_tag(node, "map", place, path)
                return Node(place, self._members(node, path, depth))
            case SequenceNode():
                self._demand_tag(node, "seq", place, path)
                return Node(place, self._elements(node, path, depth))
            case ScalarNode():
                return Node(place, self._scalar(node, place, path))
            case _:
                raise AssertionError(node)

    def _demand_tag(
        self, node: MappingNode | SequenceNode, tag: str, place: Place, path: str
    ) -> None:
        if node.tag != f"{_PLAIN}{tag}":
            self._wrong(place, path, f"{node.tag}: no tags are taken")

    def _elements(self, node: SequenceNode, path: str, depth: int) -> list[Node]:
        return [
            self.node(each, f"{path}[{at}]", depth - 1, each.start_mark.line + 1)
            for at, each in enumerate(node.value)
        ]

    def _members(self, node: MappingNode, path: str, depth: int) -> dict[str, Node]:
        members: dict[str, Node] = {}
        for key, value in node.value:
            place = Place(self.file, key.start_mark.line + 1)
            name = str(key.value) if isinstance(key, ScalarNode) else ""
            below = f"{path}.{name}" if path else name
            if not isinstance(key, ScalarNode):
                self._wrong(place, path, "expected a name as key")
            elif key.tag == f"{_PLAIN}merge":
                self._wrong(place, below, _HINTS["merge"])
            elif name in members:
                first = members[name].place.line
                self._wrong(place, below, f"stands there twice, first in line {first}")
            else:
                members[name] = self.node(value, below, depth - 1, place.line)
        return members

    def _scalar(self, node: ScalarNode, place: Place, path: str) -> bool | int | str | None:
        """Its value; where it has none that we take, its text."""
        text = str(node.value)
        match str(node.tag).removeprefix(_PLAIN):
            case "str":
                return text
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int":
                found = number(text)
                if found is None:
                    self._wrong(place, path, f"{text}: expected at most 19 decimal digits")
                return text if found is None else found
            case tag:
                why = _HINTS.get(tag, f"{node.tag}: no tags are taken")
                self._wrong(place, path, f"{text}: {why}")
                return text

    def _wrong(self, place: Place, path: str, text: str) -> None:
        self.mistakes.append(Mistake(place, path, text))
