"""What people submit: what is refused, and why; policies, merges, refusals, and force."""

import pytest

from mesh.protocol.admission import Phase
from mesh.protocol.catalogue import ChangeSet, Ids
from mesh.protocol.effects import Answer, ConfigurationSwapped, Notification, Refusal
from mesh.protocol.history import History
from mesh.protocol.inputs import (
    FoundEnvironment,
    MergeChanges,
    RefuseChange,
    RemoveInformation,
    RestageChange,
    SubmitCommands,
    SubmitRequest,
    Woke,
    Write,
    WriteInformation,
)
from mesh.protocol.now import SECOND
from mesh.protocol.objection import Objection
from mesh.protocol.replica.declined import CONFLICT, FAILED, REFUSED
from mesh.protocol.replica.entries import SAY_EVERY_NS
from mesh.protocol.swaps import SWAPS_PUBLISHED_MAX
from mesh.wire.facts import NoReason
from mesh.wire.identity import digest
from mesh.wire.limits import COMMANDS_MAX, NAME_CHARACTERS_MAX
from mesh.wire.requests import (
    Command,
    Request,
    SignedRequest,
    Value,
    is_of_this_version,
    sign_request,
)
from tests.mesh.protocol.keys import KeySuite
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh
from tests.mesh.protocol.replica.solo import OPERATOR, Solo
from tests.mesh.protocol.replica.test_members import inside, noticed, submit_command
from tests.mesh.protocol.replica.test_mesh import gather, item, submit

COLOUR = Command("item", "set", {"name": "colour", "value": "blue"})


def outcome(solo: Solo, call: int) -> Answer | Refusal | None:
    """What became of a call."""
    for told in solo.notifications:
        if isinstance(told, Answer | Refusal) and told.call == call:
            return told
    return None


def settled() -> Solo:
    """A controller alone whose disk has caught up."""
    solo = Solo()
    solo.sync()
    return solo


def shown(notifications: list[Notification]) -> list[bytes]:
    """The ChangeSets that readers were shown, in that order."""
    swaps = [told for told in notifications if isinstance(told, ConfigurationSwapped)]
    return [tx for swap in swaps for tx in swap.tx]


# --- requests that are not taken ----------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        SubmitCommands(1, "x" * (NAME_CHARACTERS_MAX + 1), (COLOUR,), "", SECOND),
        SubmitCommands(1, "colour", (COLOUR,), "r" * 1_025, SECOND),
        SubmitCommands(1, "colour", (COLOUR,), "", -1),
        SubmitCommands(1, "col\udcffour", (COLOUR,), "", SECOND),
        SubmitCommands(1, "colour", (COLOUR,) * (COMMANDS_MAX + 1), "", SECOND),
    ],
    ids=["name", "reason", "patience", "text", "commands"],
)
def test_what_nobody_would_read_is_refused(call: SubmitCommands) -> None:
    """A limit that people meet is a refusal to them, not a fault of the controller."""
    solo = settled()
    _ = solo.do(call)
    told = outcome(solo, 1)
    assert isinstance(told, Refusal)
    assert told.code == FAILED
    assert solo.replica.participant is not None
    assert solo.replica.participant.barrier.queued == ()


def request(solo: Solo, **changes: object) -> Request:
    """A request of the operator's that would be taken."""
    assert solo.replica.participant is not None
    nonce = bytes(16)
    resolution = solo.replica.participant.history.resolve((COLOUR,), nonce)
    fields = {
        "version": 0,
        "environment": solo.replica.desk.environment,
        "signer": OPERATOR.public,
        "name": "colour",
        "written": (COLOUR,),
        "resolved": resolution.resolved,  # type: ignore[union-attr]  # it resolves
        "base": resolution.base,  # type: ignore[union-attr]  # it resolves
        "overridden": (),
        "patience_ns": SECOND,
        "reason": "",
        "nonce": nonce,
        "origin": None,
        "override": False,
    }
    return Request(**{**fields, **changes})  # type: ignore[arg-type]  # fields of a request


def test_a_request_that_was_signed_elsewhere_is_proposed() -> None:
    """The signature counts, not the place."""
    solo = settled()
    _ = solo.do(SubmitRequest(1, sign_request(request(solo), OPERATOR.sign)))
    solo.sync()
    assert isinstance(outcome(solo, 1), Answer)


