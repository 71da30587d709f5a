"""A run in a file: complete, exact about the code that made it, and checked when replayed."""

from pathlib import Path

import msgspec
import pytest

from simulations import build
from simulations.commands import main
from simulations.replay import Kept, Unreadable, kept, load, spelled
from simulations.trial import attempt, signature
from simulations.verdict import Verdict, Violation
from tests.simulations.sweep.small import SMALL


def written(path: Path, **changes: object) -> Path:
    """A file about a run of the small scenario, changed."""
    run = kept(SMALL, attempt(SMALL), ("a line",))
    _ = path.write_bytes(spelled(msgspec.structs.replace(run, **changes)))
    return path


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """Scenario, digest, story, and which Trellis made it."""
    run = load(written(tmp_path / "run.json"))
    assert run == kept(SMALL, attempt(SMALL), ("a line",))
    assert run.code == build.this_build().code


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "no run in JSON"),
        (b'{"format": 2, "trellis": "9.9"}', "format 2, made by Trellis 9.9"),
        (b'{"format": 1, "trellis": "0.0.1", "colour": "red"}', "made by Trellis 0.0.1"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, text: bytes, problem: str) -> None:
    """No JSON, another format, or what this version does not know."""
    path = tmp_path / "run.json"
    _ = path.write_bytes(text)
    with pytest.raises(Unreadable, match=problem):
        _ = load(path)


def test_a_replay_is_the_same_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The digest is compared, traced or not."""
    path = str(written(tmp_path / "run.json"))
    assert main(["replay", path]) == 0
    assert main(["replay", path, "--trace"]) == 0
    assert capsys.readouterr().out.count("it is the same run, event by event") == 2


def test_another_run_of_the_same_code_is_an_alarm(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Then something outside of the scenario decides: the worst that a simulator can have."""
    assert main(["replay", str(written(tmp_path / "run.json", digest="0" * 64))]) == 2
    assert "has leaked into it" in capsys.readouterr().err


def test_other_code_explains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the code has changed, another digest is to be expected, and what failed may pass."""
    verdict = Verdict(0, "0" * 64, (Violation(5, "barrier", "W: broken"),), 0, 0, 0, 0, {}, {})
    run: Kept = msgspec.structs.replace(kept(SMALL, verdict), code="f" * 16)
    path = tmp_path / "run.json"
    _ = path.write_bytes(spelled(run))
    assert main(["replay", str(path)]) == 0
    told = capsys.readouterr().out
    assert "the code has changed since it was made" in told
    assert "barrier W no longer fails" in told


def test_another_version_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unless it is wanted anyway."""
    path = str(written(tmp_path / "run.json", trellis="0.0.1"))
    assert main(["replay", path]) == 2
    assert "made by Trellis 0.0.1" in capsys.readouterr().err
    assert main(["replay", path, "--anyway"]) == 0


def test_a_replay_can_stop_early(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At a time of the world; what was not reached is not judged."""
    path = str(written(tmp_path / "run.json"))
    assert main(["replay", path, "--until", "300 ms"]) == 0
    assert "0.3 s simulated" in capsys.readouterr().out


def test_what_the_code_raises_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run always has a verdict; an error is known by its kind and the function that raised it."""

    def broken(*_: object) -> None:
        raise ValueError("no such thing")

    monkeypatch.setattr("mesh.protocol.replica.Replica.handle", broken)
    verdict = attempt(SMALL)
    assert signature(verdict) == "raised ValueError in broken"
    assert "no such thing" in verdict.violations[0].text
