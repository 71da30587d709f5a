"""Attacks by whoever has no key that is admitted: on streams, before and after the handshake."""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

import msgspec

from mesh.protocol.links.handshake import FIRST_BYTES
from mesh.protocol.suite import Signer
from mesh.wire.framing import LENGTH_BYTES
from mesh.wire.limits import FRAME_BYTES_MAX
from mesh.wire.messages import Facts, FactVector, Goodbye, Hello, Knock, Message
from tests.hostile.attack import Landed
from tests.hostile.stage import Stage, address
from tests.hostile.wolf import Line, RawLine, Shut, Wolf, dial, steal
from tests.mesh.wire.examples import MESSAGES

ROUNDS: Final = 40
HARMLESS: Final = (Hello, Goodbye, FactVector)
"""What the honest side says to anybody who has proven a key of his own: who it is, why it ends
the stream, and how far it holds the facts of an environment to which both say they belong."""

WAIT_S: Final = 0.5
PAUSE_S: Final = 0.03
"""Between handshakes, so that it is not the meter that keeps them out."""


def wrong_key(stage: Stage) -> int:
    """Shows the papers of an honest member, with exchange keys of its own."""
    loot = steal(stage.insider.directory)
    tries = 0
    for controller in honest_identities(stage):
        for _ in range(ROUNDS):
            wolf = Wolf.stranger(loot.enrolment)
            wolf.identity = _Mask(wolf.identity, controller)
            tries += 1
            time.sleep(PAUSE_S)
            _demand_shut(stage, wolf, "whoever cannot sign for a member was taken for it")
    return tries


class _Mask:
    """Says to be ``public``, and signs with another key."""

    def __init__(self, key: Signer, public: bytes) -> None:
        self._key = key
        self.public = public

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def honest_identities(stage: Stage) -> list[bytes]:
    """The controller ids of the honest, in their order."""
    found = []
    for process in stage.honest:
        status = process.status()
        assert status is not None
        controller = status["controller"]
        assert isinstance(controller, dict)
        found.append(bytes.fromhex(str(controller["id"])))
    return found


def _demand_shut(stage: Stage, wolf: Wolf, what: str) -> None:
    with suppress(Shut, TimeoutError), wolf.line(address(stage.target)) as line:
        heard = [each for each in line.hear_all(WAIT_S) if not isinstance(each, Goodbye)]
        if heard:
            raise Landed(f"{what}: it heard {type(heard[0]).__name__}")


def another_name_than_proven(stage: Stage) -> int:
    """A sound handshake with a key of its own, and then the Hello of a member."""
    loot = steal(stage.insider.directory)
    tries = 0
    for controller in honest_identities(stage):
        wolf = Wolf.stranger(loot.enrolment)
        other = Wolf.stranger(loot.enrolment)
        other.identity = _Mask(other.identity, controller)
        with suppress(Shut), wolf.line(address(stage.target), other.hello()) as line:
            _demand_harmless(line, "a Hello in the name of a member")
        tries += 1
    return tries


def _demand_harmless(line: Line, what: str, allowed: tuple[type, ...] = HARMLESS) -> None:
    for message in line.hear_all(WAIT_S):
        if not isinstance(message, allowed):
            raise Landed(f"{what} was answered with {type(message).__name__}")


def unadmitted_key(stage: Stage) -> int:
    """Every message there is, said by a key that nobody admitted."""
    loot = steal(stage.insider.directory)
    tries = 0
    for _ in range(ROUNDS):
        wolf = Wolf.stranger(loot.enrolment)
        time.sleep(PAUSE_S)
        with suppress(Shut), wolf.line(address(stage.target)) as line:
            tries += line.say_all([each for each in _everything() if not isinstance(each, Hello)])
            _demand_harmless(line, "a stranger")
    return tries


def _everything() -> Iterator[Message]:
    for name, message in MESSAGES.items():
        if name not in {"Goodbye", "Hello"}:
            yield message


def chains_of_made_up_keys(stage: Stage) -> int:
    """Thousands of chains, each of a key that it made, each well signed and begun with a Boot."""
    place = steal(stage.insider.directory).enrolment
    tries = 0
    for _ in range(5):
        wolf = Wolf.stranger(place)
        with suppress(Shut), wolf.line(address(stage.target)) as line:
            chains = [Wolf.stranger(place).first_fact().signed for _ in range(500)]
            tries += line.say_all([Facts((each,), direct=True) for each in chains])
            _demand_harmless(line, "a stranger with many names")
    return tries


def removed_key(stage: Stage) -> int:
    """The key of a member that was removed, in one life after the other."""
    loot = steal(stage.outcast.directory)
    tries = 0
    for life in range(ROUNDS):
        wolf = Wolf.thief(loot)
        wolf.boot += life
        time.sleep(PAUSE_S)
        with suppress(Shut), wolf.line(address(stage.target)) as line:
            tries += line.say_all(list(_everything()))
            _demand_told_why(line)
    return tries


