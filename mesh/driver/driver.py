"""The driver: one replica after the other, on one network and one disk, until it is told to stop.

A controller outlives its replicas. When the disk fails, the clock jumps or another life of the same
controller turns up, the replica at hand is over: the journal is closed, opened anew, verified, and
the next replica begins as a new incarnation from what was really there. Meanwhile a replica that
lost only its disk still answers questions.
"""

import logging
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, Generic, assert_never

import trio

from mesh.driver.calls import PendingCalls
from mesh.driver.clock import Clock
from mesh.driver.errors import ControllerError, DiskFailed, Overloaded
from mesh.driver.journal.interface import Findings, Journal, Report, Storage
from mesh.driver.life import Cause, Ending, Life, MachineT
from mesh.driver.log import note
from mesh.driver.network.interface import Network
from mesh.driver.subscriptions import Renewed, Subscriptions
from mesh.protocol.effects import (
    Answer,
    ChangeProgressed,
    ConfigurationSwapped,
    Ended,
    Image,
    InformationChanged,
    MemberChanged,
    Noticed,
    Notification,
    Refusal,
)
from mesh.protocol.inputs import CallId, Input, Leave, Persisted, PersistFailed
from mesh.protocol.now import SECOND

REOPEN_S_MIN: Final = 1.0
REOPEN_S_MAX: Final = 60.0
"""How long a failed disk is left alone before it is tried again, at first and at last."""


