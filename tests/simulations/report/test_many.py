"""Many runs: read from what the other commands print, spread and compared with honest intervals."""

import json
import random

import pytest

from simulations.report import many, plots
from simulations.report.many import Group, Run, Unreadable, failing, quantile, wilson

SWEPT = {
    "format": 1,
    "scenario": "bad_wifi",
    "runs": [
        {
            "seed": seed,
            "failure": None if seed else "barrier O",
            "events": 100 + seed,
            "healing_s": 0.5,
        }
        for seed in range(40)
    ],
}


def verdict(seed: int, shown_ns: float) -> dict[str, object]:
    """A verdict, as JSON."""
    return {
        "seed": seed,
        "digest": "",
        "violations": [],
        "events": 1,
        "steps": 1,
        "simulated_ns": 1,
        "healing_ns": 1,
        "bites": {},
        "counts": {},
        "measures": {"from submission until all show it, mean": shown_ns, "refusals": 1.0},
    }


def compared_file() -> bytes:
    """Two ways of doing things: the other one takes a millisecond more, give or take."""
    luck = random.Random(1)
    before = [5_000_000 + luck.randrange(10**6) for _ in range(20)]
    after = [value + 1_000_000 + luck.randrange(10**5) for value in before]
    runs = {
        name: [verdict(seed, value) for seed, value in enumerate(values)]
        for name, values in (("as written", before), ("majority", after))
    }
    return json.dumps({"situation": "x", "title": "A <title>", "runs": runs}).encode()


def test_a_sweep_is_read() -> None:
    """Each row with its failure and what was measured, durations in nanoseconds."""
    found = many.read(json.dumps(SWEPT).encode())
    assert found.title == "bad_wifi"
    assert [run.seed for run in found.groups[0].failed] == [0]
    run = found.groups[0].runs[1]
    assert run.measures == {"from the horizon until all agree": 5e8, "events": 101}


def test_a_comparison_is_read_and_computed_anew() -> None:
    """A difference on the same seeds, with an interval that leaves out zero."""
    found = many.read(compared_file())
    assert [group.name for group in found.groups] == ["as written", "majority"]
    [(name, differences)] = found.differences()
    assert name == "majority"
    shown = differences["from submission until all show it, mean"]
    assert shown.is_certain
    assert shown.low < shown.mean < shown.high
    assert 1_000_000 < shown.mean < 1_100_000
    assert not differences["refusals"].is_certain


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"runs": []}', b'{"runs": {}}', b'{"runs": 1}']
)
def test_what_holds_no_runs_is_refused_with_words(text: bytes) -> None:
    """It is said what was looked for."""
    with pytest.raises(Unreadable, match=r"prints|no runs"):
        _ = many.read(text)


def test_the_share_of_failures_has_an_interval() -> None:
    """Wilson's: within 0 and 1, around the share seen, and honest where nothing failed."""
    low, high = wilson(0, 100)
    assert low == 0
    assert 0.03 < high < 0.04
    low, high = wilson(50, 100)
    assert 0.40 < low < 0.41
    assert 0.59 < high < 0.60
    group = Group("x", (Run(1, "barrier", {}), Run(2, "", {})))
    assert "1 of 2 runs failed (50.00%)" in failing(group)


def test_quantiles_are_values_that_were_seen() -> None:
    """The least value that so many are at most."""
    values = [1.0, 2.0, 3.0, 4.0]
    assert [quantile(values, share) for share in (0.0, 0.25, 0.5, 0.95, 1.0)] == [1, 1, 2, 4, 4]


def test_the_section_escapes_and_draws() -> None:
    """Titles are text, and there are as many bars and intervals as there is to see."""
    made = plots.section(many.read(compared_file()))
    assert "A &lt;title&gt;" in made
    assert made.count('class="interval"') == 2
    assert made.count("<svg") == 3
    assert "barrier O" in plots.section(many.read(json.dumps(SWEPT).encode()))


def test_a_terminal_gets_the_same() -> None:
    """Spread and differences, in characters."""
    told = "\n".join(plots.lines(many.read(compared_file())))
    assert "majority, against as written:" in told
    assert "refusals: 0 (0 to 0) (not proven)" in told
