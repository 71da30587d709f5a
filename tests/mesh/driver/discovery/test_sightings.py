"""Hints where to knock: said once, said again to a new life, looked up for ever."""

import socket
from collections.abc import Sequence

import pytest
import trio
from trio.testing import MockClock

from mesh.driver.discovery.seeds import LOOK_UP_FIRST_S, LOOK_UP_S, follow_seeds
from mesh.driver.discovery.sightings import SIGHTINGS_MAX, Sightings
from mesh.protocol.inputs import Sighted
from mesh.wire.identity import Address

ONE, TWO = Address("10.0.0.1", 1), Address("10.0.0.2", 1)


def test_an_address_is_said_when_it_is_new() -> None:
    """The same word twice is no news; another address under the same name is."""
    told: list[Sighted] = []
    sightings = Sightings(told.append)
    sightings.see("seed", "front", [ONE])
    sightings.see("seed", "front", [ONE])
    sightings.see("seed", "front", [ONE, TWO])
    assert told == [Sighted(ONE, "seed"), Sighted(TWO, "seed")]


def test_what_comes_back_is_news() -> None:
    """A controller that went and is announced again may have started anew."""
    told: list[Sighted] = []
    sightings = Sightings(told.append)
    sightings.see("mdns", "front", [ONE])
    sightings.lose("mdns", "front")
    sightings.see("mdns", "front", [ONE])
    assert told == [Sighted(ONE, "mdns")] * 2


def test_a_new_life_is_told_all_that_stands() -> None:
    """What was lost meanwhile is not said again."""
    told: list[Sighted] = []
    sightings = Sightings(told.append)
    sightings.see("seed", "front", [ONE])
    sightings.see("mdns", "back", [TWO])
    sightings.lose("mdns", "back")
    told.clear()
    sightings.replay()
    assert told == [Sighted(ONE, "seed")]


def test_hints_are_bounded() -> None:
    """Anybody may announce anything: what is kept has an end."""
    told: list[Sighted] = []
    sightings = Sightings(told.append)
    for number in range(SIGHTINGS_MAX + 10):
        sightings.see("mdns", str(number), [Address("10.0.0.1", number + 1)])
    told.clear()
    sightings.replay()
    assert len(told) == SIGHTINGS_MAX


class Names(trio.abc.HostnameResolver):
    """A name service that a test changes at will."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.asked = 0

    async def getaddrinfo(  # type: ignore[override]  # the parts that are used
        self, host: bytes, port: int, *_: object
    ) -> Sequence[tuple[int, int, int, str, tuple[str, int]]]:
        """The address of ``host``; socket.gaierror where there is none."""
        await trio.lowlevel.checkpoint()
        self.asked += 1
        found = self.known.get(host.decode())
        if found is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]

    async def getnameinfo(  # type: ignore[override]  # nobody asks for names
        self, sockaddr: tuple[str, int], flags: int
    ) -> tuple[str, str]:
        """Nobody asks for names."""
        raise NotImplementedError


@pytest.fixture
async def names() -> Names:
    """The name service of the test."""
    found = Names()
    _ = trio.socket.set_custom_hostname_resolver(found)
    return found


async def test_seeds_are_looked_up_again_and_again(
    names: Names, nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    """A name that gets another address leads there within one round."""
    told: list[Sighted] = []
    names.known["front"] = "10.0.0.1"
    nursery.start_soon(follow_seeds, [Address("front", 1)], Sightings(told.append))
    await trio.sleep(10 * LOOK_UP_S)
    assert told == [Sighted(ONE, "seed")]
    names.known["front"] = "10.0.0.2"
    await trio.sleep(LOOK_UP_S + 1)
    assert told == [Sighted(ONE, "seed"), Sighted(TWO, "seed")]


async def test_unknown_seed_is_tried_soon_again(
    names: Names, nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    """A network that comes up late is no reason to wait for long."""
    told: list[Sighted] = []
    nursery.start_soon(follow_seeds, [Address("front", 1)], Sightings(told.append))
    await trio.sleep(100)
    assert told == []
    names.known["front"] = "10.0.0.1"
    await trio.sleep(LOOK_UP_FIRST_S + 0.1)
    assert told == [Sighted(ONE, "seed")]


async def test_no_seeds_no_look_ups(names: Names, autojump_clock: MockClock) -> None:
    """Without seeds there is nothing to do, and nothing is done."""
    await follow_seeds([], Sightings(lambda _: None))
    assert names.asked == 0
