"""``trellis members pardon``: what is signed names the life that a person has judged."""

from argparse import Namespace

import pytest

from mesh.cli import members
from mesh.cli.errors import DONE, CommandError
from mesh.cli.submitting import Submission

OAK = {
    "controller": {"id": "0a" * 32, "name": "oak", "fingerprint": "4hk2-9xw3-7tqa-m1z0"},
    "accused_life": 7,
}
ASH = {
    "controller": {"id": "0b" * 32, "name": "ash", "fingerprint": "aaaa-bbbb-cccc-dddd"},
    "accused_life": None,
}


@pytest.fixture(name="submitted")
def _submitted(monkeypatch: pytest.MonkeyPatch) -> list[Submission]:
    """What is submitted, instead of a controller."""
    taken: list[Submission] = []

    class Asked:
        """A controller that shows its members."""

        def __init__(self, _: object) -> None: ...

        def get(self, path: str) -> dict[str, object]:
            """The members."""
            assert path == "/v1/members"
            return {"members": [ASH, OAK]}

    def submit(_client: object, submission: Submission, _arguments: object) -> int:
        taken.append(submission)
        return DONE

    monkeypatch.setattr(members, "Client", Asked)
    monkeypatch.setattr(members, "socket_of", lambda _: None)
    monkeypatch.setattr(members, "submit", submit)
    return taken


def pardon(name: str) -> int:
    """The exit code of the command."""
    return members.run(Namespace(verb="pardon", name=name, json=False))


@pytest.mark.parametrize("name", ["oak", "4hk2-9xw3-7tqa-m1z0"])
def test_a_pardon_names_the_life(name: str, submitted: list[Submission]) -> None:
    """As it was written, so that it is checked as any other name; and the life held against it."""
    assert pardon(name) == DONE
    (submission,) = submitted
    assert submission.path == "/v1/changes"
    assert submission.body["commands"] == [
        {
            "group": "controller",
            "verb": "pardon",
            "parameters": {"controller": name, "life": 7},
        }
    ]


@pytest.mark.parametrize(("name", "why"), [("ash", "nothing is held"), ("elm", "no controller")])
def test_there_is_nothing_to_pardon(name: str, why: str, submitted: list[Submission]) -> None:
    """Nothing is signed, and it is said why."""
    with pytest.raises(CommandError, match=why):
        _ = pardon(name)
    assert submitted == []
