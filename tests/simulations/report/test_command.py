"""``sim report`` on the command line: what it writes, and what it refuses."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from mesh.protocol.now import SECOND
from simulations.commands import main
from simulations.replay import kept, spelled
from simulations.scenario import canonical
from simulations.trial import attempt
from tests.simulations.report.stage import SCENARIO
from tests.simulations.report.test_many import compared_file

SHORT = replace(SCENARIO, faults=(), workload=(), horizon_ns=SECOND)


@pytest.fixture
def resolved(tmp_path: Path) -> Path:
    """A scenario that is written out in full."""
    place = tmp_path / "run.json"
    _ = place.write_bytes(canonical(SHORT))
    return place


def test_a_page_and_a_log_are_written(
    resolved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was written, and how large it is, is said; the file's own luck counts."""
    output, log, many = tmp_path / "r.html", tmp_path / "r.log", tmp_path / "many.json"
    _ = many.write_bytes(compared_file())
    words = ["report", str(resolved), "-o", str(output), "--shiviz", str(log), "--many", str(many)]
    assert main(words) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith(f"{output}: {output.stat().st_size:,} bytes")
    assert log.read_text(encoding="utf-8").startswith("(?<host>")
    made = output.read_text(encoding="utf-8")
    assert f"--seed {SHORT.seed}" in made
    assert "Many runs" in made


def test_without_a_file_the_text_is_printed(
    resolved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another seed is another luck."""
    assert main(["report", str(resolved), "--seed", "5"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("✔ All that must hold has held")
    assert f"trellis sim run {resolved} --seed 5" in told


def test_what_shrink_keeps_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A failing run in a file is replayed, not drawn anew."""
    place = tmp_path / "kept.json"
    _ = place.write_bytes(spelled(kept(SHORT, attempt(SHORT))))
    assert main(["report", str(place), "--text"]) == 0
    assert f"trellis sim replay {place}" in capsys.readouterr().out
    assert main(["report", str(place), "--seed", "1"]) == 2
    assert "leave out --seed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "what is to be told?"),
        (["nobody_knows_this"], "no situation"),
        (["missing.json"], "cannot be read"),
        (["3", "--many", "missing.json"], "missing.json: No such file"),
    ],
)
def test_what_cannot_be_told_is_refused(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, with what to do, and exit code 2."""
    assert main(["report", *words]) == 2
    assert complaint in capsys.readouterr().err
