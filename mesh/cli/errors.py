"""How a command ends: the exit codes, and errors that say what, why, and what to do."""

from typing import Final

DONE: Final = 0
FAILED: Final = 1
WRONG_USAGE: Final = 2
NOT_REACHABLE: Final = 3
REFUSED: Final = 4
CONFLICT: Final = 5
INTERRUPTED: Final = 130
"""Ctrl-C, as shells know it: 128 and the number of the signal."""


class CommandError(Exception):
    """The command ends with ``code``; each of ``errors`` is one line for a person."""

    def __init__(self, code: int, *errors: str) -> None:
        super().__init__("; ".join(errors))
        self.code = code
        self.errors = errors
