"""Rights in the fold: rule 0, one test for each statement."""

import pytest

from mesh.environment.resolve import Resolution
from mesh.protocol.history import Standing, Why
from mesh.wire.facts import NoReason
from mesh.wire.identity import digest
from mesh.wire.requests import Command, Kind, Value
from tests.mesh.protocol.history.world import (
    ALICE,
    BOB,
    OPERATOR,
    Side,
    World,
    admit,
    command,
    item,
    new_history,
    roster_of_three,
)

ANN = digest(b"ann")
BEN = digest(b"ben")


def operator(name: str, key: bytes) -> Command:
    """Makes an operator without any right."""
    return command("operator", "create", name=name, key=key.hex())


def grant(name: str, right: str) -> Command:
    """Gives an operator a right."""
    return command("right", "grant", name=name, right=right)


def revoke(name: str, right: str) -> Command:
    """Takes a right from an operator."""
    return command("right", "revoke", name=name, right=right)


def side_with(*rights: str) -> Side:
    """Ann is an operator with these rights."""
    side = World().side()
    _ = side.change(operator("ann", ANN))
    for right in rights:
        _ = side.change(grant("ann", right))
    return side


def signed_by(side: Side, signer: bytes, *commands: Command) -> Why | None:
    """What the fold makes of ``commands`` of ``signer``; None: they took effect."""
    resolution = side.history.resolve(commands, side.world.nonce(), signer=signer)
    assert isinstance(resolution, Resolution), resolution
    number = side.propose(resolution, signer=signer)
    side.learn(1 << number)
    return side.entry(number).outcome.why


def test_a_prefix_is_of_whole_parts() -> None:
    """F2c: A right covers the keys whose first parts are its prefix: never a piece of one."""
    side = side_with("apply:/item/blog", "apply:/service/web/labels")
    _ = side.change(command("service", "create", name="web", role="web"))
    assert signed_by(side, ANN, item("blog", 1)) is None
    assert signed_by(side, ANN, item("blogger", 1)) is Why.REFUSED
    assert signed_by(side, ANN, item("b", 1)) is Why.REFUSED
    label = command("service", "add-label", name="web", label="x")
    assert signed_by(side, ANN, label) is None
    assert signed_by(side, ANN, command("service", "delete", name="web")) is Why.REFUSED


@pytest.mark.parametrize("level", ["view", "edit", "approve", "apply", "admin"])
def test_which_levels_let_sign(level: str) -> None:
    """F2d: To sign takes apply or admin; view, edit and approve do not suffice."""
    side = side_with(f"{level}:/item")
    expected = None if level in {"apply", "admin"} else Why.REFUSED
    assert signed_by(side, ANN, item("a", 1)) is expected


def test_every_key_counts() -> None:
    """F2e: One written key that no right covers sets the ChangeSet aside, whole."""
    side = side_with("apply:/item/a", "apply:/service/web/role")
    _ = side.change(command("service", "create", name="web", role="web"))
    assert signed_by(side, ANN, item("a", 1), item("b", 1)) is Why.REFUSED
    assert side.item("a") is None
    label = command("service", "add-label", name="web", label="x")
    assert signed_by(side, ANN, label) is Why.REFUSED
    _ = side.change(command("role", "create", name="db"))
    assert signed_by(side, ANN, command("service", "modify", name="web", role="db")) is None
    assert signed_by(side, ANN, command("service", "modify", name="web", count=2)) is Why.REFUSED


def test_roster_and_settings_take_admin() -> None:
    """F2f: The roster and the settings take admin over the key that is written."""
    patience = command("environment", "set", patience_ns=2_000_000_000)
    side = side_with("apply:/", "admin:/controller")
    assert signed_by(side, ANN, item("a", 1)) is None
    assert signed_by(side, ANN, patience) is Why.REFUSED
    assert signed_by(side, ANN, admit(BOB, "bob")) is None
    _ = side.change(grant("ann", "admin:/environment/patience_ns"))
    assert signed_by(side, ANN, patience) is None


def test_who_gives_rights_must_have_all() -> None:
    """F2g: Operators, rights and tokens take admin over everything."""
    side = side_with("apply:/", "admin:/operator", "admin:/token", "admin:/right")
    token = command("token", "create", name="ci", key=BEN.hex(), rights=["view:/"], expires_ns=1)
    assert signed_by(side, ANN, grant("ann", "admin:/")) is Why.REFUSED
    assert signed_by(side, ANN, operator("ben", BEN)) is Why.REFUSED
    assert signed_by(side, ANN, token) is Why.REFUSED
    _ = side.change(grant("ann", "admin:/"))
    assert signed_by(side, ANN, token) is None


