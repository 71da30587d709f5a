"""How much this controller doubts itself."""

import pytest

from mesh.protocol.membership.health import HEALTH_SCORE_MAX, Health, Sign


@pytest.mark.parametrize(
    ("signs", "score"),
    [
        ([], 0),
        ([Sign.ANSWERED], 0),
        ([Sign.NACK_MISSING], 1),
        ([Sign.NOBODY_TO_ASK, Sign.SUSPECTED, Sign.LATE], 3),
        ([Sign.NACK_MISSING, Sign.ANSWERED], 0),
        ([Sign.NACK_MISSING, Sign.NACK_MISSING, Sign.ANSWERED], 1),
        ([Sign.LATE] * 20, HEALTH_SCORE_MAX),
    ],
)
def test_the_score_counts_signs(signs: list[Sign], score: int) -> None:
    """Signs against us add one, an answer takes one back, between nothing and the most."""
    health = Health()
    for sign in signs:
        health.note(sign)
    assert health.score == score


@pytest.mark.parametrize(("late", "scaled"), [(0, 100), (1, 200), (8, 900), (30, 900)])
def test_waits_grow_with_the_score(late: int, scaled: int) -> None:
    """Who is slow waits longer, up to nine times."""
    health = Health()
    for _ in range(late):
        health.note(Sign.LATE)
    assert health.scaled(100) == scaled
