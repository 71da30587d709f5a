"""Seeds: names that are looked up for ever, since what they stand for changes.

A host that was rebuilt has another address under the same name; who looked it up once would dial
the old one for ever.
"""

import logging
import socket
from collections.abc import Sequence
from typing import Final

import trio

from mesh.driver.discovery.sightings import Sightings
from mesh.driver.log import note
from mesh.wire.identity import Address

LOOK_UP_S: Final = 30.0
"""Between two rounds: a fraction of what names usually live."""
LOOK_UP_FIRST_S: Final = 2.0
"""The same while some name has not been found yet: the network may just be coming up."""


async def follow_seeds(seeds: Sequence[Address], sightings: Sightings) -> None:
    """Look up ``seeds`` and say where they are, until cancelled."""
    unknown: dict[Address, str] = {}
    while seeds:
        for seed in seeds:
            try:
                addresses = await _look_up(seed)
            except OSError as error:
                reason = str(error)
                if unknown.get(seed) != reason:
                    note(logging.WARNING, "seed unknown", f"{seed}: {reason}; trying again")
                unknown[seed] = reason
            else:
                _ = unknown.pop(seed, None)
                sightings.see("seed", str(seed), addresses)
        await trio.sleep(LOOK_UP_FIRST_S if unknown else LOOK_UP_S)


async def _look_up(seed: Address) -> list[Address]:
    found = await trio.socket.getaddrinfo(seed.host, seed.port, type=socket.SOCK_STREAM)
    return [Address(str(each[4][0]), int(each[4][1])) for each in found]
