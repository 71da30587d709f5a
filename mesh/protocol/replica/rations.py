"""How much running information one member may tell: so much a second, and some at once.

A member writes as fast as its disk lets it, and each write costs whoever is told a signature to
verify, a line in the journal and a word to every listener. One that has gone wild, or bad, would
have all others do nothing else. So each has a ration of what it may tell unasked. What goes beyond
is not even read. Nothing is lost by that: the next comparison finds what is missing, and it is
fetched at the pace of whoever fetches. What was fetched counts too, afterwards: with whom much was
caught up, the next comparison waits a little.

Invariant: no member makes another one read more than its ration of what was not asked for, and
the longest pause after catching up is bounded, however much that was.
"""

from typing import Final, assert_never

from crdt import Speech
from mesh.protocol.meter import Meter
from mesh.protocol.now import SECOND

TOLD_BYTES_PER_S: Final = 131_072
"""About three hundred small writes: far more than services say of themselves, and a small part of
what a controller can verify and keep in a second. With twice as much, a flood of new entries still
slowed an honest change more than ten times."""

TOLD_BYTES_AT_ONCE: Final = 262_144
"""Two seconds of it: what a service writes when it starts. Half of what a listener may miss."""

MESSAGE_BYTES: Final = 256
"""Counted for each message besides its bytes: even an empty one has to be opened and read."""

PAUSE_NS_MAX: Final = 2 * SECOND
"""The longest time for which nothing is compared with somebody from whom much was fetched."""

PUT_OFF_MAX: Final = 500
"""Messages put off after which the teller's streams are closed. What waits in the kernels behind
them, by the megabyte, would only be read to be put off as well; and what the barrier has to say
would wait behind that."""

CLOSED_EVERY_NS: Final = 2 * SECOND
"""Not more often: somebody who goes on telling too much goes on to take part."""

_BYTE_NS: Final = SECOND // TOLD_BYTES_PER_S


class Ration:
    """What one member told, and what was fetched from it."""

    def __init__(self) -> None:
        self._told = Meter(_BYTE_NS, TOLD_BYTES_AT_ONCE)
        self._fetched = Meter(_BYTE_NS, TOLD_BYTES_AT_ONCE)
        self._put_off = 0
        self._closed_ns = -CLOSED_EVERY_NS

    def is_hopeless(self, now_ns: int) -> bool:
        """One more was put off: whether to read on in this stream is a waste; from then on anew."""
        self._put_off += 1
        if self._put_off < PUT_OFF_MAX or now_ns < self._closed_ns + CLOSED_EVERY_NS:
            return False
        self._put_off, self._closed_ns = 0, now_ns
        return True

    def admits(self, speech: Speech, size: int, now_ns: int) -> bool:
        """Whether a message of ``size`` bytes is read now; it was, if so."""
        match speech:
            case Speech.UNASKED:
                return self._told.admits(now_ns, MESSAGE_BYTES + size)
            case Speech.COMPARISON:
                return self._fetched.is_open(now_ns)
            case Speech.ANSWER:
                self._fetched.charge(now_ns, size, PAUSE_NS_MAX)
            case Speech.OTHER:
                pass
            case _:
                assert_never(speech)
        return True


class Rations:
    """One ration for each member that ever said something; members are few."""

    def __init__(self) -> None:
        self._rations: dict[bytes, Ration] = {}

    def is_hopeless(self, controller: bytes, now_ns: int) -> bool:
        """One more message of ``controller`` was put off: whether its streams are to be closed."""
        return self._rations[controller].is_hopeless(now_ns)

    def admits(self, controller: bytes, speech: Speech, size: int, now_ns: int) -> bool:
        """Whether ``controller`` may say so much more now."""
        ration = self._rations.get(controller)
        if ration is None:
            ration = self._rations[controller] = Ration()
        return ration.admits(speech, size, now_ns)
