"""What the API asks of the controller beside it, and what its resources share."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

import trio
from starlette.requests import Request

from mesh.api.events import Ring
from mesh.api.tally import Tally
from mesh.controller import Controller
from mesh.protocol.now import Now
from mesh.protocol.replica import Replica

STATE: Final = "desk"


@dataclass(frozen=True, slots=True)
class Desk:
    """One running API: its controller, its events."""

    controller: Controller
    ring: Ring
    tally: Tally = field(default_factory=Tally)
    drafts: trio.Lock = field(default_factory=trio.Lock)
    """One write to a draft at a time, so that its commands are numbered in a row."""

    @property
    def replica(self) -> Replica:
        """The current one: it is replaced when the controller begins a new life."""
        return self.controller.replica

    def now(self) -> Now:
        """The time of an answer."""
        return self.controller.now()


def desk_of(request: Request) -> Desk:
    """The API that ``request`` came to."""
    return cast("Desk", getattr(request.app.state, STATE))


def numbers_in(prefix: str, told: Mapping[str, object]) -> Iterator[tuple[str, float]]:
    """Every number in ``told``, however deep, under the names on the way to it."""
    for name, value in told.items():
        match value:
            case bool() | None:
                pass
            case int() | float():
                yield f"{prefix}{name}", float(value)
            case Mapping():
                yield from numbers_in(f"{prefix}{name}_", value)
            case _:
                pass  # text is no metric


def metrics(counters: Mapping[str, int], gauges: Iterable[tuple[str, float]]) -> str:
    """Prometheus text exposition, version 0.0.4."""
    lines = [
        "# TYPE trellis_events_total counter",
        *(f'trellis_events_total{{kind="{name}"}} {count}' for name, count in counters.items()),
    ]
    for name, value in gauges:
        lines += [f"# TYPE trellis_{name} gauge", f"trellis_{name} {value}"]
    return "\n".join(lines) + "\n"
