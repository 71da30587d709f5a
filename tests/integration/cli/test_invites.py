"""A person invites two hosts, one after the other, and nobody has to accept anything."""

from functools import partial
from pathlib import Path

from tests.integration.cli.hosts import Host, await_, hosts, trellis


def votes(host: Host) -> bool:
    """Whether it takes part."""
    return bool(host.ask("status")["votes"])


def text(host: Host) -> str:
    """How it says that it stands."""
    return str(host.ask("status")["text"])


def test_three_hosts_by_invite(tmp_path: Path) -> None:
    """One code on the command line, one from a file; used, revoked and wrong ones are refused."""
    with hosts(tmp_path, ("ash", "birch", "elm", "fir")) as (ash, birch, elm, fir):
        ash.start("--found")
        told = ash.ask("invite", "--expires", "10m")
        birch.start("--invite", told["code"])
        await_(partial(votes, birch), partial(text, birch))
        assert [row["state"] for row in ash.ask("invite", "list", "--all")["invites"]] == ["used"]

        file = tmp_path / "code"
        _ = file.write_text(f"  {ash.ask('invite')['code']}\n")
        elm.start("--invite-file", str(file))
        await_(partial(votes, elm), partial(text, elm))
        names = [row["controller"]["name"] for row in elm.ask("members")["members"]]
        assert names == ["ash", "birch", "elm"]

        fir.start("--invite", told["code"])
        await_(lambda: "was used by birch" in text(fir), partial(text, fir))
        assert not votes(fir)
        _not_told_anywhere(told["code"], fir)


def _not_told_anywhere(code: str, host: Host) -> None:
    """The secret is in no log, answer or help of the host that was started with it."""
    answers = [host.run(*words).out for words in (("status", "--json"), ("doctor",), ("members",))]
    assert all(code not in told for told in [*answers, host.log.read_text()])


def test_what_is_wrong_with_a_code_is_said_at_once(tmp_path: Path) -> None:
    """A mistyped code starts nothing: exit code 2, why, and never the code itself."""
    with hosts(tmp_path, ("ash",)) as (ash,):
        ash.start("--found")
        code = str(ash.ask("invite")["code"])
        at = len(code) // 2
        mistyped = code[:at] + ("a" if code[at] != "a" else "b") + code[at + 1 :]
        outcome = trellis("up", "--data-dir", str(tmp_path / "oak"), "--invite", mistyped)
        assert outcome.code == 2
        assert "a letter is wrong" in outcome.errors
        assert mistyped not in outcome.errors


def test_an_invite_is_listed_and_revoked(tmp_path: Path) -> None:
    """Open ones by their ids; a revoked one is listed no more, unless all are asked for."""
    with hosts(tmp_path, ("ash",)) as (ash,):
        ash.start("--found")
        made = ash.run("invite", "--expires", "15m")
        assert made.code == 0, made
        assert "trellis up --invite trellis1" in made.out
        (row,) = ash.ask("invite", "list")["invites"]
        assert row["state"] == "open"
        assert row["id"] in ash.run("invite", "list").out
        revoked = ash.run("invite", "revoke", row["id"])
        assert revoked.code == 0, revoked
        assert ash.ask("invite", "list")["invites"] == []
        assert "revoked" in ash.run("invite", "list", "--all").out
        assert ash.run("invite", "--expires", "tomorrow").code == 2


def test_a_key_is_replaced_while_everything_runs(tmp_path: Path) -> None:
    """Two hosts: one gets a new exchange key, and both go on with each other."""
    with hosts(tmp_path, ("ash", "birch")) as (ash, birch):
        ash.start("--found")
        birch.start("--invite", ash.ask("invite")["code"])
        await_(partial(votes, birch), partial(text, birch))
        key = birch.data_dir / "exchange.key"
        former = key.read_text()
        rotated = birch.run("members", "rotate-key", "--no-wait")
        assert rotated.code == 0, rotated
        await_(lambda: key.read_text() != former, birch.log.read_text)
        assert not (birch.data_dir / "exchange.following.key").exists()
        await_(lambda: ash.ask("status")["members"]["alive"] == 2, partial(text, ash))
        assert birch.run("info", "set", "/motd", "new key").code == 0
        await_(lambda: ash.run("info", "get", "/motd").out == "new key\n")
        await_(partial(votes, birch), partial(text, birch))
