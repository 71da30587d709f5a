"""The secret of the environment is replaced by a person, while one controller does not run."""

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

from mesh.protocol.admission.enrolment import ENVIRONMENT_KEY, decode_enrolment
from tests.integration.cli.hosts import Host, await_, hosts
from tests.integration.cli.test_invites import text, votes


def secret_of(host: Host) -> bytes:
    """The secret to which a restart of ``host`` would return."""
    with closing(sqlite3.connect(f"file:{host.data_dir}/journal.db?mode=ro", uri=True)) as journal:
        (raw,) = journal.execute(
            "SELECT value FROM meta WHERE key = ?", (ENVIRONMENT_KEY.encode(),)
        ).fetchone()
    return decode_enrolment(raw).secret


def test_a_secret_is_replaced_while_one_is_away(tmp_path: Path) -> None:
    """Who was away asks when it is back; an invite from before is honoured; nothing is told."""
    with hosts(tmp_path, ("ash", "birch", "elm")) as (ash, birch, elm):
        ash.start("--found")
        birch.start("--invite", ash.ask("invite")["code"])
        await_(partial(votes, birch), partial(text, birch))
        code = ash.ask("invite")["code"]
        assert birch.stop() == 0
        former = secret_of(birch)
        done = ash.ask("environment", "rotate-secret", "--reason", "a laptop was stolen")
        assert done["word"] == "applied"
        _kill(ash)
        ash.start()
        birch.start("--seed", ash.address)
        elm.start("--seed", ash.address, "--invite", code)
        await_(lambda: "another secret" in birch.log.read_text(), birch.log.read_text)
        await_(partial(votes, elm), partial(text, elm))
        assert birch.run("info", "set", "/motd", "a new secret").code == 0
        await_(lambda: elm.run("info", "get", "/motd").out == "a new secret\n")
        pardoned = ash.run("members", "pardon", "birch")
        assert pardoned.code == 1
        assert "nothing is held against birch" in pardoned.errors
        told = [line for each in (ash, birch) for line in _told(each)]
        assert [each.stop() for each in (ash, birch, elm)] == [0, 0, 0]
        (following,) = {secret_of(each) for each in (ash, birch, elm)}
        assert following != former
        assert not any(each.hex() in line for each in (former, following) for line in told)


def _kill(host: Host) -> None:
    assert host.process is not None
    host.process.kill()
    _ = host.process.wait()
    if host.process.stdin is not None:
        host.process.stdin.close()


def _told(host: Host) -> list[str]:
    """All that one can read of it."""
    words = (("status", "--json"), ("change", "log", "--json"))
    return [*(host.run(*each).out for each in words), host.log.read_text()]
