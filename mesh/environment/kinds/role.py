"""A role: what a group of hosts is for. Hosts have roles, and a service runs where its role is.

That a service is of a role stands in the service alone, and that a host has one in the host alone:
a list of them here would be a second truth. ``role add-service`` writes into the service.

A role that is named for the first time is made by being named (see :mod:`.resolve`), because most
roles have nothing to say but their name.
"""

from typing import Final

from mesh.environment.declarations import (
    ID_PARAMETER,
    Arguments,
    Declaration,
    Parameter,
    Touch,
    object_key,
    text,
)
from mesh.environment.draft import Draft, Refusal
from mesh.environment.kind import Kind
from mesh.environment.objects import object_commands
from mesh.environment.shapes import CREATION_ID, Reference, Text

NAME: Final = "role"
_SERVICE: Final = "service"

_FIELDS: Final = (Parameter("description", Text(), "what its hosts are for"),)
_WHICH: Final = Parameter("name", Reference(NAME), "which role", required=True)
_WHAT: Final = Parameter(_SERVICE, Reference(_SERVICE), "which service", required=True)
_ID: Final = Parameter(ID_PARAMETER, CREATION_ID, "the creation id of the service that is meant")


def _fill_service(draft: Draft, arguments: Arguments, fresh: str) -> Arguments:
    del fresh
    if ID_PARAMETER in arguments:
        return arguments
    return {**arguments, ID_PARAMETER: draft.peek(object_key(arguments, _SERVICE, _SERVICE))}


def _add_service(draft: Draft, arguments: Arguments) -> Refusal | None:
    role, service = object_key(arguments, NAME), object_key(arguments, _SERVICE, _SERVICE)
    if not draft.present(service):
        return Refusal(f"there is no service named '{service[1]}'", service)
    if draft.read(service) != arguments[ID_PARAMETER]:
        return Refusal(f"the service '{service[1]}' is another than the one meant", service)
    if not draft.present(role):
        return Refusal(f"there is no role named '{role[1]}'", role)
    draft.write((*service, NAME), text(arguments, "name"))
    return None


KIND: Final = Kind(
    NAME,
    "what a group of hosts is for",
    _FIELDS,
    (
        *object_commands(NAME, _FIELDS),
        Declaration(
            NAME,
            "add-service",
            "let a service run on the hosts of this role, and no longer on those of its former one",
            (_WHICH, _WHAT, _ID),
            _add_service,
            reads=(Touch((NAME, "{name}")), Touch((_SERVICE, "{service}"))),
            writes=(Touch((_SERVICE, "{service}", NAME)),),
            fill=_fill_service,
        ),
    ),
    described=True,
)
