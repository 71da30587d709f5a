"""What is wrong with this controller or around it, and what to do about each.

A doctor that lists numbers leaves the diagnosis to the patient. Every finding here is a sentence
about one thing, with what to do; what is well is said in a line, so that one sees that it was
looked at.
"""

from collections.abc import Iterator
from typing import Final, TypedDict

from mesh.environment.policy import Policy
from mesh.protocol.membership import Link
from mesh.protocol.now import MILLISECOND, SECOND, Now
from mesh.protocol.replica.door import Replica
from mesh.protocol.replica.equivocations import ACCUSED
from mesh.protocol.replica.removals import COME_BACK
from mesh.protocol.replica.twins import CONTESTED, QUARANTINED
from mesh.protocol.replica.views.changes import pending
from mesh.protocol.replica.views.memory import Finding, finding, memory
from mesh.protocol.replica.views.secrets import missing_secrets
from mesh.protocol.replica.views.sentences import about
from mesh.protocol.replica.views.standing import (
    DISK_FAILED,
    Members,
    MemberView,
    Status,
    is_removed,
    members,
    status,
)

CLOCK_OFFSET_NS_MAX: Final = SECOND
"""Clocks further apart make instants useless and stamps misleading; any NTP keeps far within."""

SLOW_MAX: Final = 2
"""Steps of self-doubt that a busy host may have for a moment."""

MAJORITY_MIN: Final = 3

TURNED_AWAY: Final = (
    "datagrams rejected",
    "streams ended: unreadable",
    "streams ended: forged",
    "streams ended: hurried",
    "streams ended: protocol",
    "streams ended: environment",
)
"""Counters of what came in and was not for this controller, or not to be understood."""

CLONED: Final = (
    "stop one of the two; where both are to run, give one a key of its own: trellis up"
    " --new-identity, and accept it as a newcomer"
)

FORGED: Final = (
    "stop both, then: trellis members remove {name}; or, where it went on from a copy of its memory"
    " and nobody else can have its key: trellis members pardon {name}, and start it again"
)

DISK_REMEDY: Final = "look at the disk and at its free space; the log says what it answered"


class Diagnosis(TypedDict):
    """All findings, and whether any of them is an error."""

    well: bool
    findings: list[Finding]


def doctor(replica: Replica, now: Now) -> Diagnosis:
    """Look at this controller, and through it at the others."""
    stands = status(replica, now)
    around = members(replica, now)
    findings = [
        *_own(stands),
        *_door(around),
        *(() if is_removed(replica) else _others(around)),
        *_turned_away(stands),
        *_barrier(replica, stands, now),
        *memory(replica, stands, now),
        *missing_secrets(replica),
        *_secret(replica, now),
    ]
    return Diagnosis(
        well=all(finding["level"] != "error" for finding in findings), findings=findings
    )


def _own(stands: Status) -> Iterator[Finding]:
    if stands["environment"] is None:
        yield finding("note", "environment", stands["text"], "accept it on another controller")
    elif stands["votes"]:
        yield finding("ok", "environment", stands["text"])
    else:
        why = f"this controller casts no votes: {stands['why_no_votes']}"
        waits = "catching up" in stands["why_no_votes"]
        yield finding("note" if waits else "error", "votes", why, _remedy(stands["why_no_votes"]))


def _remedy(why_no_votes: str) -> str:
    if why_no_votes == DISK_FAILED:
        return DISK_REMEDY
    if why_no_votes in {QUARANTINED, CONTESTED, ACCUSED}:
        return CLONED
    if "was removed" in why_no_votes:
        return COME_BACK
    return "see `trellis status`"


def _door(around: Members) -> Iterator[Finding]:
    for line in around["pending"]:
        yield finding(
            "note",
            "members",
            f"{line['name']} ({line['fingerprint']}) waits to be accepted",
            f"compare the fingerprint with its screen, then: "
            f"trellis members accept {line['fingerprint']}",
        )


def _others(around: Members) -> Iterator[Finding]:
    wrong = [finding for member in around["members"] for finding in _member(member)]
    yield from wrong
    if not wrong and around["members"]:
        count = len(around["members"])
        yield finding("ok", "members", f"all {count} of the roster are alive and well linked")


