"""The verbs of every kind that has fields: create, modify, delete; add and remove for its sets.

An object carries a creation id. Who modifies or deletes names the id that the name stood for when
the request was made, so a forced change never hits another object that took the name since.
"""

from dataclasses import replace
from typing import Final

from mesh.environment.compounds import ListOf, MappingOf
from mesh.environment.declarations import (
    ID_PARAMETER,
    NAME_PARAMETER,
    Arguments,
    Declaration,
    ElementSet,
    Parameter,
    Run,
    Touch,
    object_key,
    text,
)
from mesh.environment.draft import Draft, Refusal
from mesh.environment.shapes import CREATION_ID, NAME, Choice, Reference, Shape
from mesh.wire.requests import Value

CLEAR: Final = "clear"


def object_commands(
    kind: str, fields: tuple[Parameter, ...], sets: tuple[ElementSet, ...] = ()
) -> tuple[Declaration, ...]:
    """The declarations for a kind with these fields and sets."""
    elements = [_element_commands(kind, element_set) for element_set in sets]
    return (
        _create(kind, fields),
        _modify(kind, fields),
        _delete(kind, fields),
        *(command for pair in elements for command in pair),
    )


def demand_object(draft: Draft, arguments: Arguments, kind: str) -> Refusal | None:
    """Refuses where the object named is not there, or is not the one that was meant."""
    key = object_key(arguments, kind)
    if not draft.present(key):
        return Refusal(f"there is no {kind} named '{key[1]}'", key)
    if draft.read(key) != arguments[ID_PARAMETER]:
        return Refusal(f"the {kind} '{key[1]}' is another one than the one that was meant", key)
    return None


def fill_id(kind: str, draft: Draft, arguments: Arguments) -> Arguments:
    """Adds the creation id of the object that the name stands for now."""
    if ID_PARAMETER in arguments:
        return arguments
    return {**arguments, ID_PARAMETER: draft.peek(object_key(arguments, kind))}


def reference_touches(fields: tuple[Parameter, ...]) -> tuple[Touch, ...]:
    """The objects that given fields refer to: read, so their removal meanwhile is a conflict."""
    targets = [(field.name, referenced_kind(field.shape)) for field in fields]
    return tuple(Touch((target, f"{{{name}}}"), name) for name, target in targets if target)


def referenced_kind(shape: Shape) -> str:
    """The kind whose objects values of ``shape`` name, empty where they name none."""
    match shape:
        case Reference(kind):
            return kind
        case ListOf(element):
            return referenced_kind(element)
        case MappingOf(key):
            return referenced_kind(key)
        case _:
            return ""


def _named(kind: str) -> Parameter:
    return Parameter(NAME_PARAMETER, NAME, f"which {kind}", required=True)


def _identified(kind: str) -> Parameter:
    return Parameter(ID_PARAMETER, CREATION_ID, f"the creation id of the {kind} that is meant")


def _filling(kind: str, run: Run, declaration: Declaration) -> Declaration:
    def fill(draft: Draft, arguments: Arguments, fresh: str) -> Arguments:
        del fresh
        return fill_id(kind, draft, arguments)

    def demand_and_run(draft: Draft, arguments: Arguments) -> Refusal | None:
        return demand_object(draft, arguments, kind) or run(draft, arguments)

    return replace(declaration, fill=fill, run=demand_and_run)


def _field_touches(kind: str, fields: tuple[Parameter, ...]) -> tuple[Touch, ...]:
    return tuple(Touch((kind, "{name}", field.name), field.name) for field in fields)


