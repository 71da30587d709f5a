"""From a host without any memory to a member of an environment."""

import pytest

from mesh.protocol.admission import Phase, decode_enrolment, encode_enrolment
from mesh.protocol.admission.enrolment import ENVIRONMENT_KEY, WAITING_KEY
from mesh.protocol.admission.limits import KNOCK_EVERY_NS
from mesh.protocol.admission.phases import TRANSITIONS, Turn
from mesh.protocol.configuration import LISTEN_NS
from mesh.protocol.standing import Access, Ground, Refused
from mesh.wire import cbor
from mesh.wire.identity import digest, fingerprint
from mesh.wire.messages import Knock, Welcome
from tests.mesh.protocol.admission.doors import (
    OPERATOR,
    Door,
    founder,
    founding_by,
    hello,
    roster,
    welcome_to,
)
from tests.mesh.protocol.street import configuration, controller_id

BOBS = founding_by("bob")
BOBS_ID = digest(BOBS)


def test_a_fresh_host_listens_for_three_seconds() -> None:
    """It knows no environment, says so, and founds nothing before the time is over."""
    door = Door()
    assert door.admission.phase is Phase.LISTENING
    assert door.admission.hello().environment is None
    assert door.admission.deadline_ns == door.at_ns + LISTEN_NS
    assert door.write(door.admission.wake(door.now)).joined is None


def test_where_nobody_is_it_founds() -> None:
    """Its record names itself and the operator's key, and its hash is the environment id."""
    door = Door()
    step = door.wait()
    assert step.joined is not None
    assert step.hello_changed
    assert [notice.event for notice in step.notices] == ["founded"]
    assert door.admission.phase is Phase.FOUNDED
    greeting = door.admission.hello()
    assert greeting.environment == digest(step.joined.founding)
    assert greeting.yields
    assert OPERATOR in step.joined.founding
    assert controller_id("ada") in step.joined.founding


def test_others_without_an_environment_are_nobody() -> None:
    """Fresh hosts that hear only each other all found: waiting for each other would never end."""
    door = Door()
    assert door.admission.judge(hello("bob"), door.roster, bytes(32)) is Access.FELLOW
    assert door.greet(hello("bob")).sends == ()
    assert door.admission.phase is Phase.LISTENING
    assert door.wait().joined is not None


def test_where_somebody_is_it_waits_and_knocks() -> None:
    """It founds nothing any more, knocks at once, and shows what to type elsewhere."""
    door = Door()
    step = door.greet(hello("bob", BOBS_ID))
    assert [(stream, type(message)) for stream, message in step.sends] == [(1, Knock)]
    assert door.admission.phase is Phase.PENDING
    mark = fingerprint(controller_id("ada"))
    text = door.admission.status(door.now).text
    assert f"trellis members accept {mark}" in text
    assert fingerprint(BOBS_ID) in text
    assert [notice.text for notice in step.notices] == [text]


def test_knocking_never_ends() -> None:
    """At every door again and again, not in step with others."""
    door = Door()
    _ = door.greet(hello("bob", BOBS_ID), 1)
    _ = door.greet(hello("cyd", BOBS_ID), 2)
    waits_ns = []
    for _ in range(200):
        before_ns = door.at_ns
        assert door.wait().sends != ()
        waits_ns.append(door.at_ns - before_ns)
    assert max(waits_ns) <= KNOCK_EVERY_NS * 5 // 4
    assert len(set(waits_ns)) > 100
    knocks = door.admission.statistics().knocks_sent
    assert 202 <= knocks <= 204


def test_a_door_that_closed_is_knocked_at_no_more() -> None:
    """Until its stream is there again there is nothing to wait for."""
    door = Door()
    _ = door.greet(hello("bob", BOBS_ID))
    door.admission.closed(1)
    assert door.admission.deadline_ns is None
    assert door.greet(hello("bob", BOBS_ID), 2).sends != ()


def test_hearing_an_environment_again_is_no_second_knock() -> None:
    """A Hello that is said again does not drive the knocks."""
    door = Door()
    _ = door.greet(hello("bob", BOBS_ID))
    assert door.greet(hello("bob", BOBS_ID)).sends == ()


def test_a_welcome_makes_a_member() -> None:
    """What the Welcome says is written before anybody hears of it, and nothing is waited for."""
    door = Door()
    _ = door.greet(hello("bob", BOBS_ID))
    step = door.write(door.admission.welcomed(1, welcome_to(BOBS)))
    assert step.joined is not None
    assert step.joined.introducer == controller_id("bob")
    assert step.hello_changed
    assert decode_enrolment(door.disk[ENVIRONMENT_KEY]) == step.joined
    assert door.disk[WAITING_KEY] == b""
    assert door.admission.phase is Phase.MEMBER
    assert door.admission.hello().environment == BOBS_ID
    assert not door.admission.hello().yields
    assert door.admission.deadline_ns is None


