"""Who has agreed, counted once more by somebody else.

What took effect had, at its place in the order, as many approvals as the environment demanded
there, each of an operator who was allowed to approve what it writes, and who had not signed it. A
right that was withdrawn on the other side of a split counts, or not, as the order has it.

Only rights to approve are looked at, and values by their names: all else takes a right to approve
everything.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mesh.environment.kinds.operator import FOUNDER
from mesh.protocol.catalogue import ChangeSet
from mesh.wire.requests import Command, Key, Kind, Request
from simulations.checkers.barrier import Rest
from simulations.checkers.ledger import Ledger

_LEVELS: Final = ("approve", "admin")
"""Rights that allow to approve."""
_BY_PEOPLE: Final = (Kind.NORMAL, Kind.ROSTER)


@dataclass(slots=True)
class _People:
    """The operators at one place of the history, and how many of them must agree."""

    demanded: int = 0
    keys: dict[str, bytes] = field(default_factory=dict)
    approving: dict[str, dict[Key, None]] = field(default_factory=dict)
    """By operator: below what it may approve."""

    def do(self, command: Command) -> None:
        """``command`` has taken effect."""
        given, name = command.parameters, str(command.parameters.get("name"))
        level, _, below = str(given.get("right")).partition(":")
        match command.group, command.verb:
            case "operator", "create":
                self.keys[name] = bytes.fromhex(str(given["key"]))
            case "right", "grant" if level in _LEVELS:
                self.approving.setdefault(name, {})[_parts(below)] = None
            case "right", "revoke" if level in _LEVELS:
                _ = self.approving.get(name, {}).pop(_parts(below), None)
            case "environment", "set" if isinstance(count := given.get("approvals"), int):
                self.demanded = count
            case _:
                pass

    def agree(self, change_set: ChangeSet) -> int:
        """How many of those who approved it count."""
        written = [_written(command) for command in change_set.request.resolved]
        approvals = {each.operator: None for each in change_set.attempt.approvals}
        _ = approvals.pop(change_set.request.signer, None)
        return sum(
            self.keys[name] in approvals and all(_covers(held, key) for key in written)
            for name, held in self.approving.items()
            if name in self.keys
        )


def unagreed(rest: Rest, ledger: Ledger, founder: bytes | None) -> Iterator[str]:
    """What took effect for the controller at ``rest``, and had not the consent that it takes.

    ``founder`` is the key of the operator whom the founding record names, if there is a record.
    """
    attempts: dict[bytes, list[ChangeSet]] = {}
    for attempt, entry in ledger.entries.items():
        if attempt in rest.history:
            attempts.setdefault(entry.change_set.tx, []).append(entry.change_set)
    people = _People()
    if founder is not None:
        people.keys[FOUNDER] = founder
        people.approving[FOUNDER] = {(): None}
    for tx in rest.effective:
        made = attempts.get(tx, [])
        if made and _takes_consent(made[0].request, made[0].kind):
            count = max(map(people.agree, made))
            if count < people.demanded:
                yield f"{tx.hex()[:8]} took effect with {count} of {people.demanded} approvals"
        for command in made[0].request.resolved if made else ():
            people.do(command)


def _takes_consent(request: Request, kind: Kind) -> bool:
    """Whether people asked for it: what controllers say takes nobody's approval."""
    is_step = all(each.group == "controller" for each in request.resolved)
    return kind in _BY_PEOPLE and not is_step and not request.override


def _written(command: Command) -> Key:
    """What must be covered: a value by its name, or everything."""
    return ("item", str(command.parameters["name"])) if command.group == "item" else ()


def _covers(held: dict[Key, None], key: Key) -> bool:
    return any(key[: len(below)] == below for below in held)


def _parts(path: str) -> Key:
    return tuple(part for part in path.split("/") if part)
