"""What starts of a controller found is told for a while, whatever lives came after."""

from dataclasses import replace
from typing import Final

import pytest

from mesh.protocol.now import SECOND
from mesh.protocol.replica import views
from mesh.protocol.replica.incidents import (
    INCIDENTS_KEY,
    INCIDENTS_MAX,
    MEMORY_GONE,
    SHOWN_NS,
    TEXT_CHARACTERS_MAX,
)
from mesh.wire import cbor
from tests.mesh.protocol.replica.mini_mesh import WALL_NS, Disk, Host, MiniMesh
from tests.mesh.protocol.replica.test_members import inside
from tests.mesh.protocol.replica.test_mesh import gather, is_complete

DAMAGED: Final = "3 rows of the journal were damaged and are put aside"


def told(host: Host) -> list[tuple[str, str]]:
    """What the doctor says of memory: levels and texts."""
    findings = views.doctor(host.replica, host.now)["findings"]
    return [(each["level"], each["text"]) for each in findings if each["about"] == "memory"]


def again(mesh: MiniMesh, host: Host, *findings: str) -> None:
    """Another life of ``host``, whose store opens with ``findings``."""
    host.crash()
    mesh.run(SECOND)
    host.disk.findings = findings
    host.start()
    assert mesh.run_until(lambda: is_complete(mesh), 60 * SECOND)


def test_what_a_life_found_is_told_by_those_after_it() -> None:
    """The one that found it is over soon, and all is well in the next one but the disk."""
    mesh = gather(2)
    host = mesh.hosts[1]
    again(mesh, host, DAMAGED)
    assert [level for level, _ in told(host)] == ["warning"]
    found_in = host.replica.own.boot
    again(mesh, host)
    ((level, text), (well, _)) = told(host)
    assert (level, well) == ("warning", "ok")
    assert text.endswith(f"at start {found_in}: {DAMAGED}")
    assert views.doctor(host.replica, host.now)["well"]


def test_what_comes_again_is_told_once() -> None:
    """With the time of the last one."""
    mesh = gather(2)
    host = mesh.hosts[1]
    again(mesh, host, DAMAGED)
    again(mesh, host, DAMAGED, "the clock jumped")
    ((_, text),) = told(host)
    assert text.endswith(f"at start {host.replica.own.boot}: {DAMAGED}; the clock jumped")


def test_a_month_later_nobody_is_told() -> None:
    """What the disk did once only is past."""
    mesh = gather(2)
    host = mesh.hosts[1]
    again(mesh, host, DAMAGED)
    again(mesh, host)
    (mine,) = host.replica.incidents.shown(host.now)
    host.clock_offset_ns = SHOWN_NS - (host.now.wall_ns - mine.at_wall_ns)
    assert not host.replica.incidents.shown(host.now)
    host.clock_offset_ns -= 1
    assert host.replica.incidents.shown(host.now) == [mine]
    host.clock_offset_ns = -SHOWN_NS
    assert host.replica.incidents.shown(host.now) == [mine]
    assert any("0 ns ago" in text for _, text in told(host))


def test_a_bounded_number_is_kept_the_last_ones() -> None:
    """However often a disk lies, and however much it says."""
    mesh = gather(2)
    host = mesh.hosts[1]
    for number in range(INCIDENTS_MAX + 2):
        again(mesh, host, f"{number} " + "x" * TEXT_CHARACTERS_MAX)
    shown = host.replica.incidents.shown(host.now)
    assert [int(each.text.split()[0]) for each in shown] == list(range(INCIDENTS_MAX + 1, 1, -1))
    assert {len(each.text) for each in shown} == {TEXT_CHARACTERS_MAX}
    assert len(host.disk.meta[INCIDENTS_KEY]) < INCIDENTS_MAX * (TEXT_CHARACTERS_MAX + 32)


def test_a_journal_that_is_gone_is_an_incident() -> None:
    """Only the key is left, and the doctor says so when the others have told the rest."""
    mesh = gather(2)
    host = mesh.hosts[1]
    host.crash()
    host.disk = Disk(boot=host.disk.boot)
    host.configuration = replace(host.configuration, memory_lost=True)
    host.start()
    assert mesh.run_until(lambda: is_complete(mesh), 60 * SECOND)
    assert any(text.endswith(MEMORY_GONE) for _, text in told(host))


@pytest.mark.parametrize(
    "raw", [b"\xff", cbor.encode(7), cbor.encode([7, ["a", 1, "b"], [WALL_NS, 1]])]
)
def test_what_cannot_be_read_is_nothing(raw: bytes) -> None:
    """It decides nothing, so the controller starts."""
    mesh = gather(2)
    host = mesh.hosts[1]
    host.crash()
    host.disk.meta[INCIDENTS_KEY] = raw
    host.start()
    assert [level for level, _ in told(host)] == ["ok"]


def test_facts_behind_a_gap_are_a_note_until_it_is_filled() -> None:
    """They are whole; what they follow was lost, and the others have it."""
    mesh = gather(3)
    host, other = mesh.hosts[1], mesh.hosts[0]
    host.crash()
    chain = sorted(place for place in host.disk.facts if place[0] == other.replica.own)
    assert len(chain) > 1
    del host.disk.facts[chain[-2]]
    host.start()
    assert ("note", True) in [(level, "lives follow others" in text) for level, text in told(host)]
    assert views.doctor(host.replica, host.now)["well"]
    assert mesh.run_until(lambda: is_complete(mesh), 60 * SECOND)
    assert inside(host).scribe.gaps == 0
    assert [level for level, _ in told(host)] == ["ok"]


@pytest.mark.parametrize(
    ("text", "do"),
    [
        (DAMAGED, "look at the disk"),
        (f"the journal is another file than before; {DAMAGED}", "look at the disk"),
        ("the journal is another file than before, as a restored one is", "put back on purpose"),
        ("the wall clock jumped by +3600 s", "time server"),
        ("I/O error", "look at the disk"),
        ("database or disk is full (SQLITE_FULL)", "make room on its disk"),
        ("disk I/O error (SQLITE_IOERR_WRITE)", "the log of the kernel"),
    ],
)
def test_each_incident_has_its_remedy(text: str, do: str) -> None:
    """Nobody looks at the cables of a disk whose files he has put back himself."""
    mesh = gather(2)
    host = mesh.hosts[1]
    again(mesh, host, text)
    findings = views.doctor(host.replica, host.now)["findings"]
    (told_of,) = [each for each in findings if each["about"] == "memory"]
    assert do in told_of["do"]
