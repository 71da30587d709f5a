"""Keys of a stream are renewed at the same places at both ends; old ones are worth nothing."""

import pytest

from mesh.protocol.links import ciphers
from mesh.protocol.links.ciphers import REKEY_BYTES, REKEY_FRAMES, Direction
from mesh.wire.noise import TAG_BYTES, CipherState
from tests.mesh.protocol.keys import KeySuite


def _ends() -> tuple[Direction, Direction]:
    key = bytes(range(32))
    return Direction(CipherState(KeySuite(), key)), Direction(CipherState(KeySuite(), key))


def test_keys_are_renewed_after_so_many_frames() -> None:
    """Not one frame earlier or later, and again after as many."""
    sends, receives = _ends()
    for number in range(1, 2 * REKEY_FRAMES + 2):
        assert receives.open(sends.seal(b"x")) == b"x"
        assert sends.renewals == receives.renewals == number // REKEY_FRAMES


def test_keys_are_renewed_after_so_many_bytes() -> None:
    """Large frames count for more; the tags are not counted."""
    sends, receives = _ends()
    large = bytes(65_000)
    frames = -(-REKEY_BYTES // len(large))
    for number in range(1, 2 * frames + 1):
        assert receives.open(sends.seal(large)) == large
        assert sends.renewals == receives.renewals == number // frames


def test_a_forged_frame_counts_for_nothing() -> None:
    """Whoever throws bytes at one end does not get it out of step with the other."""
    sends, receives = _ends()
    for _ in range(REKEY_FRAMES + 1):
        assert receives.open(bytes(TAG_BYTES + 1)) is None
    assert receives.renewals == 0
    assert receives.open(sends.seal(b"x")) == b"x"


def test_after_a_renewal_the_old_key_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thief with yesterday's key reads nothing of today."""
    monkeypatch.setattr(ciphers, "REKEY_FRAMES", 2)
    sends, receives = _ends()
    thief = CipherState(KeySuite(), bytes(range(32)))
    for _ in range(2):
        sealed = sends.seal(b"x")
        assert receives.open(sealed) == b"x"
        assert thief.decrypt(b"", sealed) == b"x"
    sealed = sends.seal(b"x")
    assert thief.decrypt(b"", sealed) is None
    assert receives.open(sealed) == b"x"
