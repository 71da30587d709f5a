"""An environment that was rebuilt: generations never merge, and only one of them votes."""

import pytest

from mesh.protocol.admission.generations import Generation, Relation, outlived, relation
from mesh.protocol.standing import Ground, Refused
from mesh.wire.messages import Hello
from tests.mesh.protocol.admission.doors import Door, hello, roster

OWN = Generation(2, b"\x02" * 16)


@pytest.mark.parametrize(
    ("other", "expected", "votes"),
    [
        (OWN, Relation.SAME, True),
        (Generation(1, b"\xff" * 16), Relation.EARLIER, True),
        (Generation(3, b"\x00" * 16), Relation.LATER, False),
        (Generation(2, b"\x00" * 16), Relation.RIVAL, False),
        (Generation(2, b"\xff" * 16), Relation.RIVAL, False),
    ],
)
def test_the_lower_number_stops_and_equal_ones_both(
    other: Generation, expected: Relation, *, votes: bool
) -> None:
    """The lower one casts no votes; of one number with two lives neither does."""
    assert relation(OWN, other) is expected
    assert (outlived(OWN, other) is None) is votes


def _member() -> Door:
    """A member of the first generation of an environment, beside bob."""
    door = Door(found=True)
    door.roster = roster("ada", "bob")
    return door


def _from(door: Door, name: str, number: int, nonce: bytes) -> Hello:
    return hello(name, door.environment, generation=number, generation_nonce=nonce)


def test_unequal_generations_exchange_nothing() -> None:
    """Whoever is of another generation is refused, and told why."""
    door = _member()
    for number, nonce in ((0, bytes(16)), (1, bytes(16)), (2, bytes(16))):
        verdict = door.admission.judge(_from(door, "bob", number, nonce), door.roster, bytes(32))
        assert isinstance(verdict, Refused)
        assert verdict.ground is Ground.GENERATION


def test_a_later_generation_stops_the_votes() -> None:
    """It says why, in status and in the log, and still does after a restart."""
    door = _member()
    step = door.greet(_from(door, "bob", 2, bytes(16)))
    why = door.admission.stand_down
    assert why is not None
    assert "generation 2" in why
    assert [(notice.level, notice.text) for notice in step.notices] == [("error", why)]
    assert door.admission.status(door.now).stand_down == why
    assert Door(door.disk, boot=2).admission.stand_down == why


def test_an_earlier_generation_changes_nothing() -> None:
    """The side that was rebuilt goes on."""
    door = _member()
    step = door.greet(_from(door, "bob", 0, bytes(16)))
    assert step.writes == ()
    assert door.admission.stand_down is None


def test_two_rebuilt_environments_both_stop() -> None:
    """Of the same number with other bytes both stop, whichever of them is asked."""
    door = _member()
    _ = door.greet(_from(door, "bob", 1, bytes(16)))
    assert door.admission.stand_down is not None
    assert "neither side votes" in door.admission.stand_down


def test_only_the_roster_can_stop_the_votes() -> None:
    """A stranger that claims a later generation is refused, and that is all."""
    door = _member()
    assert door.greet(_from(door, "eve", 9, bytes(16))).writes == ()
    assert door.admission.stand_down is None


def test_the_latest_generation_is_named() -> None:
    """What was met before and is outlived itself is not what a person has to know."""
    door = _member()
    for number in (2, 5, 3):
        _ = door.greet(_from(door, "bob", number, bytes(16)))
    assert door.admission.stand_down is not None
    assert "generation 5" in door.admission.stand_down
