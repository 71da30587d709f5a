"""Whoever lies in the world is a member with its key and its connections, and is not believed."""

from typing import get_args

import pytest

from crdt import Store
from mesh.protocol.chains import Chains
from mesh.protocol.now import MILLISECOND, SECOND
from simulations.scenario import Host, Scenario
from simulations.trial import attempt
from simulations.troubles import LIES, Liar, Lie
from simulations.verdict import Verdict
from simulations.workload import OPERATOR_NS

PEERS = 3


def run(*lies: Lie) -> Verdict:
    """Four hosts of which one lies for some seconds."""
    hosts = tuple(Host(f"h{number}", "s", founds=number == 0) for number in range(PEERS + 1))
    liar = Liar(0, 3 * SECOND, host="h3", lies=lies, every_ns=500 * MILLISECOND)
    return attempt(Scenario(seed=1, hosts=hosts, faults=(liar,), horizon_ns=3 * SECOND))


@pytest.mark.parametrize("lie", LIES)
def test_each_lie_is_told_to_everybody_and_believed_by_nobody(lie: Lie) -> None:
    """It bites, the mesh is as before, and all agree, the liar's honest part included."""
    verdict = run(lie)
    assert not verdict.violations
    assert verdict.bites["0-liar"] >= PEERS * 2
    assert verdict.healing_ns < OPERATOR_NS


def test_claims_about_writers_are_shown_and_believed_by_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those who are told accuse the liar and nobody else; where all is believed, the honest too."""
    verdict = run("heads")
    assert not verdict.violations
    assert verdict.bites["0-liar"] >= PEERS * 2
    monkeypatch.setattr(Store, "doubt", lambda _store, *_claim: None)
    assert run("heads").violations[0].rule == "alarm"


def test_a_lie_is_a_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody looks at signatures, a vote in the name of another gets into its chain."""
    monkeypatch.setattr(Chains, "_is_signed", lambda _chains, _fact: True)
    assert run("votes").violations[0].rule == "one chain"
    assert run("boots").violations


def test_all_lies_but_those_that_show() -> None:
    """Two facts under one number are a proof, and what a member does alone is there for all."""
    shown = {"equivocation", "heads", "alone", "merges", "admits"}
    assert {*LIES, *shown} == set(get_args(Lie))
