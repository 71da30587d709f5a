"""Who may talk to a controller, and what each may have it do."""

import json
import os
from collections.abc import AsyncGenerator
from http import HTTPStatus
from pathlib import Path

import pytest
import trio
import trio.testing
from starlette.types import Message

from mesh.api import tally
from mesh.api.access import CALLER, LocalRule, Peer, local_rule
from mesh.api.porter import Porter
from mesh.api.tokens import PREFIX, TOLERANCE_NS, read, spell
from mesh.driver.keys import NaClSigner
from mesh.wire.requests import Value, decode_request
from tests.mesh.api.face import Face, Reply, open_town, scope_of, until

SEED = bytes(range(32))
ANN = NaClSigner(b"a" * 32)
SECOND_NS = 1_000_000_000
HOUR_NS = 3_600 * SECOND_NS


@pytest.fixture
async def face(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> AsyncGenerator[Face]:
    """One controller that founded an environment."""
    async with open_town(tmp_path) as town, town.open("ash", found=True) as opened:
        yield opened


async def ask(
    face: Face,
    method: str,
    path: str,
    body: object = None,
    *,
    token: str | None = None,
    peer: Peer | None = None,
    rule: LocalRule | None = None,
) -> Reply:
    """One request through the gate of the unix socket (with ``peer``) or of TCP."""
    caller = None if peer is None or rule is None else rule.caller(peer)
    gate = Porter(face.app, face.desk, caller, is_local=peer is not None)
    scope = scope_of(method, path)
    del scope[CALLER]
    if token is not None:
        scope["headers"] = [(b"authorization", f"Bearer {token}".encode())]
    raw = b"" if body is None else json.dumps(body).encode()
    arriving = iter([{"type": "http.request", "body": raw, "more_body": False}])
    sent: list[Message] = []

    async def receive() -> Message:
        return next(arriving)

    async def send(message: Message) -> None:
        sent.append(message)

    await gate(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return Reply(sent[0]["status"], headers, content)


async def change(face: Face, group: str, verb: str, **parameters: Value) -> None:
    """One command of the owner, applied."""
    command = {"group": group, "verb": verb, "parameters": parameters}
    body = {"name": verb, "commands": [command]}
    told = await face.ask("POST", "/v1/changes", body)
    assert told.status == HTTPStatus.ACCEPTED, told.raw

    async def is_applied() -> bool:
        reply = await face.ask("GET", f"/v1/changes/{told.json['tx']}")
        return bool(reply.json["word"] == "applied")

    await until(is_applied)


async def with_token(face: Face, *rights: str, lasts_ns: int = HOUR_NS) -> str:
    """A token with these rights."""
    key = NaClSigner(SEED).public.hex()
    ends = face.desk.now().wall_ns + lasts_ns
    await change(face, "token", "create", name="ci", key=key, rights=[*rights], expires_ns=ends)
    return spell(SEED)


def item(name: str) -> dict[str, object]:
    """A ChangeSet of one command."""
    command = {"group": "item", "verb": "set", "parameters": {"name": name, "value": 1}}
    return {"name": f"set {name}", "commands": [command]}


# --- the unix socket ------------------------------------------------------------------------------


def test_who_is_at_the_other_end() -> None:
    """The kernel says who connected."""
    one, other = trio.socket.socketpair()
    with one, other:
        assert Peer.of(one) == Peer(os.getpid(), os.geteuid(), os.getegid())


def test_the_rule_for_users_of_the_host() -> None:
    """The controller's own user and root own it; named users and groups may talk to it."""
    rule = LocalRule(own_uid=1_000, uids=frozenset({7}), gids=frozenset({9}))
    for uid, gid, owns in ((1_000, 1, True), (0, 0, True), (7, 1, False), (8, 9, False)):
        caller = rule.caller(Peer(1, uid, gid))
        assert caller is not None
        assert caller.owns is owns
    assert rule.caller(Peer(1, 88, 1)) is None
    assert (rule.is_shared, LocalRule(0).is_shared) == (True, False)


def test_users_are_named_or_numbered() -> None:
    """An unknown name is an error, a number is taken as it is."""
    rule = local_rule(("root", "4711"), ("root",))
    assert (rule.uids, rule.gids) == (frozenset({0, 4_711}), frozenset({0}))
    with pytest.raises(KeyError):
        _ = local_rule(("nobody-of-that-name",), ())


async def test_others_are_told_why(face: Face) -> None:
    """A user whom nobody named gets a problem that says so, and is counted."""
    told = await ask(face, "GET", "/v1/status", peer=Peer(1, 88, 88), rule=LocalRule(1_000))
    assert (told.status, told.json["exit_code"]) == (HTTPStatus.FORBIDDEN, 4)
    assert "[auth]" in told.json["errors"][0]
    assert face.desk.tally.counters["peers refused"] == 1
    status = (await face.ask("GET", "/v1/status")).json
    assert status["counters"]["API: peers refused"] == 1


async def test_a_named_user_looks_writes_and_signs_elsewhere(face: Face) -> None:
    """Everything is seen, drafts and information are written; nothing is signed for it here."""
    peer, rule = Peer(1, 7, 7), LocalRule(1_000, frozenset({7}))
    assert (await ask(face, "GET", "/v1/doctor", peer=peer, rule=rule)).status == HTTPStatus.OK
    put = await ask(face, "PUT", "/v1/info/web", {"value": 1}, peer=peer, rule=rule)
    assert put.status == HTTPStatus.OK
    told = await ask(face, "POST", "/v1/changes", item("a"), peer=peer, rule=rule)
    assert told.status == HTTPStatus.FORBIDDEN
    assert "trellis login" in told.json["errors"][0]
    found = await ask(face, "POST", "/v1/found", peer=peer, rule=rule)
    assert "admin:/" in found.json["errors"][0]


async def test_a_request_is_signed_on_the_persons_machine(face: Face) -> None:
    """Handed out for a key, signed by it, brought back: applied, in that operator's name."""
    await change(face, "operator", "create", name="ann", key=ANN.public.hex())
    await change(face, "right", "grant", name="ann", right="apply:/item/a")
    peer, rule = Peer(1, 7, 7), LocalRule(1_000, frozenset({7}))
    where = f"/v1/changes?signer={ANN.public.hex()}"
    told = await ask(face, "POST", where, item("a"), peer=peer, rule=rule)
    raw = bytes.fromhex(told.json["request"])
    assert decode_request(raw).signer == ANN.public
    body = {"request": raw.hex(), "signature": ANN.sign(raw).hex()}
    sent = await ask(face, "POST", "/v1/requests", body, peer=peer, rule=rule)
    assert sent.status == HTTPStatus.ACCEPTED
    again = (await ask(face, "POST", where, item("a"), peer=peer, rule=rule)).json["request"]
    forged = {"request": again, "signature": ANN.sign(b"something else").hex()}
    refused = await ask(face, "POST", "/v1/requests", forged, peer=peer, rule=rule)
    assert refused.status == HTTPStatus.FORBIDDEN
    other = await ask(face, "POST", where, item("b"), peer=peer, rule=rule)
    assert (other.status, other.json["exit_code"]) == (HTTPStatus.FORBIDDEN, 4)
    assert "lacks the right apply:/item/b" in other.json["errors"][0]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"request": "xy", "signature": ""}, "hexadecimal"),
        ({"request": "00", "signature": "00"}, "128"),
        ({"request": "00", "signature": "00" * 64}, "request:"),
    ],
)
async def test_what_is_no_signed_request(face: Face, body: object, wrong: str) -> None:
    """Told apart, and never taken for a refusal."""
    told = await face.ask("POST", "/v1/requests", body)
    assert (told.status, told.json["exit_code"]) == (HTTPStatus.BAD_REQUEST, 2)
    assert wrong in told.json["errors"][0]


