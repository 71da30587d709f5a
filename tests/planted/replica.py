"""Bugs in what leaves when, in streams, and in when readers see what was applied."""

from typing import Final

from mesh.protocol import swaps
from mesh.protocol.barrier import instant
from mesh.protocol.links import stream
from mesh.protocol.outbox import Outbox
from mesh.protocol.replica.company import Company
from mesh.protocol.replica.crank import Crank
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.door import Replica
from tests.planted.bug import GENERATED, Bug, Change

BUGS: Final[dict[str, Bug]] = {
    "done_before_it_is_written": Bug.of(
        "A client is told that its write is done before it is on disk",
        "an_ordinary_day",
        Change(
            Desk.answer,
            "self.notify(Answer(call, result))",
            "self.outbox.free.notifications.append(Answer(call, result))",
        ),
    ),
    "one_write_frees_all": Bug.of(
        "When one write is durable, all that waits for any write leaves",
        GENERATED,
        Change(Outbox.persisted, "self._held and self._held[0][0] <= token", "self._held"),
    ),
    "nothing_waits_behind_a_write": Bug.of(
        "What is said while a former write is under way does not wait for it",
        GENERATED,
        Change(Outbox._gate, "if self._durable == self._last_token:", "if not self._writes:"),
    ),
    "each_prefers_the_stream_it_dialled": Bug.of(
        "Of two streams each end keeps the one that it dialled itself",
        GENERATED,
        Change(stream.rank, "dialled_here == (own < peer.controller)", "dialled_here"),
    ),
    "stream_kept_after_failure": Bug.of(
        "The connection to a member that was given up is kept, though it may be stuck",
        GENERATED,
        Change(Company._drop, "self._desk.carry(", "_ = ("),
    ),
    "shown_before_it_is_durable": Bug.of(
        "Readers are shown a configuration before the history below it is on disk",
        GENERATED,
        Change(swaps.Swaps.due, "if not is_durable(each.swap.ticket):", "if False:"),
        Change(
            swaps.Swaps.deadline_ns,
            "or not is_durable(self._waiting[0].swap.ticket)",
            "",
        ),
    ),
    "instant_however_far_ahead": Bug.of(
        "An instant counts however far ahead it lies",
        "sealer_in_2038",
        Change(instant.plan, "if instant.wall_ns > wall_ns", "if False and wall_ns"),
        Change(instant.plan, "if not clocks_close:", "if False:"),
    ),
    "votes_while_it_stands_down": Bug.of(
        "A copy of another life goes on voting although it was told that it is one",
        "cloned_disk",
        Change(Crank.is_still, "self.stand_down is not None or ", ""),
    ),
    "told_before_it_belongs": Bug.of(
        "A controller introduces itself as a member before that is on its disk",
        GENERATED,
        Change(Replica._introduce, "and self._introduction <= durable", ""),
    ),
}
