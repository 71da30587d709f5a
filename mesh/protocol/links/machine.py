"""Who is connected: dials what is known, greets whoever answers, keeps one stream to each.

Like a switchboard: it knows numbers and lines, not conversations. Every stream begins with a
handshake, which proves who is at the other end, and a Hello in each direction. What the peer may do
is judged elsewhere (``standing``) and enforced here: a message that its access does not allow goes
no further. Nothing promises that a message arrives. What is promised is that whoever is connected
is announced, anew whenever the stream changes, so that the layers above compare what they hold and
nothing is lost for good.

Invariants: at most one stream to each controller is written to; with two streams between two
controllers, both ends come to write to the same one; no queue, no table and no number of streams
grows beyond its limit.
"""

from collections.abc import Iterable, Mapping
from random import Random
from typing import Final

import msgspec

from mesh.protocol.frames import Frame
from mesh.protocol.inputs import DialFailure, StreamId
from mesh.protocol.links.addresses import AddressBook, KnownAddress, Source
from mesh.protocol.links.credentials import papers
from mesh.protocol.links.handshake import Handshake, Secured
from mesh.protocol.links.limits import (
    HELLOS_MAX,
)
from mesh.protocol.links.steps import (
    Connected,
    Connection,
    Departed,
    Disconnected,
    Draft,
    Greeted,
    LinkEvent,
    LinkStatistics,
    LinkStep,
    Received,
    TwinMet,
)
from mesh.protocol.links.stream import Phase, Stream, Turn, allows, expiry_of, rank
from mesh.protocol.links.table import StreamTable
from mesh.protocol.links.turnstile import Turnstile, source
from mesh.protocol.now import Now
from mesh.protocol.standing import Access, Ground, Refused, Verdict
from mesh.protocol.suite import Keyring
from mesh.wire import codec
from mesh.wire.identity import Address, Incarnation
from mesh.wire.messages import Goodbye, Hello, Message
from mesh.wire.noise import TAG_BYTES

_REMOVED: Final = Refused(
    Ground.REMOVED,
    "this key was removed from the roster, or replaced by another: come back with a new one",
)

_SHUNNED: Final = frozenset({Ground.ENVIRONMENT, Ground.GENERATION, Ground.REMOVED, Ground.TWIN})
"""Grounds that another dial soon would not change; the peer has proven who it is before."""

_CROWDED: Final = "no more connections here; try later"


