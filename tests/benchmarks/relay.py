"""One small world for several event loops: a hundred hosts that wait, draw luck, and are recorded.

Each event draws whether it is lost, adds itself to a digest, and schedules the next one of its host
after an exponential time. What an event does is the same for all loops and stands here, in nothing
but the standard library, since some of them run in an interpreter of their own.
"""

import hashlib
import sys
import time
from random import Random
from typing import Final

HOSTS: Final = 100
EVENTS: Final = 200_000
LOSS: Final = 0.05
MEAN_NS: Final = 1_000_000
SECOND: Final = 1_000_000_000


class Relay:
    """What happens at an event, whoever calls."""

    def __init__(self) -> None:
        self.events = 0
        self.lost = 0
        self._luck = [Random(host) for host in range(HOSTS)]
        self._hasher = hashlib.blake2b(digest_size=32)

    def happen(self, host: int, time_ns: int) -> int:
        """An event of ``host``; nanoseconds until its next one."""
        self.events += 1
        random = self._luck[host]
        self.lost += random.random() < LOSS
        self._hasher.update(b"%d %d" % (time_ns, host))
        return int(random.expovariate(1.0) * MEAN_NS)


def on_simloom() -> float:
    """Events per second on simloom, an asyncio loop on virtual time."""
    import asyncio  # noqa: PLC0415  only in the interpreter that has simloom
    import importlib  # noqa: PLC0415  the same

    simloom = importlib.import_module("simloom")
    relay = Relay()

    async def host(number: int) -> None:
        loop = asyncio.get_running_loop()
        while relay.events < EVENTS:  # noqa: ASYNC110  it waits for time, which is the point
            await asyncio.sleep(relay.happen(number, int(loop.time() * SECOND)) / SECOND)

    async def main() -> None:
        _ = await asyncio.gather(*(host(number) for number in range(HOSTS)))

    began = time.process_time()
    simloom.run(main, seed=1, virtual_time=True)
    return relay.events / (time.process_time() - began)


if __name__ == "__main__":
    _ = sys.stdout.write(f"{on_simloom():.0f}\n")
