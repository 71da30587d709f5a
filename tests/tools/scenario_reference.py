"""Writes docs/simulator/scenarios.md and the list in docs/simulator/index.md.

Usage: python -m tests.tools.scenario_reference.
"""

import ast
import inspect as source
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import inspect

from simulations.expect import Expect, Range
from simulations.files.durations import spell_duration
from simulations.files.library import library
from simulations.files.reading import fields_of, variants_of
from simulations.plan import Delay, Trigger
from simulations.scenario import AnyStep, Disk, Host, Link, Network, Scenario
from simulations.troubles import AnyFault

FOLDER: Final = Path(__file__).parents[2] / "docs" / "simulator"
PAGE: Final = FOLDER / "scenarios.md"
INDEX: Final = FOLDER / "index.md"
HEAD: Final = Path(__file__).with_name("scenario_reference.md")
"""What is not generated: how a file is written, in words."""

_BEGIN: Final = "<!-- situations: written by tests/tools/scenario_reference.py -->\n"
_END: Final = "<!-- end of situations -->\n"
_APART: Final = ("seed", "hosts", "links", "faults", "workload", "suppressed", "network", "disk")
"""Fields of a scenario that have tables of their own, or are not for people."""


def page() -> str:
    """The whole reference."""
    parts = [HEAD.read_text()]
    parts += _chapter("The run", "At the top of the file.", Scenario, without=(*_APART, "expect"))
    parts += _chapter("Hosts", "In `[hosts.NAME]`.", Host, without=("name", "site"))
    parts += _chapter("The network", "In `[network]`.", Network)
    parts += _chapter("Links", "In `[links.NAME]`.", Link, without=("name",))
    parts += _chapter("Disks", "In `[disk]`.", Disk)
    parts += _chapter("Delays", "Wherever a delay is wanted.", Delay)
    parts += _family("Faults", "`[faults.NAME]`, with the word under `fault`", AnyFault)
    parts += _family("Steps", "`[steps.NAME]`, with the word under `step`", AnyStep)
    parts += _chapter("Moments", "Under `when`, of a fault or a step.", Trigger)
    parts += _chapter("Promises", "In `[expect]`.", Expect)
    parts += _chapter("Counts", "Wherever a count is promised.", Range)
    return "\n".join(parts).rstrip() + "\n"


def index(before: str) -> str:
    """The index with the list of situations as it is now."""
    head, _, rest = before.partition(_BEGIN)
    tail = rest.partition(_END)[2]
    lines = ["| situation | what happens |", "| --- | --- |"]
    for each in library():
        pending = f" *Pending: {each.pending}.*" if each.pending is not None else ""
        lines.append(f"| `{each.name}` | {each.title}.{pending} |")
    return f"{head}{_BEGIN}\n" + "\n".join(lines) + f"\n\n{_END}{tail}"


def _chapter(
    title: str, where: str, struct: type[msgspec.Struct], without: tuple[str, ...] = ()
) -> list[str]:
    return [f"## {title}\n", f"{_sentence(struct)} {where}\n", *_table(struct, without), ""]


def _family(title: str, where: str, union: object) -> Iterator[str]:
    variants = variants_of(union)
    yield f"## {title}\n"
    yield f"Each is a table {where}. All of them have\n"
    first = next(iter(variants.values()))
    shared = first.__mro__[1]
    assert issubclass(shared, msgspec.Struct)
    yield from _table(shared, ("name",))
    yield ""
    for word, struct in variants.items():
        yield f"### {word}\n"
        yield f"{_sentence(struct)}\n"
        own = tuple(key for key in fields_of(struct) if key in fields_of(shared))
        if len(fields_of(struct)) > len(own):
            yield from _table(struct, own)
            yield ""


def _sentence(struct: type[msgspec.Struct]) -> str:
    """What the struct says of itself."""
    return _prose(struct.__doc__ or "")


def _prose(text: str) -> str:
    """One line, in which keys are called as people write them."""
    return re.sub(r"`(\w+)_ns`", r"`\1`", " ".join(text.split()).replace("``", "`"))


