"""Invites in the fold: what everybody can check without a clock, one test for each statement."""

import pytest

from mesh.environment.resolve import Resolution
from mesh.protocol.history import Standing, Why
from mesh.wire.facts import NoReason
from mesh.wire.identity import Incarnation, digest, fingerprint
from mesh.wire.invitation import Newcomer, proof_of
from mesh.wire.requests import Command, Kind
from tests.mesh.protocol.history.world import (
    ALICE,
    BOB,
    CAROL,
    ENVIRONMENT,
    OPERATOR,
    Side,
    World,
    command,
    roster_of_three,
    sign,
)

INVITE = digest(b"an invite's public key")
OTHER = digest(b"another invite's")
DAVE = Incarnation(b"D" * 32, 1, b"dave----")
EVE = Incarnation(b"E" * 32, 1, b"eve-----")


def create(public: bytes = INVITE) -> Command:
    """Opens an invite."""
    return command("invite", "create", invite=public.hex(), expires_at_ns=1)


def revoke(public: bytes = INVITE) -> Command:
    """Closes it."""
    return command("invite", "revoke", invite=public.hex())


def admit(
    who: Incarnation,
    name: str,
    *,
    public: bytes = INVITE,
    key: bytes | None = None,
    environment: bytes = ENVIRONMENT,
    vouched: Incarnation | None = None,
) -> Command:
    """An admission by invite; ``key`` signs, for ``vouched``, where it is not as it should be."""
    exchange = digest(b"exchange " + name.encode())
    vouched = who if vouched is None else vouched
    newcomer = Newcomer(environment, vouched.controller, exchange, name, "cloud")
    return command(
        "controller",
        "admit",
        controller=who.controller.hex(),
        name=name,
        site="cloud",
        exchange_key=exchange.hex(),
        invite=public.hex(),
        proof=sign(public if key is None else key, proof_of(newcomer)).hex(),
    )


def side_with_invite() -> Side:
    """Three controllers, and one invite that is open."""
    base = roster_of_three(World())
    _ = base.change(create())
    return base


def state_of(side: Side, public: bytes = INVITE) -> object:
    """What an invite is by now."""
    return side.history.state.read(("invite", public.hex(), "state"))


def test_a_controller_admits_whom_an_invite_vouches_for() -> None:
    """I1: A controller of the roster may sign an admission that an open invite's key signed."""
    side = side_with_invite()
    number = side.change(admit(DAVE, "dave"), signer=ALICE.controller)
    assert side.entry(number).outcome.standing is Standing.EFFECTIVE
    assert side.world.catalogue[number].kind is Kind.NORMAL
    assert side.history.state.read(("controller", DAVE.controller.hex(), "state")) == "learner"


def test_without_the_proof_it_may_not() -> None:
    """I1a: Neither without a proof, nor with anything else beside the admission."""
    side = side_with_invite()
    plain = command("controller", "admit", controller=DAVE.controller.hex(), name="dave", site="x")
    beside = (admit(DAVE, "dave"), command("item", "set", name="a", value=1))
    for commands in ((plain,), beside):
        number = side.change(*commands, signer=ALICE.controller)
        assert side.entry(number).outcome.why is Why.REFUSED


@pytest.mark.parametrize("by_operator", [True, False])
def test_a_wrong_proof_is_a_fault(*, by_operator: bool) -> None:
    """I2: A proof by another key, for another controller or environment, is invalid for all."""
    for wrong in (
        admit(DAVE, "dave", key=OTHER),
        admit(DAVE, "dave", vouched=EVE),
        admit(DAVE, "dave", environment=bytes(32)),
    ):
        side = side_with_invite()
        number = side.change(wrong, signer=OPERATOR if by_operator else ALICE.controller)
        assert side.entry(number).outcome.why is Why.FAILED
        assert state_of(side) == "open"


def test_a_wrong_proof_is_voted_down() -> None:
    """I2a: Nobody seals an admission with a wrong proof: No(invalid)."""
    side = side_with_invite()
    resolution = side.resolve(admit(DAVE, "dave", key=OTHER))
    number = side.propose(resolution, signer=ALICE.controller)
    objection = side.history.objection(side.world.catalogue[number], side.ids)
    assert objection is not None
    assert objection.why is NoReason.INVALID


