"""A newcomer with an invite in its hand: where it shows it, and whom it believes."""

from dataclasses import replace

import pytest

from mesh.protocol.admission import Phase
from mesh.protocol.admission.enrolment import ENVIRONMENT_KEY
from mesh.protocol.admission.limits import KNOCK_EVERY_NS, KNOCK_GAP_NS
from mesh.protocol.configuration import Ticket
from mesh.protocol.inputs import StreamId
from mesh.protocol.now import SECOND
from mesh.wire.identity import Address, digest, fingerprint
from mesh.wire.invitation import (
    Invitation,
    Newcomer,
    invite_id,
    presence_of,
    proof_of,
    recognition,
)
from mesh.wire.messages import Claim, Knock, Rebuff, Welcome
from tests.mesh.protocol.admission.doors import (
    EXCHANGE_KEY,
    HERE,
    Door,
    binding_of,
    founder,
    founding_by,
    hello,
    roster,
    welcome_to,
)
from tests.mesh.protocol.keys import Key, KeySuite
from tests.mesh.protocol.street import controller_id

BOBS = founding_by("bob")
BOBS_ID = digest(BOBS)
EVES = founding_by("eve")
INVITE = Key(digest(b"invite"))
INVITATION = Invitation(
    BOBS_ID, (Address("192.0.2.9", 4_747),), fingerprint(controller_id("bob")), digest(b"seed")
)
TICKET = Ticket(INVITATION, INVITE)


def invited() -> Door:
    """Ada, who was invited by Bob."""
    return Door(ticket=TICKET)


def shown_at(sends: tuple[tuple[StreamId, object], ...]) -> list[StreamId]:
    """The streams on which the invite was shown."""
    return [
        stream
        for stream, message in sends
        if isinstance(message, Knock) and message.claim is not None
    ]


def test_the_invited_found_nothing_and_wait() -> None:
    """Nobody listens for others with an invite in hand: it says where it wants to go."""
    door = invited()
    assert door.admission.phase is Phase.PENDING
    text = door.admission.status(door.now).text
    assert fingerprint(BOBS_ID) in text
    assert "192.0.2.9:4747" in text
    assert door.admission.deadline_ns is None


def test_what_is_shown_names_the_newcomer_and_the_stream() -> None:
    """Both signatures hold for just this newcomer, this environment and this stream."""
    door = invited()
    ((stream, knock),) = door.greet(hello("bob", BOBS_ID)).sends
    assert stream == 1
    assert isinstance(knock, Knock)
    claim = knock.claim
    assert claim is not None
    own_key = door.admission._card.exchange_key
    newcomer = Newcomer(BOBS_ID, controller_id("ada"), own_key, "ada", "home")
    verify = KeySuite().verify
    assert claim.invite == invite_id(INVITE.public)
    assert verify(INVITE.public, proof_of(newcomer), claim.proof)
    assert verify(INVITE.public, presence_of(newcomer, binding_of(1)), claim.presence)
    assert not verify(INVITE.public, presence_of(newcomer, binding_of(2)), claim.presence)


def test_the_seed_stays_at_home() -> None:
    """Neither the secret nor what follows from it publicly is in what is said."""
    door = invited()
    ((_, knock),) = door.greet(hello("bob", BOBS_ID)).sends
    for secret in (INVITATION.seed, INVITE.public):
        assert repr(secret)[2:-1] not in repr(knock)
    assert INVITATION.seed.hex() not in repr(door.admission.status(door.now))


def test_another_environment_sees_nothing() -> None:
    """An invite is for one environment: at others nobody knocks, and their Welcome is nothing."""
    door = invited()
    assert door.greet(hello("eve", digest(EVES))).sends == ()
    assert door.admission.welcomed(1, welcome_to(EVES)).joined is None
    assert ENVIRONMENT_KEY not in door.disk


def test_the_invite_is_shown_at_one_door_at_a_time() -> None:
    """The others see it in their turn: two who admit at once would be in each other's way."""
    door = invited()
    assert shown_at(door.greet(hello("cyd", BOBS_ID), 1).sends) == [1]
    assert shown_at(door.greet(hello("dan", BOBS_ID), 2).sends) == []
    assert shown_at(door.greet(hello("bob", BOBS_ID), 3).sends) == []
    turns = [shown_at(door.wait().sends) for _ in range(6)]
    assert turns == [[3], [2], [1], [3], [2], [1]]


