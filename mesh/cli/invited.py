"""Where ``trellis up`` finds the code of an invite.

The code is a secret, and what stands on a command line is read by everybody on the host. So a file,
standard input and an environment variable do as well; the command line is for people who are in a
hurry, since a code works once and not for long.
"""

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import Final

from mesh.cli.errors import WRONG_USAGE, CommandError

INVITE_VARIABLE: Final = "TRELLIS_INVITE"
STANDARD_INPUT: Final = "-"
_CHARACTERS_MAX: Final = 65_536
"""Of a file: more than any code, and little enough when it is something else."""


def invite_code(arguments: argparse.Namespace) -> str | None:
    """The code, from wherever it was given; None where it was not. Raises CommandError."""
    if arguments.invite is not None and arguments.invite_file is not None:
        raise CommandError(WRONG_USAGE, "--invite and --invite-file: one of them, please.")
    if arguments.invite_file is not None:
        return _read(arguments.invite_file)
    if arguments.invite is not None:
        return str(arguments.invite)
    return os.environ.get(INVITE_VARIABLE) or None


def _read(file: str) -> str:
    if file == STANDARD_INPUT:
        return getpass.getpass("invite: ") if sys.stdin.isatty() else sys.stdin.readline()
    try:
        with Path(file).open(encoding="utf-8", errors="replace") as lines:
            return lines.read(_CHARACTERS_MAX)
    except OSError as error:
        raise CommandError(WRONG_USAGE, f"--invite-file: {file}: {error.strerror}.") from error
