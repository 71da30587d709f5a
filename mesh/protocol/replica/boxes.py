"""One box for each peer: what its exchange key and ours have in common, worked out once.

To agree on a box costs as much as thirty datagrams, and anybody can write a member's name on the
outside of a datagram. So a box is kept, and what strangers can make us work out is metered; what
is said to a peer is not, for it is we who want that. A box is good as long as the peer's key is the
one that it was made of: with another key in the roster comes another box, and with none, none.

Bernstein, Lange, Schwabe, "The security impact of a new cryptographic library" (2012).
"""

from collections.abc import Callable, Container
from typing import Final, NamedTuple

from mesh.protocol.meter import Meter
from mesh.protocol.now import MILLISECOND
from mesh.protocol.suite import Box, Exchange

BOXES_MAX: Final = 4_096
"""Four times the largest mesh, at some 500 bytes each."""

AGREEMENTS_EVERY_NS: Final = 10 * MILLISECOND
"""On average, for those who speak first: hardly more than a hundredth of a slow processor."""

AGREEMENTS_AT_ONCE: Final = 128
"""After a restart everybody speaks at once; who is passed over speaks again, or by stream."""

KeyOf = Callable[[bytes], bytes | None]
"""The exchange key of a controller that may speak to us; None where there is none."""


class _Kept(NamedTuple):
    public: bytes
    box: Box | None
    """None: ``public`` is no key."""


class Boxes:
    """The boxes of one controller with all of its peers."""

    def __init__(self, exchange: Exchange) -> None:
        self.key_of: KeyOf = lambda _: None
        """Whoever knows the roster says so here."""
        self.passed_over = 0
        """Datagrams not opened, for the agreement with their sender had to wait."""
        self._exchange = exchange
        self._kept: dict[bytes, _Kept] = {}
        self._meter = Meter(AGREEMENTS_EVERY_NS, AGREEMENTS_AT_ONCE)

    @property
    def public(self) -> bytes:
        """The public half of our own key, 32 bytes."""
        return self._exchange.public

    def __len__(self) -> int:
        return len(self._kept)

    def towards(self, peer: bytes) -> Box | None:
        """The box for what is said to ``peer``; None where nothing can be boxed for it."""
        public = self.key_of(peer)
        if public is None:
            return None
        kept = self._kept.get(peer)
        if kept is None or kept.public != public:
            kept = self._agree(peer, public)
        return kept.box

    def open(self, sender: bytes, sealed: bytes, now_ns: int) -> bytes | None:
        """What ``sender`` boxed for us; None where it did not, has no key, or has to wait."""
        public = self.key_of(sender)
        if public is None:
            return None
        kept = self._kept.get(sender)
        if kept is None or kept.public != public:
            if not self._meter.admits(now_ns):
                self.passed_over += 1
                return None
            kept = self._agree(sender, public)
        return None if kept.box is None else kept.box.open(sealed)

    def keep(self, controllers: Container[bytes]) -> None:
        """Forget everybody else."""
        for gone in [each for each in self._kept if each not in controllers]:
            del self._kept[gone]

    def _agree(self, peer: bytes, public: bytes) -> _Kept:
        if peer not in self._kept and len(self._kept) >= BOXES_MAX:
            del self._kept[next(iter(self._kept))]
        kept = self._kept[peer] = _Kept(public, self._exchange.box(public))
        return kept