class Driver(Generic[MachineT]):
    """Runs replicas made by ``new_replica`` for the controller whose id is ``controller``.

    It is the network's sink: what arrives goes to the replica at hand.
    """

    def __init__(
        self,
        controller: bytes,
        new_replica: Callable[[Image], MachineT],
        storage: Storage,
        network: Network,
        clock: Clock,
    ) -> None:
        self.subscriptions = Subscriptions()
        self._controller = controller
        self._new_replica = new_replica
        self._storage = storage
        self._network = network
        self._clock = clock
        self._calls = PendingCalls()
        self._life: Life[MachineT] | None = None
        self._lives = 0

    # --- for callers ------------------------------------------------------------------------------

    @property
    def life(self) -> Life[MachineT]:
        """The life at hand."""
        assert self._life is not None, "asked before the driver has begun"
        return self._life

    @property
    def open_calls(self) -> int:
        """Calls that wait for an answer."""
        return len(self._calls)

    @property
    def lives(self) -> int:
        """Lives begun in this process."""
        return self._lives

    async def call(self, make: Callable[[CallId], Input]) -> dict[str, object]:
        """Have the call that ``make`` gives for a number handled, and wait for its answer.

        Raises Refused, Interrupted, and Overloaded.
        """
        await self.life.room()
        if self.life.is_silenced:
            raise Overloaded("a new life of this controller is about to begin: try again")
        pending = self._calls.open()
        try:
            self.take(make(pending.number))
            return await pending.result()
        finally:
            self._calls.forget(pending)

    # --- for the network --------------------------------------------------------------------------

    def take(self, arrived: Input) -> None:
        """See `Sink.take`."""
        self.life.take(arrived)

    def distrust(self, why: str) -> None:
        """The host is not what it was: another life has to begin, before anything more is sent."""
        self.life.distrust(why)

    async def room(self) -> None:
        """See `Sink.room`."""
        await self.life.room()

    # --- lives ------------------------------------------------------------------------------------

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """The first life is there within the block, and its journal is closed after it.

        Raises StartError and DiskFailed where no life can begin.
        """
        self._life = await self._conceive(Ending(Cause.ENDED, ""), is_first=True)
        try:
            yield
        finally:
            await self.life.journal.aclose()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve within `opened` until cancelled; started when the replica has begun.

        Raises whatever a fault raises.
        """
        async with trio.open_nursery() as nursery:
            _ = await nursery.start(self._network.run, self)
            self._begin(self.life)
            task_status.started()
            while True:
                successor = await self._live(self.life)
                self._network.reset()
                self._begin(successor)

    async def stop(self) -> None:
        """Take leave of the others and make durable what was written. Call it before cancelling."""
        self.take(Leave())
        await self._network.flush()
        await self.life.journal.aclose()
        self._calls.interrupt("the controller stopped")
        self.subscriptions.close()

    def _begin(self, life: Life[MachineT]) -> None:
        self._life = life
        self._lives += 1
        life.begin()

    async def _live(self, life: Life[MachineT]) -> Life[MachineT]:
        """Be with ``life`` to its end; the next one."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(life.run)
            await life.over.wait()
            ending = life.ending
            assert ending is not None
            if ending.cause is Cause.FAULT:
                raise ControllerError("a fault of our own stopped this controller; see the log")
            note(logging.WARNING, "life over", f"{ending.why}; going on as a new incarnation")
            self._calls.interrupt(ending.why)
            if ending.cause is Cause.DISTRUSTED:
                self._network.reset()
            else:
                await self._network.flush()
            await life.journal.aclose()
            successor = await self._conceive(ending, is_first=False)
            nursery.cancel_scope.cancel()
        self.subscriptions.publish(Renewed(ending.why))
        return successor

    async def _conceive(self, ending: Ending, *, is_first: bool) -> Life[MachineT]:
        """A life that has not begun, on a journal opened after the last one came to ``ending``."""
        reports, receive = trio.open_memory_channel[Persisted | PersistFailed](math.inf)
        journal = await self._open(ending, reports.send_nowait, is_first=is_first)
        try:
            await self._await_turn(journal)
            replica = self._new_replica(journal.image)
        except BaseException:
            await journal.aclose()
            raise
        return Life(replica, journal, receive, self._network, self._clock, self._listen)

    async def _open(self, ending: Ending, report: Report, *, is_first: bool) -> Journal:
        doubt = ending.why if ending.cause in _DOUBTFUL else None
        pause_s = REOPEN_S_MIN
        while True:
            try:
                return await self._storage.open(self._controller, report, doubt, ending.boot_floor)
            except DiskFailed as error:
                if is_first:
                    raise
                note(logging.ERROR, "disk failed", f"{error}; trying again in {pause_s:.0f} s")
            await trio.sleep(pause_s)
            pause_s = min(2 * pause_s, REOPEN_S_MAX)

    async def _await_turn(self, journal: Journal) -> None:
        _note_findings(journal.findings)
        wait_s = journal.findings.wait_ns / SECOND
        if wait_s:
            note(
                logging.WARNING,
                "waiting",
                f"started too often within a minute: waiting {wait_s:.0f} s before the next life",
            )
            await trio.sleep(wait_s)

    # --- what a replica says ----------------------------------------------------------------------

    def _listen(self, notification: Notification) -> None:
        match notification:
            case Answer() | Refusal():
                self._calls.settle(notification)
            case Noticed(level, event, text):
                note(_LEVELS[level], event, text)
                self.subscriptions.publish(notification)
            case (
                InformationChanged() | ChangeProgressed() | ConfigurationSwapped() | MemberChanged()
            ):
                self.subscriptions.publish(notification)
            case Ended():
                pass  # the life has seen it
            case _:
                assert_never(notification)


_DOUBTFUL: Final = {Cause.DISTRUSTED, Cause.DISK}
_LEVELS: Final = {
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def _note_findings(findings: Findings) -> None:
    for doubt in findings.doubts:
        note(logging.WARNING, "unproven start", f"{doubt}; the last number of facts is not claimed")
    if findings.damaged_rows or findings.is_torn:
        torn = "; its file could not be read to the end" if findings.is_torn else ""
        note(
            logging.ERROR,
            "journal damaged",
            f"{findings.damaged_rows} damaged rows were put aside in the folder evidence{torn};"
            " what they held is fetched from peers",
        )
    if findings.evidence.is_much:
        text = f"it holds {findings.evidence} and is never cleared: move away what is not needed"
        note(logging.WARNING, "evidence", text)
    if findings.detached_facts:
        note(
            logging.WARNING,
            "facts detached",
            f"{findings.detached_facts} facts follow a gap and wait until it is filled",
        )
