"""The log, differences and reverts over the API, on a real controller."""

from collections.abc import AsyncGenerator
from http import HTTPStatus
from pathlib import Path

import pytest
import trio.testing

from mesh.protocol.now import SECOND
from tests.mesh.api.face import Face, open_town, until
from tests.mesh.api.test_resources import applied


@pytest.fixture
async def face(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> AsyncGenerator[Face]:
    """One controller that founded an environment."""
    async with open_town(tmp_path) as town, town.open("ash", found=True) as opened:
        yield opened


async def put(face: Face, name: str, value: int) -> str:
    """The tx of an applied ChangeSet that sets one item."""
    command = {"group": "item", "verb": "set", "parameters": {"name": name, "value": value}}
    body = {"name": f"{name} to {value}", "commands": [command]}
    tx = str((await face.ask("POST", "/v1/changes", body)).json["tx"])
    _ = await applied(face, tx)
    return tx


async def names(face: Face, query: str) -> list[str]:
    """The names of the ChangeSets that a query of the log finds."""
    told = await face.ask("GET", f"/v1/changes?{query}")
    assert told.status == HTTPStatus.OK, told.json
    return [each["name"] for each in told.json["changes"]]


async def test_the_log_by_what_is_looked_for(face: Face) -> None:
    """By a part of the name, by object, by signer, by time; and page by page."""
    for number, name in enumerate(("x", "y", "x")):
        _ = await put(face, name, number)
    assert await names(face, "name=to") == ["x to 2", "y to 1", "x to 0"]
    assert await names(face, "object=item/x") == ["x to 2", "x to 0"]
    assert await names(face, "object=item/") == []
    assert len(await names(face, "object=item")) == 3
    assert len(await names(face, "signer=founder&name=to")) == 3
    assert await names(face, "signer=nobody") == []
    later = face.desk.now().wall_ns + SECOND
    assert await names(face, f"since_ns={later}") == []
    first = (await face.ask("GET", "/v1/changes?limit=2&object=item")).json
    assert first["more"]
    assert await names(face, f"object=item&before={first['changes'][-1]['tx']}") == ["x to 0"]
    assert (await face.ask("GET", "/v1/changes?before=ffffffff")).status == HTTPStatus.NOT_FOUND


async def test_what_lies_between_two_places(face: Face) -> None:
    """Key by key what reads differently, in either direction, and up to now."""
    one, _, three = await put(face, "x", 1), await put(face, "y", 5), await put(face, "x", 2)
    told = (await face.ask("GET", f"/v1/changes/{one}/diff?to={three}")).json
    assert told["keys"] == [
        {"key": "/item/x", "before": 1, "after": 2},
        {"key": "/item/y", "before": None, "after": 5},
    ]
    back = (await face.ask("GET", f"/v1/changes/{three}/diff?to={one}")).json
    assert back["keys"][0] == {"key": "/item/x", "before": 2, "after": 1}
    assert (await face.ask("GET", f"/v1/changes/{three}/diff")).json["keys"] == []
    _ = await put(face, "x", 1)
    assert (await face.ask("GET", f"/v1/changes/{three}/diff")).json["keys"]
    missing = await face.ask("GET", f"/v1/changes/{one}/diff?to=ffffffff")
    assert missing.status == HTTPStatus.NOT_FOUND


async def test_a_revert_puts_back_what_was_there(face: Face) -> None:
    """As a ChangeSet of its own, named after the other; refused where others wrote since."""
    _ = await put(face, "x", 1)
    two = await put(face, "x", 2)
    answer = await face.ask("POST", f"/v1/changes/{two}/revert", {"reason": "it was wrong"})
    assert answer.status == HTTPStatus.ACCEPTED
    change = await applied(face, answer.json["tx"])
    assert (change["name"], change["reason"]) == ("revert x to 2", "it was wrong")
    assert change["written"] == [{"key": "/item/x", "before": 2, "after": 1}]
    three = await put(face, "x", 3)
    refused = await face.ask("POST", f"/v1/changes/{two}/revert")
    assert (refused.status, refused.json["exit_code"]) == (HTTPStatus.CONFLICT, 5)
    assert three[:8] in str(refused.json["errors"])
    forced = await face.ask("POST", f"/v1/changes/{two}/revert", {"force": True})
    assert (await applied(face, forced.json["tx"]))["written"][0]["after"] == 1


async def test_what_is_below_a_checkpoint_is_said_to_be(face: Face) -> None:
    """A checkpoint is taken when a person asks, and the log says what it does not hold."""
    tx = await put(face, "x", 1)
    early = await face.ask("POST", "/v1/checkpoints")
    assert "nothing to close" in early.json["errors"][0]
    _ = await put(face, "x", 2)
    assert (await face.ask("POST", "/v1/checkpoints")).status == HTTPStatus.ACCEPTED

    async def is_taken() -> bool:
        return bool((await face.ask("GET", "/v1/changes")).json["below_checkpoint"])

    await until(is_taken)
    for path in ("", "/diff"):
        told = await face.ask("GET", f"/v1/changes/{tx}{path}")
        assert told.status == HTTPStatus.NOT_FOUND
        assert "older than the checkpoint" in told.json["errors"][0]
    assert (await face.ask("GET", "/v1/environment?kind=item")).json["objects"]["item"]
