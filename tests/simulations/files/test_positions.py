"""Each key of a TOML document has the line on which it stands."""

import tomllib
from collections.abc import Iterator

import pytest

from simulations.files.library import names, text_of
from simulations.files.positions import Place, lines_of

DOCUMENT = '''# a comment with [brackets] = "and more"
plain = 1
"quoted key" = "a # b = [c]"
a.b.c = true
text = """
several = "lines"
[no.table]
"""
literal = \'\'\'
one [more]\'\'\'
list = [1, [2,
  3], # a comment, with a comma
  "]" ]
inline = { x = 1, y.z = { w = "}" } }

[table]   # with a comment
key = 2020-01-01

[table.sub."dotted.name"]
k = 'it''
[[array]]
n = 1
[[array]]
n = 2
[array.inner]
deep = [
  { m = 1 },
  { m = 2 },
]
'''.replace("'it''", "'it'")

WANTED: dict[Place, int] = {
    ("plain",): 2,
    ("quoted key",): 3,
    ("a",): 4,
    ("a", "b", "c"): 4,
    ("text",): 5,
    ("literal",): 9,
    ("list",): 11,
    ("list", 0): 11,
    ("list", 1, 0): 11,
    ("list", 1, 1): 12,
    ("list", 2): 13,
    ("inline", "x"): 14,
    ("inline", "y", "z", "w"): 14,
    ("table",): 16,
    ("table", "key"): 17,
    ("table", "sub", "dotted.name"): 19,
    ("table", "sub", "dotted.name", "k"): 20,
    ("array", 0): 21,
    ("array", 0, "n"): 22,
    ("array", 1, "n"): 24,
    ("array", 1, "inner"): 25,
    ("array", 1, "inner", "deep", 0, "m"): 27,
    ("array", 1, "inner", "deep", 1, "m"): 28,
}


def _places(value: object, place: Place = ()) -> Iterator[Place]:
    """All places of a document as the standard library reads it."""
    if place:
        yield place
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _places(each, (*place, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _places(each, (*place, number))


def test_every_form_of_a_key_is_found() -> None:
    """Bare, quoted and dotted keys, tables and arrays of them, strings that look like tables."""
    found = lines_of(DOCUMENT)
    assert {place: found.get(place) for place in WANTED} == WANTED


@pytest.mark.parametrize("text", [DOCUMENT, *map(text_of, names())])
def test_the_places_are_those_that_the_reader_finds(text: str) -> None:
    """The walk and the standard library's reader agree on what there is."""
    implied = {("array",), ("table", "sub")}
    places = {place for place in _places(tomllib.loads(text)) if place not in implied}
    known = set(lines_of(text))
    tops = {place for place in places if any(each[: len(place)] == place for each in known)}
    assert tops == places
    assert known <= set(_places(tomllib.loads(text)))
