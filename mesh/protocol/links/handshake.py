"""How a stream begins: three messages, after which both ends know whom they have and are alone.

Whoever dials says first, in the clear, which protocol it speaks, in which version and for which
environment; all that is authenticated later, because both ends stir it into the handshake. Of
another version nothing more is read or said than the version itself. Whoever was dialled answers
with its credentials, sealed; only then whoever dialled shows its own.

    -> "trellis " | version 4 | environment 32 | Noise message 1
    <- "trellis " | version 4 | Noise message 2 (credentials)
    -> Noise message 3 (credentials)

Invariant: whatever arrives, a handshake ends in ``Secured`` or ``Refused`` after at most one
message of the dialler and two of the peer, and costs at most three agreements of keys.
"""

from dataclasses import dataclass
from typing import Final

from mesh.protocol.links import credentials
from mesh.protocol.links.ciphers import Direction
from mesh.protocol.links.credentials import Credentials, Papers
from mesh.protocol.standing import Ground, Refused
from mesh.protocol.suite import Keyring
from mesh.wire.identity import ControllerId
from mesh.wire.messages import PROTOCOL_VERSION
from mesh.wire.noise import KEY_BYTES, HandshakeState

NOISE: Final = "Noise_XX_25519_ChaChaPoly_BLAKE2b"
BINDING_BYTES: Final = 32

MAGIC: Final = b"trellis "
"""The first bytes of a stream, in both directions: other protocols are seen at once."""

_HEAD: Final = MAGIC + PROTOCOL_VERSION.to_bytes(4, "big")
_ENVIRONMENT_BYTES: Final = 32
PREAMBLE_BYTES: Final = len(_HEAD) + _ENVIRONMENT_BYTES
FIRST_BYTES: Final = PREAMBLE_BYTES + KEY_BYTES


@dataclass(frozen=True, slots=True)
class Secured:
    """What a handshake came to."""

    sends: Direction
    receives: Direction
    peer: ControllerId
    """Who is at the other end."""
    exchange_key: bytes
    """The key with which it proved that."""
    binding: bytes
    """Names this very stream, alike at both ends and unlike any other."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one message of the peer leads to."""

    reply: bytes | None = None
    """To be said in turn, before anything else."""
    outcome: Secured | Refused | None = None
    """None: the peer has the next word."""


class Handshake:
    """One end of a stream that is not secured yet; ``papers`` are what it shows of itself."""

    def __init__(self, keyring: Keyring, papers: Papers, *, dials: bool) -> None:
        self._keyring = keyring
        self._papers = papers
        self._dials = dials
        self._noise: HandshakeState | None = None
        self._environment: bytes | None = None
        """The one for which the peer dialled."""

    def begin(self) -> bytes:
        """The first message; whoever dials says it."""
        assert self._dials, "whoever was dialled waits"
        preamble = _HEAD + self._papers.environment
        message = self._start(preamble).write()
        assert message is not None, "there is no key of the peer in it that could be none"
        return preamble + message

    def is_costly(self, message: bytes) -> bool:
        """Whether ``message`` of a stranger makes us work with keys for the first time."""
        return not self._dials and self._noise is None and foreign(message) is None

    def receive(self, message: bytes) -> Answer:
        """Take the next message of the peer."""
        if self._dials:
            return self._hear_second(message)
        if self._noise is None:
            return self._hear_first(message)
        return self._hear_third(message)

    def _start(self, prologue: bytes) -> HandshakeState:
        keyring = self._keyring
        self._noise = HandshakeState(
            NOISE, keyring.suite, keyring.exchange, prologue, initiates=self._dials
        )
        return self._noise

    def _hear_first(self, message: bytes) -> Answer:
        refusal = foreign(message)
        if refusal is not None:
            says_version = refusal.ground is Ground.PROTOCOL
            return Answer(_HEAD if says_version else None, refusal)
        if len(message) != FIRST_BYTES:
            return Answer(None, Refused(Ground.UNREADABLE, "the beginning of no handshake"))
        preamble, message = message[:PREAMBLE_BYTES], message[PREAMBLE_BYTES:]
        self._environment = preamble[len(_HEAD) :]
        noise = self._start(preamble)
        reply = None if noise.read(message) is None else noise.write(self._papers.dialled)
        return _FORGED if reply is None else Answer(_HEAD + reply)

    def _hear_second(self, message: bytes) -> Answer:
        noise = self._noise
        assert noise is not None, "heard before it was begun"
        refusal = foreign(message)
        if refusal is not None:
            return Answer(None, refusal)
        vouched = noise.read(message[len(_HEAD) :])
        peer = self._believe(noise, vouched)
        reply = None if peer is None else noise.write(self._papers.dialling)
        if peer is None or reply is None:
            return _FORGED
        self._noise = None  # whoever seizes a key of a moment later learns nothing from it
        return Answer(reply, _secured(noise, peer))

    def _hear_third(self, message: bytes) -> Answer:
        noise = self._noise
        assert noise is not None
        peer = self._believe(noise, noise.read(message))
        if peer is None or peer.environment != self._environment:
            return _FORGED
        self._noise = None
        return Answer(None, _secured(noise, peer))

    def _believe(self, noise: HandshakeState, vouched: bytes | None) -> Credentials | None:
        if vouched is None:
            return None
        key, verifier = noise.remote_static, self._keyring.suite
        return credentials.check(vouched, key, verifier, dials=not self._dials)


def foreign(message: bytes) -> Refused | None:
    """Why ``message`` does not begin a handshake of ours; None where it may.

    It costs nothing to find out.
    """
    if not message.startswith(MAGIC) or len(message) < len(_HEAD):
        return Refused(Ground.UNREADABLE, "something else than Trellis speaks there")
    version = int.from_bytes(message[len(MAGIC) : len(_HEAD)], "big")
    if version == PROTOCOL_VERSION:
        return None
    why = f"here is protocol version {PROTOCOL_VERSION}, there is {version}"
    return Refused(Ground.PROTOCOL, f"{why}: upgrade the older one")


def _secured(noise: HandshakeState, peer: Credentials) -> Secured:
    sends, receives = noise.split()
    return Secured(
        Direction(sends),
        Direction(receives),
        peer.identity,
        noise.remote_static,
        noise.hash[:BINDING_BYTES],
    )


_FORGED: Final = Answer(None, Refused(Ground.FORGED, "a handshake that somebody changed or forged"))
