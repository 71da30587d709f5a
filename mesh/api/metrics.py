"""What a controller tells whoever watches it, in the text format of Prometheus.

One table says what there is; the page of the reference is written from it. Nothing is counted here:
the machines count as they work, and are read when somebody asks. Labels come from fixed lists, so
that no peer can make the answer grow, and no value is a name, a key or anything else of a person.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from mesh.api.bounds import BOUNDS
from mesh.api.handle import Desk
from mesh.controller import Statistics
from mesh.protocol.now import SECOND, Now
from mesh.protocol.replica import Replica, views

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric as Family

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Kind(StrEnum):
    """What a number does in the course of time."""

    COUNTER = "counter"
    """It rises, from zero at the start of the life or of the program."""
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Reading:
    """A controller at one moment."""

    replica: Replica
    now: Now
    status: views.Status
    statistics: Statistics
    api: Mapping[str, int]
    """What the API has turned away, by reason."""


Read = Callable[[Reading], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Metric:
    """One line of the table; ``read`` gives values by label, or one under the empty label."""

    name: str
    kind: Kind
    help: str
    read: Read
    label: str = ""


def render(desk: Desk) -> bytes:
    """All metrics of the controller, as text."""
    from prometheus_client import generate_latest  # noqa: PLC0415  only where somebody asks for it

    return generate_latest(_registry(desk))


def _registry(desk: Desk) -> "CollectorRegistry":
    """One for this controller, not the one of the process: tests and demos run several."""
    from prometheus_client import CollectorRegistry, ProcessCollector  # noqa: PLC0415  the same

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(desk))
    _ = ProcessCollector(registry=registry)
    return registry


class _Collector:
    """Reads the table whenever it is asked."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> "Iterator[Family]":
        """One family for each line."""
        from prometheus_client.core import (  # noqa: PLC0415  the same
            CounterMetricFamily,
            GaugeMetricFamily,
        )

        desk = self._desk
        now = desk.now()
        status = views.status(desk.replica, now)
        counted = desk.controller.statistics()
        reading = Reading(desk.replica, now, status, counted, desk.tally.counters)
        for metric in METRICS:
            make = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
            labels = [metric.label] if metric.label else []
            family = make(f"trellis_{metric.name}", metric.help, labels=labels)
            for label, value in metric.read(reading).items():
                family.add_metric([label] if labels else [], value)
            yield family


# --- what is read ---------------------------------------------------------------------------------


def _one(value: float) -> dict[str, float]:
    return {"": value}


def _members(reading: Reading) -> dict[str, float]:
    told = reading.status["members"]
    return {} if told is None else {name: float(str(count)) for name, count in told.items()}


def _links(reading: Reading) -> dict[str, float]:
    counts: dict[str, float] = {}
    for member in views.members(reading.replica, reading.now)["members"]:
        if not member["own"]:
            counts[member["link"]] = counts.get(member["link"], 0) + 1
    return counts


def _slow(reading: Reading) -> dict[str, float]:
    inside = reading.replica.participant
    return {} if inside is None else _one(inside.members.health)


def _changes(reading: Reading) -> dict[str, float]:
    told = reading.status["environment"]
    if told is None:
        return {}
    return {
        "in the history": told["changes"],
        "set aside": told["set_aside"],
        "waiting": told["waiting"],
        "unmerged": told["unmerged"],
    }


def _entries(reading: Reading) -> dict[str, float]:
    told = reading.status["environment"]
    return {} if told is None else _one(told["entries"])


def _facts(reading: Reading) -> dict[str, float]:
    inside = reading.replica.participant
    return {} if inside is None else _one(inside.chains.count)


def _datagrams(reading: Reading) -> dict[str, float]:
    network = reading.statistics.network
    return {"sent": network.datagrams_sent, "received": network.datagrams_received}


def _streams(reading: Reading) -> dict[str, float]:
    links, network = reading.replica.desk.links.statistics(), reading.statistics.network
    return {"opened": network.streams_opened, "dialled": links.dials, "failed": links.dials_failed}


