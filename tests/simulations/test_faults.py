"""Every fault of the list, at work on the real replica: it bites, it ends, and all agree again."""

from typing import get_args

import pytest
from msgspec.structs import replace

from mesh.protocol.now import MILLISECOND, SECOND
from simulations.plan import Delay
from simulations.scenario import AnyStep, Change, Host, Order, Put, Remove, Scenario
from simulations.selection import UnknownHost, resolved
from simulations.trial import attempt
from simulations.troubles import (
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
    FlashCrowd,
    FullDisk,
    Isolate,
    Leave,
    Liar,
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

AT = (SECOND, 4 * SECOND)
EVER = (SECOND, 900 * SECOND)
NAMES = ("a", "b", "c", "d")
HOSTS = tuple(Host(name, "x", founds=name == "a") for name in NAMES)

FAULTS: tuple[AnyFault, ...] = (
    Split(*AT, groups=(("a", "b"), ("c", "d"))),
    Isolate(*AT, hosts=("b",)),
    OneWay(*AT, source="a", target="c"),
    Bridge(*AT, groups=(("a",), ("b", "c")), bridges=("d",)),
    Ring(*AT, hosts=NAMES),
    Flaky(*AT, one="a", other="b", down_ns=700 * MILLISECOND, up_ns=300 * MILLISECOND),
    Matrix(*AT, hears={"a": ("b",), "b": ("c",), "c": ("a", "d")}),
    Clog(*AT, hosts=("b",)),
    Weather(*AT, hosts=("a",), loss=0.3, duplication=0.2, delay=Delay("pareto", 10**6, 10**6)),
    Bursts(*AT, hosts=("a", "b")),
    Reordering(*AT, hosts=NAMES, share=0.3),
    Bandwidth(*AT, hosts=("a",), bytes_per_second=20_000, queue_bytes=2_000),
    Mtu(*AT, hosts=("a",), datagram_bytes_max=180),
    Corruption(*AT, hosts=NAMES, share=0.1, frame_share=0.01),
    Replay(*AT, hosts=NAMES, share=0.2, age_ns=2 * SECOND),
    Move(*AT, host="b"),
    Crash(*AT, host="b", kind="killed"),
    Crash(*AT, host="b", kind="power"),
    Crash(*AT, host="b", kind="torn"),
    Crash(*AT, host="b", kind="wiped"),
    Crash(2 * SECOND, 4 * SECOND, host="b", kind="restored", image_ns=SECOND),
    Leave(*AT, host="b"),
    RollingRestart(*AT, hosts=NAMES),
    FlashCrowd(*AT, hosts=("e", "f")),
    Pause(*AT, host="b"),
    SlowHost(*AT, host="b", step_ns=30 * MILLISECOND),
    Clone(*AT, host="b"),
    Liar(*AT, host="b"),
    OtherVersion(*AT, host="b"),
    SlowDisk(*AT, host="b", extra_ns=300 * MILLISECOND),
    FailingDisk(*AT, host="b"),
    FailingSync(*AT, host="b"),
    FullDisk(*AT, host="b"),
    BitRot(0, SECOND, host="b", rows=5),
    ClockStep(*AT, host="b", by_ns=3_600 * SECOND),
    ClockStep(*AT, host="b", by_ns=5 * SECOND, clock="monotonic"),
    ClockDrift(*AT, host="b", ppb=-200_000_000, clock="monotonic"),
    ClockDrift(*AT, host="b", ppb=200_000_000),
    ClockFrozen(*AT, host="b"),
    ClockFrozen(*AT, host="b", clock="monotonic"),
)


def scenario(*faults: AnyFault) -> Scenario:
    """Four hosts that write and change things while ``faults`` work."""
    steps: list[AnyStep] = [Remove(3_500 * MILLISECOND, "c", ("app", "1"))]
    for number in range(5):
        at_ns, host = 500 * MILLISECOND + number * SECOND, NAMES[number % len(NAMES)]
        order = Order("item", "set", {"name": f"i{number % 2}", "value": f"v{number}"})
        steps.append(Put(at_ns, host, (("app", str(number % 3)),)))
        steps.append(Change(at_ns + MILLISECOND, host, (order,)))
    crowd = [Host(name, "x") for each in faults if isinstance(each, FlashCrowd) for name in "ef"]
    return Scenario(
        seed=1, hosts=(*HOSTS, *crowd), faults=faults, workload=tuple(steps), horizon_ns=6 * SECOND
    )


def _name(fault: AnyFault) -> str:
    kind = getattr(fault, "kind", getattr(fault, "clock", ""))
    return f"{type(fault).__struct_config__.tag} {kind}".strip()


@pytest.mark.parametrize("fault", FAULTS, ids=_name)
def test_each_fault_bites_ends_and_breaks_no_promise(fault: AnyFault) -> None:
    """While it works everything promised holds, and afterwards all come to agree."""
    faults = [fault]
    if isinstance(fault, BitRot):
        faults.append(Crash(2 * SECOND, 3 * SECOND, host=fault.host, kind="killed"))
    verdict = attempt(scenario(*faults))
    assert verdict.violations == ()
    assert all(verdict.bites.values()), verdict.bites


def test_no_fault_is_forgotten() -> None:
    """Each word that a scenario can say is tried here."""
    assert {type(fault) for fault in FAULTS} == set(get_args(AnyFault))


@pytest.mark.parametrize(
    "fault",
    [
        Isolate(*EVER, hosts=("b",)),
        Crash(*EVER, host="b", kind="power"),
        Split(*EVER, groups=(("a", "b"), ("c", "d"))),
        Pause(*EVER, host="b"),
    ],
    ids=_name,
)
@pytest.mark.parametrize("policy", ["all-active", "majority"])
def test_a_core_agrees_and_goes_on_though_others_never_heal(fault: AnyFault, policy: str) -> None:
    """What ends after the horizon is over for the core, and lasts for the rest."""
    core = replace(scenario(fault), core=("a", "c", "d"), policy=policy)
    assert attempt(core).violations == ()


def test_a_core_that_cannot_agree_says_what_is_missing() -> None:
    """A bound of no time is missed, and the verdict names whom and what."""
    late = Crash(4 * SECOND, 900 * SECOND, host="b", kind="killed")
    hasty = replace(scenario(late), healing_ns=MILLISECOND, core=("a", "b", "c"))
    (first, *_) = attempt(hasty).violations
    assert first.rule == "agreement"
    assert "b" in first.text


# --- who is meant -------------------------------------------------------------------------------


def test_sites_and_labels_become_hosts() -> None:
    """A fault for several hosts names them all; one for a single host is there once for each."""
    hosts = (
        Host("a", "office", labels=("old",)),
        Host("b", "office"),
        Host("c", "cloud", labels=("old",)),
    )
    office = Split(*AT, groups=(("site:office",), ("site:cloud",)))
    old = Pause(*AT, host="label:old")
    far = OneWay(*AT, source="site:office", target="site:office")
    what = resolved(Scenario(seed=1, hosts=hosts, faults=(office, old, far), core=("site:cloud",)))
    assert what.core == ("c",)
    assert what.faults == (
        Split(*AT, groups=(("a", "b"), ("c",))),
        Pause(*AT, host="a"),
        Pause(*AT, host="c"),
        OneWay(*AT, source="a", target="b"),
        OneWay(*AT, source="b", target="a"),
    )
    assert resolved(what) == what


def test_who_is_unknown_is_told_who_is_known() -> None:
    """A name that fits nobody is an error with the names that there are."""
    what = replace(scenario(), faults=(Pause(*AT, host="nobody"),))
    with pytest.raises(UnknownHost, match=r"'nobody' names no host .*a, site:x, b"):
        _ = resolved(what)
