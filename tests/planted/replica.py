"""Bugs in what leaves when, in streams, and in when readers see what was applied."""

from typing import Final

from mesh.protocol import swaps
from mesh.protocol.barrier import instant
from mesh.protocol.outbox import Outbox
from mesh.protocol.replica.crank import Crank
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.door import Replica
from tests.planted.bug import GENERATED, Bug, Change

BUGS: Final[dict[str, Bug]] = {
    "second_of_two_is_not_shown": Bug.of(
        "Of several configurations that are due together only the first one is shown",
        GENERATED,
        Change(Crank.swap, "for swap in due:", "for swap in due[:1]:"),
    ),
    "shown_before_durable": Bug.of(
        "Readers see a new configuration before it is on disk that it was applied",
        "an_ordinary_day",
        Change(swaps._is_on_disk, " and is_durable(scheduled.ticket)", ""),
    ),
    "introduced_before_durable": Bug.of(
        "Others are told where a controller belongs before that is on disk",
        "an_ordinary_day",
        Change(
            Replica._introduce,
            "if self._introduction is not None and self._introduction <= durable:",
            "if self._introduction is not None or durable < 0:",
        ),
        Change(
            Replica._admission_step,
            "self._introduction = self.desk.outbox.ticket()",
            "self._introduction = 0",
        ),
    ),
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
    "instant_however_far_ahead": Bug.of(
        "An instant counts however far ahead it lies",
        "sealer_in_2038",
        Change(instant.plan, "if instant.wall_ns > wall_ns", "if False and wall_ns"),
        Change(instant.plan, "if not clocks_close:", "if False:"),
    ),
}
