"""An operator: a person's name, the key that signs for them, and what they may do.

The private key never comes here. Where a person wants to log in on any controller, the key comes
*locked* by a passphrase (see :mod:`mesh.driver.locking`), which only that person can open.
Rights are a set, each an element of its own, so two admins who grant different ones do not meet.
"""

from dataclasses import replace
from typing import Final

from mesh.environment.declarations import Declaration, ElementSet, Parameter
from mesh.environment.index import Claim, Fields
from mesh.environment.kind import Kind
from mesh.environment.objects import object_commands
from mesh.environment.rights import RIGHT_PATTERN
from mesh.environment.shapes import HEX32, Text
from mesh.wire.limits import KEY_PART_CHARACTERS_MAX

NAME: Final = "operator"
RIGHT: Final = "right"
FOUNDER: Final = "founder"
"""The name of the first operator, who may do everything."""

LOCKED_CHARACTERS_MAX: Final = 512
"""A locked key takes 152."""

_RIGHT: Final = Text(
    "a right such as apply:/service/blog: view, edit, approve, apply, admin or override,"
    " over a prefix",
    RIGHT_PATTERN,
    characters_max=KEY_PART_CHARACTERS_MAX,
)
_FIELDS: Final = (
    Parameter("key", HEX32, "the Ed25519 public key that signs for the operator", required=True),
    Parameter(
        "locked",
        Text(
            "a key locked by a passphrase, as `trellis operator create` makes it",
            r"[A-Za-z0-9_-]+",
            characters_max=LOCKED_CHARACTERS_MAX,
        ),
        "the private key, locked by the operator's passphrase",
        confidential=True,
    ),
    Parameter("description", Text(), "who that is"),
)
_SETS: Final = (ElementSet("rights", Parameter("right", _RIGHT, "what the operator may do")),)

_CREATE, _MODIFY, _DELETE, _ADD, _REMOVE = object_commands(NAME, _FIELDS, _SETS)

GRANTS: Final[tuple[Declaration, ...]] = (
    replace(_ADD, group=RIGHT, verb="grant", help="let an operator do something"),
    replace(_REMOVE, group=RIGHT, verb="revoke", help="let an operator do it no longer"),
)
"""The commands by which rights come and go; they change the operator's object."""


def signing_key(fields: Fields) -> Claim:
    """No two of those who hold rights sign with one key."""
    return Claim(("signing key", str(fields["key"])))


def _claims(name: str, fields: Fields) -> tuple[Claim, ...]:
    del name
    return (signing_key(fields),)


KIND: Final = Kind(
    NAME,
    "a person who may change the environment",
    _FIELDS,
    (_CREATE, _MODIFY, replace(_DELETE, verb="remove")),
    _SETS,
    _claims,
)
