"""Answers to a walk, from the store as it is now: what is dead stays dead, so late is not wrong.

Asked with 16 sums of the asker, the answer to a large range is our own 16 sums; to a range of
8,192 counters, the live dots of each part of 512 that differs; to a range of 512, the records of
each part of 32 that differs.
"""

from crdt.fingerprints import FAN_OUT, shift_of
from crdt.store import Store
from crdt.sync.codec import fragment, records_bytes
from crdt.sync.messages import REPAIR_PART, Leaf, Range, Records
from crdt.sync.walk import LEAVES, differing, live_bits
from crdt.sync.work import Work
from crdt.values import Key


def answer(store: Store, ask: Range, work: Work, *, moved: bool) -> None:
    """Answer one question of a walk; `moved` where the store is no longer as COVER told."""
    sums = store.table.sums
    mine = sums.children(ask.replica, ask.level, ask.index)
    parts = differing(mine, ask.sums, ask.secret_version == sums.secret.version)
    if ask.level > LEAVES:
        work.send(
            Range(
                ask.owned,
                ask.session,
                0,
                sums.secret.version,
                ask.replica,
                ask.level,
                ask.index,
                mine,
            ),
        )
    elif ask.level == LEAVES:
        _send_leaves(store, ask, parts, work, moved=moved)
    else:
        _send_records(store, ask, parts, work)


def _send_leaves(
    store: Store,
    ask: Range,
    parts: list[int],
    work: Work,
    *,
    moved: bool,
) -> None:
    line = store.table.live.get(ask.replica, {})
    mask = sum(1 << part for part in parts)
    for part in parts or [0]:
        live = live_bits(line, ask.index * FAN_OUT + part) if parts else 0
        version = store.table.sums.secret.version
        work.send(
            Leaf(
                ask.owned,
                ask.session,
                ask.turn,
                version,
                ask.replica,
                ask.index,
                mask,
                part,
                live,
                moved,
            ),
        )


def _send_records(store: Store, ask: Range, parts: list[int], work: Work) -> None:
    line = store.table.live.get(ask.replica, {})
    size = 1 << shift_of(0)
    keys: dict[Key, None] = {}
    for part in parts:
        first = (ask.index * FAN_OUT + part) * size
        keys |= dict.fromkeys(line[n] for n in range(first, first + size) if n in line)
    fragments = [fragment(key, store.table.records[key]) for key in keys]
    head = Records(ask.owned, ask.session, REPAIR_PART, False, ())  # noqa: FBT003 - no pause
    work.send_bytes(records_bytes(head, fragments))
