"""Keys locked by a passphrase."""

import base64

import pytest

from mesh.driver import locking
from mesh.driver.locking import NotUnlocked, lock, passphrase_errors, unlock
from mesh.environment.kinds.operator import LOCKED_CHARACTERS_MAX
from mesh.wire import cbor

SEED = bytes(range(32))
QUICK = (locking.PASSES_MIN, locking.MEMORY_BYTES_MIN)


def test_the_passphrase_opens_and_no_other_does() -> None:
    """The same seed comes back; another passphrase, or a flipped bit, opens nothing."""
    locked = lock(SEED, "correct horse battery", *QUICK)
    assert unlock(locked, "correct horse battery") == SEED
    assert lock(SEED, "correct horse battery", *QUICK) != locked
    assert len(locked) < LOCKED_CHARACTERS_MAX
    assert SEED.hex() not in locked
    with pytest.raises(NotUnlocked, match="wrong"):
        _ = unlock(locked, "correct horse batterie")
    flipped = locked[:-2] + ("A" if locked[-2] != "A" else "B") + locked[-1]
    with pytest.raises(NotUnlocked):
        _ = unlock(flipped, "correct horse battery")


def test_a_passphrase_may_be_typed_on_any_keyboard() -> None:
    """An umlaut in one piece or in two is the same."""
    assert unlock(lock(SEED, "über den Wolken", *QUICK), "u\u0308ber den Wolken") == SEED


@pytest.mark.parametrize(
    ("passes", "memory_bytes"),
    [(1, 2**26), (17, 2**26), (3, 2**20), (3, 2**31), (True, 2**26)],
)
def test_costs_are_bounded_when_read(passes: int, memory_bytes: int) -> None:
    """Neither too cheap, nor so dear that a login takes all memory."""
    raw = cbor.encode([0, passes, memory_bytes, bytes(16), bytes(72)])
    with pytest.raises(NotUnlocked, match="no locked key"):
        _ = unlock(base64.urlsafe_b64encode(raw).decode().rstrip("="), "x")


@pytest.mark.parametrize("text", ["", "é", "AAAA", "%%%%", "A" * 5_000])
def test_nonsense_is_no_locked_key(text: str) -> None:
    """Refused before anything is computed."""
    with pytest.raises(NotUnlocked, match="no locked key"):
        _ = unlock(text, "x")


def test_what_makes_a_passphrase() -> None:
    """Twelve characters at least; a whole book is none."""
    assert passphrase_errors("four small words") == ()
    assert "12" in passphrase_errors("too short")[0]
    assert "1024" in passphrase_errors("x" * 1_025)[0]
