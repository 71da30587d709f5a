"""The signed request of a ChangeSet, while it waits and once it is applied."""

from http import HTTPStatus
from pathlib import Path

import pytest

from mesh.driver.keys import NaClSuite
from mesh.wire.identity import digest
from mesh.wire.requests import decode_request
from tests.mesh.api.face import open_town
from tests.mesh.api.test_links import SERVICE, submit

pytestmark = pytest.mark.usefixtures("autojump_clock")


async def test_what_is_applied_leaves_as_it_was_signed(tmp_path: Path) -> None:
    """The bytes have the id as their hash, and the signature is the signer's."""
    async with open_town(tmp_path) as town, town.open("ash", found=True) as face:
        tx = await submit(face, SERVICE)
        told = (await face.ask("GET", f"/v1/changes/{tx}/request")).json
    raw = bytes.fromhex(told["request"])
    assert digest(raw).hex() == told["tx"] == tx
    request = decode_request(raw)
    assert request.written[0].verb == "create"
    assert NaClSuite().verify(request.signer, raw, bytes.fromhex(told["signature"]))


async def test_what_is_never_shown_does_not_leave(tmp_path: Path) -> None:
    """A request with a confidential parameter is not handed out; the error has no value."""
    locked = "locked-and-never-shown"
    given = {"name": "ed", "key": "11" * 32, "locked": locked}
    async with open_town(tmp_path) as town, town.open("ash", found=True) as face:
        tx = await submit(face, {"group": "operator", "verb": "create", "parameters": given})
        told = await face.ask("GET", f"/v1/changes/{tx}/request")
    assert told.status == HTTPStatus.FORBIDDEN
    assert "locked" in told.json["detail"]
    assert locked not in str(told.json)
