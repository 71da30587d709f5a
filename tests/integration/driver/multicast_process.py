"""A process that announces one controller by multicast DNS and says whom it hears.

    multicast_process.py FINGERPRINT PORT

It prints ``ready``, then each address it hears of as ``host:port``. Each line of its input is an
environment that it announces from then on; at the end of its input it ends.
"""

import sys

import trio

from mesh.driver.discovery.multicast import Announcement, Multicast
from mesh.driver.discovery.sightings import Sightings
from mesh.driver.network.addresses import advertised
from mesh.protocol.inputs import Sighted
from mesh.wire.identity import Address


def _print(line: object) -> None:
    _ = sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main(fingerprint: str, port: int) -> None:
    """Announce and listen until the input ends."""
    listening = [Address("0.0.0.0", port)]
    addresses = advertised(listening, [])
    multicast = Multicast(Sightings(_say), listening)
    multicast.announce(Announcement(fingerprint, addresses, ""))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(multicast.run)
        _print("ready")
        while environment := await trio.to_thread.run_sync(sys.stdin.readline):
            multicast.announce(Announcement(fingerprint, addresses, environment.strip()))
        nursery.cancel_scope.cancel()


def _say(sighted: Sighted) -> None:
    assert sighted.source == "mdns"
    _print(sighted.address)


if __name__ == "__main__":
    trio.run(main, sys.argv[1], int(sys.argv[2]))
