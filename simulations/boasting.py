"""What a liar says of the writes of others: that it has seen a million that are still to come.

Its own store is as it should be; only what it answers to those who compare with it is another. So
it is not heard unless somebody asks, and it makes everybody ask, with a summary of nothing.
"""

from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import Final

from crdt import Outcome, Parcel, Synchronizer, decode, encode
from crdt.limits import PROTOCOL_VERSION, epoch_tag_bytes
from crdt.sync.messages import Cover, Heard, Ping, Summary
from mesh.protocol.information import Information
from mesh.protocol.now import SECOND, Now

AHEAD: Final = 1_000_000
"""Writes that nobody will make."""

_SUM_BYTES: Final = 8


class Boasting(Synchronizer):
    """The sync of a liar, who lies about `victims`, the replica ids of others, for a while."""

    def __init__(self, information: Information, random: Random) -> None:
        super().__init__(information.kept, information.owned, random)
        self.victims: tuple[bytes, ...] = ()
        self.until_ns = 0

    def receive(self, peer: bytes, data: bytes, now_ns: int, wall_ns: int) -> Outcome:
        """Handle what a peer sent, and answer with more than was seen."""
        outcome = super().receive(peer, data, now_ns, wall_ns)
        if now_ns >= self.until_ns:
            return outcome
        return replace(outcome, replies=tuple(map(self._exaggerated, outcome.replies)))

    def _exaggerated(self, parcel: Parcel) -> Parcel:
        cover = decode(parcel.data)
        if not isinstance(cover, Cover):
            return parcel
        known = {heard.replica: heard.through for heard in cover.entries}
        entries = [heard for heard in cover.entries if heard.replica not in self.victims]
        entries += [
            Heard(victim, known.get(victim, 0) + AHEAD, AHEAD)
            for victim in self.victims
            if victim != parcel.peer
        ]
        return replace(parcel, data=encode(replace(cover, entries=tuple(entries))))


def boast(information: Information, victims: Iterable[bytes], random: Random, now: Now) -> bytes:
    """Lie about `victims` for a second; returns what makes a peer ask, with the epoch of all."""
    if not isinstance(information.synchronizer, Boasting):
        information.synchronizer = Boasting(information, random)
    information.synchronizer.victims = tuple(victims)
    information.synchronizer.until_ns = now.monotonic_ns + SECOND
    kept = information.kept
    sums = [random.randbytes(_SUM_BYTES) for _ in range(4)]
    version = kept.table.sums.secret.version
    epoch = kept.epoch[:epoch_tag_bytes]
    return encode(
        Ping(PROTOCOL_VERSION, epoch, version, Summary(*sums[:2]), Summary(*sums[2:])),
    )
