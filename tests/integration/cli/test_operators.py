"""Operators, passphrases, tokens and TLS, with real processes; and no secret where none belongs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.integration.cli.hosts import TRELLIS, Host, Outcome, await_, hosts

PASSPHRASE: Final = "correct horse battery"
OTHER: Final = "staple under the stairs"


def typed(host: Host, sessions: Path, lines: str, *words: str) -> Outcome:
    """One command of somebody with a session directory, who types ``lines``."""
    done = subprocess.run(
        [*TRELLIS, *words],
        input=lines,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={
            **os.environ,
            "TRELLIS_DATA_DIR": str(host.data_dir),
            "TRELLIS_SESSION_DIR": str(sessions),
        },
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture(name="sessions")
def _sessions(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


def test_a_person_logs_in_and_does_what_they_may(tmp_path: Path, sessions: Path) -> None:
    """Created, granted, logged in on a controller that has no key; refused beyond the right."""
    with hosts(tmp_path, ("ash",)) as (ash,):
        ash.start("--found")

        def ann(*words: str, lines: str = "") -> Outcome:
            return typed(ash, sessions, lines, *words)

        assert ann("operator", "create", "ann", lines=f"{PASSPHRASE}\n").code == 0
        assert ann("right", "grant", "ann", "apply:/item/a").code == 0
        assert "apply:/item/a" in ann("right", "list").out
        wrong = ann("login", "ann", lines="not the passphrase\n")
        assert (wrong.code, "passphrase is wrong" in wrong.errors) == (1, True)
        assert ann("login", "ann", lines=f"{PASSPHRASE}\n").code == 0
        (session,) = sessions.glob("*.session")
        assert (session.stat().st_mode & 0o777, sessions.stat().st_mode & 0o777) == (0o600, 0o700)
        assert "logged in as" in ann("whoami").out
        assert ann("item", "set", "--name", "a", "--value", "1").code == 0
        signer = ann("change", "show", "item set a", "--json").json["signer"]
        assert signer["name"] == "operator ann"
        refused = ann("item", "set", "--name", "b", "--value", "1")
        assert refused.code == 4
        assert "lacks the right apply:/item/b" in refused.errors
        assert "operator 'founder'" in refused.errors
        changed = ann("operator", "passwd", "ann", lines=f"{PASSPHRASE}\n{OTHER}\n")
        assert changed.code == 0, changed
        assert ann("logout").code == 0
        renewed = ann("right", "renew", "ann", "--reason", "a stolen laptop")
        assert (renewed.code, "apply:/item/a" in ann("right", "list").out) == (0, True), renewed
        assert ann("right", "renew", "founder").code == 0
        assert ann("right", "renew", "eve").code == 1
        assert not list(sessions.glob("*.session"))
        assert ann("login", "ann", lines=f"{PASSPHRASE}\n").code == 1
        assert ann("login", "ann", "--for", "1h", lines=f"{OTHER}\n").code == 0
        assert ann("right", "revoke", "ann", "apply:/item/a").code == 4  # ann may not


def test_a_secret_is_sealed_to_whom_this_machine_knows(tmp_path: Path, sessions: Path) -> None:
    """A reader from the login; no other than those that were named; and none with another key."""
    with hosts(tmp_path, ("ash",)) as (ash,):
        ash.start("--found")
        assert typed(ash, sessions, f"{PASSPHRASE}\n", "operator", "lock", "founder").code == 0
        assert typed(ash, sessions, f"{PASSPHRASE}\n", "login", "founder").code == 0

        def set_secret(*words: str) -> Outcome:
            return typed(ash, sessions, "planted", "secret", "set", "db", *words)

        assert set_secret("--reader", "ash").out == "set; sealed to ash\n"
        unnamed = set_secret()
        assert (unnamed.code, "it is read by ash." in unnamed.errors) == (2, True), unnamed
        assert set_secret("--yes").code == 0
        assert set_secret("--reader", ash.fingerprint).code == 0
        (file,) = sessions.glob("*.known")
        key, exchange_key = json.loads(file.read_text())["ash"]
        _ = file.write_text(json.dumps({"ash": [key[::-1], exchange_key]}))
        refused = set_secret("--reader", "ash", "--yes")
        assert (refused.code, "when this machine saw it last" in refused.errors) == (1, True)
        words = ("members", "recognize", "ash")
        assert typed(ash, sessions, "", *words, "4hk2-9xw3-7tqa-m1z0").code == 1
        assert typed(ash, sessions, "", *words, ash.fingerprint).code == 0
        assert set_secret("--reader", "ash").code == 0


def test_the_founder_locks_the_key(tmp_path: Path, sessions: Path) -> None:
    """The file is gone, the controller signs no more by itself, and the passphrase opens it."""
    with hosts(tmp_path, ("ash",)) as (ash,):
        ash.start("--found")
        assert "kept beside the controller" in typed(ash, sessions, "", "whoami").out
        locked = typed(ash, sessions, f"{PASSPHRASE}\n", "operator", "lock", "founder")
        assert locked.code == 0, locked
        assert "signed  by nobody" in typed(ash, sessions, "", "whoami").out
        assert not (ash.data_dir / "operator.key").exists()
        words = ("item", "set", "--name", "a", "--value", "1")
        refused = typed(ash, sessions, "", *words)
        assert (refused.code, "trellis login founder" in refused.errors) == (4, True)
        assert typed(ash, sessions, f"{PASSPHRASE}\n", "login", "founder").code == 0
        assert typed(ash, sessions, "", *words).code == 0
        rotate = ("environment", "rotate-secret", "--reason", "a laptop was stolen")
        assert typed(ash, sessions, "", *rotate).code == 0
        copy = tmp_path / "founder.locked"
        exported = typed(ash, sessions, "", "operator", "export", "founder", "--out", str(copy))
        assert (exported.code, copy.stat().st_mode & 0o777) == (0, 0o600)
        assert typed(ash, sessions, "", "logout").code == 0
        again = typed(ash, sessions, f"{PASSPHRASE}\n", "login", "founder", "--file", str(copy))
        assert again.code == 0, again
        assert typed(ash, sessions, "", *words).code == 0


def test_a_copy_brings_back_a_key_that_is_gone(tmp_path: Path, sessions: Path) -> None:
    """The founder's key lay unlocked beside its controller; the host is new, the copy opens."""
    with hosts(tmp_path, ("ash",)) as (ash,):
        ash.start("--found")
        copy = str(tmp_path / "founder.locked")
        export = ("operator", "export", "founder", "--out", copy)
        assert typed(ash, sessions, "short\n", *export).code == 2
        exported = typed(ash, sessions, f"{PASSPHRASE}\n", *export)
        assert (exported.code, "--file" in exported.out) == (0, True)
        assert (ash.data_dir / "operator.key").exists()
        (ash.data_dir / "operator.key").unlink()
        ash.stop()
        ash.start()
        words = ("item", "set", "--name", "a", "--value", "1")
        assert typed(ash, sessions, "", *words).code == 4
        nowhere = typed(ash, sessions, "", "operator", "export", "founder", "--out", f"{copy}2")
        assert (nowhere.code, "login founder --file" in nowhere.errors) == (1, True)
        login = ("login", "founder", "--file")
        for file, lines, why in (
            (copy, "another passphrase", "passphrase is wrong"),
            (str(tmp_path), PASSPHRASE, "cannot be read"),
            (str(ash.data_dir / "identity.key"), PASSPHRASE, "no locked key"),
        ):
            refused = typed(ash, sessions, f"{lines}\n", *login, file)
            assert (refused.code, why in refused.errors) == (1, True), refused
        stranger = typed(ash, sessions, f"{PASSPHRASE}\n", "login", "nobody", "--file", copy)
        assert (stranger.code, "there are: founder" in stranger.errors) == (1, True)
        assert typed(ash, sessions, f"{PASSPHRASE}\n", *login, copy).code == 0
        assert typed(ash, sessions, "", *words).code == 0
        assert typed(ash, sessions, f"{PASSPHRASE}\n", "operator", "create", "ed").code == 0
        other = typed(ash, sessions, f"{PASSPHRASE}\n", "login", "ed", "--file", copy)
        assert (other.code, "not the key that ed has here" in other.errors) == (1, True)