def test_a_rebuff_sends_it_to_the_next_door() -> None:
    """After a moment, where one was not tried; otherwise in the usual time."""
    door = invited()
    _ = door.greet(hello("bob", BOBS_ID), 1)
    _ = door.greet(hello("cyd", BOBS_ID), 2)
    at_ns = door.at_ns
    step = door.admission.rebuffed(1, Rebuff("no quorum"), door.now)
    assert "no quorum" in step.notices[0].text
    assert shown_at(door.wait().sends) == [2]
    assert door.at_ns - at_ns == KNOCK_GAP_NS
    again = door.admission.rebuffed(2, Rebuff("no quorum"), door.now)
    assert "cyd says: no quorum" in again.notices[0].text
    at_ns = door.at_ns
    assert shown_at(door.wait().sends) == [1]
    assert door.at_ns - at_ns > KNOCK_EVERY_NS // 2


def test_a_door_that_is_reached_after_a_rebuff_is_not_made_to_wait() -> None:
    """Nobody holds the invite then; while somebody does, it is not shown to another."""
    door = invited()
    _ = door.greet(hello("bob", BOBS_ID), 1)
    _ = door.greet(hello("cyd", BOBS_ID), 2)
    assert shown_at(door.greet(hello("dan", BOBS_ID), 3).sends) == []
    _ = door.admission.rebuffed(1, Rebuff("unknown"), door.now)
    for stream in (2, 3):
        assert shown_at(door.wait().sends) == [stream]
        _ = door.admission.rebuffed(stream, Rebuff("unknown"), door.now)
    at_ns = door.at_ns
    assert shown_at(door.greet(hello("eli", BOBS_ID), 4).sends) == []
    assert shown_at(door.wait().sends) == [4]
    assert door.at_ns - at_ns == KNOCK_GAP_NS


def test_a_door_that_closes_frees_the_invite() -> None:
    """Whoever had it is gone: the next one sees it at once."""
    door = invited()
    _ = door.greet(hello("bob", BOBS_ID), 1)
    _ = door.greet(hello("cyd", BOBS_ID), 2)
    door.admission.closed(1)
    at_ns = door.at_ns
    deadline_ns = door.admission.deadline_ns
    assert deadline_ns is not None
    assert deadline_ns <= at_ns
    assert shown_at(door.admission.wake(door.now).sends) == [2]


def test_a_rebuff_is_told_once_and_in_words() -> None:
    """The text says who refused and why, and what to do; whoever was not asked says nothing."""
    door = invited()
    _ = door.greet(hello("bob", BOBS_ID), 1)
    assert door.admission.rebuffed(7, Rebuff("nonsense"), door.now).notices == ()
    step = door.admission.rebuffed(1, Rebuff("the invite was revoked"), door.now)
    (notice,) = step.notices
    assert "bob says: the invite was revoked" in notice.text
    assert "another invite" in notice.text
    assert door.admission.status(door.now).text == notice.text
    assert door.admission.rebuffed(1, Rebuff("the invite was revoked"), door.now).notices == ()


def test_the_inviter_is_believed() -> None:
    """Its fingerprint is in the invite, and its key was proved when the stream began."""
    door = invited()
    _ = door.greet(hello("bob", BOBS_ID))
    assert door.admission.welcomed(1, welcome_to(BOBS)).joined is not None


@pytest.mark.parametrize(
    ("said", "believed"),
    [
        (recognition(INVITE.public, controller_id("cyd"), binding_of(1)), True),
        (recognition(INVITE.public, controller_id("cyd"), binding_of(2)), False),
        (recognition(INVITE.public, controller_id("eve"), binding_of(1)), False),
        (recognition(digest(b"guess"), controller_id("cyd"), binding_of(1)), False),
        (None, False),
    ],
    ids=["right", "another stream", "another host", "a guess", "nothing"],
)
def test_another_member_proves_that_it_is_one(said: bytes | None, *, believed: bool) -> None:
    """By what only those know who hold the configuration, for itself and for this stream."""
    door = invited()
    _ = door.greet(hello("cyd", BOBS_ID))
    step = door.admission.welcomed(1, welcome_to(BOBS, recognition=said))
    assert (step.joined is not None) is believed
    assert door.admission.statistics().welcomes_refused == (0 if believed else 1)


def test_who_founded_alone_goes_where_it_is_invited() -> None:
    """An environment in which nothing was done is given up for the one that the invite names."""
    alone = founder()
    disk = dict(alone.disk)
    door = Door(disk, ticket=TICKET, boot=2)
    assert door.first.ended is not None
    later = Door(door.disk, ticket=TICKET, boot=3)
    assert later.admission.phase is Phase.PENDING


