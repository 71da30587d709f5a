"""Two controllers: signed files, files that wait for approval, a checkpoint, and what is too large.

All of it as people type it, and looked at on both.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.hosts import Host, await_, hosts, join, trellis
from tests.integration.cli.test_operators import typed

PASSPHRASE = "correct horse battery\n"
LARGE = 3_000
"""Characters; a hundred of them, written and resolved, are more than one ChangeSet holds."""


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Host, Host]]:
    """An environment of two controllers."""
    with hosts(tmp_path_factory.mktemp("confidence"), ("ash", "birch")) as (ash, birch):
        ash.start("--found")
        join(ash, birch)
        yield ash, birch


def items(host: Host) -> list[str]:
    """The names of the items that it shows."""
    return list(host.ask("item", "list"))


def test_what_was_signed_is_a_file_that_anybody_checks(
    two: tuple[Host, Host], tmp_path: Path
) -> None:
    """Exported on both it is the same to the bit; it is checked with no controller at hand."""
    ash, birch = two
    tx = ash.ask("item", "set", "--name", "signed", "--value", "hello")["tx"]
    await_(lambda: "signed" in items(birch))
    file, twin = tmp_path / "a.risp", tmp_path / "b.risp"
    for host, to in ((ash, file), (birch, twin)):
        done = host.run("change", "export", tx, "--format", "risp", "-o", str(to))
        assert done.code == 0, done
    assert file.read_bytes() == twin.read_bytes()
    nowhere = {"TRELLIS_DATA_DIR": str(tmp_path / "nowhere")}
    verified = trellis("change", "verify", str(file), "--json", environment=nowhere)
    assert (verified.code, verified.json["tx"]) == (0, tx), verified
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    _ = file.write_bytes(raw)
    altered = trellis("change", "verify", str(file), environment=nowhere)
    assert altered.code == 1, altered


def test_too_large_a_change_is_refused_and_nothing_is_lost(
    two: tuple[Host, Host], tmp_path: Path
) -> None:
    """Each of the three limits is told with what to do; the draft stays, and nothing is applied."""
    ash, birch = two
    before = items(ash)
    value = ash.run("item", "set", "--name", "a", "--value", "x" * 100_000)
    assert (value.code, "of at most 65,536 characters" in value.errors) == (2, True), value.errors
    lines = tmp_path / "many.txt"
    _ = lines.write_text(_lines(1_001, 1))
    many = ash.run("change", "import", str(lines))
    assert (many.code, "1,001 commands, one ChangeSet takes 1,000" in many.errors) == (2, True)
    _ = lines.write_text(_lines(400, LARGE))
    body = ash.run("change", "import", str(lines))
    assert (body.code, "larger than 1048576 bytes" in body.errors) == (2, True)
    assert ash.ask("change", "list")["drafts"] == []
    _ = lines.write_text(_lines(100, LARGE))
    assert ash.run("change", "import", str(lines)).code == 0
    whole = ash.run("change", "submit", "many")
    assert (whole.code, "make several of it" in whole.errors) == (1, True), whole.errors
    draft = ash.ask("change", "show", "many")
    assert len(draft["commands"]) == 100
    assert ash.run("change", "discard", "many").code == 0
    assert items(ash) == items(birch) == before


def _lines(count: int, size: int) -> str:
    return "".join(f"item set --name i{at} --value {'x' * size}\n" for at in range(count))


def test_a_checkpoint_that_a_person_takes(two: tuple[Host, Host]) -> None:
    """On both the log is cut at the same place; what was applied stays, and so does what waits."""
    ash, birch = two
    assert ash.run("item", "set", "--name", "kept", "--value", "1").code == 0
    tx = ash.ask("change", "log")["changes"][-1]["tx"]
    assert ash.run("change", "new", "later").code == 0
    assert ash.run("change", "close").code == 0
    taken = {host.name: host.run("change", "checkpoint") for host in (ash, birch)}
    (proposer,) = [name for name, each in taken.items() if each.code == 0]
    (refused,) = [each for name, each in taken.items() if name != proposer]
    assert f"{proposer} is the one that proposes checkpoints" in refused.errors
    for host in (ash, birch):
        await_(lambda host=host: host.ask("change", "log")["below_checkpoint"] > 0)  # type: ignore[misc]
        gone = host.run("change", "show", tx)
        assert (gone.code, "older than the checkpoint" in gone.errors) == (1, True), gone
        assert "kept" in items(host)
    hashes = [host.ask("status")["environment"]["history_hash"] for host in (ash, birch)]
    assert hashes[0] == hashes[1]
    assert [each["name"] for each in ash.ask("change", "list")["drafts"]] == ["later"]
    assert ash.run("item", "set", "--name", "kept", "--value", "2").code == 0
    await_(lambda: "2" in birch.run("item", "show", "kept").out)


def test_files_where_approvals_are_demanded(two: tuple[Host, Host], tmp_path: Path) -> None:
    """What files describe waits, and is shown; another's approval applies it on both at once."""
    ash, birch = two
    founder, ann = tmp_path / "founder", tmp_path / "ann"
    assert typed(ash, founder, PASSPHRASE, "operator", "create", "ann").code == 0
    assert ash.run("right", "grant", "ann", "approve:/").code == 0
    await_(lambda: typed(birch, ann, PASSPHRASE, "login", "ann").code == 0)
    assert ash.run("environment", "set", "--approvals", "1").code == 0
    file = tmp_path / "all.yaml"
    _ = file.write_text("item:\n  from-files: 1\nsite:\n  berlin:\n    location: eu.berlin\n")
    waits = ash.run("apply", "-f", str(file), "--yes", "--name", "files", "--reason", "first")
    assert (waits.code, "pending, may be approved by ann" in waits.out) == (4, True), waits
    assert "from-files" not in items(ash)
    await_(lambda: birch.run("change", "show", "files").code == 0)
    board = birch.ask("change", "list")["changes"]
    assert [(each["name"], each["word"]) for each in board] == [("files", "awaiting approval")]
    own = ash.run("change", "approve", "files", "--yes")
    assert own.code != 0, "whoever signed it is not the one who approves it"
    approved = typed(birch, ann, "", "change", "approve", "files", "--yes")
    assert approved.code == 0, approved
    for host in (ash, birch):
        await_(lambda host=host: "from-files" in items(host))  # type: ignore[misc]
    again = birch.run("apply", "-f", str(file), "--yes")
    assert (again.code, "Nothing to do" in again.out) == (0, True), again
