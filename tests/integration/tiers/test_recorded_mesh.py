"""A live mesh, recorded: what one controller knows of it becomes a scenario that runs."""

from pathlib import Path

from simulations.files.situation import read_file
from simulations.plan import Delay
from simulations.trial import attempt
from tests.hosts.asking import agree, put, set_item
from tests.hosts.mesh import Mesh, on_loopback
from tests.hosts.processes import Process, await_that

PATIENCE_S = 60.0


def test_a_real_mesh_is_recorded_and_runs_in_the_simulator(tmp_path: Path) -> None:
    """Its members, measured ways and sizes are there; the promise holds, also with a link cut."""
    mesh = Mesh(on_loopback(3, tmp_path, "--site", "office"))
    file = tmp_path / "mesh.toml"
    try:
        mesh.form()
        first = mesh.processes[0]
        put(first, "secret-path", "secret-value")
        _ = set_item(first, "secret-item", "secret-setting")
        await_that(lambda: agree(mesh.processes), PATIENCE_S, "all hold the same")
        await_that(lambda: _has_measured(first), PATIENCE_S, "every way was measured")
        told = first.run("doctor", "--record", str(file))
        assert told.code == 0, told
        again = first.run("doctor", "--record", str(file))
        assert again.code == 1
        assert "is there already" in again.errors
    finally:
        mesh.stop()
    assert "secret" not in file.read_text()
    found = read_file(file)
    assert {host.name for host in found.plan.hosts} == {"c0", "c1", "c2"}
    assert {host.site for host in found.plan.hosts} == {"office"}
    ways = {link.name: link.delay for link in found.plan.links}
    assert ways.keys() == {"site within office", "c0 to c1", "c0 to c2"}
    assert all(way == Delay("constant", way.least_ns) for way in ways.values())
    for scenario in (found.scenario(1), *found.alternatives.values()):
        verdict = attempt(scenario)
        assert not verdict.violations
        assert [each for each in verdict.judgements if not each.holds] == []
        assert verdict.judgements


def _has_measured(process: Process) -> bool:
    rows = process.client.get("/v1/members")["members"]
    assert isinstance(rows, list)
    return all(isinstance(row, dict) and (row["own"] or row["round_trip_ns"]) for row in rows)
