"""Asking for a passphrase: at the terminal without showing it, or one line of standard input.

It is never taken from the command line, which every user of the machine can read, nor from a
variable, which every child process gets.
"""

from __future__ import annotations

import getpass
import sys

from mesh.cli.errors import FAILED, WRONG_USAGE, CommandError


def ask(prompt: str) -> str:
    """The passphrase of a key that is locked. Raises CommandError where nobody answers."""
    if sys.stdin.isatty():
        return getpass.getpass(f"{prompt}: ")
    line = sys.stdin.readline()
    if not line:
        raise CommandError(FAILED, "no passphrase came: type it, or give it on standard input.")
    return line.rstrip("\n")


def ask_new(name: str) -> str:
    """A new passphrase, typed twice at a terminal. Raises CommandError where it is no good one."""
    from mesh.driver.locking import passphrase_errors

    passphrase = ask(f"new passphrase for {name}")
    errors = passphrase_errors(passphrase)
    if errors:
        raise CommandError(WRONG_USAGE, *errors)
    if sys.stdin.isatty() and ask("the same once more") != passphrase:
        raise CommandError(WRONG_USAGE, "the two are not the same: nothing was done.")
    return passphrase
