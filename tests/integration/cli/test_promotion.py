"""From dev by test to prod, two real controllers each: rights, approvals, promotion, undoing.

Once as commands, and once at the shells of those who take part, who are asked before they sign.
"""

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.cli.hosts import TRELLIS, Host, Outcome, await_, hosts, join
from tests.integration.cli.test_operators import free_port, typed
from tests.integration.cli.test_shell import PATIENCE_S, Terminal

PASSPHRASE = "correct horse battery"


@dataclass
class Place:
    """One environment of two controllers."""

    name: str
    first: Host
    second: Host
    directory: Path

    def by(self, who: str, *words: str, on: Host | None = None) -> Outcome:
        """One command of somebody who is logged in."""
        return typed(on or self.first, self.directory / who, "", *words)

    def enrol(self, who: str, *rights: str) -> None:
        """Make an operator with these rights, who logs in on both controllers."""
        lines = f"{PASSPHRASE}\n"
        made = typed(self.first, self.directory / "founder", lines, "operator", "create", who)
        assert made.code == 0, made
        for right in rights:
            assert self.first.run("right", "grant", who, right).code == 0
        login = typed(self.first, self.directory / who, lines, "login", who)
        assert login.code == 0, login

    def services(self) -> list[list[str]]:
        """The names of the services, on each controller."""
        return [sorted(host.ask("service", "list")) for host in (self.first, self.second)]

    def waiting(self, on: Host | None = None) -> list[dict[str, object]]:
        """What waits for somebody."""
        told = (on or self.first).ask("change", "list")["changes"]
        return [each for each in told if each["word"] == "awaiting approval"]


@pytest.fixture(scope="module", name="chain")
def _chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Place, Place]]:
    """Dev, test and prod; test is linked to dev over TLS, prod to both over their sockets."""
    tmp_path = tmp_path_factory.mktemp("chain")
    with ExitStack() as stack:
        made: list[Place] = []
        for name in ("dev", "test", "prod"):
            directory = tmp_path / name
            directory.mkdir()
            names = (f"{name}-1", f"{name}-2")
            first, second = stack.enter_context(hosts(directory, names))
            place = Place(name, first, second, directory)
            first.start("--found", "--config", str(_configured(place, made)))
            join(first, second)
            for other in made if name == "prod" else made[-1:]:
                _link(place, other)
            made.append(place)
        dev, test, prod = made
        test.enrol("tess", "edit:/")
        test.enrol("tom", "apply:/")
        yield dev, test, prod
        for place in made:
            assert place.first.stop() == place.second.stop() == 0


def _configured(place: Place, made: list[Place]) -> Path:
    """controller.toml of the first controller."""
    lines = []
    if place.name == "dev":
        lines = ["[api]", f'listen = "127.0.0.1:{free_port()}"']
    if place.name == "test":
        (dev,) = made
        told = next(each for each in dev.first.log.read_text().splitlines() if '"up"' in each)
        tcp = json.loads(told)["tcp"]
        token = dev.first.ask("token", "create", "test", "--right", "view:/")["token"]
        file = place.directory / "dev.token"
        _ = file.write_text(f"{token}\n")
        lines = ["[links.dev]", f'address = "{tcp["address"]}"', f'token_file = "{file}"']
        lines.append(f'fingerprint = "{tcp["fingerprint"]}"')
    if place.name == "prod":
        for each in made:
            lines += [f"[links.{each.name}]", f'socket = "{each.first.data_dir / "api.sock"}"']
    file = place.directory / "controller.toml"
    _ = file.write_text("\n".join(lines) + "\n")
    return file


def _link(place: Place, other: Place) -> None:
    """Somebody has compared the fingerprints."""
    wrong = place.first.run("link", "add", other.name, "--fingerprint", "0000-0000-0000-0000")
    assert (wrong.code, "not those that were named" in wrong.errors) == (1, True)
    marks = [word for host in (other.first, other.second) for word in _named(host)]
    done = place.first.run("link", "add", other.name, *marks)
    assert done.code == 0, done


def _named(host: Host) -> tuple[str, str]:
    return "--fingerprint", host.fingerprint


def test_from_dev_by_test_to_prod(chain: tuple[Place, Place, Place]) -> None:
    """The whole way of one ChangeSet, and what stands in it at each step."""
    dev, test, prod = chain
    _write_on_dev(dev)
    _propose_and_approve_on_test(test)
    _demand_two_on_prod(prod)
    _promote_to_prod(prod)
    _undo_on_prod(dev, test, prod)


