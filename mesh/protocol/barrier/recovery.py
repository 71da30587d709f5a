"""B12: who began with an empty disk, and how far it has recovered since.

A witness who lost his memory may have signed what he does not know any more. All majorities share
somebody, and that helps only if he remembers. A majority that he was part of has q - 1 others out
of n - 1; so when he has fetched what n - q + 1 others hold, one of them was in it. Until then he
says that he began empty, and under majority nobody counts on him.
"""

from dataclasses import dataclass
from typing import Final

from mesh.environment.policy import Policy, quorum
from mesh.wire import cbor
from mesh.wire.facts import Record
from mesh.wire.limits import PARTICIPANTS_MAX

RECOVERY: Final = "recovery"
"""The kind of the record."""

_ID_BYTES: Final = 32
_CONTENT_BYTES_MAX: Final = 64 + (_ID_BYTES + 2) * PARTICIPANTS_MAX


@dataclass(frozen=True, slots=True)
class Recovery:
    """How far a life has come that began with an empty disk."""

    synced_from: tuple[bytes, ...] = ()
    """Controllers, sorted, of which it holds all that they held at some moment of this life."""
    is_over: bool = False
    """Enough of them: it is like one that never lost anything."""

    @property
    def record(self) -> Record:
        """The fact that says so."""
        return Record(RECOVERY, self.encode())

    def encode(self) -> bytes:
        """As it is told, and kept on disk."""
        return cbor.encode([self.is_over, *self.synced_from])


def read_recovery(record: Record) -> Recovery | None:
    """What ``record`` says of its origin's memory; None where it is about something else."""
    return decode_recovery(record.content) if record.kind == RECOVERY else None


def decode_recovery(raw: bytes) -> Recovery | None:
    """What ``raw`` spells; None where it spells no recovery."""
    try:
        content = cbor.decode(raw, _CONTENT_BYTES_MAX)
    except cbor.Undecodable:
        return None
    match content:
        case [bool() as is_over, *ids]:
            known = [each for each in ids if isinstance(each, bytes) and len(each) == _ID_BYTES]
            return Recovery(tuple(sorted(known)), is_over) if len(known) == len(ids) else None
        case _:
            return None


def others_needed(members: int) -> int:
    """From how many others of a roster of ``members`` it has to sync: n - q + 1, at least one."""
    return max(1, members - quorum(Policy.MAJORITY, members) + 1)
