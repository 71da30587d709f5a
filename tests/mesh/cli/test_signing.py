"""What is signed on the person's machine, and where the key is meanwhile."""

import io
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from mesh.cli import places, session, typed
from mesh.cli.acquaintances import learn
from mesh.cli.client import Client
from mesh.cli.errors import CommandError
from mesh.cli.sealed import Controller
from mesh.cli.signing import send
from mesh.cli.submitting import Submission
from mesh.wire.identity import fingerprint
from mesh.wire.requests import Base, Command, Request, encode_request
from tests.mesh.cli.asked import ASKED, ENVIRONMENT, GRANT, WHO, request

RIGHT = Base(("operator", "ann", "rights", "apply:/item"), None)

# --- sessions -------------------------------------------------------------------------------------


@pytest.fixture(name="place")
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(session.DIRECTORY_VARIABLE, str(tmp_path / "sessions"))
    return tmp_path / "sessions"


def test_a_session_is_kept_for_its_user_alone(place: Path) -> None:
    """Readable by its owner, found by its environment, gone after logout."""
    lasting = replace(WHO, expires_ns=time.time_ns() + 3_600_000_000_000)
    assert not session.any_kept()
    file = session.keep(lasting)
    assert (file.stat().st_mode & 0o777, place.stat().st_mode & 0o777) == (0o600, 0o700)
    assert session.current(ENVIRONMENT) == lasting
    assert session.current("ee" * 32) is None
    assert (session.any_kept(), session.forget(None)) == (True, 1)
    assert session.current(ENVIRONMENT) is None


def test_a_session_ends(place: Path) -> None:
    """By itself, and then its file goes."""
    file = session.keep(replace(WHO, expires_ns=1))
    assert session.current(ENVIRONMENT) is None
    assert not file.exists()


def test_a_session_does_not_show_its_key(place: Path) -> None:
    """Whatever prints it."""
    assert WHO.seed.hex() not in repr(WHO)
    assert repr(WHO.seed) not in repr(WHO)


def test_a_place_that_others_can_read_is_refused(place: Path) -> None:
    """Nothing is written there."""
    place.mkdir(mode=0o755)
    with pytest.raises(CommandError, match="read by others"):
        _ = session.keep(WHO)
    assert not list(place.iterdir())


