"""The run that the tests of the report share: three hosts, a split, changes on both sides."""

from mesh.protocol.now import MILLISECOND, SECOND
from simulations.plan import Delay
from simulations.scenario import Change, Host, Network, Order, Put, Scenario
from simulations.troubles import Crash, Isolate, Split

HOSTS = tuple(Host(name=name, site=name, founds=name == "ash") for name in ("ash", "oak", "elm"))


def change(at_ns: int, host: str, value: str) -> Change:
    """Somebody sets one item."""
    return Change(
        at_ns,
        host,
        name=f"say-{value}",
        commands=(Order("item", "set", {"name": "a", "value": value}),),
    )


SCENARIO = Scenario(
    seed=13,
    hosts=HOSTS,
    network=Network(Delay("uniform", 200_000, 2_000_000), loss=0.02, duplication=0.05),
    faults=(
        Split(4 * SECOND, 14 * SECOND, groups=(("ash", "oak"), ("elm",))),
        Crash(16 * SECOND, 18 * SECOND, host="oak", kind="power"),
        Isolate(19 * SECOND, 19 * SECOND + MILLISECOND, hosts=("elm",)),
    ),
    workload=(
        Put(SECOND, "ash", paths=(("app", "one"),)),
        change(2 * SECOND, "ash", "before"),
        change(10 * SECOND, "ash", "mine"),
        change(11 * SECOND, "elm", "yours"),
        Put(12 * SECOND, "elm", paths=(("app", "one"),)),
    ),
    horizon_ns=25 * SECOND,
)
