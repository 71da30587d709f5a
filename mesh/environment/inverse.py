"""What undoes a ChangeSet: the commands that put back what stood under every key that it wrote.

The inverse is made of the same commands that people write, so it takes the same rights, keeps the
same invariants and can be read. Only the creation ids of objects that come back are not of a
command: they are told beside it, so that an object is the one that it was, also to those who have
named it by its id.

Invariant: where the inverse takes effect, each key that the ChangeSet wrote reads as before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from mesh.environment.configuration import Configuration
from mesh.environment.declarations import Declaration
from mesh.environment.entries import NOTHING, Entry, ObjectId, object_of
from mesh.environment.kind import Kind
from mesh.environment.kinds import (
    COMMANDS,
    SCHEMA,
    controller,
    data,
    environment,
    environment_secret,
    invite,
    secret,
)
from mesh.environment.objects import CLEAR
from mesh.environment.templates import escaped
from mesh.wire.requests import Command, Key, Value

_BEYOND: Final[Mapping[str, str]] = {
    controller.NAME: "the roster is changed by `trellis members`, and a removed key never returns",
    invite.NAME: "an invite is open once: `trellis invite` makes another, or revokes this one",
    environment_secret.NAME: "a secret that was given up does not come back:"
    " `trellis environment rotate-secret` makes another",
    secret.NAME: "the history holds no values of secrets: set the former value with"
    " `trellis secret set`",
}
"""Kinds whose past is not put back, and what to do instead."""

_DELETE: Final = ("delete", "remove", "revoke")


class Done(NamedTuple):
    """One key that a ChangeSet wrote."""

    key: Key
    before: Entry
    after: Entry


@dataclass(frozen=True, slots=True)
class Inverse:
    """Commands that undo a ChangeSet on the state that they were made for."""

    commands: tuple[Command, ...]
    returning: Mapping[ObjectId, str]
    """The creation ids of the objects that come back."""


@dataclass(frozen=True, slots=True)
class Irreversible:
    """Why a ChangeSet is not undone: every reason."""

    errors: tuple[str, ...]


@dataclass(slots=True)
class _Undoing:
    """One object, and what of it is to be put back."""

    owner: ObjectId
    root: Done | None = None
    fields: dict[str, Entry] = field(default_factory=dict)
    elements: list[Done] = field(default_factory=list)


def overwritten(
    now: Configuration, tx: bytes, done: Sequence[Done]
) -> tuple[tuple[Key, bytes], ...]:
    """The keys of a ChangeSet that read otherwise since, each with the tx that last wrote it.

    Of an object that it made, these are all keys, also where it made it in the place of another:
    to undo that is to remove the object whole. What reads as the ChangeSet left it, or as it was
    before, is in nobody's way.
    """
    keys = {each.key: (each.before, each.after) for each in done}
    for each in done:
        if not each.key[2:] and _goes(now, each):
            owned = now.keys_of(object_of(each.key))
            keys |= {key: (NOTHING, NOTHING) for key in owned if key not in keys}
    found: list[tuple[Key, bytes]] = []
    for key, (before, after) in keys.items():
        entry = now.entry(key)
        if entry.version not in (None, tx) and not (
            _reads_as(entry, before) or _reads_as(entry, after)
        ):
            assert entry.version is not None
            found.append((key, entry.version))
    return tuple(sorted(found))


def _goes(now: Configuration, root: Done) -> bool:
    """Whether undoing removes what stands there: then all that belongs to it goes, too.

    Of data the fields that others wrote are written anew.
    """
    if root.key[0] == data.NAME or not root.before.present:
        return not root.before.present
    here = now.entry(root.key)
    return here.present and not _reads_as(here, root.before)


def inverse(now: Configuration, done: Sequence[Done]) -> Inverse | Irreversible:
    """What undoes the ChangeSet that has ``done`` this, on ``now``."""
    beyond = dict.fromkeys(each.key[0] for each in done if each.key[0] in _BEYOND)
    if beyond:
        return Irreversible(tuple(f"{kind}: {_BEYOND[kind]}" for kind in beyond))
    commands: list[Command] = []
    returning: dict[ObjectId, str] = {}
    errors: list[str] = []
    for each in _by_object(done):
        kind = SCHEMA[each.owner[0]]
        if kind.plain:
            commands += _of_plain(now, each)
            continue
        error = _unreachable(now, each)
        if error:
            errors.append(error)
            continue
        commands += _of_data(now, each) if kind is data.KIND else _of_object(now, kind, each)
        if kind is data.KIND and now.exists(each.owner):
            returning[each.owner] = str(now.read(each.owner))
        if each.root is not None and each.root.before.present:
            returning[each.owner] = str(each.root.before.value)
    if errors:
        return Irreversible(tuple(errors))
    return Inverse(tuple(map(_literal, _together(commands))), returning)


def _literal(command: Command) -> Command:
    """The same for whoever fills in templates: what was there is put back as it was."""
    if command.group == data.NAME:
        return command
    parameters = {name: escaped(value) for name, value in command.parameters.items()}
    return Command(command.group, command.verb, parameters)


def _by_object(done: Sequence[Done]) -> list[_Undoing]:
    found: dict[ObjectId, _Undoing] = {}
    for each in done:
        undoing = found.setdefault(object_of(each.key), _Undoing(object_of(each.key)))
        match each.key[2:]:
            case ():
                undoing.root = each
            case (name,):
                undoing.fields[name] = each.before
            case _:
                undoing.elements.append(each)
    return list(found.values())


def _reads_as(entry: Entry, before: Entry) -> bool:
    return entry.present == before.present and repr(entry.value) == repr(before.value)


# --- single values --------------------------------------------------------------------------------


def _of_plain(now: Configuration, undoing: _Undoing) -> list[Command]:
    """Items and settings: the value that was there, or none."""
    kind, name = undoing.owner
    before = NOTHING if undoing.root is None else undoing.root.before
    if undoing.root is None or _reads_as(now.entry(undoing.owner), before):
        return []
    if kind == environment.NAME:
        return [Command(kind, "set", {name: before.value})]
    if before.present:
        return [Command(kind, "set", {"name": name, "value": before.value})]
    return [Command(kind, "delete", {"name": name})]


def _together(commands: Sequence[Command]) -> tuple[Command, ...]:
    """Settings are set by one command, everything else stays as it is."""
    settings: dict[str, Value] = {}
    others: list[Command] = []
    for command in commands:
        if command.group == environment.NAME:
            settings |= command.parameters
        else:
            others.append(command)
    return (*([Command(environment.NAME, "set", settings)] if settings else ()), *others)


def _of_data(now: Configuration, undoing: _Undoing) -> Iterator[Command]:
    """Data has a verb for each field and none to clear one: then it is made anew, as it was."""
    here = now.fields(undoing.owner) if now.exists(undoing.owner) else {}
    wanted = {name: value for name, value in here.items() if name != "id"}
    for field_name, entry in undoing.fields.items():
        _ = wanted.pop(field_name, None)
        if entry.present:
            wanted[field_name] = entry.value
    root = undoing.root
    if root is not None and not root.before.present:
        wanted = {}
    name: dict[str, Value] = {"name": undoing.owner[1]}
    is_another = root is not None and here.get("id") != root.before.value
    if here and (is_another or any(each not in wanted for each in here if each != "id")):
        yield Command(data.NAME, "delete", name)
        here = {}
    description = wanted.pop("description", None)
    said = {} if description is None else {"description": description}
    verbs = ((data.VALUE, "set"), (data.DEFAULT, "set-default"), (data.REQUIRED, "require"))
    for field_name, verb in verbs:
        moved = repr(here.get(field_name)) != repr(wanted.get(field_name))
        if field_name in wanted and (moved or here.get("description") != description):
            yield Command(data.NAME, verb, {**name, field_name: wanted[field_name], **said})


# --- objects --------------------------------------------------------------------------------------


def _unreachable(now: Configuration, undoing: _Undoing) -> str:
    """Why the object cannot be put back as it was; empty: it can, or is so already."""
    kind, name = undoing.owner
    former: dict[Key, Entry] = {(kind, name, at): entry for at, entry in undoing.fields.items()}
    former |= {each.key: each.before for each in undoing.elements}
    is_back = all(_reads_as(now.entry(key), entry) for key, entry in former.items())
    if undoing.root is None and not now.exists(undoing.owner) and not is_back:
        return f"the {kind} '{name}' is not there any more: revert first what removed it"
    return ""


def _of_object(now: Configuration, kind: Kind, undoing: _Undoing) -> Iterator[Command]:
    here = now.entry(undoing.owner)
    root = undoing.root
    name: dict[str, Value] = {"name": undoing.owner[1]}
    if root is None or _reads_as(here, root.before):
        if here.present:
            yield from _fields_back(now, kind, undoing)
            yield from _elements_back(kind, undoing, now)
        return
    if here.present:
        yield Command(kind.name, _deleting(kind.name).verb, name)
    if root.before.present:
        yield from _whole_back(kind, undoing)
        yield from _elements_back(kind, undoing, None)


def _whole_back(kind: Kind, undoing: _Undoing) -> Iterator[Command]:
    """The object anew, with the fields that it had, and no others."""
    name: dict[str, Value] = {"name": undoing.owner[1]}
    former = {field: entry.value for field, entry in undoing.fields.items() if entry.present}
    yield Command(kind.name, "create", {**name, **former})
    defaults = [each.name for each in kind.fields if each.default is not None]
    bare = [each for each in defaults if each not in former]
    if bare:
        yield Command(kind.name, "modify", {**name, CLEAR: [*bare]})


def _fields_back(now: Configuration, kind: Kind, undoing: _Undoing) -> Iterator[Command]:
    owner = undoing.owner
    moved = {
        name: entry
        for name, entry in undoing.fields.items()
        if not _reads_as(now.entry((*owner, name)), entry)
    }
    given = {name: entry.value for name, entry in moved.items() if entry.present}
    cleared: list[Value] = [name for name, entry in moved.items() if not entry.present]
    parameters: dict[str, Value] = {"name": owner[1], **given}
    if cleared:
        parameters[CLEAR] = cleared
    if moved:
        yield Command(kind.name, "modify", parameters)


def _elements_back(kind: Kind, undoing: _Undoing, now: Configuration | None) -> Iterator[Command]:
    """Sets, element by element; ``now`` None: the object comes back with empty sets."""
    elements = {each.name: each.element.name for each in kind.sets}
    for done in undoing.elements:
        here = NOTHING if now is None else now.entry(done.key)
        if here.present == done.before.present:
            continue
        element = elements[done.key[2]]
        group, verb = _element_command(kind.name, element, included=done.before.present)
        yield Command(group, verb, {"name": undoing.owner[1], element: done.key[3]})


def _element_command(kind: str, element: str, *, included: bool) -> tuple[str, str]:
    verb = f"{'add' if included else 'remove'}-{element}"
    if (kind, verb) in COMMANDS:
        return kind, verb
    assert (kind, element) == ("operator", "right"), f"no commands for a {element} of a {kind}"
    return "right", "grant" if included else "revoke"


def _deleting(kind: str) -> Declaration:
    return next(COMMANDS[kind, verb] for verb in _DELETE if (kind, verb) in COMMANDS)