def test_a_request_is_examined_once_by_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its author looks at it before it is brought to the barrier, at the vote and in the fold."""
    mesh = gather(2)
    verified: list[bytes] = []
    verify = KeySuite.verify

    def note(self: KeySuite, public: bytes, message: bytes, signature: bytes) -> bool:
        verified.append(message)
        return verify(self, public, message, signature)

    monkeypatch.setattr(KeySuite, "verify", note)
    answer = submit(mesh.hosts[0], "colour", value="blue")
    assert isinstance(answer, Answer)
    mesh.run(SECOND)
    assert [item(host, "colour") for host in mesh.hosts] == ["blue", "blue"]
    requests = [message for message in verified if is_of_this_version(message)]
    assert [digest(raw).hex() for raw in requests] == [answer.result["tx"]] * 2


def test_a_change_is_judged_once_by_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Submitted, proposed and voted on where it stands alone, it is one and the same question."""
    mesh = gather(2)
    asked: list[History] = []
    objection = History.objection

    def note(self: History, change_set: ChangeSet, over: Ids) -> Objection | None:
        asked.append(self)
        return objection(self, change_set, over)

    monkeypatch.setattr(History, "objection", note)
    assert isinstance(submit(mesh.hosts[0], "colour", value="blue"), Answer)
    mesh.run(SECOND)
    assert [item(host, "colour") for host in mesh.hosts] == ["blue", "blue"]
    assert asked == [inside(host).history for host in mesh.hosts]


@pytest.mark.parametrize("fault", ["environment", "signature", "bytes"])
def test_a_request_that_is_not_for_us_or_not_signed_is_refused(fault: str) -> None:
    """At once, without a fact."""
    solo = settled()
    good = request(solo)
    signed = {
        "environment": sign_request(request(solo, environment=b"e" * 32), OPERATOR.sign),
        "signature": SignedRequest(sign_request(good, OPERATOR.sign).raw, bytes(64)),
        "bytes": SignedRequest(b"\0", bytes(64)),
    }[fault]
    _ = solo.do(SubmitRequest(1, signed))
    told = outcome(solo, 1)
    assert isinstance(told, Refusal)
    assert told.code == (FAILED if fault == "bytes" else REFUSED)
    assert not solo.writes()


def test_merge_commands_are_no_way_to_end_a_controller() -> None:
    """A merge that merges nothing is refused, or changes nothing: whoever submits it."""
    solo = settled()
    keep = Command("merge", "keep", {"tx": "00" * 32})
    _ = solo.do(SubmitCommands(1, "merge", (keep,), "", SECOND))
    merge = request(solo, written=(keep,), resolved=(keep,), base=())
    _ = solo.do(SubmitRequest(2, sign_request(merge, OPERATOR.sign)))
    assert isinstance(outcome(solo, 1), Refusal)
    assert isinstance(outcome(solo, 2), Refusal)


def test_a_refused_call_settles_nothing() -> None:
    """A fresh environment in which nothing was done is still given up for another one."""
    solo = Solo(found=False)
    solo.time_ns = 4 * SECOND
    _ = solo.do(Woke())
    solo.sync()
    admission = solo.replica.admission
    assert admission.phase is Phase.FOUNDED
    _ = solo.do(WriteInformation(1, (Write((), "no key"),)))
    assert isinstance(outcome(solo, 1), Refusal)
    assert admission.phase is Phase.FOUNDED
    _ = solo.do(WriteInformation(2, (Write(("a",), 1),)))
    assert admission.phase is not Phase.FOUNDED


def test_nothing_is_founded_without_an_operators_key() -> None:
    """And whoever asked for it is told, rather than given an environment of zeros."""
    solo = Solo(found=False, operator=None)
    _ = solo.do(FoundEnvironment(1))
    told = outcome(solo, 1)
    assert isinstance(told, Refusal)
    assert "operator's key" in told.errors[0]


def test_to_remove_nothing_is_no_mistake() -> None:
    """The answer says how many entries there were."""
    solo = settled()
    _ = solo.do(RemoveInformation(1, ("nothing",)))
    told = outcome(solo, 1)
    assert isinstance(told, Answer)
    assert told.result == {"written": 0}


# --- policies -----------------------------------------------------------------------------------


