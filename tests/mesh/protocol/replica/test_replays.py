"""Windows for the datagrams of each life: bounded, and none that was heard is heard again."""

from mesh.protocol.replica.replays import LIVES_MAX, Replays
from mesh.wire.identity import Incarnation


def _life(boot: int, controller: bytes = b"A" * 32) -> Incarnation:
    return Incarnation(controller, boot, bytes(8))


def test_a_datagram_is_fresh_once_in_each_life() -> None:
    """A number counts for the life that used it, and for no other one."""
    replays = Replays()
    assert [replays.accept(_life(1), 7) for _ in range(2)] == [True, False]
    assert replays.accept(_life(2), 7)
    assert replays.accept(_life(1, b"B" * 32), 7)


def test_earlier_lives_never_push_the_present_one_out() -> None:
    """Whoever recorded datagrams of lives that are over cannot play those of the present again."""
    replays = Replays()
    present = _life(9)
    assert replays.accept(present, 1)
    assert [replays.accept(_life(boot), 1) for boot in range(1, 9)] == [True] * 8
    assert not replays.accept(present, 1)
    assert [replays.accept(_life(boot), 1) for boot in range(1, 9)] == [False] * 8


def test_a_life_whose_window_went_is_not_heard_again() -> None:
    """What was heard of it is not known any more, so nothing of it is fresh."""
    replays = Replays()
    for boot in range(1, LIVES_MAX + 2):
        assert replays.accept(_life(boot), 1)
    assert not replays.accept(_life(1), 1)
    assert not replays.accept(_life(1), 2)


def test_who_is_gone_is_forgotten() -> None:
    """Only of those that are kept anything is remembered."""
    replays = Replays()
    assert replays.accept(_life(1), 1)
    replays.keep(frozenset())
    assert replays.accept(_life(1), 1)
