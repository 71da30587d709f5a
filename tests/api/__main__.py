"""``make api``: one controller with a token over TLS, and schemathesis for as long as one likes.

It sends what the document allows and what it forbids, and looks whether every answer has the
status, the type and the shape that the document says. Prints its report; exit 1 on a finding.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from tests.hosts.processes import free_ports
from tests.integration.cli.hosts import Host, hosts

SECONDS: Final = 600
EXAMPLES: Final = 10_000
"""Of each resource, in an hour; the time ends most runs before."""

RATE: Final = "45/s"
"""A token is answered 50 times a second."""

CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "unsupported_method",
)
"""Not ``positive_data_acceptance``: what has the right type may still name what is not there."""

LEFT_OUT: Final = ("/v1/events", "/v1/members/rotate-key")
"""One has no end; the other ends the life of the controller, and with it what is under way."""


class Door(NamedTuple):
    """Where the API is, and how one gets in."""

    url: str
    certificate: Path
    token: str


def main() -> int:
    """Ask, and say what was found."""
    options = argparse.ArgumentParser(prog="api", description=__doc__)
    _ = options.add_argument("--seconds", type=int, default=SECONDS)
    _ = options.add_argument("--examples", type=int, default=EXAMPLES)
    _ = options.add_argument("--seed", type=int, default=None)
    asked = options.parse_args()
    with TemporaryDirectory() as directory, opened(Path(directory)) as door:
        return ask(door, Path(directory), asked.seconds, asked.examples, asked.seed)


@contextmanager
def opened(directory: Path) -> Iterator[Door]:
    """A controller that founded an environment, with a token that may do all that tokens may."""
    file, port = directory / "controller.toml", free_ports(1)[0]
    _ = file.write_text(f'[api]\nlisten = "127.0.0.1:{port}"\n')
    with hosts(directory, ("ash",)) as (ash,):
        ash.start("--found", "--config", str(file))
        token = str(ash.ask("token", "create", "asker", "--right", "apply")["token"])
        _fill(ash)
        yield Door(f"https://127.0.0.1:{port}", ash.data_dir / "api-certificate.pem", token)


def _fill(ash: Host) -> None:
    """Something to be found."""
    for words in (
        ("info", "set", "/web/1", "1"),
        ("item", "set", "--name", "a", "--value", "1"),
        ("change", "new", "draft"),
    ):
        done = ash.run(*words)
        assert done.code == 0, done


def ask(door: Door, directory: Path, seconds: int, examples: int, seed: int | None) -> int:
    """Run schemathesis; its exit code, which is 1 where it found something."""
    file = directory / "schemathesis.toml"
    _ = file.write_text('[headers]\nAuthorization = "Bearer ${TRELLIS_ASKER}"\n')
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(file), "run"]
    command += [f"{door.url}/v1/openapi.json", "--tls-verify", str(door.certificate)]
    command += ["--checks", ",".join(CHECKS), "--rate-limit", RATE, "--no-color"]
    command += ["--max-time", f"{seconds}", "--max-examples", str(examples)]
    command += ["--phases", "examples,coverage,fuzzing"]
    command += ["--continue-on-failure", "--warnings", "off"]
    command += ["--suppress-health-check", "all"]
    for path in LEFT_OUT:
        command += ["--exclude-path", path]
    if seed is not None:
        command += ["--seed", str(seed), "--generation-deterministic"]
    else:
        command += ["--generation-database", "none"]
    environment = {**os.environ, "TRELLIS_ASKER": door.token}
    return subprocess.run(command, check=False, env=environment, cwd=directory).returncode


if __name__ == "__main__":
    sys.exit(main())
