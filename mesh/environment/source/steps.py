"""From differences to commands: as few as there can be, in an order in which each makes sense.

New objects come before those that refer to them, deletions last and the other way round. Whoever
is modified or deleted is named by creation id, so that a plan never meets another object that took
the name since. Commands that go alone are steps of their own: settings first, for the rest may
need them; but what makes changes harder, such as a number of approvals, comes last.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final

from mesh.environment.commands import ALONE, declaration_of
from mesh.environment.declarations import ID_PARAMETER
from mesh.environment.entries import ObjectId
from mesh.environment.kinds import SCHEMA, data
from mesh.environment.objects import CLEAR
from mesh.environment.policy import Policy
from mesh.environment.source.differing import Action, Alteration, Difference, same
from mesh.environment.source.reading import defaults
from mesh.environment.source.standing import SETTINGS, VALUE, Ground
from mesh.wire import cbor
from mesh.wire.limits import BASE_MAX, COMMANDS_MAX, REQUEST_BYTES_MAX
from mesh.wire.requests import Command, Value

_DATA_VERBS: Final = {data.VALUE: "set", data.DEFAULT: "set-default", data.REQUIRED: "require"}
_DESCRIPTION: Final = "description"

_VERSION_BYTES: Final = 40
"""What one key costs in a base beside itself."""

_REST_BYTES: Final = 4_096
"""Room for name, reason, ids and what else a request says."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request: what it is about, and its commands."""

    about: str
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Weight:
    """What commands cost of what one request may hold."""

    commands: int
    octets: int
    keys: int

    @property
    def excess(self) -> str:
        """What is too much of it, in words; empty: it fits."""
        if self.commands > COMMANDS_MAX:
            return f"{self.commands} commands, one ChangeSet takes {COMMANDS_MAX}"
        if self.octets > REQUEST_BYTES_MAX:
            return f"about {self.octets:,} bytes, one ChangeSet takes {REQUEST_BYTES_MAX:,}"
        if self.keys > BASE_MAX:
            return f"{self.keys} keys, one ChangeSet may touch {BASE_MAX}"
        return ""


def steps_of(differences: Sequence[Difference], ground: Ground) -> tuple[Step, ...]:
    """The requests that make the environment what is described, in their order."""
    groups = [each for each in ALONE if each in SCHEMA]
    alone = [each for each in differences if each.owner[0] in ALONE]
    first = [part for each in alone for part in _parts(each, stricter=False)]
    steps = [Step(group, tuple(_written(_of(group, first)))) for group in groups]
    together = [each for each in differences if each.owner[0] not in ALONE]
    steps.append(Step("objects", tuple(_together(together, ground))))
    last = [part for each in alone for part in _parts(each, stricter=True)]
    for group in groups:
        gone = tuple(_delete(each) for each in _of(group, alone) if each.action is Action.DELETE)
        steps.append(Step(f"{group} that is not described", gone))
        steps.append(Step(f"{group}, what it demands", tuple(_written(_of(group, last)))))
    return tuple(step for step in steps if step.commands)


def _of(group: str, differences: Iterable[Difference]) -> Iterator[Difference]:
    return (each for each in differences if each.owner[0] == group)


def _parts(difference: Difference, *, stricter: bool) -> Iterator[Difference]:
    """What of it goes first, or last: that which makes every later change harder."""
    if difference.action is Action.DELETE:
        return
    is_settings = difference.owner == SETTINGS
    fields = tuple(
        each for each in difference.fields if (is_settings and _is_stricter(each)) is stricter
    )
    if fields or difference.elements:
        yield replace(difference, fields=fields)


def _is_stricter(setting: Alteration) -> bool:
    """Whether the environment will demand more of a change than it does now."""
    match setting.field, setting.before, setting.after:
        case "approvals", before, int(after):
            return after > (before if isinstance(before, int) else 0)
        case "promotion", _, str(after):
            return after != ""
        case "barrier", _, after:
            return after == Policy.MAJORITY.value
        case _:
            return False


def split(commands: Sequence[Command]) -> Iterator[tuple[Command, ...]]:
    """The same commands in their order, in parts that each fit into a request."""
    part: list[Command] = []
    total = weight(())
    for command in commands:
        more = _sum(total, command)
        if part and more.excess:
            yield tuple(part)
            part, more = [], _sum(weight(()), command)
        part.append(command)
        total = more
    if part:
        yield tuple(part)


def weight(commands: Sequence[Command]) -> Weight:
    """What they cost; a little more than they will, since ids and defaults are added."""
    return reduce(_sum, commands, Weight(0, _REST_BYTES, 0))


def _sum(total: Weight, command: Command) -> Weight:
    """With one command more, which stands in a request as written and as resolved."""
    said = len(cbor.encode([command.group, command.verb, command.parameters]))
    declaration = declaration_of(command)
    assert declaration is not None, command
    based = declaration.touched(command.parameters).based
    octets = 2 * said + sum(len(cbor.encode(key)) + _VERSION_BYTES for key in based)
    return Weight(total.commands + 1, total.octets + octets, total.keys + len(based))


