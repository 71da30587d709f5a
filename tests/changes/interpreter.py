"""What commands do to a configuration, said a second time and as simply as it can be said.

Plain dictionaries, no index, no undo, and nothing of the code under test: the only thing that it
shares with it is the shape of a command. It knows the kinds that the runs use, and no others.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from mesh.wire.requests import Command, Key, Value
from tests.mesh.protocol.history.consenting import unsound


class Cell(NamedTuple):
    """What stands under one key."""

    present: bool
    value: Value
    version: bytes | None
    """The tx that last wrote or removed it."""


State = dict[Key, Cell]
NOTHING: Final = Cell(present=False, value=None, version=None)

REFERENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "site": {"location": "", "description": ""},
    "role": {"description": ""},
    "service": {
        **dict.fromkeys(("run", "command", "ports", "count", "autostart", "description"), ""),
        "role": "role",
        "site": "site",
        "after": "service",
    },
    "path": {"host": "", "prefix": "", "services": "service"},
    "host": {"address": "", "site": "site", "description": "", "labels": "", "roles": "role"},
    "operator": {"key": ""},
}
"""By kind: its fields and sets, and which kind each of them refers to."""

_SETS: Final = {"label": "labels", "role": "roles"}
"""The set that an element belongs to."""

_DATA: Final = {"set": "value", "set-default": "default", "require": "required"}
"""The field of environment data that each verb writes."""

_IDENTITY: Final = ("name", "id", "clear", "controller")
"""Parameters that are no fields."""


class Refused(Exception):
    """A command that cannot be done, or a whole that would not hold together."""


def run(state: State, command: Command, tx: bytes) -> None:
    """Do ``command`` to ``state``. Raises Refused; then ``state`` is of no use any more."""
    given, owner = command.parameters, owner_of(command)
    match command.group, command.verb:
        case "data", verb if verb in _DATA:
            if not _at(state, owner).present:
                state[owner] = Cell(present=True, value=given["id"], version=tx)
            _write(state, owner, {_DATA[verb]: given[_DATA[verb]]}, tx)
        case "item", "set":
            state[owner] = Cell(present=True, value=given["value"], version=tx)
        case "environment", "set":
            _write(state, ("environment",), given, tx)
        case "item", "delete":
            _demand(state, owner, given)
            state[owner] = Cell(present=False, value=None, version=tx)
        case "role", "add-service":
            service = ("service", str(given["service"]))
            _demand(state, service, given)
            _demand(state, owner, {})
            _write(state, service, {"role": given["name"]}, tx)
        case "right", verb:
            _demand(state, owner, given)
            granted = verb == "grant"
            right = (*owner, "rights", str(given["right"]))
            state[right] = Cell(granted, granted or None, tx)
        case "controller", verb:
            _run_roster(state, owner, verb, given, tx)
        case _:
            _run_object(state, owner, command.verb, given, tx)


def owner_of(command: Command) -> tuple[str, str]:
    """The object that ``command`` is about; of settings there is none."""
    given, group = command.parameters, command.group
    kind = "operator" if group == "right" else group
    return kind, str(given.get("controller" if group == "controller" else "name"))


def _run_object(state: State, owner: Key, verb: str, given: Mapping[str, Value], tx: bytes) -> None:
    if verb == "create":
        if _at(state, owner).present:
            raise Refused(f"{owner} is there")
        state[owner] = Cell(present=True, value=given["id"], version=tx)
        _write(state, owner, given, tx)
        return
    _demand(state, owner, given)
    if verb == "modify":
        for name in _listed(given.get("clear")):
            state[*owner, name] = Cell(present=False, value=None, version=tx)
        _write(state, owner, given, tx)
    elif verb == "delete":
        for key in [key for key, cell in state.items() if key[:2] == owner and cell.present]:
            state[key] = Cell(present=False, value=None, version=tx)
    else:
        adds, _, element = verb.partition("-")
        key = (*owner, _SETS[element], str(given[element]))
        is_added = adds == "add"
        state[key] = Cell(is_added, is_added or None, tx)


def _run_roster(state: State, owner: Key, verb: str, given: Mapping[str, Value], tx: bytes) -> None:
    before = _at(state, (*owner, "state")).value
    if verb == "admit":
        if _at(state, owner).present:
            raise Refused(f"{owner} is in the roster")
        state[owner] = Cell(present=True, value=given["id"], version=tx)
        _write(state, owner, given, tx)
    elif before != "learner":
        raise Refused(f"{owner} is {before}")
    now = "learner" if verb == "admit" else "active"
    state[*owner, "state"] = Cell(present=True, value=now, version=tx)


def _demand(state: State, owner: Key, given: Mapping[str, Value]) -> None:
    """The object is there, and is the one that was meant."""
    if not _at(state, owner).present:
        raise Refused(f"{owner} is not there")
    if "id" in given and _at(state, owner).value != given["id"]:
        raise Refused(f"{owner} is another one")


def _write(state: State, owner: Key, given: Mapping[str, Value], tx: bytes) -> None:
    for name, value in given.items():
        if name not in _IDENTITY or (owner[0] == "controller" and name == "name"):
            state[*owner, name] = Cell(present=True, value=value, version=tx)


def _at(state: State, key: Key) -> Cell:
    return state.get(key, NOTHING)


def _listed(value: Value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        yield from map(str, value)


# --- what a base must name ----------------------------------------------------------------------


def needed(command: Command) -> Iterator[Key]:
    """The keys that somebody else may not have written meanwhile."""
    given, owner = command.parameters, owner_of(command)
    group, verb = command.group, command.verb
    if group == "environment":
        yield from (("environment", name) for name in given)
        return
    yield owner
    if group == "data":
        every = (*_DATA.values(), "description")
        yield from ((*owner, name) for name in (every if verb == "delete" else [_DATA[verb]]))
    elif group == "role" and verb == "add-service":
        service = ("service", str(given["service"]))
        yield from (service, (*service, "role"))
    elif group == "controller":
        yield (*owner, "state")
    elif verb == "delete":
        sets = _SETS.values()
        yield from ((*owner, name) for name in REFERENCES.get(group, ()) if name not in sets)
    elif verb in ("create", "modify"):
        yield from ((*owner, name) for name in given if name not in _IDENTITY)
        yield from ((*owner, name) for name in _listed(given.get("clear")))
        yield from _referred(group, given)
    elif verb.startswith("add-") and verb != "add-label":
        yield from _referred(group, {_SETS["role"]: given["role"]})


def _referred(kind: str, fields: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    for name, target in REFERENCES.get(kind, {}).items():
        if target:
            yield from ((target, each) for each in _listed(fields.get(name)))


# --- the whole ----------------------------------------------------------------------------------


def demand_whole(state: State) -> None:
    """Raises Refused where something refers to nothing, is taken twice, or waits for itself."""
    objects = _objects(state)
    claims: dict[object, tuple[str, str]] = {}
    for owner, fields in objects.items():
        for target in _referred(owner[0], fields):
            if target not in objects:
                raise Refused(f"{owner} refers to {target}, which is not there")
        for claim in _claims(owner, fields):
            if claims.setdefault(claim, owner) != owner:
                raise Refused(f"{claim} is claimed by {owner} and by {claims[claim]}")
    _demand_ports(objects)
    _demand_no_circle(objects)
    states = [fields.get("state") for owner, fields in objects.items() if owner[0] == "controller"]
    if "active" not in states:
        raise Refused("the roster is empty")
    wrong = unsound(state)
    if wrong:
        raise Refused(wrong)


Objects = dict[tuple[str, str], dict[str, Value]]


def _objects(state: State) -> Objects:
    """What is there; a set is the list of its elements."""
    objects: Objects = {}
    for key, cell in state.items():
        if cell.present and len(key) == len(("kind", "name")):
            _ = objects.setdefault((key[0], key[1]), {})
    for key, cell in state.items():
        match key:
            case (kind, name, field) if cell.present:
                objects[kind, name][field] = cell.value
            case (kind, name, field, element) if cell.present and (kind, name) in objects:
                elements = objects[kind, name].setdefault(field, [])
                assert isinstance(elements, list)
                elements.append(element)
            case _:
                pass
    return objects


def _claims(owner: tuple[str, str], fields: Mapping[str, Value]) -> Iterator[object]:
    if owner[0] == "path":
        yield "path", fields.get("host"), fields.get("prefix", "/")
    if owner[0] == "controller" and fields.get("state") != "removed":
        yield "controller", fields.get("name")
        yield "exchange key", fields.get("exchange_key")


def _demand_ports(objects: Objects) -> None:
    """Services of one role share hosts; not where both have a site, and another one."""
    services = [(owner, each) for owner, each in objects.items() if owner[0] == "service"]
    taken: dict[tuple[Value, str], list[Value]] = {}
    for owner, fields in services:
        for port in _listed(fields.get("ports")):
            sites = taken.setdefault((fields["role"], port), [])
            mine = fields.get("site")
            if any(mine is None or each is None or each == mine for each in sites):
                raise Refused(f"{owner} wants port {port}, which is taken")
            sites.append(mine)


def _demand_no_circle(objects: Objects) -> None:
    after = {
        owner[1]: list(_listed(fields.get("after")))
        for owner, fields in objects.items()
        if owner[0] == "service"
    }
    while free := [name for name, before in after.items() if not before]:
        for name in free:
            del after[name]
        after = {name: [e for e in before if e not in free] for name, before in after.items()}
    if after:
        raise Refused(f"{sorted(after)} wait for each other")


# --- templates ----------------------------------------------------------------------------------

_TEMPLATE: Final = re.compile(r"\{\{([a-z0-9.]+)\}\}")


def taken(command: Command) -> Iterator[Key]:
    """The keys on which depends what is filled in for the templates of ``command``."""
    value = command.parameters.get("value")
    for name in _TEMPLATE.findall(value) if isinstance(value, str) else ():
        yield ("data", name)
        yield from (("data", name, each) for each in _DATA.values())


def filled(state: State, command: Command) -> Command:
    """``command`` with what ``state`` says in the place of templates. Raises Refused."""
    value = command.parameters.get("value")
    if command.group != "item" or not isinstance(value, str):
        return command
    said = _TEMPLATE.sub(lambda found: _said(state, found[1]), value)
    return Command(command.group, command.verb, {**command.parameters, "value": said})


def _said(state: State, name: str) -> str:
    value, default, required = (_at(state, ("data", name, each)) for each in _DATA.values())
    if value.present:
        return str(value.value)
    if default.present and required.value is not True:
        return str(default.value)
    raise Refused(f"{name} has no value")


# --- what a person is told ----------------------------------------------------------------------


def refusal(state: State, written: Sequence[Command]) -> str | None:
    """Why nothing comes of these commands, as written, on ``state``; None: something does."""
    try:
        _ = tried(state, written)
    except Refused as refused:
        return str(refused)
    return None


def tried(state: State, written: Iterable[Command]) -> State:
    """What they make of ``state``, which stays as it is. Raises Refused."""
    attempt, named, deleted = dict(state), dict[Key, None](), dict[Key, None]()
    for number, command in enumerate(filled(state, each) for each in written):
        complete = _completed(attempt, command, number)
        run(attempt, complete, b"")
        named |= dict.fromkeys(needed(complete))
        if command.verb == "delete":
            deleted[owner_of(command)] = None
    for key in named:
        is_role = key[0] == "role" and key[2:] == ()
        if is_role and key not in deleted and not _at(attempt, key).present:
            attempt[key] = Cell(present=True, value="made by being named", version=b"")
    demand_whole(attempt)
    return attempt


def _completed(state: State, command: Command, number: int) -> Command:
    """With the id of the object that is meant, and the defaults that matter to others."""
    given = dict(command.parameters)
    if command.group == "data":
        _ = given.setdefault("id", _at(state, owner_of(command)).value)
    if command.group == "right":
        given["id"] = _at(state, owner_of(command)).value
    if command.group in REFERENCES and "id" not in given:
        service = ("service", str(given.get("service")))
        meant = service if command.verb == "add-service" else owner_of(command)
        is_new = command.verb == "create"
        given["id"] = f"new {number}" if is_new else _at(state, meant).value
    if (command.group, command.verb) == ("path", "create"):
        _ = given.setdefault("prefix", "/")
    return Command(command.group, command.verb, given)
