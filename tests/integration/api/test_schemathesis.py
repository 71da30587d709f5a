"""The document against a real controller, as schemathesis reads it: the short form of make api."""

import subprocess
import sys

SECONDS = "6"
SEED = "1"


def test_schemathesis_finds_nothing() -> None:
    """What the document allows and forbids, over TLS; each answer is one that it describes."""
    command = (sys.executable, "-m", "tests.api", "--seconds", SECONDS, "--seed", SEED)
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
