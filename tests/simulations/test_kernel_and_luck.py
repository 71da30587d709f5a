"""Time, order and luck of a simulated world."""

from hypothesis import given
from hypothesis import strategies as st

from simulations.chronicle import Chronicle
from simulations.clock import HostClock
from simulations.kernel import START_NS, Kernel
from simulations.luck import Luck


def test_events_of_one_moment_run_in_the_order_asked_for() -> None:
    """Simultaneous events keep their order, also those asked for while the moment lasts."""
    kernel, seen = Kernel(), list[str]()

    def first() -> None:
        seen.append("first")
        kernel.after(0, lambda: seen.append("from first"))

    kernel.after(5, first)
    for name in ("second", "third"):
        kernel.after(5, lambda name=name: seen.append(name))  # type: ignore[misc]
    kernel.after(4, lambda: seen.append("earlier"))
    kernel.run(START_NS + 5)
    assert seen == ["earlier", "first", "second", "third", "from first"]
    assert kernel.now_ns == START_NS + 5


def test_time_stands_where_the_event_stands() -> None:
    """Nothing waits: during an event it is the event's time, afterwards what was asked for."""
    kernel, times = Kernel(), list[int]()
    kernel.after(7, lambda: times.append(kernel.now_ns))
    kernel.after(9, lambda: times.append(kernel.now_ns))
    kernel.run(START_NS + 8)
    assert times == [START_NS + 7]
    assert kernel.now_ns == START_NS + 8


def test_luck_depends_on_its_purpose_alone() -> None:
    """One stream is the same whatever was drawn from another, and another one for another seed."""
    luck = Luck(1)
    alone = Luck(1).stream("link", "a", "b").random()
    _ = luck.stream("link", "b", "a").random()
    assert luck.stream("link", "a", "b").random() == alone
    assert Luck(2).stream("link", "a", "b").random() != alone
    assert luck.stream("link", "b", "a").random() != alone


@given(st.integers(-100_000, 100_000), st.integers(0, 10**16), st.integers(0, 10**12))
def test_a_deadline_is_never_early_and_hardly_late(drift: int, start: int, wait: int) -> None:
    """The time at which a monotonic clock shows a value is the first one, however it drifts."""
    dial = HostClock(start, 0, drift).monotonic
    due = dial.read(START_NS) + wait
    time_ns = dial.time_of(due)
    assert time_ns is not None
    assert dial.read(time_ns - 2) < due <= dial.read(time_ns)


def test_setting_the_wall_clock_leaves_the_other_alone() -> None:
    """A step moves the wall clock by just as much and the monotonic one not at all."""
    clock = HostClock(5, 100, 0)
    before = clock.read(START_NS)
    clock.wall.step(-3_600)
    after = clock.read(START_NS)
    assert after.monotonic_ns == before.monotonic_ns
    assert after.wall_ns == before.wall_ns - 3_600


def test_the_digest_is_over_every_event() -> None:
    """Another time, place, kind or content is another run; being watched is not."""
    lines: list[str] = []

    def digest(time_ns: int, place: str, kind: str, content: bytes) -> str:
        chronicle = Chronicle(lines.append)
        chronicle.note(time_ns, place, kind, content)
        chronicle.remark(time_ns, place, "said in passing")
        return chronicle.digest

    silent = Chronicle()
    silent.note(1, "a", "b", b"c")
    assert digest(1, "a", "b", b"c") == silent.digest
    others = [(2, "a", "b", b"c"), (1, "x", "b", b"c"), (1, "a", "x", b"c"), (1, "a", "b", b"x")]
    assert len({digest(*other) for other in others} | {silent.digest}) == 5
    assert len(lines) == 10
