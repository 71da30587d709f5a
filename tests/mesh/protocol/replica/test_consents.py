"""ChangeSets that wait for people: the board, approvals from anywhere, the way to the barrier."""

from collections.abc import Callable

import pytest

from mesh.protocol.effects import Answer, Refusal
from mesh.protocol.history import Standing
from mesh.protocol.inputs import (
    ApproveChange,
    PrepareRequest,
    RefuseChange,
    RemoveInformation,
    RestageChange,
    SubmitCommands,
    SubmitRequest,
    WithdrawChange,
    Write,
    WriteInformation,
)
from mesh.protocol.now import SECOND
from mesh.protocol.replica import views
from mesh.protocol.replica.declined import CONFLICT, FAILED, REFUSED
from mesh.protocol.replica.noticeboard import (
    PENDING_MAX,
    PENDING_OF_ONE_MAX,
    PLACE,
    approving,
    posting,
)
from mesh.wire.consent import approval_of
from mesh.wire.limits import APPROVALS_MAX
from mesh.wire.requests import Approval, Command, Request, SignedRequest, Value, sign_request
from tests.mesh.protocol.keys import Key, KeySuite
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh
from tests.mesh.protocol.replica.test_mesh import gather

ANN, BEN, CID = (Key(letter * 32) for letter in (b"a", b"b", b"c"))
PEOPLE = {"ann": ANN, "ben": BEN, "cid": CID}


def command(group: str, verb: str, **parameters: Value) -> Command:
    """``group verb`` with its parameters."""
    return Command(group, verb, parameters)


def change(host: Host, *commands: Command) -> None:
    """A ChangeSet by the key that is kept there, applied everywhere."""
    told = host.call(lambda call: SubmitCommands(call, "c", commands, "", 60 * SECOND))
    assert isinstance(told, Answer), told
    host.mesh.run(2 * SECOND)


def mesh_of_two(approvals: int, **rights: str) -> MiniMesh:
    """Two controllers; these people hold one right each; so many must approve."""
    mesh = gather(2)
    first = mesh.hosts[0]
    for name, right in rights.items():
        change(first, command("operator", "create", name=name, key=PEOPLE[name].public.hex()))
        change(first, command("right", "grant", name=name, right=right))
    if approvals:
        change(first, command("environment", "set", approvals=approvals))
    return mesh


def submit(host: Host, key: Key, *commands: Command) -> Answer | Refusal:
    """Submitted by somebody whose key is elsewhere."""
    asked = SubmitCommands(0, "a change", commands, "", 60 * SECOND)
    told = host.call(lambda call: PrepareRequest(call, asked, key.public))
    if isinstance(told, Refusal):
        return told
    raw = bytes.fromhex(str(told.result["request"]))
    return host.call(lambda call: SubmitRequest(call, SignedRequest(raw, key.sign(raw))))


def tx_of(told: Answer | Refusal) -> bytes:
    """The id that an answer tells."""
    assert isinstance(told, Answer), told
    return bytes.fromhex(str(told.result["tx"]))


def approve(host: Host, key: Key, tx: bytes) -> Answer | Refusal:
    """Approved by somebody whose key is elsewhere."""
    environment = host.replica.desk.environment
    approval = Approval(key.public, key.sign(approval_of(environment, tx)))
    return host.call(lambda call: ApproveChange(call, tx, approval))


def item(host: Host, name: str) -> Value:
    """What stands there in the configuration."""
    assert host.replica.participant is not None
    return host.replica.participant.history.state.get("item", name)


def waiting(host: Host) -> list[bytes]:
    """What waits for people, as this controller sees it."""
    assert host.replica.participant is not None
    return [each.tx for each in host.replica.participant.consents.waiting()]


def pending(host: Host) -> list[views.Change]:
    """The same as people are shown it, with what waited before."""
    return views.pending(host.replica, host.mesh.now)


def refusal(told: Answer | Refusal) -> tuple[int, str]:
    """Its code and words."""
    assert isinstance(told, Refusal), told
    return told.code, told.errors[0]


