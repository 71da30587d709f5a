"""Linked environments over the API: what is handed out, what is believed, what is carried on."""

from collections.abc import AsyncGenerator
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

import msgspec
import pytest
import trio.testing

from mesh.api import resources_links
from mesh.api.problems import Problem
from mesh.driver.linked import LinkSection
from tests.mesh.api.face import Face, Reply, open_town, until

T = TypeVar("T")

SERVICE = {"group": "service", "verb": "create", "parameters": {"name": "blog", "role": "web"}}


class Chain:
    """Two environments of one controller each; prod knows the way to dev."""

    def __init__(self, dev: Face, prod: Face) -> None:
        self.dev = dev
        self.prod = prod
        self.changes: dict[str, object] = {}
        """What a liar on the way puts in place of what dev says."""

    async def ask(self, _link: LinkSection, name: str, path: str, expected: type[T]) -> T:
        """In place of the network."""
        reply = await self.dev.ask("GET", unquote(path))
        if reply.status != HTTPStatus.OK:
            raise Problem(HTTPStatus.FORBIDDEN, 4, f"{name}: {reply.json['detail']}")
        return msgspec.convert({**reply.json, **self.changes}, expected)

    async def link(self) -> None:
        """Prod links dev, as it says to be."""
        peer = (await self.prod.ask("GET", "/v1/links/dev/peer")).json
        keys = [each["id"] for each in peer["controllers"]]
        given = {"name": "dev", "environment": peer["environment"], "controllers": keys}
        _ = await submit(self.prod, {"group": "link", "verb": "create", "parameters": given})

    async def promote(self, name: str, **body: object) -> Reply:
        """Ask prod to carry it on."""
        return await self.prod.ask("POST", "/v1/promotions", {"from": "dev", "name": name, **body})


async def submit(face: Face, *commands: object, name: str = "a change") -> str:
    """A ChangeSet, applied."""
    reply = await face.ask("POST", "/v1/changes", {"name": name, "commands": list(commands)})
    assert reply.status == HTTPStatus.ACCEPTED, reply.json
    tx = str(reply.json["tx"])
    _ = await applied(face, tx)
    return tx


async def applied(face: Face, tx: str) -> dict[str, Any]:
    """The ChangeSet, once all have applied it."""

    async def is_there() -> bool:
        detail = (await face.ask("GET", f"/v1/changes/{tx}")).json
        return bool(detail["applied"]["swaps"])

    await until(is_there)
    return dict((await face.ask("GET", f"/v1/changes/{tx}")).json)


@pytest.fixture
async def chain(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Chain]:
    """Dev and prod, strangers to each other."""
    (tmp_path / "dev").mkdir()
    (tmp_path / "prod").mkdir()
    async with (
        open_town(tmp_path / "dev") as one,
        one.open("dev-1", found=True) as dev,
        open_town(tmp_path / "prod") as other,
        other.open("prod-1", found=True) as prod,
    ):
        made = Chain(dev, prod)
        monkeypatch.setattr(resources_links, "ask", made.ask)
        monkeypatch.setattr(resources_links, "_section", lambda _desk, _name: LinkSection())
        yield made


async def test_a_change_is_carried_on_once(chain: Chain) -> None:
    """With where it came from; and not a second time."""
    await chain.link()
    tx = await submit(chain.dev, SERVICE, name="add blog")
    reply = await chain.promote("add blog")
    assert reply.status == HTTPStatus.ACCEPTED, reply.json
    detail = await applied(chain.prod, reply.json["tx"])
    assert (detail["name"], detail["origin"]["link"]) == ("add blog", "dev")
    assert detail["origin"]["tx"] == tx
    again = await chain.promote(tx[:8])
    assert (again.status, "applied here already" in again.json["detail"]) == (409, True)


async def test_what_is_handed_out(chain: Chain) -> None:
    """The last one of a name that took effect; not what is the environment's own."""
    first = await submit(chain.dev, SERVICE, name="add-blog")
    place = {"name": "berlin", "location": "eu.berlin"}
    _ = await submit(
        chain.dev, {"group": "site", "verb": "create", "parameters": place}, name="a site"
    )
    index = (await chain.dev.ask("GET", "/v1/published")).json
    assert [each["tx"] for each in index["changes"]] == [first]
    own = await chain.dev.ask("GET", "/v1/published/a site")
    assert (own.status, "environment's own" in own.json["detail"]) == (403, True)
    assert (await chain.dev.ask("GET", "/v1/published/nothing")).status == HTTPStatus.NOT_FOUND


