"""Which scenario a command is about: one of a file, one of the library, or that of a seed."""

from pathlib import Path
from typing import Final

import msgspec

from simulations.files.library import NoSituation, find
from simulations.files.problems import Misspelled
from simulations.files.situation import Situation
from simulations.scenario import read
from simulations.selection import UnknownHost, resolved
from simulations.sweep.source import Fixed, Generated, Source


class Unknown(Exception):
    """No scenario has this name; the text says what was looked for."""


RESOLVED: Final = ".json"
"""How the name of a file with a resolved scenario ends."""


def chosen_situation(text: str) -> Situation:
    """The situation that ``text`` names: one of the library, or a file.

    Raises Unknown.
    """
    try:
        return find(text)
    except (NoSituation, Misspelled) as error:
        raise Unknown(str(error)) from error
    except OSError as error:
        raise Unknown(f"{text} cannot be read: {error.strerror}") from error


def chosen_source(text: str | None) -> Source:
    """What ``text`` names; without it every seed has a scenario of its own.

    Raises Unknown.
    """
    if text is None:
        return Generated()
    path = Path(text)
    if path.suffix != RESOLVED:
        situation = chosen_situation(text)
        return Fixed(situation.name, situation.plan)
    try:
        return Fixed(path.stem, resolved(read(path.read_bytes())))
    except OSError as error:
        raise Unknown(f"{text} cannot be read: {error.strerror}") from error
    except (msgspec.MsgspecError, UnknownHost) as error:
        raise Unknown(f"{text} is no scenario: {error}") from error
