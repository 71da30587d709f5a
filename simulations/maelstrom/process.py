"""The node as a process: lines in, lines out, and the clocks of this machine.

One thread, one ``select``: it waits for a line or for the next deadline, whichever comes first.
"""

import os
import selectors
import time
from random import SystemRandom
from typing import Final

from mesh.protocol.now import SECOND, Now
from simulations.maelstrom.messages import LINE_BYTES_MAX
from simulations.maelstrom.node import Node

CHUNK_BYTES: Final = 65_536


def serve(node: Node, incoming: int, outgoing: int) -> None:
    """Run ``node`` on two file descriptors until there is no more to read."""
    unread = b""
    with selectors.DefaultSelector() as selector:
        _ = selector.register(incoming, selectors.EVENT_READ)
        while True:
            if selector.select(_timeout_s(node)):
                chunk = os.read(incoming, CHUNK_BYTES)
                if not chunk:
                    return
                *lines, unread = (unread + chunk).split(b"\n")
                unread = unread if len(unread) <= LINE_BYTES_MAX else b""
                for line in lines:
                    _print(outgoing, node.take(line, _now()))
            _print(outgoing, _due(node))


def new_random() -> SystemRandom:
    """Luck that no other process has."""
    return SystemRandom()


def _now() -> Now:
    return Now(time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns())


def _timeout_s(node: Node) -> float | None:
    deadline_ns = node.deadline_ns
    if deadline_ns is None:
        return None
    return max(0, deadline_ns - _now().monotonic_ns) / SECOND


def _due(node: Node) -> list[bytes]:
    now = _now()
    deadline_ns = node.deadline_ns
    if deadline_ns is None or deadline_ns > now.monotonic_ns:
        return []
    return node.wake(now)


def _print(outgoing: int, lines: list[bytes]) -> None:
    unsent = memoryview(b"".join(lines))
    while unsent:
        unsent = unsent[os.write(outgoing, unsent) :]