def _table(struct: type[msgspec.Struct], without: tuple[str, ...]) -> Iterator[str]:
    said = _docs(struct)
    yield "| key | takes | what it says |"
    yield "| --- | --- | --- |"
    for key, field in fields_of(struct).items():
        if key not in without:
            is_time = field.name.endswith("_ns")
            takes = " ".join(_words(field.type, is_time=is_time))
            about = said.get(field.name, "")
            default = _default(field, is_time=is_time)
            yield f"| `{key}` | {takes}{default} | {about} |"


def _default(field: inspect.Field, *, is_time: bool) -> str:
    if field.required:
        return ", wanted"
    value = field.default
    if value in {None, msgspec.NODEFAULT, ()} or value == "":
        return ""
    if is_time and isinstance(value, int):
        return f" ({spell_duration(value)})"
    if isinstance(value, msgspec.Struct):
        return " (see below)" if not isinstance(value, Delay) else f" ({_delay(value)})"
    if isinstance(value, bool):
        return f" ({'true' if value else 'false'})"
    return f" ({value:g})" if isinstance(value, float) else f" ({value})"


def _delay(delay: Delay) -> str:
    least, spread = spell_duration(delay.least_ns), spell_duration(delay.spread_ns)
    return f"{delay.kind}, at least {least}, spread {spread}"


def _docs(struct: type[msgspec.Struct]) -> Mapping[str, str]:
    """The text under each field, also of the structs that it is made from."""
    found: dict[str, str] = {}
    for each in reversed(struct.__mro__):
        if issubclass(each, msgspec.Struct) and each.__module__.startswith("simulations"):
            found |= _docs_of(each)
    return found


def _docs_of(struct: type) -> Iterator[tuple[str, str]]:
    (definition,) = ast.parse(textwrap.dedent(source.getsource(struct))).body
    assert isinstance(definition, ast.ClassDef)
    name = ""
    for statement in definition.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case ast.Expr(value=ast.Constant(value=str(text))) if name:
                yield name, _prose(text)
            case _:
                name = ""


def _words(kind: inspect.Type, *, is_time: bool) -> Iterator[str]:
    """What a key takes."""
    match kind:
        case inspect.Metadata(type=inner, extra=extra):
            named = (extra or {}).get("names", "path" if "spelled" in (extra or {}) else None)
            yield from (f"a {named}",) if named else _words(inner, is_time=is_time)
        case inspect.VarTupleType(item_type=item):
            yield f"a list of {_plural(' '.join(_words(item, is_time=is_time)))}"
        case inspect.DictType(key_type=key, value_type=value):
            keys = " ".join(_words(key, is_time=False))
            yield f"a table: {keys} = {' '.join(_words(value, is_time=is_time))}"
        case inspect.LiteralType(values=words):
            yield " · ".join(f"`{word}`" for word in words)
        case inspect.EnumType(cls=enum):
            yield " · ".join(f"`{each.value}`" for each in enum)
        case inspect.StructType(cls=struct):
            yield {"Order": "a command", "Trigger": "a moment", "Range": "a count"}.get(
                struct.__name__, f"a {struct.__name__.lower()}"
            )
        case inspect.UnionType(types=kinds):
            real = [each for each in kinds if not isinstance(each, inspect.NoneType)]
            yield " or ".join(" ".join(_words(each, is_time=is_time)) for each in real)
        case _:
            yield _plain(kind, is_time=is_time)


def _plural(words: str) -> str:
    if words.startswith("a list of "):
        return f"lists of {words.removeprefix('a list of ')}"
    return f"{words.removeprefix('a ')}s" if words.startswith("a ") else f"{words}s"


def _plain(kind: inspect.Type, *, is_time: bool) -> str:
    match kind:
        case inspect.IntType() if is_time:
            return "a time"
        case inspect.IntType():
            return "a whole number"
        case inspect.FloatType():
            return "a share, 0 to 1"
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType():
            return "text"
        case _:
            raise AssertionError(f"scenarios have no fields of type {kind}")


def situations_in(text: str) -> list[str]:
    """The situations that an index lists."""
    listed = text.partition(_BEGIN)[2].partition(_END)[0]
    return re.findall(r"^\| `(\w+)`", listed, re.MULTILINE)


if __name__ == "__main__":
    _ = PAGE.write_text(page())
    _ = INDEX.write_text(index(INDEX.read_text()))
