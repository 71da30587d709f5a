"""The wires of the demo: every link goes through here, so that it can be cut without being root.

Each controller listens at an address of its own and tells the others another one, which is the
relay's. The relay knows by the source address who speaks, carries datagrams and connections over,
and says to the far end that they come from the speaker's own relay address. A link that is cut
is silent, as a pulled cable is: nothing is refused, nothing is closed, and what was under way
arrives when the cable is back.
"""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

BUFFER_BYTES_MAX: Final = 262_144
"""Held for one direction of one connection; then nothing more is read."""

DATAGRAM_BYTES_MAX: Final = 65_536
ATTEMPTS_MAX: Final = 16
"""Ports tried, where somebody else has one of the addresses of the first."""
_READ_BYTES: Final = 65_536
_BACKLOG: Final = 64

_READ: Final = selectors.EVENT_READ
_WRITE: Final = selectors.EVENT_WRITE


@dataclass(frozen=True, slots=True)
class Stop:
    """One controller as the relay sees it: where it really is, and where others find it."""

    real: str
    shown: str
    port: int


@dataclass(slots=True, eq=False)
class _End:
    """One end of a connection, and what is to be written to it."""

    socket: socket.socket
    unsent: bytearray = field(default_factory=bytearray)


@dataclass(slots=True, eq=False)
class _Wire:
    """One connection from ``speaker`` to ``listener``, in two halves."""

    speaker: int
    listener: int
    near: _End
    far: _End | None = None
    """None until the link lets us connect."""
    connected: bool = False


def free_stops(reals: Sequence[str], shown: Sequence[str]) -> list[Stop]:
    """One stop for each pair of addresses, on one port that is free at all of them, UDP and TCP.

    Raises OSError where this machine has not all of these addresses, or no free port.
    """
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            port = _free_port((*reals, *shown))
        except OSError as error:
            if error.errno != errno.EADDRINUSE or attempt == ATTEMPTS_MAX:
                raise
        else:
            return [Stop(real, show, port) for real, show in zip(reals, shown, strict=True)]
    raise AssertionError


def _free_port(hosts: Sequence[str]) -> int:
    with contextlib.ExitStack() as sockets:
        probe = sockets.enter_context(socket.create_server((hosts[0], 0)))
        port: int = probe.getsockname()[1]
        for host in hosts[1:]:
            _ = sockets.enter_context(socket.create_server((host, port)))
        for host in hosts:
            _ = sockets.enter_context(_datagrams(host, port))
        return port


