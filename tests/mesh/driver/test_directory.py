"""The data directory and its keys: private, whole, and of one process at a time."""

import stat
from pathlib import Path

import pytest

from mesh.driver.directory import DataDirectory
from mesh.driver.errors import BadKeyFile, DirectoryInUse, StartError
from mesh.driver.keys import NaClSigner, NaClSuite, read_key, read_or_make_key


def test_keys_are_made_once_and_kept(tmp_path: Path) -> None:
    """A controller has the same keys in all its lives."""
    with DataDirectory(tmp_path / "data") as directory:
        made = directory.keys()
        operator = directory.founding_key()
        again = directory.keys()
        assert directory.founding_key().public == operator.public
    assert made.operator is None
    assert again.operator is not None
    assert made.identity.public == again.identity.public
    assert operator.public == again.operator.public
    assert made.exchange.public == again.exchange.public
    assert len({made.identity.public, operator.public, made.exchange.public}) == 3
    assert (made.is_new, again.is_new) == (True, False)


def test_an_operators_key_is_used_where_a_person_puts_it(tmp_path: Path) -> None:
    """Who joins has no use for one otherwise."""
    with DataDirectory(tmp_path) as directory:
        assert directory.keys().operator is None
        put = read_or_make_key(tmp_path / "operator.key")
        held = directory.keys().operator
    assert held is not None
    assert held.public == put.public


def test_everything_is_private(tmp_path: Path) -> None:
    """Nobody else may enter the directory or read a key, whatever it was before."""
    path = tmp_path / "data"
    path.mkdir(mode=0o755)
    with DataDirectory(path) as directory:
        _ = directory.keys()
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.iterdir()} == {0o600}


def test_one_process_at_a_time(tmp_path: Path) -> None:
    """A directory in use is one clear line, and free again after its holder."""
    with DataDirectory(tmp_path), pytest.raises(DirectoryInUse, match=r"in use .* \(process \d+\)"):
        _ = DataDirectory(tmp_path)
    with DataDirectory(tmp_path):
        pass


@pytest.mark.parametrize("name", ["identity.key", "exchange.key"])
def test_a_lost_key_is_not_replaced_in_silence(tmp_path: Path, name: str) -> None:
    """With a new key the journal would be a stranger's; without a journal a new one is made."""
    with DataDirectory(tmp_path) as directory:
        _ = directory.keys()
        (tmp_path / name).unlink()
        made = directory.keys()
        (tmp_path / "journal.db").touch()
        (tmp_path / name).unlink()
        with pytest.raises(BadKeyFile, match="--new-identity"):
            _ = directory.keys()
    assert made.operator is None


def test_an_identity_is_set_aside_whole(tmp_path: Path) -> None:
    """Key and journal go together and are kept; the operator's key stays; new ones are made."""
    with DataDirectory(tmp_path) as directory:
        former = directory.keys()
        operator = directory.founding_key()
        for name in ("journal.db", "journal.db-wal", "journal.db.witness"):
            _ = (tmp_path / name).write_text(name)
        folder = directory.set_identity_aside(7)
        new = directory.keys()
    assert new.identity.public != former.identity.public
    assert new.operator is not None
    assert new.operator.public == operator.public
    assert read_key(folder / "identity.key").public == former.identity.public
    assert (folder / "journal.db-wal").read_text() == "journal.db-wal"
    assert not list(tmp_path.glob("journal.db*"))


def test_a_file_in_the_way_is_one_line(tmp_path: Path) -> None:
    """What cannot be a directory is said, not raised from the depths."""
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match="cannot be made"):
        _ = DataDirectory(tmp_path / "file" / "data")


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """A key that others may have read is nobody's proof."""
    path = tmp_path / "identity.key"
    _ = read_or_make_key(path)
    path.chmod(mode)
    with pytest.raises(BadKeyFile, match="can be read by others"):
        _ = read_key(path)


@pytest.mark.parametrize("content", ["", "ed25519 00", "x25519 " + "00" * 32, "rubbish", "é" * 40])
def test_file_without_a_key_is_refused(tmp_path: Path, content: str) -> None:
    """A damaged key is never replaced in silence: that would be another controller."""
    path = tmp_path / "identity.key"
    _ = path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(BadKeyFile, match="holds no ed25519 key") as caught:
        _ = read_or_make_key(path)
    assert content not in str(caught.value) or not content
    assert path.read_text() == content


def test_suite_accepts_what_the_signer_signs_and_nothing_else() -> None:
    """Ed25519: any other message, signature or key is False, however malformed."""
    signer, other, suite = NaClSigner(b"1" * 32), NaClSigner(b"2" * 32), NaClSuite()
    signature = signer.sign(b"message")
    assert suite.verify(signer.public, b"message", signature)
    assert not suite.verify(signer.public, b"massage", signature)
    assert not suite.verify(other.public, b"message", signature)
    assert not suite.verify(b"short", b"message", signature)
    assert not suite.verify(signer.public, b"message", b"short")
    assert not suite.verify(signer.public, b"message", bytes(64))


def test_signer_does_not_show_its_seed() -> None:
    """A key that ends up in a log line is its public half."""
    assert b"secret-secret-secret-secret-1234".hex() not in repr(
        NaClSigner(b"secret-secret-secret-secret-1234")
    )
