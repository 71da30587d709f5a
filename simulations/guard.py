"""Nothing from outside gets into a run: whoever asks for it gets an error that names the caller.

A simulated mesh is worth something only if a seed is the whole cause of what happens. One glance
at the real clock, one number from the machine's luck, one order that follows from addresses in
memory would break that silently, and the run could never be replayed.

Only the thread that runs the simulation is held to that. Functions are replaced where they live and
wherever our own modules have taken them by name. What belongs to the interpreter itself, opening
files and starting threads or processes, is seen by an audit hook (PEP 578), however it was reached.
The order of a set of strings cannot be forbidden;
``simulations.divergence`` finds the first event that depends on it.
"""

import builtins
import os
import random
import secrets
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from random import Random
from threading import get_ident
from types import FrameType, ModuleType
from typing import Final, NoReturn


class Intrusion(AssertionError):
    """Something inside a run asked the outside world."""


_CLOCKS: Final = (
    "time",
    "time_ns",
    "monotonic",
    "monotonic_ns",
    "perf_counter",
    "perf_counter_ns",
    "process_time",
    "process_time_ns",
    "thread_time",
    "thread_time_ns",
    "clock_gettime",
    "clock_gettime_ns",
    "localtime",
    "gmtime",
    "sleep",
)
_LUCK: Final = (
    "random",
    "randrange",
    "randint",
    "choice",
    "choices",
    "sample",
    "shuffle",
    "uniform",
    "gauss",
    "normalvariate",
    "lognormvariate",
    "expovariate",
    "paretovariate",
    "betavariate",
    "gammavariate",
    "triangular",
    "vonmisesvariate",
    "weibullvariate",
    "getrandbits",
    "randbytes",
    "seed",
    "getstate",
    "setstate",
    "_urandom",
)
_MACHINE: Final = ("urandom", "getrandom", "open", "getpid", "getppid", "times", "getloadavg")
_SECRETS: Final = ("token_bytes", "token_hex", "token_urlsafe", "randbits", "randbelow", "choice")
_UUIDS: Final = ("uuid1", "uuid4", "getnode")
_SOCKETS: Final = ("socket", "create_connection", "getaddrinfo", "gethostname", "socketpair")

_FORBIDDEN: Final[tuple[tuple[ModuleType, str], ...]] = tuple(
    (module, name)
    for module, names in (
        (time, _CLOCKS),
        (random, _LUCK),
        (os, _MACHINE),
        (secrets, _SECRETS),
        (uuid, _UUIDS),
        (socket, _SOCKETS),
        (threading, ("Thread", "Timer")),
        (builtins, ("open", "input")),
    )
    for name in names
    if hasattr(module, name)
)

_OURS: Final = ("crdt", "mesh", "simulations", "tests")
"""Packages whose modules may have taken a forbidden function by name."""

_AUDITED: Final = (
    "open",
    "os.listdir",
    "os.scandir",
    "os.system",
    "socket.__new__",
    "subprocess.Popen",
    "_thread.start_new_thread",
)
_IMPORTING: Final = "<frozen importlib"
"""Files that are opened in order to import a module say nothing to the run."""

_SEEDLESS: Final = "random.Random without a seed"


def _refuse(name: str, caller: FrameType | None) -> NoReturn:
    where = f"{caller.f_code.co_filename}:{caller.f_lineno}" if caller is not None else "nowhere"
    raise Intrusion(f"{name} was called inside a simulation, at {where}")


def _failing(name: str, original: Callable[..., object]) -> Callable[..., object]:
    def fail(*arguments: object, **named: object) -> object:
        if not _watch.is_here:
            return original(*arguments, **named)
        _refuse(name, sys._getframe(1))  # noqa: SLF001  the only way to name who called

    return fail


def _caring(name: str, original: Callable[[object], int], kinds: tuple[type, ...]) -> object:
    """``original``, unless one of our own modules asks it about one of ``kinds``."""

    def care(of: object) -> int:
        if isinstance(of, kinds) and _watch.is_here:
            caller = sys._getframe(1)  # noqa: SLF001  the same
            if _is_ours(str(caller.f_globals.get("__name__"))):
                _refuse(f"builtins.{name}", caller)
        return original(of)

    return care


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in _OURS


@contextmanager
def guarded() -> Iterator[None]:
    """Until this block ends, whoever asks the outside world gets an Intrusion."""
    kept: list[tuple[object, str, object]] = []

    def put(owner: object, name: str, value: object) -> None:
        kept.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)

    failing = {getattr(owner, name): f"{owner.__name__}.{name}" for owner, name in _FORBIDDEN}
    taken = [(owner, name, getattr(owner, name)) for owner, name in _FORBIDDEN]
    for module, attribute, value in (*taken, *_taken(failing)):
        put(module, attribute, _failing(failing[value], value))
    put(Random, "__init__", _seeded)
    put(builtins, "id", _caring("id", id, (object,)))
    put(builtins, "hash", _caring("hash", hash, (str, bytes)))
    former, _watch.thread = _watch.thread, get_ident()
    try:
        yield
    finally:
        _watch.thread = former
        for changed, attribute, original in reversed(kept):
            setattr(changed, attribute, original)


def _taken(
    failing: Mapping[Callable[..., object], str],
) -> Iterator[tuple[ModuleType, str, Callable[..., object]]]:
    """Where our modules hold a forbidden function under a name of their own."""
    for name, module in sorted(sys.modules.items()):
        if _is_ours(name) and isinstance(module, ModuleType):
            for attribute, value in list(vars(module).items()):
                if callable(value) and not isinstance(value, type) and _is_known(value, failing):
                    yield module, attribute, value


def _is_known(value: object, failing: Mapping[Callable[..., object], str]) -> bool:
    try:
        return value in failing
    except TypeError:  # what cannot be hashed is no function
        return False


def _seeded(self: Random, x: object = None) -> None:
    if x is None and _watch.is_here:
        _refuse(_SEEDLESS, sys._getframe(1))  # noqa: SLF001  the same
    self.seed(x)  # type: ignore[arg-type]  # whatever Random takes


class _Watch:
    """Knows which thread is inside a run; others, such as a progress bar, go on as they like.

    The audit hook cannot be taken out again, so it sleeps outside of runs.
    """

    def __init__(self) -> None:
        self.thread: int | None = None
        sys.addaudithook(self._see)

    @property
    def is_here(self) -> bool:
        """Whether this very thread is inside a run."""
        return self.thread == get_ident()

    def _see(self, event: str, arguments: tuple[object, ...]) -> None:
        del arguments
        if self.thread is None or event not in _AUDITED or not self.is_here:
            return
        caller: FrameType | None = sys._getframe(1)  # noqa: SLF001  the same
        frame = caller
        while frame is not None:
            if frame.f_code.co_filename.startswith(_IMPORTING):
                return
            frame = frame.f_back
        _refuse(event, caller)


_watch: Final = _Watch()
