"""How a replica stands, in words for people: what the faces show is what the machines know."""

import json

import pytest

from mesh.environment.policy import Policy
from mesh.protocol.effects import Answer, Refusal
from mesh.protocol.inputs import (
    RefuseChange,
    RestageChange,
    Sighted,
    SubmitCommands,
    Write,
    WriteInformation,
)
from mesh.protocol.now import SECOND
from mesh.protocol.replica import views
from mesh.protocol.replica.views.names import Who, short_ids
from mesh.protocol.replica.views.sentences import about
from mesh.protocol.replica.views.shapes import SwapView
from mesh.protocol.replica.views.swapped import skew_ns
from mesh.wire.requests import Command
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh
from tests.mesh.protocol.replica.test_mesh import gather, put, submit


def shown(host: Host, asked: str) -> views.ChangeDetail:
    """The ChangeSet that ``asked`` means, as ``host`` shows it."""
    detail = views.change(host.replica, asked, host.mesh.now)
    assert detail is not None
    return detail


def submitted(host: Host, name: str, **parameters: object) -> str:
    """Submit; the id of the ChangeSet."""
    answer = submit(host, name, **parameters)
    assert isinstance(answer, Answer), answer
    return str(answer.result["tx"])


def is_plain(value: object) -> bool:
    """Whether ``value`` survives JSON unchanged."""
    return bool(json.loads(json.dumps(value)) == value)


# --- names ----------------------------------------------------------------------------------------


def test_ids_are_as_short_as_they_may_be() -> None:
    """An id is shown as its first eight digits, or as many as tell it from its neighbours."""
    one, twin, other = bytes.fromhex("ab" * 32), bytes.fromhex("ab" * 31 + "ac"), bytes(32)
    assert short_ids([one, other]) == {one: "abababab", other: "00000000"}
    assert short_ids([one, twin, other])[twin] == twin.hex()


@pytest.mark.parametrize(
    "path", [(), ("web",), ("web", "1", "address"), ("a/b", "~", "~1"), ("", "x")]
)
def test_paths_are_spelled_in_one_way(path: tuple[str, ...]) -> None:
    """Any key with no empty part at its ends is read back from how it is spelled."""
    if path and not all(path):
        assert views.read_path(views.spell_path(path)) != path
    else:
        assert views.read_path(views.spell_path(path)) == path


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0 ns"),
        (640_000, "640 µs"),
        (1_500_000, "1.5 ms"),
        (2_100_000_000, "2.1 s"),
        (99_000_000_000, "99 s"),
        (180_000_000_000, "3 min"),
        (7_199_000_000_000, "120 min"),
        (7_200_000_000_000, "2 h"),
        (172_800_000_000_000, "2 days"),
    ],
)
def test_times_are_said_as_people_say_them(nanoseconds: int, text: str) -> None:
    """Two digits and a unit are enough."""
    assert about(nanoseconds) == text


# --- standing -------------------------------------------------------------------------------------


def test_a_newcomer_says_what_to_type() -> None:
    """Outside an environment the status holds the line that lets it in, and nothing of a roster."""
    mesh = MiniMesh(2)
    first, second = mesh.hosts
    first.start()
    mesh.run(4 * SECOND)
    second.start()
    second.handle(Sighted(first.address, "seed"))
    mesh.run(5 * SECOND)
    status = views.status(second.replica, mesh.now)
    assert status["phase"] == "pending"
    assert f"trellis members accept {status['controller']['fingerprint']}" in status["text"]
    assert status["environment"] is None
    assert not status["votes"]
    waiting = views.members(first.replica, mesh.now)["pending"]
    assert [line["fingerprint"] for line in waiting] == [status["controller"]["fingerprint"]]
    assert waiting[0]["waiting_ms"] > 0


def test_status_and_members_of_a_whole_mesh() -> None:
    """Every controller shows all three as active and alive, under the names in the roster."""
    mesh = gather(3)
    for host in mesh.hosts:
        status = views.status(host.replica, mesh.now)
        environment = status["environment"]
        assert environment is not None
        assert environment["policy"] == Policy.ALL_ACTIVE
        assert environment["state_hash"] == environment["shown_hash"]
        assert status["members"] == {
            "active": 3,
            "learner": 0,
            "alive": 3,
            "suspect": 0,
            "failed": 0,
            "left": 0,
        }
        assert status["votes"], status["why_no_votes"]
        members = views.members(host.replica, mesh.now)["members"]
        assert [row["controller"]["name"] for row in members] == ["host1", "host2", "host3"]
        assert [row["own"] for row in members] == [each is host for each in mesh.hosts]
        assert is_plain(status)
        assert is_plain(members)


