"""A load-balancer path: which services answer for a host and a prefix, and in which shares."""

from typing import Final

from mesh.environment.compounds import MappingOf
from mesh.environment.declarations import Parameter
from mesh.environment.index import Claim, Fields
from mesh.environment.kind import Kind
from mesh.environment.objects import object_commands
from mesh.environment.shapes import Reference, Text, Whole

NAME: Final = "path"

EVERYTHING: Final = "/"
"""The prefix of a path that says none, or whose prefix was cleared."""

WEIGHT: Final = 100
"""The share of a service that is named without one."""

_FIELDS: Final = (
    Parameter(
        "host",
        Text(
            "a host name, or * for every host",
            r"\*|(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*",
            characters_max=253,
        ),
        "the host that is asked for",
        required=True,
    ),
    Parameter(
        "prefix",
        Text("a path that begins with /", r"/[!-~]*", characters_max=255),
        "how the path that is asked for begins",
        default=EVERYTHING,
    ),
    Parameter(
        "services",
        MappingOf(
            Reference("service"), Whole(0, 1_000), elements_min=1, elements_max=32, unsaid=WEIGHT
        ),
        "who answers, each with its share",
        required=True,
    ),
)


def _claims(name: str, fields: Fields) -> tuple[Claim, ...]:
    """A request has one path."""
    del name
    prefix = str(fields.get("prefix", EVERYTHING))
    return (Claim(("path", str(fields["host"]), prefix)),)


KIND: Final = Kind(
    NAME,
    "where a load balancer sends requests",
    _FIELDS,
    object_commands(NAME, _FIELDS),
    claims=_claims,
    described=True,
)
