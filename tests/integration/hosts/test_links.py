"""Real packets that do not arrive: a partition, a link of one direction, a network without UDP."""

import json
from typing import cast

from mesh.cli.client import Json
from mesh.protocol.membership.links import Link
from tests.hosts.asking import agree, entry, items, put, set_item
from tests.hosts.mesh import members
from tests.hosts.processes import Outcome, Process, await_that
from tests.integration.hosts.office import Office

PATIENCE_S = 60.0


def command(process: Process, *words: str) -> Outcome:
    """A command that must succeed."""
    done = process.run(*words)
    assert done.code == 0, done
    return done


def conflicts(process: Process) -> list[dict[str, Json]]:
    """What `trellis change conflicts` lists for programs."""
    told = json.loads(command(process, "change", "conflicts", "--json").out)
    return cast("list[dict[str, Json]]", told["conflicts"])


def link(source: Process, target: Process) -> str | None:
    """How `source` is linked to `target`, as it sees it."""
    for row in members(source):
        controller = row["controller"]
        assert isinstance(controller, dict)
        if controller["name"] == target.name:
            return str(row["link"])
    return None


def all_show(office: Office, name: str, value: str) -> None:
    """Wait until an item has the same value for all readers."""

    def is_shown() -> bool:
        return all(items(process).get(name) == value for process in office.processes)

    await_that(is_shown, PATIENCE_S, f"all show {name} = {value}")


def all_read(office: Office, name: str, value: str) -> None:
    """Wait until an entry of running information has reached all."""

    def is_read() -> bool:
        return all(entry(process, name) == value for process in office.processes)

    await_that(is_read, PATIENCE_S, f"all read {name} = {value}")


def test_changes_on_both_sides_of_a_partition_are_merged(office: Office) -> None:
    """Both sides go on; what conflicts is set aside on all alike; one command brings it back."""
    left, middle, right = office.processes
    before = {tx["id"] for tx in conflicts(left)}
    office.firewall.split(office.hosts[2:])
    for process, colour in ((left, "red"), (right, "blue")):
        _ = command(process, "item", "set", "--name", "colour", "--value", colour)
    _ = command(middle, "item", "set", "--name", "only-left", "--value", "yes")
    _ = command(right, "item", "set", "--name", "only-right", "--value", "yes")
    assert items(left)["colour"] == items(middle)["colour"] == "red"
    assert items(right)["colour"] == "blue"
    put(right, "written-right", "during the cut")

    office.firewall.open()
    await_that(lambda: agree(office.processes), PATIENCE_S, "the two histories have become one")
    all_read(office, "written-right", "during the cut")
    for process in office.processes:
        assert items(process)["only-left"] == items(process)["only-right"] == "yes"
    lists = [conflicts(process) for process in office.processes]
    # How many are known to have applied it arrives later; that it is set aside, and why, does not.
    same = [[(each["tx"], each["word"], each["set_aside"]) for each in one] for one in lists]
    assert same[0] == same[1] == same[2]
    (aside,) = (tx for tx in lists[0] if tx["id"] not in before)
    stands = items(left)["colour"]
    assert stands in {"red", "blue"}
    lost = {"red": "blue", "blue": "red"}[str(stands)]
    assert lost in json.dumps(aside["commands"])
    told = command(middle, "change", "conflicts").out
    assert f"trellis change restage {aside['id']}" in told

    _ = command(middle, "change", "restage", str(aside["id"]))
    all_show(office, "colour", lost)


def test_one_way_link_is_shown_and_the_mesh_goes_on(office: Office) -> None:
    """Each end says what it sees; nobody is taken for dead; what anybody says reaches all."""
    first, second, _ = office.processes
    office.firewall.cut_one_way(office.hosts[0], office.hosts[1])
    await_that(lambda: link(first, second) == Link.INBOUND, PATIENCE_S, "the first says one way")
    await_that(lambda: link(second, first) == Link.INDIRECT, PATIENCE_S, "the second says indirect")
    assert Link.INBOUND in command(first, "members").out
    assert Link.INDIRECT in command(second, "members").out
    assert "UDP and TCP, both ways" in first.run("doctor").out
    for at, process in enumerate(office.processes):
        put(process, f"one-way-{at}", process.name)
        all_read(office, f"one-way-{at}", process.name)
        _ = set_item(process, f"one-way-{at}", process.name)
        all_show(office, f"one-way-{at}", process.name)
    for process in office.processes:
        assert {row["standing"] for row in members(process)} == {"alive"}


def test_everything_works_over_streams_alone(office: Office) -> None:
    """Where no datagram passes: entries, ChangeSets, and a controller that comes back."""
    office.firewall.block_datagrams()

    def is_known() -> bool:
        pairs = [(a, b) for a in office.processes for b in office.processes if a is not b]
        return all(link(a, b) == Link.STREAM for a, b in pairs)

    await_that(is_known, PATIENCE_S, "each link is known to carry streams only")
    first, second, third = office.processes
    assert Link.STREAM in command(first, "members").out
    put(first, "streams", "alone")
    all_read(office, "streams", "alone")
    _ = set_item(second, "streams", "alone")
    all_show(office, "streams", "alone")
    third.kill()
    third.start()
    office.await_whole()
    put(third, "streams", "after a start")
    all_read(office, "streams", "after a start")
    _ = set_item(third, "streams", "after a start")
    all_show(office, "streams", "after a start")
