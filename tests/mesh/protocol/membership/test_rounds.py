"""Whose turn it is."""

from random import Random

from mesh.protocol.membership.rounds import Ring

EVERYBODY = [bytes([number]) for number in range(10)]


def test_everybody_is_asked_once_in_each_round() -> None:
    """So the longest wait for a turn is two rounds, whatever the luck."""
    ring = Ring(Random(1))
    for _ in range(20):
        turns = [ring.turn(lambda _: True, EVERYBODY) for _ in EVERYBODY]
        assert sorted(turn for turn in turns if turn is not None) == EVERYBODY


def test_rounds_differ() -> None:
    """Shuffled anew each time, so that no two members always ask in step."""
    ring = Ring(Random(1))
    rounds = {tuple(ring.turn(lambda _: True, EVERYBODY) for _ in EVERYBODY) for _ in range(20)}
    assert len(rounds) > 15


def test_who_is_not_eligible_has_no_turn() -> None:
    """Also where that changed within the round; with nobody left there is no turn."""
    ring = Ring(Random(1))
    ring.turn(lambda _: True, EVERYBODY)
    few = [ring.turn(lambda one: one < bytes([3]), EVERYBODY) for _ in range(30)]
    assert {one for one in few if one is not None} == set(EVERYBODY[:3])
    assert ring.turn(lambda _: False, EVERYBODY) is None
