"""What is signed on the person's machine, and where the key is meanwhile."""

import io
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from mesh.cli import session
from mesh.cli.client import Client
from mesh.cli.errors import CommandError
from mesh.cli.session import Session
from mesh.cli.signing import disagreement, send
from mesh.wire.identity import fingerprint
from mesh.wire.requests import Command, Request, encode_request

KEY = "ab" * 32
ENVIRONMENT = "cd" * 32
WHO = Session(ENVIRONMENT, "ann", KEY, 0, bytes(range(32)))
SITE = Command("site", "create", {"name": "x", "location": "eu"})
ASKED = {"commands": [{"group": "site", "verb": "create", "parameters": dict(SITE.parameters)}]}


def request(**changes: object) -> Request:
    """A request as the controller makes it of ASKED."""
    resolved = Command("site", "create", {**SITE.parameters, "id": "00" * 16})
    made = Request(
        0,
        bytes.fromhex(ENVIRONMENT),
        bytes.fromhex(KEY),
        "a change",
        (SITE,),
        (resolved,),
        (),
        (),
        1,
        "",
        bytes(16),
        None,
        override=False,
    )
    return msgspec.structs.replace(made, **changes)


def test_what_was_typed_is_signed() -> None:
    """Ids and defaults may be filled in."""
    assert disagreement(request(), WHO, ASKED) == ""


GRANT = Command("right", "grant", {"name": "eve", "right": "admin:/"})
LAPSE = Command("environment", "set", {"barrier": "all-active"})


@pytest.mark.parametrize(
    "changes",
    [
        {"environment": bytes(32)},
        {"signer": bytes(32)},
        {"written": (GRANT,)},
        {"written": ()},
        {"resolved": ()},
        {"resolved": (GRANT,)},
        {"resolved": (SITE, GRANT)},
        {"resolved": (SITE, LAPSE, LAPSE)},
        {"resolved": (Command("site", "create", {"name": "y", "location": "eu"}),)},
    ],
)
def test_nothing_else_is_signed(changes: dict[str, Any]) -> None:
    """Another environment, signer, command or value; a command more or less."""
    assert disagreement(request(**changes), WHO, ASKED)


def test_the_end_of_a_majority_may_come_with_a_removal() -> None:
    """The one command that a controller adds by rule."""
    assert disagreement(request(resolved=(SITE, LAPSE)), WHO, ASKED) == ""


def test_a_name_may_become_a_key() -> None:
    """Where people write names and requests hold keys."""
    remove = Command("controller", "remove", {"controller": "oak"})
    typed = {"commands": [{"group": "controller", "verb": "remove",
                           "parameters": {"controller": "oak"}}]}  # fmt: skip
    resolved = Command("controller", "remove", {"controller": "ef" * 32})
    made = request(written=(remove,), resolved=(resolved,))
    assert disagreement(made, WHO, typed) == ""


def test_whom_one_accepts_is_whom_one_typed() -> None:
    """The fingerprint that the person compared, with or without hyphens."""
    mark = fingerprint(b"n" * 32)
    admit = Command("controller", "admit", {"controller": (b"n" * 32).hex(), "name": "n"})
    made = request(written=(admit,), resolved=(admit,))
    assert disagreement(made, WHO, {"fingerprint": mark.replace("-", "").upper()}) == ""
    assert disagreement(made, WHO, {"fingerprint": fingerprint(b"o" * 32)})
    assert disagreement(request(), WHO, {"fingerprint": mark})


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
    """A controller that makes REQUEST of whatever is asked for."""

    def __init__(self) -> None:
        self.brought: list[dict[str, Any]] = []

    def get(self, path: str) -> dict[str, Any]:
        """Which environment it is in."""
        assert path == "/v1/status"
        return {"environment": {"id": ENVIRONMENT}}

    def request(self, method: str, path: str, body: object, query: object) -> dict[str, Any]:
        """The request to be signed."""
        del method, path, body, query
        return {"request": encode_request(request(written=(GRANT,), resolved=(GRANT,))).hex()}

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What was signed."""
        assert path == "/v1/requests"
        self.brought.append(body)
        return {"tx": "00"}


@pytest.mark.parametrize(
    ("typed", "is_signed"), [(None, True), ("y\n", True), ("n\n", False), ("\n", False)]
)
def test_what_was_not_typed_is_shown_before_it_is_signed(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str | None,
    *,
    is_signed: bool,
) -> None:
    """A revert, a merge or a restaged change; at a terminal one may still say no."""
    del place
    _ = session.keep(replace(WHO, expires_ns=time.time_ns() + 10**12))

    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return typed is not None

    monkeypatch.setattr(sys, "stdin", Keyboard(typed or ""))
    lending = Lending()
    client = cast("Client", lending)
    if is_signed:
        _ = send(client, "/v1/changes/3f9a12c0/revert", {}, is_quiet=False)
    else:
        with pytest.raises(CommandError, match="Nothing was signed"):
            _ = send(client, "/v1/changes/3f9a12c0/revert", {}, is_quiet=False)
    assert "right grant --name eve --right admin:/" in capsys.readouterr().out
    assert bool(lending.brought) is is_signed


def test_a_draft_is_signed_as_it_was_shown(place: Path) -> None:
    """A controller that has other commands in it by then gets no signature."""
    del place
    _ = session.keep(replace(WHO, expires_ns=time.time_ns() + 10**12))
    lending = Lending()
    with pytest.raises(CommandError, match="its commands are others"):
        _ = send(cast("Client", lending), "/v1/changes", {"draft": "d", **ASKED}, is_quiet=False)
    assert lending.brought == []
