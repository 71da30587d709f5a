"""Every resource of the API, on a real controller."""

from collections.abc import AsyncGenerator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from mesh.api.bodies import BODY_BYTES_MAX
from tests.mesh.api.face import Face, open_town, until

SITE = {
    "group": "site",
    "verb": "create",
    "parameters": {"name": "berlin", "location": "eu.berlin"},
}


@pytest.fixture
async def face(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> AsyncGenerator[Face]:
    """One controller that founded an environment."""
    async with open_town(tmp_path) as town, town.open("ash", found=True) as opened:
        yield opened


async def applied(face: Face, tx: str) -> dict[str, Any]:
    """The ChangeSet ``tx`` once it was applied, and is shown to readers."""

    async def is_shown() -> bool:
        return bool((await face.ask("GET", f"/v1/changes/{tx}")).json["applied"]["swaps"])

    await until(is_shown)
    change = (await face.ask("GET", f"/v1/changes/{tx}")).json
    assert change["word"] == "applied"
    return change


# --- the controller -------------------------------------------------------------------------------


async def test_status_and_members(face: Face) -> None:
    """Status and members of an environment of one."""
    status = (await face.ask("GET", "/v1/status")).json
    assert status["controller"]["name"] == "ash"
    assert status["members"]["active"] == 1
    members = (await face.ask("GET", "/v1/members")).json
    assert [row["controller"]["name"] for row in members["members"]] == ["ash"]
    assert members["pending"] == []


async def test_doctor_and_metrics(face: Face) -> None:
    """The doctor finds a lone controller well; metrics are Prometheus text."""
    assert (await face.ask("GET", "/v1/doctor")).json["well"]
    metrics = await face.ask("GET", "/v1/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert b'\ntrellis_members{standing="active"} 1.0\n' in metrics.raw
    assert b'\ntrellis_bytes_total{direction="sent"} ' in metrics.raw


async def test_who_asks_between_two_lives_is_answered(face: Face) -> None:
    """A controller that replaces its key goes on as a new life; meanwhile it asks for patience."""
    assert (await face.ask("POST", "/v1/members/rotate-key")).status == HTTPStatus.OK
    with trio.fail_after(20):
        seen = [await face.ask("POST", "/v1/checkpoints") for _ in range(50)]
    assert {each.status for each in seen} <= {HTTPStatus.ACCEPTED, HTTPStatus.SERVICE_UNAVAILABLE}

    async def takes_calls() -> bool:
        return (await face.ask("PUT", "/v1/info/x", {"value": 1})).status == HTTPStatus.OK

    await until(takes_calls)


async def test_two_become_one_environment(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """A newcomer is accepted by its whole fingerprint, however it is written, and by no other."""
    async with (
        open_town(tmp_path) as town,
        town.open("ash", found=True) as ash,
        town.open("elm", seed="ash") as elm,
    ):
        said = (await elm.ask("GET", "/v1/status")).json["controller"]["fingerprint"]

        async def knocked() -> bool:
            return bool((await ash.ask("GET", "/v1/members")).json["pending"])

        async def votes() -> bool:
            return bool((await elm.ask("GET", "/v1/status")).json["votes"])

        await until(knocked)
        wrong = await ash.ask("POST", "/v1/members/accept", {"fingerprint": said[:9]})
        assert wrong.status == HTTPStatus.NOT_FOUND
        assert said in wrong.json["detail"]
        told = {"fingerprint": said.replace("-", "").upper()}
        accepted = await ash.ask("POST", "/v1/members/accept", told)
        assert accepted.status == HTTPStatus.ACCEPTED
        await until(votes)
        await ash.ask("PUT", "/v1/info/x", {"value": 1})
        await trio.sleep(1)
        assert (await elm.ask("GET", "/v1/info/x")).json["value"] == 1


# --- running information --------------------------------------------------------------------------


async def test_write_read_list_remove(face: Face) -> None:
    """What is put is read and listed, and gone when it is removed."""
    assert (await face.ask("PUT", "/v1/info/web/1", {"value": {"port": 80}})).json == {"written": 1}
    assert (await face.ask("GET", "/v1/info/web/1")).json["value"] == {"port": 80}
    assert (await face.ask("PUT", "/v1/info/load", {"value": [0.5, 1]})).json == {"written": 1}
    assert (await face.ask("GET", "/v1/info/load")).json["value"] == [0.5, 1]
    listing = (await face.ask("GET", "/v1/info?prefix=/web")).json
    assert [entry["path"] for entry in listing["entries"]] == ["/web/1"]
    assert (await face.ask("DELETE", "/v1/info/web/1")).status == HTTPStatus.OK
    gone = await face.ask("GET", "/v1/info/web/1")
    assert gone.status == HTTPStatus.NOT_FOUND
    assert gone.headers["content-type"] == "application/problem+json"
    assert gone.json["exit_code"] == 1


async def test_several_writes_at_once(face: Face) -> None:
    """A batch writes and removes; the token of a reading supersedes what it showed."""
    writes = [
        {"path": "/a", "value": 1},
        {"path": "/b/1", "value": 2},
        {"path": "/b/2", "value": 3},
    ]
    assert (await face.ask("POST", "/v1/info", {"writes": writes})).json == {"written": 3}
    token = (await face.ask("GET", "/v1/info/a")).json["token"]
    body = {"writes": [{"path": "/a", "remove": True, "seen": token}]}
    assert (await face.ask("POST", "/v1/info", body)).status == HTTPStatus.OK
    assert (await face.ask("GET", "/v1/info/a")).status == HTTPStatus.NOT_FOUND
    assert (await face.ask("DELETE", "/v1/info/b?recursive=true")).json == {"written": 2}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/info/", {"value": 1}),
        ("PUT", "/v1/info/1/2/3/4/5/6/7/8/9", {"value": 1}),
        ("PUT", "/v1/info/a", {"value": 1, "valu": 2}),
        ("PUT", "/v1/info/a", {}),
        ("PUT", "/v1/info/a", b"{"),
        ("PUT", "/v1/info/a", b"[" * 100_000),
        ("PUT", "/v1/info/a", {"value": 1, "seen": "no token"}),
        ("POST", "/v1/info", {"writes": []}),
        ("GET", "/v1/info?limit=0", None),
        ("GET", "/v1/info?limit=many", None),
        ("DELETE", "/v1/info/a?recursive=perhaps", None),
        ("POST", "/v1/changes", {"name": "nothing"}),
        ("POST", "/v1/changes", {"commands": [SITE]}),
        ("POST", "/v1/changes", {"name": "x" * 200, "commands": [SITE]}),
        ("POST", "/v1/changes", {"name": "x", "commands": [{"group": "sit", "verb": "create"}]}),
        ("POST", "/v1/drafts", {"name": ""}),
        ("GET", "/v1/environment?kind=sit", None),
        ("GET", "/v1/changes?only=waiting&since_ns=1", None),
    ],
)
async def test_wrong_usage_is_told_as_such(
    face: Face, method: str, path: str, body: object
) -> None:
    """What makes no sense is a 400 with exit code 2 and an error text, and changes nothing."""
    reply = await face.ask(method, path, body)
    assert reply.status == HTTPStatus.BAD_REQUEST
    assert reply.json["exit_code"] == 2
    assert reply.json["errors"]
    assert (await face.ask("GET", "/v1/info")).json["count"] == 0
    assert (await face.ask("GET", "/v1/changes")).json["changes"] == []


async def test_bodies_are_bounded(face: Face) -> None:
    """A body above the limit is refused as such."""
    reply = await face.ask("PUT", "/v1/info/a", b" " * (BODY_BYTES_MAX + 1))
    assert reply.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


async def test_what_the_store_refuses(face: Face) -> None:
    """A value that is too large comes back with the store's own reason."""
    reply = await face.ask("PUT", "/v1/info/a", {"value": "x" * 100_000})
    assert reply.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert reply.json["exit_code"] == 1


async def test_no_such_resource(face: Face) -> None:
    """An unknown path is a 404, a verb that is not there a 405; both are problems."""
    assert (await face.ask("GET", "/v1/nothing")).status == HTTPStatus.NOT_FOUND
    wrong = await face.ask("PATCH", "/v1/status")
    assert wrong.status == HTTPStatus.METHOD_NOT_ALLOWED
    assert wrong.json["exit_code"] == 2


# --- ChangeSets -----------------------------------------------------------------------------------


async def test_submit_and_look(face: Face) -> None:
    """A ChangeSet is submitted, applied, found by the beginning of its id, and effective."""
    submitted = await face.ask("POST", "/v1/changes", {"name": "a site", "commands": [SITE]})
    assert submitted.status == HTTPStatus.ACCEPTED
    tx = submitted.json["tx"]
    change = await applied(face, tx)
    assert change["applied"]["count"] == 1
    assert (await face.ask("GET", f"/v1/changes/{tx[:6]}")).json["tx"] == tx
    assert (await face.ask("GET", "/v1/changes/a%20site".replace("%20", " "))).json["tx"] == tx
    objects = (await face.ask("GET", "/v1/environment?kind=site")).json["objects"]
    assert objects["site"]["berlin"]["location"] == "eu.berlin"
    assert (await face.ask("GET", "/v1/conflicts")).json == {"conflicts": []}
    waiting = (await face.ask("GET", "/v1/changes?only=waiting")).json
    assert waiting == {"changes": [], "more": False, "below_checkpoint": 0}


async def test_what_was_filled_in_from_data_is_named(face: Face) -> None:
    """Data says which objects read it, until these are written without it."""

    async def change(group: str, verb: str, **parameters: object) -> None:
        command = {"group": group, "verb": verb, "parameters": parameters}
        asked = await face.ask("POST", "/v1/changes", {"name": verb, "commands": [command]})
        _ = await applied(face, asked.json["tx"])

    async def readers() -> object:
        return (await face.ask("GET", "/v1/environment?kind=data")).json["readers"]

    await change("data", "set", name="blog.host", value="blog.example")
    assert await readers() == {}
    await change("item", "set", name="url", value={"at": ["http://{{blog.host}}/"]})
    await change("item", "set", name="braces", value="{{{{ no template")
    assert await readers() == {"blog.host": ["item/url"]}
    await change("item", "set", name="url", value="elsewhere")
    assert await readers() == {}
    other = (await face.ask("GET", "/v1/environment?kind=item")).json
    assert other["readers"] == {}


async def test_all_mistakes_at_once(face: Face) -> None:
    """A ChangeSet with several mistakes names all of them, and nothing is staged."""
    commands = [
        {"group": "site", "verb": "create", "parameters": {"nam": "x"}},
        {"group": "servic", "verb": "create", "parameters": {}},
    ]
    reply = await face.ask("POST", "/v1/changes", {"name": "wrong", "commands": commands})
    assert reply.status == HTTPStatus.BAD_REQUEST
    text = " ".join(reply.json["errors"])
    assert "nam" in text
    assert "servic" in text
    assert "location" in text


async def test_what_the_configuration_refuses(face: Face) -> None:
    """A second object of one name is refused at submit, with the reason."""
    first = await face.ask("POST", "/v1/changes", {"name": "one", "commands": [SITE]})
    await applied(face, first.json["tx"])
    again = await face.ask("POST", "/v1/changes", {"name": "two", "commands": [SITE]})
    assert again.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "already" in again.json["detail"]


async def test_unknown_changes(face: Face) -> None:
    """What is asked of a ChangeSet that is not known is a 404."""
    for path in ("", "/restage", "/refuse", "/merge"):
        method = "GET" if not path else "POST"
        reply = await face.ask(method, f"/v1/changes/abcdef12{path}", None if not path else {})
        assert reply.status == HTTPStatus.NOT_FOUND, path


async def test_too_late_to_refuse(face: Face) -> None:
    """The operator's no to what was applied is refused: 403 and exit code 4."""
    tx = (await face.ask("POST", "/v1/changes", {"name": "x", "commands": [SITE]})).json["tx"]
    await applied(face, tx)
    reply = await face.ask("POST", f"/v1/changes/{tx}/refuse", {})
    assert (reply.status, reply.json["exit_code"]) == (HTTPStatus.FORBIDDEN, 4)


# --- drafts ---------------------------------------------------------------------------------------


async def test_a_draft_from_opening_to_submitting(face: Face) -> None:
    """A draft is opened, added to, listed, submitted under its name, and gone."""
    opened = await face.ask("POST", "/v1/drafts", {"name": "two sites", "reason": "growth"})
    assert opened.status == HTTPStatus.CREATED
    for name in ("berlin", "perth"):
        command = {**SITE, "parameters": {"name": name, "location": f"eu.{name}"}}
        added = await face.ask("POST", "/v1/drafts/two sites/commands", {"commands": [command]})
        assert added.status == HTTPStatus.OK
    draft = (await face.ask("GET", "/v1/drafts")).json["drafts"][0]
    assert (draft["name"], draft["here"], draft["owner_name"]) == ("two sites", True, "ash")
    assert [each["parameters"]["name"] for each in draft["commands"]] == ["berlin", "perth"]
    tx = (await face.ask("POST", "/v1/changes", {"draft": "two sites"})).json["tx"]
    change = await applied(face, tx)
    assert (change["name"], change["reason"]) == ("two sites", "growth")
    assert len(change["commands"]) == 2
    assert (await face.ask("GET", "/v1/drafts")).json == {"drafts": []}


async def test_drafts_refuse_what_cannot_be(face: Face) -> None:
    """A wrong command is not added; a second draft of one name is a conflict; none is a 404."""
    await face.ask("POST", "/v1/drafts", {"name": "x"})
    wrong = {"commands": [{"group": "site", "verb": "creat"}]}
    assert (await face.ask("POST", "/v1/drafts/x/commands", wrong)).status == HTTPStatus.BAD_REQUEST
    assert (await face.ask("GET", "/v1/drafts/x")).json["commands"] == []
    again = await face.ask("POST", "/v1/drafts", {"name": "x"})
    assert (again.status, again.json["exit_code"]) == (HTTPStatus.CONFLICT, 5)
    assert (await face.ask("GET", "/v1/drafts/y")).status == HTTPStatus.NOT_FOUND
    assert (await face.ask("DELETE", "/v1/drafts/x")).status == HTTPStatus.OK
    assert (await face.ask("GET", "/v1/drafts")).json == {"drafts": []}


async def test_what_others_changed_meanwhile_is_seen_before_a_draft_is_submitted(
    face: Face,
) -> None:
    """Of what it is about only; seen once, or overruled by force, it goes through."""

    def item(name: str, value: int) -> dict[str, Any]:
        parameters = {"name": name, "value": value}
        return {"group": "item", "verb": "set", "parameters": parameters}

    async def put(name: str, value: int) -> None:
        body = {"name": "another", "commands": [item(name, value)]}
        _ = await applied(face, (await face.ask("POST", "/v1/changes", body)).json["tx"])

    await put("x", 1)
    await face.ask("POST", "/v1/drafts", {"name": "d"})
    await face.ask("POST", "/v1/drafts/d/commands", {"commands": [item("x", 3)]})
    await put("y", 1)
    assert (await face.ask("GET", "/v1/drafts/d/effect")).json == {
        "keys": [{"key": "/item/x", "before": 1, "after": 3}],
        "errors": [],
        "since": [],
    }
    await put("x", 2)
    refused = await face.ask("POST", "/v1/changes", {"draft": "d"})
    assert (refused.status, refused.json["exit_code"]) == (HTTPStatus.CONFLICT, 5)
    assert "/item/x: 1 → 2" in refused.json["errors"]
    other = {"draft": "d", "commands": [item("x", 4)]}
    assert (await face.ask("POST", "/v1/changes", other)).status == HTTPStatus.CONFLICT
    assert (await face.ask("POST", "/v1/drafts/d/renew")).status == HTTPStatus.OK
    shown = {"draft": "d", "commands": [item("x", 3)]}
    submitted = await face.ask("POST", "/v1/changes", shown)
    assert (await applied(face, submitted.json["tx"]))["written"][0]["after"] == 3


async def test_data_that_a_draft_waited_for_is_no_change_to_it(face: Face) -> None:
    """Filled in, it is what the draft was written for; changed after that, it is shown first."""

    async def put(value: str) -> None:
        parameters = {"name": "blog.host", "value": value}
        command = {"group": "data", "verb": "set", "parameters": parameters}
        body = {"name": "data", "commands": [command]}
        _ = await applied(face, (await face.ask("POST", "/v1/changes", body)).json["tx"])

    async def since() -> list[dict[str, Any]]:
        effect = (await face.ask("GET", "/v1/drafts/d/effect")).json
        assert effect["errors"] == []
        keys: list[dict[str, Any]] = effect["since"]
        return keys

    parameters = {"name": "x", "value": "{{blog.host}}"}
    item = {"group": "item", "verb": "set", "parameters": parameters}
    await face.ask("POST", "/v1/changes", {"name": "one", "commands": [SITE]})
    await face.ask("POST", "/v1/drafts", {"name": "d"})
    await face.ask("POST", "/v1/drafts/d/commands", {"commands": [item]})
    missing = (await face.ask("GET", "/v1/drafts/d/effect")).json
    assert "{{blog.host}} has no value" in missing["errors"][0]
    await put("one.example")
    assert await since() == []
    await face.ask("POST", "/v1/drafts/d/renew")
    await put("two.example")
    assert [each["key"] for each in await since()] == ["/data/blog.host/value"]
    refused = await face.ask("POST", "/v1/changes", {"draft": "d"})
    assert '/data/blog.host/value: "one.example" → "two.example"' in refused.json["errors"]
    await face.ask("POST", "/v1/drafts/d/renew")
    tx = (await face.ask("POST", "/v1/changes", {"draft": "d"})).json["tx"]
    assert (await applied(face, tx))["written"][0]["after"] == "two.example"


async def test_an_object_that_was_made_meanwhile_is_told_without_its_id(face: Face) -> None:
    """A creation id says nothing to people."""
    gone = {"group": "site", "verb": "delete", "parameters": {"name": "berlin"}}
    made = await face.ask("POST", "/v1/changes", {"name": "one", "commands": [SITE]})
    await applied(face, made.json["tx"])
    await face.ask("POST", "/v1/drafts", {"name": "e"})
    await face.ask("POST", "/v1/drafts/e/commands", {"commands": [gone]})
    deleted = await face.ask("POST", "/v1/changes", {"name": "two", "commands": [gone]})
    await applied(face, deleted.json["tx"])
    again = await face.ask("POST", "/v1/changes", {"name": "three", "commands": [SITE]})
    await applied(face, again.json["tx"])
    refused = await face.ask("POST", "/v1/changes", {"draft": "e"})
    assert refused.status == HTTPStatus.CONFLICT
    assert "/site/berlin: removed and made again" in refused.json["errors"]


async def test_a_draft_that_cannot_be_submitted_stays(face: Face) -> None:
    """What is refused at submit leaves the draft as it was."""
    first = await face.ask("POST", "/v1/changes", {"name": "one", "commands": [SITE]})
    await applied(face, first.json["tx"])
    await face.ask("POST", "/v1/drafts", {"name": "again"})
    await face.ask("POST", "/v1/drafts/again/commands", {"commands": [SITE]})
    refused = await face.ask("POST", "/v1/changes", {"draft": "again"})
    assert refused.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert len((await face.ask("GET", "/v1/drafts/again")).json["commands"]) == 1
