"""What goes wrong in a generated scenario: single troubles, and some that only hurt together.

Kinds that have found faults in votes come more often. A relay is a pattern: one host is gone, and
as it comes back another one goes, so that views change twice while one change is up for the vote.
"""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Final, Literal

from mesh.protocol.now import MILLISECOND, SECOND
from simulations.plan import Delay
from simulations.troubles import (
    AnyClock,
    AnyFault,
    Bandwidth,
    BitRot,
    Bridge,
    Bursts,
    ClockDrift,
    ClockFrozen,
    ClockStep,
    Clog,
    Clone,
    Corruption,
    Crash,
    FailingDisk,
    FailingSync,
    Flaky,
    FullDisk,
    Isolate,
    Leave,
    Matrix,
    Move,
    Mtu,
    OneWay,
    OtherVersion,
    Pause,
    Reordering,
    Replay,
    Ring,
    RollingRestart,
    SlowDisk,
    SlowHost,
    Split,
    Weather,
)

Interval = tuple[int, int]
Names = Sequence[str]
Trouble = Callable[[Random, Names, Interval], AnyFault]

TROUBLES_MAX: Final = 7
FOREVER_NS: Final = 10**15
"""A fault that ends after every horizon."""

_RELAY_ONE_IN: Final = 3
_RELAY_HOSTS: Final = 3


def some_troubles(random: Random, names: Names, horizon_ns: int) -> tuple[AnyFault, ...]:
    """A few faults, in the order in which they begin."""
    count = random.randint(1, TROUBLES_MAX)
    kinds = random.choices(list(_WEIGHTS), list(_WEIGHTS.values()), k=count)
    faults = [kind(random, names, _interval(random, horizon_ns)) for kind in kinds]
    if len(names) >= _RELAY_HOSTS and not random.randrange(_RELAY_ONE_IN):
        faults += _relay(random, names, horizon_ns)
    faults += [_found_out(random, fault, horizon_ns) for fault in faults if _is_hidden(fault)]
    return tuple(sorted(faults, key=lambda fault: fault.starts_ns))


def lasting_trouble(random: Random, host: str, horizon_ns: int) -> AnyFault:
    """What keeps ``host`` out for ever, so that everybody can see that it is out."""
    at = (random.randrange(horizon_ns), FOREVER_NS)
    kinds: Sequence[AnyFault] = (
        Isolate(*at, hosts=(host,)),
        Crash(*at, host=host, kind=random.choice(("killed", "power", "wiped"))),
        Pause(*at, host=host),
        FailingDisk(*at, host=host),
        FullDisk(*at, host=host),
        OtherVersion(*at, host=host),
        Leave(*at, host=host),
        SlowDisk(*at, host=host, extra_ns=300 * MILLISECOND),
        ClockFrozen(*at, host=host, clock="wall"),
    )
    return random.choice(kinds)