def test_curl_with_a_token_over_tls(tmp_path: Path, sessions: Path) -> None:
    """A token changes what it may, by curl, over TLS 1.2 at least; without one nothing is told."""
    file = tmp_path / "controller.toml"
    _ = file.write_text('[api]\nlisten = "127.0.0.1:0"\n'.replace(":0", f":{free_port()}"))
    with hosts(tmp_path, ("ash",)) as (ash,):
        ash.start("--found", "--config", str(file))
        told = next(line for line in ash.log.read_text().splitlines() if '"up"' in line)
        where = json.loads(told)["tcp"]["address"]
        made = typed(ash, sessions, "", "token", "create", "ci", "--right", "apply:/item", "--json")
        token = str(made.json["token"])
        pin = str(ash.data_dir / "api-certificate.pem")
        assert curl(where, pin, "/v1/status").startswith("401")
        header = f"Authorization: Bearer {token}"
        command = {"group": "item", "verb": "set", "parameters": {"name": "a", "value": 1}}
        body = json.dumps({"name": "by curl", "commands": [command]})
        assert curl(where, pin, "/v1/changes", "-H", header, "-d", body).startswith("202")
        await_(lambda: "a" in ash.run("item", "list").out)
        signer = ash.ask("change", "show", "by curl")["signer"]
        assert signer["name"] == "token ci"
        assert s_client(where, "-tls1_1") != 0
        assert s_client(where, "-tls1_2") == s_client(where, "-tls1_3") == 0
        assert ash.run("token", "revoke", "ci").code == 0
        assert curl(where, pin, "/v1/whoami", "-H", header).startswith("401")
        _assert_nowhere(ash, token)


def _assert_nowhere(ash: Host, token: str) -> None:
    """Not in the log, not in what the API shows, not in the journal."""
    assert token not in ash.log.read_text()
    for words in (("status",), ("doctor",), ("change", "list"), ("token", "list")):
        assert token not in ash.run(*words, "--json").out
    for path in ash.data_dir.glob("journal*"):
        assert token.encode() not in path.read_bytes()


def free_port() -> int:
    """A port that nobody had a moment ago."""
    import socket  # noqa: PLC0415  used here alone

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def curl(where: str, pin: str, path: str, *words: str) -> str:
    """The status and the body of one request."""
    port = where.rpartition(":")[2]
    command = ["curl", "-s", "--cacert", pin, "-w", "%{http_code}", "-o", "/dev/stderr", *words]
    done = subprocess.run(
        [*command, f"https://localhost:{port}{path}"], capture_output=True, text=True, check=False
    )
    return done.stdout + " " + done.stderr


def s_client(where: str, version: str) -> int:
    """How OpenSSL ends a handshake of that version."""
    command = ["openssl", "s_client", "-connect", where, version, "-brief"]
    return subprocess.run(command, input=b"", capture_output=True, check=False).returncode


def test_a_passphrase_is_never_an_argument() -> None:
    """No command takes one where others could read it."""
    for command in ("operator create", "operator passwd", "operator lock", "login"):
        helped = subprocess.run(
            [sys.executable, "-m", "mesh.cli.main", *command.split(), "--help"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "--passphrase" not in helped.stdout
