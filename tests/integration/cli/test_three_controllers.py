"""A person runs three controllers and does with them what the README says."""

import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.integration.cli.hosts import TRELLIS, Host, await_, hosts, join


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Host]]:
    """Three controllers in one environment: the first founds it, two accepts let the others in."""
    with hosts(tmp_path_factory.mktemp("mesh"), ("ash", "birch", "elm")) as made:
        first, *others = made
        first.start("--found")
        for other in others:
            join(first, other)
        yield made


def sees_three(host: Host) -> bool:
    """Whether three are alive in the eyes of ``host``."""
    return bool(host.ask("status")["members"]["alive"] == 3)


def test_two_accepts_make_one_environment(mesh: list[Host]) -> None:
    """All three show the same environment, and each other alive."""
    environments = {host.ask("status")["environment"]["id"] for host in mesh}
    assert len(environments) == 1
    for host in mesh:
        await_(partial(sees_three, host))
        names = [row["controller"]["name"] for row in host.ask("members")["members"]]
        assert names == ["ash", "birch", "elm"]


def test_what_is_set_on_one_is_read_on_all(mesh: list[Host]) -> None:
    """Running information: set here, listed there, removed by a third."""
    ash, birch, elm = mesh
    assert ash.run("info", "set", "/web/1/address", "10.0.0.7").code == 0
    await_(lambda: birch.run("info", "get", "/web/1/address").out == "10.0.0.7\n")
    assert "/web/1/address" in elm.run("info", "list", "/web").out
    assert elm.run("info", "delete", "/web", "-r").out == "removed 1\n"
    await_(lambda: ash.run("info", "get", "/web/1/address").code == 1)


def test_watching(mesh: list[Host]) -> None:
    """``info watch`` prints what others set, as it happens."""
    ash, birch, _ = mesh
    watching = subprocess.Popen(
        [*TRELLIS, "info", "watch", "/seen", "--data-dir", str(birch.data_dir), "--json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert watching.stdout is not None
        # It says nothing until something happens, so it is set again until it is seen.
        number = 0

        def is_seen() -> bool:
            nonlocal number
            number += 1
            return ash.run("info", "set", "/seen/1", str(number)).code == 0 and number > 3

        await_(is_seen)
        line = watching.stdout.readline()
        assert '"/seen/1"' in line
    finally:
        watching.terminate()
        watching.wait(10)
        assert watching.stdout is not None
        watching.stdout.close()


def test_a_draft_is_applied_on_all(mesh: list[Host]) -> None:
    """Opened, added to, shown, submitted: applied on three of three, with the skew."""
    ash, birch, elm = mesh
    assert ash.run("change", "new", "a second site").code == 0
    site = ("site", "create", "--name", "berlin", "--location", "eu.berlin.office")
    assert ash.run("change", "add", *site).code == 0
    service = ("service", "create", "--name", "blog", "--role", "web")
    assert ash.run("change", "add", "a second site", *service).code == 0
    assert "site create" in ash.run("change", "show").out
    await_(lambda: "a second site" in elm.run("change", "list").out)
    submitted = ash.run("change", "submit")
    assert submitted.code == 0, submitted
    assert "applied on " in submitted.out
    # When each of the three says that it has swapped, on a busy host.
    await_(lambda: len(ash.ask("change", "show", "a second site")["applied"]["swaps"]) == 3)
    assert ash.ask("change", "show", "a second site")["applied"]["count"] == 3
    await_(lambda: "blog" in birch.run("service", "list").out)
    assert "a second site" in elm.run("change", "log").out
    assert ash.run("change", "list").out.startswith("No drafts")


def test_a_draft_elsewhere_cannot_be_submitted_here(mesh: list[Host]) -> None:
    """A draft lives where it was opened; elsewhere it is refused, with the place to go to."""
    ash, birch, _ = mesh
    assert birch.run("change", "new", "from birch").code == 0
    await_(lambda: "from birch" in ash.run("change", "list").out)
    refused = ash.run("change", "submit", "from birch")
    assert refused.code == 4
    assert "lives on birch" in refused.errors
    assert birch.run("change", "discard", "from birch").code == 0


def test_without_the_operators_key_nothing_is_signed(mesh: list[Host]) -> None:
    """A controller that did not found the environment keeps no key: refused, and where to go."""
    birch = mesh[1]
    refused = birch.run("site", "create", "--name", "perth", "--location", "au.perth")
    assert refused.code == 4
    assert "operator's key" in refused.errors


def test_one_command_is_one_change(mesh: list[Host]) -> None:
    """The direct form submits at once; --json prints the ChangeSet, --no-wait does not wait."""
    ash = mesh[0]
    told = ash.ask("item", "set", "--name", "colour", "--value", "green")
    assert told["word"] == "applied"
    assert told["applied"]["count"] >= 1
    await_(lambda: ash.ask("change", "show", told["tx"])["applied"]["count"] == 3)
    assert ash.run("item", "set", "--name", "colour", "--value", "blue", "--no-wait").code == 0
    await_(lambda: "blue" in ash.run("item", "show", "colour").out)


def test_wrong_words(mesh: list[Host]) -> None:
    """Every mistake is named, with what was probably meant, and nothing is staged."""
    ash = mesh[0]
    wrong = ash.run("site", "create", "--nam", "x")
    assert wrong.code == 2
    assert "did you mean 'name'" in wrong.errors
    assert ash.run("sit", "create").code == 2
    assert ash.run("site", "creat").code == 2
    assert ash.run("change", "show", "abcdef").code == 1
    machine = ash.run("site", "create", "--json")
    assert machine.code == 2
    assert machine.json["exit_code"] == 2
    assert len(machine.json["errors"]) == 2


def test_doctor_and_conflicts_of_a_well_mesh(mesh: list[Host]) -> None:
    """Nothing is an error, and nothing is set aside."""
    ash = mesh[0]
    assert ash.run("doctor").code == 0
    assert ash.run("change", "conflicts").out == "Nothing is set aside.\n"


def test_metrics_are_text_for_whoever_collects_them(mesh: list[Host]) -> None:
    """Each line as Prometheus reads it; three members are alive."""
    told = mesh[0].run("metrics")
    assert told.code == 0
    assert 'trellis_members{standing="alive"} 3.0' in told.out.splitlines()
    assert 'trellis_links{way="both directions"} 2.0' in told.out.splitlines()


def test_a_controller_is_removed_for_good(tmp_path: Path) -> None:
    """``members remove`` takes a controller out of the roster everywhere."""
    with hosts(tmp_path, ("ash", "birch")) as (ash, birch):
        ash.start("--found")
        join(ash, birch)
        removed = ash.run("members", "remove", "birch", "--reason", "sold")
        assert removed.code == 0, removed
        await_(lambda: ash.ask("status")["members"]["active"] == 1)
        states = {each["name"]: each["state"] for each in ash.ask("controller", "list").values()}
        assert states == {"ash": "active", "birch": "removed"}