def _member(member: MemberView) -> Iterator[Finding]:
    name = member["controller"]["name"]
    if member["own"]:
        if member["slow"] > SLOW_MAX:
            text = f"this controller is the slow one ({member['slow']} of 8): it answers late"
            yield finding("warning", "members", text, "look at the load of this host")
        return
    since = "" if member["since_ms"] is None else f" for {about(member['since_ms'] * MILLISECOND)}"
    if member["standing"] == "left":
        text = f"{name} has left{since}: it was stopped, or its disk failed"
        yield finding("note", "members", text, f"look at {name}, or remove it for good")
    elif member["standing"] == "failed" and member["farewell"]:
        text = f"{name} does not talk with this controller: {member['farewell']}"
        yield finding("error", "members", text, f"see `trellis members` on {name}")
    elif member["standing"] == "never seen":
        text = f"{name} was not heard of since this controller started"
        yield finding("warning", "members", text, f"look at {name} and at the network to it")
    elif member["standing"] in {"suspect", "failed"}:
        told = ", ".join(each["name"] for each in member["said_by"]) or "this controller"
        text = f"{name} is {member['standing']}{since}: {member['why']}; says {told}"
        yield finding("warning", "members", text, f"look at {name} and at the network to it")
    elif member["link"] not in {Link.BOTH.value, Link.UNKNOWN.value}:
        text = f"the link to {name}: {member['link']}"
        yield finding("warning", "network", text, "look at firewalls: UDP and TCP, both ways")
    if member["forks"]:
        text = f"two hosts use the key of {name}: a cloned disk, or a restored image"
        yield finding("error", "members", text, CLONED)
    if member["accused_life"] is not None:
        text = f"the key of {name} has signed two different facts under one number, so nobody"
        text += " counts on it: two hosts use it, or it went on from a copy of its memory"
        yield finding("error", "members", text, FORGED.format(name=name))
    offset_ns = member["clock_offset_ns"]
    if offset_ns is not None and abs(offset_ns) > CLOCK_OFFSET_NS_MAX:
        text = f"the clock of {name} is {about(offset_ns)} from the one here"
        yield finding("warning", "clock", text, "let both hosts follow the same time server")


def _turned_away(stands: Status) -> Iterator[Finding]:
    counters = stands["counters"]
    counts = [f"{name} {counters[name]}" for name in TURNED_AWAY if name in counters]
    if counts:
        text = f"not for this controller, or not understood: {', '.join(counts)}"
        do = "no harm is done; look for another environment, an older version, or a port scanner"
        yield finding("note", "network", text, do)


def _secret(replica: Replica, now: Now) -> Iterator[Finding]:
    inside = replica.participant
    if inside is not None and inside.secrecy.is_missing(now):
        text = "the environment has a new secret, and nobody here has told it to this controller"
        do = "bring back whoever has it, or make another: trellis environment rotate-secret"
        yield finding("warning", "secret", text, do)


def _barrier(replica: Replica, stands: Status, now: Now) -> Iterator[Finding]:
    environment = stands["environment"]
    if environment is None:
        return
    for change in pending(replica, now):
        text = f"{change['name']} ({change['id']}) is {change['text']}"
        yield finding("note", "barrier", text, f"trellis change show {change['id']}")
    if environment["unmerged"]:
        text = f"{environment['unmerged']} changes were applied elsewhere and are not merged yet"
        do = (
            "they merge by themselves, except under the policy hold: trellis change merge --keep TX"
        )
        yield finding("warning", "barrier", text, do)
    if environment["set_aside"]:
        text = f"{environment['set_aside']} changes are set aside"
        yield finding("note", "history", text, "trellis change conflicts")
    counts = stands["members"]
    if environment["policy"] == Policy.MAJORITY and counts is not None:
        needed = counts["active"] // 2 + 1
        if counts["alive"] < needed and counts["active"] >= MAJORITY_MIN:
            text = (
                f"{counts['alive']} of {counts['active']} are here, {needed} are needed to change"
            )
            do = "bring others back, or wait; those that are gone for good have to be removed, and"
            do += " where fewer than a majority are left: docs/recovery.md, All others are gone"
            yield finding("warning", "barrier", text, do)
