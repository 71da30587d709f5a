"""From a configuration file and a command line to one configuration; the command line wins.

What is given on the command line goes through the same checks as what stands in the file, so that
both are wrong in the same words.
"""

import argparse
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from mesh.cli.invited import invite_code
from mesh.cli.place import DATA_DIR_VARIABLE, config_file
from mesh.driver.configuration import Configuration, parse, read


def configured(arguments: argparse.Namespace) -> Configuration:
    """What a controller started with ``arguments`` is told.

    Raises mesh.driver.configuration.ConfigurationError with every mistake.
    """
    file = config_file(arguments.config)
    document: dict[str, object] = {}
    if file is not None:
        _ = read(file)  # its mistakes are named by the file's own paths
        document = tomllib.loads(file.read_text())
    return parse(_merge(document, _said(arguments)))


def _said(arguments: argparse.Namespace) -> dict[str, dict[str, object]]:
    data_dir = arguments.data_dir or os.environ.get(DATA_DIR_VARIABLE)
    said: dict[str, dict[str, object]] = {
        "controller": {
            "name": arguments.name,
            "site": arguments.site,
            "data_dir": str(Path(data_dir).absolute()) if data_dir else None,
        },
        "cluster": {
            "seeds": arguments.seed,
            "mdns": False if arguments.no_mdns else None,
            "found": True if arguments.found else None,
            "invite": invite_code(arguments),
        },
        "listen": {
            "address": arguments.listen,
            "port": _number(arguments.port),
            "advertised": arguments.advertise,
        },
        "api": {"socket": str(Path(arguments.socket).absolute()) if arguments.socket else None},
    }
    return {
        table: {key: value for key, value in values.items() if value is not None}
        for table, values in said.items()
    }


def _number(text: str | None) -> object:
    """A number where it is one; otherwise the text, which the check of its key will name."""
    return int(text) if text is not None and text.isascii() and text.isdigit() else text


def _merge(
    document: Mapping[str, object], said: Mapping[str, Mapping[str, object]]
) -> dict[str, object]:
    merged = dict(document)
    for table, values in said.items():
        known = merged.get(table)
        if values:
            merged[table] = {**(known if isinstance(known, dict) else {}), **values}
    return merged
