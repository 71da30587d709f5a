"""Where the local controller is found: its data directory, its socket, its configuration file.

What is said last wins: the default, the configuration file, the environment, the command line.
"""

import argparse
import os
import tomllib
from pathlib import Path
from typing import Final

from mesh.cli.errors import WRONG_USAGE, CommandError

DATA_DIR_VARIABLE: Final = "TRELLIS_DATA_DIR"
SOCKET_VARIABLE: Final = "TRELLIS_SOCKET"
CONFIG_VARIABLE: Final = "TRELLIS_CONFIG"
SOCKET_NAME: Final = "api.sock"


def default_config() -> Path:
    """Where a configuration file is looked for when none is named."""
    if os.geteuid() == 0:
        return Path("/etc/trellis/controller.toml")
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "trellis" / "controller.toml"


def default_data_dir() -> Path:
    """Where a controller keeps its data when nothing is said."""
    if os.geteuid() == 0:
        return Path("/var/lib/trellis")
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "trellis"


def config_file(said: str | None) -> Path | None:
    """The configuration file: the one named, or the default one if it is there."""
    named = said or os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    default = default_config()
    return default if default.exists() else None


def data_dir_of(arguments: argparse.Namespace) -> Path:
    """The data directory of the controller that a command is about."""
    named = arguments.data_dir or os.environ.get(DATA_DIR_VARIABLE)
    if named:
        return Path(named)
    file = config_file(None)
    said = _read(file).get("controller", {}).get("data_dir") if file is not None else None
    return Path(said) if isinstance(said, str) else default_data_dir()


def socket_of(arguments: argparse.Namespace) -> Path:
    """The socket of the controller that a command speaks to."""
    if arguments.socket:
        return Path(arguments.socket)
    if arguments.data_dir:
        return Path(arguments.data_dir) / SOCKET_NAME
    if os.environ.get(SOCKET_VARIABLE):
        return Path(os.environ[SOCKET_VARIABLE])
    if os.environ.get(DATA_DIR_VARIABLE):
        return Path(os.environ[DATA_DIR_VARIABLE]) / SOCKET_NAME
    file = config_file(None)
    return _socket_in(file) if file is not None else default_data_dir() / SOCKET_NAME


def _socket_in(file: Path) -> Path:
    """As the configuration file says; that all of it is right is `config check`'s to say."""
    document = _read(file)
    socket = document.get("api", {}).get("socket")
    data_dir = document.get("controller", {}).get("data_dir")
    if isinstance(socket, str):
        return Path(socket)
    return (Path(data_dir) if isinstance(data_dir, str) else default_data_dir()) / SOCKET_NAME


def _read(file: Path) -> dict[str, dict[str, object]]:
    try:
        return tomllib.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise CommandError(
            WRONG_USAGE, f"{file} cannot be read: {error}. See `trellis config check`."
        ) from error