@pytest.mark.parametrize(
    "wrong",
    [
        welcome_to(founding_by("eve")),
        welcome_to(BOBS, generation=2),
        welcome_to(BOBS, nonce=bytes(15) + b"\x01"),
    ],
    ids=["another founding record", "another generation", "another life of the generation"],
)
def test_a_welcome_is_to_what_its_sender_named(wrong: Welcome) -> None:
    """The founding record must hash to the id, and the generation be the one, of the Hello."""
    door = Door()
    _ = door.greet(hello("bob", BOBS_ID))
    step = door.write(door.admission.welcomed(1, wrong))
    assert step.joined is None
    assert step.writes == ()
    assert door.admission.phase is Phase.PENDING
    assert door.admission.statistics().welcomes_refused == 1


def test_a_founding_record_must_be_readable() -> None:
    """A hash of anything is an id; an environment begins with a record."""
    door = Door()
    _ = door.greet(hello("bob", digest(b"anything")))
    assert door.admission.welcomed(1, welcome_to(b"anything")).joined is None
    assert door.admission.statistics().welcomes_refused == 1


def test_nobody_is_welcomed_twice_or_by_a_stranger() -> None:
    """A Welcome counts for who waits, on a stream to somebody who has an environment."""
    door = Door()
    _ = door.greet(hello("bob"))
    assert door.admission.welcomed(1, welcome_to(BOBS)).joined is None
    _ = door.greet(hello("bob", BOBS_ID), 2)
    _ = door.write(door.admission.welcomed(2, welcome_to(BOBS)))
    eves = founding_by("eve")
    _ = door.greet(hello("eve", digest(eves)), 3)
    assert door.admission.welcomed(3, welcome_to(eves)).joined is None
    assert door.environment == BOBS_ID


def test_a_restart_returns_to_the_environment_at_once() -> None:
    """A remembered environment needs nobody's word, and no time."""
    door = Door()
    _ = door.greet(hello("bob", BOBS_ID))
    _ = door.write(door.admission.welcomed(1, welcome_to(BOBS)))
    again = Door(door.disk, boot=2)
    assert again.admission.phase is Phase.MEMBER
    assert again.environment == BOBS_ID
    assert again.admission.deadline_ns is None


def test_who_has_met_an_environment_founds_none_after_a_restart() -> None:
    """When the lights come back, a host that waited does not mistake the dark for an empty town."""
    door = Door()
    _ = door.greet(hello("bob", BOBS_ID))
    again = Door(door.disk, boot=2)
    assert again.admission.phase is Phase.PENDING
    assert again.admission.deadline_ns is None
    assert fingerprint(BOBS_ID) in again.admission.status(again.now).text
    assert [notice.event for notice in again.first.notices] == ["pending"]


def test_found_founds_whoever_is_there() -> None:
    """``--found`` is a person's word: at once, and never given up."""
    for door in (Door(found=True), Door({WAITING_KEY: BOBS_ID}, found=True)):
        assert door.first.joined is not None
        assert door.admission.phase is Phase.MEMBER
        assert not door.admission.hello().yields
        assert door.disk[WAITING_KEY] == b""


@pytest.mark.parametrize("phase", [Phase.LISTENING, Phase.PENDING, Phase.FOUNDED])
def test_found_may_be_said_later(phase: Phase) -> None:
    """While it waits, or has founded by itself, a person can say that it is to stand alone."""
    door = Door()
    if phase is Phase.PENDING:
        _ = door.greet(hello("bob", BOBS_ID))
    elif phase is Phase.FOUNDED:
        _ = door.wait()
    assert door.admission.phase is phase
    step = door.write(door.admission.found())
    assert step.hello_changed
    assert (step.joined is None) is (phase is Phase.FOUNDED)
    assert door.admission.phase is Phase.MEMBER
    assert decode_enrolment(door.disk[ENVIRONMENT_KEY]).settled
    assert door.admission.found().writes == ()


def test_found_in_a_remembered_environment_keeps_it() -> None:
    """``--found`` in the unit file does not found another one at each start."""
    door = Door(found=True)
    again = Door(dict(door.disk), boot=2, found=True)
    assert again.environment == door.environment
    assert again.first.writes == ()


