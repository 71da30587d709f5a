"""Bodies of requests: read whole, or refused with a reason."""

import pytest

from mesh.api.bodies import parse
from mesh.api.problems import Problem
from mesh.api.requests import DraftBody, SubmitBody


def test_nothing_is_an_empty_object() -> None:
    """A body may be left out where every field may be."""
    assert parse(b"", SubmitBody) == SubmitBody()


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[]",
        b'{"name": 7}',
        b'{"name": "blue", "colour": "red"}',
        b'{"n\xb1me": "blue"}',
        b'{"name": "\xc3oops"}',
        b'{"name": "blue", "reason": ' + b"[" * 100_000,
    ],
    ids=["cut", "list", "type", "unknown", "key not UTF-8", "value not UTF-8", "deep"],
)
def test_what_is_no_body_is_refused(raw: bytes) -> None:
    """Whatever a client sends, it is told what is wrong."""
    with pytest.raises(Problem):
        _ = parse(raw, DraftBody)
