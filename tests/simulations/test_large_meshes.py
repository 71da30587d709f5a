"""Meshes in which the origin of news cannot tell everybody: whoever hears it passes it on.

A mesh becomes that large here at five peers in place of 129; nothing else is different.
"""

from typing import Final

import pytest

from mesh.protocol import information, spreading
from mesh.protocol.now import MILLISECOND, SECOND
from simulations.scenario import AnyStep, Change, Host, Network, Order, Put, Scenario
from simulations.trial import attempt
from simulations.verdict import Verdict

SIZE: Final = 12
CHANGES: Final = 3


def run(seed: int, loss: float) -> Verdict:
    """Twelve hosts, three ChangeSets of different authors, and running information of all."""
    names = [f"h{number}" for number in range(SIZE)]
    steps: list[AnyStep] = [
        Put(SECOND + number * 100 * MILLISECOND, name, (("load", name),))
        for number, name in enumerate(names)
    ]
    steps += [
        Change(
            (3 + number) * SECOND,
            names[4 * number],
            commands=(Order("item", "set", {"name": "version", "value": number}),),
        )
        for number in range(CHANGES)
    ]
    scenario = Scenario(
        seed=seed,
        hosts=tuple(Host(name, "s", founds=name == "h0") for name in names),
        network=Network(loss=loss),
        workload=tuple(steps),
        population="admitted",
        horizon_ns=8 * SECOND,
    )
    return attempt(scenario)


@pytest.mark.parametrize(("seed", "loss"), [(1, 0.0), (2, 0.05)])
def test_what_is_passed_on_reaches_everybody(
    seed: int, loss: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No rule is broken, all show each ChangeSet, and more is said than where origins tell all."""
    direct = run(seed, loss)
    for module in (information, spreading):
        monkeypatch.setattr(module, "DIRECT_PEERS_MAX", 5)
    passed_on = run(seed, loss)
    for verdict in (direct, passed_on):
        assert not verdict.violations
        assert verdict.counts["fact Propose normal"] == CHANGES + 1, "one of them admitted all"
    said = [
        verdict.counts["DatagramReceived"] + verdict.counts["FrameReceived"]
        for verdict in (direct, passed_on)
    ]
    assert said[1] > 1.5 * said[0], "it was passed on"
