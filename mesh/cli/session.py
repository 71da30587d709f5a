"""Who is logged in: an operator's unlocked key, in memory, for some hours.

``trellis login`` puts the key into a file that only its user can read, in the directory that the
system keeps in memory for each user while they are logged in (XDG_RUNTIME_DIR). It is gone at
``trellis logout``, at the end that was set, and when the user logs out of the machine. A key never
goes further: requests are signed in the process of the command.
"""

from __future__ import annotations

import json
import os
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mesh.cli.errors import FAILED, CommandError

DIRECTORY_VARIABLE: Final = "TRELLIS_SESSION_DIR"
_SUFFIX: Final = ".session"
_ENVIRONMENT_DIGITS: Final = 32


@dataclass(frozen=True, slots=True)
class Session:
    """One operator of one environment."""

    environment: str
    """Its id in hex."""
    name: str
    key: str
    """The public key in hex."""
    expires_ns: int
    """On this machine's wall clock."""
    seed: bytes = field(repr=False)


def directory() -> Path | None:
    """Where sessions are; None: this user has no private directory in memory."""
    said = os.environ.get(DIRECTORY_VARIABLE)
    if said:
        return Path(said)
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return Path(runtime) / "trellis" if runtime else None


def keep(session: Session) -> Path:
    """Write a session down; the file. Raises CommandError where there is no place for it."""
    place = directory()
    if place is None:
        raise CommandError(
            FAILED,
            "there is no XDG_RUNTIME_DIR to keep the key in: name a directory of your own, best in "
            f"memory, with {DIRECTORY_VARIABLE}.",
        )
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = place.stat()
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
        raise CommandError(FAILED, f"{place} can be read by others: run chmod 700 {place}")
    file = _file(place, session.environment)
    file.unlink(missing_ok=True)
    told = {
        "environment": session.environment,
        "name": session.name,
        "key": session.key,
        "expires_ns": session.expires_ns,
        "seed": session.seed.hex(),
    }
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        json.dump(told, opened)
    return file


def current(environment: str) -> Session | None:
    """Who is logged in to ``environment``; one that has ended is forgotten."""
    place = directory()
    if place is None:
        return None
    file = _file(place, environment)
    try:
        told = json.loads(file.read_text())
        session = Session(
            told["environment"],
            told["name"],
            told["key"],
            told["expires_ns"],
            bytes.fromhex(told["seed"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(FAILED, f"{file} cannot be used: log in again ({error})") from error
    if session.expires_ns <= time.time_ns():
        file.unlink(missing_ok=True)
        return None
    return session


def any_kept() -> bool:
    """Whether somebody may be logged in anywhere: a look that costs next to nothing."""
    place = directory()
    return place is not None and any(place.glob(f"*{_SUFFIX}"))


def forget(environment: str | None) -> int:
    """End the session of one environment, None: of all; how many there were."""
    place = directory()
    if place is None:
        return 0
    pattern = "*" if environment is None else environment[:_ENVIRONMENT_DIGITS]
    files = list(place.glob(f"{pattern}{_SUFFIX}"))
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)


def _file(place: Path, environment: str) -> Path:
    return place / f"{environment[:_ENVIRONMENT_DIGITS]}{_SUFFIX}"
