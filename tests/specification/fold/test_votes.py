"""What a vote hears from the history: one test for each statement."""

from dataclasses import replace

import msgspec

from mesh.environment.resolve import Resolution
from mesh.protocol.history import Standing
from mesh.protocol.objection import Objection
from mesh.wire.consent import approval_of
from mesh.wire.facts import NoReason
from mesh.wire.identity import digest
from mesh.wire.requests import Approval, Base, Kind, SignedRequest, Value
from tests.mesh.protocol.history.world import (
    ALICE,
    BOB,
    ENVIRONMENT,
    OPERATOR,
    STRANGER,
    Side,
    World,
    admit,
    command,
    item,
    roster_of_three,
    sign,
)


def _why(side: Side, number: int, over: int | None = None) -> NoReason | None:
    change_set = side.world.catalogue[number]
    objection = side.history.objection(change_set, side.ids if over is None else over)
    return None if objection is None else objection.why


def test_nothing_speaks_against_what_would_take_effect() -> None:
    """F14: What the fold would let take effect meets no objection, and nothing changes."""
    side = roster_of_three(World())
    before = side.history.state_hash
    number = side.propose(side.resolve(item("a", 1)))
    assert _why(side, number) is None
    assert side.history.state_hash == before
    side.learn(1 << number)
    assert side.entry(number).outcome.standing is Standing.EFFECTIVE


def test_a_conflict_names_the_key_and_who_wrote_it() -> None:
    """F14a: Where the base does not hold the objection names the key and the tx that changed it."""
    side = World().side()
    first, second = side.resolve(item("a", 1)), side.resolve(item("a", 2))
    winner, loser = side.propose(first), side.propose(second, lamport=9)
    side.learn(1 << winner)
    objection = side.history.objection(side.world.catalogue[loser], side.ids)
    assert objection is not None
    assert objection.why is NoReason.CONFLICT
    assert objection.key == Base(("item", "a"), side.tx(winner))


def test_only_what_is_earlier_is_heard() -> None:
    """F14b: It is judged in the fold of those that are earlier, so of two at once one falls."""
    side = World().side()
    one, two = side.resolve(item("a", 1)), side.resolve(item("a", 2))
    earlier, later = side.propose(one, lamport=3), side.propose(two, lamport=4)
    both = 1 << earlier | 1 << later
    assert _why(side, earlier, both) is None
    assert _why(side, later, both) is NoReason.CONFLICT
    side.learn(1 << later)
    assert _why(side, earlier) is None


def test_what_is_open_counts_too() -> None:
    """F14c: It may be judged over what is not applied yet; the history stays as it is."""
    side = World().side()
    _ = side.change(item("z", 1))
    one = side.propose(side.resolve(item("a", 1)))
    two = side.propose(side.resolve(item("a", 2)), lamport=9)
    before = side.history.state_hash, side.ids
    assert _why(side, two) is None
    assert _why(side, two, side.ids | 1 << one) is NoReason.CONFLICT
    assert (side.history.state_hash, side.ids) == before


def test_what_can_never_be_is_invalid() -> None:
    """F14d: Foreign environment, false signature, wrong kind, bare base: invalid."""
    world = World()
    side = world.side()
    resolution = side.resolve(item("a", 1))
    signed = world.sign(resolution)
    forged = type(signed)(signed.raw, bytes(64))
    foreign = world.sign(resolution, environment=bytes(32))
    bare = replace(resolution, base=())
    cases = [
        world.attempt(forged, Kind.NORMAL, 0, ALICE),
        world.attempt(foreign, Kind.NORMAL, 0, ALICE),
        world.attempt(signed, Kind.ROSTER, 0, ALICE),
        world.attempt(signed, Kind.MERGE, 0, ALICE),
        side.propose(bare),
    ]
    assert [_why(side, number) for number in cases] == [NoReason.INVALID] * len(cases)


def test_who_has_no_right_is_told_so() -> None:
    """F14l: Who may not write what it writes gets No(rights), with what is missing."""
    side = World().side()
    resolution = side.resolve(item("a", 1))
    for signer in (STRANGER, BOB.controller, ALICE.controller):
        assert _why(side, side.propose(resolution, signer=signer)) is NoReason.RIGHTS


def test_what_would_break_the_whole_is_invalid() -> None:
    """F14e: A command that refuses, or an invariant that would not hold, is an objection."""
    side = World().side()
    _ = side.change(command("service", "create", name="web", role="web"))
    resolution = side.resolve(
        command("path", "create", name="one", host="x", services={"web": 1}), force=True
    )
    _ = side.change(command("service", "delete", name="web"))
    number = side.propose(resolution)
    assert _why(side, number) is NoReason.INVALID
    assert not side.history.state.exists(("path", "one"))


def test_a_newer_version_is_said_so() -> None:
    """F14f: An unknown command gets No(version); so does everything after one that was applied."""
    side = World().side()
    newer = (command("wormhole", "open"),)
    unknown = side.propose(Resolution(newer, newer, (), (), Kind.NORMAL))
    later = side.propose(side.resolve(item("a", 1)), lamport=9)
    assert _why(side, unknown) is NoReason.VERSION
    side.learn(1 << unknown)
    assert _why(side, later) is NoReason.VERSION


