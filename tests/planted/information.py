"""Bugs in running information: what is seen, what is dead, what is told."""

from typing import Final

from crdt import collection, record
from crdt.merge import Merge
from crdt.seen import Seen
from crdt.store import Store
from crdt.sync.pull import Pull
from mesh.protocol.information import Information
from tests.planted.bug import GENERATED, Bug, Change

BUGS: Final[dict[str, Bug]] = {
    "writes_name_nothing": Bug.of(
        "A write does not say which ones it replaces",
        GENERATED,
        Change(
            Store._sibling,
            "context = context_for(record, self.replica, known, self.seen.retired)",
            "context = ()",
        ),
        Change(Store._only_mine, "return not before or (", "return False and ("),
    ),
    "vector_advanced_past_a_gap": Bug.of(
        "A write that arrives counts as if all earlier ones of its author had arrived, too",
        GENERATED,
        Change(Seen.mark, "if counter > through + 1:", "if False:"),
    ),
    "vector_advanced_after_a_part": Bug.of(
        "The vector of a peer is taken over although not all of its records have arrived",
        "much_to_tell",
        Change(Pull._try_cover, "if len(self._parts) < last.parts:", "if False:"),
        Change(
            Pull._try_cover,
            "self._records != last.records\n        or self._sum.to_bytes",
            "False and self._sum.to_bytes",
        ),
    ),
    "writers_known_by_hearsay": Bug.of(
        "How far somebody has written is believed from whoever says so",
        "a_member_hides_what_others_write",
        Change(Store.doubt, "if self.ledger is None:", "if True:"),
    ),
    "floor_not_inherited": Bug.of(
        "Who takes over what a peer has seen does not take over what that peer has collected",
        "old_server_replaced_meanwhile",
        Change(
            Seen.join,
            "self.floor[replica] = max(counter, self.floor.get(replica, 0))",
            "pass",
        ),
    ),
    "tombstone_without_floor": Bug.of(
        "A removal is forgotten without a note that it ever was there",
        "long_partition_past_collection",
        Change(
            collection.collect,
            "return sweep(table, seen) if raised else 0",
            (
                "count = sweep(table, seen) if raised else 0\n"
                "    for replica, counter in ripe:\n"
                "        _ = seen.floor.pop(replica, None)\n"
                "    return count"
            ),
        ),
    ),
    "vector_on_disk_ahead_of_its_records": Bug.of(
        "The vector and all heads are written to disk, and of the records only the own ones",
        "power_cut_everywhere",
        Change(
            Store.take_dirty,
            "self.heads.unshown(self.table.live, self.seen.last_of())",
            "self.heads",
        ),
        Change(
            Store.take_dirty,
            "for key in dirty\n",
            (
                "for key in dirty\n"
                "            if all(s.replica == self.replica for s in records.get(key, ()))\n"
            ),
        ),
    ),
    "wall_clocks_compared": Bug.of(
        "Of two writes of one entry the one with the later wall clock wins, whoever saw whom",
        "clock_from_2038",
        Change(
            record.dominates,
            "return supersedes(sibling, other.replica, other.counter) and all(",
            "return sibling.stamp > other.stamp or False and all(",
        ),
        Change(
            record.supersedes, "for name, through in sibling.context:", "for name, through in ():"
        ),
    ),
    "merge_forgets_a_side": Bug.of(
        "What arrives replaces what is held, also where neither had seen the other",
        GENERATED,
        Change(
            Merge._join,
            "after = join(local, remote,",
            "after = join((), remote,",
        ),
    ),
    "answers_of_former_lives": Bug.of(
        "The records of a life that has ended are not sent to who lacks them",
        GENERATED,
        Change(
            Information.announce,
            "self.recall(incarnation)",
            (
                "self.recall(incarnation)\n"
                "    if former is not None and former != incarnation:\n"
                "        _ = self.kept.table.live.pop(former.nonce, None)"
            ),
        ),
    ),
}
