"""Who must agree to a ChangeSet, said a second time: rights, approvals, override and promotion.

On plain dictionaries, with nothing of the code under test, for every oracle of the fold.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from mesh.wire.requests import Command, Key, Request, Value

Rows = Mapping[Key, tuple[bool, Value, bytes | None]]
"""(present, value, version) by key."""

Right = tuple[str, Key]
"""(level, prefix)."""

ALL: Final[Right] = ("admin", ())
APPROVALS: Final = ("environment", "approvals")
PROMOTION: Final = ("environment", "promotion")

_INCLUDED: Final = {
    "view": ("view",),
    "edit": ("view", "edit"),
    "approve": ("view", "approve"),
    "apply": ("view", "edit", "apply"),
    "admin": ("view", "edit", "approve", "apply", "admin"),
    "override": ("view", "override"),
}
_ADMINISTRATIVE: Final = ("controller", "environment", "invite", "link")
_OF_THE_ENVIRONMENT: Final = (
    *("controller", "data", "environment", "host", "invite", "link"),
    *("operator", "secret", "site", "token"),
)
"""Kinds that are never promoted."""

_IDENTITY: Final = ("name", "id", "clear", "controller")


@dataclass(frozen=True, slots=True)
class Person:
    """An operator, as the state has it."""

    name: str
    key: bytes
    rights: tuple[Right, ...]

    def may(self, level: str, prefix: Key) -> bool:
        """Whether one of the rights covers it."""
        return any(
            level in _INCLUDED[held] and prefix[: len(below)] == below
            for held, below in self.rights
        )


@dataclass(frozen=True, slots=True)
class Said:
    """A ChangeSet, as far as consent is concerned."""

    request: Request
    approvers: tuple[bytes, ...]
    """Those whose signatures are true."""
    is_vouched: bool = True
    """Whether its origin, if it has one, has signed for it."""


def people(state: Rows) -> dict[bytes, Person]:
    """Everybody who holds rights, by key."""
    names = [
        key[1] for key, row in state.items() if key[0] == "operator" and row[0] and not key[2:]
    ]
    found = (Person(name, _key_of(state, name), tuple(_rights(state, name))) for name in names)
    return {person.key: person for person in found}


def _key_of(state: Rows, name: str) -> bytes:
    return bytes.fromhex(str(state["operator", name, "key"][1]))


def _rights(state: Rows, name: str) -> Iterator[Right]:
    for key, row in state.items():
        if key[:3] == ("operator", name, "rights") and row[0]:
            level, _, prefix = key[3].partition(":")
            yield level, tuple(part for part in prefix.split("/") if part)


# --- one ChangeSet --------------------------------------------------------------------------------


def refused(state: Rows, said: Said) -> str:
    """Why rule 0 refuses what is nobody's but people's; empty: it does not."""
    known = people(state)
    signer = known.get(said.request.signer)
    if signer is None or not said.is_vouched:
        return "nobody knows who signed it"
    others = [known[each] for each in dict.fromkeys(said.approvers) if each in known]
    others = [each for each in others if each is not signer]
    written = [key for command in said.request.resolved for key in writes(command)]
    asked = [_asked(signer, key) for key in written]
    demanded = [right for right in asked if right is not None]
    if lacking(demanded, (signer, *others)):
        return "a right is lacking"
    if _is_stale(state, said.request, written):
        return "a right is not what it was"
    return _unmet(state, said.request, written, demanded, (signer, *others))


def has_every_right(state: Rows, keys: Iterable[bytes]) -> bool:
    """Whether one of them may do everything."""
    known = people(state)
    return any(ALL in known[key].rights for key in keys if key in known)


def _asked(signer: Person, key: Key) -> Right | None:
    if key == ("operator", signer.name, "locked"):
        return None
    if key[0] in ("operator", "token"):
        return ALL
    return ("admin" if key[0] in _ADMINISTRATIVE else "apply", key)


def lacking(demanded: Iterable[Right], behind: Iterable[Person]) -> bool:
    """Whether there is a right that none of them holds."""
    crowd = list(behind)
    if any(ALL in each.rights for each in crowd):
        return False
    return any(not any(each.may(*right) for each in crowd) for right in demanded)


def _is_stale(state: Rows, request: Request, written: list[Key]) -> bool:
    return any(
        entry.key[:1] == ("operator",)
        and entry.key[2:3] == ("rights",)
        and entry.key not in written
        and state.get(entry.key, (False, None, None))[2] != entry.version
        for entry in (*request.base, *request.overridden)
    )


def _unmet(
    state: Rows,
    request: Request,
    written: list[Key],
    demanded: list[Right],
    behind: tuple[Person, ...],
) -> str:
    came_by = _link_of(state, request)
    describes = [key for key in written if key[0] not in _OF_THE_ENVIRONMENT]
    if request.origin is not None and (not came_by or request.overridden or describes != written):
        return "it is not what may be promoted, or comes from somewhere else"
    count, link = approvals_in(state), str(state.get(PROMOTION, (False, "", None))[1] or "")
    if not demanded or not (count or link):
        return ""
    signer, *others = behind
    if request.override and all(signer.may("override", prefix) for _, prefix in demanded):
        return ""
    if link not in ("", came_by) and describes:
        return "it does not come by the link"
    agree = [each for each in others if all(each.may("approve", under) for _, under in demanded)]
    return "" if len(agree) >= count else "too few have approved"


def approvals_in(state: Rows) -> int:
    """How many must approve."""
    value = state.get(APPROVALS, (False, 0, None))[1]
    return value if isinstance(value, int) else 0


def _link_of(state: Rows, request: Request) -> str:
    origin = request.origin
    if origin is None:
        return ""
    for key, row in state.items():
        if key[0] == "link" and row[0] and key[2:] == ("environment",):
            there = state[*key[:2], "controllers"][1]
            assert isinstance(there, list)
            if row[1] == origin.environment.hex() and origin.controller.hex() in there:
                return key[1]
    return ""


def writes(command: Command) -> Iterator[Key]:
    """What it takes a right to do: the keys that a command writes, or the whole object."""
    group, verb, given = command.group, command.verb, command.parameters
    if group == "environment":
        yield from (("environment", name) for name in given)
        return
    owner = (
        "operator" if group == "right" else group,
        str(given["controller" if group == "controller" else "name"]),
    )
    if group == "right":
        yield (*owner, "rights", str(given["right"]))
    elif (group, verb) == ("role", "add-service"):
        yield ("service", str(given["service"]), "role")
    elif verb == "modify":
        cleared = given.get("clear", [])
        assert isinstance(cleared, list)
        yield from ((*owner, str(name)) for name in (*given, *cleared) if name not in _IDENTITY)
    elif verb.startswith(("add-", "remove-")):
        element = verb.partition("-")[2]
        yield (*owner, f"{element}s", str(given[element]))
    else:
        yield owner


# --- the whole ------------------------------------------------------------------------------------


def unsound(state: Rows) -> str:
    """What of the invariants that are about people does not hold; empty: all do."""
    crowd = list(people(state).values())
    if not any(ALL in each.rights for each in crowd):
        return "nobody may do everything"
    keys = [key for key, row in state.items() if key[0] == "operator" and row[0] and not key[2:]]
    if len(keys) > len(crowd):
        return "two sign with one key"
    link = str(state.get(PROMOTION, (False, "", None))[1] or "")
    if link and not state.get(("link", link), (False, None, None))[0]:
        return "the link that is demanded is not there"
    count = approvals_in(state)
    if not count:
        return ""
    for each in (each for each in crowd if each.may("admin", APPROVALS)):
        rest = [other for other in crowd if other is not each and other.may("approve", APPROVALS)]
        if each.may("override", APPROVALS) or len(rest) >= count:
            return ""
    return "the demand could never be lowered again"