def test_who_belongs_somewhere_stays_there() -> None:
    """An invite to another environment is told to be of no use, and changes nothing."""
    settled = Door(found=True)
    door = Door(dict(settled.disk), ticket=TICKET, boot=2)
    assert door.first.ended is None
    assert any("another data directory" in notice.text for notice in door.first.notices)
    assert door.environment == settled.environment


def test_a_restart_of_who_was_admitted_needs_no_invite() -> None:
    """The invite of the environment to which it belongs is simply not used any more."""
    door = invited()
    _ = door.greet(hello("bob", BOBS_ID))
    _ = door.write(door.admission.welcomed(1, welcome_to(BOBS)))
    again = Door(door.disk, ticket=TICKET, boot=2)
    assert again.admission.phase is Phase.MEMBER
    assert again.first.notices == ()
    assert again.greet(hello("cyd", BOBS_ID), 2).sends == ()


# --- at the door of a member ----------------------------------------------------------------------

CLAIM = Claim(bytes(16), bytes(64), bytes(64))
CLAIMING = Knock(CLAIM)


def test_an_invite_that_is_shown_is_handed_on_and_not_listed() -> None:
    """It is judged by whoever knows the configuration; a person has nothing to decide."""
    door = founder()
    _ = door.greet(hello("bob"))
    step = door.knock(knock=CLAIMING)
    (claimed,) = step.claims
    assert (claimed.stream, claimed.claim, claimed.binding) == (1, CLAIM, binding_of(1))
    assert claimed.newcomer == Newcomer(
        door.environment, controller_id("bob"), EXCHANGE_KEY, "bob", "home"
    )
    assert claimed.addresses == hello("bob").addresses
    assert door.admission.pending(door.now) == ()


def test_shown_invites_are_metered_as_knocks_are() -> None:
    """Guessing is hopeless anyway; it costs next to nothing, too."""
    door = founder()
    _ = door.greet(hello("bob"))
    claims = 0
    for _ in range(1_000):
        door.at_ns += KNOCK_GAP_NS // 10
        claims += len(door.knock(knock=CLAIMING).claims)
    assert claims <= 102


def test_who_was_let_in_is_welcomed_with_the_recognition() -> None:
    """When the roster has the newcomer, at once; one that was in it already, on its knock."""
    door = founder()
    _ = door.greet(hello("bob"))
    (claimed,) = door.knock(knock=CLAIMING).claims
    assert door.admission.honoured(claimed, digest(b"known")).sends == ()
    ((_, welcome),) = door.enrol("bob").sends
    assert isinstance(welcome, Welcome)
    assert welcome.recognition == digest(b"known")
    _ = door.greet(hello("bob"), 2)
    door.at_ns += 30 * SECOND
    (later,) = door.knock(2, CLAIMING).claims
    ((stream, welcome),) = door.admission.honoured(later, digest(b"again")).sends
    assert isinstance(welcome, Welcome)
    assert (stream, welcome.recognition) == (2, digest(b"again"))


def test_an_honoured_invite_admits_nobody_by_itself() -> None:
    """The Welcome carries the secret: it goes out when the history has the newcomer."""
    door = founder()
    _ = door.greet(hello("bob"))
    (claimed,) = door.knock(knock=CLAIMING).claims
    assert door.admission.honoured(claimed, digest(b"known")).sends == ()
    door.admission.closed(1)
    assert door.admission.honoured(claimed, digest(b"known")).sends == ()
    assert door.enrol("cyd").sends == ()


def test_a_removed_key_shows_its_invite_in_vain() -> None:
    """Whatever it holds: it comes back with a new key, or not at all."""
    door = founder()
    door.roster = roster("ada", removed=("bob",))
    _ = door.greet(hello("bob"))
    assert door.knock(knock=CLAIMING).claims == ()


def test_what_the_roster_would_not_take_is_not_judged() -> None:
    """A name that no roster takes never reaches a ChangeSet."""
    door = founder()
    _ = door.greet(hello("bob", called="Bob!"))
    assert door.knock(knock=CLAIMING).claims == ()


def test_the_ticket_does_not_show_its_seed() -> None:
    """Neither it nor the settings that hold it."""
    settings = replace(invited().admission._configuration, ticket=TICKET)
    assert repr(INVITATION.seed) not in repr(settings)
    assert str(HERE) not in repr(INVITATION.seed)