def test_a_checkpoint_without_terms_is_invalid() -> None:
    """F14g: A checkpoint carries its terms and nothing else."""
    world = World()
    side = world.side()
    _ = side.change(item("a", 1))
    place: dict[str, Value] = {"lamport": 1, "controller": ALICE.controller.hex(), "boot": 1}
    terms = {**place, "nonce": ALICE.nonce.hex(), "folded": "0" * 64, "ground": "0" * 64}
    true = command("checkpoint", "take", **terms, dead="")
    unsorted = command("checkpoint", "take", **terms, dead="1" * 64 + "0" * 64)
    for commands, why in (
        ((true,), None),
        ((unsorted,), NoReason.INVALID),
        ((true, true), NoReason.INVALID),
        ((item("a", 2),), NoReason.INVALID),
    ):
        request = world.sign(Resolution(commands, commands, (), (), Kind.CHECKPOINT))
        assert _why(side, world.attempt(request, Kind.CHECKPOINT, side.ids, ALICE)) is why


def test_a_merge_without_the_right_is_refused() -> None:
    """F14h: A merge is judged in the fold of its ancestors: outside that roster nobody may."""
    world = World()
    base = roster_of_three(world)
    left, right = base.fork(ALICE), base.fork(BOB)
    _, _ = left.change(item("a", 1)), right.change(item("b", 1))
    request = world.sign(Resolution((), (), (), (), Kind.MERGE), signer=STRANGER)
    strange = world.attempt(request, Kind.MERGE, left.ids | right.ids, ALICE)
    request = world.sign(Resolution((), (), (), (), Kind.MERGE), signer=BOB.controller)
    fine = world.attempt(request, Kind.MERGE, left.ids | right.ids, BOB)
    assert (_why(left, strange), _why(left, fine)) == (NoReason.RIGHTS, None)


def test_only_an_operator_lets_in_what_removed_controllers_released() -> None:
    """F14i: A merge that admits is an operator's; a controller has no right to it."""
    world = World()
    base = roster_of_three(world)
    left, right = base.fork(ALICE), base.fork(BOB)
    _, two = left.change(item("a", 1)), right.change(item("b", 1))
    ids = left.ids | right.ids
    plan = left.history.plan_merge(ids, lambda _: 1, admit=(left.tx(two),))
    resolution = Resolution(plan.commands, plan.commands, (), (), Kind.MERGE)
    own = world.attempt(world.sign(resolution, signer=ALICE.controller), Kind.MERGE, ids, ALICE)
    operators = world.attempt(world.sign(resolution), Kind.MERGE, ids, ALICE)
    assert (_why(left, own), _why(left, operators)) == (NoReason.RIGHTS, None)


def test_who_stands_behind_a_merge() -> None:
    """F14m: Who holds every right and has signed; nobody who is only named, or has fewer rights."""
    world = World()
    side = roster_of_three(world)
    clerk = {"name": "clerk", "key": STRANGER.hex()}
    _ = side.change(command("operator", "create", **clerk))
    _ = side.change(command("right", "grant", name="clerk", right="apply:/"))

    def has_operator(
        signer: bytes,
        approval: Approval | None = None,
        *,
        forged: bool = False,
        flaw: Objection | None = None,
    ) -> bool:
        request = world.sign(Resolution((), (), (), (), Kind.MERGE), signer=signer)
        if forged:
            request = SignedRequest(request.raw, bytes(64))
        number = world.attempt(request, Kind.MERGE, side.ids, ALICE)
        change_set = world.catalogue[number]
        if approval is not None:
            signature = approval.signature or sign(
                approval.operator, approval_of(ENVIRONMENT, change_set.tx)
            )
            approvals = (Approval(approval.operator, signature),)
            change_set = replace(
                change_set, attempt=msgspec.structs.replace(change_set.attempt, approvals=approvals)
            )
        return side.history.has_operator(replace(change_set, flaw=flaw))

    assert has_operator(OPERATOR)
    assert not has_operator(OPERATOR, forged=True)
    assert has_operator(ALICE.controller, Approval(OPERATOR, b""))
    assert not has_operator(ALICE.controller, Approval(OPERATOR, bytes(64)))
    unread = Objection(NoReason.INVALID, "nobody can read it")
    assert not has_operator(ALICE.controller, Approval(OPERATOR, b""), flaw=unread)
    for other in (BOB.controller, STRANGER, digest(b"a key that was just made")):
        assert not has_operator(other)
        assert not has_operator(ALICE.controller, Approval(other, b""))


def test_the_vote_does_not_hear_itself() -> None:
    """F14j: Where another attempt of the request is in the set, nothing speaks against it."""
    world = World()
    side = world.side()
    request = world.sign(side.resolve(item("a", 1)))
    first = world.attempt(request, Kind.NORMAL, 0, ALICE)
    side.learn(1 << first)
    again = world.attempt(request, Kind.NORMAL, side.ids, BOB)
    assert _why(side, again) is None


def test_admission_is_no_roster_change() -> None:
    """F14k: An admission is a normal ChangeSet: the barrier's roster stays as it was."""
    side = World().side()
    resolution = side.resolve(admit(BOB, "bob"))
    assert resolution.kind is Kind.NORMAL
    roster = side.history.roster(side.ids)
    side.learn(1 << side.propose(resolution))
    assert side.history.roster(side.ids) == roster