async def test_a_signer_is_a_key(face: Face) -> None:
    """Anything else is wrong usage."""
    told = await face.ask("POST", "/v1/changes?signer=ann", item("a"))
    assert told.status == HTTPStatus.BAD_REQUEST


# --- tokens ---------------------------------------------------------------------------------------


def test_a_token_has_one_spelling() -> None:
    """What is spelled is read; whatever else is none, also another spelling of the same bytes."""
    signer = read(spell(SEED))
    assert signer is not None
    assert signer.public == NaClSigner(SEED).public
    assert spell(SEED).startswith(PREFIX)
    assert spell(SEED) not in repr(signer)
    for wrong in ("", PREFIX, spell(SEED)[:-1], spell(SEED) + "A", spell(SEED)[8:], "é", "a b"):
        assert read(wrong) is None


async def test_without_a_token_nothing_is_told_on_tcp(face: Face) -> None:
    """Not even the status; a wrong token is no better than none."""
    none = await ask(face, "GET", "/v1/status")
    assert (none.status, none.headers["www-authenticate"]) == (HTTPStatus.UNAUTHORIZED, "Bearer")
    wrong = await ask(face, "GET", "/v1/status", token=spell(bytes(32)))
    assert wrong.status == HTTPStatus.UNAUTHORIZED
    assert spell(bytes(32)) not in wrong.raw.decode()


