"""Invites from end to end: opened, shown, honoured or not, and used once whatever happens."""

import pytest

from mesh.protocol.admission import Phase
from mesh.protocol.configuration import ReplicaConfiguration, Ticket
from mesh.protocol.effects import Answer, Refusal
from mesh.protocol.history import Standing
from mesh.protocol.inputs import SubmitCommands
from mesh.protocol.now import SECOND
from mesh.wire.identity import Address, digest, fingerprint
from mesh.wire.invitation import Invitation
from mesh.wire.requests import Command
from tests.mesh.protocol.keys import Key
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh
from tests.mesh.protocol.replica.test_members import inside, noticed, remove
from tests.mesh.protocol.replica.test_mesh import gather, is_complete

INVITE = Key(digest(b"invite"))
HOUR_NS = 3_600 * SECOND


def order(host: Host, verb: str, **parameters: object) -> Answer | Refusal:
    """A person changes something about the invite."""
    command = Command("invite", verb, {"invite": INVITE.public.hex(), **parameters})  # type: ignore[dict-item]  # plain values
    outcome = host.call(lambda call: SubmitCommands(call, verb, (command,), "", 60 * SECOND))
    host.mesh.run(2 * SECOND)
    return outcome


def open_invite(host: Host, lasts_ns: int = HOUR_NS) -> None:
    """``trellis invite`` on ``host``."""
    assert isinstance(order(host, "create", expires_at_ns=host.now.wall_ns + lasts_ns), Answer)


def newcomer(mesh: MiniMesh, *doors: Host, inviter: Host | None = None, key: Key = INVITE) -> Host:
    """One more host, not started yet, with an invite by ``inviter`` that names these doors."""
    inviter = inviter or doors[0]
    invitation = Invitation(
        inviter.replica.desk.environment,
        tuple(door.address for door in doors),
        fingerprint(inviter.identity.public),
        digest(b"seed"),
    )
    number = len(mesh.hosts) + 1
    address = Address("10.0.0.1", 7_000 + number)
    host = Host(
        mesh,
        number,
        ReplicaConfiguration(
            name=f"host{number}",
            site="office",
            addresses=(address,),
            ticket=Ticket(invitation, key),
        ),
    )
    mesh.hosts.append(host)
    mesh.hosts_by_address[address] = host
    return host


def refused(host: Host, ground: str) -> int:
    """How often ``host`` did not honour an invite on this ground."""
    return host.replica.desk.counters[f"invites not honoured: {ground}"]


def is_member(host: Host) -> bool:
    """Whether it has been let in."""
    return host.replica.admission.phase is Phase.MEMBER


def test_who_is_invited_becomes_active_without_anybody() -> None:
    """One code, no further word: admitted by the inviter, welcomed, active, and known to all."""
    mesh = gather(2)
    first, second = mesh.hosts
    open_invite(first)
    third = newcomer(mesh, first)
    third.start()
    assert mesh.run_until(lambda: is_complete(mesh), 30 * SECOND)
    entry = [entry for entry in inside(second).history.log() if entry.name.startswith("admit")][-1]
    assert entry.author.controller == first.identity.public == entry.signer
    assert entry.outcome.standing is Standing.EFFECTIVE
    fields = inside(second).history.state.fields(("invite", INVITE.public.hex()))
    assert (fields["state"], fields["used_by"]) == ("used", third.identity.public.hex())


def test_any_member_honours_it() -> None:
    """Where the inviter is away, another one that the code names lets the newcomer in."""
    mesh = gather(3)
    first, second, third = mesh.hosts
    open_invite(first)
    first.crash()
    mesh.run(10 * SECOND)
    fourth = newcomer(mesh, first, third, inviter=first)
    fourth.start()
    assert mesh.run_until(lambda: is_member(fourth), 60 * SECOND)
    entry = list(inside(second).history.log())[-1]
    assert third.identity.public in {
        entry.author.controller for entry in inside(second).history.log()
    }
    assert entry.outcome.standing is Standing.EFFECTIVE


def test_an_invite_lets_one_in() -> None:
    """The second who comes with it is told who used it, and stays outside."""
    mesh = gather(2)
    first = mesh.hosts[0]
    open_invite(first)
    third, fourth = newcomer(mesh, first), newcomer(mesh, first)
    third.start()
    mesh.run(20 * SECOND)
    fourth.start()
    mesh.run(20 * SECOND)
    assert is_member(third)
    assert fourth.replica.admission.phase is Phase.PENDING
    assert refused(first, "used") == 1
    told = fourth.replica.admission.status(fourth.now).text
    assert f"the invite was used by host3 ({fingerprint(third.identity.public)})" in told
    assert len(noticed(fourth, "not admitted")) == 1


def test_two_who_come_at_once_are_one() -> None:
    """Of two newcomers in the same moment the environment takes exactly one."""
    mesh = gather(2)
    first, second = mesh.hosts
    open_invite(first)
    third, fourth = newcomer(mesh, first), newcomer(mesh, second, inviter=first)
    third.start()
    fourth.start()
    mesh.run(60 * SECOND)
    assert sorted([is_member(third), is_member(fourth)]) == [False, True]