@pytest.mark.parametrize("operator", [OPERATOR, None])
def test_who_may_not_found_waits_for_ever(operator: bytes | None) -> None:
    """With seeds configured, or without an operator's key, a host never stands alone by itself."""
    door = Door(operator=operator, joins_only=operator is not None)
    assert door.admission.phase is Phase.PENDING
    assert door.admission.deadline_ns is None
    assert door.greet(hello("bob", BOBS_ID)).sends != ()


def test_nothing_is_founded_without_an_operators_key() -> None:
    """An environment that nobody could ever change would be of no use: it is said, and not done."""
    door = Door(operator=None, found=True)
    assert door.admission.phase is Phase.PENDING
    assert [notice.event for notice in door.first.notices] == ["found"]


def test_a_removed_peer_is_refused_before_all_else() -> None:
    """A removed key is refused whatever it says, and told to come back with a new one."""
    door = founder()
    door.roster = roster("ada", removed=("bob",))
    for said in (hello("bob"), hello("bob", door.environment), hello("bob", BOBS_ID)):
        verdict = door.admission.judge(said, door.roster, bytes(32))
        assert isinstance(verdict, Refused)
        assert verdict.ground is Ground.REMOVED
        assert "new one" in verdict.why


def test_the_roster_decides_who_is_a_member() -> None:
    """Active and learning controllers are members; another one may only show facts."""
    door = Door(found=True)
    door.roster = roster("ada", "bob", learners=("cyd",))
    enrolment = door.admission.enrolment
    assert enrolment is not None
    for name, access in (("bob", Access.MEMBER), ("cyd", Access.MEMBER), ("eve", Access.CLAIMANT)):
        said = hello(name, door.environment, generation_nonce=enrolment.generation_nonce)
        assert door.admission.judge(said, door.roster, bytes(32)) is access


def test_a_newcomer_believes_who_welcomed_it_until_it_knows_the_roster() -> None:
    """Who is not in the roster that it holds holds an old one: who welcomed it may bring news.

    A stranger who says to be of that environment tells it facts, which are signed, and no more.
    """
    door = Door()
    _ = door.greet(hello("bob", BOBS_ID))
    _ = door.write(door.admission.welcomed(1, welcome_to(BOBS)))
    host, stranger = hello("bob", BOBS_ID), hello("cyd", BOBS_ID)
    judge = door.admission.judge
    assert judge(host, roster("dan"), bytes(32)) is Access.MEMBER
    assert judge(stranger, roster("dan"), bytes(32)) is Access.CLAIMANT
    assert judge(stranger, roster("cyd"), bytes(32)) is Access.MEMBER
    assert judge(host, roster("dan", learners=("ada",)), bytes(32)) is Access.CLAIMANT


def test_two_settled_environments_never_merge() -> None:
    """Each is told of the other, and that is all."""
    door = Door(found=True)
    verdict = door.admission.judge(hello("bob", BOBS_ID), door.roster, bytes(32))
    assert isinstance(verdict, Refused)
    assert verdict.ground is Ground.ENVIRONMENT
    assert fingerprint(BOBS_ID) in verdict.why
    assert door.greet(hello("bob", BOBS_ID)).writes == ()


def test_what_is_kept_survives_the_disk() -> None:
    """An enrolment reads back as it was written, and nothing else is read."""
    enrolment = founder().admission.enrolment
    assert enrolment is not None
    raw = encode_enrolment(enrolment)
    assert decode_enrolment(raw) == enrolment
    for damaged in (raw[:-1], raw + b"\x00", b"\x80"):
        with pytest.raises(cbor.Undecodable):
            _ = decode_enrolment(damaged)


def test_the_secret_is_not_shown() -> None:
    """What is printed of an enrolment, in a log or a traceback, does not hold the secret."""
    enrolment = founder().admission.enrolment
    assert enrolment is not None
    assert repr(enrolment.secret) not in repr(enrolment)


def test_the_table_leads_only_forward() -> None:
    """From every phase a member or the end is reached, and nobody comes back from either."""
    assert TRANSITIONS.keys() == set(Phase)
    assert TRANSITIONS[Phase.MEMBER] == TRANSITIONS[Phase.YIELDED] == {}
    order = [Phase.LISTENING, Phase.PENDING, Phase.FOUNDED, Phase.MEMBER, Phase.YIELDED]
    for phase, turns in TRANSITIONS.items():
        for turn, following in turns.items():
            assert order.index(following) > order.index(phase)
            assert turn is not Turn.TOLD or following is Phase.MEMBER


def test_the_hello_says_what_the_configuration_says() -> None:
    """Name, site and addresses are the configured ones."""
    settings = configuration("ada", Door().admission.hello().addresses[0])
    greeting = Door().admission.hello()
    assert (greeting.name, greeting.site) == (settings.name, settings.site)
    assert greeting.addresses == settings.addresses
