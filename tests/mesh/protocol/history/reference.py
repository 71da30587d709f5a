"""The fold once more, as simply as it can be said: the oracle for the real one.

Everything is computed from nothing each time, on plain dictionaries, with no index, no undo, no
cache and none of the code under test. It knows only the commands that the random worlds use.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from mesh.protocol.catalogue import Catalogue, ChangeSet, Ids, numbers
from mesh.wire.identity import Timestamp, digest
from mesh.wire.requests import Command, Key, Kind, Value
from tests.mesh.protocol.history.consenting import Said, has_every_right, people, refused, unsound
from tests.mesh.protocol.history.world import (
    ENVIRONMENT,
    FOUNDING,
    OPERATOR,
    approve,
    sign,
    vouch,
)

Cell = tuple[bool, Value, bytes | None]
"""(present, value, version)."""

State = dict[Key, Cell]

CONTROLLERS_MAY = {("merge", "keep"), ("merge", "set-aside"), ("controller", "activate")}
FIELDS = {
    "site": ("location", "description"),
    "role": ("description",),
    "path": ("host", "prefix", "services"),
    "service": (
        *("role", "site", "run", "command", "environment", "user", "directory", "ports"),
        *("health", "count", "autostart", "tier", "after", "stop_timeout_ns", "description"),
    ),
    "controller": ("name", "site", "exchange_key", "addresses"),
    "operator": ("key", "locked", "description"),
    "link": ("environment", "controllers", "description"),
}
ELEMENTS = {"add-label": "label", "remove-label": "label", "grant": "right", "revoke": "right"}
"""By verb: the parameter that says which element of a set is meant."""


class Refused(Exception):
    """A command that cannot be done."""


@dataclass
class Reference:
    """What a set of ChangeSets adds up to."""

    state: State
    outcomes: dict[int, str] = field(default_factory=dict)
    """By number: effective, repeated, refused, merged, conflict or failed."""

    @property
    def roster(self) -> tuple[bytes, ...]:
        """The controllers that are active, sorted."""
        return tuple(
            sorted(
                bytes.fromhex(key[1])
                for key, (_, value, _) in self.state.items()
                if key[0] == "controller" and key[2:] == ("state",) and value == "active"
            )
        )


def reference_fold(catalogue: Catalogue, ids: Ids) -> Reference:
    """The fold of ``ids``, from nothing."""
    result = Reference(_founded())
    aside = _set_aside(catalogue, ids)
    seen: list[bytes] = []
    for number in sorted(numbers(ids), key=lambda each: _place(catalogue[each])):
        change_set = catalogue[number]
        if change_set.tx in seen:
            result.outcomes[number] = "repeated"
            continue
        seen.append(change_set.tx)
        result.outcomes[number] = _apply(result, catalogue, number, aside)
    return result


def _place(change_set: ChangeSet) -> tuple[Timestamp, bytes]:
    return change_set.timestamp, change_set.id


def _founded() -> State:
    key, second = FOUNDING.founder.hex(), digest(FOUNDING.nonce + bytes((0, 0, 0, 1)))[:16]
    return {
        ("environment", "barrier"): (True, "all-active", None),
        ("controller", key): (True, "founder", None),
        ("controller", key, "state"): (True, "active", None),
        ("controller", key, "name"): (True, FOUNDING.founder_name, None),
        ("operator", "founder"): (True, second.hex(), None),
        ("operator", "founder", "key"): (True, OPERATOR.hex(), None),
        ("operator", "founder", "rights", "admin:/"): (True, True, None),
    }


# --- rules ------------------------------------------------------------------------------------


def _apply(result: Reference, catalogue: Catalogue, number: int, aside: set[bytes]) -> str:
    change_set = catalogue[number]
    if change_set.kind is Kind.MERGE:
        return _merge_outcome(catalogue, number)
    if not _has_right(change_set, result):
        return "refused"
    if change_set.tx in aside:
        return "merged"
    for entry in change_set.request.base:
        if result.state.get(entry.key, (False, None, None))[2] != entry.version:
            return "conflict"
    attempt = dict(result.state)
    try:
        _demand_covered(change_set)
        for command in change_set.request.resolved:
            _run(attempt, command, change_set.tx)
        _demand_whole(attempt)
    except Refused:
        return "failed"
    result.state = attempt
    return "effective"


def _has_right(change_set: ChangeSet, result: "Reference") -> bool:
    request, signed = change_set.request, change_set.propose.request
    if signed.signature != sign(request.signer, signed.raw) or request.environment != ENVIRONMENT:
        return False
    commands = {(command.group, command.verb) for command in request.resolved}
    if request.signer in result.roster and commands <= CONTROLLERS_MAY:
        return True
    if change_set.kind is Kind.MERGE:
        is_known = request.signer in people(result.state)
        return is_known and has_every_right(result.state, _behind(change_set))
    vouched = request.origin is None or request.origin.signature == vouch(
        request.origin, request.written
    )
    said = Said(request, _behind(change_set)[1:], vouched)
    return not refused(result.state, said)


def _behind(change_set: ChangeSet) -> tuple[bytes, ...]:
    """Its signer, and those who have approved it in truth."""
    true = [
        each.operator
        for each in change_set.attempt.approvals
        if each.signature == approve(each.operator, change_set.tx)
    ]
    return (change_set.request.signer, *true)


def _merge_outcome(catalogue: Catalogue, number: int) -> str:
    ancestors = catalogue.ancestors(number) or 0
    if not _has_right(catalogue[number], reference_fold(catalogue, ancestors)):
        return "refused"
    named = [bytes.fromhex(str(c.parameters["tx"])) for c in catalogue[number].request.resolved]
    shared = ancestors
    for head in catalogue.heads(ancestors):
        shared &= (catalogue.ancestors(head) or 0) | 1 << head
    open_to_decision = {
        catalogue[each].tx for each in numbers(ancestors) if catalogue[each].kind is not Kind.MERGE
    } - {catalogue[each].tx for each in numbers(shared)}
    fits = len(set(named)) == len(named) and set(named) <= open_to_decision
    return "effective" if fits else "failed"


def _set_aside(catalogue: Catalogue, ids: Ids) -> set[bytes]:
    naming: dict[bytes, list[tuple[int, str]]] = {}
    for number in numbers(ids):
        if (
            catalogue[number].kind is Kind.MERGE
            and _merge_outcome(catalogue, number) == "effective"
        ):
            for command in catalogue[number].request.resolved:
                tx = bytes.fromhex(str(command.parameters["tx"]))
                naming.setdefault(tx, []).append((number, command.verb))
    aside = set()
    for tx, verdicts in naming.items():
        latest = [
            (not _is_of_people(catalogue, number), _place(catalogue[number]), verb)
            for number, verb in verdicts
            if not any((catalogue.ancestors(other) or 0) >> number & 1 for other, _ in verdicts)
        ]
        if min(latest)[2] == "set-aside":
            aside.add(tx)
    return aside


def _is_of_people(catalogue: Catalogue, merge: int) -> bool:
    below = reference_fold(catalogue, catalogue.ancestors(merge) or 0)
    return has_every_right(below.state, _behind(catalogue[merge]))


# --- commands ---------------------------------------------------------------------------------


def _run(state: State, command: Command, tx: bytes) -> None:
    group, verb, given = command.group, command.verb, command.parameters
    if group == "environment":
        state.update({(group, name): (True, value, tx) for name, value in given.items()})
        return
    owner = _owner(command)
    present = state.get(owner, (False, None, None))[0]
    if (group, verb) == ("item", "set"):
        state[owner] = (True, given["value"], tx)
        return
    if present == (verb in ("create", "admit")):
        raise Refused
    if present and "id" in given and state[owner][1] != given["id"]:
        raise Refused
    if not present:
        state[owner] = (True, given["id"], tx)
    for field_name in FIELDS.get(group, ()):
        if field_name in given:
            state[(*owner, field_name)] = (True, given[field_name], tx)
    _run_verb(state, owner, command, tx)


def _owner(command: Command) -> tuple[str, str]:
    group, given = command.group, command.parameters
    kind = "operator" if group == "right" else group
    return kind, str(given["controller" if group == "controller" else "name"])


def _run_verb(state: State, owner: tuple[str, str], command: Command, tx: bytes) -> None:
    match command.group, command.verb:
        case ("operator", "remove") | (_, "delete"):
            for key in [key for key, cell in state.items() if key[:2] == owner and cell[0]]:
                state[key] = (False, None, tx)
        case _, verb if verb in ELEMENTS:
            adds, element = verb in ("add-label", "grant"), ELEMENTS[verb]
            key = (*owner, f"{element}s", str(command.parameters[element]))
            state[key] = (adds, adds or None, tx)
        case _, "admit":
            state[(*owner, "state")] = (True, "learner", tx)
        case "controller", ("activate" | "remove") as verb:
            allowed = ("learner",) if verb == "activate" else ("learner", "active")
            if state[(*owner, "state")][1] not in allowed:
                raise Refused
            state[(*owner, "state")] = (True, "active" if verb == "activate" else "removed", tx)
        case _:
            assert command.verb in ("create", "modify"), command


def _demand_covered(change_set: ChangeSet) -> None:
    request = change_set.request
    named = {entry.key for entry in (*request.base, *request.overridden)}
    for command in request.resolved:
        if not set(_needed(command)) <= named:
            raise Refused


def _needed(command: Command) -> Iterable[Key]:
    group, verb, given = command.group, command.verb, command.parameters
    if group == "environment":
        yield from ((group, name) for name in given)
        return
    owner = _owner(command)
    yield owner
    if group == "controller":
        yield (*owner, "state")
    if verb in ("create", "admit", "modify"):
        yield from ((*owner, name) for name in FIELDS[group] if name in given)
        yield from _referred(given.get("services"), "service")
        yield from _referred(given.get("site") if group == "service" else None, "site")
        yield from _referred(given.get("role"), "role")
    if verb == "delete" or (group, verb) == ("operator", "remove"):
        yield from ((*owner, name) for name in FIELDS.get(group, ()))


def _referred(value: Value, kind: str) -> Iterable[Key]:
    if isinstance(value, dict):
        yield from ((kind, name) for name in value)
    elif isinstance(value, str):
        yield (kind, value)


def _demand_whole(state: State) -> None:
    present = {key: value for key, (there, value, _) in state.items() if there}
    states = [value for key, value in present.items() if key[2:] == ("state",)]
    taken = [repr(each) for each in _taken(present)]
    dangling = [
        target
        for key, value in present.items()
        if key[0] in ("path", "service") and key[2:] in (("services",), ("site",), ("role",))
        for target in _referred(value, _kind(key))
        if target not in present
    ]
    if dangling or len(set(taken)) < len(taken) or "active" not in states or unsound(state):
        raise Refused


def _taken(present: dict[Key, Value]) -> Iterable[object]:
    for key, value in present.items():
        if key[0] == "path" and key[2:] == ("host",):
            yield "path", value, present.get((*key[:2], "prefix"))
        is_name = key[0] == "controller" and key[2:] == ("name",)
        if is_name and present[(*key[:2], "state")] != "removed":
            yield "controller", value


def _kind(key: Key) -> str:
    return "service" if key[2] == "services" else key[2]