def test_one_invite_on_two_sides_of_a_partition() -> None:
    """Both sides let somebody in; after the merge one is there, the other is set aside, told."""
    mesh = gather(4)
    first, second, third, fourth = mesh.hosts
    open_invite(first)
    left = newcomer(mesh, first)
    right = newcomer(mesh, third, inviter=first)
    mesh.split((1, 2, 5), (3, 4, 6))
    mesh.run(15 * SECOND)
    left.start()
    right.start()
    mesh.run(40 * SECOND)
    assert is_member(left)
    assert is_member(right)
    mesh.split()
    mesh.run(400 * SECOND)
    states = {
        host.replica.participant.history.state_hash
        for host in mesh.hosts[:4]
        if host.replica.participant
    }
    assert len(states) == 1
    roster = inside(first).roster
    stays = [each for each in (left, right) if roster.has(each.identity.public)]
    assert len(stays) == 1
    aside = [entry for entry in inside(second).history.conflicts() if "invite" in entry.name]
    assert aside
    del fourth


def test_an_expired_invite_lets_nobody_in() -> None:
    """By the clock of whoever is asked; it says since when."""
    mesh = gather(2)
    first = mesh.hosts[0]
    open_invite(first, 10 * SECOND)
    mesh.run(30 * SECOND)
    third = newcomer(mesh, first)
    third.start()
    mesh.run(10 * SECOND)
    assert not is_member(third)
    assert refused(first, "expired") == 1
    assert "expired" in third.replica.admission.status(third.now).text


def test_a_revoked_invite_lets_nobody_in() -> None:
    """And says so."""
    mesh = gather(2)
    first = mesh.hosts[0]
    open_invite(first)
    assert isinstance(order(first, "revoke"), Answer)
    third = newcomer(mesh, first)
    third.start()
    mesh.run(10 * SECOND)
    assert not is_member(third)
    assert refused(first, "revoked") == 1


def test_a_guess_lets_nobody_in() -> None:
    """A key that is no invite's is unknown; it proposes nothing, and is no line for a person."""
    mesh = gather(2)
    first = mesh.hosts[0]
    open_invite(first)
    before = inside(first).history.ids
    third = newcomer(mesh, first, key=Key(digest(b"guess")))
    third.start()
    mesh.run(10 * SECOND)
    assert not is_member(third)
    assert refused(first, "unknown") == 1
    assert inside(first).history.ids == before
    assert first.replica.admission.pending(first.now) == ()


class Forger(Key):
    """Names the right invite, and does not hold its key."""

    def sign(self, message: bytes) -> bytes:
        """Nothing that anybody could check."""
        del message
        return bytes(64)


class Replayer(Key):
    """Has seen what the newcomer said on another stream, and says it again."""

    def sign(self, message: bytes) -> bytes:
        """The proof as it was; the presence is that of another stream."""
        is_presence = b"invite: presence" in message
        return super().sign(message[:-1] + b"!" if is_presence else message)


@pytest.mark.parametrize("thief", [Forger(INVITE.public), Replayer(INVITE.public)])
def test_who_has_not_the_secret_lets_itself_in_nowhere(thief: Key) -> None:
    """Neither by naming an invite, nor by what somebody else has shown of it."""
    mesh = gather(2)
    first = mesh.hosts[0]
    open_invite(first)
    third = newcomer(mesh, first, key=thief)
    third.start()
    mesh.run(10 * SECOND)
    assert not is_member(third)
    assert refused(first, "not proved") == 1
    fields = inside(first).history.state.fields(("invite", INVITE.public.hex()))
    assert fields["state"] == "open"


def test_who_casts_no_votes_lets_nobody_in() -> None:
    """It says why; the newcomer goes on to the next door."""
    mesh = gather(2)
    first, second = mesh.hosts
    open_invite(first)
    first.replica.participant.crank.stand_down = "for a test"  # type: ignore[union-attr]  # it has joined
    inside(first).stand_down = lambda why: None  # type: ignore[method-assign]  # noqa: ARG005  as long as the test lasts
    inside(first).leave(first.now)
    third = newcomer(mesh, first, second)
    third.start()
    assert mesh.run_until(lambda: is_member(third), 30 * SECOND)
    assert refused(first, "no votes") == 1


def test_a_name_that_is_taken_is_said() -> None:
    """The newcomer is told what the roster does not take, and keeps its invite."""
    mesh = gather(2)
    first = mesh.hosts[0]
    open_invite(first)
    third = newcomer(mesh, first)
    third.configuration = ReplicaConfiguration(
        name="host2",
        site="office",
        addresses=third.configuration.addresses,
        ticket=third.configuration.ticket,
    )
    third.start()
    mesh.run(10 * SECOND)
    assert not is_member(third)
    assert refused(first, "not proposed") == 1
    assert "host2" in third.replica.admission.status(third.now).text


def test_a_removed_controller_is_not_invited_back_with_its_key() -> None:
    """Its key is remembered for ever, whatever it holds: it needs a new one."""
    mesh = gather(3)
    first, _, third = mesh.hosts
    assert isinstance(remove(first, third), Answer)
    mesh.run(5 * SECOND)
    open_invite(first)
    third.crash()
    mesh.run(5 * SECOND)
    back = newcomer(mesh, first)
    back.identity = third.identity
    back.start()
    mesh.run(20 * SECOND)
    assert not is_member(back)
