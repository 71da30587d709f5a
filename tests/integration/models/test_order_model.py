"""The model of two ChangeSets, searched by Spin: order holds, and each broken rule is refuted."""

from pathlib import Path
from typing import Final

import pytest

from tests.models import spin

pytestmark = [pytest.mark.integration, pytest.mark.repository]

MODEL: Final = spin.MODELS / "order.pml"

ORDER: Final = "first[o_]==(1-lowest)"
QUIET: Final = "suspected"
HISTORY: Final = "ancestors&history"

VARIANTS: Final = (
    ("NO_FRONTIER", ORDER),
    ("PASS_UNANSWERED", QUIET),
    ("SKIP_ANCESTORS", HISTORY),
)


def test_the_order_holds_in_every_state(tmp_path: Path) -> None:
    """I-O, I-H and I-Q, for two controllers that each propose one ChangeSet."""
    found = spin.search(MODEL, [], tmp_path)
    assert found.violated is None
    assert found.states > 500_000, "the model has lost most of its states"


@pytest.mark.parametrize(
    ("name", "invariant"), VARIANTS, ids=[name.lower() for name, _ in VARIANTS]
)
def test_a_broken_rule_is_refuted(name: str, invariant: str, tmp_path: Path) -> None:
    """Each rule is needed: without it Spin finds a run that breaks an invariant."""
    found = spin.search(MODEL, [f"BROKEN_{name}", "SEALS_MAX=1"], tmp_path, optimise=0)
    assert found.violated is not None, f"not refuted in {found.states} states"
    assert invariant in found.violated
