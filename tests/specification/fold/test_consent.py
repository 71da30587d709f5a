"""Consent in the fold: rule 0, who must agree to a ChangeSet, one test for each statement."""

import msgspec
import pytest

from mesh.environment.resolve import Resolution
from mesh.protocol.history import Standing, Why
from mesh.wire.consent import hash_of_commands, vouch_of
from mesh.wire.facts import NoReason
from mesh.wire.identity import digest
from mesh.wire.requests import Command, Kind, Origin, Value
from tests.mesh.protocol.history.world import (
    ALICE,
    BOB,
    CAROL,
    OPERATOR,
    Side,
    World,
    activate,
    admit,
    command,
    item,
    new_history,
    roster_of_three,
    sign,
)

ANN, BEN, CID, DAN = (digest(name) for name in (b"ann", b"ben", b"cid", b"dan"))
PEOPLE = {"ann": ANN, "ben": BEN, "cid": CID, "dan": DAN}


def side_of(**rights: str) -> Side:
    """An environment where these people hold one right each."""
    side = World().side()
    for name, right in rights.items():
        _ = side.change(command("operator", "create", name=name, key=PEOPLE[name].hex()))
        _ = side.change(command("right", "grant", name=name, right=right))
    return side


def demanding(count: int, **rights: str) -> Side:
    """The same, where so many must approve."""
    side = side_of(**rights)
    _ = side.change(command("environment", "set", approvals=count))
    return side


def outcome(
    side: Side,
    signer: bytes,
    *commands: Command,
    approvers: tuple[bytes, ...] = (),
) -> tuple[Why | None, str]:
    """What the fold makes of ``commands``, and its words; no reason: they took effect."""
    number = proposed(side, signer, *commands, approvers=approvers)
    side.learn(1 << number)
    found = side.entry(number).outcome
    return found.why, found.detail


def proposed(
    side: Side, signer: bytes, *commands: Command, approvers: tuple[bytes, ...] = ()
) -> int:
    """The number of an attempt with these approvals."""
    resolution = side.history.resolve(commands, side.world.nonce(), signer=signer)
    assert isinstance(resolution, Resolution), resolution
    return side.propose(resolution, signer=signer, approvers=approvers)


def why(side: Side, signer: bytes, *commands: Command, approvers: tuple[bytes, ...] = ()) -> object:
    """Just the reason."""
    return outcome(side, signer, *commands, approvers=approvers)[0]


def test_a_missing_right_is_supplied_by_who_approves() -> None:
    """F16: A right that the signer lacks is supplied by an operator who has it and approves."""
    side = side_of(ann="edit:/", ben="apply:/item/a", cid="approve:/")
    assert why(side, ANN, item("a", 1)) is Why.REFUSED
    assert why(side, ANN, item("a", 2), approvers=(CID,)) is Why.REFUSED
    assert why(side, ANN, item("a", 3), approvers=(BEN,)) is None
    assert why(side, ANN, item("b", 1), approvers=(BEN,)) is Why.REFUSED
    assert why(side, digest(b"nobody"), item("a", 4), approvers=(OPERATOR,)) is Why.REFUSED


def test_so_many_approve_as_the_environment_demands() -> None:
    """F16a: As many operators as the setting demands, each once, and never the signer."""
    side = demanding(2, ann="admin:/item", ben="approve:/", cid="approve:/", dan="approve:/x")
    for approvers in ((), (BEN,), (BEN, BEN), (BEN, ANN), (BEN, DAN), (BEN, digest(b"none"))):
        found, detail = outcome(side, ANN, item("a", 1), approvers=approvers)
        assert found is Why.REFUSED, approvers
        assert "approvals" in detail
    assert why(side, ANN, item("a", 1), approvers=(BEN, CID)) is None


def test_to_apply_is_not_to_approve() -> None:
    """F16b: An approval counts whose operator may approve every key that is written."""
    rights = {"ann": "apply:/item", "ben": "apply:/", "cid": "approve:/item/a", "dan": "approve:/"}
    side = demanding(1, **rights)
    assert why(side, ANN, item("a", 1), approvers=(BEN,)) is Why.REFUSED
    assert why(side, ANN, item("a", 1), item("b", 1), approvers=(CID,)) is Why.REFUSED
    assert why(side, ANN, item("a", 1), approvers=(CID,)) is None


def test_a_false_approval_is_none() -> None:
    """F16c: An approval is an operator's signature over this environment and this tx."""
    side = demanding(1, ann="apply:/item", ben="approve:/")
    resolution = side.history.resolve((item("a", 1),), side.world.nonce(), signer=ANN)
    assert isinstance(resolution, Resolution)
    other = proposed(side, ANN, item("a", 1), approvers=(BEN,))
    stolen = side.world.catalogue[other].attempt.approvals
    number = side.propose(resolution, signer=ANN, stolen=stolen)
    objection = side.history.objection(side.world.catalogue[number], side.ids)
    assert objection is not None
    assert objection.why is NoReason.RIGHTS


