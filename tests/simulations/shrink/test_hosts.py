"""A host goes with every mention of it, whatever the fault or step is that mentions it."""

from typing import get_args

import msgspec
import pytest

from mesh.protocol.now import SECOND
from simulations.plan import Event, Trigger
from simulations.scenario import (
    AnyStep,
    Change,
    Dismiss,
    Host,
    Order,
    Put,
    Scenario,
    Suppress,
    canonical,
    read,
)
from simulations.shrink.hosts import without_host
from simulations.troubles import (
    AnyFault,
    Bridge,
    Crash,
    FlashCrowd,
    Isolate,
    Matrix,
    OneWay,
    Split,
    Weather,
)

NAMES = ("aa", "bb", "cc", "dd")
GONE = "bb"
FROM, TO = SECOND, 2 * SECOND


def scenario(*faults: AnyFault, steps: tuple[AnyStep, ...] = ()) -> Scenario:
    """Four hosts, the one that goes having founded."""
    hosts = tuple(Host(name, "s", founds=name == GONE) for name in NAMES)
    return Scenario(1, hosts, faults=faults, workload=steps)


def shrunk(what: Scenario, gone: str = GONE) -> Scenario:
    """It without ``gone``, which is mentioned nowhere any more."""
    less = without_host(what, gone)
    assert less is not None
    assert gone.encode() not in canonical(less)
    assert read(canonical(less)) == less
    return less


def test_a_host_goes() -> None:
    """It is no host any more, and where it founded, somebody else does."""
    less = shrunk(scenario())
    assert [host.name for host in less.hosts] == ["aa", "cc", "dd"]
    assert [host.founds for host in less.hosts] == [True, False, False]


@pytest.mark.parametrize(
    ("fault", "left"),
    [
        (Crash(FROM, TO, host=GONE, kind="killed"), None),
        (OneWay(FROM, TO, source="aa", target=GONE), None),
        (OneWay(FROM, TO, source="aa", target="cc"), OneWay(FROM, TO, source="aa", target="cc")),
        (Isolate(FROM, TO, hosts=(GONE,)), None),
        (FlashCrowd(FROM, TO, hosts=(GONE, "cc")), FlashCrowd(FROM, TO, hosts=("cc",))),
        (Weather(FROM, TO, hosts=NAMES), Weather(FROM, TO, hosts=("aa", "cc", "dd"))),
        (Split(FROM, TO, groups=(("aa",), (GONE,))), None),
        (
            Split(FROM, TO, groups=(("aa", GONE), ("cc",))),
            Split(FROM, TO, groups=(("aa",), ("cc",))),
        ),
        (Bridge(FROM, TO, groups=(("aa",), ("cc",)), bridges=(GONE,)), None),
        (
            Matrix(FROM, TO, hears={"aa": ("cc", GONE), GONE: ("aa",), "cc": (GONE,)}),
            Matrix(FROM, TO, hears={"aa": ("cc",), "cc": ()}),
        ),
    ],
)
def test_faults_without_it(fault: AnyFault, left: AnyFault | None) -> None:
    """A fault loses a mention in a list, and goes where it is about this host."""
    assert shrunk(scenario(fault)).faults == ((left,) if left is not None else ())


def test_steps_without_it() -> None:
    """Nobody asks it, removes it, or waits for what it does."""
    order = Order("item", "set", {"name": "one", "value": "v"})
    stays = Put(1, "aa", (("x",),))
    steps: tuple[AnyStep, ...] = (
        stays,
        Put(1, GONE, (("x",),)),
        Dismiss(2, "aa", GONE),
        Change(3, "aa", (order,), when=Trigger("sealed", host=GONE)),
    )
    assert shrunk(scenario(steps=steps)).workload == (stays,)


def test_its_messages_and_its_part_of_the_core_go_too() -> None:
    """Suppressed messages from or to it mean nothing; the core is what is left of it."""
    what = msgspec.structs.replace(
        scenario(), core=(GONE, "cc"), suppressed=(Suppress("aa", GONE, 1), Suppress("aa", "cc", 2))
    )
    less = shrunk(what)
    assert less.core == ("cc",)
    assert less.suppressed == (Suppress("aa", "cc", 2),)


def test_the_last_host_stays() -> None:
    """Without hosts there is no scenario."""
    only = msgspec.structs.replace(scenario(), hosts=(Host(GONE, "s"),))
    assert without_host(only, GONE) is None


def test_every_kind_of_fault_can_lose_a_host() -> None:
    """Each fault that names hosts says so in its types: a new one that does not is found here."""
    for kind in get_args(AnyFault):
        fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
        named = [name for name in fields if name in ("host", "hosts", "one", "source", "groups")]
        named += [name for name in fields if name in ("hears", "bridges")]
        assert named, f"{kind.__name__} names no host by a known word"
        assert issubclass(kind, Event)
