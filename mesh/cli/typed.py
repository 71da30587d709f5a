"""What was typed into a draft on this machine: that needs no second look before it is signed.

A draft lives on its controller, and whatever is signed at last comes back from there. So a note of
the commands that went into it from here is kept beside the login session; a draft that holds the
very same is signed without a question, and any other is shown and asked about.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mesh.cli import opened, session

if TYPE_CHECKING:
    from mesh.cli.client import Client

_SUFFIX: Final = ".typed"
_DIGITS: Final = 32


def note(client: Client, name: str, commands: Sequence[object]) -> None:
    """``commands`` went into the draft ``name`` from here."""
    if not session.any_kept():
        return  # nobody here signs anything
    file = _file(client, name)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _ = file.write_text(json.dumps([*_noted(file), *commands]))


def forget(client: Client, name: str) -> None:
    """The draft ``name`` begins anew, or has come to its end."""
    if session.any_kept():
        _file(client, name).unlink(missing_ok=True)


def is_all_from_here(client: Client, name: str, commands: Sequence[object]) -> bool:
    """Whether ``commands`` are those that went into the draft from here, in this order."""
    return bool(commands) and _noted(_file(client, name)) == list(commands)


def _noted(file: Path) -> list[object]:
    try:
        told = json.loads(file.read_text())
    except (OSError, ValueError):
        return []
    return told if isinstance(told, list) else []


def _file(client: Client, name: str) -> Path:
    mark = hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]
    return opened.directory() / f"{opened.environment_of(client)[:_DIGITS]}-{mark}{_SUFFIX}"
