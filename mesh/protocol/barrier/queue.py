"""The requests that this controller wants to get through: waiting, proposed, to be tried again.

B1 keeps a proposal back while m itself would have to refuse it; B8 brings it back after a No that
time heals. Both are one queue: an entry waits until its time, is proposed, and leaves when it is
released or given up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from mesh.protocol.barrier.actions import (
    Dropped,
    GivenUp,
    NoQuorum,
    OutOfPatience,
    Refused,
    TooManyAttempts,
)
from mesh.protocol.barrier.answer import place_in_history, unacceptable
from mesh.protocol.barrier.proposing import (
    Intent,
    author_is_free,
    draft,
    is_hopeless,
    may_repropose,
)
from mesh.protocol.barrier.standpoint import Case, Standpoint
from mesh.protocol.barrier.unbacked import went_through
from mesh.protocol.barrier.verdict import Deny
from mesh.protocol.objection import Objection
from mesh.wire.requests import Kind, SignedRequest


@dataclass(slots=True)
class Entry:
    """One request on its way."""

    intent: Intent
    tx: bytes
    since_ns: int
    """Monotonic time of its arrival."""
    number: int | None = None
    """The latest attempt; None while there is none."""
    attempts: int = 0
    due_ns: int | None = None
    """Monotonic time of the next attempt after one that failed."""

    @property
    def patience_ends_ns(self) -> int:
        """Monotonic time after which it waits no longer for its first attempt."""
        return self.since_ns + self.intent.content.patience_ns


class Queue:
    """Requests in the order in which they were submitted."""

    def __init__(self, at: Standpoint, random: Random) -> None:
        self._at = at
        self._random = random
        self._entries: dict[bytes, Entry] = {}

    def move(self, at: Standpoint) -> None:
        """Go on from ``at``, where each attempt has another number, which it tells when it learns.

        What lies below the ground there is finished.
        """
        self._at = at
        folded = at.knowledge.catalogue.ground.folded
        self._entries = {tx: entry for tx, entry in self._entries.items() if tx not in folded}
        for entry in self._entries.values():
            entry.number = None

    @property
    def waiting(self) -> tuple[bytes, ...]:
        """The tx of those that have not been proposed."""
        return tuple(tx for tx, entry in self._entries.items() if entry.number is None)

    @property
    def requests(self) -> tuple[SignedRequest, ...]:
        """The same, as they were signed."""
        return tuple(each.intent.request for each in self._entries.values() if each.number is None)

    def __contains__(self, tx: bytes) -> bool:
        return tx in self._entries

    def add(self, intent: Intent, now_ns: int) -> None:
        """Queue ``intent`` behind the others."""
        tx = intent.request.tx
        self._entries[tx] = Entry(intent, tx, now_ns)

    def proposed(self, number: int) -> None:
        """The attempt ``number`` has come up.

        Where another made it, carrying it through is that one's affair.
        """
        change_set = self._at.change_set(number)
        entry = self._entries.get(change_set.tx)
        if entry is None:
            return
        if change_set.attempt.author != self._at.me:
            del self._entries[change_set.tx]
            return
        entry.number, entry.due_ns = number, None

    def next(self, now_ns: int, lamport: int) -> Case | Dropped | None:
        """What is proposed next at time ``lamport``, or what is given up; None: nothing now.

        What must wait makes those behind it wait too, or a roster change would never find a quiet
        moment. Merges do not: it may be they that all others wait for.
        """
        held_up = False
        for entry in tuple(self._entries.values()):
            if entry.number is not None:
                outcome = self._try_again(entry, entry.number, now_ns, lamport)
            elif now_ns >= entry.patience_ends_ns:
                outcome = self._drop(entry, OutOfPatience(entry.tx))
            elif held_up and entry.intent.kind is not Kind.MERGE:
                continue
            else:
                outcome = self._try(entry, lamport)
                held_up = outcome is None
            if outcome is not None:
                return outcome
        return None

    def deadlines(self) -> Iterator[int]:
        """Monotonic times at which a request is tried again, or given up."""
        for entry in self._entries.values():
            if entry.number is None:
                yield entry.patience_ends_ns
            elif entry.due_ns is not None:
                yield entry.due_ns

    def _try(self, entry: Entry, lamport: int) -> Case | Dropped | None:
        """B1: propose, keep back, or refuse."""
        case = draft(self._at, entry.intent, lamport)
        if isinstance(case, NoQuorum):
            return self._drop(entry, case)
        if place_in_history(self._at, case) is not None:
            # A merge over yesterday's releases is not worth waiting for: another one is asked for.
            if entry.intent.kind is Kind.MERGE:
                del self._entries[entry.tx]
            return None
        refusal = unacceptable(self._at, case)
        if refusal is not None:
            return self._drop(entry, refused(entry.tx, refusal))
        entry.attempts += 1
        return case

    def _try_again(
        self, entry: Entry, number: int, now_ns: int, lamport: int
    ) -> Case | Dropped | None:
        """B8: once more, after a random while, or give up."""
        if self._is_finished(entry, number):
            del self._entries[entry.tx]
            return None
        if not may_repropose(self._at, number):
            return None
        if entry.attempts >= self._at.timing.attempts_max:
            return self._drop(entry, TooManyAttempts(entry.tx, entry.attempts))
        if entry.due_ns is None:
            entry.due_ns = now_ns + self._back_off_ns(entry.attempts)
        return self._try_once_more(entry, lamport) if now_ns >= entry.due_ns else None

    def _try_once_more(self, entry: Entry, lamport: int) -> Case | Dropped | None:
        case = draft(self._at, entry.intent, lamport)
        if isinstance(case, NoQuorum) or place_in_history(self._at, case) is not None:
            return None
        refusal = unacceptable(self._at, case)
        if refusal is not None:
            return self._drop(entry, refused(entry.tx, refusal))
        entry.attempts += 1
        return case

    def _is_finished(self, entry: Entry, number: int) -> bool:
        """Released, or refused for good."""
        if went_through(self._at, entry.tx):
            return True
        return author_is_free(self._at, number) and is_hopeless(self._at, number)

    def _back_off_ns(self, attempts: int) -> int:
        mean_ns = self._at.timing.repropose_ns << attempts - 1
        return mean_ns // 2 + self._random.randrange(mean_ns)

    def _drop(self, entry: Entry, why: GivenUp) -> Dropped:
        del self._entries[entry.tx]
        return Dropped(entry.tx, why)


def refused(tx: bytes, refusal: Deny) -> Refused:
    """B1: what the user is told at once instead of a No later."""
    return Refused(tx, Objection(refusal.why, refusal.detail, refusal.key))