def test_a_token_approves_nothing() -> None:
    """F16d: People approve; what a token signs as an approval counts for nothing."""
    side = demanding(1, ann="apply:/item", ben="approve:/")
    token = digest(b"token")
    made = command("token", "create", name="t", key=token.hex(), rights=["approve:/"], expires_ns=1)
    assert why(side, OPERATOR, made, approvers=(BEN,)) is None
    assert why(side, ANN, item("a", 1), approvers=(token,)) is Why.REFUSED


def test_approvals_are_judged_by_the_state_before() -> None:
    """F16e: Whose right was revoked earlier in the order has approved nothing."""
    side = demanding(1, ann="apply:/item", ben="approve:/", cid="approve:/")
    other = side.fork(ALICE)
    revoked = proposed(
        side, OPERATOR, command("right", "revoke", name="ben", right="approve:/"), approvers=(BEN,)
    )
    changed = proposed(other, ANN, item("a", 1), approvers=(BEN,))
    later = side.world.attempt(
        side.world.catalogue[changed].propose.request,
        Kind.NORMAL,
        side.ids,
        BOB,
        lamport=99,
        approvers=(BEN,),
    )
    first = new_history(side.world.catalogue, side.ids | 1 << changed)
    assert {e.number: e.outcome.standing for e in first.log()}[changed] is Standing.EFFECTIVE
    both = new_history(side.world.catalogue, side.ids | 1 << revoked | 1 << later)
    assert {e.number: e.outcome.why for e in both.log()}[later] is Why.REFUSED


def test_what_lowers_the_demand_meets_it() -> None:
    """F16f: Settings, rights, tokens and links take the approvals demanded before them."""
    side = demanding(1, ann="approve:/", ben="admin:/")
    for disarming in (
        command("operator", "create", name="x", key=digest(b"x").hex()),
        command("right", "grant", name="ben", right="override:/"),
        command("link", "create", name="l", environment="1" * 64, controllers=[]),
        command("invite", "create", invite="2" * 64, expires_at_ns=1),
        command("environment", "set", approvals=0),
    ):
        assert why(side, BEN, disarming) is Why.REFUSED, disarming
        assert why(side, BEN, disarming, approvers=(ANN,)) is None, disarming


def test_what_controllers_say_takes_no_approval() -> None:
    """F16g: What controllers may sign, merges, and what takes no right, take no approvals."""
    world = World()
    side = roster_of_three(world)
    for name in ("ann", "ben"):
        _ = side.change(command("operator", "create", name=name, key=PEOPLE[name].hex()))
    _ = side.change(command("right", "grant", name="ann", right="approve:/"))
    late = ALICE.controller[:-1] + b"z"
    _ = side.change(admit(CAROL._replace(controller=late), "late"))
    _ = side.change(command("environment", "set", approvals=1))
    step = activate(CAROL._replace(controller=late))
    assert why(side, ALICE.controller, step) is None
    assert why(side, BEN, command("operator", "modify", name="ben", locked="aaaa")) is None
    left, right = side.fork(ALICE), side.fork(BOB)
    one = proposed(left, OPERATOR, item("a", 1), approvers=(ANN,))
    two = proposed(right, OPERATOR, item("b", 1), approvers=(ANN,))
    ids = side.ids | 1 << one | 1 << two
    request = world.sign(Resolution((), (), (), (), Kind.MERGE))
    merge = world.catalogue[world.attempt(request, Kind.MERGE, ids, ALICE)]
    assert side.history.objection(merge, ids) is None


def test_who_may_override_passes_by() -> None:
    """F16h: A request that says so needs no approvals, where its signer may override it all."""
    side = demanding(1, ann="apply:/", ben="approve:/", cid="apply:/item")
    granted = command("right", "grant", name="cid", right="override:/item/a")
    assert why(side, OPERATOR, granted, approvers=(BEN,)) is None
    for signer, name, overrides, expected in (
        (CID, "a", True, None),
        (CID, "a", False, Why.REFUSED),
        (CID, "b", True, Why.REFUSED),
        (OPERATOR, "a", True, Why.REFUSED),
    ):
        resolution = side.history.resolve((item(name, 1),), side.world.nonce(), signer=signer)
        assert isinstance(resolution, Resolution)
        number = side.propose(resolution, signer=signer, override=overrides)
        side.learn(1 << number)
        assert side.entry(number).outcome.why is expected, (name, overrides)


