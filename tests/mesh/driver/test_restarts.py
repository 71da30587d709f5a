"""How long a controller that keeps falling over waits before it starts again."""

from mesh.driver.restarts import Restarts, next_start
from mesh.protocol.now import SECOND


def _starts(*at_s: float) -> list[int]:
    """The waits, in seconds, of starts at these times."""
    restarts = Restarts()
    waits = []
    for moment in at_s:
        restarts = next_start(restarts, round(moment * SECOND))
        waits.append(restarts.wait_ns // SECOND)
    return waits


def test_third_start_within_a_minute_waits() -> None:
    """Two starts are free: an upgrade and a change of mind. The third waits a second."""
    assert _starts(0, 10, 20) == [0, 0, 1]


def test_starts_further_apart_are_free() -> None:
    """Three starts that do not fit a minute never wait."""
    assert _starts(0, 31, 62, 93) == [0, 0, 0, 0]


def test_a_crash_loop_waits_twice_as_long_each_time_up_to_five_minutes() -> None:
    """Each start fails at once, and the next follows as soon as it may."""
    restarts = Restarts()
    now_ns = 1_000 * SECOND
    waits = []
    for _ in range(14):
        restarts = next_start(restarts, now_ns)
        waits.append(restarts.wait_ns // SECOND)
        now_ns += restarts.wait_ns + SECOND // 10
    assert waits == [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_a_minute_of_life_ends_the_waiting() -> None:
    """After a long wait a controller that stays up for more than a minute starts at once again."""
    restarts = Restarts((100 * SECOND, 200 * SECOND), 64 * SECOND)
    assert next_start(restarts, 261 * SECOND).wait_ns == 0


def test_killed_while_waiting_counts() -> None:
    """Who is killed before the wait is over has started all the same."""
    restarts = next_start(Restarts((0, SECOND), 32 * SECOND), 2 * SECOND)
    assert restarts.wait_ns == 64 * SECOND
    assert next_start(restarts, 3 * SECOND).wait_ns == 128 * SECOND


def test_the_greatest_wait_can_be_set() -> None:
    """A test that kills controllers for a living sets it to nothing."""
    restarts = Restarts((0, SECOND), 0)
    assert next_start(restarts, 2 * SECOND, wait_ns_max=0).wait_ns == 0
