"""Which change is open: the draft that plain commands go into, for one user and one environment.

It is a note beside the login session, with nothing secret in it: where there is no directory in
memory it is kept in the user's own directory. The draft itself lives on its controller, so a note
that outlives its draft is found out at the next command, which is then not carried out elsewhere.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mesh.cli import session

if TYPE_CHECKING:
    from mesh.cli.client import Client

_SUFFIX: Final = ".open"
_ENVIRONMENT_DIGITS: Final = 32


def directory() -> Path:
    """Where the notes are."""
    return session.directory() or state_directory()


def state_directory() -> Path:
    """The user's own directory for what is to outlive the day."""
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "trellis"


def environment_of(client: Client) -> str:
    """The id of the environment that the controller is in; empty: in none."""
    told = client.get("/v1/status").get("environment")
    return str(told["id"]) if isinstance(told, dict) else ""


def current(client: Client) -> str | None:
    """The name of the open change; None: commands are applied at once."""
    place = directory()
    if not any(place.glob(f"*{_SUFFIX}")):
        return None  # a look that costs next to nothing
    try:
        return _file(place, environment_of(client)).read_text() or None
    except FileNotFoundError:
        return None


def remember(client: Client, name: str) -> None:
    """Commands go into the draft ``name`` from here on."""
    place = directory()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = _file(place, environment_of(client))
    fresh = file.with_suffix(".new")
    _ = fresh.write_text(name)
    _ = fresh.replace(file)


def forget(client: Client, name: str | None = None) -> str | None:
    """Close the open change; with ``name`` only if that is the one. Which one was closed."""
    was = current(client)
    if was is None or (name is not None and name != was):
        return None
    _file(directory(), environment_of(client)).unlink(missing_ok=True)
    return was


def _file(place: Path, environment: str) -> Path:
    return place / f"{environment[:_ENVIRONMENT_DIGITS]}{_SUFFIX}"
