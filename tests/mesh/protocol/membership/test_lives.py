"""Which of several lives of a controller counts."""

from mesh.protocol.membership.lives import QUARANTINED_MAX, Life, Lives
from tests.mesh.protocol.membership.village import incarnation

FIRST, SECOND_LIFE, THIRD = (incarnation(1, boot) for boot in (1, 2, 3))


def _lives_through(*lives: object) -> Lives:
    known = Lives()
    for life in (FIRST, SECOND_LIFE, THIRD):
        if life in lives:
            known.succeed(life)
    return known


def test_the_newest_life_is_current() -> None:
    """By boot number, then by the random bytes."""
    lives = _lives_through(SECOND_LIFE)
    twin = incarnation(1, 2, b"twin")
    assert lives.judge(SECOND_LIFE) is Life.CURRENT
    assert lives.judge(FIRST) is Life.ENDED
    assert lives.judge(THIRD) is Life.NEWER
    assert lives.judge(twin) is (Life.NEWER if twin > SECOND_LIFE else Life.ENDED)


def test_of_a_fork_the_elder_goes_on() -> None:
    """The newer life is kept out by name, a third one is not."""
    lives = _lives_through(FIRST, SECOND_LIFE)
    assert lives.fork(FIRST) == SECOND_LIFE
    assert lives.judge(FIRST) is Life.CURRENT
    assert lives.judge(SECOND_LIFE) is Life.QUARANTINED
    assert lives.judge(THIRD) is Life.NEWER
    assert lives.rivals(FIRST.controller, 0) == (SECOND_LIFE,)


def test_a_rival_is_one_that_speaks() -> None:
    """Since then, and since the present life began: an older copy that was put back is past."""
    lives = _lives_through(FIRST, SECOND_LIFE)
    _ = lives.fork(FIRST, 10)
    assert lives.rivals(FIRST.controller, 10) == (SECOND_LIFE,)
    assert lives.rivals(FIRST.controller, 11) == ()
    lives.heard(SECOND_LIFE, 20)
    assert lives.rivals(FIRST.controller, 11) == (SECOND_LIFE,)
    lives.succeed(THIRD, 20)
    assert lives.rivals(FIRST.controller, 11) == ()
    lives.heard(SECOND_LIFE, 21)
    assert lives.rivals(FIRST.controller, 11) == (SECOND_LIFE,)
    assert lives.judge(SECOND_LIFE) is Life.QUARANTINED


def test_only_who_is_kept_out_is_a_rival() -> None:
    """A word of the present life makes none."""
    lives = _lives_through(FIRST, SECOND_LIFE)
    lives.heard(SECOND_LIFE, 5)
    assert lives.rivals(FIRST.controller, 0) == ()


def test_a_removed_controller_is_forgotten() -> None:
    """With all its lives."""
    lives = _lives_through(FIRST, SECOND_LIFE)
    lives.fork(FIRST)
    lives.forget(FIRST.controller)
    assert lives.judge(SECOND_LIFE) is Life.NEWER


def test_quarantine_is_bounded() -> None:
    """A controller that forks again and again fills no memory."""
    lives = Lives()
    for boot in range(2, QUARANTINED_MAX + 20):
        lives.succeed(incarnation(1, boot))
        lives.fork(FIRST)
    assert len(lives.rivals(FIRST.controller, 0)) == QUARANTINED_MAX
