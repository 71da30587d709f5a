"""A few of the attacks of ``make hostile``, as they are judged there."""

from collections.abc import Iterator
from typing import Final

import pytest

from tests.hostile.attack import Attack, judge
from tests.hostile.attacks import ATTACKS
from tests.hostile.pulse import take_pulse
from tests.hostile.stage import Stage, open_stage

CHOSEN: Final = (
    "another name than proven",
    "replayed handshake",
    "datagrams again",
    "forged facts",
    "words about others",
    "entries of others",
    "how far others have come",
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Three honest controllers, and keys of a member gone bad."""
    with open_stage() as opened:
        yield opened


@pytest.mark.parametrize(
    "attack", [each for each in ATTACKS if each.name in CHOSEN], ids=lambda each: each.name
)
def test_nothing_gets_through(stage: Stage, attack: Attack) -> None:
    """What the honest hold, show and believe is the same; they go on working, and count it.

    How much slower they become is looked at by ``make hostile``, on a machine that does no more.
    """
    quiet_ms = take_pulse(stage.honest, 1.0).median_ms
    judgement = judge(stage, attack, max(quiet_ms, 200.0))
    assert judgement.breaches == []
    assert judgement.tries > 0
