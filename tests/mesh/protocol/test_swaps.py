"""When readers see what was applied: at its instant, in order, and never before it is on disk."""

import pytest

from crdt import Standing
from mesh.environment.configuration import Configuration
from mesh.environment.founding import founded
from mesh.protocol.effects import Answer
from mesh.protocol.now import SECOND, Now
from mesh.protocol.replica import entries
from mesh.protocol.replica.views.information import plain
from mesh.protocol.swaps import Swap, Swaps
from tests.mesh.protocol.history.world import FOUNDING
from tests.mesh.protocol.replica.test_mesh import gather, submit

EMPTY: Configuration = founded(FOUNDING).snapshot()
WALL_NS = 1_000
ON_DISK = 1


def at(ns: int) -> Now:
    """``ns`` after the beginning, on both clocks."""
    return Now(ns, WALL_NS + ns)


def schedule(swaps: Swaps, name: bytes, instant_ns: int | None, ticket: int = ON_DISK) -> None:
    """At the beginning, for ``instant_ns`` after it."""
    wall_ns = None if instant_ns is None else WALL_NS + instant_ns
    why = "clocks unknown" if instant_ns is None else ""
    swaps.schedule((name,), EMPTY, wall_ns, why, at(0))
    swaps.bind(ticket)


def durable(ticket: int) -> bool:
    """The disk holds everything up to ON_DISK."""
    return ticket <= ON_DISK


def names(shown: tuple[Swap, ...]) -> list[tuple[bytes, bool]]:
    """What was shown, and whether it was late."""
    return [(swap.tx[0], swap.late) for swap in shown]


def test_nothing_is_shown_before_its_instant() -> None:
    """At the instant itself it is, and in time."""
    swaps = Swaps()
    schedule(swaps, b"a", 10)
    assert swaps.deadline_ns(durable) == 10
    assert swaps.due(durable, at(9)) == ()
    assert names(swaps.due(durable, at(10))) == [(b"a", False)]
    assert swaps.deadline_ns(durable) is None


def test_an_instant_never_overtakes_an_earlier_one() -> None:
    """What is applied later is shown later, whatever its instant: then it is late."""
    swaps = Swaps()
    schedule(swaps, b"a", 10)
    schedule(swaps, b"b", 5)
    assert swaps.due(durable, at(9)) == ()
    assert names(swaps.due(durable, at(10))) == [(b"a", False), (b"b", True)]


def test_nothing_is_shown_before_it_is_on_disk() -> None:
    """Whoever was not ready at the instant shows it as soon as it is, and says that it was late."""
    swaps = Swaps()
    schedule(swaps, b"a", 10, ON_DISK + 1)
    assert swaps.deadline_ns(durable) is None
    assert swaps.due(durable, at(20)) == ()
    assert names(swaps.due(lambda _: True, at(21))) == [(b"a", True)]


def test_nothing_is_shown_before_all_that_follows_is_said() -> None:
    """Not even at once, with an idle disk: that it was applied is said after it was applied."""
    swaps = Swaps()
    swaps.schedule((b"a",), EMPTY, None, "clocks unknown", at(0))
    assert swaps.deadline_ns(durable) is None
    assert swaps.due(durable, at(0)) == ()
    swaps.bind(ON_DISK + 1)
    assert swaps.due(durable, at(1)) == ()
    assert names(swaps.due(lambda _: True, at(2))) == [(b"a", False)]


def test_what_was_on_disk_in_time_is_not_late() -> None:
    """However many there are of one moment, and however late the timer comes for them."""
    swaps = Swaps()
    schedule(swaps, b"a", 10)
    schedule(swaps, b"b", 11)
    assert swaps.due(durable, at(5)) == ()
    assert names(swaps.due(durable, at(20))) == [(b"a", False), (b"b", False)]


def test_a_slow_write_holds_up_those_behind_it() -> None:
    """They are shown in their order, or not yet."""
    swaps = Swaps()
    schedule(swaps, b"a", 10, ON_DISK + 1)
    schedule(swaps, b"b", 10, ON_DISK)
    assert swaps.due(durable, at(12)) == ()
    shown = names(swaps.due(lambda _: True, at(13)))
    assert [name for name, _ in shown] == [b"a", b"b"]


def test_what_has_no_instant_is_shown_as_soon_as_it_can_be() -> None:
    """It is never late, and says why there was no instant."""
    swaps = Swaps()
    schedule(swaps, b"a", None, ON_DISK + 1)
    assert swaps.due(durable, at(0)) == ()
    (shown,) = swaps.due(lambda _: True, at(5))
    assert (shown.late, shown.why) == (False, "clocks unknown")


def test_the_latest_swaps_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody is told when each ChangeSet was shown here; the oldest word is taken back."""
    monkeypatch.setattr(entries, "SWAPS_PUBLISHED_MAX", 2)
    mesh = gather(2)
    tx = []
    for value in range(3):
        answer = submit(mesh.hosts[0], "x", value=value)
        assert isinstance(answer, Answer)
        tx.append(str(answer.result["tx"]))
        mesh.run(2 * SECOND)
    for host in mesh.hosts:
        reader = host.replica.participant
        assert reader is not None
        for teller in mesh.hosts:
            path = ("swap", teller.identity.public.hex())
            told = reader.information.owned.entries(
                path, lambda _: Standing.ALIVE, mesh.now.monotonic_ns, mesh.now.wall_ns
            )
            found = {entry.key[2]: plain(entry.value) for entry in told}
            assert set(found) == set(tx[1:])
            for said in found.values():
                assert isinstance(said, dict)
                assert set(said) == {"at_ns", "late", "why"}
