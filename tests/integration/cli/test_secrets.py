"""Secrets with real processes: who reads them, who waits, and that nobody else ever sees them."""

import contextlib
import json
import os
import subprocess
from pathlib import Path
from typing import Final

from tests.integration.cli.hosts import TRELLIS, Host, Outcome, await_, hosts, join

FIRST: Final = "planted-secret-one"
SECOND: Final = "planted-secret-two"


def given(host: Host, value: str, *words: str) -> Outcome:
    """One command on ``host``, with ``value`` on its standard input."""
    done = subprocess.run(
        [*TRELLIS, *words],
        input=value,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "TRELLIS_DATA_DIR": str(host.data_dir)},
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def shown(host: Host) -> Outcome:
    """What the host's own key opens."""
    return host.run("secret", "show", "db", "--raw")


def test_only_readers_read_and_nobody_else_is_told(tmp_path: Path) -> None:
    """Set for one, shared with another, a new version for one: each sees what is theirs."""
    with hosts(tmp_path, ("ash", "oak")) as (ash, oak):
        ash.start("--found")
        join(ash, oak)
        told = given(ash, f"{FIRST}\n", "secret", "set", "db", "--reader", "ash")
        assert (told.code, told.out) == (0, "set; sealed to ash\n"), told
        assert shown(ash).out == FIRST
        await_(lambda: "db" in oak.run("secret", "list").out)
        assert (shown(oak).code, FIRST in shown(oak).errors) == (1, False)
        assert oak.run("secret", "share", "db", "--reader", "oak").code == 4
        shared = ash.run("secret", "share", "db", "--reader", "oak")
        assert (shared.code, shared.out) == (0, "sealed to oak\n"), shared
        await_(lambda: shown(oak).out == FIRST, lambda: str(shown(oak)))
        _assert_nowhere((ash, oak), FIRST)
        assert given(ash, SECOND, "secret", "set", "db", "--reader", "ash").code == 0
        await_(lambda: shown(oak).code == 1)
        assert shown(ash).out == SECOND
        _assert_nowhere((ash, oak), SECOND)
        assert ash.run("secret", "remove", "db").code == 0
        assert shown(ash).code == 1
        assert ash.ask("info", "list", "/secrets")["entries"] == []


def test_who_has_no_copy_waits_visibly(tmp_path: Path) -> None:
    """A lost copy is listed as not held; whoever holds one seals it again."""
    with hosts(tmp_path, ("ash",)) as (ash,):
        ash.start("--found")
        assert given(ash, FIRST, "secret", "set", "db", "--reader", "ash").code == 0
        (entry,) = ash.ask("info", "list", "/secrets")["entries"]
        assert ash.ask("secret", "list")["secrets"][0]["waiting"] == []
        assert ash.run("info", "delete", entry["path"]).code == 0
        assert ash.ask("secret", "list")["secrets"][0]["waiting"] == ["ash"]
        assert ash.ask("secret", "readers", "db")["readers"][0]["state"] == "waits"
        assert "the secret 'db' is not held here yet" in ash.run("doctor").out
        forged = json.dumps({**entry["value"], "sealed": "00" * 304})
        assert ash.run("info", "set", entry["path"], forged, "--as-json").code == 0
        assert shown(ash).code == 1
        whole = json.dumps(entry["value"])
        assert ash.run("info", "set", entry["path"], whole, "--as-json").code == 0
        assert shown(ash).out == FIRST


def test_holders_seal_to_whoever_waits(tmp_path: Path) -> None:
    """Nobody types anything: the controller that holds it seals it to the one that lost it."""
    with hosts(tmp_path, ("ash", "oak")) as (ash, oak):
        ash.start("--found")
        join(ash, oak)
        readers = ("--reader", "ash", "--reader", "oak")
        assert given(ash, FIRST, "secret", "set", "db", *readers).code == 0
        await_(lambda: shown(oak).out == FIRST, lambda: str(shown(oak)))
        (lost,) = (
            entry["path"]
            for entry in oak.ask("info", "list", "/secrets")["entries"]
            if entry["path"].endswith(oak.ask("status")["controller"]["id"])
        )
        assert oak.run("info", "delete", lost).code == 0
        assert shown(oak).code == 1
        await_(lambda: shown(oak).out == FIRST, lambda: str(shown(oak)))
        _assert_nowhere((ash, oak), FIRST)


def test_what_is_refused_leaves_no_copy(tmp_path: Path) -> None:
    """Nobody signs for this host: the change is refused, and its sealed copies are gone."""
    with hosts(tmp_path, ("ash", "oak")) as (ash, oak):
        ash.start("--found")
        join(ash, oak)
        refused = given(oak, FIRST, "secret", "set", "db", "--reader", "ash")
        assert (refused.code, FIRST in refused.errors) == (4, False), refused
        assert oak.ask("info", "list", "/secrets")["entries"] == []


def test_a_value_is_asked_for_in_no_other_way(tmp_path: Path) -> None:
    """No argument takes one, none is shown unasked, nor one that is empty or too large taken."""
    with hosts(tmp_path, ("ash",)) as (ash,):
        ash.start("--found")
        words = ("secret", "set", "db", "--reader", "ash")
        assert given(ash, "", *words).code == 2
        assert given(ash, "x" * 8_193, *words).code == 2
        assert given(ash, FIRST, "secret", "set", "db").code == 2
        assert given(ash, FIRST, "secret", "set", "db", "--reader", "elm").code == 2
        assert given(ash, FIRST, *words, "a-value").code == 2
        assert given(ash, FIRST, *words).code == 0
        piped, as_json = ash.run("secret", "show", "db"), ash.run("secret", "show", "db", "--json")
        assert (piped.code, as_json.code) == (2, 2)
        assert FIRST not in piped.out + as_json.out


def _assert_nowhere(everywhere: tuple[Host, ...], value: str) -> None:
    """Not in logs, answers, exports or on the disk: neither the value nor its bytes in hex."""
    asked = [("status",), ("doctor",), ("change", "list"), ("change", "log"), ("info", "list")]
    asked += [("secret", "list"), ("secret", "readers", "db"), ("change", "show", "secret set db")]
    for host in everywhere:
        told = [host.run(*words, "--json") for words in asked]
        told += [host.run("metrics"), host.run("environment", "show")]
        texts = [each.out + each.errors for each in told] + [host.log.read_text()]
        for text in texts:
            assert value not in text
            assert value.encode().hex() not in text
        for path in host.data_dir.rglob("*"):
            with contextlib.suppress(OSError):  # a socket is no file
                assert value.encode() not in path.read_bytes()