def test_a_minority_is_told_at_once_that_it_cannot_change() -> None:
    """Under majority, where fewer than half can be reached: no fact, no waiting."""
    mesh = gather(3)
    first, second, third = mesh.hosts
    majority = Command("environment", "set", {"barrier": "majority"})
    assert isinstance(submit_command(first, majority), Answer)
    mesh.run(2 * SECOND)
    mesh.split({1, 2}, {3})
    mesh.run(15 * SECOND)
    before_ns = mesh.time_ns
    told = submit(third, "colour", value="blue")
    assert isinstance(told, Refusal)
    assert told.errors == (
        "no quorum: 1 of 2 controllers that are needed can be reached; nothing was proposed",
    )
    assert mesh.time_ns == before_ns
    assert isinstance(submit(first, "colour", value="red"), Answer)
    assert mesh.run_until(lambda: item(second, "colour") == "red", 5 * SECOND)


def test_under_hold_a_merge_waits_for_a_person() -> None:
    """Nobody merges by itself; `keep` says which side stands; then all agree."""
    mesh = gather(4)
    left, right = mesh.hosts[0], mesh.hosts[2]
    hold = Command("environment", "set", {"merge": "hold"})
    assert isinstance(submit_command(left, hold), Answer)
    mesh.run(SECOND)
    mesh.split({1, 2}, {3, 4})
    mesh.run(15 * SECOND)
    assert isinstance(submit(left, "both", value="l"), Answer)
    kept = submit(right, "both", value="r")
    assert isinstance(kept, Answer)
    mesh.run(2 * SECOND)
    mesh.split()
    mesh.run(60 * SECOND)
    assert [item(host, "both") for host in mesh.hosts] == ["l", "l", "r", "r"]
    for host in mesh.hosts:
        assert len(noticed(host, "merge waits")) == 1
    undecided = left.call(lambda call: MergeChanges(call, ()))
    assert isinstance(undecided, Refusal)
    assert undecided.code == CONFLICT
    tx = bytes.fromhex(str(kept.result["tx"]))
    assert isinstance(left.call(lambda call: MergeChanges(call, (tx,))), Answer)
    mesh.run(5 * SECOND)
    assert {item(host, "both") for host in mesh.hosts} == {"r"}
    nothing = left.call(lambda call: MergeChanges(call, (tx,)))
    assert isinstance(nothing, Refusal)
    assert nothing.code == FAILED


def parted_under_hold(names: tuple[str, ...]) -> tuple[MiniMesh, dict[str, bytes]]:
    """Two controllers that met again; each of ``names`` was set on both sides, to l and to r.

    With the tx of each, by side and name: ``l colour``.
    """
    mesh = gather(2)
    hold = Command("environment", "set", {"merge": "hold"})
    assert isinstance(submit_command(mesh.hosts[0], hold), Answer)
    mesh.run(SECOND)
    mesh.split({1}, {2})
    mesh.run(15 * SECOND)
    told: dict[str, bytes] = {}
    for side, host in zip("lr", mesh.hosts, strict=True):
        for name in names:
            answer = submit(host, name, value=side)
            assert isinstance(answer, Answer)
            told[f"{side} {name}"] = bytes.fromhex(str(answer.result["tx"]))
    mesh.run(SECOND)
    mesh.split()
    mesh.run(60 * SECOND)
    assert [item(host, names[0]) for host in mesh.hosts] == ["l", "r"]
    return mesh, told


def keep(host: Host, *wanted: bytes) -> Answer | Refusal:
    """An operator's word: these stand."""
    return host.call(lambda call: MergeChanges(call, wanted))


def test_under_hold_every_dispute_is_decided_or_nothing_is() -> None:
    """Half an answer is refused with what is left to be said, as is one that contradicts itself."""
    mesh, tx = parted_under_hold(("colour", "shape"))
    left, right = mesh.hosts
    half = keep(left, tx["r colour"])
    assert isinstance(half, Refusal)
    assert half.code == CONFLICT
    assert tx["l shape"].hex() in half.errors[0]
    assert tx["l colour"].hex() not in half.errors[0]
    both = keep(right, tx["r colour"], tx["l colour"], tx["l shape"])
    assert isinstance(both, Refusal)
    unknown = keep(right, tx["r colour"], tx["l shape"], bytes(32))
    assert isinstance(unknown, Refusal)
    assert "no part of what is merged" in unknown.errors[0]
    mesh.run(5 * SECOND)
    assert not any(inside(host).barrier.standpoint.knowledge.merges for host in mesh.hosts)
    assert isinstance(keep(right, tx["r colour"], tx["l shape"]), Answer)
    mesh.run(5 * SECOND)
    for host in mesh.hosts:
        assert (item(host, "colour"), item(host, "shape")) == ("r", "l")
        aside = {entry.tx for entry in inside(host).history.conflicts()}
        assert aside == {tx["l colour"], tx["r shape"]}
    again = left.call(lambda call: RestageChange(call, tx["l colour"]))
    assert isinstance(again, Answer)
    mesh.run(2 * SECOND)
    assert [item(host, "colour") for host in mesh.hosts] == ["l", "l"]


