"""A few hundred random schedules through both; more of them: `python -m tests.opponent`."""

import pytest

from tests.opponent.schedule import Flavour, Schedule

SEEDS = range(20)
"""Times eight blocks and three flavours: 480 runs, some seconds."""


@pytest.mark.parametrize("block", range(8))
@pytest.mark.parametrize(
    "flavour",
    [Flavour(), Flavour(roster=True), Flavour(quiet=True)],
    ids=["faults", "roster", "quiet"],
)
def test_model_and_implementation_never_differ(flavour: Flavour, block: int) -> None:
    """Same facts held: same votes, reasons, H and next step; and no invariant falls."""
    for seed in SEEDS:
        _ = Schedule(1_000 * block + seed, flavour).run()
