"""``trellis config check``: every mistake in controller.toml at once, before anything starts."""

import argparse

from mesh.cli.arguments import add_common, add_verb, verbs
from mesh.cli.errors import DONE, FAILED, WRONG_USAGE, CommandError
from mesh.cli.output import complain, emit_json, say
from mesh.cli.place import config_file, default_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.epilog = "example:\n  trellis config check controller.toml"
    check = add_verb(
        verbs(parser),
        "check",
        "name every mistake in a configuration file; without FILE, in the one that `up` would read",
        "trellis config check controller.toml",
    )
    check.add_argument("file", metavar="FILE", nargs="?")


def run(arguments: argparse.Namespace) -> int:
    """Check; 1 where there is a mistake."""
    if arguments.verb != "check":
        raise CommandError(WRONG_USAGE, "config: did you mean `trellis config check`?")
    file = config_file(arguments.file)
    if file is None:
        text = f"there is no {default_config()}, and none is needed: name the file to be checked."
        raise CommandError(WRONG_USAGE, text)

    from mesh.driver.configuration import check

    problems = check(file)
    if arguments.json:
        lines = [{"path": problem.path, "text": problem.text} for problem in problems]
        emit_json({"file": str(file), "problems": lines})
    elif problems:
        complain(f"{file} cannot be used:", *(str(problem) for problem in problems))
    else:
        say(f"{file} is fine.")
    return FAILED if problems else DONE