def test_the_own_lock_is_ones_own() -> None:
    """F2g: An operator's own locked key is the operator's; another's is not, nor the own key."""
    side = side_with()
    _ = side.change(operator("ben", BEN))
    assert signed_by(side, ANN, command("operator", "modify", name="ann", locked="abc")) is None
    other = command("operator", "modify", name="ben", locked="abc")
    assert signed_by(side, ANN, other) is Why.REFUSED
    key = command("operator", "modify", name="ann", key=digest(b"new").hex())
    assert signed_by(side, ANN, key) is Why.REFUSED


def test_rights_are_those_of_the_state_before() -> None:
    """F2h: What was revoked earlier does not count, nor what a ChangeSet grants itself."""
    side = side_with("apply:/item")
    other = side.fork(ALICE)
    late = other.propose(other.resolve(item("a", 1)), signer=ANN, lamport=20)
    early = other.propose(other.resolve(item("b", 1)), signer=ANN, lamport=10)
    _ = side.change(revoke("ann", "apply:/item"), lamport=15)
    side.learn(1 << late | 1 << early)
    assert side.entry(late).outcome.why is Why.REFUSED
    assert side.entry(early).outcome.standing is Standing.EFFECTIVE
    assert signed_by(side, ANN, grant("ann", "admin:/"), item("a", 1)) is Why.REFUSED


def test_a_right_that_was_touched_since_is_refused() -> None:
    """F2i: A right that the base names and that was granted anew since is not the one it was."""
    side = side_with("apply:/item", "apply:/item/a")
    other = side.fork(ALICE)
    resolution = other.history.resolve((item("a", 1),), side.world.nonce(), signer=ANN)
    assert isinstance(resolution, Resolution)
    number = other.propose(resolution, signer=ANN, lamport=30)
    _ = side.change(revoke("ann", "apply:/item"))
    _ = side.change(grant("ann", "apply:/item"))
    assert side.history.objection(side.world.catalogue[number], side.ids) is not None
    side.learn(1 << number)
    assert side.entry(number).outcome.why is Why.REFUSED


def test_no_merge_sets_a_revocation_aside_for_what_it_refuses() -> None:
    """F2i: It is no conflict, so no merge lets it stand against the revocation."""
    world = World()
    base = roster_of_three(world)
    _ = base.change(operator("ann", ANN))
    _ = base.change(grant("ann", "apply:/item"))
    _ = base.change(grant("ann", "apply:/item/a"))
    left, right = base.fork(ALICE), base.fork(BOB)
    revocation = left.change(revoke("ann", "apply:/item"))
    resolution = right.history.resolve((item("a", 1),), world.nonce(), signer=ANN)
    assert isinstance(resolution, Resolution)
    change = right.propose(resolution, signer=ANN, lamport=99)
    right.learn(1 << change)
    assert right.item("a") == 1
    both = left.ids | right.ids
    plan = left.history.plan_merge(both, lambda number: 1 + (number == change))
    assert (plan.commands, plan.report) == ((), ())
    merged = new_history(world.catalogue, both)
    outcomes = {entry.number: entry.outcome for entry in merged.log()}
    assert outcomes[revocation].standing is Standing.EFFECTIVE
    assert outcomes[change].why is Why.REFUSED


def test_an_operators_merge_takes_every_right() -> None:
    """F2j: An operator's merge takes admin over everything, in the fold of its ancestors."""
    world = World()
    base = roster_of_three(world)
    _ = base.change(operator("ann", ANN))
    _ = base.change(grant("ann", "apply:/"))
    left, right = base.fork(ALICE), base.fork(BOB)
    _, _ = left.change(item("a", 1)), right.change(item("b", 1))
    ids = left.ids | right.ids

    def why(signer: bytes) -> NoReason | None:
        request = world.sign(Resolution((), (), (), (), Kind.MERGE), signer=signer)
        merge = world.catalogue[world.attempt(request, Kind.MERGE, ids, ALICE)]
        objection = left.history.objection(merge, left.ids)
        return None if objection is None else objection.why

    assert (why(ANN), why(OPERATOR)) == (NoReason.RIGHTS, None)


def test_an_operators_checkpoint_takes_every_right() -> None:
    """F2j: So does a checkpoint, for it sets aside what lies below it and is not in it."""
    world = World()
    side = world.side()
    _ = side.change(operator("ann", ANN))
    _ = side.change(grant("ann", "apply:/"))
    place: dict[str, Value] = {"lamport": 2, "controller": ALICE.controller.hex(), "boot": 1}
    terms = {**place, "nonce": ALICE.nonce.hex(), "folded": "0" * 64, "ground": "0" * 64}
    commands = (command("checkpoint", "take", **terms, dead=""),)

    def objection(signer: bytes) -> NoReason | None:
        resolution = Resolution(commands, commands, (), (), Kind.CHECKPOINT)
        number = side.propose(resolution, signer=signer)
        found = side.history.objection(world.catalogue[number], side.ids)
        return None if found is None else found.why

    assert [objection(each) for each in (ANN, OPERATOR, ALICE.controller)] == [
        NoReason.RIGHTS,
        None,
        None,
    ]