def test_a_member_that_is_gone_is_explained() -> None:
    """Of a failed member is told since when, why, and who says so; the doctor says so too."""
    mesh = gather(3)
    mesh.split({1, 2}, {3})
    mesh.run(20 * SECOND)
    row = views.members(mesh.hosts[0].replica, mesh.now)["members"][2]
    assert row["standing"] == "failed"
    assert row["since_ms"] is not None
    assert row["since_ms"] > 0
    diagnosis = views.doctor(mesh.hosts[0].replica, mesh.now)
    assert diagnosis["well"], "a partition is a normal state"
    assert any("host3 is failed" in finding["text"] for finding in diagnosis["findings"])


def test_a_well_mesh_gets_no_warnings() -> None:
    """The doctor says what it looked at, and finds nothing."""
    mesh = gather(2)
    mesh.run(10 * SECOND)
    diagnosis = views.doctor(mesh.hosts[0].replica, mesh.now)
    assert diagnosis["well"]
    assert {finding["level"] for finding in diagnosis["findings"]} == {"ok"}


# --- running information --------------------------------------------------------------------------


def test_entries_show_value_time_and_token() -> None:
    """A listing is sorted by path and cut at its limit, and says how many there are."""
    mesh = gather(1)
    host = mesh.hosts[0]
    for name in ("b", "a", "c"):
        put(host, name, name.upper())
    listing = views.information(host.replica, ("info",), 2)
    assert [entry["path"] for entry in listing["entries"]] == ["/info/a", "/info/b"]
    assert listing["count"] == 3
    entry = views.entry(host.replica, ("info", "a"))
    assert entry is not None
    assert entry["value"] == "A"
    assert entry["conflicts"] == []
    assert bytes.fromhex(entry["token"])
    assert views.entry(host.replica, ("info", "z")) is None


def test_values_written_at_once_are_both_shown() -> None:
    """Two sides that wrote one entry unseen by each other: one value wins, the other is told."""
    mesh = gather(2)
    mesh.split({1}, {2})
    put(mesh.hosts[0], "x", "left")
    put(mesh.hosts[1], "x", "right")
    mesh.split()
    mesh.run(30 * SECOND)
    entries = [views.entry(host.replica, ("info", "x")) for host in mesh.hosts]
    assert entries[0] == entries[1]
    assert entries[0] is not None
    assert {entries[0]["value"], *entries[0]["conflicts"]} == {"left", "right"}


def test_what_is_no_json_is_spelled() -> None:
    """Bytes are shown as hex, tuples as lists, whatever the depth."""
    assert views.plain({"a": (b"\x01", 2), "b": None}) == {"a": [{"hex": "01"}, 2], "b": None}


# --- ChangeSets -----------------------------------------------------------------------------------


def test_an_applied_change_says_on_how_many_and_with_which_skew() -> None:
    """Applied on k of n, everybody's swap, and the spread between them."""
    mesh = gather(3)
    tx = submitted(mesh.hosts[0], "x", value=1)
    mesh.run(2 * SECOND)
    for host in mesh.hosts:
        detail = shown(host, tx)
        assert detail["word"] == "applied"
        assert detail["applied"]["count"] == detail["applied"]["of"] == 3
        assert {swap["controller"]["name"] for swap in detail["applied"]["swaps"]} == {
            "host1",
            "host2",
            "host3",
        }
        times = [swap["at_ns"] for swap in detail["applied"]["swaps"]]
        assert detail["applied"]["skew_ns"] == max(times) - min(times)
        assert "applied on 3 of 3" in detail["text"]
        assert detail["final"]
        assert detail["commands"] == [
            {"group": "item", "verb": "set", "parameters": {"name": "x", "value": 1}}
        ]
        assert detail["written"] == [{"key": "/item/x", "before": None, "after": 1}]
        assert detail["proposed_at_ns"] is not None
        assert is_plain(detail)


