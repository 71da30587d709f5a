"""The socket between the command line and the controller: a file that only its owner may open.

Where [auth] names other users the file is open to all, and the kernel's word on who connected
decides (see mesh.api.access). The kernel takes 108 bytes of path at most; a longer one is reached
through the descriptor of its directory, so that nobody's data directory is too deep.
"""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from mesh.driver.errors import StartError


class SocketInUse(StartError):
    """Another controller answers at the path."""


@contextlib.contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """A name of ``path`` that is short enough for the kernel, as long as the context lasts."""
    descriptor = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{path.name}"
    finally:
        os.close(descriptor)


def connect(path: Path, timeout_s: float | None = None) -> socket.socket:
    """A connection to the controller at ``path``. Raises OSError where none answers."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        with _reachable(path) as name:
            connection.connect(name)
    except OSError:
        connection.close()
        raise
    return connection


def bind(path: Path, *, shared: bool = False) -> socket.socket:
    """A socket bound at ``path``, in place of one that a dead process left there.

    Its mode is 0600; ``shared``: 0666, for whoever judges by credentials.
    Raises SocketInUse where a controller answers there, OSError where the place cannot be used.
    """
    with contextlib.suppress(OSError):
        connect(path, timeout_s=1.0).close()
        raise SocketInUse(
            f"another controller answers at {path}: stop it, or give this one a data directory "
            "of its own with --data-dir"
        )
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    old_mask = os.umask(0o111 if shared else 0o177)
    try:
        with _reachable(path) as name:
            bound.bind(name)
    except OSError:
        bound.close()
        raise
    finally:
        _ = os.umask(old_mask)
    return bound


def unbind(path: Path) -> None:
    """Take the file away, so that whoever asks next is told at once that nobody is there."""
    path.unlink(missing_ok=True)