def test_the_demand_can_always_be_lowered_again() -> None:
    """F16i: As many can approve that the setting is lowered as it demands, or one may override."""
    side = side_of(ann="approve:/", ben="edit:/")
    assert "only 1 could be given" in side.refused(command("environment", "set", approvals=2))[0]
    _ = side.change(command("environment", "set", approvals=1))
    gone = command("operator", "remove", name="ann")
    assert "only 0 could be given" in side.refused(gone)[0]
    side = side_of(ann="override:/")
    assert side.refused(command("environment", "set", approvals=2)) != ()
    _ = side.change(command("right", "grant", name="ann", right="admin:/"))
    _ = side.change(command("environment", "set", approvals=2))
    side = side_of(ann="override:/")
    assert side.refused(command("environment", "set", approvals=2)) != ()
    _ = side.change(command("right", "grant", name="ann", right="admin:/"))
    _ = side.change(command("environment", "set", approvals=2))


TEST, PROD = digest(b"the test environment"), digest(b"some other environment")
TESTER = digest(b"a controller of test")


def vouched(
    side: Side, *commands: Command, by: bytes = TESTER, environment: bytes = TEST, **changes: object
) -> Why | None:
    """What the fold makes of a ChangeSet that ``by`` vouches for; None: it took effect."""
    resolution = side.history.resolve(commands, side.world.nonce(), signer=OPERATOR)
    assert isinstance(resolution, Resolution), resolution
    tx = digest(b"what it was there")
    said = vouch_of(environment, tx, hash_of_commands(resolution.written))
    origin = Origin(environment, tx, by, sign(by, said))
    origin = msgspec.structs.replace(origin, **changes)
    number = side.propose(resolution, origin=origin)
    side.learn(1 << number)
    return side.entry(number).outcome.why


def linked(*, promotion: str = "test") -> Side:
    """An environment that is linked to test."""
    side = World().side()
    link: dict[str, Value] = {"environment": TEST.hex(), "controllers": [TESTER.hex()]}
    _ = side.change(command("link", "create", name="test", **link))
    if promotion:
        _ = side.change(command("environment", "set", promotion=promotion))
    return side


def test_changes_come_from_where_they_must() -> None:
    """F16k: Where promotion is demanded, what describes the system comes by that link."""
    side = linked()
    assert why(side, OPERATOR, item("a", 1)) is Why.REFUSED
    assert "from 'test'" in outcome(side, OPERATOR, item("a", 1))[1]
    assert vouched(side, item("a", 1)) is None
    assert why(side, OPERATOR, command("site", "create", name="x", location="y")) is None
    other: dict[str, Value] = {"environment": PROD.hex(), "controllers": [TESTER.hex()]}
    assert why(side, OPERATOR, command("link", "create", name="prod", **other)) is None
    assert vouched(side, item("a", 2), environment=PROD) is Why.REFUSED


def test_what_is_not_resolved_has_no_effect() -> None:
    """F4c: Brought to the barrier all the same, it is set aside as failed."""
    side = World().side()
    written = (item("a", "{{host}}"),)
    number = side.propose(Resolution(written, (), (), (), Kind.NORMAL))
    assert side.history.objection(side.world.catalogue[number], side.ids) is not None
    side.learn(1 << number)
    assert side.entry(number).outcome.why is Why.FAILED


def test_the_link_that_is_demanded_is_there() -> None:
    """F16m: The link that promotion names is there, and is not removed while it is named."""
    side = linked(promotion="")
    assert "not there" in side.refused(command("environment", "set", promotion="none"))[0]
    _ = side.change(command("environment", "set", promotion="test"))
    assert "not there" in side.refused(command("link", "delete", name="test"))[0]


def test_a_vouch_is_of_a_controller_that_is_linked() -> None:
    """F16l: An origin counts that a controller of a link vouches for, with these commands."""
    side = linked(promotion="")
    assert vouched(side, item("a", 1)) is None
    assert vouched(side, item("a", 2), by=digest(b"another controller")) is Why.REFUSED
    assert vouched(side, item("a", 3), environment=PROD) is Why.REFUSED
    assert vouched(side, item("a", 4), signature=bytes(64)) is Why.REFUSED
    assert vouched(side, item("a", 5), tx=digest(b"another")) is Why.REFUSED


@pytest.mark.parametrize("approvers", [(), (BEN,)])
def test_what_lacks_approvals_gets_no_seal(approvers: tuple[bytes, ...]) -> None:
    """F16j: Who is asked to vote objects for want of rights, and says who may approve."""
    side = demanding(1, ann="apply:/item", ben="approve:/")
    number = proposed(side, ANN, item("a", 1), approvers=approvers)
    objection = side.history.objection(side.world.catalogue[number], side.ids)
    if approvers:
        assert objection is None
    else:
        assert objection is not None
        assert objection.why is NoReason.RIGHTS
        assert "1 more approval needed; may be approved by ben, founder" in objection.detail
