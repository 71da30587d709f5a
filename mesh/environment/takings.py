"""What a ChangeSet takes away from somebody: a place in the roster, a right, a key, a way in.

Most changes may be undone by whoever may change things. To undo one of these is to let somebody in
again, so it is never left to machines: a merge that a controller decides alone keeps them. What is
taken is a key of the configuration that stands for all below it, known from the commands alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from mesh.environment.commands import check_resolved, unknown_part
from mesh.environment.declarations import Touch
from mesh.environment.kinds import controller, invite, link, operator, token
from mesh.wire.requests import Command, Key

TAKING: Final[Mapping[tuple[str, str], Touch]] = {
    (controller.NAME, "remove"): Touch((controller.NAME, "{controller}")),
    (invite.NAME, "revoke"): Touch((invite.NAME, "{invite}")),
    (link.NAME, "delete"): Touch((link.NAME, "{name}")),
    (operator.NAME, "modify"): Touch((operator.NAME, "{name}", "key"), "key"),
    (operator.NAME, "remove"): Touch((operator.NAME, "{name}")),
    (operator.RIGHT, "revoke"): Touch((operator.NAME, "{name}", "rights", "{right}")),
    (token.NAME, "revoke"): Touch((token.NAME, "{name}")),
}
"""By group and verb. Another key for an operator takes what the former one could do."""


def takings(commands: Sequence[Command]) -> tuple[Key, ...]:
    """What resolved ``commands`` take away; what this version does not understand takes nothing."""
    taken: dict[Key, None] = {}
    for each in commands:
        touch = TAKING.get((each.group, each.verb))
        if touch is not None and not unknown_part(each) and not check_resolved(each):
            taken |= dict.fromkeys(touch.keys(each.parameters))
    return tuple(taken)


def are_taken(demanded: Iterable[Key], taken: Sequence[Key]) -> bool:
    """Whether each of ``demanded`` is one of ``taken``, or lies below one."""
    return all(any(key[: len(each)] == each for each in taken) for key in demanded)
