"""Whom this controller is with: the roster in the history, and who of it is there.

The roster says who may be there, membership who is; links and stores are told of both, and the
barrier of the view.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mesh.environment.kinds.controller import PARDONED
from mesh.protocol.barrier import Barrier
from mesh.protocol.effects import MemberChanged
from mesh.protocol.history import History
from mesh.protocol.information import Information
from mesh.protocol.membership import Change, Membership, Outcome, What
from mesh.protocol.now import Now
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.entries import Entries
from mesh.protocol.replica.equivocations import Equivocations
from mesh.protocol.replica.removals import COME_BACK, why_removed
from mesh.protocol.replica.twins import Twins
from mesh.protocol.standing import RosterView
from mesh.wire.envelope import tag
from mesh.wire.identity import Address, Incarnation, fingerprint
from mesh.wire.messages import Summary


@dataclass(frozen=True, slots=True)
class Trust:
    """Which lives and which keys nobody counts on."""

    twins: Twins
    equivocations: Equivocations


Comparison = Callable[[Incarnation, Summary, Now], None]

PORT_MAX = 65_535


class Company:
    """Roster and membership of one participant; ``compare`` hears what members hold."""

    def __init__(
        self,
        desk: Desk,
        history: History,
        barrier: Barrier,
        members: Membership,
        information: Information,
        entries: Entries,
        trust: Trust,
        compare: Comparison,
    ) -> None:
        self._desk = desk
        self._history = history
        self._barrier = barrier
        self._members = members
        self._information = information
        self._entries = entries
        self._trust = trust
        self._compare = compare
        self._view: tuple[Incarnation, ...] = ()
        self._by_tag: dict[bytes, bytes] = {}
        """The others in the roster, learners included, as datagrams name them."""
        self.roster = RosterView()

    # --- the roster ---------------------------------------------------------------------------

    def refresh_roster(self, now: Now) -> bool:
        """Read the roster from the folded state; whether it is another one."""
        former, self.roster = self.roster, read_roster(self._history)
        if former == self.roster:
            return False
        admitted = self.roster.active | self.roster.learners
        self._information.roster(admitted)
        own = self._desk.own.controller
        self._by_tag = {tag(each): each for each in sorted(admitted) if each != own}
        self.outcome(self._members.admitted(sorted(admitted), now), now)
        self._greet(admitted - former.active - former.learners, now)
        if own in self.roster.removed and own not in former.removed:
            text = f"{why_removed(self._history, own)}, for ever: {COME_BACK}"
            self._desk.notice("error", "removed", text)
        return True

    def _greet(self, admitted: frozenset[bytes], now: Now) -> None:
        """Members to whom a stream stood before the roster named them."""
        said = dict(self._desk.links.hellos())
        for controller in sorted(admitted & self._desk.links.connected.keys()):
            connection = self._desk.links.connected[controller]
            for address in said[connection.stream].addresses[:1]:
                self.outcome(self._members.announced(connection.incarnation, address, now), now)

    def named(self, sender: bytes) -> bytes | None:
        """The other controller of the roster that a datagram's tag means."""
        return self._by_tag.get(sender)

    def exchange_key(self, controller: bytes) -> bytes | None:
        """The key for datagrams with ``controller``; None for whoever is not in the roster."""
        return self.roster.keys.get(controller)

    def addresses(self) -> list[Address]:
        """Where the other controllers of the roster say that they listen."""
        found: list[Address] = []
        for name, fields in self._history.state.items("controller"):
            if fields["state"] != "removed" and name != self._desk.own.controller.hex():
                addresses = fields.get("addresses", [])
                assert isinstance(addresses, list), "the kind says so"
                found.extend(filter(None, map(read_address, addresses)))
        return found

    # --- peers --------------------------------------------------------------------------------

    def connected(self, peer: Incarnation, address: Address | None, now: Now) -> None:
        """A stream to a member stands, who says to listen at ``address``: it lives."""
        self._information.meet(peer)
        if address is not None:
            self.outcome(self._members.announced(peer, address, now), now)

    def disconnected(self, peer: Incarnation, now: Now) -> None:
        """No stream to that member any more."""
        self._information.forget(peer)
        self.outcome(self._members.stream_lost(peer, now), now)

    def booted(self, life: Incarnation, now: Now) -> None:
        """A fact says that ``life`` began; one of our own, as high as this one, ends it."""
        if life.controller == self._desk.own.controller:
            self._trust.twins.meet(life, now)
        self.recalled(life, now)

    def recalled(self, life: Incarnation, now: Now) -> None:
        """``life`` was begun by one of the roster, as facts told before."""
        self._information.recall(life)
        if life.controller != self._desk.own.controller:
            self.outcome(self._members.booted(life, now), now)

    # --- what membership says -----------------------------------------------------------------

    def outcome(self, outcome: Outcome, now: Now) -> None:
        """Do what membership wants done."""
        self._desk.send(outcome.outgoing, now, gated=False)
        for change in outcome.changes:
            self._changed(change, now)
        for peer, summary in outcome.summaries:
            self._compare(peer, summary, now)
        if outcome.changes:
            self.take_view(now)

    def take_view(self, now: Now) -> None:
        """Let the barrier know V, without those whose key told two stories."""
        trust = self._trust.equivocations
        view = self._members.view
        if trust.proofs:
            own = self._desk.own
            view = tuple(each for each in view if each == own or not trust.is_out(each))
        if view != self._view:
            self._view = view
            self._barrier.set_view(view, now)

    def _changed(self, change: Change, now: Now) -> None:
        member = change.member
        self._desk.notify(MemberChanged(member.controller, change.what.value))
        match change.what:
            case What.ALIVE | What.REPLACED:
                self._entries.changed(self._information.announce(member, now))
                self._dial(member, now)
            case What.REMOVED:
                self._entries.changed(self._information.dismiss(member.controller, now))
            case What.TWIN:
                self._trust.twins.meet(member, now)
            case What.FORKED:
                self._desk.notice("error", "fork", f"two lives of {member} announce themselves")
            case What.DOUBTED:
                self._doubted(change.by)
            case What.QUARANTINED:
                self._trust.twins.quarantine()
            case What.CLEARED:
                self._trust.twins.clear()
            case What.FAILED:
                # A stream that outlives a long silence may stay stuck for minutes after it ends.
                self._drop(member, "nothing was heard from you for too long; dial again", now)
            case What.LEFT:
                self._drop(member, "you took leave; dial again when you take part", now)
            case What.SUSPECT:
                pass

    def _doubted(self, by: bytes | None) -> None:
        assert by is not None, "a doubt has somebody who has it"
        text = f"{fingerprint(by)} says that an elder life of this controller is alive"
        self._desk.notice("warning", "doubted", f"{text}: it is mistaken, or this is a copy")

    def _drop(self, member: Incarnation, why: str, now: Now) -> None:
        self._desk.carry(self._desk.links.drop(member.controller, why, now))

    def _dial(self, member: Incarnation, now: Now) -> None:
        address = self._members.address_of(member)
        if address is not None and member.controller not in self._desk.links.connected:
            step = self._desk.links.believed_alive(member.controller, (address,), now)
            self._desk.carry(step)


def read_roster(history: History) -> RosterView:
    """The roster in the folded state."""
    states: dict[str, list[bytes]] = {"active": [], "learner": [], "removed": []}
    keys: dict[bytes, bytes] = {}
    for name, fields in history.state.items("controller"):
        state, controller = str(fields["state"]), bytes.fromhex(name)
        states[state].append(controller)
        if state != "removed" and "exchange_key" in fields:
            keys[controller] = bytes.fromhex(str(fields["exchange_key"]))
    return RosterView(
        frozenset(states["active"]),
        frozenset(states["learner"]),
        frozenset(states["removed"]),
        keys,
    )


def read_pardons(history: History) -> dict[bytes, int]:
    """By controller: up to which life a person has forgiven two stories."""
    told = ((name, fields.get(PARDONED)) for name, fields in history.state.items("controller"))
    return {bytes.fromhex(name): life for name, life in told if isinstance(life, int)}


def read_address(text: object) -> Address | None:
    """``host:port`` as the roster spells it; None where nobody could listen there."""
    host, _, port = str(text).rpartition(":")
    name = host.strip("[]")
    if not name or not port.isdecimal() or not 0 < int(port) <= PORT_MAX:
        return None
    return Address(name, int(port))
