"""Meshes of real processes to be tortured; what fell short leaves its files behind."""

import contextlib
import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import mkdtemp

from tests.hosts.mesh import Mesh, on_loopback
from tests.hosts.processes import FellShort, Process, await_that, free_ports

__all__ = ["FellShort", "Mesh", "Process", "await_that", "choose", "free_ports", "open_mesh"]


@contextlib.contextmanager
def open_mesh(count: int, environment: dict[str, str] | None = None) -> Iterator[Mesh]:
    """A mesh for as long as the block lasts. Its files are kept where something fell short."""
    directory = Path(mkdtemp(prefix="trellis-torture-"))
    mesh = Mesh(on_loopback(count, directory, "--site", "torture", environment=environment))
    try:
        yield mesh
    except FellShort as error:
        mesh.stop()
        raise FellShort(f"{error} (see {directory})") from error
    except BaseException:
        mesh.stop()
        shutil.rmtree(directory, ignore_errors=True)
        raise
    mesh.stop()
    shutil.rmtree(directory)


def choose(luck: random.Random, processes: Sequence[Process]) -> Process:
    """One of them by chance."""
    return processes[luck.randrange(len(processes))]
