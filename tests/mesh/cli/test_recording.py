"""A live mesh as a scenario: what is recorded, what is guessed, and what never leaves the host."""

from typing import cast

from mesh.cli.recording import CHANGES_MAX, scenario_of
from mesh.protocol.now import MILLISECOND, SECOND
from mesh.protocol.replica.views import Members, MemberView, Status
from simulations.files.situation import Situation, read_situation
from simulations.plan import Delay
from simulations.trial import attempt

SECRET = "5ec2e7" * 10
DAY = "2026-01-02"


def member(name: str, site: str, trip_ms: int | None = None, **more: object) -> MemberView:
    """One row of the roster."""
    row = {
        "controller": {"id": SECRET, "name": name, "fingerprint": SECRET},
        "site": site,
        "state": "active",
        "standing": "alive",
        "address": f"{SECRET}:4747",
        "own": False,
        "round_trip_ns": None if trip_ms is None else trip_ms * MILLISECOND,
        "probes": 0 if trip_ms is None else 64,
        "probes_missed": 0,
    }
    return cast("MemberView", {**row, **more})


def text_of(*peers: MemberView, changes: int = 3, entries: int = 2, **place: object) -> str:
    """What ``ash`` at the office records."""
    environment = {"policy": "all-active", "changes": changes, "entries": entries, "id": SECRET}
    controller = {"profile": "wan", "fingerprint": SECRET, "addresses": [SECRET]}
    status = {"controller": controller, "environment": {**environment, **place}}
    members = {"members": [member("ash", "office", own=True), *peers], "pending": []}
    text = scenario_of(cast("Status", status), cast("Members", members), DAY)
    assert text is not None
    return text


def recorded(*peers: MemberView, changes: int = 3, entries: int = 2, **place: object) -> Situation:
    """The same, read as the simulator reads it."""
    text = text_of(*peers, changes=changes, entries=entries, **place)
    return read_situation(text, "recorded", source="recorded")


def delay_us(situation: Situation, one: str, other: str) -> int | None:
    """How long the way between two hosts takes; None: as the usual one."""
    for link in reversed(situation.plan.links):
        ends = {(one, other), (other, one)}
        if any(a in link.hosts and b in link.others for a, b in ends):
            assert link.delay == Delay("constant", link.delay.least_ns)
            return link.delay.least_ns // 1_000
    return None


def test_what_was_measured_is_there_and_the_rest_is_guessed() -> None:
    """Half a round trip each way; hosts of a site are like their neighbours, or by way of here."""
    found = recorded(
        member("birch", "office", 2),
        member("cedar", "cloud", 40),
        member("dogwood", "cloud", 60),
        member("elm", "cloud"),
        member("fir", "home", 100),
        member("gorse", "nowhere"),
    )
    assert [host.name for host in found.plan.hosts if host.founds] == ["ash"]
    assert {host.name: host.site for host in found.plan.hosts}["elm"] == "cloud"
    assert delay_us(found, "ash", "birch") == 1_000
    assert delay_us(found, "ash", "cedar") == 20_000
    assert delay_us(found, "ash", "dogwood") == 30_000
    assert delay_us(found, "ash", "elm") == delay_us(found, "birch", "cedar") == 20_000
    assert delay_us(found, "cedar", "fir") == 70_000
    assert delay_us(found, "cedar", "dogwood") is None
    assert delay_us(found, "ash", "gorse") is None
    assert found.plan.profile == "wan"


def test_loss_is_that_of_one_direction_and_silence_of_the_dead_is_none() -> None:
    """A probe is lost where either way loses it; whoever is gone does not answer at all."""
    found = recorded(
        member("birch", "office", 2, probes=100, probes_missed=19),
        member("cedar", "cloud", 40, probes_missed=60, standing="failed"),
    )
    losses = {link.name: link.loss for link in found.plan.links}
    assert losses["ash to birch"] == 0.1
    assert losses["ash to cedar"] == 0.0
    assert "Not there at that moment: cedar (failed). Here all of them run." in found.story


def test_the_size_of_the_history_is_bounded() -> None:
    """A long history is made as long as a short run allows."""
    found = recorded(member("birch", "office", 2), changes=10_000, entries=10_000)
    steps = [step.name for step in found.plan.workload]
    assert len([name for name in steps if name.startswith("history")]) == CHANGES_MAX
    assert "10000 ChangeSets" in found.story
    assert found.plan.horizon_ns < 90 * SECOND


def test_nothing_secret_is_recorded() -> None:
    """No id, fingerprint or address, whatever else the controller tells."""
    assert SECRET not in text_of(member("birch", "office", 2))


def test_names_that_need_quotes_are_quoted() -> None:
    """A site may have dots in its name."""
    found = recorded(member("b.1", "eu.berlin", 5))
    assert [host.site for host in found.plan.hosts] == ["office", "eu.berlin"]
    assert list(found.alternatives) == ["without eu.berlin"]


def test_a_controller_alone_and_one_without_environment() -> None:
    """The one is a scenario of one host, with nothing to cut; the other is none."""
    found = recorded()
    assert [host.name for host in found.plan.hosts] == ["ash"]
    assert not found.alternatives
    status = cast("Status", {"environment": None})
    assert scenario_of(status, Members(members=[], pending=[]), DAY) is None


def test_the_recorded_scenario_and_its_alternative_run() -> None:
    """Both break no rule; only in the second one somebody is suspected."""
    peers = (member("birch", "office", 2), member("cedar", "cloud", 40))
    found = recorded(*peers, barrier="all-active")
    plain = attempt(found.scenario(1))
    cut = attempt(found.alternatives["without cloud"])
    assert not plain.violations
    assert not cut.violations
    assert not plain.bites
    assert all(cut.bites.values())
    assert plain.counts["fact Propose normal"] >= 4
