"""Linking another environment: what is compared is what is signed."""

from typing import Any, cast

import pytest

from mesh.cli import linking
from mesh.cli.errors import CommandError
from mesh.cli.submitting import Submission
from mesh.wire.identity import fingerprint

GOOD, EVIL = bytes(range(32)), bytes(32)


class Liar:
    """A controller that shows the fingerprints of other keys than those it names."""

    def __init__(self, place: object) -> None:
        del place

    def get(self, path: str) -> dict[str, Any]:
        """The peer, as it says."""
        assert path == "/v1/links/test/peer"
        shown = {"id": EVIL.hex(), "fingerprint": fingerprint(GOOD), "name": "test-1"}
        return {"environment": "cd" * 32, "controllers": [shown]}


@pytest.mark.parametrize(("key", "is_linked"), [(GOOD, False), (EVIL, True)])
def test_the_fingerprints_are_of_the_keys_that_are_linked(
    monkeypatch: pytest.MonkeyPatch, key: bytes, *, is_linked: bool
) -> None:
    """Worked out from the keys on this machine: the controller is not believed."""
    sent: list[Submission] = []

    def submit(_client: object, submission: Submission, _arguments: object) -> int:
        sent.append(submission)
        return 0

    monkeypatch.setattr(linking, "Client", Liar)
    monkeypatch.setattr(linking, "submit", submit)
    words = ["test", "--fingerprint", fingerprint(key)]
    if is_linked:
        assert linking.add(words) == 0
        (command,) = cast("list[dict[str, Any]]", sent[0].body["commands"])
        assert command["parameters"]["controllers"] == [EVIL.hex()]
    else:
        with pytest.raises(CommandError, match="not those that were named"):
            _ = linking.add(words)
        assert sent == []
