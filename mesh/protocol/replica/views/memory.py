"""What this controller has to say of its own memory, and what to do about it.

A memory that is doubted mends itself, from peers, where there are any. So most of this is told
afterwards, for whoever owns the disk: something happened to it, and may happen again.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Final, TypedDict

from crdt import AlarmKind
from mesh.protocol.now import Now
from mesh.protocol.replica.door import Replica
from mesh.protocol.replica.recovering import EMPTY
from mesh.protocol.replica.views.names import names_in, who
from mesh.protocol.replica.views.sentences import about
from mesh.protocol.replica.views.standing import Status

EVIDENCE: Final = (
    "what was lost comes back from the others; look at the disk, its cable and the memory of this"
    " host. What was damaged is kept in the folder evidence of the data directory"
)
PUT_BACK: Final = ("another file", "not the one that this host wrote last", "an older copy")
RESTORED: Final = (
    "what is missing comes back from the others. Where a backup or an image was put back on"
    " purpose, all is well; where nobody did, find out who has written to the data directory"
)
FULL: Final = "make room on its disk; nothing that was promised is lost"
UNWRITTEN: Final = (
    "look at the disk, its cable and the log of the kernel; nothing that was promised is lost"
)
CLOCK: Final = "let a time server lead this host's clock, in small steps"

UNVERIFIED: Final = "own facts refused"
GAP: Final = f"{UNVERIFIED}: gap"
"""No fault of the facts: what they follow was lost."""
REFETCHED: Final = "wait: they are fetched again from the others with what they followed"
REFUSED: Final = (
    "they are fetched again from the others; keep a copy of the data directory as evidence"
)
DIFFER: Final = (
    "compare `trellis --version` and that entry on both: trellis change show VERSION; upgrade the"
    " older one, and restart the one that is wrong"
)
UNCOMPARED: Final = (
    "another configuration was made of the same history; it was folded anew here, and nobody could"
    " be compared with since"
)


LIAR: Final = (
    "nothing of it was believed; look at that controller, it may be in other hands: then remove it"
)


TORRENT: Final = (
    "nothing is lost, what was put off is fetched later; look at what writes there: where it is not"
    " meant, stop it, or remove that controller"
)


class Finding(TypedDict):
    """One thing that was looked at."""

    level: str
    """ok, note, warning or error."""
    about: str
    text: str
    do: str
    """What to do; empty where there is nothing to do."""


def finding(level: str, about: str, text: str, do: str = "") -> Finding:
    """One thing that was looked at."""
    return Finding(level=level, about=about, text=text, do=do)


def memory(replica: Replica, stands: Status, now: Now) -> Iterator[Finding]:
    """How far the store of this controller is to be trusted."""
    yield from _incidents(replica, now)
    counters = stands["counters"]
    for name in sorted(counters):
        if name.startswith(UNVERIFIED) and name != GAP:
            text = f"stored facts that do not verify ({name}): {counters[name]}"
            yield finding("error", "memory", text, REFUSED)
    yield from _states(replica, stands)
    yield from _liars(replica)
    yield from _torrents(replica)
    inside = replica.participant
    if inside is not None and inside.scribe.gaps:
        text = f"facts of {inside.scribe.gaps} lives follow others that this store has lost"
        yield finding("note", "memory", text, REFETCHED)
    if inside is not None and inside.recovering.is_under_way:
        yield finding("note", "memory", EMPTY, "wait; `trellis members` shows whom it can reach")
    elif inside is not None and not replica.incidents.at_start:
        yield finding("ok", "memory", "this life began on a store of which every row is whole")


def _incidents(replica: Replica, now: Now) -> Iterator[Finding]:
    """What starts of this controller found, also those of lives that are over."""
    for boot, found in groupby(replica.incidents.shown(now), key=lambda each: each.boot):
        each, *others = found
        ago = about(max(0, now.wall_ns - each.at_wall_ns))
        text = "; ".join(other.text for other in (*reversed(others), each))
        yield finding("warning", "memory", f"{ago} ago, at start {boot}: {text}", _remedy(text))
    if replica.evidence:
        do = "nothing deletes there: look at it, and move it away"
        yield finding("warning", "memory", replica.evidence, do)


def _remedy(text: str) -> str:
    """Of several causes in one start the damage counts: the other files are what came of it."""
    if "damaged" in text:
        return EVIDENCE
    if "clock jumped" in text:
        return CLOCK
    if "SQLITE_" in text:  # how the store names what the system answered to a write
        return FULL if "SQLITE_FULL" in text else UNWRITTEN
    return RESTORED if any(each in text for each in PUT_BACK) else EVIDENCE


def _liars(replica: Replica) -> Iterator[Finding]:
    """Who claims to have seen writes to running information that their author has not signed."""
    inside = replica.participant
    if inside is None:
        return
    names = names_in(inside.history.state)
    for (kind, controller), count in sorted(inside.entries.alarms.items()):
        if kind is AlarmKind.OVERCLAIM:
            name = who(controller, names)["name"]
            text = f"{name} claims to have seen writes to running information that others did not"
            yield finding("error", "information", f"{text} make ({count} times)", LIAR)


def _torrents(replica: Replica) -> Iterator[Finding]:
    """Who tells more running information than is taken."""
    inside = replica.participant
    if inside is None:
        return
    names = names_in(inside.history.state)
    for controller, count in sorted(inside.entries.put_off.items()):
        name = who(controller, names)["name"]
        text = f"{name} tells running information faster than one member may"
        yield finding("warning", "information", f"{text} ({count} messages put off)", TORRENT)


def _states(replica: Replica, stands: Status) -> Iterator[Finding]:
    inside = replica.participant
    if inside is None or not stands["counters"].get("states that differ over one history", 0):
        return
    if inside.disagreement.is_settled:
        text = "another configuration was made of the same history, and is mended by now"
        yield finding("note", "history", text, "look at the memory of that host")
        return
    if not stands["differences"]:
        yield finding("note", "history", UNCOMPARED, "wait")
    for other in stands["differences"]:
        yield finding("error", "history", other["text"], DIFFER)
