"""The model of the barrier, searched by Spin: the rules hold, and each broken rule is refuted.

That a variant with one rule broken is refuted shows that the model can tell: an invariant that
nothing can break would prove nothing.
"""

from pathlib import Path
from typing import Final

import pytest

from tests.models import spin

pytestmark = [pytest.mark.integration, pytest.mark.repository]

MODEL: Final = spin.MODELS / "barrier.pml"

W: Final = "(s_&refusers)==0"
NF: Final = "refusers& ~(unseen)"
D: Final = ">0"
BOUND: Final = "<(1<<("
PROGRESS: Final = "moves"
DEAD: Final = "cancelled"

VARIANTS: Final = (
    ("VOTE_BEFORE_DURABLE", ("CRASHES_MAX=1",), W),
    ("CLOSE_EARLY", (), W),
    ("TRUST_OLD_IMAGE", (), W),
    ("LATEST_SET", (), W),
    ("ANY_NAY", (), W),
    ("IGNORE_KNOWN_NO", (), NF),
    ("MIXED_SETS", (), NF),
    ("SHRINK_ONLY", ("SEALS_MAX=1",), PROGRESS),
    ("SAME_SET_TWICE", ("CONTROLLERS=2", "SEALS_MAX=3"), BOUND),
    ("SEAL_BLIND", (), D),
    ("DEAD_WITHOUT_CLOSED", ("CONTROLLERS=2",), DEAD),
)


@pytest.mark.parametrize("quorum", [1, 2], ids=["all-active", "majority"])
def test_the_rules_hold_in_every_state(quorum: int, tmp_path: Path) -> None:
    """I-W, I-NF, I-D, that what is dead is never released, and that nobody waits for ever."""
    found = spin.search(MODEL, [f"QUORUM={quorum}"], tmp_path)
    assert found.violated is None
    assert found.states > 1_000_000, "the model has lost most of its states"


@pytest.mark.parametrize(
    ("name", "bounds", "invariant"), VARIANTS, ids=[name.lower() for name, _, _ in VARIANTS]
)
def test_a_broken_rule_is_refuted(
    name: str, bounds: tuple[str, ...], invariant: str, tmp_path: Path
) -> None:
    """Each rule is needed: without it Spin finds a run that breaks an invariant."""
    found = spin.search(MODEL, [f"BROKEN_{name}", *bounds], tmp_path, optimise=0)
    assert found.violated is not None, f"not refuted in {found.states} states"
    assert invariant in found.violated
