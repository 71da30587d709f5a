"""A link: another environment whose ChangeSets may be carried on here.

Kept here is which environment that is and the keys of its controllers, so that the fold can check
the word of one of them by itself. Where it is reached, and with which credentials, differs from
host to host and is said in each controller's own configuration file.
"""

from typing import Final

from mesh.environment.compounds import ListOf
from mesh.environment.declarations import Parameter
from mesh.environment.index import Claim, Fields
from mesh.environment.kind import Kind
from mesh.environment.objects import object_commands
from mesh.environment.shapes import HEX32, Text

NAME: Final = "link"
CONTROLLERS_MAX: Final = 64
"""Keys of one link: those of the controllers that are asked, not of all that there are."""

_FIELDS: Final = (
    Parameter("environment", HEX32, "the id of the other environment", required=True),
    Parameter(
        "controllers",
        ListOf(HEX32, CONTROLLERS_MAX),
        "the keys of its controllers, whose word is taken for what it has applied",
        required=True,
    ),
    Parameter("description", Text(), "what it is"),
)


def _claims(name: str, fields: Fields) -> tuple[Claim, ...]:
    del name
    return (Claim(("linked environment", str(fields["environment"]))),)


KIND: Final = Kind(
    NAME,
    "another environment, whose changes may be promoted to this one",
    _FIELDS,
    object_commands(NAME, _FIELDS),
    claims=_claims,
    described=True,
)
