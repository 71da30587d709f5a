"""Reading a kind of object asks the controller, and imports no kinds where that is enough."""

from pathlib import Path

import pytest

from mesh.cli import direct
from mesh.cli.errors import DONE, NOT_REACHABLE, WRONG_USAGE, CommandError

_TOLD: dict[str, object] = {
    "objects": {"service": {"blog": {"role": "web", "id": "0"}}},
    "readers": {},
}


class _Answers:
    """A client to whom a controller tells the same, whatever it is asked."""

    def __init__(self, place: Path) -> None:
        del place

    def get(self, path: str, **query: str | None) -> dict[str, object]:
        """What it tells."""
        del path, query
        return _TOLD


class _Refuses(_Answers):
    """A client whose controller knows no such kind."""

    def get(self, path: str, **query: str | None) -> dict[str, object]:
        """It is refused."""
        del path
        raise CommandError(WRONG_USAGE, f"there is no kind '{query['kind']}'")


class _Unreachable(_Answers):
    """A client whom nobody answers."""

    def get(self, path: str, **query: str | None) -> dict[str, object]:
        """Nobody is there."""
        del path, query
        raise CommandError(NOT_REACHABLE, "nobody")


def test_what_is_there_is_listed_without_the_kinds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A controller that tells of objects knows their kind: it is looked up nowhere else."""

    def never(group: str, commands: list[str]) -> None:
        raise AssertionError((group, commands))

    monkeypatch.setattr(direct, "Client", _Answers)
    monkeypatch.setattr(direct, "_demand_group", never)
    assert direct.run(["service", "list"], []) == DONE
    assert "blog" in capsys.readouterr().out


@pytest.mark.parametrize("client", [_Refuses, _Unreachable])
@pytest.mark.parametrize("verb", ["list", "show"])
def test_a_kind_that_is_none_is_named(
    monkeypatch: pytest.MonkeyPatch, client: type[_Answers], verb: str
) -> None:
    """Whether or not a controller answers, a slip of the finger is the mistake that is told."""
    monkeypatch.setattr(direct, "Client", client)
    with pytest.raises(CommandError) as refused:
        _ = direct.run(["servise", verb, *(["x"] if verb == "show" else [])], ["status"])
    assert refused.value.code == WRONG_USAGE
    assert "did you mean 'service'" in refused.value.errors[0]


def test_a_controller_that_does_not_answer_is_the_mistake_for_a_kind_that_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The kind is right: what is told is that nobody answers."""
    monkeypatch.setattr(direct, "Client", _Unreachable)
    with pytest.raises(CommandError) as refused:
        _ = direct.run(["service", "list"], [])
    assert refused.value.code == NOT_REACHABLE


def test_a_controller_is_shown_by_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It goes by its key; of those that were ever called so, the one that is there."""
    controllers = {
        "aa": {"name": "oak", "state": "removed", "site": "old"},
        "bb": {"name": "oak", "state": "active", "site": "new"},
        "cc": {"name": "elm", "state": "removed", "site": "gone"},
    }
    monkeypatch.setitem(_TOLD, "objects", {"controller": controllers})
    monkeypatch.setattr(direct, "Client", _Answers)
    for asked, site in (("oak", "new"), ("aa", "old"), ("elm", "gone")):
        assert direct.run(["controller", "show", asked], []) == DONE
        assert site in capsys.readouterr().out
    with pytest.raises(CommandError, match="no controller 'ash'"):
        _ = direct.run(["controller", "show", "ash"], [])
