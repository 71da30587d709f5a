"""What a request would do to the roster and to the policy: known from its commands alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from mesh.environment.commands import check_resolved, unknown_part
from mesh.environment.kinds import controller, environment
from mesh.environment.policy import Policy
from mesh.wire.requests import Command


@dataclass(frozen=True, slots=True)
class RosterEffect:
    """What a request would do to the roster and to the barrier's policy; nothing, for most."""

    activated: tuple[bytes, ...] = ()
    """Controllers that it makes ACTIVE, sorted."""
    removed: tuple[bytes, ...] = ()
    """Controllers that it removes, sorted."""
    policy: Policy | None = None
    """The policy that it sets."""


def roster_effect(commands: Sequence[Command]) -> RosterEffect:
    """The effect of resolved ``commands``; what this version does not understand has none."""
    understood = [each for each in commands if not unknown_part(each) and not check_resolved(each)]
    policies = [
        Policy(str(each.parameters["barrier"]))
        for each in understood
        if each.group == environment.NAME and "barrier" in each.parameters
    ]
    return RosterEffect(
        _controllers(understood, "activate"),
        _controllers(understood, "remove"),
        policies[-1] if policies else None,
    )


def _controllers(commands: Sequence[Command], verb: str) -> tuple[bytes, ...]:
    keys = dict.fromkeys(
        str(each.parameters[controller.NAME])
        for each in commands
        if (each.group, each.verb) == (controller.NAME, verb)
    )
    return tuple(sorted(bytes.fromhex(key) for key in keys))
