"""What the API asks of the controller beside it, and what its resources share."""

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
