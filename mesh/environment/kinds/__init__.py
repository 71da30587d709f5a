"""All kinds of object and all commands. A new kind is one file in this folder and one line here."""

from collections.abc import Mapping
from typing import Final

from mesh.environment.declarations import Declaration
from mesh.environment.kind import Kind
from mesh.environment.kinds import (
    checkpoint,
    controller,
    data,
    environment,
    environment_secret,
    forms,
    host,
    invite,
    item,
    link,
    merge,
    operator,
    path,
    role,
    secret,
    service,
    site,
    token,
)

__all__ = ["COMMANDS", "KINDS", "SCHEMA"]

KINDS: Final = (
    environment.KIND,
    controller.KIND,
    invite.KIND,
    site.KIND,
    role.KIND,
    host.KIND,
    service.KIND,
    path.KIND,
    item.KIND,
    secret.KIND,
    operator.KIND,
    token.KIND,
    link.KIND,
    data.KIND,
    environment_secret.KIND,
)

SCHEMA: Final[Mapping[str, Kind]] = {kind.name: kind for kind in KINDS}

COMMANDS: Final[Mapping[tuple[str, str], Declaration]] = {
    (command.group, command.verb): command
    for command in (
        *(command for kind in KINDS for command in kind.commands),
        *forms.COMMANDS,
        *operator.GRANTS,
        *merge.COMMANDS,
        *checkpoint.COMMANDS,
    )
}