async def test_a_token_does_what_its_rights_say(face: Face) -> None:
    """It signs below its prefix, sees its own ChangeSets, and nothing else."""
    token = await with_token(face, "apply:/item/a", "edit:/info/web")
    sent = await ask(face, "POST", "/v1/changes", item("a"), token=token)
    assert sent.status == HTTPStatus.ACCEPTED

    async def is_applied() -> bool:
        reply = await ask(face, "GET", f"/v1/changes/{sent.json['tx']}", token=token)
        return bool(reply.json["word"] == "applied" and reply.json["applied"]["swaps"])

    await until(is_applied)
    own = await ask(face, "GET", f"/v1/changes/{sent.json['tx']}", token=token)
    assert own.json["signer"]["id"] == NaClSigner(SEED).public.hex()
    for method, path, body in (
        ("GET", "/v1/doctor", None),
        ("GET", "/v1/changes", None),
        ("GET", "/v1/info", None),
        ("PUT", "/v1/info/db", {"value": 1}),
        ("POST", "/v1/info", {"writes": [{"path": "/db", "value": 1}]}),
        ("POST", "/v1/changes", item("b")),
    ):
        told = await ask(face, method, path, body, token=token)
        assert (told.status, told.json["exit_code"]) == (HTTPStatus.FORBIDDEN, 4), path
        assert "lacks the right" in told.json["errors"][0]
    assert (await ask(face, "PUT", "/v1/info/web/1", {"value": 1}, token=token)).status == 200
    objects = (await ask(face, "GET", "/v1/environment", token=token)).json["objects"]
    assert objects["item"] == {"a": 1}
    assert objects["operator"] == objects["controller"] == {}
    whoami = (await ask(face, "GET", "/v1/whoami", token=token)).json
    assert whoami == {
        "name": "token 'ci'",
        "rights": ["apply:/item/a", "edit:/info/web"],
        "signs_here": True,
    }


async def test_a_token_ends(face: Face, autojump_clock: trio.testing.MockClock) -> None:
    """By this controller's clock, and half a minute later; revoked, at once."""
    token = await with_token(face, "view:/", lasts_ns=SECOND_NS)
    await trio.sleep((SECOND_NS + TOLERANCE_NS) / 1e9 - 2)
    assert (await ask(face, "GET", "/v1/doctor", token=token)).status == HTTPStatus.OK
    await trio.sleep(3)
    assert (await ask(face, "GET", "/v1/doctor", token=token)).status == HTTPStatus.UNAUTHORIZED


