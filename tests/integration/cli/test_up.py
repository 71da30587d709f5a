"""``trellis up``: it starts, says what it is, stops cleanly, and says in one line why it cannot."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

from tests.integration.cli.hosts import TRELLIS, hosts, trellis


def test_a_clean_stop_leaves_no_socket(tmp_path: Path) -> None:
    """The socket is its owner's alone while it is there, and gone afterwards; data is kept."""
    with hosts(tmp_path, ("ash",)) as (ash,):
        ash.start("--found")
        place = ash.data_dir / "api.sock"
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        ash.run("info", "set", "/a", "1")
        assert ash.stop() == 0
        assert not place.exists()
        gone = ash.run("status")
        assert gone.code == 3
        assert "trellis up" in gone.errors
        ash.start()
        assert ash.run("info", "get", "/a").out == "1\n"


def test_ctrl_c_is_a_clean_stop(tmp_path: Path) -> None:
    """SIGINT ends it with code 0."""
    with hosts(tmp_path, ("ash",)) as (ash,):
        ash.start("--found")
        assert ash.process is not None
        ash.process.send_signal(signal.SIGINT)
        assert ash.process.wait(30) == 0


def test_a_directory_in_use_is_one_clear_line(tmp_path: Path) -> None:
    """A second controller on the same data says who has it, and changes nothing."""
    with hosts(tmp_path, ("ash",)) as (ash,):
        ash.start("--found")
        second = trellis("up", "--data-dir", str(ash.data_dir), "--port", "0", "--no-mdns")
        assert second.code == 1
        assert "in use by another controller" in second.errors
        assert "Traceback" not in second.errors
        assert ash.run("status").code == 0


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    """A port that another program has is named."""
    with hosts(tmp_path, ("ash",)) as (ash,):
        ash.start("--found")
        port = ash.address.rpartition(":")[2]
        other = str(tmp_path / "other")
        words = ("up", "--data-dir", other, "--listen", "127.0.0.1", "--port", port, "--no-mdns")
        second = trellis(*words)
        assert second.code == 1
        assert f"127.0.0.1:{port} is in use" in second.errors
        assert "Traceback" not in second.errors


def test_all_mistakes_of_a_configuration_at_once(tmp_path: Path) -> None:
    """`config check` and `up` name every mistake with its path; `up` starts nothing."""
    file = tmp_path / "controller.toml"
    file.write_text('[controller]\nnam = "x"\n[listen]\nport = 70000\n')
    for words in (("config", "check", str(file)), ("up", "--config", str(file))):
        outcome = trellis(*words)
        assert outcome.code in {1, 2}
        assert "controller.nam" in outcome.errors
        assert "listen.port" in outcome.errors
    file.write_text('[controller]\nname = "x"\n')
    assert trellis("config", "check", str(file)).code == 0


def test_plain_commands_load_neither_trio_nor_the_framework() -> None:
    """A plain command is over before a person notices that it was started."""
    program = (
        "import sys; from mesh.cli.main import main;"
        "code = main(['status', '--socket', '/nowhere']);"
        "loaded = sorted({'trio', 'starlette', 'hypercorn', 'rich', 'msgspec'} & set(sys.modules));"
        "print(code, loaded)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "3 []\n"


def test_output_that_nobody_reads_is_no_fault(tmp_path: Path) -> None:
    """When the reader of a pipe has had enough, the command ends without a traceback."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*TRELLIS], stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60
    )
    os.close(writing)
    assert b"Traceback" not in done.stderr