def test_without_a_place_one_cannot_log_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """And is told what to name."""
    monkeypatch.delenv(session.DIRECTORY_VARIABLE, raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert (session.current(ENVIRONMENT), session.any_kept(), session.forget(None)) == (
        None,
        False,
        0,
    )
    with pytest.raises(CommandError, match=session.DIRECTORY_VARIABLE):
        _ = session.keep(WHO)


def test_a_damaged_session_is_told(place: Path) -> None:
    """Log in again, rather than a trace."""
    file = session.keep(replace(WHO, expires_ns=time.time_ns() + 10**12))
    _ = file.write_text("{}")
    with pytest.raises(CommandError, match="log in again"):
        _ = session.current(ENVIRONMENT)


class Lending:
    """A controller that makes one request of whatever is asked for."""

    def __init__(self, makes: Request | None = None) -> None:
        self.makes = makes or request(written=(GRANT,), resolved=(GRANT,))
        self.brought: list[dict[str, Any]] = []
        self.place = Path("api.sock")

    def get(self, path: str) -> dict[str, Any]:
        """Which environment it is in."""
        assert path == "/v1/status"
        return {"environment": {"id": ENVIRONMENT}}

    def request(self, method: str, path: str, body: object, query: object) -> dict[str, Any]:
        """The request to be signed."""
        del method, path, body, query
        return {"request": encode_request(self.makes).hex()}

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What was signed."""
        assert path == "/v1/requests"
        self.brought.append(body)
        return {"tx": "00"}

    def delete(self, path: str) -> dict[str, Any]:
        """A draft that has come to its end."""
        assert path == "/v1/drafts/d"
        return {}


class Keyboard(io.StringIO):
    """Somebody who types, or nobody."""

    def __init__(self, typed: str | None) -> None:
        super().__init__(typed or "")
        self._is_there = typed is not None

    def isatty(self) -> bool:
        """Whether somebody is there."""
        return self._is_there


@pytest.fixture(name="logged_in")
def _logged_in(place: Path) -> None:
    del place
    _ = session.keep(replace(WHO, expires_ns=time.time_ns() + 10**12))


REVERT = Submission("/v1/changes/3f9a12c0/revert", {})
DRAFT = Submission("/v1/changes", {"draft": "d", **ASKED})


@pytest.mark.usefixtures("logged_in")
@pytest.mark.parametrize(
    ("keys", "says_yes", "is_signed"),
    [
        ("y\n", False, True),
        ("n\n", False, False),
        ("\n", False, False),
        (None, False, False),
        (None, True, True),
    ],
)
def test_what_was_not_typed_takes_a_yes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    keys: str | None,
    *,
    says_yes: bool,
    is_signed: bool,
) -> None:
    """A revert, a merge or a restaged change: at a terminal, or beforehand; never by silence."""
    monkeypatch.setattr(sys, "stdin", Keyboard(keys))
    lending = Lending()
    client = cast("Client", lending)
    if is_signed:
        _ = send(client, REVERT, says_yes=says_yes)
    else:
        with pytest.raises(CommandError, match="Nothing was signed"):
            _ = send(client, REVERT, says_yes=says_yes)
    shown = "right grant --name eve --right admin:/" in capsys.readouterr().out
    assert (shown, bool(lending.brought)) == (not says_yes, is_signed)


@pytest.mark.usefixtures("logged_in")
def test_a_program_says_yes_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing may be shown nothing is asked, and nothing signed."""
    monkeypatch.setattr(sys, "stdin", Keyboard("y\n"))
    lending = Lending()
    with pytest.raises(CommandError, match="say --yes"):
        _ = send(cast("Client", lending), REVERT, is_quiet=True)
    assert lending.brought == []


@pytest.mark.usefixtures("logged_in")
def test_a_draft_is_signed_as_it_was_shown() -> None:
    """A controller that has other commands in it by then gets no signature."""
    lending = Lending()
    with pytest.raises(CommandError, match="its commands are others"):
        _ = send(cast("Client", lending), DRAFT)
    assert lending.brought == []


@pytest.mark.usefixtures("logged_in")
def test_a_draft_that_others_wrote_takes_a_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What went into it from here does not; whatever the controller put there does."""
    monkeypatch.setattr(sys, "stdin", Keyboard(None))
    lending = Lending(request(name="d"))
    client = cast("Client", lending)
    commands = cast("list[object]", ASKED["commands"])
    with pytest.raises(CommandError, match="say --yes"):
        _ = send(client, DRAFT)
    typed.note(client, "d", [*commands, *commands])
    with pytest.raises(CommandError, match="say --yes"):
        _ = send(client, DRAFT)
    typed.forget(client, "d")
    typed.note(client, "d", commands)
    _ = send(client, DRAFT)
    assert len(lending.brought) == 1


@pytest.mark.usefixtures("logged_in")
def test_what_is_forced_and_filled_in_takes_a_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else checks what its templates took."""
    monkeypatch.setattr(sys, "stdin", Keyboard(None))
    command = Command("item", "set", {"name": "a", "value": "{{host}}"})
    filled = Command("item", "set", {"name": "a", "value": "evil.example"})
    base = (Base(("item", "a"), None), RIGHT)
    lending = Lending(request(written=(command,), resolved=(filled,), overridden=base))
    listed = [{"group": "item", "verb": "set", "parameters": dict(command.parameters)}]
    forced = Submission("/v1/changes", {"commands": listed, "force": True})
    with pytest.raises(CommandError, match="say --yes"):
        _ = send(cast("Client", lending), forced)
    assert lending.brought == []


@pytest.mark.usefixtures("logged_in")
def test_a_controller_stays_in_its_environment() -> None:
    """One that says that it is of another, where one is logged in too, gets nothing signed."""
    lending = Lending(request())
    client, plain = cast("Client", lending), Submission("/v1/changes", ASKED)
    places.note(lending.place, "ee" * 32)
    with pytest.raises(CommandError, match="says now"):
        _ = send(client, plain)
    assert lending.brought == []
    places.note(lending.place, ENVIRONMENT)
    _ = send(client, plain)
    lending.place = Path("another.sock")
    _ = send(client, plain)
    places.demand_same(lending.place, WHO)
    with pytest.raises(CommandError, match="says now"):
        places.demand_same(lending.place, replace(WHO, environment="ee" * 32))
    assert len(lending.brought) == 2


@pytest.mark.usefixtures("logged_in")
def test_a_name_is_signed_for_the_key_that_is_known_here() -> None:
    """A controller that gives another's key for it gets no signature; a fingerprint needs none."""
    written = Command("controller", "remove", {"controller": "oak"})
    resolved = Command("controller", "remove", {"controller": "0a" * 32})
    lending = Lending(request(written=(written,), resolved=(resolved,)))
    client = cast("Client", lending)

    def removing(who: str) -> Submission:
        command = {"group": "controller", "verb": "remove", "parameters": {"controller": who}}
        return Submission("/v1/changes", {"commands": [command]})

    _ = learn(ENVIRONMENT, [Controller("0b" * 32, "oak", "")])
    with pytest.raises(CommandError, match="when this machine saw it last"):
        _ = send(client, removing("oak"), says_yes=True)
    assert lending.brought == []
    mark = fingerprint(bytes.fromhex("0a" * 32))
    named = Command("controller", "remove", {"controller": mark})
    lending.makes = request(written=(named,), resolved=(resolved,))
    _ = send(client, removing(mark))
    assert len(lending.brought) == 1


@pytest.mark.usefixtures("logged_in")
def test_what_could_be_kept_for_ever_is_not_signed() -> None:
    """A request names a right of its signer, which ends it when it is renewed; or nothing is."""
    touched = Base(("site", "x"), None)
    lending = Lending(request(base=(touched,)))
    client, plain = cast("Client", lending), Submission("/v1/changes", ASKED)
    with pytest.raises(CommandError, match="lacks the right apply:/site/x"):
        _ = send(client, plain)
    another = Base(("operator", "eve", "rights", "apply:/"), None)
    lending.makes = request(base=(touched, another))
    with pytest.raises(CommandError, match="Nothing was signed"):
        _ = send(client, plain)
    assert lending.brought == []
    lending.makes = request(base=(touched, RIGHT))
    _ = send(client, plain)
    assert len(lending.brought) == 1