def _frames(reading: Reading) -> dict[str, float]:
    network = reading.statistics.network
    return {"sent": network.frames_sent, "received": network.frames_received}


def _bytes(reading: Reading) -> dict[str, float]:
    network = reading.statistics.network
    return {"sent": network.bytes_sent, "received": network.bytes_received}


def _dropped(reading: Reading) -> dict[str, float]:
    """What was dropped, refused or ended, by ground."""
    network = reading.statistics.network
    below: dict[str, float] = {
        "datagrams too large": network.datagrams_rejected,
        "datagrams the host did not send": network.datagrams_unsent,
        "datagrams whose sender had to wait": reading.replica.desk.boxes.passed_over,
        "streams cut": network.streams_cut,
        "streams read at a pace": network.streams_slowed,
        "streams not accepted": network.streams_refused,
    }
    asked = {f"API: {name}": float(count) for name, count in reading.api.items()}
    return below | asked | {name: float(n) for name, n in reading.status["counters"].items()}


def _transactions(reading: Reading) -> dict[str, float]:
    return _one(reading.statistics.journal.transactions)


def _rows(reading: Reading) -> dict[str, float]:
    return _one(reading.statistics.journal.rows)


def _slowest_write(reading: Reading) -> dict[str, float]:
    return _one(reading.statistics.journal.duration_ns_max / SECOND)


def _used(reading: Reading) -> dict[str, float]:
    found = ((each.name, each.used(reading)) for each in BOUNDS)
    return {name: used for name, used in found if used is not None}


def _limits(reading: Reading) -> dict[str, float]:
    del reading
    return {each.name: each.limit for each in BOUNDS}


METRICS: Final = (
    Metric(
        "lives",
        Kind.COUNTER,
        "lives of this controller since the program began",
        lambda reading: _one(reading.statistics.lives),
    ),
    Metric(
        "inputs",
        Kind.COUNTER,
        "whatever happened to this life and was handled",
        lambda reading: _one(reading.statistics.inputs),
    ),
    Metric(
        "votes",
        Kind.GAUGE,
        "1 where it takes part at the barrier",
        lambda reading: _one(reading.status["votes"]),
    ),
    Metric(
        "members", Kind.GAUGE, "controllers of the roster, as seen from here", _members, "standing"
    ),
    Metric("links", Kind.GAUGE, "the ways to the other members, as seen from here", _links, "way"),
    Metric(
        "slow_steps", Kind.GAUGE, "by how many steps of 8 this controller is the slow one", _slow
    ),
    Metric("changes", Kind.GAUGE, "ChangeSets, by what became of them here", _changes, "state"),
    Metric("facts", Kind.GAUGE, "facts held, of all chains", _facts),
    Metric("entries", Kind.GAUGE, "entries of running information", _entries),
    Metric("datagrams", Kind.COUNTER, "datagrams on the wire", _datagrams, "direction"),
    Metric("streams", Kind.COUNTER, "streams, since the start", _streams, "what"),
    Metric("frames", Kind.COUNTER, "frames on streams", _frames, "direction"),
    Metric("bytes", Kind.COUNTER, "payloads of datagrams and frames", _bytes, "direction"),
    Metric(
        "dropped",
        Kind.COUNTER,
        "what was dropped, refused or ended in this life, by ground; absent where it never was",
        _dropped,
        "what",
    ),
    Metric("journal_transactions", Kind.COUNTER, "transactions that are durable", _transactions),
    Metric("journal_rows", Kind.COUNTER, "rows that they wrote or deleted", _rows),
    Metric(
        "journal_seconds_max", Kind.GAUGE, "the longest that one transaction took", _slowest_write
    ),
    Metric("used", Kind.GAUGE, "how much of a bounded table is used; see below", _used, "table"),
    Metric("limit", Kind.GAUGE, "how much fits", _limits, "table"),
)
