"""``trellis export``: the environment as files, one for each kind of object.

An export of the same environment is the same text, so a directory under version control shows what
has changed. Secrets are named, with a mark in place of the value.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mesh.cli.arguments import add_common
from mesh.cli.client import Client
from mesh.cli.errors import DONE, FAILED, CommandError
from mesh.cli.output import emit_json, paint, say
from mesh.cli.place import socket_of

if TYPE_CHECKING:
    from mesh.environment.source.exporting import Tree
    from mesh.environment.source.standing import Ground

SCHEMA_FILE: Final = "trellis.schema.json"
_WRITTEN: Final = "# Written by `trellis export`."
_HEAD: Final = f"{_WRITTEN} Change it, then: trellis plan -f DIRECTORY\n"
_FOR_EDITORS: Final = f"# yaml-language-server: $schema={SCHEMA_FILE}\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("-o", "--output", metavar="DIR", required=True, help="where to write")
    parser.add_argument(
        "--format", choices=("yaml", "toml"), default="yaml", help="of the files (default yaml)"
    )
    add_common(parser)
    parser.epilog = "example:\n  trellis export -o shop/\n  git -C shop/ diff"


def run(arguments: argparse.Namespace) -> int:
    """Write them."""
    from mesh.cli.source.planning import look, warn_of_hidden
    from mesh.environment.source.exporting import export_tree

    place = Path(arguments.output)
    _demand_ours(place, arguments.format)
    sight = look(Client(socket_of(arguments)))
    tree = export_tree(sight.ground)
    texts = dict(_texts(tree, arguments.format))
    _write(place, texts, arguments.format)
    if arguments.json:
        told = {"version": 1, "files": sorted(texts), "content_hash": sight.content_hash}
        told["whole"] = sight.is_whole
        emit_json({**told, "objects": {kind: len(members) for kind, members in tree.items()}})
    else:
        _say(place, tree, sight.ground)
        warn_of_hidden(sight)
        say(f"content {paint(sight.content_hash[:16], 'bold')}")
    return DONE


def _demand_ours(place: Path, suffix: str) -> None:
    """Raises CommandError where other files would describe the same objects again."""
    if not place.is_dir():
        return
    from mesh.cli.source.directory import files_of
    from mesh.environment.source.standing import DESCRIBED

    ours = [place / f"{kind}.{suffix}" for kind in (*DESCRIBED, "secret")]
    others = [str(each) for each in files_of(place) if each not in ours]
    if others:
        raise CommandError(
            FAILED,
            f"{place} holds files that describe in another way: {', '.join(others[:5])}.",
            "Export into an empty directory, and take over what you need.",
        )


def _texts(tree: Tree, suffix: str) -> Iterator[tuple[str, str]]:
    """Names of files, and what is to stand in them."""
    from mesh.cli.source.writer import to_toml, to_yaml
    from mesh.environment.source.standing import DESCRIBED

    for kind, members in tree.items():
        if suffix == "yaml":
            text = f"{_HEAD}{_FOR_EDITORS}{to_yaml({kind: members})}"
        else:
            flat = kind in DESCRIBED and DESCRIBED[kind].plain
            text = _HEAD + to_toml(kind, members, flat=flat)
        yield f"{kind}.{suffix}", text


def _write(place: Path, texts: Mapping[str, str], suffix: str) -> None:
    from mesh.environment.source.json_schema import source_schema

    try:
        place.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            _ = (place / name).write_text(text, "utf-8")
        for stale in place.glob(f"*.{suffix}"):
            if stale.name not in texts and stale.read_text("utf-8").startswith(_WRITTEN):
                stale.unlink()
        schema = json.dumps(source_schema(), indent=1, ensure_ascii=False)
        _ = (place / SCHEMA_FILE).write_text(f"{schema}\n", "utf-8")
    except OSError as error:
        raise CommandError(FAILED, f"{place}: cannot be written: {error.strerror}.") from error


def _counted(kind: str, number: int) -> str:
    """What there are ``number`` of."""
    if kind == "environment":
        return "setting" if number == 1 else "settings"
    return kind if number == 1 or kind == "data" else f"{kind}s"


def _say(place: Path, tree: Tree, ground: Ground) -> None:
    for kind, members in tree.items():
        say(f"  {len(members):4} {_counted(kind, len(members))}")
    say(f"in {place}. Values are as they are in force: templates are filled in.")
    for name in sorted(ground.secrets):
        say(f"The value of the secret {name} is not exported: trellis secret set {name}")
