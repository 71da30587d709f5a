"""Everything that strangers, peers, clients or a slow disk could make grow, and where it ends."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from mesh.controller import Statistics
from mesh.driver.calls import CALLS_MAX
from mesh.driver.life import BACKLOG_BYTES_MAX
from mesh.driver.network import sockets
from mesh.protocol.admission.limits import PENDING_MAX
from mesh.protocol.links import limits as links
from mesh.protocol.now import Now
from mesh.protocol.outbox import GATED_MAX
from mesh.protocol.replica import Replica
from mesh.protocol.replica.boxes import BOXES_MAX
from mesh.protocol.replica.noticeboard import PENDING_MAX as BOARD_MAX
from mesh.protocol.waiting import WAITING_BYTES_MAX, WAITING_MAX


class Moment(Protocol):
    """A controller at one moment."""

    @property
    def replica(self) -> Replica:
        """Its current life."""

    @property
    def now(self) -> Now:
        """The time."""

    @property
    def statistics(self) -> Statistics:
        """What its driver counts."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One table, queue or store that ends somewhere."""

    name: str
    limit: int
    full: str
    """What happens when it is full."""
    used: Callable[[Moment], float | None]
    """How much of it is used; None where it is not there."""


def _waiting(moment: Moment) -> float | None:
    inside = moment.replica.participant
    return None if inside is None else inside.chains.waiting_count


def _waiting_bytes(moment: Moment) -> float | None:
    inside = moment.replica.participant
    return None if inside is None else inside.chains.waiting_bytes


def _waiting_for_people(moment: Moment) -> float | None:
    inside = moment.replica.participant
    return None if inside is None else len(inside.consents.waiting())


BOUNDS: Final = (
    Bound(
        "streams",
        links.STREAMS_MAX,
        "a new one is ended at once",
        lambda moment: moment.replica.desk.links.statistics().streams,
    ),
    Bound(
        "streams not greeted",
        links.GREETING_MAX,
        "a new one is ended at once; each has a deadline",
        lambda moment: moment.replica.desk.links.statistics().greeting,
    ),
    Bound(
        "streams of strangers",
        links.STRANGERS_MAX,
        "the host with most of them loses its eldest",
        lambda moment: moment.replica.desk.links.statistics().strangers,
    ),
    Bound(
        "known addresses",
        links.ADDRESSES_MAX,
        "hints give way to the roster and the configuration",
        lambda moment: moment.replica.desk.links.statistics().addresses,
    ),
    Bound(
        "sockets",
        sockets.STREAMS_MAX,
        "nothing more is accepted",
        lambda moment: moment.statistics.network.streams,
    ),
    Bound(
        "newcomers that wait",
        PENDING_MAX,
        "the host with most lines loses the one that was silent longest",
        lambda moment: len(moment.replica.admission.pending(moment.now)),
    ),
    Bound(
        "changes that wait for approval",
        BOARD_MAX,
        "a new one is refused; one signer has a quarter of it",
        _waiting_for_people,
    ),
    Bound(
        "boxes",
        BOXES_MAX,
        "the eldest goes and is agreed on anew",
        lambda moment: len(moment.replica.desk.boxes),
    ),
    Bound(
        "facts that wait for another", WAITING_MAX, "refused; they are asked for again", _waiting
    ),
    Bound(
        "bytes of facts that wait",
        WAITING_BYTES_MAX,
        "refused; they are asked for again",
        _waiting_bytes,
    ),
    Bound(
        "outputs that wait for the disk",
        GATED_MAX,
        "nothing more is taken on, and clients are refused",
        lambda moment: moment.replica.desk.outbox.waiting,
    ),
    Bound(
        "bytes that wait for the disk",
        BACKLOG_BYTES_MAX,
        "nothing more is read from streams or clients",
        lambda moment: moment.statistics.journal.backlog_bytes,
    ),
    Bound(
        "calls",
        CALLS_MAX,
        "a new one is refused as overloaded",
        lambda moment: moment.statistics.calls,
    ),
)
