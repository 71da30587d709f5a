"""Nothing from outside gets into a run: clocks, luck, files and sockets fail, naming the caller.

A simulated mesh is worth something only if a seed is the whole cause of what happens. One glance
at the real clock would break that silently, and the run could never be replayed.
"""

import builtins
import os
import random
import socket
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final, NoReturn


class Intrusion(AssertionError):
    """Something inside a run asked the outside world."""


_FORBIDDEN: Final[tuple[tuple[ModuleType, str], ...]] = (
    (time, "time"),
    (time, "time_ns"),
    (time, "monotonic"),
    (time, "monotonic_ns"),
    (time, "perf_counter"),
    (time, "clock_gettime"),
    (time, "clock_gettime_ns"),
    (time, "sleep"),
    (random, "random"),
    (random, "randrange"),
    (random, "randint"),
    (random, "choice"),
    (random, "shuffle"),
    (random, "getrandbits"),
    (random, "randbytes"),
    (random, "seed"),
    (os, "urandom"),
    (os, "open"),
    (uuid, "uuid1"),
    (uuid, "uuid4"),
    (builtins, "open"),
    (socket, "socket"),
)


def _failing(name: str) -> Callable[..., NoReturn]:
    def fail(*_: object, **__: object) -> NoReturn:
        caller = sys._getframe(1)  # noqa: SLF001  the only way to name who called
        where = f"{caller.f_code.co_filename}:{caller.f_lineno}"
        raise Intrusion(f"{name} was called inside a simulation, at {where}")

    return fail


@contextmanager
def guarded() -> Iterator[None]:
    """Until this block ends, whoever asks the outside world gets an Intrusion."""
    kept = [(owner, name, getattr(owner, name)) for owner, name in _FORBIDDEN]
    for owner, name, _ in kept:
        setattr(owner, name, _failing(f"{owner.__name__}.{name}"))
    try:
        yield
    finally:
        for owner, name, original in kept:
            setattr(owner, name, original)