def _write_on_dev(dev: Place) -> None:
    """A draft, closed and opened again, applied on both."""
    run = dev.first.run
    assert run("data", "set", "--name", "blog.host", "--value", "dev.example").code == 0
    assert run("change", "new", "add-blog").code == 0
    health = ("--health-http", "http://{{blog.host}}/")
    service = ("service", "create", "--name", "blog", "--role", "web", *health)
    assert run("change", "add", "add-blog", *service).code == 0
    modify = ("service", "modify", "--name", "blog", "--autostart", "yes")
    assert run("change", "add", "add-blog", *modify).code == 0
    submitted = run("change", "submit", "add-blog")
    assert submitted.code == 0, submitted
    await_(lambda: dev.services() == [["blog"], ["blog"]])


def _propose_and_approve_on_test(test: Place) -> None:
    """Without right and data it waits, listed everywhere; another's approval applies it on both."""
    told = test.by("tess", "change", "promote", "--from", "dev", "add-blog")
    assert told.code == 4, told
    assert "pending, may be approved by founder, tom" in told.out
    assert "lacks the data blog.host" in told.out
    again = test.by("tess", "change", "promote", "--from", "dev", "add-blog")
    assert (again.code, "waits for approval already" in again.errors) == (5, True)
    await_(lambda: len(test.waiting(test.second)) == 1)
    shown = test.second.ask("change", "show", "add-blog")
    assert [each["verb"] for each in shown["commands"]] == ["create", "modify"]
    assert (shown["origin"]["link"], shown["consent"]["data_missing"]) == ("dev", ["blog.host"])
    early = test.by("tom", "change", "approve", "add-blog", "--yes")
    assert (early.code, "{{blog.host}} has no value" in early.errors) == (1, True), early
    undone = test.by("tom", "change", "diff", "add-blog")
    assert (undone.code, "{{blog.host}} has no value" in undone.errors) == (1, True), undone
    filled = test.by("tom", "data", "set", "--name", "blog.host", "--value", "test.example")
    assert filled.code == 0, filled
    would = test.by("tom", "change", "diff", "add-blog").out
    assert "+ service blog" in would, would
    assert "http://test.example/" in would, would
    approved = test.by("tom", "change", "approve", "add-blog", "--yes", on=test.second)
    assert approved.code == 0, approved
    assert "signed anew, with an id of" in approved.out
    await_(lambda: test.services() == [["blog"], ["blog"]])
    await_(lambda: test.waiting() == [])
    blog = test.first.ask("service", "show", "blog")
    assert "test.example" in str(blog["health"])
    shown = test.first.ask("change", "show", "add-blog")
    assert shown["signer"]["name"] == "operator tom"
    assert "proposed by tess" in shown["reason"]
    again = test.by("tess", "change", "promote", "--from", "dev", "add-blog")
    assert (again.code, "applied here already" in again.errors) == (5, True)


def _demand_two_on_prod(prod: Place) -> None:
    """The settings, once there are people enough; from then on they guard themselves."""
    run = prod.first.run
    for name in ("blog.host", "shop.host"):
        assert run("data", "set", "--name", name, "--value", "prod.example").code == 0
    alone = run("environment", "set", "--approvals", "2")
    assert (alone.code, "could be given" in alone.errors) == (1, True), alone
    prod.enrol("pia", "apply:/", "override:/")
    prod.enrol("pat", "approve:/")
    prod.enrol("pol", "approve:/")
    done = run("environment", "set", "--approvals", "2", "--promotion", "test")
    assert done.code == 0, done
    disarming = run("environment", "set", "--approvals", "0")
    assert (disarming.code, "2 more needed" in disarming.out) == (4, True), disarming
    gone = run("change", "withdraw", "environment set approvals")
    assert gone.code == 0, (gone, prod.first.log.read_text())


def _promote_to_prod(prod: Place) -> None:
    """From dev it is refused; from test it takes two, and the author's own is none of them."""
    skipped = prod.by("pia", "change", "promote", "--from", "dev", "add-blog")
    assert (skipped.code, "comes from 'test'" in skipped.errors) == (4, True), skipped
    told = prod.by("pia", "change", "promote", "--from", "test", "add-blog")
    assert told.code == 4, told
    assert "pending, may be approved by founder, pat, pol, 2 more needed" in told.out
    own = prod.by("pia", "change", "approve", "add-blog", "--yes")
    assert (own.code, "does not count" in own.errors) == (4, True), own
    one = prod.by("pat", "change", "approve", "add-blog", "--yes")
    assert one.code == 0, one
    assert "1 more needed, approved by pat" in one.out
    twice = prod.by("pat", "change", "approve", "add-blog", "--yes")
    assert (twice.code, "pat has approved it already" in twice.out) == (0, True), twice
    assert prod.services() == [[], []]
    await_(lambda: "approved by pat" in str(prod.waiting(prod.second)))
    two = prod.by("pol", "change", "approve", "add-blog", "--yes", on=prod.second)
    assert two.code == 0, two
    await_(lambda: prod.services() == [["blog"], ["blog"]])
    log = prod.first.run("change", "show", "add-blog").out
    assert "promoted from" in log
    assert "pat, pol" in log


