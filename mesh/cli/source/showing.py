"""A plan as people read it: object by object, what it has and what it will have.

What only repeats a default is left out of new objects; of a record or a mapping only the members
that change are shown, of a text of several lines only the lines.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from mesh.cli.output import paint, say
from mesh.environment.entries import ObjectId
from mesh.environment.kinds import SCHEMA
from mesh.environment.source.differing import Action, Alteration, Difference, same
from mesh.environment.source.exporting import named
from mesh.environment.source.plan import Plan
from mesh.environment.source.reading import defaults, field_shapes
from mesh.environment.source.spelling import written_value
from mesh.environment.source.standing import SETTINGS, Ground
from mesh.environment.source.steps import Step, weight
from mesh.wire.requests import Value

_MARKS: Final = {
    Action.CREATE: ("+", "green"),
    Action.MODIFY: ("~", "yellow"),
    Action.DELETE: ("-", "red"),
}
_VALUE_CHARACTERS: Final = 100
"""What of a value is shown: enough to know which it is."""
_KEPT: Final = 8
"""Names of what stays undescribed; of more only their number is said."""

Row = tuple[str, str]
"""A field, or a mark and a line, and what is said about it."""


def show_plan(plan: Plan, ground: Ground) -> None:
    """The differences by kind, then what they come to."""
    kind = ""
    for each in plan.differences:
        if each.owner[0] != kind:
            if kind:
                say()
            kind = each.owner[0]
            say(paint(kind, "bold"))
        place = plan.places.get(each.owner)
        show_difference(each, ground, "" if place is None else f"{place}")
    if plan.differences:
        say()
    say(_counts(plan))
    _show_steps(plan.steps)
    _show_rest(plan)


def show_difference(difference: Difference, ground: Ground, place: str = "") -> None:
    """One object, its fields aligned."""
    mark, colour = _MARKS[difference.action]
    if difference.owner == SETTINGS:
        depth = 2
    else:
        depth = 6
        at = f"  {paint(place, 'dim')}" if place else ""
        say(f"  {paint(f'{mark} {difference.owner[1]}', colour)}{at}")
    rows = list(_rows(difference, ground))
    width = max((len(name) for name, _ in rows), default=0)
    for name, text in rows:
        say(f"{' ' * depth}{paint(name.ljust(width), 'dim')}  {text}".rstrip())


def _rows(difference: Difference, ground: Ground) -> Iterator[Row]:
    kind = difference.owner[0]
    usual = {} if difference.action is Action.MODIFY else defaults(SCHEMA[kind])
    for each in difference.fields:
        told = each.before if difference.action is Action.DELETE else each.after
        if not (each.field in usual and same(usual[each.field], told)):
            yield from _of_field(_legible(kind, each, ground), difference.action)
    for elements in difference.elements:
        if difference.action is Action.CREATE:
            yield elements.field, legible([*elements.added])
            continue
        words = [paint(f"+ {name}", "green") for name in elements.added]
        words += [paint(f"- {name}", "red") for name in elements.removed]
        yield elements.field, "  ".join(words)


def _legible(kind: str, alteration: Alteration, ground: Ground) -> Alteration:
    """With durations and names as people write them."""
    shape = field_shapes(SCHEMA[kind])[alteration.field]
    before, after = (
        named(kind, alteration.field, written_value(shape, value), ground)
        for value in (alteration.before, alteration.after)
    )
    return Alteration(alteration.field, before, after)


def _of_field(alteration: Alteration, action: Action) -> Iterator[Row]:
    field, before, after = alteration.field, alteration.before, alteration.after
    if action is Action.CREATE:
        yield from _new(field, after)
    elif action is Action.DELETE:
        yield field, paint(legible(before), "dim")
    elif isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            if not same(before.get(name), after.get(name)):
                yield f"{field}.{name}", _change(before.get(name), after.get(name))
    elif isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        yield field, f"{len(after.splitlines())} lines"
        yield from _changed_lines(before, after)
    else:
        yield field, _change(before, after)


def _new(field: str, value: Value) -> Iterator[Row]:
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield f"{field}.{name}", legible(each)
    elif isinstance(value, str) and "\n" in value:
        yield field, f"{len(value.splitlines())} lines"
        yield from _changed_lines("", value)
    else:
        yield field, legible(value)


def _changed_lines(before: str, after: str) -> Iterator[Row]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
    for line in (line for line in list(lines)[2:] if not line.startswith("@@")):
        colour = {"+": "green", "-": "red"}.get(line[0], "dim")
        yield "", paint(line[:_VALUE_CHARACTERS], colour)


def _change(before: Value, after: Value) -> str:
    had = paint("none" if before is None else legible(before), "dim")
    has = paint("none", "red") if after is None else paint(legible(after), "yellow")
    return f"{had} → {has}"


def legible(value: Value) -> str:
    """A value in one line, cut where it says no more."""
    match value:
        case str() if value and value == value.strip() and value.isprintable():
            text = value
        case list():
            text = f"[{', '.join(legible(each) for each in value)}]"
        case dict():
            text = ", ".join(f"{name}={legible(each)}" for name, each in value.items())
        case bool():
            text = "true" if value else "false"
        case None:
            text = "null"
        case _:
            text = repr(value)
    return text if len(text) <= _VALUE_CHARACTERS else f"{text[: _VALUE_CHARACTERS - 1]}…"


def _counts(plan: Plan) -> str:
    if not plan.differences:
        return paint(f"Nothing to do: {objects(plan.same)} as described.", "green")
    counts = [
        (plan.count(Action.CREATE), "to create", "green"),
        (plan.count(Action.MODIFY), "to change", "yellow"),
        (plan.count(Action.DELETE), "to delete", "red"),
    ]
    words = [paint(f"{count} {what}", colour) for count, what, colour in counts if count]
    return f"{', '.join(words)}; {objects(plan.same)} as described."


def objects(count: int) -> str:
    """``1 object``, ``2 objects``."""
    return "1 object" if count == 1 else f"{count} objects"


def commands(count: int) -> str:
    """``1 command``, ``2 commands``."""
    return "1 command" if count == 1 else f"{count} commands"


def _show_steps(steps: Sequence[Step]) -> None:
    if len(steps) == 1:
        say(f"{commands(len(steps[0].commands))} in one ChangeSet: all of it, or nothing.")
    elif steps:
        say("ChangeSets of their own, one after the other:")
        for at, step in enumerate(steps, 1):
            say(f"  {at}. {step.about}: {commands(len(step.commands))}")


def _show_rest(plan: Plan) -> None:
    if plan.kept:
        say(
            f"Not described, and left alone: {_some(plan.kept)}."
            " With --prune they would be deleted."
        )
    for name in sorted(plan.unset_secrets):
        say(f"The secret {name} has no value here yet: trellis secret set {name}")


def _some(owners: Sequence[ObjectId]) -> str:
    """Each by name while there are few; how many of each kind where there are many."""
    if len(owners) <= _KEPT:
        return ", ".join(f"{kind} {name}" for kind, name in owners)
    counts = Counter(kind for kind, _ in owners)
    return ", ".join(f"{count} {kind}" for kind, count in counts.items())


def excess(steps: Sequence[Step]) -> str:
    """What is too much for one ChangeSet; empty: every step fits into one."""
    found = (weight(step.commands).excess for step in steps)
    return next((each for each in found if each), "")
