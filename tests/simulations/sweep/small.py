"""A scenario that takes some hundredths of a second."""

from mesh.protocol.now import SECOND
from simulations.scenario import Host, Put, Scenario
from simulations.troubles import Split

SMALL = Scenario(
    seed=0,
    hosts=(Host("a", "s", founds=True), Host("b", "s")),
    faults=(Split(SECOND // 4, SECOND // 2, groups=(("a",), ("b",))),),
    workload=(Put(SECOND // 2, "a", (("x",),)),),
    horizon_ns=SECOND,
)
