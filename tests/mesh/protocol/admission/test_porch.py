"""Newcomers at the door: heard, listed, accepted and welcomed, within bounds."""

import pytest

from mesh.environment.commands import check_commands
from mesh.environment.founding import decode_founding
from mesh.protocol.admission.limits import (
    KNOCK_GAP_NS,
    KNOCKS_AT_ONCE,
    KNOCKS_EVERY_NS,
    PENDING_MAX,
    PENDING_NS,
)
from mesh.protocol.admission.pending import PendingList
from mesh.protocol.meter import Meter
from mesh.protocol.now import SECOND
from mesh.wire.identity import Address, fingerprint
from mesh.wire.messages import Welcome
from tests.mesh.protocol.admission.doors import (
    EXCHANGE_KEY,
    REMOTE,
    Door,
    founder,
    hello,
    roster,
)
from tests.mesh.protocol.street import controller_id, moment

ELSEWHERE = Address("203.0.113.9", 40_000)


def _names(door: Door) -> list[str]:
    return [line.name for line in door.admission.pending(door.now)]


def test_a_knock_is_listed_for_a_person() -> None:
    """Who knocked, from where, since when, and the line to type."""
    door = founder()
    _ = door.greet(hello("bob"))
    assert _names(door) == []
    step = door.knock()
    (line,) = door.admission.pending(door.now)
    assert (line.controller, line.name, line.site) == (controller_id("bob"), "bob", "home")
    assert (line.remote, line.addresses) == (REMOTE, (REMOTE,))
    assert line.exchange_key == EXCHANGE_KEY
    assert line.first_seen_wall_ns == line.last_seen_wall_ns == door.now.wall_ns
    (notice,) = step.notices
    assert f"trellis members accept {fingerprint(controller_id('bob'))}" in notice.text
    assert line.fingerprint in notice.text
    assert door.admission.status(door.now).pending == 1


def test_a_second_knock_is_the_same_line() -> None:
    """Knocking again says that the newcomer is still there; nobody is told twice."""
    door = founder()
    _ = door.greet(hello("bob"))
    _ = door.knock()
    first = door.now
    door.at_ns += 30 * SECOND
    assert door.knock().notices == ()
    (line,) = door.admission.pending(door.now)
    assert line.first_seen_wall_ns == first.wall_ns
    assert line.last_seen_wall_ns == door.now.wall_ns


def test_only_a_newcomer_is_heard_knocking() -> None:
    """A knock of whoever has an environment, or has not said Hello, is nothing."""
    door = founder()
    _ = door.knock()
    _ = door.greet(hello("bob", b"\xff" * 32, yields=True))
    _ = door.knock()
    assert _names(door) == []
    assert door.admission.statistics().knocks_heard == 0


def test_what_a_person_accepts_is_an_ordinary_change() -> None:
    """Accepting gives the command that admits the newcomer with what it said at the door."""
    door = founder()
    _ = door.greet(hello("bob"))
    _ = door.knock()
    commands = door.admission.commands_to_accept(controller_id("bob"), door.now)
    assert commands is not None
    (command,) = commands
    assert (command.group, command.verb) == ("controller", "admit")
    assert command.parameters == {
        "controller": controller_id("bob").hex(),
        "name": "bob",
        "site": "home",
        "exchange_key": EXCHANGE_KEY.hex(),
        "addresses": [str(REMOTE)],
    }
    renamed = door.admission.commands_to_accept(controller_id("bob"), door.now, "bob-2")
    assert renamed is not None
    assert renamed[0].parameters["name"] == "bob-2"
    assert door.admission.commands_to_accept(controller_id("cyd"), door.now) is None


def test_the_environment_takes_what_was_accepted() -> None:
    """The command fits its declaration: a newcomer that is listed can be admitted."""
    door = founder()
    _ = door.greet(hello("bob"))
    _ = door.knock()
    commands = door.admission.commands_to_accept(controller_id("bob"), door.now)
    assert commands is not None
    assert check_commands(commands) == ()


def test_an_admitted_newcomer_is_welcomed_at_once() -> None:
    """When the roster has it, the key goes out on the stream that it knocked on."""
    door = founder()
    _ = door.greet(hello("bob"), 1)
    _ = door.greet(hello("cyd"), 2)
    _ = door.knock(1)
    _ = door.knock(2)
    step = door.enrol("bob")
    enrolment = door.admission.enrolment
    assert enrolment is not None
    assert step.sends == (
        (
            1,
            Welcome(
                enrolment.founding,
                enrolment.generation,
                enrolment.generation_nonce,
                enrolment.secret,
                enrolment.secret_version,
                None,
            ),
        ),
    )
    assert decode_founding(enrolment.founding).environment_id == enrolment.environment
    assert _names(door) == ["cyd"]
    assert door.enrol("bob").sends == ()


