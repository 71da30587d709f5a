"""A token: a key for a program, with fixed rights and an end.

A token is an Ed25519 seed; kept here is only the public key that follows from it, so whoever reads
the configuration learns nothing that could be used. When it ends is judged by the controller that
is shown the token: the fold has no clock.
"""

from dataclasses import replace
from typing import Final

from mesh.environment.compounds import ListOf
from mesh.environment.declarations import Parameter
from mesh.environment.index import Claim, Fields
from mesh.environment.kind import Kind
from mesh.environment.kinds.operator import signing_key
from mesh.environment.objects import object_commands
from mesh.environment.rights import RIGHT_PATTERN
from mesh.environment.shapes import HEX32, Text, Whole
from mesh.wire.limits import KEY_PART_CHARACTERS_MAX

NAME: Final = "token"
RIGHTS_MAX: Final = 16
"""Rights of one token; a program that needs more does too much."""

_RIGHT: Final = Text(
    "a right such as apply:/service/blog: view, edit, approve or apply, over a prefix",
    f"(?!admin:|override:){RIGHT_PATTERN}",
    characters_max=KEY_PART_CHARACTERS_MAX,
)
_FIELDS: Final = (
    Parameter("key", HEX32, "the public key that follows from the token", required=True),
    Parameter(
        "rights",
        ListOf(_RIGHT, RIGHTS_MAX),
        "what it may do, never admin or override",
        required=True,
    ),
    Parameter("expires_ns", Whole(1), "when it ends, in nanoseconds since 1970", required=True),
    Parameter("description", Text(), "what it is for"),
)

_CREATE, _, _DELETE = object_commands(NAME, _FIELDS)


def _claims(name: str, fields: Fields) -> tuple[Claim, ...]:
    del name
    return (signing_key(fields),)


KIND: Final = Kind(
    NAME,
    "a key for a program, with an end",
    _FIELDS,
    (_CREATE, replace(_DELETE, verb="revoke", help="end a token now")),
    claims=_claims,
)
