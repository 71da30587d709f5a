"""A signed ChangeSet as a file, checked with no controller at hand."""

import argparse
import json
from pathlib import Path

import msgspec
import pytest

from mesh.cli.errors import CommandError
from mesh.cli.exporting import verify
from mesh.driver.keys import NaClSigner
from mesh.wire.export import write_export
from mesh.wire.requests import Command, SignedRequest, sign_request
from tests.mesh.wire.examples import REQUEST

SIGNER = NaClSigner(bytes(range(32)))


def signed(*commands: Command) -> SignedRequest:
    """A request of our own with these commands."""
    request = msgspec.structs.replace(REQUEST, signer=SIGNER.public, written=commands)
    return sign_request(request, SIGNER.sign)


def checked(file: Path, raw: bytes, *, as_json: bool = False) -> int:
    """What `change verify` says to ``raw``."""
    _ = file.write_bytes(raw)
    return verify(argparse.Namespace(file=str(file), json=as_json))


def test_a_good_signature_is_said_to_be_good(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Id, signer and commands are shown; as JSON for programs."""
    whole = signed(Command("service", "move", {"name": "blog"}))
    assert checked(tmp_path / "file", write_export(whole)) == 0
    said = capsys.readouterr().out
    assert "service move --name blog" in said
    assert SIGNER.public.hex() in said
    assert checked(tmp_path / "file", write_export(whole), as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["tx"] == whole.tx.hex()


def test_an_altered_file_is_noticed(tmp_path: Path) -> None:
    """Another request under the same signature is refused."""
    one, other = signed(), signed(Command("service", "move", {"name": "blog"}))
    forged = SignedRequest(other.raw, one.signature)
    with pytest.raises(CommandError, match="was altered"):
        _ = checked(tmp_path / "file", write_export(forged))


def test_other_files_are_none(tmp_path: Path) -> None:
    """What holds no ChangeSet is said to hold none, and so is what is not there."""
    with pytest.raises(CommandError, match="holds no ChangeSet"):
        _ = checked(tmp_path / "file", b"hello")
    with pytest.raises(CommandError, match="cannot be read"):
        _ = verify(argparse.Namespace(file=str(tmp_path / "none"), json=False))


def test_what_is_confidential_or_unknown_is_marked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A confidential value is never shown; that there is more than can be read is said."""
    secret = Command("operator", "create", {"name": "ed", "locked": "hush-hush"})
    later = Command("service", "move", {"name": "blog"}, b"\x70\x05")
    for as_json in (False, True):
        assert checked(tmp_path / "file", write_export(signed(secret, later)), as_json=as_json) == 0
        said = capsys.readouterr().out
        assert "hush" not in said
        assert "(not shown)" in said
        assert as_json or "cannot read" in said
