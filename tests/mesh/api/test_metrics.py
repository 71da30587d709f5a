"""Metrics: what the page of the reference lists, bounded in size, without anything secret."""

import re
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import trio.testing
from prometheus_client.parser import text_string_to_metric_families

from mesh.api.bounds import BOUNDS
from mesh.api.metrics import METRICS, Kind
from tests.mesh.api.face import Face, open_town
from tests.tools.metrics_reference import PAGE, page


@pytest.fixture
async def face(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> AsyncGenerator[Face]:
    """One controller that founded an environment."""
    async with open_town(tmp_path) as town, town.open("ash", found=True) as opened:
        yield opened


@pytest.mark.repository
def test_the_page_of_the_reference_is_in_step() -> None:
    """It lists what the program tells."""
    assert PAGE.read_text() == page(), "python -m tests.tools.metrics_reference writes it anew"


async def test_all_metrics_are_told(face: Face) -> None:
    """Each line of the table is a family, as a parser of Prometheus reads it."""
    told = (await face.ask("GET", "/v1/metrics")).raw.decode()
    families = {each.name: each for each in text_string_to_metric_families(told)}
    for metric in METRICS:
        family = families[f"trellis_{metric.name}"]
        assert family.type == metric.kind.value
        if metric.label:
            assert all(set(sample.labels) == {metric.label} for sample in family.samples)
    assert "process_resident_memory_bytes" in families


async def test_what_is_bounded_says_how_full_it_is(face: Face) -> None:
    """Every bound has a limit and a use, and none is beyond its limit."""
    told = (await face.ask("GET", "/v1/metrics")).raw.decode()
    families = {each.name: each for each in text_string_to_metric_families(told)}
    used, limits = (
        {sample.labels["table"]: sample.value for sample in families[name].samples}
        for name in ("trellis_used", "trellis_limit")
    )
    assert set(limits) == set(used) == {bound.name for bound in BOUNDS}
    assert all(used[name] <= limits[name] for name in used)


async def test_metrics_hold_no_secrets_and_no_names(face: Face) -> None:
    """Nothing in the answer is longer than a name of ours, or looks like a key."""
    told = (await face.ask("GET", "/v1/metrics")).raw.decode()
    assert not re.search(r"[0-9a-f]{16}", told)
    place = face.desk.replica.admission.enrolment
    assert place is not None
    assert place.secret.hex() not in told
    assert face.desk.replica.configuration.name not in told


def test_names_are_in_the_style_of_prometheus() -> None:
    """Units last, no total in the table: the format adds it to counters."""
    for metric in METRICS:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", metric.name)
        assert not metric.name.endswith("_total")
        assert metric.kind in Kind
