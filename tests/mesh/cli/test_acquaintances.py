"""Names of controllers stand for the keys that this machine knows; only people change that."""

import io
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from mesh.cli import acquaintances, members, opened, session
from mesh.cli.acquaintances import demand_known, learn, marks, recognize, stands_for
from mesh.cli.errors import DONE, CommandError
from mesh.cli.sealed import Controller
from tests.mesh.cli.asked import ENVIRONMENT

OAK = Controller("0a" * 32, "oak", "1a" * 32)
ASH = Controller("0b" * 32, "ash", "1b" * 32)
IMPOSTOR = Controller("0c" * 32, "oak", "1c" * 32)
RESEALED = OAK._replace(exchange_key="1d" * 32)


class Keyboard(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        """Somebody is there."""
        return True


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(session.DIRECTORY_VARIABLE, str(tmp_path / "sessions"))
    monkeypatch.setattr(sys, "stdin", io.StringIO())


def test_who_was_met_at_the_login_is_known() -> None:
    """Nobody is asked about a name that stands for what it did, whether or not sealed to."""
    assert learn(ENVIRONMENT, [OAK, ASH]) == []
    demand_known(ENVIRONMENT, [OAK, ASH])
    demand_known(ENVIRONMENT, [OAK._replace(exchange_key="")])
    assert learn(ENVIRONMENT, [OAK]) == []


@pytest.mark.parametrize("other", [IMPOSTOR, RESEALED])
@pytest.mark.parametrize("says_yes", [False, True])
def test_a_name_that_stands_for_another_key_is_refused(
    other: Controller, *, says_yes: bool
) -> None:
    """Also with --yes, and at the next login: the identity and the key that is sealed to."""
    _ = learn(ENVIRONMENT, [OAK])
    assert learn(ENVIRONMENT, [other]) == ["oak"]
    with pytest.raises(CommandError, match="when this machine saw it last"):
        demand_known(ENVIRONMENT, [other], says_yes=says_yes)
    demand_known(ENVIRONMENT, [OAK])
    demand_known("ee" * 32, [other], says_yes=True)  # another environment has its own names


def test_only_a_person_changes_what_is_noted() -> None:
    """Who has compared the fingerprints says so; then the former one is refused."""
    _ = learn(ENVIRONMENT, [OAK])
    recognize(ENVIRONMENT, IMPOSTOR)
    demand_known(ENVIRONMENT, [IMPOSTOR])
    with pytest.raises(CommandError, match="Nothing was signed"):
        demand_known(ENVIRONMENT, [OAK])


@pytest.mark.parametrize(("keys", "is_known"), [("y\n", True), ("\n", False), ("n\n", False)])
def test_who_was_never_seen_is_asked_about_once(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    keys: str,
    *,
    is_known: bool,
) -> None:
    """With the fingerprint before one's eyes; a yes is remembered, and silence is none."""
    monkeypatch.setattr(sys, "stdin", Keyboard(keys))
    if is_known:
        demand_known(ENVIRONMENT, [OAK])
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        demand_known(ENVIRONMENT, [OAK])
    else:
        with pytest.raises(CommandError, match="Nothing was signed"):
            demand_known(ENVIRONMENT, [OAK])
    assert marks(OAK.key) in capsys.readouterr().out


def test_where_nobody_is_there_the_way_is_told() -> None:
    """A script is told what to run first; --yes is an answer."""
    with pytest.raises(CommandError, match=f"recognize oak {marks(OAK.key)}"):
        demand_known(ENVIRONMENT, [OAK])
    with pytest.raises(CommandError, match="recognize oak"):
        demand_known(ENVIRONMENT, [OAK], is_quiet=True)
    demand_known(ENVIRONMENT, [OAK], says_yes=True)
    demand_known(ENVIRONMENT, [OAK])


def test_an_exchange_key_that_was_not_seen_is_asked_about() -> None:
    """A name that was only ever signed for is not yet one to seal a secret to."""
    demand_known(ENVIRONMENT, [OAK._replace(exchange_key="")], says_yes=True)
    with pytest.raises(CommandError, match="not seen"):
        demand_known(ENVIRONMENT, [OAK])


def test_a_fingerprint_is_nobody_elses() -> None:
    """A key or its fingerprint, with or without dashes, stands for itself alone."""
    mark = marks(OAK.key)
    assert all(stands_for(each, OAK.key) for each in (OAK.key, mark, mark.replace("-", "").upper()))
    assert not any(stands_for(each, IMPOSTOR.key) for each in (OAK.key, mark, "oak"))
    with pytest.raises(CommandError, match="no key"):
        _ = marks("oak")


def test_a_damaged_file_is_not_begun_anew() -> None:
    """Otherwise whoever damages it lets any key in."""
    _ = learn(ENVIRONMENT, [OAK])
    (file,) = acquaintances._directory().glob("*.known")
    _ = file.write_text("[]")
    with pytest.raises(CommandError, match="cannot be read"):
        demand_known(ENVIRONMENT, [IMPOSTOR], says_yes=True)


def test_recognizing_takes_the_right_fingerprint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the controller calls oak must have the fingerprint that the person has compared."""

    def told(_: object) -> dict[str, Controller]:
        return {IMPOSTOR.key: IMPOSTOR}

    def run(name: str, key: str) -> int:
        given = Namespace(verb="recognize", name=name, fingerprint=marks(key), json=False)
        return members.run(given)

    monkeypatch.setattr(members, "Client", lambda _: None)
    monkeypatch.setattr(members, "socket_of", lambda _: None)
    monkeypatch.setattr(opened, "environment_of", lambda _: ENVIRONMENT)
    monkeypatch.setattr(members, "controllers", told)
    with pytest.raises(CommandError, match="Nothing was noted"):
        _ = run("oak", OAK.key)
    with pytest.raises(CommandError, match="no controller 'elm'"):
        _ = run("elm", OAK.key)
    assert run("oak", IMPOSTOR.key) == DONE
    assert IMPOSTOR.exchange_key in capsys.readouterr().out
    demand_known(ENVIRONMENT, [IMPOSTOR])
