"""What one step of the sync wants done: bytes to send, what changed, and what to tell people."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import TypeVar

from crdt.errors import Rejected
from crdt.limits import datagram_bytes_max
from crdt.merge import Applied
from crdt.record import Delta, KeyedRecord
from crdt.sync.codec import encode
from crdt.sync.messages import Message

_Item = TypeVar("_Item")


class AlarmKind(StrEnum):
    """What people have to know of."""

    REPAIRED = "live records were lost here and taken again"
    EQUIVOCATION = "one replica id told two stories"
    OVERCLAIM = "a peer claims to have seen writes that were not made"
    DIFFERENT = "one dot has different contents here and there"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that honest and healthy controllers do not cause. `evidence` is to be kept."""

    kind: AlarmKind
    peer: bytes
    detail: str
    evidence: tuple[bytes, ...] = ()


@dataclass(slots=True)
class Work:
    """Filled by the sessions while one message is handled."""

    peer: bytes
    out: list[tuple[bytes, bool]] = field(default_factory=list)
    changed: list[KeyedRecord] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    far_future: int = 0

    def send(self, message: Message, *, bulk: bool = False) -> None:
        """Send a message."""
        self.send_bytes(encode(message), bulk=bulk)

    def send_bytes(self, data: bytes, *, bulk: bool = False) -> None:
        """Send; what is larger than a datagram, or part of a bulk transfer, goes over a stream."""
        self.out.append((data, bulk or len(data) > datagram_bytes_max))

    def applied(self, applied: Applied) -> None:
        """Take over what a merge did."""
        self.changed += applied.inflated
        self.rejected += applied.rejected
        self.far_future += applied.far_future
        for proof in applied.equivocations:
            self.alarm(
                AlarmKind.EQUIVOCATION,
                f"replica id {proof.replica.hex()}",
                (proof.ours, proof.theirs),
            )

    def alarm(self, kind: AlarmKind, detail: str, evidence: tuple[bytes, ...] = ()) -> None:
        """Tell people of something that this peer has to do with."""
        self.alarms.append(Alarm(kind, self.peer, detail, evidence))


def part_sum(part: int, records: Delta) -> int:
    """Hash the dots of one part of a session; summed up, they prove that every part was held."""
    told = blake2b(part.to_bytes(8, "big"), digest_size=8)
    for _, record in records:
        for sibling in record:
            told.update(sibling.replica + sibling.counter.to_bytes(8, "big"))
    return int.from_bytes(told.digest(), "big")


def packed(sized: Iterable[tuple[_Item, int]], bytes_max: int) -> Iterator[list[_Item]]:
    """Fill parts of at most `bytes_max` with items of known size, in order, at least one each."""
    part: list[_Item] = []
    used = 0
    for item, size in sized:
        if part and used + size > bytes_max:
            yield part
            part, used = [], 0
        part.append(item)
        used += size
    if part:
        yield part


def chunked(sized: Sequence[tuple[_Item, int]], bytes_max: int) -> list[list[_Item]]:
    """Like `packed`, and one empty part where there is nothing."""
    return list(packed(sized, bytes_max)) or [[]]