def _demand_told_why(line: Line) -> None:
    """Who was removed sees the history that says so, and nothing else."""
    for message in line.hear_all(WAIT_S):
        if type(message).__name__ not in {"Hello", "Goodbye", "Facts", "FactVector"}:
            raise Landed(f"a removed key was answered with {type(message).__name__}")


def replayed_handshake(stage: Stage) -> int:
    """All that a member once said on a stream, said again."""
    loot = steal(stage.insider.directory)
    said = _Recording()
    thief = Wolf.thief(loot)
    with dial(address(stage.target)) as connection:
        line = said.over(connection)
        handshake = thief.handshake()
        line.write(handshake.begin())
        answer = handshake.receive(line.read())
        assert answer.reply is not None
        line.write(answer.reply)
    time.sleep(1.0)
    for _ in range(ROUNDS):
        time.sleep(PAUSE_S)
        with suppress(Shut, TimeoutError), dial(address(stage.target)) as connection:
            again = RawLine(connection)
            for part in said.parts:
                again.write_bytes(part)
            _ = again.read(WAIT_S)
            frame = again.read(WAIT_S)
            raise Landed(f"a handshake said twice was answered with {len(frame)} sealed bytes")
    return ROUNDS


class _Recording:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def over(self, connection: object) -> RawLine:
        """A line over ``connection`` that is recorded."""
        parts = self.parts

        class Recorded(RawLine):
            def write_bytes(self, raw: bytes) -> None:
                parts.append(raw)
                super().write_bytes(raw)

        return Recorded(connection)  # type: ignore[arg-type]


def flipped_bits(stage: Stage) -> int:
    """One bit changed in each message of a handshake, and in what follows."""
    loot = steal(stage.insider.directory)
    luck = random.Random("flipped bits")
    tries = 0
    for _ in range(ROUNDS):
        for place in ("first", "third", "frame"):
            time.sleep(PAUSE_S)
            tries += 1
            with suppress(Shut, TimeoutError):
                _flip_one(stage, Wolf.stranger(loot.enrolment), place, luck)
    return tries


def _flip_one(stage: Stage, wolf: Wolf, place: str, luck: random.Random) -> None:
    with dial(address(stage.target)) as connection:
        raw = RawLine(connection)
        handshake = wolf.handshake()
        first = handshake.begin()
        # The preamble is seen in the clear: what it says is another case than that it was changed.
        raw.write(_flip(first, luck, FIRST_BYTES - 32) if place == "first" else first)
        answer = handshake.receive(raw.read(WAIT_S))
        if answer.reply is None or not hasattr(answer.outcome, "sends"):
            return
        raw.write(_flip(answer.reply, luck) if place == "third" else answer.reply)
        line = Line(raw, answer.outcome)  # type: ignore[arg-type]
        if place == "frame":
            raw.write(_flip(line.secured.sends.seal(b"\0" + os.urandom(64)), luck))
        heard = line.hear_all(WAIT_S)
        if place == "third" and heard:
            raise Landed("a changed handshake was taken")
        if any(not isinstance(each, HARMLESS) for each in heard):
            raise Landed("a changed frame was answered")


def _flip(raw: bytes, luck: random.Random, begin: int = 0) -> bytes:
    at = luck.randrange(begin, len(raw))
    return raw[:at] + bytes([raw[at] ^ 1 << luck.randrange(8)]) + raw[at + 1 :]


def truncated_frames(stage: Stage) -> int:
    """Beginnings of frames and of handshakes, cut anywhere; lengths that nothing follows."""
    loot = steal(stage.insider.directory)
    luck = random.Random("truncated")
    kinds: list[Callable[[bytes], bytes]] = [
        lambda raw: raw[: luck.randrange(len(raw))],
        lambda raw: (
            (FRAME_BYTES_MAX + luck.randrange(1, 2**30)).to_bytes(LENGTH_BYTES, "big") + raw
        ),
        lambda raw: raw[LENGTH_BYTES:],
        lambda raw: bytes(LENGTH_BYTES) + raw,
        lambda raw: luck.randbytes(len(raw)),
    ]
    tries = 0
    for _ in range(ROUNDS):
        for kind in kinds:
            first = Wolf.stranger(loot.enrolment).handshake().begin()
            whole = len(first).to_bytes(LENGTH_BYTES, "big") + first
            tries += 1
            with suppress(Shut), dial(address(stage.target)) as connection:
                RawLine(connection).write_bytes(kind(whole))
    return tries


def knocks_without_end(stage: Stage) -> int:
    """A crowd of newcomers, each with a key of its own, all of them knocking."""
    loot = steal(stage.insider.directory)
    tries = 0
    for _ in range(10 * ROUNDS):
        wolf = Wolf.stranger(loot.enrolment)
        newcomer = msgspec.structs.replace(
            wolf.hello(), environment=None, generation=0, generation_nonce=bytes(16)
        )
        tries += 1
        with suppress(Shut, TimeoutError), wolf.line(address(stage.target), newcomer) as line:
            line.say(Knock(None))
    return tries
