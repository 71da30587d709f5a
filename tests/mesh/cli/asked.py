"""What a person asks for, and the request that an honest controller makes of it."""

from msgspec.structs import replace

from mesh.cli.session import Session
from mesh.wire.requests import Command, Request

KEY = "ab" * 32
ENVIRONMENT = "cd" * 32
WHO = Session(ENVIRONMENT, "ann", KEY, 0, bytes(range(32)))
SITE = Command("site", "create", {"name": "x", "location": "eu"})
MADE = Command("site", "create", {**SITE.parameters, "id": "00" * 16})
GRANT = Command("right", "grant", {"name": "eve", "right": "admin:/"})
ASKED: dict[str, object] = {
    "commands": [{"group": "site", "verb": "create", "parameters": dict(SITE.parameters)}]
}


def request(**changes: object) -> Request:
    """A request as the controller makes it of ASKED."""
    made = Request(
        0,
        bytes.fromhex(ENVIRONMENT),
        bytes.fromhex(KEY),
        "a change",
        (SITE,),
        (MADE,),
        (),
        (),
        1,
        "",
        bytes(16),
        None,
        override=False,
    )
    return replace(made, **changes)