async def test_by_hand_people_let_it_go(chain: Chain) -> None:
    """Where the setting says so nothing is handed out before that."""
    await chain.link()
    setting = {"publication": "by-hand"}
    _ = await submit(
        chain.dev, {"group": "environment", "verb": "set", "parameters": setting}, name="by hand"
    )
    tx = await submit(chain.dev, SERVICE, name="add-blog")
    early = await chain.promote("add-blog")
    assert (early.status, "not published" in early.json["detail"]) == (403, True)
    assert (await chain.dev.ask("POST", f"/v1/changes/{tx}/publish")).status == HTTPStatus.OK
    assert (await chain.promote("add-blog")).status == HTTPStatus.ACCEPTED


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"commands": [{**SERVICE, "parameters": {"name": "x", "role": "y"}}]}, "does not vouch"),
        ({"tx": "0" * 64}, "does not vouch"),
        ({"environment": "1" * 64}, "another environment"),
        ({"controller": "2" * 64}, "does not name its controller"),
        ({"signature": "3" * 128}, "does not vouch"),
        ({"signature": "33"}, "another length"),
        ({"signature": "x" * 128}, "hexadecimal"),
    ],
)
async def test_a_liar_is_not_believed(chain: Chain, changes: dict[str, object], why: str) -> None:
    """What no controller that the link names has signed is not even proposed."""
    await chain.link()
    _ = await submit(chain.dev, SERVICE, name="add-blog")
    chain.changes = changes
    reply = await chain.promote("add-blog")
    assert (reply.status, why in reply.json["detail"]) == (403, True), reply.json


async def test_without_a_link_nothing_is_carried_on(chain: Chain) -> None:
    """It says how to make one."""
    _ = await submit(chain.dev, SERVICE, name="add-blog")
    reply = await chain.promote("add-blog")
    assert (reply.status, "trellis link add dev" in reply.json["detail"]) == (404, True)


async def test_a_skipped_stage_is_refused(chain: Chain) -> None:
    """Where another link is demanded: with the reason; and override takes its right."""
    await chain.link()
    given = {"name": "test", "environment": "4" * 64, "controllers": ["5" * 64]}
    _ = await submit(chain.prod, {"group": "link", "verb": "create", "parameters": given})
    setting = {"promotion": "test"}
    _ = await submit(
        chain.prod, {"group": "environment", "verb": "set", "parameters": setting}, name="by test"
    )
    _ = await submit(chain.dev, SERVICE, name="add-blog")
    reply = await chain.promote("add-blog")
    assert (reply.status, "comes from 'test'" in reply.json["detail"]) == (403, True), reply.json
    reply = await chain.promote("add-blog", override=True)
    assert (reply.status, "override:/" in reply.json["detail"]) == (403, True), reply.json
    right = {"name": "founder", "right": "override:/"}
    _ = await submit(chain.prod, {"group": "right", "verb": "grant", "parameters": right})
    reply = await chain.promote("add-blog", override=True)
    assert (await applied(chain.prod, reply.json["tx"]))["overrides"]


async def test_a_whole_id_means_that_one(chain: Chain) -> None:
    """Whoever calls a ChangeSet by the id of another is not taken for it."""
    meant = await submit(chain.dev, SERVICE)
    other = {"group": "item", "verb": "set", "parameters": {"name": "a", "value": 1}}
    _ = await submit(chain.dev, other, name=meant)
    told = await chain.dev.ask("GET", f"/v1/published/{meant}")
    assert (told.status, told.json["tx"]) == (HTTPStatus.OK, meant)
    nobody = await chain.dev.ask("GET", f"/v1/published/{'zz' * 32}")
    assert nobody.status == HTTPStatus.NOT_FOUND


def setting(name: str, value: int) -> dict[str, object]:
    """One command that writes one key."""
    return {"group": "item", "verb": "set", "parameters": {"name": name, "value": value}}


async def test_what_is_older_does_not_undo_what_is_newer(chain: Chain) -> None:
    """Promoted after a later one that writes the same it is refused; on purpose it takes a why."""
    await chain.link()
    _ = await submit(chain.dev, setting("a", 1), name="v1")
    _ = await submit(chain.dev, setting("b", 1), name="elsewhere")
    newer = await submit(chain.dev, setting("a", 2), name="v2")
    handed = (await chain.dev.ask("GET", "/v1/published/v1")).json
    assert handed["later"] == [newer]
    _ = await applied(chain.prod, (await chain.promote("v2")).json["tx"])
    late = await chain.promote("v1")
    assert (late.status, "older than 'v2'" in late.json["detail"]) == (409, True), late.json
    _ = await applied(chain.prod, (await chain.promote("elsewhere")).json["tx"])
    unsaid = await chain.promote("v1", older=True)
    assert (unsaid.status, "give a reason" in unsaid.json["detail"]) == (400, True), unsaid.json
    back = await chain.promote("v1", older=True, reason="v2 loses orders")
    assert (await applied(chain.prod, back.json["tx"]))["reason"] == "v2 loses orders"


async def test_in_their_order_nothing_is_in_the_way(chain: Chain) -> None:
    """That there is something newer over there is no reason: it may come later, or never."""
    await chain.link()
    for version in (1, 2):
        _ = await submit(chain.dev, setting("a", version), name=f"v{version}")
    for version in (1, 2):
        _ = await applied(chain.prod, (await chain.promote(f"v{version}")).json["tx"])
    told = (await chain.prod.ask("GET", "/v1/environment?kind=item")).json
    assert told["objects"]["item"]["a"] == 2