SET = command("item", "set", name="x", value=1)


def test_what_lacks_approvals_waits_everywhere_and_is_completed_anywhere() -> None:
    """It hangs on every board; the last approval brings it to the barrier, on whichever host."""
    mesh = mesh_of_two(2, ann="apply:/item", ben="approve:/", cid="approve:/")
    first, second = mesh.hosts
    tx = tx_of(submit(first, ANN, SET))
    mesh.run(2 * SECOND)
    assert waiting(first) == waiting(second) == [tx]
    assert "own approval" in refusal(approve(second, ANN, tx))[1]
    _ = tx_of(approve(first, BEN, tx))
    mesh.run(2 * SECOND)
    assert (item(first, "x"), item(second, "x")) == (None, None)
    _ = tx_of(approve(second, CID, tx))
    mesh.run(3 * SECOND)
    assert (item(first, "x"), item(second, "x")) == (1, 1)
    assert waiting(first) == waiting(second) == []
    assert second.replica.participant is not None
    assert list(second.replica.participant.information.items((PLACE,))) == []


def test_two_who_complete_it_at_once_do_it_once() -> None:
    """On two controllers at one moment: one request, which takes effect once."""
    mesh = mesh_of_two(1, ann="apply:/item", ben="approve:/", cid="approve:/")
    first, second = mesh.hosts
    tx = tx_of(submit(first, ANN, SET))
    mesh.run(2 * SECOND)
    for host, key in ((first, BEN), (second, CID)):
        signature = key.sign(approval_of(host.replica.desk.environment, tx))
        host.handle(ApproveChange(next(mesh.calls), tx, Approval(key.public, signature)))
    mesh.run(5 * SECOND)
    assert (item(first, "x"), item(second, "x")) == (1, 1)
    assert first.replica.participant is not None
    standings = [e.outcome.standing for e in first.replica.participant.history.log() if e.tx == tx]
    assert standings.count(Standing.EFFECTIVE) == 1
    assert waiting(first) == waiting(second) == []


def test_a_right_that_the_signer_lacks_is_supplied() -> None:
    """Whoever may edit may leave it for whoever may apply; others are refused at once."""
    mesh = mesh_of_two(0, ann="edit:/item", ben="apply:/item", cid="view:/")
    first, second = mesh.hosts
    assert refusal(submit(first, CID, SET))[0] == REFUSED
    tx = tx_of(submit(first, ANN, SET))
    mesh.run(2 * SECOND)
    code, why = refusal(approve(second, CID, tx))
    assert (code, "may be approved by ben, founder" in why) == (REFUSED, True)
    _ = tx_of(approve(second, BEN, tx))
    mesh.run(3 * SECOND)
    assert (item(first, "x"), item(second, "x")) == (1, 1)


def test_who_may_approve_without_the_right_lends_none() -> None:
    """Approvals and the right are two things: people are told who can give the second."""
    mesh = mesh_of_two(1, ann="edit:/item", ben="approve:/")
    first, second = mesh.hosts
    tx = tx_of(submit(first, ANN, SET))
    mesh.run(2 * SECOND)
    (told,) = pending(second)
    lent = "lacks the right apply:/item/x, which founder can lend by approving"
    assert told["text"] == f"pending, may be approved by ben, founder, 1 more needed, {lent}"
    _ = tx_of(approve(first, BEN, tx))
    mesh.run(2 * SECOND)
    assert (item(second, "x"), waiting(second)) == (None, [tx])
    (told,) = pending(second)
    assert told["text"] == (
        "pending, may be approved by founder, approved by ben, lacks the right apply:/item/x"
    )


