"""Which life of this controller wrote in this store last.

A diary proves where its writer stopped only to whoever kept it. After a lost or restored disk the
store holds chains of own lives that were fetched from others: how far those go is what others had
heard, not how far they went. So each life leaves its name in the store together with its first
fact, and the next one proves the last number of that life, and of no other.

A store that was rolled back whole, its proof with it, claims an end that was none. Others may hold
what came after; the first such fact gives it away.
"""

from dataclasses import dataclass
from typing import Final

from mesh.protocol.effects import Image, WriteMeta
from mesh.wire.facts import Fact
from mesh.wire.identity import Incarnation

LIFE_KEY: Final = "life"
_BOOT_BYTES: Final = 8
_NONCE_BYTES: Final = 8


def life_note(own: Incarnation) -> WriteMeta:
    """What ``own`` leaves behind, in one transaction with its Boot."""
    return WriteMeta(LIFE_KEY, own.boot.to_bytes(_BOOT_BYTES, "big") + own.nonce)


def former_life(image: Image, controller: bytes) -> Incarnation | None:
    """The life of ``controller`` that wrote here last; None where none left its name."""
    note = image.meta.get(LIFE_KEY, b"")
    if len(note) != _BOOT_BYTES + _NONCE_BYTES:
        return None
    return Incarnation(controller, int.from_bytes(note[:_BOOT_BYTES], "big"), note[_BOOT_BYTES:])


@dataclass(frozen=True, slots=True)
class Claim:
    """A Boot says that ``previous`` said ``proven`` facts and no more, and that none came since."""

    previous: Incarnation
    proven: int

    def is_contradicted_by(self, fact: Fact, own: Incarnation) -> bool:
        """Whether ``fact`` comes from a past of ``own`` that the claim knows nothing of."""
        if fact.origin == self.previous:
            return fact.sequence > self.proven
        return fact.origin.controller == own.controller and self.previous < fact.origin < own
