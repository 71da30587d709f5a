"""Sealed boxes, and the key files that open them."""

from pathlib import Path

import pytest

from mesh.driver.directory import EXCHANGE, FOLLOWING
from mesh.driver.errors import BadKeyFile
from mesh.driver.keys import NaClExchange, read_or_make_exchange, seal
from mesh.driver.sealing import sealing_keys


def test_only_the_reader_opens_what_is_sealed() -> None:
    """Not another key, not after one flipped bit; and never twice the same bytes."""
    reader, other = NaClExchange(b"r" * 32), NaClExchange(b"o" * 32)
    sealed = seal(reader.public, b"hunter2")
    assert sealed is not None
    assert reader.open_sealed(sealed) == b"hunter2"
    assert other.open_sealed(sealed) is None
    assert reader.open_sealed(sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    assert reader.open_sealed(b"") is None
    assert seal(reader.public, b"hunter2") != sealed


def test_what_is_no_key_is_sealed_to_by_nobody() -> None:
    """Too short; or one with which everybody would agree on the same."""
    assert seal(b"short", b"hunter2") is None
    assert seal(bytes(32), b"hunter2") is None


def test_a_key_does_not_show_itself() -> None:
    """A repr has the public half."""
    key = NaClExchange(b"r" * 32)
    assert repr(key) == f"NaClExchange(public={key.public.hex()})"


def test_the_keys_of_a_controller_are_found(tmp_path: Path) -> None:
    """The one in use, and the one that follows it; none is made by reading."""
    with pytest.raises(FileNotFoundError):
        _ = sealing_keys(tmp_path)
    used = read_or_make_exchange(tmp_path / EXCHANGE)
    assert [key.public for key in sealing_keys(tmp_path)] == [used.public]
    following = read_or_make_exchange(tmp_path / FOLLOWING)
    assert [key.public for key in sealing_keys(tmp_path)] == [used.public, following.public]
    (tmp_path / EXCHANGE).chmod(0o644)
    with pytest.raises(BadKeyFile):
        _ = sealing_keys(tmp_path)