def _datagrams(host: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made


class Relay:
    """Carries everything between the stops, in a thread of its own, until it is closed."""

    def __init__(self, stops: Sequence[Stop]) -> None:
        self._stops = tuple(stops)
        self._speakers = {stop.real: at for at, stop in enumerate(stops)}
        self._groups: tuple[frozenset[int], ...] = (frozenset(range(len(stops))),)
        self._wires: dict[_Wire, None] = {}
        self._selector = selectors.DefaultSelector()
        self._orders: deque[Callable[[], None]] = deque()
        self._bell, self._ring = os.pipe()
        self._closing = False
        self._datagrams = [_datagrams(stop.shown, stop.port) for stop in stops]
        self._listeners = [
            socket.create_server((stop.shown, stop.port), backlog=_BACKLOG) for stop in stops
        ]
        self._register()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def _register(self) -> None:
        _ = self._selector.register(self._bell, _READ, self._obey)
        for at, datagrams in enumerate(self._datagrams):
            datagrams.settimeout(0)
            _ = self._selector.register(datagrams, _READ, lambda at=at: self._carry_datagram(at))
        for at, listener in enumerate(self._listeners):
            listener.settimeout(0)
            _ = self._selector.register(listener, _READ, lambda at=at: self._accept(at))

    # --- for the demo ---------------------------------------------------------------------------

    def cut(self, groups: Collection[Collection[int]]) -> None:
        """From now on only those of one group reach each other."""
        self._order(lambda: self._regroup(tuple(frozenset(group) for group in groups)))

    def heal(self) -> None:
        """Everybody reaches everybody."""
        self.cut([range(len(self._stops))])

    def close(self) -> None:
        """End the thread and let go of everything."""
        self._order(self._stop)
        self._thread.join()

    def _order(self, order: Callable[[], None]) -> None:
        """Have ``order`` done by the thread, and wait until it is."""
        done = threading.Event()

        def carry_out() -> None:
            order()
            done.set()

        self._orders.append(carry_out)
        _ = os.write(self._ring, b"!")
        _ = done.wait()

    # --- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing:
            for key, _ in self._selector.select():
                key.data()
        for wire in list(self._wires):
            self._end(wire)
        for each in (*self._datagrams, *self._listeners):
            each.close()
        self._selector.close()
        os.close(self._bell)
        os.close(self._ring)

    def _obey(self) -> None:
        _ = os.read(self._bell, 64)
        while self._orders:
            self._orders.popleft()()

    def _stop(self) -> None:
        self._closing = True

    def _regroup(self, groups: tuple[frozenset[int], ...]) -> None:
        self._groups = groups
        for wire in list(self._wires):
            self._attend(wire)

    def _passes(self, one: int, other: int) -> bool:
        return any(one in group and other in group for group in self._groups)

    # --- datagrams ------------------------------------------------------------------------------

    def _carry_datagram(self, listener: int) -> None:
        with contextlib.suppress(OSError):  # a datagram may be lost
            payload, source = self._datagrams[listener].recvfrom(DATAGRAM_BYTES_MAX)
            speaker = self._speakers.get(source[0])
            if speaker is not None and self._passes(speaker, listener):
                stop = self._stops[listener]
                _ = self._datagrams[speaker].sendto(payload, (stop.real, stop.port))

    # --- connections ----------------------------------------------------------------------------

    def _accept(self, listener: int) -> None:
        try:
            accepted, source = self._listeners[listener].accept()
        except OSError:
            return  # whoever called has hung up again
        speaker = self._speakers.get(source[0])
        if speaker is None:
            accepted.close()
            return
        accepted.settimeout(0)
        wire = _Wire(speaker, listener, _End(accepted))
        self._wires[wire] = None
        self._attend(wire)

    def _connect(self, wire: _Wire) -> None:
        stop = self._stops[wire.listener]
        far = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        far.settimeout(0)
        far.bind((self._stops[wire.speaker].shown, 0))
        wire.far = _End(far)
        _ = far.connect_ex((stop.real, stop.port))  # how it went, the selector will tell

    def _attend(self, wire: _Wire) -> None:
        """Listen to just what can be carried on now."""
        passes = self._passes(wire.speaker, wire.listener)
        if passes and wire.far is None:
            self._connect(wire)
        ends = [(wire.near, wire.far)]
        if wire.far is not None:
            ends.append((wire.far, wire.near))
        for end, other in ends:
            wanted = self._wanted(wire, end, other) if passes else 0
            self._listen(wire, end, other, wanted)

    def _wanted(self, wire: _Wire, end: _End, other: _End | None) -> int:
        if not wire.connected:
            return _WRITE if end is wire.far else 0
        room = other is not None and len(other.unsent) < BUFFER_BYTES_MAX
        return (_READ if room else 0) | (_WRITE if end.unsent else 0)

    def _listen(self, wire: _Wire, end: _End, other: _End | None, wanted: int) -> None:
        known = self._selector.get_map().get(end.socket)
        if known is not None and known.events != wanted:
            _ = self._selector.unregister(end.socket)
            known = None
        if known is None and wanted:
            _ = self._selector.register(end.socket, wanted, lambda: self._move(wire, end, other))

    def _move(self, wire: _Wire, end: _End, other: _End | None) -> None:
        """Something can be written to ``end`` or read from it."""
        if wire not in self._wires:
            return  # its other end, ready at the same time, has ended it
        assert other is not None, "nothing is listened to before both ends are there"
        if not wire.connected:
            if end.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._end(wire)
                return
            wire.connected = True
        elif not (self._write(end) and self._read(end, other)):
            self._end(wire)
            return
        self._attend(wire)

    def _write(self, end: _End) -> bool:
        try:
            while end.unsent:
                del end.unsent[: end.socket.send(end.unsent)]
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True

    def _read(self, end: _End, other: _End) -> bool:
        try:
            received = end.socket.recv(_READ_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        other.unsent += received
        return bool(received) and self._write(other)

    def _end(self, wire: _Wire) -> None:
        """One end is gone, so the other one goes too; what was read before has been written."""
        del self._wires[wire]
        for end in (wire.near, wire.far):
            if end is None:
                continue
            with contextlib.suppress(KeyError):  # it may not have been listened to
                _ = self._selector.unregister(end.socket)
            end.socket.close()
