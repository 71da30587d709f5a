"""Two ends of one handshake, with the real cipher suite."""

from typing import Final

from mesh.driver.keys import NaClExchange, NaClSuite
from mesh.wire.noise import CipherState, HandshakeState

NAME: Final = "Noise_XX_25519_ChaChaPoly_BLAKE2b"
PROLOGUE: Final = b"what both know"


class Fixed(NaClSuite):
    """The real suite, with ``ephemeral`` in place of a fresh key."""

    def __init__(self, ephemeral: bytes) -> None:
        super().__init__()
        self._ephemeral = ephemeral

    def generate(self) -> NaClExchange:
        """The one key."""
        return NaClExchange(self._ephemeral)


def end(number: int, *, initiates: bool, prologue: bytes = PROLOGUE) -> HandshakeState:
    """One end, all of whose keys follow from ``number``."""
    static = NaClExchange(bytes([number]) * 32)
    suite = Fixed(bytes([100 + number]) * 32)
    return HandshakeState(NAME, suite, static, prologue, initiates=initiates)


def ends() -> tuple[HandshakeState, HandshakeState]:
    """The initiator and the responder, before the first message."""
    return end(1, initiates=True), end(2, initiates=False)


def written(state: HandshakeState, payload: bytes = b"") -> bytes:
    """The next message of ``state``, which can write one."""
    message = state.write(payload)
    assert message is not None
    return message


def conversation() -> tuple[CipherState, CipherState]:
    """After a handshake: what the initiator seals with, and what the responder opens with."""
    one, other = ends()
    assert other.read(written(one)) is not None
    assert one.read(written(other)) is not None
    assert other.read(written(one)) is not None
    return one.split()[0], other.split()[1]