def test_nobody_is_welcomed_who_was_not_admitted() -> None:
    """The Welcome carries the secret: knocking, however often, does not bring it about."""
    door = founder()
    _ = door.greet(hello("bob"))
    for _ in range(10):
        door.at_ns += 30 * SECOND
        assert door.knock().sends == ()
    door.roster = roster("ada", "cyd", removed=("bob",))
    assert door.write(door.admission.roster_changed(door.roster)).sends == ()
    assert door.greet(hello("bob"), 2).sends == ()
    assert door.admission.statistics().welcomes_sent == 0


def test_who_was_admitted_while_away_is_welcomed_on_return() -> None:
    """Whoever is in the roster and says that it has no environment gets the key (again)."""
    door = founder()
    _ = door.enrol("bob")
    assert [type(message) for _, message in door.greet(hello("bob")).sends] == [Welcome]
    assert door.greet(hello("bob")).sends == ()
    door.at_ns += 30 * SECOND
    assert [type(message) for _, message in door.knock().sends] == [Welcome]
    assert _names(door) == []


def test_a_newcomer_that_is_heard_before_we_have_an_environment_is_heard_again() -> None:
    """Streams of fellows become doors when one of them founds: judged again, they are visitors."""
    door = Door()
    _ = door.greet(hello("bob"))
    assert door.wait().hello_changed
    _ = door.greet(hello("bob"))
    _ = door.knock()
    assert _names(door) == ["bob"]


def test_who_stops_knocking_is_forgotten() -> None:
    """After ten minutes of silence a line is gone, and cannot be accepted any more."""
    door = founder()
    _ = door.greet(hello("bob"))
    _ = door.knock()
    door.at_ns += PENDING_NS
    assert _names(door) == ["bob"]
    door.at_ns += 1
    assert _names(door) == []
    assert door.admission.commands_to_accept(controller_id("bob"), door.now) is None


@pytest.mark.parametrize("called", ["", "Bob", "b\x1b[2Jb", "bob!", "x" * 64])
def test_what_the_roster_would_not_take_is_not_listed(called: str) -> None:
    """A name goes to a person's terminal and into the roster: only a proper one is listed."""
    door = founder()
    _ = door.greet(hello("bob", called=called))
    assert door.knock().notices == ()
    _ = door.greet(hello("cyd", addresses=(Address("evil host,", 1),)), 2)
    _ = door.knock(2)
    assert _names(door) == []
    assert door.admission.statistics().knocks_dropped == 2


def test_knocks_on_one_stream_are_metered() -> None:
    """One in a second is heard in the long run."""
    door = founder()
    _ = door.greet(hello("bob"))
    for _ in range(1_000):
        door.at_ns += KNOCK_GAP_NS // 10
        _ = door.knock()
    statistics = door.admission.statistics()
    assert statistics.knocks_heard == 1_000
    assert abs(statistics.knocks_heard - statistics.knocks_dropped - 101) <= 1


def test_a_new_hello_does_not_reset_the_meter() -> None:
    """Nor does a stream that greets again and again get more than its share."""
    door = founder()
    for _ in range(100):
        _ = door.greet(hello("bob"))
        _ = door.knock()
    statistics = door.admission.statistics()
    assert statistics.knocks_heard - statistics.knocks_dropped == 2


def test_knocks_of_all_together_are_metered() -> None:
    """However many strangers there are, only so many knocks are heard."""
    door = founder()
    for number in range(KNOCKS_AT_ONCE + 50):
        _ = door.greet(hello(f"host-{number}"), number)
        _ = door.knock(number)
    assert len(_names(door)) == KNOCKS_AT_ONCE
    door.at_ns += KNOCKS_EVERY_NS
    for number in range(KNOCKS_AT_ONCE, KNOCKS_AT_ONCE + 50):
        _ = door.knock(number)
    assert len(_names(door)) <= KNOCKS_AT_ONCE + 1


def test_the_meter_lets_a_burst_through_and_then_a_steady_rate() -> None:
    """As many as may come together after a rest, then one for each interval."""
    meter = Meter(10, 3)
    assert [meter.admits(1_000) for _ in range(5)] == [True, True, True, False, False]
    assert [meter.admits(at) for at in (1_009, 1_010, 1_019, 1_020)] == [False, True, False, True]
    assert [meter.admits(9_000) for _ in range(4)] == [True, True, True, False]


def test_a_full_list_is_fair_to_each_host() -> None:
    """The host that takes up most of the list loses its own oldest line, and nobody else's."""
    pending = PendingList()
    _ = pending.note(hello("honest"), EXCHANGE_KEY, ELSEWHERE, moment(1))
    for number in range(2 * PENDING_MAX):
        _ = pending.note(hello(f"flood-{number}"), EXCHANGE_KEY, REMOTE, moment(2 + number))
    lines = pending.lines(moment(3 * PENDING_MAX))
    assert len(lines) == PENDING_MAX
    assert lines[0].name == "honest"
    assert lines[1].name == f"flood-{PENDING_MAX + 1}"
    _ = pending.note(hello("late"), EXCHANGE_KEY, ELSEWHERE, moment(3 * PENDING_MAX))
    names = [line.name for line in pending.lines(moment(3 * PENDING_MAX))]
    assert "honest" in names
    assert "late" in names
    assert len(names) == PENDING_MAX
