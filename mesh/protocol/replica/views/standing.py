"""How this controller stands, and who else is there, as it sees them."""

from collections import Counter
from typing import Final, TypedDict

from mesh.environment.policy import Policy
from mesh.protocol.admission import Pending
from mesh.protocol.catalogue import numbers
from mesh.protocol.membership import MemberRow
from mesh.protocol.now import MILLISECOND, Now
from mesh.protocol.replica.door import Replica
from mesh.protocol.replica.recovering import NOT_RECOVERED
from mesh.protocol.replica.removals import why_removed
from mesh.protocol.replica.views.differences import DifferenceView, differences
from mesh.protocol.replica.views.look import Look
from mesh.protocol.replica.views.names import Who
from mesh.wire.identity import fingerprint

POLICY_WORDS: Final = {
    Policy.ALL_ACTIVE: "whoever is cut off goes on alone, and the sides merge when they meet",
    Policy.MAJORITY: "only a side with more than half of the roster can change the configuration",
}


DISK_FAILED: Final = "its disk failed; it starts anew as soon as the disk is well"


class ControllerView(TypedDict):
    """This controller."""

    id: str
    name: str
    fingerprint: str
    site: str
    boot: int
    addresses: list[str]
    profile: str
    """The round-trip times that it expects: local, lan or wan."""


class EnvironmentView(TypedDict):
    """What it belongs to."""

    id: str
    generation: int
    policy: str
    policy_text: str
    """What the policy means for those who are cut off."""
    changes: int
    """ChangeSets in the history."""
    set_aside: int
    waiting: int
    """At the barrier or in its queue."""
    unmerged: int
    """Released by others on a history that has grown apart from this one."""
    history_hash: str
    state_hash: str
    """Of the folded history; equal wherever ``history_hash`` is."""
    shown_hash: str
    """Of what readers are shown: the state above from its instant on."""
    content_hash: str
    """Of what source files describe of it: equal where an export would be the same."""
    entries: int
    """Entries of running information."""


class Counts(TypedDict):
    """Controllers of the roster by how they stand, as seen from here."""

    active: int
    learner: int
    alive: int
    suspect: int
    failed: int
    left: int


class Status(TypedDict):
    """One controller and its environment."""

    controller: ControllerView
    phase: str
    text: str
    environment: EnvironmentView | None
    members: Counts | None
    pending: int
    """Newcomers that wait here to be accepted."""
    votes: bool
    """Whether it takes part at the barrier."""
    why_no_votes: str
    differences: list[DifferenceView]
    """Controllers that make another configuration of the same history."""
    counters: dict[str, int]
    """What happened in this life, by name, where it happened at all."""


class MemberView(TypedDict):
    """One controller of the roster."""

    controller: Who
    site: str
    state: str
    """active, or learner while it catches up."""
    standing: str
    why: str
    farewell: str
    """What it said when it closed the last stream; empty while there is one, or it said nothing."""
    said_by: list[Who]
    """Who says that it is suspect or failed."""
    since_ms: int | None
    address: str
    own: bool
    boot: int | None
    link: str
    round_trip_ns: int | None
    clock_offset_ns: int | None
    """Its wall clock minus ours."""
    probes: int
    """The last ones from here that have ended, 64 at most."""
    probes_missed: int
    """Those of them that no datagram answered in time."""
    forks: int
    """Further lives with its key that speak and are kept out: a cloned disk."""
    accused_life: int | None
    """The boot number of the life in which its key has signed two different facts under one
    number, so that nobody counts on it; None: there is none, or a person has forgiven it."""
    slow: int
    """On the own row: by how many steps of 8 this controller is the slow one."""


class PendingView(TypedDict):
    """A newcomer that waits to be accepted."""

    id: str
    fingerprint: str
    name: str
    site: str
    addresses: list[str]
    remote: str
    waiting_ms: int


class Members(TypedDict):
    """The roster, and who would like to be in it."""

    members: list[MemberView]
    pending: list[PendingView]


def status(replica: Replica, now: Now) -> Status:
    """How things stand."""
    admission = replica.admission.status(now)
    look = Look.at(replica, now)
    why_no_votes = _why_no_votes(replica)
    return Status(
        controller=_controller(replica),
        phase=admission.phase.value,
        text="removed from its environment" if is_removed(replica) else admission.text,
        environment=None if look is None else _environment(look),
        members=None if look is None else _counts(look),
        pending=admission.pending,
        votes=not why_no_votes,
        why_no_votes=why_no_votes,
        differences=[] if look is None else differences(look),
        counters=_counters(replica),
    )


def is_removed(replica: Replica) -> bool:
    """Whether it was taken out of the roster: what it sees of the others is of the past."""
    inside = replica.participant
    return inside is not None and replica.own.controller in inside.roster.removed


