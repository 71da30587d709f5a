"""Streams: in order and complete while they last, and rarely broken at both ends at once.

A connection is two ends. Each end breaks for reasons of its own: the peer says so, the peer's host
does not know the connection any more, or bytes stay unacknowledged for too long. So a cut that
heals in time costs only time, a one-way cut leaves one end open that hears nothing, and a host
without power leaves its peers talking to nobody. A lost segment comes late, with all that follows.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from mesh.protocol.inputs import (
    DialFailed,
    DialFailure,
    FrameReceived,
    Input,
    StreamClosed,
    StreamDrained,
    StreamId,
    StreamOpened,
)
from mesh.protocol.links import DRAIN_REPORT_BYTES
from mesh.protocol.now import MILLISECOND, SECOND
from mesh.wire.framing import LENGTH_BYTES
from mesh.wire.identity import Address
from mesh.wire.limits import FRAME_BYTES_MAX
from simulations.kernel import Kernel
from simulations.network.paths import Path, Paths
from simulations.network.traffic import UNWATCHED, Traffic
from simulations.scenario import Network

RETRANSMISSION_NS: Final = 200 * MILLISECOND
"""The least that a lost segment costs (RFC 6298 as Linux has it)."""

RETRANSMISSION_NS_MAX: Final = 3 * SECOND
"""After a cut the next try comes when the doubled timer says so; ten seconds of cut, three more."""

_TCP_HEADERS: Final = 52
_EPHEMERAL_PORT: Final = 32_768
_END: Final = b""
"""Stands in the queue for the end of the stream; no frame is empty."""


class Party(Protocol):
    """A host as streams see it."""

    name: str
    address: Address
    life: int
    """Another number for each start of its controller."""
    is_running: bool
    """A controller runs, be it paused."""
    is_powered: bool
    """The host answers for itself, even where no controller runs."""

    def next_stream(self) -> StreamId:
        """A number that this life has not used."""

    def take(self, life: int, given: Input) -> None:
        """Give ``given`` to the controller, if it still lives the same life."""


class Parcel(NamedTuple):
    """One frame, or the end of the stream."""

    item: bytes
    message: int
    """Its number for whoever looks at the traffic."""


@dataclass(slots=True, eq=False)
class End:
    """One side of a connection."""

    party: Party
    life: int
    id: StreamId
    is_open: bool = True
    peer: "End | None" = None
    waiting: deque[Parcel] = field(default_factory=deque)
    """Given to the host and not on their way: the path is cut."""
    arrival_ns: int = 0
    """When the last bytes on their way arrive: later ones are not earlier."""
    is_stranded: bool = False
    """One of the hosts has another address by now: nothing passes any more, for good."""
    stuck_ns: int | None = None
    """Since when bytes have been unacknowledged for a reason other than delay."""
    undrained_bytes: int = 0


class Streams:
    """All connections of the world."""

    def __init__(
        self,
        kernel: Kernel,
        paths: Paths,
        parties: Mapping[Address, Party],
        plan: Network,
        traffic: Traffic = UNWATCHED,
    ) -> None:
        self._kernel = kernel
        self._paths = paths
        self._parties = parties
        self._plan = plan
        self._traffic = traffic
        self._ends: dict[str, dict[StreamId, End]] = {}
        self._dialled = 0
        self.bytes_sent = 0

    # --- opening ------------------------------------------------------------------------------

    def dial(self, party: Party, address: Address) -> None:
        """``party`` asks for a connection to ``address``."""
        self._dialled += 1
        life, target = party.life, self._parties.get(address)
        if target is None:
            self._fail_dial(party, life, address, DialFailure.UNREACHABLE, MILLISECOND)
            return
        there, back = self._both_paths(party, target)
        if there.is_cut or back.is_cut or not target.is_powered:
            (there if there.is_cut else back).bite()
            self._fail_dial(party, life, address, DialFailure.TIMEOUT, self._plan.dial_timeout_ns)
            return
        self._kernel.after(self._trip_ns(there), lambda: self._accept(party, life, target))

    def _accept(self, party: Party, life: int, target: Party) -> None:
        back = self._paths.path(target.name, party.name)
        if not target.is_powered:
            wait_ns = self._plan.dial_timeout_ns
            self._fail_dial(party, life, target.address, DialFailure.TIMEOUT, wait_ns)
            return
        if not target.is_running:
            refusal = DialFailure.REFUSED
            self._fail_dial(party, life, target.address, refusal, self._trip_ns(back))
            return
        near = End(party, life, -1)
        far = self._open(target)
        near.peer, far.peer = far, near
        far.arrival_ns = self._kernel.now_ns + self._trip_ns(back)
        self._kernel.at(far.arrival_ns, lambda: self._opened(near, target.address))
        port = _EPHEMERAL_PORT + self._dialled % 28_000
        target.take(far.life, StreamOpened(far.id, Address(party.address.host, port), None))

    def _opened(self, near: End, dialled: Address) -> None:
        if near.life != near.party.life or not near.party.is_running:
            near.is_open = False
            self._reset_peer(near)
            return
        near.id = near.party.next_stream()
        self._ends.setdefault(near.party.name, {})[near.id] = near
        near.party.take(near.life, StreamOpened(near.id, dialled, dialled))

    def _open(self, party: Party) -> End:
        end = End(party, party.life, party.next_stream())
        self._ends.setdefault(party.name, {})[end.id] = end
        return end

    def _fail_dial(
        self, party: Party, life: int, address: Address, why: DialFailure, wait_ns: int
    ) -> None:
        self._kernel.after(wait_ns, lambda: party.take(life, DialFailed(address, why)))

    # --- sending ------------------------------------------------------------------------------

    def send(self, party: Party, stream: StreamId, payload: bytes) -> None:
        """Send one frame; nothing happens where the stream is gone, as with a socket that is."""
        assert 0 < len(payload) <= FRAME_BYTES_MAX, f"a frame of {len(payload)} bytes"
        end = self._ends.get(party.name, {}).get(stream)
        if end is not None and end.is_open:
            self._push(end, payload)

    def close(self, party: Party, stream: StreamId) -> None:
        """Close in good order: what was sent before arrives before the end does.

        Whoever closes is told that it is done, as drivers tell it.
        """
        end = self._ends.get(party.name, {}).pop(stream, None)
        if end is not None and end.is_open:
            end.is_open = False
            self._push(end, _END)
            self._kernel.after(0, lambda: party.take(end.life, StreamClosed(stream)))

    def _push(self, end: End, item: bytes) -> None:
        peer = end.peer
        assert peer is not None
        there, back = self._both_paths(end.party, peer.party)
        message = self._traffic.sent(end.party.name, peer.party.name, item, on_stream=True)
        if there.is_cut or back.is_cut:
            (there if there.is_cut else back).bite()
            self._watch(end)
        if end.is_stranded:
            self._watch(end)
        if there.is_cut or end.waiting or end.is_stranded:
            end.waiting.append(Parcel(item, message))
        else:
            self._depart(end, Parcel(item, message), there, 0)

    def _depart(self, end: End, parcel: Parcel, there: Path, extra_ns: int) -> None:
        size_bytes = len(parcel.item) + LENGTH_BYTES + _TCP_HEADERS
        self.bytes_sent += size_bytes
        now_ns = self._kernel.now_ns
        flight = there.flight(parcel.item, size_bytes, now_ns, on_stream=True)
        delay_ns = flight.delay_ns + extra_ns + (RETRANSMISSION_NS if flight.lost_by else 0)
        end.arrival_ns = max(end.arrival_ns, now_ns + delay_ns)
        intact = flight.payload is parcel.item
        arriving = parcel if intact else parcel._replace(item=flight.payload)
        self._kernel.at(end.arrival_ns, lambda: self._arrive(end, arriving))
        if flight.leaves_ns:
            self._kernel.after(flight.leaves_ns, lambda: self._drain(end, len(parcel.item)))
        else:
            self._drain(end, len(parcel.item))

    def _drain(self, end: End, gone_bytes: int) -> None:
        end.undrained_bytes += gone_bytes
        if end.undrained_bytes >= DRAIN_REPORT_BYTES and end.is_open:
            report = StreamDrained(end.id, end.undrained_bytes)
            end.undrained_bytes = 0
            self._kernel.after(0, lambda: end.party.take(end.life, report))

    # --- arriving -----------------------------------------------------------------------------

    def _arrive(self, sender: End, parcel: Parcel) -> None:
        end = sender.peer
        assert end is not None
        if sender.is_stranded:
            self._traffic.lost(parcel.message, "the host has another address")
            self._watch(sender)
        elif not end.party.is_powered:
            self._traffic.lost(parcel.message, "the host is without power")
            self._watch(sender)
        elif not end.is_open:
            self._traffic.lost(parcel.message, "the connection is gone at the other end")
            self._reset_peer(end)
        elif parcel.item == _END:
            self._traffic.arrived(parcel.message)
            self._break(end)
        else:
            self._traffic.arrived(parcel.message)
            end.party.take(end.life, FrameReceived(end.id, parcel.item))

    def _reset_peer(self, end: End) -> None:
        """The host of ``end`` answers that it knows no such connection."""
        peer = end.peer
        assert peer is not None
        path = self._paths.path(end.party.name, peer.party.name)
        if peer.is_open and not path.is_cut:
            self._kernel.after(self._trip_ns(path), lambda: self._break(peer))

    def _break(self, end: End) -> None:
        if end.is_open:
            end.is_open = False
            self._drop(end)
            _ = self._ends.get(end.party.name, {}).pop(end.id, None)
            end.party.take(end.life, StreamClosed(end.id))

    # --- cuts, and hosts that go --------------------------------------------------------------

    def _watch(self, end: End) -> None:
        """Bytes of ``end`` cannot be acknowledged: give up when that has lasted too long."""
        if end.stuck_ns is None:
            end.stuck_ns = since = self._kernel.now_ns
            self._kernel.after(self._plan.stream_timeout_ns, lambda: self._give_up(end, since))

    def _give_up(self, end: End, since_ns: int) -> None:
        if end.stuck_ns == since_ns:
            self._break(end)
            self._drop(end)

    def _drop(self, end: End) -> None:
        """What waits to leave never will."""
        while end.waiting:
            self._traffic.lost(end.waiting.popleft().message, "its connection broke before it left")

    def healed(self) -> None:
        """Some path is whole again: what waited for it goes on its way."""
        for name in sorted(self._ends):
            for end in list(self._ends[name].values()):
                self._resume(end)

    def _resume(self, end: End) -> None:
        peer = end.peer
        if end.stuck_ns is None or peer is None or end.is_stranded:
            return
        there, back = self._both_paths(end.party, peer.party)
        if there.is_cut:
            return
        stuck_ns = self._kernel.now_ns - end.stuck_ns
        extra_ns = int(there.random.random() * min(stuck_ns, RETRANSMISSION_NS_MAX))
        while end.waiting:
            self._depart(end, end.waiting.popleft(), there, extra_ns)
        if not back.is_cut and peer.party.is_powered:
            end.stuck_ns = None

    def strand(self, party: Party) -> int:
        """``party`` has another address: its connections are dead, and nobody is told. How many."""
        ends = list(self._ends.get(party.name, {}).values())
        for end in ends:
            end.is_stranded = True
            if end.peer is not None:
                end.peer.is_stranded = True
        return len(ends)

    def vanish(self, party: Party, *, silently: bool) -> None:
        """The controller of ``party`` is gone; its host tells the peers, or is gone as well."""
        for end in list(self._ends.pop(party.name, {}).values()):
            end.is_open = False
            self._drop(end)
            if not silently:
                self._push(end, _END)

    def _trip_ns(self, path: Path) -> int:
        """How long a segment without payload takes."""
        now_ns = self._kernel.now_ns
        flight = path.flight(_END, _TCP_HEADERS, now_ns, on_stream=True)
        return flight.delay_ns + (RETRANSMISSION_NS if flight.lost_by else 0)

    def _both_paths(self, source: Party, target: Party) -> tuple[Path, Path]:
        return (
            self._paths.path(source.name, target.name),
            self._paths.path(target.name, source.name),
        )
