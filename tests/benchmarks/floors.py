"""What this machine takes for the steps that nobody can leave out, in the same minutes."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.benchmarks.figures import Figure, figure, milliseconds

SYNCS: Final = 500
PACED_SYNCS: Final = 60
PACE_S: Final = 0.03
ROUND_TRIPS: Final = 5_000
STARTS: Final = 5
SYNC_BYTES: Final = 256


def measure() -> Iterator[Figure]:
    """All floors."""
    yield figure("floor", "fdatasync of 256 B, in a busy loop", "ms", _syncs(SYNCS, 0.0))
    yield figure("floor", "fdatasync of 256 B, one each 30 ms", "ms", _syncs(PACED_SYNCS, PACE_S))
    yield figure("floor", "UDP round trip, two threads", "ms", _round_trips())
    yield figure("floor", "start of python with trio", "ms", _starts())


def _syncs(count: int, pause_s: float) -> list[float]:
    """Where the controllers' journals are going to be."""
    took: list[int] = []
    with tempfile.TemporaryDirectory(prefix="trellis-bench-") as folder:
        file = os.open(Path(folder) / "floor", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            for number in range(count):
                time.sleep(pause_s)
                begun = time.perf_counter_ns()
                _ = os.pwrite(file, bytes(SYNC_BYTES), number * SYNC_BYTES)
                os.fdatasync(file)
                took.append(time.perf_counter_ns() - begun)
        finally:
            os.close(file)
    return milliseconds(took)


def _round_trips() -> list[float]:
    took: list[int] = []
    with (
        socket.socket(type=socket.SOCK_DGRAM) as here,
        socket.socket(type=socket.SOCK_DGRAM) as there,
    ):
        here.bind(("127.0.0.1", 0))
        there.bind(("127.0.0.1", 0))
        here.settimeout(10)
        echo = threading.Thread(target=_echo, args=(there, ROUND_TRIPS), daemon=True)
        echo.start()
        for _ in range(ROUND_TRIPS):
            begun = time.perf_counter_ns()
            _ = here.sendto(b"?", there.getsockname())
            _ = here.recv(16)
            took.append(time.perf_counter_ns() - begun)
        echo.join()
    return milliseconds(took)


def _echo(there: socket.socket, count: int) -> None:
    for _ in range(count):
        payload, sender = there.recvfrom(16)
        _ = there.sendto(payload, sender)


def _starts() -> list[float]:
    took: list[int] = []
    for _ in range(STARTS):
        begun = time.perf_counter_ns()
        _ = subprocess.run(
            [sys.executable, "-c", "import trio; trio.run(trio.sleep, 0)"], check=True
        )
        took.append(time.perf_counter_ns() - begun)
    return milliseconds(took)
