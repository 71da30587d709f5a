"""Server-sent events: in order, once each, resumed where a client left off, never unbounded."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest
import trio
import trio.testing

from mesh.api.events import FORGOTTEN, KEEP_ALIVE_S, RING_MAX, Event, Interest, Ring
from mesh.api.past import HistoryPast, Place
from tests.mesh.api.face import Face, open_town, until


def fields(text: str) -> tuple[str, str, object]:
    """Id, kind and data of one event."""
    lines = dict(line.split(": ", 1) for line in text.strip().splitlines())
    return lines["id"], lines["event"], json.loads(lines["data"])


async def heard(ring: Ring, interest: Interest, last_id: str | None, count: int) -> list[str]:
    """The next ``count`` pieces that a listener is sent, comments left out."""
    pieces: list[str] = []
    with trio.fail_after(5):
        async with aclosing(ring.listen(interest, last_id)) as listening:
            while len(pieces) < count:
                piece = await anext(listening)
                if not piece.startswith(b":"):
                    pieces.append(piece.decode())
    return pieces


async def test_a_listener_goes_on_where_it_left_off() -> None:
    """Who names the last event that it saw gets all later ones, and no earlier one again."""
    ring = Ring("life")
    for number in range(4):
        ring.add("change", {"tx": str(number)})
    told = [fields(text) for text in await heard(ring, Interest(), "life-2-0.", 2)]
    assert told == [("life-3-0.", "change", {"tx": "2"}), ("life-4-0.", "change", {"tx": "3"})]


@pytest.mark.parametrize(
    "last_id", ["other-2-9.", "life-99-0.", "life-", "nonsense", "", "a-1-x", "a-1-1.ab", "life-1-"]
)
async def test_a_listener_that_cannot_go_on_is_told(last_id: str) -> None:
    """With a place that is not known, or an id that was never given, all may be missed."""
    ring = Ring("life")
    ring.add("change", {"tx": "1"})
    told = [fields(text) for text in await heard(ring, Interest(), last_id, 1)]
    assert told == [("life-0-0.", "missed", {})]


async def test_what_fell_out_of_the_ring_is_counted() -> None:
    """Who was away for longer than the ring remembers learns how much it missed."""
    ring = Ring("life")
    for _ in range(RING_MAX + 10):
        ring.add("change", {"tx": "1"})
    told = [fields(text) for text in await heard(ring, Interest(), "life-1-0.", 2)]
    assert told[0] == ("life-10-0.", "missed", {"count": 9, "kinds": [*FORGOTTEN]})
    assert told[1][0] == "life-11-0."


@pytest.mark.parametrize(
    ("interest", "event", "wanted"),
    [
        (Interest(), Event(1, "notice", {}), True),
        (Interest(kinds=("change",)), Event(1, "notice", {}), False),
        (Interest(kinds=("change",)), Event(1, "missed", {}), True),
        (Interest(prefix=("a",)), Event(1, "information", {"parts": ["a", "b"]}), True),
        (Interest(prefix=("a",)), Event(1, "information", {"parts": ["ab"]}), False),
        (Interest(tx="ab"), Event(1, "change", {"tx": "abc"}), True),
        (Interest(tx="ab"), Event(1, "change", {"tx": "bab"}), False),
    ],
)
def test_interests(interest: Interest, event: Event, *, wanted: bool) -> None:
    """Kinds, prefixes and ids narrow down what is sent; ``missed`` always is."""
    assert interest.wants(event) is wanted


async def test_a_silent_stream_is_kept_alive(autojump_clock: trio.testing.MockClock) -> None:
    """After a while without an event a comment is sent, so that a dead connection is noticed."""
    ring = Ring("life")
    pieces = ring.listen(Interest(), None)
    assert (await anext(pieces)).startswith(b":")
    begun = trio.current_time()
    assert (await anext(pieces)).startswith(b":")
    assert trio.current_time() - begun == pytest.approx(KEEP_ALIVE_S)
    await pieces.aclose()


async def test_closing_the_ring_ends_its_listeners() -> None:
    """Endless streams end when the controller stops."""
    ring = Ring("life")
    ended = trio.Event()

    async def listen() -> None:
        async for _ in ring.listen(Interest(), None):
            pass
        ended.set()

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen)
            await trio.testing.wait_all_tasks_blocked()
            ring.close()
            await ended.wait()


# --- of a real controller -------------------------------------------------------------------------


@pytest.fixture
async def face(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> AsyncGenerator[Face]:
    """One controller that founded an environment."""
    async with open_town(tmp_path) as town, town.open("ash", found=True) as opened:
        yield opened


async def test_writes_and_removals_are_told_with_their_values(face: Face) -> None:
    """Who watches a prefix is told each entry below it as it reads now; null where it is gone."""
    async with face.listen("?kinds=information&prefix=/web") as events:
        await face.ask("PUT", "/v1/info/other", {"value": 1})
        await face.ask("PUT", "/v1/info/web/1", {"value": "up"})
        told = [fields(await events.receive())[2]]
        await face.ask("DELETE", "/v1/info/web/1")
        told.append(fields(await events.receive())[2])
    assert isinstance(told[0], dict)
    assert isinstance(told[1], dict)
    assert (told[0]["path"], told[0]["entry"]["value"]) == ("/web/1", "up")
    assert (told[1]["path"], told[1]["entry"]) == ("/web/1", None)


async def test_a_change_is_told_until_it_is_shown(face: Face) -> None:
    """Progress of a ChangeSet is told by its id, and its swap by ``configuration``."""
    command = {"group": "item", "verb": "set", "parameters": {"name": "x", "value": 1}}
    async with face.listen("?kinds=change,configuration") as events:
        body = {"name": "x", "commands": [command]}
        tx = (await face.ask("POST", "/v1/changes", body)).json["tx"]
        seen: list[tuple[str, object]] = []
        with trio.fail_after(10):
            while not seen or seen[-1][0] != "configuration":
                seen.append(fields(await events.receive())[1:])
    assert ("change", {"tx": tx}) in seen
    assert isinstance(seen[-1][1], dict)
    assert seen[-1][1]["tx"] == [tx]


# --- across a restart -----------------------------------------------------------------------------


async def applied(face: Face, name: str) -> str:
    """A ChangeSet that sets an item, until readers are shown it; its tx."""
    command = {"group": "item", "verb": "set", "parameters": {"name": name, "value": 1}}
    asked = await face.ask("POST", "/v1/changes", {"name": name, "commands": [command]})
    tx: str = asked.json["tx"]

    async def is_shown() -> bool:
        return bool((await face.ask("GET", f"/v1/changes/{tx}")).json["applied"]["swaps"])

    await until(is_shown)
    await trio.testing.wait_all_tasks_blocked()
    return tx


def another_life(face: Face) -> Ring:
    """The ring of a later process over the same history."""
    past = HistoryPast(lambda: face.controller.replica)
    ring = Ring("later", past)
    ring.begin(past.here())
    return ring


async def test_changes_are_told_across_a_restart(face: Face) -> None:
    """Who comes back is told each ChangeSet since, once and in order, and misses none of them."""
    interest = Interest(kinds=("configuration",))
    async with face.listen("?kinds=configuration") as events:
        await applied(face, "a")
        seen = fields(await events.receive())[0]
    missed = [await applied(face, name) for name in "bcd"]
    ring = another_life(face)
    ring.add("configuration", {"tx": ["new"]}, ["new".ljust(64, "0")])
    told = [fields(text) for text in await heard(ring, interest, seen, 4)]
    assert [data["tx"] for _, _, data in told if isinstance(data, dict)] == [
        *([tx] for tx in missed),
        ["new"],
    ]
    again = [fields(text) for text in await heard(ring, interest, told[1][0], 2)]
    assert again == told[2:], "also from the middle of what was told afterwards"
    from_here = [fields(text) for text in await heard(ring, interest, told[2][0], 1)]
    assert from_here == told[3:]


async def test_what_only_the_ring_knew_is_missed_across_a_restart(face: Face) -> None:
    """Who also wants running information is told what kinds it has missed, after the changes."""
    async with face.listen("?kinds=configuration") as events:
        await applied(face, "a")
        seen = fields(await events.receive())[0]
    missed = await applied(face, "b")
    interest = Interest(kinds=("configuration", "information"))
    told = [fields(text) for text in await heard(another_life(face), interest, seen, 2)]
    assert [kind for _, kind, _ in told] == ["configuration", "missed"]
    assert isinstance(told[0][2], dict)
    assert told[0][2]["tx"] == [missed]
    assert told[1][2] == {"kinds": ["information"]}


async def test_a_past_that_is_not_found_again_is_gone(face: Face) -> None:
    """A place of which the history knows another ChangeSet, or that it has not reached: missed."""
    await applied(face, "a")
    past = HistoryPast(lambda: face.controller.replica)
    here = past.here()
    assert past.between(here, here) == []
    assert past.between(Place(here.told, "0" * 16), here) is None
    assert past.between(Place(here.told + 1, here.last), here) is None
    assert past.between(here, Place(0, "")) is None
    assert past.between(Place(0, here.last), here) is None, (
        "it was put in before what had been told"
    )
    whole = past.between(Place(0, ""), here)
    assert whole is not None
    assert len(whole) == here.told