def test_under_hold_two_people_may_decide_at_once_and_all_agree() -> None:
    """Each side's person keeps the own ChangeSet: both merges apply, and the first one counts."""
    mesh, tx = parted_under_hold(("colour",))
    left, right = mesh.hosts
    left.handle(MergeChanges(next(mesh.calls), (tx["l colour"],)))
    right.handle(MergeChanges(next(mesh.calls), (tx["r colour"],)))
    mesh.run(5 * SECOND)
    merges = inside(left).barrier.standpoint.knowledge.merges
    assert merges.bit_count() == 2
    assert not merges & ~inside(left).history.ids
    assert item(left, "colour") == item(right, "colour")
    assert item(left, "colour") in {"l", "r"}
    assert inside(left).history.state_hash == inside(right).history.state_hash
    assert len(inside(left).history.conflicts()) == 1


def test_under_hold_nobody_merges_by_itself() -> None:
    """Not even where nothing conflicts; a person merges with one word."""
    mesh = gather(2)
    left, right = mesh.hosts
    hold = Command("environment", "set", {"merge": "hold"})
    assert isinstance(submit_command(left, hold), Answer)
    mesh.run(SECOND)
    mesh.split({1}, {2})
    mesh.run(15 * SECOND)
    assert isinstance(submit(left, "left", value="l"), Answer)
    assert isinstance(submit(right, "right", value="r"), Answer)
    mesh.run(2 * SECOND)
    mesh.split()
    mesh.run(60 * SECOND)
    assert [item(host, "left") for host in mesh.hosts] == ["l", None]
    assert isinstance(left.call(lambda call: MergeChanges(call, ())), Answer)
    mesh.run(5 * SECOND)
    assert [item(host, "left") for host in mesh.hosts] == ["l", "l"]


def test_two_sides_that_removed_each_other_are_a_matter_for_a_person() -> None:
    """No rule decides that; people are told once that the merge waits, and for what."""
    mesh = gather(4)
    left, right = mesh.hosts[0], mesh.hosts[2]
    mesh.split({1, 2}, {3, 4})
    mesh.run(15 * SECOND)
    for host, other in ((left, mesh.hosts[3]), (right, mesh.hosts[1])):
        gone: dict[str, Value] = {"controller": other.identity.public.hex()}
        assert isinstance(submit_command(host, Command("controller", "remove", gone)), Answer)
    mesh.run(2 * SECOND)
    mesh.split()
    mesh.run(120 * SECOND)
    told = [noticed(host, "merge waits") for host in (left, right)]
    assert [len(lines) for lines in told] in ([1, 1], [1, 0], [0, 1])


def test_force_writes_over_what_was_written_meanwhile() -> None:
    """A forced ChangeSet has no base that could fail; what it overrode is part of it."""
    mesh = gather(2)
    left, right = mesh.hosts
    mesh.split({1}, {2})
    mesh.run(15 * SECOND)
    assert isinstance(submit(left, "colour", value="red"), Answer)
    mesh.run(SECOND)
    command = Command("item", "set", {"name": "colour", "value": "blue"})
    forced = right.call(lambda call: SubmitCommands(call, "f", (command,), "", SECOND, force=True))
    assert isinstance(forced, Answer)
    mesh.run(SECOND)
    mesh.split()
    mesh.run(60 * SECOND)
    assert {item(host, "colour") for host in mesh.hosts} == {"blue"}
    assert inside(left).history.conflicts() == ()
    entry = inside(left).history.entry(bytes.fromhex(str(forced.result["tx"])))
    assert entry is not None
    request = inside(left).catalogue[entry.number].request
    assert request.base == ()
    assert request.overridden


