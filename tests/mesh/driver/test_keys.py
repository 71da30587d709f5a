"""The seam to cryptography holds what it promises: whatever a peer sends gives a value."""

import pytest

from mesh.driver.keys import NaClExchange, NaClSuite
from mesh.wire.noise import TAG_BYTES

ONE, OTHER = NaClExchange(b"1" * 32), NaClExchange(b"2" * 32)
NO_KEYS = [b"", b"short", bytes(31), bytes(33), bytes(32), (1).to_bytes(32, "little")]


def test_both_ends_agree_on_a_secret() -> None:
    """X25519 as in RFC 7748: the same secret from either side, another with anybody else."""
    assert ONE.shared(OTHER.public) == OTHER.shared(ONE.public)
    assert ONE.shared(OTHER.public) != ONE.shared(ONE.public)


@pytest.mark.parametrize("public", NO_KEYS)
def test_what_is_no_key_is_refused(public: bytes) -> None:
    """Too short, too long, or a point that gives everybody the same secret."""
    assert ONE.shared(public) is None
    assert ONE.box(public) is None


def test_a_box_opens_for_the_other_end_alone() -> None:
    """Changed, cut off or of another pair it stays shut."""
    here, there, elsewhere = ONE.box(OTHER.public), OTHER.box(ONE.public), ONE.box(ONE.public)
    assert here is not None
    assert there is not None
    assert elsewhere is not None
    sealed = here.seal(b"words")
    assert len(sealed) == len(b"words") + 40
    assert there.open(sealed) == b"words"
    assert elsewhere.open(sealed) is None
    assert all(there.open(sealed[:length]) is None for length in range(len(sealed)))
    assert here.seal(b"words") != sealed


def test_a_cipher_opens_what_is_whole() -> None:
    """Under another key, number or context, or cut off anywhere, it gives nothing."""
    suite, key, nonce = NaClSuite(), bytes(32), bytes(12)
    sealed = suite.encrypt(key, nonce, b"context", b"words")
    assert len(sealed) == len(b"words") + TAG_BYTES
    assert suite.decrypt(key, nonce, b"context", sealed) == b"words"
    assert suite.decrypt(b"k" * 32, nonce, b"context", sealed) is None
    assert suite.decrypt(key, b"n" * 12, b"context", sealed) is None
    assert suite.decrypt(key, nonce, b"", sealed) is None
    assert all(
        suite.decrypt(key, nonce, b"context", sealed[:length]) is None
        for length in range(len(sealed))
    )


def test_fresh_keys_are_fresh_and_secret() -> None:
    """No two are alike, and none shows itself."""
    suite = NaClSuite()
    assert suite.generate().public != suite.generate().public
    assert repr(ONE) == f"NaClExchange(public={ONE.public.hex()})"