class Links:
    """All streams of one controller; it says ``hello`` of itself, numbered for each stream.

    ``keyring`` proves it, and checks what others say.
    """

    def __init__(self, hello: Hello, keyring: Keyring, random: Random) -> None:
        self._hello = hello
        self._keyring = keyring
        self._papers = papers(hello, keyring)
        self._turnstile = Turnstile()
        self._own = hello.sender
        self._book = AddressBook(random)
        self._book.own(hello.addresses)
        self._streams = StreamTable()
        self._connections: dict[bytes, Connection] = {}
        self._peers: tuple[Incarnation, ...] | None = None
        self._opened = 0
        self._dials = 0
        self._dials_failed = 0
        self._out_of_place = 0
        self._ended = dict.fromkeys(Ground, 0)
        self._left = False
        self._deadline_ns: int | None = None

    # --- what is known ------------------------------------------------------------------------

    @property
    def connected(self) -> Mapping[bytes, Connection]:
        """The members that can be reached, by controller id, and the stream that leads there."""
        return self._connections

    @property
    def peers(self) -> tuple[Incarnation, ...]:
        """The members that can be reached, by controller."""
        if self._peers is None:
            controllers = sorted(self._connections)
            self._peers = tuple(self._connections[each].incarnation for each in controllers)
        return self._peers

    def hellos(self) -> tuple[tuple[StreamId, Hello], ...]:
        """What the peer of every greeted stream says of itself, the oldest stream first."""
        return tuple(
            (stream.id, stream.hello) for stream in self._streams if stream.hello is not None
        )

    def hello(self, stream: StreamId) -> Hello | None:
        """The same of one of them; None where it has not said it, or is gone."""
        one = self._streams.get(stream)
        return None if one is None else one.hello

    def access(self, stream: StreamId) -> Access | None:
        """What the peer of ``stream`` may do; None where that is not judged, or it is gone."""
        one = self._streams.get(stream)
        return None if one is None else one.access

    def known(self) -> tuple[KnownAddress, ...]:
        """Every address, for people and for remembering."""
        return self._book.known()

    def statistics(self) -> LinkStatistics:
        """Counts since the start, and sizes now."""
        return LinkStatistics(
            streams=len(self._streams),
            greeting=self._streams.greeting,
            strangers=self._streams.strangers,
            members=len(self._connections),
            addresses=len(self._book),
            dials=self._dials,
            dials_failed=self._dials_failed,
            queued_bytes=sum(stream.queued_bytes for stream in self._streams),
            out_of_place=self._out_of_place,
            ended=dict(self._ended),
        )

    # --- addresses ----------------------------------------------------------------------------

    def sighted(self, address: Address, source: Source, now: Now) -> LinkStep:
        """A controller may listen at ``address``."""
        self._book.sighted(address, source, now.monotonic_ns)
        return self._done(Draft(), now)

    def believed_alive(self, controller: bytes, addresses: Iterable[Address], now: Now) -> LinkStep:
        """The membership holds ``controller`` for alive: dial ``addresses`` without back-off."""
        self._book.claimed(addresses, controller, now.monotonic_ns)
        self._book.revive(controller, now.monotonic_ns)
        return self._done(Draft(), now)

    def dial_failed(self, address: Address, why: DialFailure, now: Now) -> LinkStep:
        """Nobody answered at ``address``."""
        self._dials_failed += 1
        self._book.failed(address, why, now.monotonic_ns)
        return self._done(Draft(), now)

    # --- streams ------------------------------------------------------------------------------

    def opened(
        self, stream: StreamId, remote: Address, dialled: Address | None, now: Now
    ) -> LinkStep:
        """A connection stands: whoever dialled begins the handshake."""
        self._opened += 1
        at_ns, dials = now.monotonic_ns, dialled is not None
        handshake = Handshake(self._keyring, self._papers, dials=dials)
        one = Stream(
            stream, remote, dialled, self._opened, at_ns, at_ns, handshake, source(remote.host)
        )
        self._streams.add(one)
        if dialled is not None:
            self._book.opened(dialled)
        if self._left or self._streams.is_overfull():
            return self._refuse(one, Ground.CROWDED, _CROWDED, now)
        draft = Draft()
        crowding = None if dials else self._streams.crowding()
        if crowding is not None:
            self._end(crowding, Refused(Ground.CROWDED, _CROWDED), draft, now)
        if dials:
            self._write_clear(one, handshake.begin(), draft)
        return self._done(draft, now)

    def closed(self, stream: StreamId, now: Now) -> LinkStep:
        """A connection is gone."""
        draft = Draft()
        one = self._streams.get(stream)
        if one is not None:
            self._forget(one, "closed by the other side", draft, now)
        return self._done(draft, now)

    def frame(self, stream: StreamId, payload: bytes, now: Now) -> LinkStep:
        """One frame came in."""
        one = self._streams.get(stream)
        if one is None:
            return LinkStep()
        if one.phase is Phase.HANDSHAKE:
            return self._shake(one, payload, now)
        one.heard_ns = now.monotonic_ns
        message = one.receive(payload)
        match message:
            case None:
                return LinkStep()
            case Refused(ground, why):
                return self._refuse(one, ground, why, now)
            case Hello():
                return self._heard_hello(one, message, now)
            case Goodbye():
                return self._heard_goodbye(one, message.why, now)
            case _:
                return self._heard(one, message, now)

    def judged(self, stream: StreamId, verdict: Verdict, now: Now) -> LinkStep:
        """What the peer of ``stream`` may do: after its Hello, or because that may have changed."""
        one = self._streams.get(stream)
        if one is None or one.hello is None:
            return LinkStep()
        verdict = self._make_room(one, verdict)
        if verdict is Access.FORMER and one.access not in {None, Access.FORMER}:
            verdict = _REMOVED  # what it was told as a member ends here; it may come back for less
        if isinstance(verdict, Refused):
            return self._refuse(one, verdict.ground, verdict.why, now)
        if one.access is verdict and one.phase is not Phase.JUDGED:
            return LinkStep()
        one.access = verdict
        one.take(Turn.ADMITTED)
        self._streams.watch(one)
        if verdict is Access.MEMBER:
            self._book.claimed(one.hello.addresses, one.sender.controller, now.monotonic_ns)
        draft = Draft()
        self._rank(one.sender.controller, draft, now)
        return self._done(draft, now)

    def introduce(self, hello: Hello, now: Now) -> LinkStep:
        """What we say of ourselves has changed: say it everywhere, and have all judged again."""
        assert hello.sender == self._own, "another life has links of its own"
        self._hello = hello
        self._papers = papers(hello, self._keyring)
        self._book.own(hello.addresses)
        draft = Draft(events=self._greetings())
        for stream in self._streams:
            if stream.secured is not None:
                self._say_hello(stream, draft)
        return self._done(draft, now)

    def review(self) -> LinkStep:
        """What peers may do may have changed, as with the roster: have all judged again."""
        return LinkStep(events=tuple(self._greetings()))

    def _greetings(self) -> list[LinkEvent]:
        return [_greeted(stream) for stream in self._streams if stream.hello is not None]

    def send(self, stream: StreamId, raw: bytes, now: Now) -> LinkStep:
        """Send one encoded message; where the peer is too slow for it, end the stream instead.

        Nothing happens where the stream is gone, or not secured yet.
        Raises framing.TooLong where ``raw`` is longer than any peer reads.
        """
        one = self._streams.get(stream)
        if one is None or one.secured is None:
            return LinkStep()
        if one.queued_bytes + len(raw) > one.queue_bytes_max:
            return self._refuse(one, Ground.SLOW, "", now)
        draft = Draft()
        self._write(one, raw, draft)
        return draft.done()

    def drained(self, stream: StreamId, written_bytes: int) -> None:
        """The driver handed ``written_bytes`` of payloads more to the network."""
        one = self._streams.get(stream)
        if one is not None:
            one.queued_bytes = max(0, one.queued_bytes - written_bytes)

    def drop(self, controller: bytes, why: str, now: Now) -> LinkStep:
        """End every stream to ``controller``; it is dialled again in time."""
        draft = Draft()
        for stream in self._streams.of(controller):
            self._end(stream, Refused(Ground.DROPPED, why), draft, now)
        return self._done(draft, now)

    def goodbye(self, why: str, now: Now) -> LinkStep:
        """Say Goodbye everywhere, and dial no more."""
        self._left = True
        draft = Draft()
        for stream in self._streams:
            self._end(stream, Refused(Ground.DROPPED, why), draft, now)
        return self._done(draft, now)

    # --- time ---------------------------------------------------------------------------------

    @property
    def deadline_ns(self) -> int | None:
        """Monotonic time at which ``wake`` has something to do."""
        return self._deadline_ns

    def wake(self, now: Now) -> LinkStep:
        """End what has taken too long, and dial what is due."""
        draft = Draft()
        is_due = self._deadline_ns is not None and self._deadline_ns <= now.monotonic_ns
        for stream in self._streams if is_due else ():
            expiry = expiry_of(stream)
            if expiry is not None and expiry[0] <= now.monotonic_ns:
                self._end(stream, expiry[1], draft, now)
        return self._done(draft, now)

    def _done(self, draft: Draft, now: Now) -> LinkStep:
        """The step of an input that may have moved a deadline."""
        expiries = map(expiry_of, self._streams.awaited())
        deadlines = [expiry[0] for expiry in expiries if expiry is not None]
        if not self._left:
            draft.dials = self._book.due(self._streams.controllers, now.monotonic_ns)
            self._dials += len(draft.dials)
            if self._book.deadline_ns is not None:
                deadlines.append(self._book.deadline_ns)
        self._deadline_ns = min(deadlines, default=None)
        return draft.done()

    # --- hearing ------------------------------------------------------------------------------

    def _shake(self, stream: Stream, payload: bytes, now: Now) -> LinkStep:
        """Take a message of the handshake, if it is worth its costs; at the end, say Hello."""
        if stream.handshake.is_costly(payload):
            known = self._book.names(stream.remote.host)
            if not self._turnstile.admits(stream.source, now.monotonic_ns, known=known):
                return self._refuse(stream, Ground.HURRIED, "too many handshakes at once", now)
        answer = stream.handshake.receive(payload)
        draft = Draft()
        if answer.reply is not None:
            self._write_clear(stream, answer.reply, draft)
        match answer.outcome:
            case Refused() as refusal:
                self._end(stream, refusal, draft, now)
            case Secured() as secured:
                stream.secure(secured)
                self._say_hello(stream, draft)
            case None:
                pass
        return self._done(draft, now)

    def _heard_hello(self, stream: Stream, hello: Hello, now: Now) -> LinkStep:
        if hello.sender.controller != stream.ends.peer:
            why = "the Hello names another controller than the handshake has proven"
            return self._refuse(stream, Ground.FORGED, why, now)
        if hello.sender.controller == self._own.controller:
            return self._heard_ourselves(stream, hello, now)
        if stream.hello is not None and stream.sender != hello.sender:
            return self._refuse(stream, Ground.UNREADABLE, "a stream has one sender", now)
        if stream.hellos == HELLOS_MAX:
            return self._refuse(stream, Ground.UNREADABLE, "too many Hellos", now)
        first = stream.hello is None
        stream.hello = hello
        stream.hellos += 1
        stream.take(Turn.HELLO)
        if first:
            self._streams.greet(stream)
        if stream.dialled is not None:
            self._book.belongs(stream.dialled, hello.sender.controller)
        draft = Draft(events=[_greeted(stream)])
        return self._done(draft, now)

    def _heard_ourselves(self, stream: Stream, hello: Hello, now: Now) -> LinkStep:
        if hello.sender == self._own:
            if stream.dialled is not None:
                self._book.own((stream.dialled,))
            return self._refuse(stream, Ground.SELF, "", now)
        draft = Draft(events=[TwinMet(hello.sender)])
        why = "here is the same key: one of the two is a copy, see `trellis doctor`"
        self._end(stream, Refused(Ground.TWIN, why), draft, now)
        return self._done(draft, now)

    def _heard_goodbye(self, stream: Stream, why: str, now: Now) -> LinkStep:
        draft = Draft(closes=[stream.id])
        if stream.access is Access.MEMBER:
            draft.events.append(Departed(stream.sender, why))
        self._forget(stream, why, draft, now)
        return self._done(draft, now)

    def _heard(self, stream: Stream, message: Message, now: Now) -> LinkStep:
        if stream.hello is None:
            return self._refuse(stream, Ground.UNREADABLE, "the first message is a Hello", now)
        if stream.access is None or not allows(stream.access, message):
            self._out_of_place += 1
            return LinkStep()
        received = Received(stream.id, stream.sender, stream.access, message)
        return LinkStep(events=(received,))

    # --- saying -------------------------------------------------------------------------------

    def _say_hello(self, stream: Stream, draft: Draft) -> None:
        self._say(stream, msgspec.structs.replace(self._hello, stream=stream.number), draft)

    def _say(self, stream: Stream, message: Message, draft: Draft) -> None:
        self._write(stream, codec.encode(message), draft)

    def _write(self, stream: Stream, raw: bytes, draft: Draft) -> None:
        frames = stream.frames(raw)
        stream.queued_bytes += sum(len(frame.payload) + TAG_BYTES for frame in frames)
        draft.frames.extend(frames)

    def _write_clear(self, stream: Stream, message: bytes, draft: Draft) -> None:
        """A message of the handshake, which has a frame of its own."""
        stream.queued_bytes += len(message)
        draft.frames.append(Frame(stream.id, message))

    # --- ending -------------------------------------------------------------------------------

    def _make_room(self, stream: Stream, verdict: Verdict) -> Verdict:
        """``verdict``, unless it lets in one stranger too many."""
        enters = stream.access in {None, Access.MEMBER} and stream.dialled is None
        stranger = enters and isinstance(verdict, Access) and verdict is not Access.MEMBER
        if stranger and not self._streams.has_room_for_stranger(stream.remote.host):
            return Refused(Ground.CROWDED, "too many strangers here; try later")
        return verdict

    def _refuse(self, stream: Stream, ground: Ground, why: str, now: Now) -> LinkStep:
        draft = Draft()
        self._end(stream, Refused(ground, why), draft, now)
        return self._done(draft, now)

    def _end(self, stream: Stream, refusal: Refused, draft: Draft, now: Now) -> None:
        """Close ``stream`` from here; a ground without words is not told, nor one to nobody."""
        if stream.phase is Phase.CLOSED:
            return  # the end of another stream to the same controller was the end of this one
        self._ended[refusal.ground] += 1
        if refusal.why and stream.secured is not None:
            self._say(stream, Goodbye(refusal.why), draft)
        draft.closes.append(stream.id)
        if stream.dialled is not None and refusal.ground in _SHUNNED:
            self._book.shunned(stream.dialled, refusal.why, now.monotonic_ns)
        self._forget(stream, refusal.why or refusal.ground, draft, now)

    def _forget(self, stream: Stream, why: str, draft: Draft, now: Now) -> None:
        stream.take(Turn.ENDED)
        self._streams.remove(stream)
        if stream.dialled is not None:
            lived_ns = now.monotonic_ns - stream.opened_ns
            self._book.ended(stream.dialled, why, lived_ns, now.monotonic_ns)
        if stream.hello is not None:
            controller = stream.sender.controller
            self._rank(controller, draft, now)
            if controller not in self._streams.controllers:
                self._book.released(controller, now.monotonic_ns)

    # --- one stream for each pair -------------------------------------------------------------

    def _rank(self, controller: bytes, draft: Draft, now: Now) -> None:
        """Write to the best stream only; end those of the others that are ours to end."""
        usable = [stream for stream in self._streams.of(controller) if stream.is_usable]
        best = max(usable, key=lambda stream: rank(stream, self._own.controller), default=None)
        self._connect(controller, best, draft)
        if best is None:
            return
        if best.phase is Phase.SUPERSEDED:
            best.take(Turn.RECALLED)
            self._streams.watch(best)
        losers = [stream for stream in usable if stream is not best]
        for loser in losers:
            if loser.phase is Phase.STANDING:
                self._supersede(loser, best, draft, now)
        for loser in losers:
            if loser.dialled is not None or loser.sender != best.sender:
                self._end(loser, Refused(Ground.SUPERSEDED, ""), draft, now)

    def _supersede(self, loser: Stream, best: Stream, draft: Draft, now: Now) -> None:
        loser.take(Turn.OUTRANKED)
        loser.superseded_ns = now.monotonic_ns
        self._streams.watch(loser)
        if loser.dialled is None and best.number < loser.number:
            # Why would the peer dial again? If `best` is dead at its end, a word brings that out.
            self._say_hello(best, draft)

    def _connect(self, controller: bytes, best: Stream | None, draft: Draft) -> None:
        former = self._connections.get(controller)
        current = None
        if best is not None and best.access is Access.MEMBER:
            current = Connection(best.sender, best.id)
        if current == former:
            return
        self._peers = None
        if former is not None and (current is None or current.incarnation != former.incarnation):
            del self._connections[controller]
            draft.events.append(Disconnected(former.incarnation))
        if current is not None:
            self._connections[controller] = current
            draft.events.append(Connected(current.incarnation, current.stream))


def _greeted(stream: Stream) -> Greeted:
    ends = stream.ends
    return Greeted(stream.id, stream.greeted, stream.remote, ends.binding, ends.exchange_key)
