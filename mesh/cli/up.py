"""``trellis up``: run a controller here, and say in a few lines what it is and what comes next."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mesh.cli.errors import DONE, FAILED, WRONG_USAGE, CommandError
from mesh.cli.invited import INVITE_VARIABLE
from mesh.cli.output import has_terminal
from mesh.cli.place import CONFIG_VARIABLE, DATA_DIR_VARIABLE

if TYPE_CHECKING:
    from mesh.driver.configuration import Configuration, LoggingSection


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.epilog = (
        "example:\n  trellis up --name oak --site office\n"
        "  trellis up --name elm --site office --invite-file -\n\n"
        "What is given here wins over controller.toml. Ctrl-C stops the controller in good order."
    )
    parser.add_argument("--config", metavar="FILE", help=f"controller.toml; also {CONFIG_VARIABLE}")
    parser.add_argument(
        "--data-dir", metavar="DIR", help=f"keys and journal; also {DATA_DIR_VARIABLE}"
    )
    parser.add_argument("--socket", metavar="PATH", help="the API's socket")
    parser.add_argument("--name", metavar="NAME", help="what others call it (the host's name)")
    parser.add_argument("--site", metavar="NAME", help="the place that it shares its fate with")
    parser.add_argument(
        "--listen", metavar="ADDRESS", action="append", help="an IP address (all of this host)"
    )
    parser.add_argument("--port", metavar="PORT", help="UDP and TCP; 0: any free one")
    parser.add_argument(
        "--advertise", metavar="HOST:PORT", action="append", help="what others are told"
    )
    parser.add_argument(
        "--seed",
        metavar="HOST[:PORT]",
        action="append",
        help="another controller; one with seeds never founds an environment by itself",
    )
    parser.add_argument(
        "--invite",
        metavar="CODE",
        help=f"join by the code that `trellis invite` printed elsewhere; also {INVITE_VARIABLE}",
    )
    parser.add_argument(
        "--invite-file",
        metavar="FILE",
        help="the same, read from a file, so that no list of processes shows it; -: standard input",
    )
    parser.add_argument("--no-mdns", action="store_true", help="do not look around by mDNS")
    parser.add_argument(
        "--found", action="store_true", help="found an environment, whoever else is there"
    )
    parser.add_argument(
        "--until-eof", action="store_true", help="stop when standard input ends, for supervisors"
    )
    parser.add_argument(
        "--new-identity",
        action="store_true",
        help="set key and journal aside and begin as a new controller, for one of two copies",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object to a line")


def run(arguments: argparse.Namespace) -> int:
    """Serve until it is told to stop."""
    from mesh.cli.configuring import configured
    from mesh.driver.configuration import ConfigurationError

    try:
        configuration = configured(arguments)
    except ConfigurationError as error:
        lines = (str(problem) for problem in error.problems)
        raise CommandError(
            WRONG_USAGE, "this cannot be a controller's configuration:", *lines
        ) from error
    return _serve(configuration, arguments)


def _serve(configuration: Configuration, arguments: argparse.Namespace) -> int:
    import trio

    from mesh.cli.serving import serve
    from mesh.driver import log
    from mesh.driver.errors import ControllerError

    log.configure(_logging(configuration, arguments), configuration.controller.name)
    try:
        if arguments.new_identity:
            _set_identity_aside(configuration)
        trio.run(serve, configuration, arguments.until_eof, arguments.json)
    except* ControllerError as group:
        raise CommandError(FAILED, *_texts(group)) from group
    except* OSError as group:
        raise CommandError(FAILED, *_texts(group)) from group
    return DONE


def _set_identity_aside(configuration: Configuration) -> None:
    """Nothing is deleted: whoever chose the wrong one of two copies can put it back."""
    import logging
    import time

    from mesh.driver import log
    from mesh.driver.directory import DataDirectory

    with DataDirectory(configuration.controller.data_dir) as directory:
        folder = directory.set_identity_aside(time.time_ns())
    text = f"the former key and journal are in {folder}; this is a new controller, to be accepted"
    log.note(logging.WARNING, "new identity", text)


def _logging(configuration: Configuration, arguments: argparse.Namespace) -> LoggingSection:
    """Who watches a terminal is told by `serving` what happens; there only trouble is logged."""
    from dataclasses import replace

    from mesh.driver.configuration import Destination, Level

    section = configuration.logging
    watched = has_terminal() and not arguments.json
    if watched and section.destination is Destination.STDERR and section.level is Level.INFO:
        return replace(section, level=Level.WARNING)
    return section


def _texts(group: BaseExceptionGroup[BaseException]) -> list[str]:
    texts: list[str] = []
    for error in group.exceptions:
        texts += _texts(error) if isinstance(error, BaseExceptionGroup) else [str(error)]
    return texts
