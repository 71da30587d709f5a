"""Steps that are passed over: which they are, and that nobody could tell."""

import pytest

from mesh.protocol.inputs import Leave, Woke
from mesh.protocol.now import SECOND, Now
from mesh.protocol.replica.calm import Calm
from mesh.wire.messages import Facts, StoreMessage
from simulations.generator import generate
from simulations.trial import attempt
from simulations.verdict import Verdict

EARLY, LATER = Now(SECOND, 0), Now(3 * SECOND, 0)
SEEDS = (25, 31, 42)


def _resting() -> Calm:
    calm = Calm()
    assert calm.look()
    assert not calm.look()
    calm.rest(2 * SECOND, None)
    return calm


def test_a_new_life_is_not_calm() -> None:
    """What the disk held may have consequences: the first step looks around."""
    assert not Calm().holds(EARLY)


def test_it_holds_until_something_is_due() -> None:
    """A look around that found nothing is enough until the time that it names."""
    calm = _resting()
    assert calm.holds(EARLY)
    assert not calm.holds(LATER)


def test_what_passes_does_not_stir() -> None:
    """A timer and a value of another controller have no consequences by themselves."""
    calm = _resting()
    calm.happened(Woke())
    calm.heard(StoreMessage(b""))
    assert calm.holds(EARLY)


def test_what_is_not_known_to_be_harmless_stirs() -> None:
    """Anything else is followed by a look around, and what that sets off by another one."""
    calm = _resting()
    calm.happened(Leave())
    assert not calm.holds(EARLY)
    assert calm.look()
    assert not calm.holds(EARLY)
    assert not calm.look()

    calm = _resting()
    calm.heard(Facts((), direct=True))
    assert not calm.holds(EARLY)


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_can_tell(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run in which every step looks around is the same run, event by event."""
    passed_over = _run(seed)
    held: list[bool] = []

    def never(_calm: Calm, _now: Now) -> bool:
        held.append(False)
        return False

    monkeypatch.setattr(Calm, "holds", never)
    assert _run(seed).digest == passed_over.digest
    assert held


def _run(seed: int) -> Verdict:
    return attempt(generate(seed))
