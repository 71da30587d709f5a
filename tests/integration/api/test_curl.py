"""What the documentation does with curl works, word by word, against a real controller."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.hosts.processes import free_ports
from tests.integration.cli.hosts import Host, hosts

pytestmark = pytest.mark.integration

DOCS: Final = Path(__file__).parents[3] / "docs"
LINE: Final = re.compile(r"^\$ ((?:ask|curl) .*)$", re.MULTILINE)
SOCKET: Final = "/var/lib/trellis/api.sock"
ALIAS: Final = f"curl -sS --unix-socket {SOCKET}"
REMOTE: Final = "https://ash.lan:4748"
CERTIFICATE: Final = "api-certificate.pem"

CURL_TIMED_OUT: Final = 28
"""The only way in which what has no end can end."""


def lines() -> list[str]:
    """Every command line with curl, in the order of the pages."""
    pages = sorted(DOCS.rglob("*.md"))
    found = [line for page in pages for line in LINE.findall(page.read_text())]
    assert len(found) > 6, "the documentation shows how it is done"
    assert any(f"alias ask='{ALIAS}'" in page.read_text() for page in pages)
    return [re.sub("^ask ", f"{ALIAS} ", line) for line in found]


def here(line: str, ash: Host, port: int) -> str:
    """The same line for the controller of this test."""
    places = {
        SOCKET: str(ash.data_dir / "api.sock"),
        REMOTE: f"https://127.0.0.1:{port}",
        CERTIFICATE: str(ash.data_dir / CERTIFICATE),
    }
    for said, meant in places.items():
        line = line.replace(said, meant)
    patience = "1" if "--no-buffer" in line else "20"
    return line.replace("curl ", f"curl --fail-with-body --max-time {patience} ", 1)


def test_every_line_with_curl_works(tmp_path: Path) -> None:
    """Each is answered with JSON, or with events."""
    file, port = tmp_path / "controller.toml", free_ports(1)[0]
    file.write_text(f'[api]\nlisten = "127.0.0.1:{port}"\n')
    with hosts(tmp_path, ("ash",)) as (ash,):
        ash.start("--found", "--config", str(file))
        token = ash.ask("token", "create", "asker", "--right", "view")["token"]
        for line in lines():
            command = ["bash", "-c", here(line, ash, port)]
            asking = {**os.environ, "TOKEN": token}
            done = subprocess.run(
                command, env=asking, capture_output=True, text=True, timeout=60, check=False
            )
            if "--no-buffer" in line:
                assert done.returncode == CURL_TIMED_OUT, (line, done)
                assert done.stdout.startswith(": trellis")
            else:
                assert done.returncode == 0, (line, done)
                assert json.loads(done.stdout), line