def _interval(random: Random, horizon_ns: int) -> Interval:
    """From a twentieth of a second to twenty seconds, short ones as likely as long ones."""
    length_ns = min(int(50 * MILLISECOND * 400 ** random.random()), horizon_ns // 2)
    starts_ns = random.randrange(horizon_ns - length_ns)
    return starts_ns, starts_ns + length_ns


def _is_hidden(fault: AnyFault) -> bool:
    return isinstance(fault, BitRot)


def _found_out(random: Random, fault: AnyFault, horizon_ns: int) -> AnyFault:
    """Rot is found when the journal is opened again."""
    assert isinstance(fault, BitRot)
    starts_ns = min(fault.ends_ns, horizon_ns - SECOND)
    return Crash(starts_ns, starts_ns + random.randrange(SECOND), host=fault.host, kind="killed")


def _relay(random: Random, names: Names, horizon_ns: int) -> Iterator[AnyFault]:
    """One is away, and another goes as it comes back; a third one hardly answers all the while."""
    first, second, third = random.sample(list(names), _RELAY_HOSTS)
    starts_ns = random.randrange(horizon_ns // 2)
    back_ns = starts_ns + random.randrange(2 * SECOND, 8 * SECOND)
    ends_ns = back_ns + random.randrange(2 * SECOND, 8 * SECOND)
    overlap_ns = random.randrange(SECOND)
    yield Isolate(starts_ns, back_ns, hosts=(first,))
    yield Isolate(back_ns - overlap_ns, ends_ns, hosts=(second,))
    if random.getrandbits(1):
        extra_ns = random.choice((1, 4, 10)) * SECOND
        yield SlowDisk(starts_ns, ends_ns, host=third, extra_ns=extra_ns)


# --- links --------------------------------------------------------------------------------------


def _some(random: Random, names: Names) -> tuple[str, ...]:
    return tuple(random.sample(list(names), random.randint(1, len(names))))


def _groups(random: Random, names: Names) -> tuple[tuple[str, ...], tuple[str, ...]]:
    shuffled = random.sample(list(names), len(names))
    border = random.randint(1, len(names) - 1)
    return tuple(shuffled[:border]), tuple(shuffled[border:])


def _split(random: Random, names: Names, at: Interval) -> AnyFault:
    return Split(*at, groups=_groups(random, names))


def _isolate(random: Random, names: Names, at: Interval) -> AnyFault:
    return Isolate(*at, hosts=(random.choice(names),))


def _one_way(random: Random, names: Names, at: Interval) -> AnyFault:
    source, target = random.sample(list(names), 2)
    return OneWay(*at, source=source, target=target)


def _bridge(random: Random, names: Names, at: Interval) -> AnyFault:
    return Bridge(*at, groups=_groups(random, names), bridges=(random.choice(names),))


def _ring(random: Random, names: Names, at: Interval) -> AnyFault:
    return Ring(*at, hosts=tuple(random.sample(list(names), len(names))))


def _flaky(random: Random, names: Names, at: Interval) -> AnyFault:
    one, other = random.sample(list(names), 2)
    down_ns, up_ns = (random.randrange(100 * MILLISECOND, 3 * SECOND) for _ in range(2))
    return Flaky(*at, one=one, other=other, down_ns=down_ns, up_ns=up_ns)


def _matrix(random: Random, names: Names, at: Interval) -> AnyFault:
    listeners = _some(random, names)
    return Matrix(*at, hears={listener: _some(random, names) for listener in listeners})


def _clog(random: Random, names: Names, at: Interval) -> AnyFault:
    return Clog(*at, hosts=_some(random, names))


def _weather(random: Random, names: Names, at: Interval) -> AnyFault:
    spread_ns = random.choice((1, 20, 200)) * MILLISECOND
    extra = Delay(random.choice(("uniform", "exponential", "pareto")), spread_ns // 4, spread_ns)
    loss = random.choice((0.1, 0.3, 0.6))
    return Weather(*at, hosts=_some(random, names), loss=loss, duplication=0.1, delay=extra)


def _bursts(random: Random, names: Names, at: Interval) -> AnyFault:
    to_bad, to_good = random.choice((0.02, 0.1)), random.choice((0.05, 0.3))
    return Bursts(*at, hosts=_some(random, names), to_bad=to_bad, to_good=to_good)


def _reordering(random: Random, names: Names, at: Interval) -> AnyFault:
    return Reordering(*at, hosts=_some(random, names), share=random.choice((0.1, 0.5)))


def _bandwidth(random: Random, names: Names, at: Interval) -> AnyFault:
    rate = random.choice((5_000, 20_000, 100_000))
    return Bandwidth(*at, hosts=_some(random, names), bytes_per_second=rate, queue_bytes=8_192)


def _mtu(random: Random, names: Names, at: Interval) -> AnyFault:
    return Mtu(*at, hosts=_some(random, names), datagram_bytes_max=random.choice((150, 300, 576)))


def _corruption(random: Random, names: Names, at: Interval) -> AnyFault:
    return Corruption(*at, hosts=_some(random, names), share=0.1, frame_share=0.005)


def _replay(random: Random, names: Names, at: Interval) -> AnyFault:
    age_ns = random.choice((1, 5, 15)) * SECOND
    return Replay(*at, hosts=_some(random, names), share=0.3, age_ns=age_ns)


# --- hosts --------------------------------------------------------------------------------------


def _move(random: Random, names: Names, at: Interval) -> AnyFault:
    return Move(*at, host=random.choice(names))


def _crash(random: Random, names: Names, at: Interval) -> AnyFault:
    kind: Literal["killed", "power", "torn"] = random.choice(("killed", "power", "torn"))
    return Crash(*at, host=random.choice(names), kind=kind)


def _loss(random: Random, names: Names, at: Interval) -> AnyFault:
    """The disk is empty afterwards, or older than it was."""
    image_ns = random.randrange(at[0] + 1) if random.getrandbits(1) else 0
    kind: Literal["wiped", "restored"] = random.choice(("wiped", "restored", "restored"))
    return Crash(*at, host=random.choice(names), kind=kind, image_ns=image_ns)


def _leave(random: Random, names: Names, at: Interval) -> AnyFault:
    return Leave(*at, host=random.choice(names))


def _rolling_restart(random: Random, names: Names, at: Interval) -> AnyFault:
    del random
    return RollingRestart(*at, hosts=tuple(names))


def _pause(random: Random, names: Names, at: Interval) -> AnyFault:
    return Pause(*at, host=random.choice(names))


def _slow_host(random: Random, names: Names, at: Interval) -> AnyFault:
    step_ns = random.choice((1, 10, 50)) * MILLISECOND
    return SlowHost(*at, host=random.choice(names), step_ns=step_ns)


def _clone(random: Random, names: Names, at: Interval) -> AnyFault:
    return Clone(*at, host=random.choice(names))


def _other_version(random: Random, names: Names, at: Interval) -> AnyFault:
    return OtherVersion(*at, host=random.choice(names))


# --- disks and clocks ---------------------------------------------------------------------------


_CLOCKS: Final[Sequence[AnyClock]] = ("wall", "wall", "monotonic", "both")


def _slow_disk(random: Random, names: Names, at: Interval) -> AnyFault:
    extra_ns = random.choice((10, 100, 1_000, 5_000)) * MILLISECOND
    return SlowDisk(*at, host=random.choice(names), extra_ns=extra_ns)


def _failing_disk(random: Random, names: Names, at: Interval) -> AnyFault:
    kinds = (FailingDisk, FailingSync, FullDisk)
    return random.choice(kinds)(*at, host=random.choice(names))


def _bit_rot(random: Random, names: Names, at: Interval) -> AnyFault:
    return BitRot(*at, host=random.choice(names), rows=random.choice((1, 3, 10)))


def _clock_step(random: Random, names: Names, at: Interval) -> AnyFault:
    by_ns = random.choice((-1, 1)) * random.choice((20 * MILLISECOND, SECOND, 3_600 * SECOND))
    clock = random.choice(_CLOCKS)
    return ClockStep(*at, host=random.choice(names), by_ns=by_ns, clock=clock)


def _clock_drift(random: Random, names: Names, at: Interval) -> AnyFault:
    ppb = random.choice((-1, 1)) * random.choice((1_000_000, 100_000_000))
    clock = random.choice(_CLOCKS)
    return ClockDrift(*at, host=random.choice(names), ppb=ppb, clock=clock)


def _clock_frozen(random: Random, names: Names, at: Interval) -> AnyFault:
    clock = random.choice(_CLOCKS)
    return ClockFrozen(*at, host=random.choice(names), clock=clock)


_WEIGHTS: Final[dict[Trouble, int]] = {
    _split: 6,
    _isolate: 4,
    _one_way: 6,
    _bridge: 2,
    _ring: 1,
    _flaky: 3,
    _matrix: 2,
    _clog: 2,
    _weather: 3,
    _bursts: 1,
    _reordering: 1,
    _bandwidth: 1,
    _mtu: 1,
    _corruption: 1,
    _replay: 1,
    _move: 1,
    _crash: 5,
    _loss: 3,
    _leave: 1,
    _rolling_restart: 1,
    _pause: 3,
    _slow_host: 1,
    _clone: 1,
    _other_version: 1,
    _slow_disk: 3,
    _failing_disk: 2,
    _bit_rot: 1,
    _clock_step: 1,
    _clock_drift: 1,
    _clock_frozen: 1,
}
