"""A support bundle holds what helps, and none of the secrets that were planted for it to find."""

import json
import tarfile
from pathlib import Path

import pytest

from mesh.cli.errors import DONE, FAILED
from mesh.cli.main import main
from mesh.driver.directory import DataDirectory
from mesh.driver.keys import read_key

INVITE = "trellis1abcdefghjkmnpqrstuvwxyz0123456789"
TOKEN = "tok-0123456789-planted"
BEARER = "trellis_0123456789abcdefghijABCDEFGHIJ0123456789abc"


def bundled(file: Path) -> dict[str, str]:
    """Every file of the bundle, as text."""
    with tarfile.open(file) as archive:
        return {
            each.name.partition("/")[2]: content.read().decode()
            for each in archive
            if (content := archive.extractfile(each)) is not None
        }


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with keys, a configuration with secrets, and a log that quotes them."""
    directory = tmp_path / "data"
    with DataDirectory(directory) as held:
        _ = held.keys()
        _ = held.founding_key()
    seed = (directory / "identity.key").read_text().split()[1]
    log = tmp_path / "trellis.log"
    _ = log.write_text(f"started\nsomebody typed {seed.upper()} and {INVITE}, {BEARER}\n")
    file = tmp_path / "controller.toml"
    _ = file.write_text(
        f'[controller]\nname = "oak"\ndata_dir = "{directory}"\n'
        f'[cluster]\ninvite = "{INVITE}"\n[api]\napi_token = "{TOKEN}"\n'
        f'[logging]\nfile = "{log}"\n'
    )
    monkeypatch.setenv("TRELLIS_CONFIG", str(file))
    monkeypatch.delenv("TRELLIS_DATA_DIR", raising=False)
    return directory


def test_nothing_secret_is_in_it(home: Path, tmp_path: Path) -> None:
    """Not the keys, however they are spelled; not the code of an invite; not a token."""
    target = tmp_path / "bundle.tar.gz"
    assert main(["support-bundle", "--output", str(target)]) == DONE
    texts = bundled(target)
    everything = "".join(texts.values()).lower()
    for name in ("identity.key", "exchange.key", "operator.key"):
        assert (home / name).read_text().split()[1].lower() not in everything
    assert INVITE not in everything
    assert TOKEN not in everything
    assert BEARER.lower() not in everything
    assert target.stat().st_mode & 0o077 == 0


def test_what_helps_is_in_it(home: Path, tmp_path: Path) -> None:
    """Versions, configuration, the end of the log, numbers; without a controller, too."""
    target = tmp_path / "bundle.tar.gz"
    assert main(["support-bundle", "--output", str(target)]) == DONE
    texts = bundled(target)
    assert {"python", "sqlite", "trellis"} <= json.loads(texts["versions.json"]).keys()
    assert json.loads(texts["controller.json"])["controller"]["name"] == "oak"
    assert texts["log.txt"].startswith("started")
    assert "identity.key" in json.loads(texts["files.json"])["size_bytes"]
    assert "no controller answers" in texts["status.json"]
    assert read_key(home / "identity.key").public.hex()[:8] not in texts["versions.json"]


def test_a_file_that_is_there_is_left_alone(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody's file is written over."""
    assert home.exists()
    target = tmp_path / "bundle.tar.gz"
    _ = target.write_text("mine")
    assert main(["support-bundle", "--output", str(target)]) == FAILED
    assert "cannot be written" in capsys.readouterr().err
    assert target.read_text() == "mine"


def test_a_configuration_elsewhere_is_named_or_missed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `trellis up` was told, this command cannot know: it says so, and takes it, too."""
    monkeypatch.delenv("TRELLIS_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path / "none"))
    words = ["support-bundle", "--data-dir", str(home), "--output"]
    if not Path("/etc/trellis/controller.toml").exists():
        assert main([*words, str(tmp_path / "one.tar.gz")]) == DONE
        assert "--config FILE adds them" in capsys.readouterr().out
    named = [*words, str(tmp_path / "two.tar.gz"), "--config", str(tmp_path / "controller.toml")]
    assert main(named) == DONE
    assert "log.txt" in bundled(tmp_path / "two.tar.gz")