def _together(differences: Sequence[Difference], ground: Ground) -> Iterator[Command]:
    new = {each.owner: each for each in differences if each.action is Action.CREATE}
    refers = {owner: _references(owner, _values(each)) for owner, each in new.items()}
    yield from _written(new[owner] for owner in _arranged(refers))
    yield from _written(each for each in differences if each.action is Action.MODIFY)
    gone = {each.owner: each for each in differences if each.action is Action.DELETE}
    refers = {owner: _references(owner, ground.objects[owner].fields) for owner in gone}
    yield from (_delete(gone[owner]) for owner in reversed(_arranged(refers)))


def _arranged(refers: Mapping[ObjectId, Sequence[ObjectId]]) -> list[ObjectId]:
    """Each after those that it refers to, otherwise as they come."""
    arranged: dict[ObjectId, None] = {}
    for first in refers:
        ahead: list[tuple[ObjectId, bool]] = [(first, False)]
        begun: dict[ObjectId, None] = {}
        while ahead:
            owner, is_done = ahead.pop()
            if is_done:
                arranged[owner] = None
            elif owner not in arranged and owner not in begun:
                begun[owner] = None
                ahead.append((owner, True))
                ahead += [(each, False) for each in reversed(refers[owner]) if each in refers]
    return list(arranged)


def _references(owner: ObjectId, fields: Mapping[str, Value]) -> tuple[ObjectId, ...]:
    kind = SCHEMA[owner[0]]
    return () if kind.plain else kind.footprint(owner[1], fields).references


def _after(difference: Difference) -> dict[str, Value]:
    """The fields that have a value, as they are to be submitted."""
    changed = (each.field for each in difference.fields if each.after is not None)
    return {field: difference.described[field] for field in changed}


def _values(difference: Difference) -> dict[str, Value]:
    values: dict[str, Value] = {
        each.field: each.after for each in difference.fields if each.after is not None
    }
    return values | {each.field: [*each.added] for each in difference.elements}


def _written(differences: Iterable[Difference]) -> Iterator[Command]:
    """The commands that write, each object's elements after the object."""
    elements: list[Command] = []
    for each in differences:
        yield from _fields_of(each)
        elements += _elements_of(each)
    yield from elements


def _fields_of(difference: Difference) -> Iterator[Command]:
    kind, name = difference.owner
    after = _after(difference)
    if difference.owner == SETTINGS:
        yield Command(kind, "set", after)
    elif kind == data.NAME:
        yield from _of_data(difference)
    elif SCHEMA[kind].plain:
        yield Command(kind, "set", {"name": name, VALUE: after.get(VALUE)})
    elif difference.action is Action.CREATE:
        usual = defaults(SCHEMA[kind])
        said = {each: value for each, value in after.items() if not same(usual.get(each), value)}
        yield Command(kind, "create", {"name": name, **said})
    elif difference.fields:
        cleared: list[Value] = [each.field for each in difference.fields if each.after is None]
        gone: dict[str, Value] = {CLEAR: cleared} if cleared else {}
        named: dict[str, Value] = {"name": name, ID_PARAMETER: difference.id}
        yield Command(kind, "modify", {**named, **after, **gone})


def _of_data(difference: Difference) -> Iterator[Command]:
    """A command for each field; where one is to go, all of it is made anew."""
    name, described = difference.owner[1], difference.described
    changed = [each.field for each in difference.fields]
    if any(each.after is None for each in difference.fields):
        yield Command(data.NAME, "delete", {"name": name})
        changed = list(described)
    said = [field for field in _DATA_VERBS if field in changed]
    if _DESCRIPTION in changed and _DESCRIPTION in described:
        said = said or [next(field for field in _DATA_VERBS if field in described)]
    for at, field in enumerate(said):
        given: dict[str, Value] = {"name": name, field: described[field]}
        if at == 0 and _DESCRIPTION in described:
            given[_DESCRIPTION] = described[_DESCRIPTION]
        yield Command(data.NAME, _DATA_VERBS[field], given)


def _elements_of(difference: Difference) -> Iterator[Command]:
    kind, name = difference.owner
    named: dict[str, Value] = {"name": name}
    if difference.id:
        named[ID_PARAMETER] = difference.id
    elements = {each.name: each.element.name for each in SCHEMA[kind].sets}
    for each in difference.elements:
        element = elements[each.field]
        for value in each.added:
            yield Command(kind, f"add-{element}", {**named, element: value})
        for value in each.removed:
            yield Command(kind, f"remove-{element}", {**named, element: value})


def _delete(difference: Difference) -> Command:
    kind, name = difference.owner
    named: dict[str, Value] = {"name": name}
    return Command(
        kind, "delete", named if not difference.id else {**named, ID_PARAMETER: difference.id}
    )
