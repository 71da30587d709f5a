"""The OpenAPI document says what there is, and what is answered is what it says."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import trio.testing

from mesh.api.app import RESOURCES, ROUTES
from mesh.api.endpoint import JSON
from mesh.api.openapi import PROBLEM, PROBLEMS, document, spelled
from tests.mesh.api.face import Face, Reply, open_town

DOCUMENT: Any = document(RESOURCES)


@pytest.fixture
async def face(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> AsyncGenerator[Face]:
    """One controller that founded an environment."""
    async with open_town(tmp_path) as town, town.open("ash", found=True) as opened:
        yield opened


def said(path: str, method: str, reply: Reply) -> object:
    """The schema that the document gives for this answer."""
    response = DOCUMENT["paths"][path][method.lower()]["responses"][str(reply.status)]
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][str(reply.status)]
    return response["content"][reply.headers["content-type"].partition(";")[0]]["schema"]


def assert_as_said(path: str, method: str, reply: Reply) -> None:
    """The answer has the status, the type and the shape that the document says."""
    schema = said(path, method, reply)
    if reply.headers["content-type"].startswith((JSON, PROBLEM)):
        whole = {"components": DOCUMENT["components"], "allOf": [schema]}
        jsonschema_rs.validator_for(whole).validate(reply.json)


def test_every_route_is_described_and_nothing_else() -> None:
    """What is served and what is described come from one table."""
    served = {(spelled(route.path), *(route.methods or set()) - {"HEAD"}) for route in ROUTES}
    described = {
        (path, method.upper())
        for path, operations in DOCUMENT["paths"].items()
        for method in operations
    }
    assert served == described
    assert len(served) == len(RESOURCES)


def test_operations_have_names_of_their_own() -> None:
    """Programs that are made from the document call them by these."""
    names = [each["operationId"] for path in DOCUMENT["paths"].values() for each in path.values()]
    assert len(names) == len(set(names))


def test_what_is_referred_to_is_there() -> None:
    """No reference leads nowhere, and every problem that is declared is described."""
    found = set(_references(DOCUMENT))
    for reference in found:
        _, _, room, name = reference.split("/")
        assert name in DOCUMENT["components"][room], reference
    assert set(DOCUMENT["components"]["responses"]) == set(PROBLEMS)


def _references(value: object) -> list[str]:
    match value:
        case {"$ref": str(reference)}:
            return [reference]
        case dict():
            return [each for inner in value.values() for each in _references(inner)]
        case list():
            return [each for inner in value for each in _references(inner)]
        case _:
            return []


async def test_every_resource_answers_what_it_says(face: Face) -> None:
    """With nothing in the body and names that nobody knows: an answer or a problem as described."""
    for resource in RESOURCES:
        path = spelled(resource.path)
        if path in {"/v1/events", "/v1/members/rotate-key"}:
            continue  # one has no end, the other ends this life; both have tests of their own
        asked = path.replace("{name}", "nobody").replace("{id}", "nobody").replace("{path}", "web")
        assert_as_said(path, resource.method, await face.ask(resource.method, asked))


async def test_answers_with_something_in_them_are_as_described(face: Face) -> None:
    """A ChangeSet, a draft, running information: each read where it is shown."""
    command = {"group": "item", "verb": "set", "parameters": {"name": "a", "value": 1}}
    told = await face.ask("POST", "/v1/changes", {"name": "first", "commands": [command]})
    assert_as_said("/v1/changes", "POST", told)
    tx = told.json["tx"]
    await trio.sleep(5)
    for path, method, asked, body in (
        ("/v1/changes/{id}", "GET", f"/v1/changes/{tx}", None),
        ("/v1/changes/{id}/diff", "GET", f"/v1/changes/{tx}/diff", None),
        ("/v1/changes/{id}/effect", "GET", f"/v1/changes/{tx}/effect", None),
        ("/v1/changes/{id}/revert", "POST", f"/v1/changes/{tx}/revert", {}),
        ("/v1/changes", "GET", "/v1/changes?only=waiting", None),
        ("/v1/changes", "GET", "/v1/changes?limit=1", None),
        ("/v1/published", "GET", "/v1/published", None),
        ("/v1/published/{id}", "GET", "/v1/published/first", None),
        ("/v1/environment", "GET", "/v1/environment?kind=item", None),
        ("/v1/info/{path}", "PUT", "/v1/info/web", {"value": {"a": [1, None]}}),
        ("/v1/info/{path}", "GET", "/v1/info/web", None),
        ("/v1/info", "GET", "/v1/info?prefix=/web", None),
        ("/v1/drafts", "POST", "/v1/drafts", {"name": "next"}),
        ("/v1/drafts/{name}/commands", "POST", "/v1/drafts/next/commands", {"commands": [command]}),
        ("/v1/drafts", "GET", "/v1/drafts", None),
        ("/v1/drafts/{name}/effect", "GET", "/v1/drafts/next/effect", None),
        ("/v1/drafts/{name}", "DELETE", "/v1/drafts/next", None),
    ):
        reply = await face.ask(method, asked, body)
        assert reply.status < 300, (asked, reply.raw)
        assert_as_said(path, method, reply)


async def test_a_parameter_that_would_be_ignored_is_refused(face: Face) -> None:
    """A misspelled one means something, so it is an error that says so."""
    reply = await face.ask("GET", "/v1/changes?limti=3")
    assert_as_said("/v1/changes", "GET", reply)
    assert "limti" in reply.json["errors"][0]
    for asked in ("only=wating", "only=waiting&only=all"):
        reply = await face.ask("GET", f"/v1/changes?{asked}")
        assert_as_said("/v1/changes", "GET", reply)
        assert "only" in reply.json["errors"][0]


async def test_the_document_is_served(face: Face) -> None:
    """As it is made from the table."""
    reply = await face.ask("GET", "/v1/openapi.json")
    assert reply.json["paths"].keys() == DOCUMENT["paths"].keys()


async def test_a_verb_that_is_not_there_is_told_which_are(face: Face) -> None:
    """RFC 9110 wants all of them, from whichever route (found by schemathesis)."""
    reply = await face.ask("PATCH", "/v1/info/web")
    assert reply.headers["allow"] == "DELETE, GET, HEAD, PUT"
    assert_as_said("/v1/info/{path}", "GET", reply)
