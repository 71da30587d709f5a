"""What is believed when news meet what is held."""

from itertools import product

import pytest

from mesh.protocol.membership.standings import as_exchanged, believed
from mesh.wire.messages import Standing

ALIVE, SUSPECT, FAILED, LEFT = (
    Standing.ALIVE,
    Standing.SUSPECT,
    Standing.FAILED,
    Standing.LEFT,
)
TOLD = (ALIVE, SUSPECT, FAILED, LEFT)


@pytest.mark.parametrize(("held", "heard"), list(product(TOLD, TOLD)))
def test_a_lower_number_is_the_past(held: Standing, heard: Standing) -> None:
    """What was true under a lower refutation number changes nothing."""
    assert believed(held, 3, heard, 2) is None


@pytest.mark.parametrize("held", TOLD)
def test_only_a_higher_number_brings_back_to_life(held: Standing) -> None:
    """Alive under the held number is no news; under a higher one it is believed of everybody."""
    assert believed(held, 3, ALIVE, 3) is None
    assert believed(held, 3, ALIVE, 4) is ALIVE


@pytest.mark.parametrize(
    ("held", "heard", "taken"),
    [
        (ALIVE, SUSPECT, SUSPECT),
        (ALIVE, FAILED, SUSPECT),
        (SUSPECT, SUSPECT, SUSPECT),
        (SUSPECT, FAILED, FAILED),
        (FAILED, SUSPECT, None),
        (FAILED, FAILED, None),
        (ALIVE, LEFT, LEFT),
        (SUSPECT, LEFT, LEFT),
        (FAILED, LEFT, LEFT),
        (LEFT, FAILED, None),
        (LEFT, SUSPECT, None),
    ],
)
def test_at_equal_numbers_the_graver_word_counts(
    held: Standing, heard: Standing, taken: Standing | None
) -> None:
    """Dead is believed only of a suspect: hearsay alone never kills."""
    assert believed(held, 3, heard, 3) is taken


@pytest.mark.parametrize(("held", "heard"), list(product((ALIVE, SUSPECT), TOLD)))
def test_a_member_in_view_never_leaves_it_by_one_word_of_death(
    held: Standing, heard: Standing
) -> None:
    """Under a higher number, whoever was alive or suspect here is at worst suspect."""
    assert (believed(held, 3, heard, 4) is FAILED) is False


@pytest.mark.parametrize("heard", TOLD)
def test_of_a_stranger_everything_is_believed(heard: Standing) -> None:
    """Nobody here has to be convinced of the contrary."""
    assert believed(None, 0, heard, 0) is heard


@pytest.mark.parametrize(("held", "heard"), list(product((*TOLD, None), TOLD)))
def test_a_whole_table_never_brings_death(held: Standing | None, heard: Standing) -> None:
    """Dead in a table means suspect to whoever holds the member alive or suspect."""
    taken = as_exchanged(held, heard)
    if held in (ALIVE, SUSPECT):
        assert taken is (SUSPECT if heard is FAILED else heard)
    else:
        assert taken is heard