def _create(kind: str, fields: tuple[Parameter, ...]) -> Declaration:
    def fill(draft: Draft, arguments: Arguments, fresh: str) -> Arguments:
        del draft
        return {**arguments, ID_PARAMETER: fresh}

    def run(draft: Draft, arguments: Arguments) -> Refusal | None:
        key = object_key(arguments, kind)
        if draft.present(key):
            return Refusal(f"the {kind} '{key[1]}' is there already", key)
        draft.write(key, arguments[ID_PARAMETER])
        for field in fields:
            if field.name in arguments:
                draft.write((*key, field.name), arguments[field.name])
        return None

    return Declaration(
        kind,
        "create",
        f"make a new {kind}",
        (
            replace(
                _named(kind), help=f"its name, by which others refer to it; unique among {kind}s"
            ),
            replace(_identified(kind), filled=True),
            *fields,
        ),
        run,
        reads=reference_touches(fields),
        writes=(Touch((kind, "{name}")), *_field_touches(kind, fields)),
        fill=fill,
    )


def _modify(kind: str, fields: tuple[Parameter, ...]) -> Declaration:
    def run(draft: Draft, arguments: Arguments) -> Refusal | None:
        key = object_key(arguments, kind)
        for name in _cleared(arguments):
            if name in arguments:
                return Refusal(f"'{name}' of {kind} '{key[1]}' is given and cleared at once")
            draft.remove((*key, name))
        for field in fields:
            if field.name in arguments:
                draft.write((*key, field.name), arguments[field.name])
        return None

    optional = tuple(field.name for field in fields if not field.required)
    clear = Parameter(CLEAR, ListOf(Choice(optional)), "fields that are to have no value any more")
    options = tuple(replace(field, required=False, default=None) for field in fields)
    declaration = Declaration(
        kind,
        "modify",
        f"change fields of a {kind}; what is not given stays",
        (_named(kind), _identified(kind), *options, *([clear] if optional else [])),
        run,
        reads=(Touch((kind, "{name}")), *reference_touches(fields)),
        writes=(*_field_touches(kind, fields), Touch((kind, "{name}", f"{{{CLEAR}}}"), CLEAR)),
        one_of=(*(field.name for field in fields), *([CLEAR] if optional else [])),
    )
    return _filling(kind, run, declaration)


def _cleared(arguments: Arguments) -> list[str]:
    names: Value = arguments.get(CLEAR, [])
    assert isinstance(names, list)
    return [name for name in names if isinstance(name, str)]


def _delete(kind: str, fields: tuple[Parameter, ...]) -> Declaration:
    def run(draft: Draft, arguments: Arguments) -> Refusal | None:
        draft.remove_whole(object_key(arguments, kind))
        return None

    every_field = tuple(Touch((kind, "{name}", field.name)) for field in fields)
    declaration = Declaration(
        kind,
        "delete",
        f"remove a {kind}; refused while another object refers to it",
        (_named(kind), _identified(kind)),
        run,
        writes=(Touch((kind, "{name}")), *every_field),
        wholes=(Touch((kind, "{name}")),),
    )
    return _filling(kind, run, declaration)


def _element_commands(kind: str, element_set: ElementSet) -> tuple[Declaration, Declaration]:
    element = replace(element_set.element, required=True)

    def include(draft: Draft, arguments: Arguments) -> Refusal | None:
        draft.include(
            (*object_key(arguments, kind), element_set.name, text(arguments, element.name))
        )
        return None

    def exclude(draft: Draft, arguments: Arguments) -> Refusal | None:
        draft.exclude(
            (*object_key(arguments, kind), element_set.name, text(arguments, element.name))
        )
        return None

    def declared(verb: str, words: str, run: Run, reads: tuple[Touch, ...] = ()) -> Declaration:
        declaration = Declaration(
            kind,
            f"{verb}-{element.name}",
            words,
            (_named(kind), _identified(kind), element),
            run,
            reads=(Touch((kind, "{name}")), *reads),
            commutes=(Touch((kind, "{name}", element_set.name, f"{{{element.name}}}")),),
        )
        return _filling(kind, run, declaration)

    return (
        declared(
            "add",
            f"add to the {element_set.name} of a {kind}",
            include,
            reference_touches((element,)),
        ),
        declared("remove", f"remove from the {element_set.name} of a {kind}", exclude),
    )
