"""``trellis doctor``: what is wrong here, and what to do about each; or all of it as a scenario."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from mesh.cli.arguments import add_common
from mesh.cli.client import Client
from mesh.cli.errors import DONE, FAILED, NOT_REACHABLE, CommandError
from mesh.cli.output import emit_json, paint, say
from mesh.cli.place import data_dir_of, socket_of

if TYPE_CHECKING:
    from mesh.protocol.replica.views import Diagnosis, Members, Status

_COLOURS: Final = {"ok": "green", "note": "blue", "warning": "yellow", "error": "red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.add_argument(
        "--record",
        metavar="FILE",
        type=Path,
        help="instead write this mesh as a scenario of the simulator: who is there, round-trip"
        " times and loss as seen from here; no keys, addresses or values",
    )
    parser.epilog = (
        "example:\n"
        "  trellis doctor                        # exit code 1 if anything is an error\n"
        "  trellis doctor --data-dir DIR         # also while it does not run: looks at its files\n"
        "  trellis doctor --record mesh.toml     # then: trellis sim run mesh.toml"
    )


def run(arguments: argparse.Namespace) -> int:
    """Show every finding; 1 where one of them is an error. Or record the mesh."""
    client = Client(socket_of(arguments))
    if arguments.record is not None:
        return _record(client, arguments.record, as_json=arguments.json)
    try:
        told = client.get("/v1/doctor")
    except CommandError as error:
        if error.code != NOT_REACHABLE:
            raise
        return _examine(error, arguments)
    return _show(told, as_json=arguments.json)


def _examine(unreachable: CommandError, arguments: argparse.Namespace) -> int:
    """Without a controller to ask, its files are looked at; that it does not run is one finding."""
    from mesh.driver.examination import examine

    remarks = [asdict(each) for each in examine(data_dir_of(arguments))]
    text, _, do = unreachable.errors[0].partition("\n")
    silent = {"level": "warning", "about": "process", "text": text, "do": do}
    is_well = all(each["level"] != "error" for each in remarks)
    code = _show({"well": False, "findings": [silent, *remarks]}, as_json=arguments.json)
    return NOT_REACHABLE if is_well else code


def _show(told: Mapping[str, object], *, as_json: bool) -> int:
    diagnosis = cast("Diagnosis", told)
    if as_json:
        emit_json(dict(told))
    else:
        for finding in diagnosis["findings"]:
            level = paint(finding["level"].ljust(7), _COLOURS[finding["level"]])
            say(f"{level}  {finding['about']}: {finding['text']}")
            if finding["do"]:
                say(f"         {paint('→', 'dim')} {finding['do']}")
    return DONE if diagnosis["well"] else FAILED


def _record(client: Client, file: Path, *, as_json: bool) -> int:
    """Write the mesh as a scenario. Raises CommandError; a file that is there is left alone."""
    from mesh.cli.recording import scenario_of

    status = cast("Status", client.get("/v1/status"))
    members = cast("Members", client.get("/v1/members"))
    text = scenario_of(status, members, time.strftime("%Y-%m-%d"))
    if text is None:
        raise CommandError(
            FAILED, "this controller belongs to no environment yet: see `trellis status`"
        )
    try:
        with file.open("x", encoding="utf-8") as opened:
            _ = opened.write(text)
    except FileExistsError:
        raise CommandError(FAILED, f"{file} is there already: choose another name") from None
    except OSError as error:
        raise CommandError(FAILED, f"{file} cannot be written: {error.strerror}") from error
    if as_json:
        emit_json({"recorded": str(file)})
    else:
        say(f"recorded in {file}; now: trellis sim run {file}")
    return DONE
