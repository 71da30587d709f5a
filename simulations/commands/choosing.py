"""Which scenario a command is about: one of a file, one of the library, or that of a seed."""

from pathlib import Path

import msgspec

from simulations.scenario import read
from simulations.selection import UnknownHost, resolved
from simulations.sweep.source import Fixed, Generated, Source


class Unknown(Exception):
    """No scenario has this name; the text says what was looked for."""


def chosen_source(text: str | None) -> Source:
    """What ``text`` names; without it every seed has a scenario of its own.

    Raises Unknown.
    """
    if text is None:
        return Generated()
    path = Path(text)
    try:
        return Fixed(path.stem, resolved(read(path.read_bytes())))
    except OSError as error:
        raise Unknown(f"{text} cannot be read: {error.strerror}") from error
    except (msgspec.MsgspecError, UnknownHost) as error:
        raise Unknown(f"{text} is no scenario: {error}") from error