def test_a_waiting_change_says_for_whom() -> None:
    """While one is out of reach: who has sealed, who is waited for, and that it is not final."""
    mesh = gather(3)
    mesh.split({1, 2}, {3})
    tx = submitted(mesh.hosts[0], "x", value=1)
    mesh.run(SECOND // 10)
    detail = shown(mesh.hosts[0], tx)
    assert detail["word"] == "pending"
    assert not detail["final"]
    assert [who["name"] for who in detail["sealed"]] == ["host1", "host2"]
    assert [each["controller"]["name"] for each in detail["waiting_for"]] == ["host3"]
    assert "waits for host3" in detail["text"]
    assert [line["tx"] for line in views.pending(mesh.hosts[0].replica, mesh.now)] == [tx]
    mesh.run(20 * SECOND)
    assert "applied on 2 of 3" in shown(mesh.hosts[0], tx)["text"]
    assert views.pending(mesh.hosts[0].replica, mesh.now) == []


def test_it_is_too_late_to_refuse_what_is_sealed() -> None:
    """A seal binds: the operator's no after it is refused, and says that it is too late."""
    mesh = gather(3)
    mesh.split({1, 2}, {3})
    tx = bytes.fromhex(submitted(mesh.hosts[0], "x", value=1))
    answer = mesh.hosts[0].call(lambda call: RefuseChange(call, tx))
    assert isinstance(answer, Refusal)
    assert answer.code == 4
    assert "too late: this controller has sealed" in answer.errors[0]


def test_set_aside_after_a_merge() -> None:
    """Of two that contradict, one is set aside, with what stands instead; restaging stages it."""
    mesh = gather(3)
    submitted(mesh.hosts[0], "x", value=0)
    mesh.run(2 * SECOND)
    mesh.split({1, 2}, {3})
    mesh.run(20 * SECOND)
    left = submitted(mesh.hosts[0], "x", value=1)
    right = submitted(mesh.hosts[2], "x", value=2)
    mesh.run(5 * SECOND)
    mesh.split()
    mesh.run(60 * SECOND)
    lost = ""
    for host in mesh.hosts:
        details = [shown(host, tx) for tx in (left, right)]
        assert sorted(detail["word"] for detail in details) == ["applied", "set aside"]
        conflicts = views.conflicts(host.replica, mesh.now)
        assert [detail["word"] for detail in conflicts] == ["set aside"]
        aside = conflicts[0]["set_aside"]
        assert aside is not None
        assert aside["by"] is not None
        assert conflicts[0]["conflict"]
        lost = conflicts[0]["tx"]
    answer = mesh.hosts[1].call(lambda call: RestageChange(call, bytes.fromhex(lost)))
    assert isinstance(answer, Answer), answer
    mesh.run(2 * SECOND)
    assert shown(mesh.hosts[2], str(answer.result["tx"]))["word"] == "applied"


def test_a_change_in_the_queue_is_told_to_its_end() -> None:
    """Behind an open change of the policy another one is queued; given up, it says why."""
    mesh = gather(3)
    host = mesh.hosts[0]
    mesh.split({1, 2}, {3})
    policy = Command("environment", "set", {"barrier": "majority"})
    host.call(lambda call: SubmitCommands(call, "majority", (policy,), "", 60 * SECOND))
    command = Command("item", "set", {"name": "x", "value": 1})
    host.call(lambda call: SubmitCommands(call, "behind", (command,), "why", 5 * SECOND))
    queued = shown(host, "behind")
    assert queued["word"] == "queued"
    assert not queued["final"]
    assert queued["reason"] == "why"
    assert "behind" in {line["name"] for line in views.pending(host.replica, mesh.now)}
    mesh.run(20 * SECOND)
    given_up = shown(host, "behind")
    assert given_up["word"] == "cancelled"
    assert given_up["final"]
    assert not given_up["conflict"]
    assert "never proposed" in given_up["text"]


def test_changes_are_found_by_id_and_by_name() -> None:
    """An id, its beginning, or a name that only one has; of several the ids are told."""
    mesh = gather(1)
    host = mesh.hosts[0]
    tx = submitted(host, "x", value=1)
    mesh.run(SECOND)
    assert shown(host, tx)["tx"] == tx
    assert shown(host, tx[:8])["tx"] == tx
    assert shown(host, "set x")["tx"] == tx
    assert views.change(host.replica, "nothing such", mesh.now) is None
    submitted(host, "x", value=2)
    mesh.run(SECOND)
    with pytest.raises(views.Ambiguous, match=tx[:8]):
        views.change(host.replica, "set x", mesh.now)


def test_the_log_begins_with_what_is_latest() -> None:
    """The last ones first, and no more than were asked for."""
    mesh = gather(1)
    host = mesh.hosts[0]
    for value in range(3):
        submitted(host, f"x{value}", value=value)
        mesh.run(SECOND)
    names = [line["name"] for line in views.changes(host.replica, mesh.now, 2)]
    assert names == ["set x2", "set x1"]


def test_outside_an_environment_there_is_nothing_to_show() -> None:
    """No view fails before there is an environment."""
    mesh = MiniMesh(1, joins_only=True)
    host = mesh.hosts[0]
    host.start()
    replica, now = host.replica, mesh.now
    assert views.changes(replica, now, 10) == []
    assert views.pending(replica, now) == []
    assert views.conflicts(replica, now) == []
    assert views.change(replica, "abcd", now) is None
    assert views.environment(replica) is None
    assert views.information(replica, (), 10)["entries"] == []
    assert views.members(replica, now) == {"members": [], "pending": []}
    assert not views.status(replica, now)["votes"]
    assert views.doctor(replica, now)["findings"]


def test_the_configuration_is_shown_by_kind_and_name() -> None:
    """What readers see, under the hash that the status names."""
    mesh = gather(1)
    host = mesh.hosts[0]
    submitted(host, "x", value=7)
    mesh.run(SECOND)
    shown_all = views.environment(host.replica)
    assert shown_all is not None
    assert shown_all["objects"]["item"] == {"x": 7}
    assert "controller" in shown_all["objects"]
    only = views.environment(host.replica, "item")
    assert only is not None
    assert list(only["objects"]) == ["item"]
    status = views.status(host.replica, mesh.now)
    assert status["environment"] is not None
    assert only["hash"] == status["environment"]["shown_hash"]


def test_views_change_nothing() -> None:
    """Looking at everything leaves the replica with nothing to do."""
    mesh = gather(2)
    host = mesh.hosts[0]
    tx = submitted(host, "x", value=1)
    mesh.run(2 * SECOND)
    before = views.status(host.replica, mesh.now)
    views.change(host.replica, tx, mesh.now)
    views.doctor(host.replica, mesh.now)
    views.environment(host.replica)
    assert views.status(host.replica, mesh.now) == before
    assert isinstance(host.call(lambda call: WriteInformation(call, (Write(("a",), 1),))), Answer)


def test_a_removed_controller_learns_why_nobody_answers() -> None:
    """Who was removed while it was away is told so by the others, and its doctor says it."""
    mesh = gather(3)
    first, _, third = mesh.hosts
    command = Command("controller", "remove", {"controller": third.identity.public.hex()})
    first.call(lambda call: SubmitCommands(call, "remove", (command,), "", 60 * SECOND))
    mesh.run(60 * SECOND)
    findings = views.doctor(third.replica, mesh.now)["findings"]
    told = [finding["text"] for finding in findings if finding["level"] == "error"]
    assert any("removed by operator" in text for text in told), findings


def test_a_long_history_costs_what_is_shown_of_it() -> None:
    """The latest few are worked out, however many there are: whoever asks holds up nobody."""
    mesh = MiniMesh(1)
    (host,) = mesh.hosts
    host.start()
    mesh.run(4 * SECOND)
    ids = [submitted(host, f"n{number}", value=number) for number in range(12)]
    mesh.run(SECOND)
    inside = host.replica.participant
    assert inside is not None
    asked: list[bytes] = []
    entry = inside.history.entry

    def counted(tx: bytes) -> object:
        asked.append(tx)
        return entry(tx)

    inside.history.entry = counted  # type: ignore[method-assign,assignment]  # watched
    lines = views.changes(host.replica, mesh.now, 3)
    assert [line["tx"] for line in lines] == ids[:-4:-1]
    assert {tx.hex() for tx in asked} == set(ids[-3:])


def test_who_had_no_instant_to_keep_is_no_part_of_the_skew() -> None:
    """Late ones, those who joined, and those who showed it at once, for whatever reason."""

    def swap(at_ns: int, *, took_part: bool = True, late: bool = False, why: str = "") -> SwapView:
        who = Who(id="", name="", fingerprint="")
        return SwapView(controller=who, at_ns=at_ns, took_part=took_part, late=late, why=why)

    on_time = [swap(1_000), swap(1_300)]
    others = [swap(9_000, took_part=False), swap(9_000, late=True), swap(9_000, why="clocks")]
    assert skew_ns([*on_time, *others]) == 300
    assert skew_ns([swap(1_000), *others]) is None


def test_the_moment_is_known_before_it_comes() -> None:
    """Once the seals say when, that is told, first ahead and then as it was; never before."""
    mesh = gather(2)
    first = mesh.hosts[0]
    mesh.split({1}, {2})
    change = submitted(first, "x", value=1)
    assert shown(first, change)["shown_at_ns"] is None
    assert "in doubt" in shown(first, change)["text"] or "waits for" in shown(first, change)["text"]
    mesh.split({1, 2})
    assert mesh.run_until(lambda: shown(first, change)["shown_at_ns"] is not None, 30 * SECOND)
    ahead = shown(first, change)
    assert ahead["shown_at_ns"] is not None
    left_ns = ahead["shown_at_ns"] - mesh.now.wall_ns
    assert left_ns > 0
    assert f"in {about(left_ns)}" in ahead["text"]
    mesh.run(10 * SECOND)
    after = shown(first, change)
    own = [swap for swap in after["applied"]["swaps"] if swap["controller"]["name"] == "host1"]
    assert after["shown_at_ns"] == own[0]["at_ns"]
    assert own[0]["at_ns"] == pytest.approx(ahead["shown_at_ns"], abs=5_000_000)
    assert " in " not in after["text"]


def test_a_secret_that_is_waited_for_is_shown() -> None:
    """The doctor of a reader says it until a copy for its present exchange key is there."""
    mesh = gather(2)
    first, second = mesh.hosts
    own = first.identity.public.hex()
    change = {"name": "db", "version": "0" * 32, "commitment": "0" * 64, "readers": [own]}
    command = Command("secret", "set", change)  # type: ignore[arg-type]  # plain values
    first.call(lambda call: SubmitCommands(call, "set", (command,), "", 60 * SECOND))
    mesh.run(5 * SECOND)
    path = ("secrets", "db", "0" * 32, own)
    state = first.replica.participant.history.state  # type: ignore[union-attr]  # it is inside
    present = state.read(("controller", own, "exchange_key"))
    for to, waits in ((None, True), ("f" * 64, True), (present, False)):
        write = Write(path, {"to": to, "sealed": ""})
        first.call(lambda call, write=write: WriteInformation(call, (write,)))  # type: ignore[misc]
        assert _waits(first) is waits
    assert not _waits(second)


def _waits(host: Host) -> bool:
    findings = views.doctor(host.replica, host.mesh.now)["findings"]
    return any(each["about"] == "secrets" for each in findings)


def test_a_secret_that_nobody_may_read_any_more_is_told() -> None:
    """Its only reader was removed: whoever is left sets it anew."""
    mesh = gather(2)
    first, second = mesh.hosts
    gone = second.identity.public.hex()
    change = {"name": "db", "version": "0" * 32, "commitment": "0" * 64, "readers": [gone]}
    for command in (
        Command("secret", "set", change),  # type: ignore[arg-type]  # plain values
        Command("controller", "remove", {"controller": gone}),
    ):
        assert not _waits(first)
        first.call(lambda call, c=command: SubmitCommands(call, "x", (c,), "", SECOND))  # type: ignore[misc]
        mesh.run(5 * SECOND)
    findings = views.doctor(first.replica, mesh.now)["findings"]
    (told,) = [each for each in findings if each["about"] == "secrets"]
    assert told["level"] == "warning"
    assert "nobody that is left may read the secret 'db'" in told["text"]
    assert "trellis secret set db" in told["do"]
