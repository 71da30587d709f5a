"""The replica's desk: whatever any machine wants done goes over it, and nowhere else.

It knows where a peer is reached, over which channel, and what must wait for the disk.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

from mesh.protocol.configuration import ReplicaConfiguration
from mesh.protocol.effects import Answer, Ended, JournalWrite, Noticed, Notification, Refusal
from mesh.protocol.inputs import CallId
from mesh.protocol.links import Links, LinkStep
from mesh.protocol.now import Now
from mesh.protocol.outbox import Deeds, Outbox
from mesh.protocol.outgoing import Channel, Outgoing
from mesh.protocol.replica.boxes import Boxes
from mesh.protocol.suite import Box, Exchange
from mesh.wire import codec, envelope
from mesh.wire.identity import Address, Incarnation
from mesh.wire.messages import Message
from mesh.wire.rejected import Rejected

Route = Callable[[Incarnation], tuple[Address | None, bool]]
"""Where a peer's datagrams go (None: not known), and whether they arrive there."""


class Desk:
    """Outbox, links and counters in one hand."""

    def __init__(
        self,
        own: Incarnation,
        configuration: ReplicaConfiguration,
        links: Links,
        exchange: Exchange,
    ) -> None:
        self.own = own
        self.configuration = configuration
        self.outbox = Outbox()
        self.links = links
        self.counters: Counter[str] = Counter()
        self.environment = envelope.NO_ENVIRONMENT
        self.ended = False
        """This incarnation is over."""
        self.route: Route = lambda _: (None, False)
        self.directory: envelope.Directory = lambda _: None
        self.link_steps: list[LinkStep] = []
        """Steps of the links that sending caused; the replica carries out their events."""
        self.exchange = exchange
        self.boxes = Boxes(exchange)
        self._datagrams_sent = 0

    # --- sending ------------------------------------------------------------------------------

    def peers(self) -> tuple[Incarnation, ...]:
        """Members to whom a stream stands, by controller."""
        return self.links.peers

    def send(self, outgoing: Iterable[Outgoing], now: Now, *, gated: bool) -> None:
        """Send messages; ``gated`` ones wait for every write so far."""
        message, raw = None, b""
        for each in outgoing:
            if each.message is not message:  # the same one often goes to many
                message, raw = each.message, codec.encode(each.message)
            address, passes = self.route(each.to)
            is_datagram = each.channel is Channel.DATAGRAM and passes
            by_datagram = is_datagram or each.channel is Channel.TRIAL
            box = self.boxes.towards(each.to.controller) if by_datagram else None
            fits = len(raw) <= envelope.DATAGRAM_MESSAGE_BYTES_MAX
            if box is not None and fits and address is not None:
                self._send_datagram(address, box, each, raw, gated=gated)
            else:
                self._send_frames(each.to, raw, now, gated=gated)

    def send_on_stream(self, stream: int, message: Message, now: Now, *, gated: bool) -> None:
        """Send on one stream, whoever is at its end."""
        self.carry(self.links.send(stream, codec.encode(message), now), gated=gated)

    def open_datagram(self, payload: bytes, now: Now) -> envelope.Datagram | None:
        """The datagram that ``payload`` is, None (and counted) where it is none for us."""
        unseal = partial(self.boxes.open, now_ns=now.monotonic_ns)
        opened = envelope.unpack(payload, self.environment, self.directory, unseal)
        if isinstance(opened, Rejected):
            self.counters["datagrams rejected"] += 1
            return None
        return opened

    def _send_datagram(
        self, address: Address, box: Box, each: Outgoing, raw: bytes, *, gated: bool
    ) -> None:
        if gated and self.outbox.is_full:
            self.counters["datagrams not kept for a slow disk"] += 1
            return
        self._datagrams_sent += 1
        datagram = envelope.Datagram(
            self.environment, self.own, each.to.nonce, self._datagrams_sent, each.message
        )
        payload = envelope.pack(datagram, box.seal, raw)
        self._deeds(gated=gated).datagrams.append((address, payload))

    def _send_frames(self, to: Incarnation, raw: bytes, now: Now, *, gated: bool) -> None:
        connection = self.links.connected.get(to.controller)
        if connection is None:
            self.counters["messages without a stream"] += 1
        else:
            self.carry(self.links.send(connection.stream, raw, now), gated=gated)

    def _deeds(self, *, gated: bool) -> Deeds:
        return self.outbox.gated if gated else self.outbox.free

    def carry(self, step: LinkStep, *, gated: bool = False) -> None:
        """Do what the links want done, and keep their events for the replica.

        A ``gated`` close waits with the frames before it: what was said last still arrives.
        """
        deeds = self._deeds(gated=gated)
        deeds.frames.extend(step.frames)
        deeds.closes.extend(step.closes)
        self.outbox.dial(*step.dials)
        if step.events:
            self.link_steps.append(step)

    # --- telling ------------------------------------------------------------------------------

    def write(self, *writes: JournalWrite) -> None:
        """Make ``writes`` durable."""
        self.outbox.write(*writes)

    def write_soon(self, *writes: JournalWrite) -> None:
        """Make ``writes`` durable when there is a reason to write, or soon without one."""
        self.outbox.write_soon(*writes)

    def notify(self, *notifications: Notification) -> None:
        """Tell local listeners, once all that was written is durable."""
        self.outbox.gated.notifications.extend(notifications)

    def notify_soon(self, *notifications: Notification) -> None:
        """The same, and no reason to write at once."""
        self.outbox.unhurried.extend(notifications)

    def notify_now(self, *notifications: Notification) -> None:
        """Tell local listeners of what is durable already, whatever else is being written."""
        self.outbox.free.notifications.extend(notifications)

    def answer(self, call: CallId, **result: object) -> None:
        """The outcome of a call, once it is durable."""
        self.notify(Answer(call, result))

    def refuse(self, call: CallId, code: int, *errors: str) -> None:
        """A call is refused; nothing came of it, so nothing needs to be durable."""
        self.notify_now(Refusal(call, code, errors))

    def end(self, why: str, boot_floor: int, *, in_doubt: bool = False) -> None:
        """This incarnation is over; the next one begins above the boot number ``boot_floor``.

        Where the store itself is ``in_doubt`` the next one will not claim to know how this one
        ended.
        """
        if not self.ended:
            self.ended = True
            self.notify(Ended(why, boot_floor, in_doubt))

    def notice(self, level: str, event: str, text: str) -> None:
        """A line for the log."""
        self.outbox.free.notifications.append(Noticed(level, event, text))
