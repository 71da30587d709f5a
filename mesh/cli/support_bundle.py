"""``trellis support-bundle``: what somebody else needs to see to help, and no secret.

What goes in is chosen, not what stays out: what the controller says of itself, its configuration
without what opens doors, numbers about its files, the end of its log. Then every text is searched
for the keys kept here, whatever way they are spelled.
"""

from __future__ import annotations

import argparse
import io
import json
import platform
import re
import sqlite3
import tarfile
import time
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from mesh.cli.arguments import add_common
from mesh.cli.client import Client
from mesh.cli.errors import DONE, FAILED, CommandError
from mesh.cli.output import emit_json, say, version
from mesh.cli.place import config_file, data_dir_of, socket_of

REMOVED: Final = "(removed)"
LOG_BYTES: Final = 512 * 1_024
"""The end of the log: some thousand lines."""

_ASKED: Final = ("status", "members", "doctor", "changes", "info")
_TOLD: Final = {"changes", "info"}
"""Of these only how many there are."""

_SECRET_NAMES: Final = re.compile(
    r"invite|secret|token|passphrase|password|private|key", re.IGNORECASE
)
_SECRET_TEXT: Final = re.compile(
    r"\b[0-9a-fA-F]{128,}\b|trellis1[0-9a-z-]{20,}|trellis_[0-9a-z_-]{20,}", re.IGNORECASE
)
"""Signatures and what may be keys; the codes of invites; tokens."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_common(parser)
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="where to (trellis-support-TIME.tar.gz)"
    )
    parser.add_argument(
        "--config", metavar="FILE", help="the controller.toml, where `trellis up` was told one"
    )
    parser.epilog = "example:\n  trellis support-bundle --output oak.tar.gz"


def run(arguments: argparse.Namespace) -> int:
    """Gather, remove what is secret, write one archive."""
    directory = data_dir_of(arguments)
    texts = {
        "versions.json": _json(_versions()),
        "files.json": _json(_files(directory)),
        **_answers(Client(socket_of(arguments))),
        **_configuration(arguments.config),
    }
    secrets = list(_secrets(directory))
    target = arguments.output or Path(time.strftime("trellis-support-%Y%m%d-%H%M%S.tar.gz"))
    cleaned = {name: _clean(text, secrets) for name, text in texts.items()}
    try:
        _write(target, cleaned)
    except OSError as error:
        raise CommandError(FAILED, f"{target} cannot be written: {error.strerror}") from error
    if arguments.json:
        emit_json({"bundle": str(target), "files": sorted(cleaned)})
    else:
        say(f"written to {target}: {', '.join(sorted(cleaned))}")
        if "controller.json" not in cleaned:
            say("No controller.toml was found, nor the log that it names: --config FILE adds them.")
        say("It holds names, addresses and how things stand, and no keys. Look before you send it.")
    return DONE


# --- what goes in ---------------------------------------------------------------------------------


def _versions() -> dict[str, object]:
    return {
        "trellis": version(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": platform.platform(),
        "written_at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _answers(client: Client) -> dict[str, str]:
    """What the controller says; where none answers, that."""
    texts: dict[str, str] = {}
    for name in _ASKED:
        try:
            told: object = client.get(f"/v1/{name}")
        except CommandError as error:
            told = {"errors": list(error.errors)}
        if name in _TOLD and isinstance(told, dict):
            told = {key: len(value) for key, value in told.items() if isinstance(value, list)}
        texts[f"{name}.json"] = _json(told)
    return texts


def _files(directory: Path) -> dict[str, object]:
    """Numbers about what lies in ``directory``, and what its doctor finds: no content."""
    from mesh.driver.examination import examine
    from mesh.driver.journal.inspection import inspect

    journal = directory / "journal.db"
    told: dict[str, object] = {"findings": [asdict(each) for each in examine(directory)]}
    try:
        told["size_bytes"] = {
            str(each.relative_to(directory)): each.stat().st_size
            for each in sorted(directory.rglob("*"))
            if each.is_file()
        }
        found = inspect(journal) if journal.exists() else None
    except OSError as error:
        told["unreadable"] = str(error.strerror)
        return told
    if found is not None:
        told["journal"] = {
            "rows": dict(found.rows),
            "size_bytes": dict(found.size_bytes),
            "damaged": found.damaged,
            "torn": found.is_torn,
        }
    return told


def _configuration(said: str | None) -> dict[str, str]:
    """The configuration file without what opens doors, and the end of the log that it names."""
    file = config_file(said)
    if file is None:
        return {}
    try:
        document = tomllib.loads(file.read_text())
    except (OSError, ValueError) as error:
        return {"controller.json": _json({"unreadable": str(error)})}
    texts = {"controller.json": _json(_redacted(document))}
    log = document.get("logging", {}).get("file")
    if isinstance(log, str):
        try:
            texts["log.txt"] = Path(log).read_bytes()[-LOG_BYTES:].decode(errors="replace")
        except OSError as error:
            texts["log.txt"] = f"{log} cannot be read: {error.strerror}\n"
    return texts


def _redacted(value: object, name: str = "") -> object:
    match value:
        case dict():
            return {key: _redacted(each, str(key)) for key, each in value.items()}
        case _ if name and _SECRET_NAMES.search(name):
            return REMOVED
        case list():
            return [_redacted(each) for each in value]
        case _:
            return value


# --- what stays out -------------------------------------------------------------------------------


def _secrets(directory: Path) -> Iterable[str]:
    """The keys kept in ``directory``, as text: what they are called is no secret, they are."""
    for path in sorted(directory.rglob("*.key")):
        try:
            words = path.read_text(errors="replace").split()
        except OSError:
            continue
        yield from (word for word in words if len(word) >= _SECRET_CHARACTERS_MIN)


_SECRET_CHARACTERS_MIN: Final = 16


def _clean(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = re.sub(re.escape(secret), REMOVED, text, flags=re.IGNORECASE)
    return _SECRET_TEXT.sub(REMOVED, text)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"


def _write(target: Path, texts: Mapping[str, str]) -> None:
    with target.open("xb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
        target.chmod(0o600)
        for name in sorted(texts):
            content = texts[name].encode()
            entry = tarfile.TarInfo(f"trellis-support/{name}")
            entry.size, entry.mode, entry.mtime = len(content), 0o600, int(time.time())
            archive.addfile(entry, io.BytesIO(content))
