"""Leaks from outside into a run: each is planted, and each is caught by name."""

import os
import random
import secrets
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from random import Random
from random import random as taken_by_name
from time import monotonic_ns as also_taken

import pytest

from simulations.divergence import END, parting, parting_of
from simulations.guard import Intrusion, guarded

LEAKS: dict[str, Callable[[], object]] = {
    "time.time": lambda: (time.time(),),
    "time.monotonic_ns": lambda: (also_taken(),),
    "time.sleep": lambda: time.sleep(0),
    "random.random": lambda: (taken_by_name(),),
    "random.shuffle": lambda: random.shuffle([1]),
    "random.Random without a seed": lambda: (Random(),),
    "os.urandom": lambda: os.urandom(1),
    "os.getpid": lambda: (os.getpid(),),
    "secrets.token_bytes": lambda: secrets.token_bytes(1),
    "uuid.uuid4": lambda: (uuid.uuid4(),),
    "uuid.uuid1": lambda: (uuid.uuid1(),),
    "socket.socket": lambda: socket.socket(socket.AF_INET),
    "builtins.open": lambda: open(os.devnull),  # noqa: PTH123, SIM115  the leak that is planted
    "open": lambda: Path(os.devnull).read_bytes(),
    "os.listdir": lambda: os.listdir("."),  # noqa: PTH208  the same
    "threading.Thread": lambda: threading.Thread(target=print),
    "subprocess.Popen": lambda: subprocess.run([sys.executable], check=True),
    "builtins.id": lambda: sorted([object(), object()], key=lambda one: id(one) + 0),
    "builtins.hash": lambda: hash("the order of sets"),
}


@pytest.mark.parametrize("name", LEAKS)
def test_each_leak_is_caught_by_name(name: str) -> None:
    """Clocks, luck, files, sockets, threads, processes, addresses: named, with who asked."""
    with guarded(), pytest.raises(Intrusion, match=rf"^{name} was called inside a simulation, at "):
        _ = LEAKS[name]()


def test_the_caller_is_named() -> None:
    """The error leads to the line."""
    with guarded(), pytest.raises(Intrusion, match=rf"{Path(__file__).name}:\d+$"):
        _ = LEAKS["time.time"]()


@pytest.mark.parametrize("name", ["time.time", "random.random", "os.getpid", "open", "builtins.id"])
def test_outside_of_a_run_all_is_allowed(name: str) -> None:
    """What was forbidden inside works again outside, the very same function."""
    with guarded():
        pass
    assert LEAKS[name]() is not None


def test_other_threads_go_on() -> None:
    """A progress bar beside the run may look at the clock."""
    seen: list[float] = []
    begun, over = threading.Event(), threading.Event()

    def look() -> None:
        _ = begun.wait()
        seen.append(time.time())
        over.set()

    beside = threading.Thread(target=look)
    beside.start()
    with guarded():
        begun.set()
        _ = over.wait()
    beside.join()
    assert seen


def test_what_is_seeded_is_allowed() -> None:
    """Luck from a seed, and orders that follow from values."""
    with guarded():
        assert Random(5).random() == Random(5).random()
        assert hash((1, 2)) == hash((1, 2))


# --- the order of sets --------------------------------------------------------------------------

_TRACE = """
from tests.simulations.standin import Fault
from tests.simulations.test_world import SPLIT, STEPS, run, scenario
_ = run(scenario(SPLIT, steps=STEPS), Fault.{}, sink=print)
"""


@pytest.mark.repository
def test_the_order_of_a_set_is_caught_at_the_first_event_that_shows_it() -> None:
    """Two processes that hash text differently part where somebody let the order out."""
    found = parting_of(["-c", _TRACE.format("MOODY")])
    assert found is not None
    assert "DatagramReceived" in found.one + found.other
    assert str(found).startswith(f"event {found.number} differs: ")


@pytest.mark.repository
def test_sound_runs_do_not_part() -> None:
    """Nothing of a sound run follows from the hash of a string."""
    assert parting_of(["-c", _TRACE.format("NOTHING")]) is None


def test_where_traces_part() -> None:
    """The first different line, and the end of the shorter one."""
    assert parting(["a", "b"], ["a", "b"]) is None
    found = parting(["a", "b"], ["a", "c"])
    assert found is not None
    assert (found.number, found.before, found.one, found.other) == (2, "a", "b", "c")
    shorter = parting(["a"], ["a", "b"])
    assert shorter is not None
    assert (shorter.number, shorter.one, shorter.other) == (2, END, "b")