def test_half_an_admission_by_invite_is_none() -> None:
    """I2b: Invite, proof and exchange key go together."""
    whole = admit(DAVE, "dave")
    for missing in ("invite", "proof", "exchange_key"):
        side = side_with_invite()
        given = {name: value for name, value in whole.parameters.items() if name != missing}
        number = side.change(Command("controller", "admit", given))
        assert side.entry(number).outcome.why is Why.FAILED, missing


def test_an_invite_admits_once() -> None:
    """I3: Used, it says by whom, and admits nobody else, whoever signs."""
    side = side_with_invite()
    _ = side.change(admit(DAVE, "dave"), signer=BOB.controller)
    fields = side.history.state.fields(("invite", INVITE.hex()))
    assert (fields["state"], fields["used_by"]) == ("used", DAVE.controller.hex())
    assert f"the invite {fingerprint(INVITE)} is used" in side.refused(admit(EVE, "eve"))[0]


def test_of_two_sides_that_use_it_one_admits() -> None:
    """I4: One invite used on two sides: one newcomer stays admitted, the other is set aside."""
    base = side_with_invite()
    left, right = base.fork(ALICE), base.fork(BOB)
    one = left.change(admit(DAVE, "dave"), signer=ALICE.controller)
    two = right.change(admit(EVE, "eve"), signer=BOB.controller)
    left.learn(right.ids)
    assert left.entry(one).outcome.standing is Standing.EFFECTIVE
    outcome = left.entry(two).outcome
    assert (outcome.why, outcome.by) == (Why.CONFLICT, left.tx(one))
    assert outcome.key is not None
    assert outcome.key[0] == "invite"
    fields = left.history.state.fields(("invite", INVITE.hex()))
    assert fields["used_by"] == DAVE.controller.hex()
    assert not left.history.state.exists(("controller", EVE.controller.hex()))


def test_a_revoked_invite_admits_nobody() -> None:
    """I5: Nor one that was never opened; revoked or used, it is never opened again."""
    side = side_with_invite()
    _ = side.change(revoke())
    assert state_of(side) == "revoked"
    assert "is revoked" in side.refused(admit(DAVE, "dave"))[0]
    assert "is unknown" in side.refused(admit(DAVE, "dave", public=OTHER))[0]
    assert "already" in side.refused(create())[0]
    assert "nothing to revoke" in side.refused(revoke())[0]


def test_a_revocation_and_a_use_at_once_are_a_conflict() -> None:
    """I5a: On two sides of a partition: of revocation and admission the earlier stands."""
    base = side_with_invite()
    left, right = base.fork(ALICE), base.fork(CAROL)
    one = left.change(revoke())
    two = right.change(admit(DAVE, "dave"), signer=CAROL.controller)
    left.learn(right.ids)
    assert left.entry(one).outcome.standing is Standing.EFFECTIVE
    assert left.entry(two).outcome.why is Why.CONFLICT


def test_the_fold_knows_no_clock() -> None:
    """I6: An expired invite admits in the fold; whoever proposes the admission has judged that."""
    side = side_with_invite()
    number = side.change(admit(DAVE, "dave"), signer=ALICE.controller)
    assert side.history.state.read(("invite", INVITE.hex(), "expires_at_ns")) == 1
    assert side.entry(number).outcome.standing is Standing.EFFECTIVE


def test_only_an_operator_opens_an_invite() -> None:
    """I7: A controller of the roster can neither open an invite nor revoke one."""
    side = side_with_invite()
    for made in (create(OTHER), revoke()):
        resolution = side.history.resolve((made,), side.world.nonce())
        assert isinstance(resolution, Resolution)
        number = side.propose(resolution, signer=ALICE.controller)
        side.learn(1 << number)
        assert side.entry(number).outcome.why is Why.REFUSED


def test_people_name_an_invite_by_its_id() -> None:
    """I7: What is resolved holds the key, whatever a person wrote to say which invite."""
    side = side_with_invite()
    written = command("invite", "revoke", invite=fingerprint(INVITE))
    assert side.resolve(written).resolved[0].parameters["invite"] == INVITE.hex()
