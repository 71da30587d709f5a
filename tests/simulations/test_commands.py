"""``trellis sim``: what a person types, sees, and gets as an exit code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mesh.cli.main import main
from simulations.files.library import names, text_of
from simulations.scenario import read

SMALL = """\
# A story that is told first.
title = "A small one"
horizon = "6 s"
[sites]
office = ["ash", "birch"]
[faults.nap]
fault = "pause"
host = "birch"
starts = "1 s"
ends = "2 s"
[steps.red]
step = "change"
at = "3 s"
host = "ash"
commands = ["item set --name colour --value red"]
[expect]
effective = ["red"]
[compare.slow.network]
delay = "30 ms"
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A file of one's own."""
    file = tmp_path / "small.toml"
    _ = file.write_text(SMALL)
    return file


def typed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """The exit code, and what was said on both streams."""
    code = main(["sim", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_run_tells_its_story_and_its_promises(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The story, what happened in the file's own times, each promise, and how to see it again."""
    code, said, _ = typed(capsys, "run", str(small))
    assert code == 0
    for text in ("A small one", "A story that is told first.", "nap (pause)", "“red” is released"):
        assert text in said
    assert "✔ red takes effect" in said
    assert f"trellis sim run {small} --seed 0" in said


def test_a_broken_promise_is_exit_code_1(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A script notices."""
    _ = small.write_text(SMALL.replace('effective = ["red"]', 'cancelled = ["red"]'))
    code, said, _ = typed(capsys, "run", str(small))
    assert code == 1
    assert "✘ red is cancelled" in said
    assert "1 promise of 2 broken" in said


def test_a_pending_situation_never_passes(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is shown, and said to be pending; if it holds, the mark is to go."""
    pending = 'pending = "later"\n' + SMALL
    _ = small.write_text(pending.replace('effective = ["red"]', 'cancelled = ["red"]'))
    code, said, _ = typed(capsys, "run", str(small))
    assert (code, "Pending, and never counted as passing: later." in said) == (0, True)
    _ = small.write_text(pending)
    assert "take the mark away" in typed(capsys, "run", str(small))[1]


def test_many_seeds_are_counted(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each promise with the number of seeds that kept it."""
    code, said, _ = typed(capsys, "run", str(small), "--seeds", "0..1", "--workers", "1")
    assert code == 0
    assert "2 of 2" in said
    assert "on every seed" in said


def test_alternatives_are_compared(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same luck, two ways, and the difference with its interval."""
    words = ("run", str(small), "--compare", "--seeds", "0..2", "--workers", "1", "--json")
    code, said, _ = typed(capsys, *words)
    found = json.loads(said)
    assert code == 0
    shown = found["compared"]["slow"]["from submission until all show it, mean"]
    assert shown["pairs"] == 3
    assert 0 < shown["low"] <= shown["mean"] <= shown["high"]
    assert [run["seed"] for run in found["runs"]["as written"]] == [0, 1, 2]


def test_what_is_shown_runs_again(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The resolved scenario alone is the same run."""
    code, resolved, _ = typed(capsys, "show", str(small), "--seed", "5")
    assert code == 0
    assert read(resolved.encode()).seed == 5
    file = small.with_suffix(".json")
    _ = file.write_text(resolved)
    again = typed(capsys, "run", str(file), "--json")[1]
    first = typed(capsys, "run", str(small), "--seed", "5", "--json")[1]
    assert json.loads(again)["runs"] == json.loads(first)["runs"]


def test_mistakes_in_a_file_are_wrong_usage(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them, with their lines; nothing is run."""
    _ = small.write_text(SMALL.replace("horizon", "horizn").replace('"pause"', '"puase"'))
    code, said, wrong = typed(capsys, "run", str(small))
    assert (code, said) == (2, "")
    assert "2 mistakes" in wrong
    assert "line 3: horizn: unknown key; did you mean 'horizon'?" in wrong
    assert "line 7: faults.nap.fault: unknown fault 'puase'; did you mean 'pause'?" in wrong


@pytest.mark.parametrize("verb", ["run", "show"])
def test_an_unknown_name_is_wrong_usage(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And what may have been meant."""
    code, _, wrong = typed(capsys, verb, "office_wan_cutt")
    assert code == 2
    assert "did you mean 'office_wan_cut'?" in wrong


def test_the_library_is_listed_and_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Every situation by name; pending ones apart; each as it is written."""
    _, said, _ = typed(capsys, "list")
    head, _, pending = said.partition("Pending, and never counted as passing")
    assert all(name in said for name in names())
    assert "office_wan_cut" in head
    assert "building_on_fire" in pending
    assert typed(capsys, "show", "office-wan-cut")[1] == text_of("office_wan_cut")


def test_wrong_words_are_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """As everywhere on the command line."""
    code, _, wrong = typed(capsys, "runn")
    assert (code, "did you mean 'run'?" in wrong) == (2, True)
    code, _, wrong = typed(capsys, "run", "x", "--seeds", "many")
    assert (code, "no range of seeds" in wrong) == (2, True)


def test_other_commands_do_not_load_the_simulator() -> None:
    """A plain command starts fast; the simulator is for those who ask for it."""
    text = (
        "import sys, mesh.cli.main as m; m.main(['--version']); print('simulations' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
