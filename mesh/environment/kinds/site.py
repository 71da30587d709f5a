"""A site: a place with its own fate, such as an office or a cloud region."""

from typing import Final

from mesh.environment.declarations import Parameter
from mesh.environment.kind import Kind
from mesh.environment.objects import object_commands
from mesh.environment.shapes import Text

NAME: Final = "site"

LOCATION: Final = Text(
    "a location domain such as eu.berlin.office",
    r"[a-z0-9-]+(?:\.[a-z0-9-]+)*",
    characters_max=255,
)

_FIELDS: Final = (
    Parameter(
        "location",
        LOCATION,
        "its location domain, widest place first: what is near is preferred",
        required=True,
    ),
    Parameter("description", Text(), "what people should know about it"),
)

KIND: Final = Kind(
    NAME, "a place with its own fate", _FIELDS, object_commands(NAME, _FIELDS), described=True
)
