"""Which controller is of which environment: noted at the first use, as with the hosts of ssh.

Somebody may be logged in to test and to production at once, and a controller says by itself which
of them it is in. One of test that lied about it would be given what was typed for test, signed for
production. So the command notes for each socket what was said there first, and signs nothing when
another environment is named; to log in there says anew what is right.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mesh.cli import session
from mesh.cli.errors import FAILED, CommandError

if TYPE_CHECKING:
    from mesh.cli.session import Session

_FILE: Final = "places.json"
_PLACES_MAX: Final = 1_000
"""Sockets that are remembered: more than anybody reaches from one machine."""


def demand_same(place: Path, who: Session) -> None:
    """Raises CommandError where another environment was at ``place`` before."""
    noted = _noted().get(_name(place))
    if noted is None:
        note(place, who.environment)
    elif noted != who.environment:
        raise CommandError(
            FAILED,
            f"the controller at {place} was of the environment {noted[:8]}, and says now that it is"
            f" of {who.environment[:8]}. Nothing was signed.",
            f"If that is right: `trellis login {who.name}` there.",
        )


def note(place: Path, environment: str) -> None:
    """The controller at ``place`` is of ``environment``."""
    directory = session.directory()
    if directory is None:
        return
    noted = {**_noted(), _name(place): environment}
    kept = dict(list(noted.items())[-_PLACES_MAX:])
    fresh = directory / f"{_FILE}.new"
    _ = fresh.write_text(json.dumps(kept))
    _ = fresh.replace(directory / _FILE)


def _name(place: Path) -> str:
    return str(place.resolve())


def _noted() -> dict[str, str]:
    directory = session.directory()
    try:
        told = None if directory is None else json.loads((directory / _FILE).read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in told.items()} if isinstance(told, dict) else {}