def test_what_was_overtaken_is_made_anew_and_approved_anew() -> None:
    """A base that does not hold any more is told; restaged it is another request."""
    mesh = mesh_of_two(1, ann="admin:/", ben="approve:/")
    first, _ = mesh.hosts
    old, new = tx_of(submit(first, ANN, SET)), tx_of(submit(first, ANN, SET))
    _ = tx_of(approve(first, BEN, new))
    mesh.run(3 * SECOND)
    code, why = refusal(approve(first, BEN, old))
    assert (code, "restage" in why) == (CONFLICT, True)
    told = first.call(lambda call: PrepareRequest(call, RestageChange(call, old), ANN.public))
    assert isinstance(told, Answer), told
    raw = bytes.fromhex(str(told.result["request"]))
    tx = tx_of(first.call(lambda call: SubmitRequest(call, SignedRequest(raw, ANN.sign(raw)))))
    assert first.replica.participant is not None
    posted = first.replica.participant.consents.find(tx)
    assert posted is not None
    assert posted.approvals == ()
    assert waiting(first) == [tx]


def test_who_lost_the_right_is_told() -> None:
    """What waits stays in the list with why; it completes no more, and others make it anew."""
    mesh = mesh_of_two(0, ann="edit:/item", ben="apply:/item")
    first, second = mesh.hosts
    tx = tx_of(submit(first, ANN, SET))
    change(first, command("right", "revoke", name="ann", right="edit:/item"))
    for host in mesh.hosts:
        (told,) = pending(host)
        assert (told["tx"], waiting(host)) == (tx.hex(), [])
        assert "its signer has lost the right edit:/item/x" in told["text"]
        assert "restage or withdraw" in told["text"]
    code, why = refusal(approve(second, BEN, tx))
    assert (code, "restage" in why) == (CONFLICT, True)
    change(first, command("right", "grant", name="ann", right="edit:/item"))
    (overtaken,) = pending(first)
    assert "overtaken" in overtaken["text"]
    _ = tx_of(second.call(lambda call: WithdrawChange(call, tx)))
    mesh.run(2 * SECOND)
    assert pending(first) == pending(second) == []


def test_only_controllers_write_on_the_board() -> None:
    """People neither write nor remove there as they do with other running information."""
    mesh = mesh_of_two(1, ann="apply:/item", ben="approve:/")
    first, _ = mesh.hosts
    _ = tx_of(submit(first, ANN, SET))
    write = Write((PLACE, "x"), "nonsense")
    assert refusal(first.call(lambda call: WriteInformation(call, (write,))))[0] == REFUSED
    assert refusal(first.call(lambda call: RemoveInformation(call, (PLACE,))))[0] == REFUSED


def test_nonsense_on_the_board_is_not_heard() -> None:
    """What another controller writes there counts where its hash and signatures are right."""
    mesh = mesh_of_two(1, ann="apply:/item", ben="approve:/")
    first, second = mesh.hosts
    tx = tx_of(submit(first, ANN, SET))
    mesh.run(2 * SECOND)
    inside = second.replica.participant
    assert inside is not None
    place = (PLACE, tx.hex())
    false = Write((*place, "approvals", BEN.public.hex()), bytes(64))
    heads = Write((PLACE, "0" * 64), {"pieces": 1, "signature": bytes(64), "since_ns": 1})
    _ = inside.entries.write((false, heads, Write((PLACE, "y"), 1)), mesh.now)
    mesh.run(2 * SECOND)
    assert waiting(first) == [tx]
    assert first.replica.participant is not None
    posted = first.replica.participant.consents.find(tx)
    assert posted is not None
    assert posted.approvals == ()
    forged = Approval(BEN.public, bytes(64))
    assert refusal(first.call(lambda call: ApproveChange(call, tx, forged)))[0] == REFUSED


def forged(host: Host, key: Key, number: int) -> SignedRequest:
    """A request that nobody asked for, signed by ``key``."""
    made = Request(
        version=0,
        environment=host.replica.desk.environment,
        signer=key.public,
        name="spam",
        written=(SET,),
        resolved=(SET,),
        base=(),
        overridden=(),
        patience_ns=1,
        reason="",
        nonce=number.to_bytes(16, "big"),
        origin=None,
        override=False,
    )
    return sign_request(made, key.sign)