async def test_a_request_signed_by_a_token_that_has_ended_is_refused(
    face: Face, autojump_clock: trio.testing.MockClock
) -> None:
    """Also where its key signed elsewhere: the controller that is asked judges the end."""
    _ = await with_token(face, "apply:/item", lasts_ns=1)
    signer = NaClSigner(SEED)
    told = await face.ask("POST", f"/v1/changes?signer={signer.public.hex()}", item("a"))
    raw = bytes.fromhex(told.json["request"])
    await trio.sleep(TOLERANCE_NS / 1e9 + 1)
    body = {"request": raw.hex(), "signature": signer.sign(raw).hex()}
    refused = await face.ask("POST", "/v1/requests", body)
    assert refused.status == HTTPStatus.FORBIDDEN
    assert "has ended" in refused.json["errors"][0]


async def test_a_revoked_token_is_none(face: Face) -> None:
    """From the moment at which the revocation is applied here."""
    token = await with_token(face, "view:/")
    await change(face, "token", "revoke", name="ci")
    assert (await ask(face, "GET", "/v1/doctor", token=token)).status == HTTPStatus.UNAUTHORIZED
    assert face.desk.tally.counters["tokens refused"] == 1


# --- limits ---------------------------------------------------------------------------------------


async def test_who_asks_too_often_waits(face: Face, autojump_clock: trio.testing.MockClock) -> None:
    """A token is answered so many times at once, then by and by; the owner always is."""
    token = await with_token(face, "view:/")
    statuses = [
        (await ask(face, "GET", "/v1/whoami", token=token)).status
        for _ in range(tally.REQUESTS_AT_ONCE + 1)
    ]
    assert statuses[-1] == HTTPStatus.TOO_MANY_REQUESTS
    assert set(statuses[:-1]) == {HTTPStatus.OK}
    assert face.desk.tally.counters["requests over the rate"] == 1
    await trio.sleep(1)
    assert (await ask(face, "GET", "/v1/whoami", token=token)).status == HTTPStatus.OK


async def test_guesses_are_metered_and_shut_nobody_out(
    face: Face, autojump_clock: trio.testing.MockClock
) -> None:
    """After some failures there is a shorter answer; a valid token passes all the same."""
    token = await with_token(face, "view:/")
    for _ in range(tally.FAILURES_AT_ONCE):
        told = await ask(face, "GET", "/v1/status", token="guess")
        assert told.status == HTTPStatus.UNAUTHORIZED
    told = await ask(face, "GET", "/v1/status", token="guess")
    assert told.status == HTTPStatus.TOO_MANY_REQUESTS
    assert (await ask(face, "GET", "/v1/status", token=token)).status == HTTPStatus.OK


async def test_a_slow_body_ends(face: Face, autojump_clock: trio.testing.MockClock) -> None:
    """Who never ends a body is told so, and counted."""

    async def receive() -> Message:
        await trio.sleep(1)
        return {"type": "http.request", "body": b" ", "more_body": True}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await face.app(scope_of("POST", "/v1/changes"), receive, send)
    assert sent[0]["status"] == HTTPStatus.REQUEST_TIMEOUT
    assert face.desk.tally.counters["slow bodies"] == 1


# --- what is confidential -------------------------------------------------------------------------


async def test_a_locked_key_is_told_only_to_who_asks_for_it(face: Face) -> None:
    """Not in the configuration, not in the log of changes, not in drafts; by name it is."""
    await change(face, "operator", "modify", name="founder", locked="planted")
    told = await face.ask("GET", "/v1/operators/founder/locked")
    assert told.json["locked"] == "planted"
    changes = (await face.ask("GET", "/v1/changes")).json["changes"]
    tx = changes[0]["tx"]
    for path in ("/v1/environment", "/v1/changes", f"/v1/changes/{tx}", "/v1/doctor", "/v1/info"):
        assert b"planted" not in (await face.ask("GET", path)).raw
    assert (await face.ask("GET", "/v1/operators/nobody/locked")).status == HTTPStatus.NOT_FOUND
    _ = await face.ask("POST", "/v1/drafts", {"name": "d"})
    parameters = {"name": "founder", "locked": "planted"}
    command = {"group": "operator", "verb": "modify", "parameters": parameters}
    refused = await face.ask("POST", "/v1/drafts/d/commands", {"commands": [command]})
    assert refused.status == HTTPStatus.BAD_REQUEST
    assert b"planted" not in refused.raw
