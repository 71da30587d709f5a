"""`make damage` in short: one run of several kinds, and a report that says so."""

import json
from pathlib import Path

from tests.damage.__main__ import main


def test_damage_heals_and_is_told(tmp_path: Path) -> None:
    """A few meshes in memory, and two real ones, each with another kind of damage."""
    assert main(["--memory", "6", "--processes", "2", "--report", str(tmp_path)]) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["parts"]["memory"]["runs"] == 6
    assert report["parts"]["processes"]["bit"] > 0
    assert "nothing false was spread" in (tmp_path / "report.txt").read_text()