def _undo_on_prod(dev: Place, test: Place, prod: Place) -> None:
    """What is undone on prod leaves dev and test alone; it takes the right to override."""
    undone = prod.by("pia", "change", "revert", "add-blog", "--override", "--yes")
    assert undone.code == 0, undone
    await_(lambda: prod.services() == [[], []])
    assert dev.services() == test.services() == [["blog"], ["blog"]]
    assert "overrides" in prod.first.run("change", "show", "revert add-blog").out


# --- the same at a terminal -----------------------------------------------------------------------


@contextmanager
def shell(place: Place, who: str, on: Host | None = None) -> Iterator["Talk"]:
    """Somebody's shell; left with Ctrl-D."""
    host = on or place.first
    own = {
        "TRELLIS_SESSION_DIR": str(place.directory / who),
        "XDG_STATE_HOME": str(place.directory / f"{who}.state"),
        "TRELLIS_DATA_DIR": str(host.data_dir),
        "TERM": "xterm",
        "COLUMNS": "200",
        "PROMPT_TOOLKIT_NO_CPR": "1",
    }
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*TRELLIS, "shell"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, **own},
        start_new_session=True,
    )
    os.close(slave)
    try:
        terminal = Terminal(master)
        terminal.wait_for(f"{host.name}@")
        yield Talk(terminal, f"{host.name}@")
        terminal.type("\x04")
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        _ = process.wait()
        os.close(master)


@dataclass
class Talk:
    """What somebody and the shell say to each other."""

    terminal: Terminal
    prompt: str

    def __call__(self, line: str, *answers: str) -> None:
        """Type a line; a question among what comes is answered with yes."""
        self.terminal.type(f"{line}\r")
        for answer in answers:
            self.terminal.wait_for(answer)
            if answer.endswith("[y/N] "):
                self.terminal.type("y\r")
        self.terminal.wait_for(self.prompt)


def test_the_same_way_in_the_shell(chain: tuple[Place, Place, Place]) -> None:
    """Written, waited for, approved by two, and undone: each step asked, and told on both."""
    dev, test, prod = chain
    if not (prod.directory / "pia").exists():
        _demand_two_on_prod(prod)
    _write(dev)
    _carry_to_test(test)
    _carry_to_prod(prod)
    assert [["shop" in names for names in each.services()] for each in (dev, test)] == [
        [True] * 2
    ] * 2


def _write(dev: Place) -> None:
    with shell(dev, "founder") as say:
        say("data set --name shop.host --value dev.example", "applied on 2 of 2")
        say("change new add-shop", "opened add-shop")
        health = '--health-http "http://{{shop.host}}/"'
        say(f"service create --name shop --role web {health}", "added to add-shop (1 command)")
        say("change close", "closed add-shop")
        say("change add add-shop", "opened add-shop (1 command)")
        say("service modify --name shop --autostart yes", "added to add-shop (2 commands)")
        say("change submit add-shop", "applied on 2 of 2")


def _carry_to_test(test: Place) -> None:
    with shell(test, "tess") as say:
        promoted = "pending, may be approved by founder, tom"
        say("change promote --from dev add-shop", "Sign it? [y/N] ", promoted)
        say("change list", "add-shop", "lacks the data shop.host")
    await_(lambda: len(test.waiting(test.second)) == 1)
    with shell(test, "tom", on=test.second) as say:
        say("change show add-shop", "waits since", "service create", "shop.host")
        say("data set --name shop.host --value test.example", "applied on 2 of 2")
        say("change approve add-shop", "test.example", "Sign it? [y/N] ", "applied on 2 of 2")


def _carry_to_prod(prod: Place) -> None:
    with shell(prod, "pia") as say:
        say("change promote --from dev add-shop", "comes from 'test'")
        say("change promote --from test add-shop", "Sign it? [y/N] ", "2 more needed")
        say("change approve add-shop", "does not count")
    with shell(prod, "pat") as say:
        say("change approve add-shop", "Approve it? [y/N] ", "1 more needed, approved by pat")
    assert not any("shop" in names for names in prod.services())
    await_(lambda: "approved by pat" in str(prod.waiting(prod.second)))
    with shell(prod, "pol", on=prod.second) as say:
        say("change approve add-shop", "Approve it? [y/N] ", "applied on 2 of 2")
    assert all("shop" in names for names in prod.services())
    with shell(prod, "pia") as say:
        say("change revert add-shop --override", "Sign it? [y/N] ", "applied on 2 of 2")
    assert not any("shop" in names for names in prod.services())
