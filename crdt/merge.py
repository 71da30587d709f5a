"""The merge of a delta into a store: which siblings are believed, joined, and counted as seen.

Each remote record is checked sibling by sibling, joined with the local one, and only then are its
dots counted as seen: those taken are live, those refused are dead. What could not be believed is
neither joined nor seen.

Of two siblings of one dot with different contents, which no honest replica makes, the one with the
greater encoding stays: everywhere the same one, so that even this converges, and it is reported.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from crdt.collection import is_collected_removal, without_collected
from crdt.errors import Reason, Rejected
from crdt.fingerprints import content
from crdt.groups import Equivocation, Ledger
from crdt.limits import replicas_max, siblings_max
from crdt.record import REMOVED, KeyedRecord, Record, Sibling, join
from crdt.seen import Seen
from crdt.table import Table
from crdt.values import Key


@dataclass(slots=True)
class Applied:
    """What a merge did.

    `inflated` holds the records that changed, as they are now: worth persisting, telling
    subscribers, and forwarding. Stamps of `far_future` siblings did not move the clock.
    """

    inflated: list[KeyedRecord] = field(default_factory=list)
    retaken: list[Key] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    equivocations: list[Equivocation] = field(default_factory=list)
    is_news: bool = False
    """Something was joined, or counts as seen from now on."""
    far_future: int = 0
    stamp_last: int = 0


def _never_seen(replica: bytes, counter: int) -> bool:
    del replica, counter
    return False


class Merge:
    """One merge into one store."""

    __slots__ = ("_applied", "_counter", "_ledger", "_replica", "_seen", "_table")

    def __init__(
        self,
        table: Table,
        seen: Seen,
        ledger: Ledger | None,
        replica: bytes,
        counter: int,
    ) -> None:
        self._table = table
        self._seen = seen
        self._ledger = ledger
        self._replica = replica
        self._counter = counter
        self._applied = Applied()

    def run(
        self,
        delta: Iterable[KeyedRecord],
        counts: Callable[[Key, bytes], bool],
        *,
        repair: bool,
    ) -> Applied:
        """Merge the records; `counts` says of a key and a replica id whether it may write there."""
        for key, offered in delta:
            if len(offered) == 1 and self._take_new(key, offered, counts):
                continue
            remote = tuple(
                [s for s in offered if counts(key, s.replica) and self._believed(key, s)]
            )
            if repair:
                remote = tuple([s for s in remote if not is_collected_removal(s, self._seen)])
            if remote:
                self._join(key, remote, repair=repair)
        return self._applied

    def _take_new(
        self,
        key: Key,
        offered: Record,
        counts: Callable[[Key, bytes], bool],
    ) -> bool:
        """Take one value of a key that is not held, where nothing needs a closer look.

        It does what `_believed`, `join` and `Table.replace` do for this case, in one place: this
        is how most of a bulk transfer arrives. False where it is not this case.
        """
        table, seen = self._table, self._seen
        replica, counter, stamp, value, _, _ = sibling = offered[0]
        live = table.live.get(replica)
        if (
            live is None
            or key in table.records
            or replica == self._replica
            or value is REMOVED
            or counter in live
            or self._ledger is not None
            or seen.covers(replica, counter)
            or not counts(key, sibling.replica)
        ):
            return False
        table.records[key] = offered
        live[counter] = key
        table.order.unsettled[key] = None
        table.dirty[key] = None
        table.sums.note(key, (), offered)
        _ = seen.mark(replica, counter)
        self._applied.is_news = True
        self._applied.stamp_last = max(self._applied.stamp_last, stamp)
        self._applied.inflated.append((key, offered))
        return True

    def _join(self, key: Key, remote: Record, *, repair: bool) -> None:
        before = self._table.records.get(key, ())
        local = self._one_story(key, before, remote)
        after = join(local, remote, _never_seen if repair else self._seen.covers)
        if len(after) > siblings_max:
            self._reject(Reason.FULL, "too many siblings of one key")
            return
        if after is not before:
            after = without_collected(after, self._seen)
        if after is not before and (after or before):
            self._table.replace(key, after)
            self._applied.is_news = True
            self._applied.inflated.append((key, after))
            if any(s not in local and self._seen.covers(*s.dot) for s in after):
                self._applied.retaken.append(key)
        mark = self._seen.mark
        for sibling in remote:
            self._applied.is_news |= mark(sibling.replica, sibling.counter)
            self._applied.stamp_last = max(self._applied.stamp_last, sibling.stamp)

    def _believed(self, key: Key, sibling: Sibling) -> bool:
        """Whether a sibling is what its author wrote, as far as can be told."""
        replica, counter = sibling.replica, sibling.counter
        if replica == self._replica and counter > self._counter:
            self._reject(Reason.IMPOSTOR, "a write under this replica id that was not made here")
            self._applied.equivocations.append(Equivocation(replica, b"", content(key, sibling)))
            return False
        live = self._table.live.get(replica)
        held = live.get(counter) if live else None
        if held is not None and held != key:
            self._two_keys(key, sibling, held)
            return False
        if live is None and len(self._table.live) >= replicas_max:
            self._reject(Reason.FULL, "too many replica ids")
            return False
        return self._ledger is None or self._signed(key, sibling, self._ledger)

    def _signed(self, key: Key, sibling: Sibling, ledger: Ledger) -> bool:
        """Whether the signature fits. Asked for seen dots too: their context counts in a join."""
        if any(held[:5] == sibling[:5] for held in self._table.records.get(key, ())):
            return True
        match ledger.check(key, sibling):
            case Rejected() as rejected:
                self._applied.rejected.append(rejected)
                return False
            case Equivocation() as proof:
                self._applied.equivocations.append(proof)
            case None:
                pass
        return True

    def _two_keys(self, key: Key, sibling: Sibling, held: Key) -> None:
        """Report one dot under two keys; the one that is held stays."""
        ours = next(s for s in self._table.records[held] if s.dot == sibling.dot)
        self._applied.equivocations.append(
            Equivocation(sibling.replica, content(held, ours), content(key, sibling)),
        )

    def _one_story(self, key: Key, local: Record, remote: Record) -> Record:
        """Let the greater of two contents of one dot stand in the local record."""
        for theirs in remote:
            for ours in local:
                if ours[:2] == theirs[:2] and ours[:5] != theirs[:5]:
                    mine, other = content(key, ours), content(key, theirs)
                    if mine != other:
                        self._applied.equivocations.append(
                            Equivocation(ours.replica, mine, other),
                        )
                    if other > mine:
                        local = tuple(theirs if s is ours else s for s in local)
        return local

    def _reject(self, reason: Reason, detail: str) -> None:
        self._applied.rejected.append(Rejected(reason, detail))