def test_an_operator_says_no_to_what_waits() -> None:
    """Where this controller has not answered yet: nobody applies it, and all know why."""
    mesh = gather(3)
    first, second, _ = mesh.hosts
    majority = Command("environment", "set", {"barrier": "majority"})
    assert isinstance(submit_command(first, majority), Answer)
    mesh.run(2 * SECOND)
    # The second one sees nobody, so it waits for a majority before it seals.
    inside(second).barrier.set_view((second.replica.own,), mesh.now)
    answer = submit(first, "colour", value="blue")
    assert isinstance(answer, Answer)
    tx = bytes.fromhex(str(answer.result["tx"]))
    assert mesh.run_until(lambda: bool(inside(second).barrier.attempts(tx)), SECOND)
    assert isinstance(second.call(lambda call: RefuseChange(call, tx)), Answer)
    mesh.run(5 * SECOND)
    assert {item(host, "colour") for host in mesh.hosts} == {None}
    (number,) = inside(first).barrier.attempts(tx)
    reasons = {no.why for _, no in inside(first).barrier.status(number).refused}
    assert NoReason.OPERATOR in reasons
    late = second.call(lambda call: RefuseChange(call, tx))
    assert isinstance(late, Refusal)
    assert late.code == REFUSED


# --- showing ------------------------------------------------------------------------------------


def test_change_sets_are_shown_in_their_order() -> None:
    """However many are released at once, readers see them one after the other, and all alike."""
    mesh = gather(3)
    for number in range(6):
        host = mesh.hosts[number % 3]
        command = Command("item", "set", {"name": f"n{number}", "value": number})
        host.handle(SubmitCommands(900 + number, "n", (command,), "", 60 * SECOND))
    mesh.run(5 * SECOND)
    orders = [shown(host.notifications)[-6:] for host in mesh.hosts]
    log = [entry.tx for entry in inside(mesh.hosts[0]).history.log()][-6:]
    assert orders == [log] * 3


def test_the_last_swaps_are_told_and_older_ones_taken_back() -> None:
    """Each controller says when it showed what, of the last 256."""
    host = _alone()
    for number in range(SWAPS_PUBLISHED_MAX + 3):
        told = submit(host, f"n{number}", value=number)
        assert isinstance(told, Answer)
        host.mesh.run(SECOND // 100)
    host.mesh.run(SAY_EVERY_NS)
    told_of = [key[2] for key, _ in inside(host).information.owned.items(("swap",))]
    log = [entry.tx.hex() for entry in inside(host).history.log()]
    assert sorted(told_of) == sorted(log[-SWAPS_PUBLISHED_MAX:])


def test_swaps_that_follow_one_another_are_told_together() -> None:
    """The first one at once, the others in a moment; whoever is asked itself knows at once."""
    host, other = gather(2).hosts
    host.mesh.run(SECOND)
    before = len(_told_by(host, other))
    for number in range(6):
        told = submit(host, f"n{number}", value=number)
        assert isinstance(told, Answer)
        host.mesh.run(SECOND // 50)
    unsaid = inside(host).entries.unsaid
    assert before < len(_told_by(host, other)) < before + 6
    assert len(_told_by(host, other)) + len(unsaid) == before + 6
    assert _told_by(host, host) == _told_by(host, other), "nobody finds a difference meanwhile"
    host.mesh.run(SAY_EVERY_NS + SECOND // 100)
    assert not unsaid
    assert len(_told_by(host, other)) == before + 6


def _told_by(host: Host, to: Host) -> list[str]:
    """The swaps that ``host`` told ``to``."""
    own = inside(host).desk.own.controller.hex()
    return [key[2] for key, _ in inside(to).information.owned.items(("swap", own))]


def _alone() -> Host:
    return gather(1).hosts[0]


def test_an_instant_on_clocks_that_are_far_apart_does_not_count() -> None:
    """Then a ChangeSet is shown at once, and why is told with it."""
    mesh = gather(2)
    first, second = mesh.hosts
    second.clock_offset_ns = 10 * SECOND
    mesh.run(10 * SECOND)
    assert isinstance(submit(first, "colour", value="blue"), Answer)
    mesh.run(2 * SECOND)
    swaps = [told for told in first.notifications if isinstance(told, ConfigurationSwapped)]
    assert "clocks" in swaps[-1].why
    assert item(second, "colour") == "blue"