def test_the_founder_may_do_everything() -> None:
    """F2k: The operator of the founding record is the first with admin over everything."""
    rights = World().side().history.state.rights
    assert [str(each) for each in rights.admins()] == ["operator 'founder'"]
    holder = rights.holder(OPERATOR)
    assert holder is not None
    assert holder.lacks([("operator", "x"), ("controller", "y"), ("item", "z")]) is None


def test_there_is_always_an_admin() -> None:
    """F2l: The last one is not removed and keeps it, also where two take it from each other."""
    side = side_with("admin:/")
    left, right = side.fork(ALICE), side.fork(ALICE)
    one = left.change(command("operator", "remove", name="founder"))
    other = right.change(revoke("ann", "admin:/"))
    assert "nobody would be left" in left.refused(revoke("ann", "admin:/"))[0]
    assert "nobody would be left" in right.refused(command("operator", "remove", name="founder"))[0]
    both = new_history(side.world.catalogue, left.ids | right.ids)
    assert len(both.state.rights.admins()) == 1
    standings = {entry.number: entry.outcome.standing for entry in both.log()}
    assert sorted((standings[one], standings[other])) == [Standing.EFFECTIVE, Standing.SET_ASIDE]


def test_no_two_sign_with_one_key() -> None:
    """F2m: No two operators or tokens sign with one key; what refuses one leaves the other."""
    side = side_with("apply:/")
    assert "signing key" in side.refused(operator("ben", ANN))[0]
    twin = command("token", "create", name="t", key=ANN.hex(), rights=["view:/"], expires_ns=1)
    assert "signing key" in side.refused(twin)[0]
    assert signed_by(side, ANN, item("a", 1)) is None


def test_who_may_sign_nothing_stops_nothing() -> None:
    """F2n: What is not understood stops the fold only if its signer may sign anything at all."""
    newer = (command("wormhole", "open"),)
    for right, expected in (("approve:/", Standing.SET_ASIDE), ("apply:/x", Standing.UNFOLDED)):
        side = side_with(right)
        number = side.propose(Resolution(newer, newer, (), (), Kind.NORMAL), signer=ANN)
        side.learn(1 << number)
        assert side.entry(number).outcome.standing is expected


def test_what_is_forced_ends_with_the_right_of_its_signer() -> None:
    """F2o: Force writes over what others wrote, and over no right that was taken or renewed."""
    side = side_with("apply:/item", "view:/")
    other = side.fork(ALICE)
    forced = other.history.resolve((item("a", 1),), side.world.nonce(), force=True, signer=ANN)
    assert isinstance(forced, Resolution)
    kept = other.propose(forced, signer=ANN, lamport=30)
    _ = side.change(item("a", 2))
    _ = side.change(revoke("ann", "apply:/item"), grant("ann", "apply:/item"))
    objection = side.history.objection(side.world.catalogue[kept], side.ids)
    assert objection is not None
    assert objection.why is NoReason.RIGHTS
    side.learn(1 << kept)
    assert side.entry(kept).outcome.why is Why.REFUSED
    assert side.item("a") == 2


def test_who_asks_for_a_right_names_the_right_to_ask() -> None:
    """F2p: What others are to approve ends with the right by which its signer proposed it."""
    side = side_with("edit:/item")
    _ = side.change(operator("ben", BEN))
    _ = side.change(grant("ben", "apply:/"))
    asked = side.history.resolve((item("a", 1),), side.world.nonce(), signer=ANN)
    again = side.history.resolve((item("a", 2),), side.world.nonce(), signer=ANN)
    assert isinstance(asked, Resolution)
    assert isinstance(again, Resolution)
    kept = side.propose(asked, signer=ANN, approvers=(BEN,))
    _ = side.change(revoke("ann", "edit:/item"), grant("ann", "edit:/item"))
    side.learn(1 << kept)
    assert side.entry(kept).outcome.why is Why.REFUSED
    renewed = side.history.resolve((item("a", 3),), side.world.nonce(), signer=ANN)
    assert isinstance(renewed, Resolution)
    number = side.propose(renewed, signer=ANN, approvers=(BEN,))
    side.learn(1 << number)
    assert side.entry(number).outcome.why is None


def test_an_old_signature_does_no_harm_where_anything_has_changed() -> None:
    """F2q: Kept and released later it finds its keys written, or removed, or its right renewed."""
    for since in (
        (item("a", 2),),
        (item("a", 2), command("item", "delete", name="a")),
        (revoke("founder", "admin:/"), grant("founder", "admin:/")),
    ):
        side = side_with()
        kept_on = side.fork(ALICE)
        resolution = kept_on.history.resolve((item("a", 1),), side.world.nonce(), signer=OPERATOR)
        assert isinstance(resolution, Resolution)
        kept = kept_on.propose(resolution, lamport=30)
        _ = side.change(*since)
        side.learn(1 << kept)
        assert side.entry(kept).outcome.standing is Standing.SET_ASIDE
