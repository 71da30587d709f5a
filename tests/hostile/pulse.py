"""The pulse of an honest mesh: how long a change takes until all know, and what memory is held.

Taken again and again, in a thread of its own, while somebody else attacks.
"""

import random
import threading
import time
from dataclasses import dataclass
from statistics import median
from typing import Final

from tests.benchmarks.spread import Audience, Listened
from tests.hostile.stage import resident_bytes
from tests.hosts.processes import Process

BEAT_S: Final = 0.1
VALUE_BYTES: Final = 32
NAMES: Final = 64
"""Entries that are written in turn: an event of an earlier beat is never taken for this one's."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was felt between start and stop."""

    median_ms: float
    beats: int
    grown_bytes: int
    """The greatest growth of one process beyond what it held at the start."""


class Pulse:
    """Writes through each of ``processes`` in turn until it is stopped."""

    def __init__(self, processes: list[Process]) -> None:
        self._processes = processes
        self._before = [resident_bytes(process) for process in processes]
        self._grown_bytes = 0
        self._listened = [
            Listened(number, process.directory) for number, process in enumerate(processes)
        ]
        self._stopping = threading.Event()
        self._took_ns: list[int] = []
        self._missed: list[Exception] = []
        self._thread = threading.Thread(target=self._beat, name="pulse")

    def start(self) -> "Pulse":
        """Begin."""
        self._thread.start()
        return self

    def stop(self) -> Taken:
        """What was felt. Raises what was raised by a beat that never came through."""
        self._stopping.set()
        self._thread.join()
        if self._missed:
            raise self._missed[0]
        return Taken(median(self._took_ns) / 1e6, len(self._took_ns), self._grown_bytes)

    def give_up(self) -> None:
        """Stop; what was felt is of no interest, nor what went wrong."""
        self._stopping.set()
        self._thread.join()

    def _beat(self) -> None:
        luck = random.Random("pulse")
        try:
            with Audience(self._listened) as audience:
                while not self._stopping.is_set() or not self._took_ns:
                    beat = len(self._took_ns)
                    writer = self._listened[beat % len(self._listened)]
                    value = luck.randbytes(VALUE_BYTES).hex()
                    self._took_ns.append(audience.time(writer, f"pulse-{beat % NAMES}", value))
                    self._weigh()
                    time.sleep(BEAT_S * luck.uniform(0.5, 1.5))
        except Exception as error:  # noqa: BLE001  told by `stop`, in the thread that waits for it
            self._missed.append(error)

    def _weigh(self) -> None:
        held = [resident_bytes(process) for process in self._processes]
        grown = max(now - then for now, then in zip(held, self._before, strict=True))
        self._grown_bytes = max(self._grown_bytes, grown)


def take_pulse(processes: list[Process], seconds: float) -> Taken:
    """What is felt in ``seconds``."""
    pulse = Pulse(processes).start()
    time.sleep(seconds)
    return pulse.stop()