def _controller(replica: Replica) -> ControllerView:
    return ControllerView(
        id=replica.own.controller.hex(),
        name=replica.configuration.name,
        fingerprint=fingerprint(replica.own.controller),
        site=replica.configuration.site,
        boot=replica.own.boot,
        addresses=[str(address) for address in replica.configuration.addresses],
        profile=replica.configuration.profile.value,
    )


def _counters(replica: Replica) -> dict[str, int]:
    links = replica.desk.links.statistics()
    ended = {f"streams ended: {ground}": count for ground, count in links.ended.items() if count}
    if links.out_of_place:
        ended["messages not allowed"] = links.out_of_place
    return dict(sorted({**ended, **replica.desk.counters}.items()))


def _why_no_votes(replica: Replica) -> str:
    """The first reason why this controller takes no part at the barrier; empty where it does."""
    inside = replica.participant
    if replica.desk.outbox.failed:
        return DISK_FAILED
    if inside is None:
        return "it belongs to no environment yet"
    why = inside.crank.stand_down or inside.crank.follows
    if why is not None:
        return why
    if inside.history.needs_upgrade is not None:
        return "the history holds a command that this version does not know; upgrade it"
    is_majority = inside.history.policy(inside.history.ids) is Policy.MAJORITY
    if inside.recovering.is_under_way and is_majority:
        return NOT_RECOVERED
    if replica.own.controller in inside.roster.active:
        return ""
    if replica.own.controller in inside.roster.learners:
        return "it is catching up with the history"
    if is_removed(replica):
        return why_removed(inside.history, replica.own.controller)
    return "it is not in the roster as it knows it"


def _environment(look: Look) -> EnvironmentView:
    inside = look.inside
    policy = inside.history.policy(inside.history.ids)
    outside = (1 << len(inside.catalogue)) - 1 & ~inside.history.ids
    waiting = [
        number
        for number in numbers(outside & ~inside.barrier.unmerged)
        if inside.barrier.status(number).word.value in {"pending", "in doubt"}
    ]
    return EnvironmentView(
        id=inside.place.environment.hex(),
        generation=inside.place.generation,
        policy=policy.value,
        policy_text=POLICY_WORDS[policy],
        changes=inside.history.ids.bit_count(),
        set_aside=len(inside.history.conflicts()),
        waiting=len(waiting) + len(inside.barrier.queued),
        unmerged=inside.barrier.unmerged.bit_count(),
        history_hash=inside.history.history_hash.hex(),
        state_hash=inside.history.state_hash.hex(),
        shown_hash=inside.history.visible.hash.hex(),
        content_hash=inside.history.visible.content_hash.hex(),
        entries=sum(1 for _ in inside.information.items(())),
    )


def _counts(look: Look) -> Counts:
    standings = Counter(look.standing(controller) for controller in look.rows)
    return Counts(
        active=len(look.inside.roster.active),
        learner=len(look.inside.roster.learners),
        alive=standings["alive"],
        suspect=standings["suspect"],
        failed=standings["failed"] + standings["never seen"],
        left=standings["left"],
    )


# --- members ------------------------------------------------------------------------------------


def members(replica: Replica, now: Now) -> Members:
    """The roster with how each stands, by name, and the newcomers that wait here."""
    look = Look.at(replica, now)
    said = replica.farewells
    rows = [] if look is None else [_member(look, row, said) for row in look.rows.values()]
    return Members(
        members=sorted(rows, key=lambda row: (row["controller"]["name"], row["controller"]["id"])),
        pending=[_pending(line, now) for line in replica.admission.pending(now)],
    )


def _member(look: Look, row: MemberRow, farewells: dict[bytes, str]) -> MemberView:
    fields = look.inside.history.state.get("controller", row.controller.hex())
    known = fields if isinstance(fields, dict) else {}
    return MemberView(
        controller=look.who(row.controller),
        site=str(known.get("site", "")),
        state=str(known.get("state", "")),
        standing=look.standing(row.controller),
        why=row.why.value,
        farewell=farewells.get(row.controller, ""),
        said_by=[look.who(each) for each in row.accusers],
        since_ms=look.standing_since_ms(row.controller),
        address="" if row.address is None else str(row.address),
        own=row.own,
        boot=None if row.incarnation is None else row.incarnation.boot,
        link=row.link.value,
        round_trip_ns=row.round_trip_ns,
        clock_offset_ns=row.offset_ns,
        probes=row.probes,
        probes_missed=row.missed,
        forks=len(row.rivals),
        accused_life=look.inside.equivocations.accused_life(row.controller),
        slow=row.slow,
    )


def _pending(line: Pending, now: Now) -> PendingView:
    return PendingView(
        id=line.controller.hex(),
        fingerprint=line.fingerprint,
        name=line.name,
        site=line.site,
        addresses=[str(address) for address in line.addresses],
        remote=str(line.remote),
        waiting_ms=max(0, now.wall_ns - line.first_seen_wall_ns) // MILLISECOND,
    )
