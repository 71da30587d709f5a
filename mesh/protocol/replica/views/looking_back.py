"""Looking back: the history by what one is looking for, and what lies between two places of it.

What lies below the ground of a checkpoint has no entries any more, and every answer says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, dropwhile, islice
from typing import NamedTuple, TypedDict

from mesh.environment.entries import spell
from mesh.environment.redaction import shown
from mesh.protocol.history import LogEntry, Standing
from mesh.protocol.history.prepared import keys_written
from mesh.protocol.now import Now
from mesh.protocol.replica.door import Replica
from mesh.protocol.replica.views.changes import find, line, waiting_tx
from mesh.protocol.replica.views.information import plain
from mesh.protocol.replica.views.look import Look
from mesh.protocol.replica.views.names import spell_path
from mesh.protocol.replica.views.shapes import Change, KeyView
from mesh.wire.requests import Key, Value


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody looks for; what is empty is no matter."""

    name: str = ""
    """A part of the name."""
    object: str = ""
    """``service/blog``, or ``service`` for all of a kind: what it has to do with."""
    signer: str = ""
    """A part of the name of who signed it."""
    since_ns: int = 0
    """Proposed then or later, on its author's wall clock."""
    before: str = ""
    """Older in the list than this ChangeSet: the last one of the page before."""


class LogView(TypedDict):
    """A page of the history."""

    changes: list[Change]
    more: bool
    """There are older ones: ask for those before the last of this page."""
    below_checkpoint: int
    """So many more are older than the checkpoint, and only their effect is kept."""


class DifferenceOf(TypedDict):
    """The configuration at two places of the history."""

    one: str
    two: str
    keys: list[KeyView]
    """What reads differently: ``before`` at the first place, ``after`` at the second."""


def log(replica: Replica, now: Now, query: Query, limit: int) -> LogView:
    """The last ``limit`` ChangeSets that fit: what waits first, then the history from its end.

    Raises Ambiguous where ``before`` means several, and LookupError where it means none.
    """
    look = Look.at(replica, now)
    if look is None:
        return LogView(changes=[], more=False, below_checkpoint=0)
    found = _fitting(look, query)
    page = list(islice(found, limit))
    folded = look.inside.catalogue.ground.folded
    return LogView(
        changes=[line(look, tx) for tx in page],
        more=next(found, None) is not None,
        below_checkpoint=len(folded),
    )


def _fitting(look: Look, query: Query) -> Iterator[bytes]:
    every: Iterator[bytes] = iter(chain(waiting_tx(look), look.from_the_end()))
    if query.before:
        last = find(look, query.before)
        if last is None:
            raise LookupError(query.before)
        every = islice(dropwhile(lambda tx: tx != last, every), 1, None)
    return (tx for tx in every if _fits(look, tx, query))


def _fits(look: Look, tx: bytes, query: Query) -> bool:
    if query.name not in look.name(tx):
        return False
    if query.object and not any(_is_of(key, query.object) for key in _keys(look, tx)):
        return False
    if not query.signer and not query.since_ns:
        return True
    told = line(look, tx)
    proposed_at_ns = told["proposed_at_ns"]
    return query.signer in told["signer"]["name"] and (
        proposed_at_ns is None or proposed_at_ns >= query.since_ns
    )


def _is_of(key: Key, asked: str) -> bool:
    spelled = spell(key)
    return spelled == asked or spelled.startswith(f"{asked}/")


def _keys(look: Look, tx: bytes) -> Iterator[Key]:
    entry = look.inside.history.entry(tx)
    if entry is not None and entry.written_keys:
        return iter([each.key for each in entry.written_keys])
    request = look.request(tx)
    return keys_written(request.resolved or request.written)


def is_below_checkpoint(replica: Replica, asked: str) -> bool:
    """Whether ``asked`` is the id of a ChangeSet of which only the effect is kept."""
    inside = replica.participant
    if inside is None or not asked:
        return False
    return any(tx.hex().startswith(asked.lower()) for tx in inside.catalogue.ground.folded)


class Timeline(NamedTuple):
    """The history by its ids alone."""

    below: int
    """ChangeSets below the checkpoint."""
    tx: list[str]
    """Those above it, in order, each once."""
    outside: list[str]
    """What is known and not in the history."""


def timeline(replica: Replica) -> Timeline:
    """The whole history; empty outside an environment."""
    look = Look.at(replica, Now(0, 0))
    if look is None:
        return Timeline(0, [], [])
    above = [tx.hex() for tx in look.from_the_end()]
    outside = [tx.hex() for tx in waiting_tx(look)]
    return Timeline(len(look.inside.catalogue.ground.folded), above[::-1], outside[::-1])


# --- two places -----------------------------------------------------------------------------------


def difference(replica: Replica, now: Now, one: str, two: str) -> DifferenceOf:
    """What reads differently after ``two`` from after ``one``; empty ``two``: now.

    Raises Ambiguous where one means several, and LookupError where it is not in the history.
    """
    look = Look.at(replica, now)
    if look is None:
        raise LookupError(one)
    entries = [each for each in look.inside.history.log() if _counts(each)]
    first = _place(look, entries, one)
    second = _place(look, entries, two) if two else len(entries)
    between = entries[min(first, second) : max(first, second)]
    changed: dict[Key, tuple[Value, Value]] = {}
    for entry in between:
        for each in entry.written_keys:
            before = changed[each.key][0] if each.key in changed else each.before
            changed[each.key] = (before, each.after)
    if second < first:
        changed = {key: (after, before) for key, (before, after) in changed.items()}
    keys = [key_view(key, *changed[key]) for key in sorted(changed) if differ(*changed[key])]
    return DifferenceOf(one=one, two=two, keys=keys)


def _counts(entry: LogEntry) -> bool:
    return entry.outcome.standing is Standing.EFFECTIVE


def _place(look: Look, entries: list[LogEntry], asked: str) -> int:
    """How many of ``entries`` lie up to and with the one that ``asked`` means."""
    tx = find(look, asked)
    for at, entry in enumerate(entries, 1):
        if entry.tx == tx:
            return at
    raise LookupError(asked)


def differ(before: Value, after: Value) -> bool:
    """Whether the two read differently; True and 1 do."""
    return repr(before) != repr(after)


def key_view(key: Key, before: Value, after: Value) -> KeyView:
    """What became of one key, without what is confidential."""
    return KeyView(
        key=spell_path(key), before=plain(shown(key, before)), after=plain(shown(key, after))
    )
