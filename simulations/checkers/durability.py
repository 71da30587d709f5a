"""Nothing leaves before it is durable: no byte of a fact, no word about who one is now.

The rule is about bytes, so bytes are looked at: every frame that goes out is read as a receiver
would read it once it is opened, and each fact in it must be on the disk of the controller that
wrote it.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Final

from mesh.protocol.admission.enrolment import ENVIRONMENT_KEY, decode_enrolment
from mesh.protocol.effects import Effects
from mesh.protocol.inputs import StreamId
from mesh.wire import codec, framing
from mesh.wire.facts import SignedFact, read_fact
from mesh.wire.messages import Facts, Hello
from simulations.durable import Durable
from simulations.tap import Tap

_WHOLE: Final = 0
_READ: Final = (bytes([10]), bytes([11]))
"""The tags of messages with facts, and of greetings."""

_TAG_AT: Final = 2
"""Of a message that is in one part: flag, head of the array, tag."""


class DurabilityChecker:
    """Reads what leaves. ``disks`` is by controller and host: what is durable at this moment.

    What ``equivocal`` controllers say was never on a disk, and others pass it on in good faith.
    """

    def __init__(
        self, disks: Mapping[bytes, Mapping[str, Durable]], equivocal: Collection[bytes] = ()
    ) -> None:
        self.tap = Tap()
        """Tells what was sealed: the one of the world's keys."""
        self._disks = disks
        self._equivocal = equivocal
        self._parts: dict[tuple[str, int, StreamId], framing.Assembler] = {}
        self._seen: dict[bytes, None] = {}

    def leaving(self, name: str, life: int, effects: Effects) -> Iterator[str]:
        """What is wrong with ``effects`` of the controller called ``name``, now in its ``life``."""
        for stream, sealed in effects.frames:
            payload = self.tap.read(sealed)
            raw = self._message((name, life, stream), payload) if payload is not None else None
            if raw is not None:
                yield from self._look(name, raw)

    def _message(self, at: tuple[str, int, StreamId], payload: bytes) -> bytes | None:
        """The whole message that ``payload`` ends, if it can be one that is looked at."""
        if payload[0] == _WHOLE and at not in self._parts:
            return payload[1:] if payload[_TAG_AT : _TAG_AT + 1] in _READ else None
        assembler = self._parts.setdefault(at, framing.Assembler())
        raw = assembler.add(payload)
        if raw is None:
            return None
        del self._parts[at]
        return raw if isinstance(raw, bytes) else None

    def _look(self, name: str, raw: bytes) -> Iterator[str]:
        message = codec.decode(raw)
        if isinstance(message, Facts):
            yield from self._facts(name, message)
        elif isinstance(message, Hello) and message.environment is not None:
            disk = self._disks.get(message.sender.controller, {}).get(name)
            if disk is not None and _environment(disk.meta) != message.environment:
                yield f"{name} said where it belongs before that was durable"

    def _facts(self, name: str, message: Facts) -> Iterator[str]:
        for signed in message.facts:
            if signed.raw not in self._seen:
                if self._is_durable(signed):
                    self._seen[signed.raw] = None
                else:
                    fact = read_fact(signed)
                    what = f"{type(fact.body).__name__} {fact.sequence} of {fact.origin}"
                    yield f"{name} sent {what} before it was durable"

    def _is_durable(self, signed: SignedFact) -> bool:
        fact = read_fact(signed)
        if fact.origin.controller in self._equivocal:
            return True
        disks = self._disks.get(fact.origin.controller, {})
        return any(disk.holds(fact.origin, fact.sequence, signed) for disk in disks.values())


def _environment(meta: Mapping[str, bytes]) -> bytes | None:
    """The id of the environment to which a restart would return."""
    raw = meta.get(ENVIRONMENT_KEY)
    return None if raw is None else _enrolled(raw)


@lru_cache(maxsize=1_024)
def _enrolled(raw: bytes) -> bytes:
    return decode_enrolment(raw).environment