def test_what_is_forged_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request in somebody's name without his signature costs one check, not one each time."""
    mesh = mesh_of_two(1, ann="apply:/item", ben="approve:/")
    inside = mesh.hosts[0].replica.participant
    assert inside is not None
    false = SignedRequest(forged(mesh.hosts[0], ANN, 1).raw, bytes(64))
    _ = inside.entries.write(posting(false, 0), mesh.now)
    checked: list[bytes] = []
    verify = KeySuite.verify

    def counted(self: KeySuite, public: bytes, message: bytes, signature: bytes) -> bool:
        checked.append(signature)
        return verify(self, public, message, signature)

    monkeypatch.setattr(KeySuite, "verify", counted)
    assert inside.consents.waiting() == inside.consents.waiting() == []
    assert checked.count(bytes(64)) == 1


def test_nobody_is_crowded_out() -> None:
    """Not by whoever holds no right here, however much a controller hangs up, nor by one signer."""
    mesh = mesh_of_two(1, ann="apply:/item", ben="approve:/", cid="view:/")
    first, second = mesh.hosts
    inside = second.replica.participant
    assert inside is not None
    for key in (Key(b"s" * 32), CID, BEN):
        for number in range(PENDING_MAX):
            posted = posting(forged(second, key, number), 0)
            _ = inside.entries.write(posted, mesh.now)
    mesh.run(3 * SECOND)
    assert (waiting(first), pending(first)) == ([], [])
    tx = tx_of(submit(first, ANN, SET))
    for number in range(PENDING_MAX):
        _ = inside.entries.write(posting(forged(second, ANN, number), 2**62), mesh.now)
    mesh.run(3 * SECOND)
    assert len(waiting(first)) == PENDING_OF_ONE_MAX
    assert waiting(first)[0] == tx
    _ = tx_of(approve(second, BEN, tx))
    mesh.run(3 * SECOND)
    assert item(first, "x") == 1


def test_made_up_people_approve_nothing() -> None:
    """However many a controller hangs up: an attempt takes only so many, and stays readable."""
    mesh = mesh_of_two(1, ann="apply:/item", ben="approve:/")
    first, second = mesh.hosts
    tx = tx_of(submit(first, ANN, SET))
    mesh.run(2 * SECOND)
    inside = second.replica.participant
    assert inside is not None
    signed = approval_of(first.replica.desk.environment, tx)
    for number in range(APPROVALS_MAX + 1):
        key = Key(number.to_bytes(32, "big"))
        _ = inside.entries.write((approving(tx, Approval(key.public, key.sign(signed))),), mesh.now)
    mesh.run(2 * SECOND)
    _ = tx_of(approve(first, BEN, tx))
    mesh.run(3 * SECOND)
    assert (item(first, "x"), item(second, "x")) == (1, 1)


def test_a_long_request_waits_in_pieces() -> None:
    """A request of the greatest length hangs there whole."""
    mesh = mesh_of_two(1, ann="apply:/item", ben="approve:/")
    first, second = mesh.hosts
    long = [command("item", "set", name=f"x{at}", value="y" * 30_000) for at in range(4)]
    tx = tx_of(submit(first, ANN, *long))
    mesh.run(3 * SECOND)
    _ = tx_of(approve(second, BEN, tx))
    mesh.run(3 * SECOND)
    assert item(first, "x3") == "y" * 30_000


def test_the_board_has_an_end() -> None:
    """Of one signer so many wait, and then none more until one is taken down."""
    mesh = mesh_of_two(1, ann="apply:/item", ben="approve:/")
    first, _ = mesh.hosts
    made = [tx_of(submit(first, ANN, SET)) for _ in range(PENDING_OF_ONE_MAX)]
    code, why = refusal(submit(first, ANN, SET))
    assert (code, "withdraw" in why) == (REFUSED, True)
    ends: tuple[Callable[[int], WithdrawChange | RefuseChange], ...] = (
        lambda call: WithdrawChange(call, made[0]),
        lambda call: RefuseChange(call, made[1]),
    )
    for end in ends:
        _ = tx_of(first.call(end))
    assert waiting(first) == made[2:]
    assert refusal(first.call(ends[0]))[0] == FAILED
    _ = tx_of(submit(first, ANN, SET))
