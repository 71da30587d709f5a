"""The rules of the fold, one test for each statement in docs/protocol/fold-statements.md."""

from mesh.environment.resolve import Resolution, Unresolved
from mesh.protocol.history import Standing, Why
from mesh.wire import risp
from mesh.wire.requests import Base, Command, Kind, SignedRequest
from tests.mesh.protocol.history.world import (
    ALICE,
    BOB,
    OPERATOR,
    STRANGER,
    World,
    command,
    item,
    new_history,
    remove,
    roster_of_three,
)


def test_the_state_is_the_fold_by_timestamp() -> None:
    """F0: Whatever the order of arrival, ChangeSets take effect in order of timestamp."""
    world = World()
    left, right = world.side(ALICE), world.side(BOB)
    first = left.change(item("a", 1), lamport=1)
    second = right.change(item("b", 2), lamport=2)
    left.learn(1 << second)
    right.learn(1 << first)
    assert [entry.number for entry in right.history.log()] == [first, second]
    assert left.history.state_hash == right.history.state_hash
    assert left.history.history_hash == right.history.history_hash


def test_a_request_takes_effect_once_at_its_lowest_place() -> None:
    """F1: A request takes effect once, at its lowest timestamp, however often it was released."""
    world = World()
    side = world.side()
    request = world.sign(side.resolve(item("a", 1)))
    late = world.attempt(request, Kind.NORMAL, 0, ALICE, lamport=9)
    side.learn(1 << late)
    assert side.entry(late).number == late
    early = world.attempt(request, Kind.NORMAL, 0, BOB, lamport=3)
    side.learn(1 << early)
    assert [entry.outcome.standing for entry in side.history.log()] == [
        Standing.EFFECTIVE,
        Standing.REPEATED,
    ]
    assert side.entry(late).number == early
    assert side.history.state.version(("item", "a")) == request.tx


def test_what_was_built_on_either_attempt_stands() -> None:
    """F1a: A base names the tx and not the attempt, so what was built on either attempt stands."""
    world = World()
    left, right = world.side(ALICE), world.side(BOB)
    request = world.sign(left.resolve(item("a", 1)))
    left.learn(1 << world.attempt(request, Kind.NORMAL, 0, ALICE, lamport=1))
    right.learn(1 << world.attempt(request, Kind.NORMAL, 0, BOB, lamport=2))
    built = right.change(item("a", 2))
    left.learn(right.ids)
    assert left.entry(built).outcome.standing is Standing.EFFECTIVE
    assert left.item("a") == 2


def test_who_has_no_right_is_set_aside() -> None:
    """F2: Rule 0. Signed by somebody without the right, a ChangeSet is set aside as refused."""
    side = World().side()
    number = side.change(item("a", 1), signer=STRANGER)
    assert side.entry(number).outcome.why is Why.REFUSED
    assert side.item("a") is None


def test_a_controller_may_only_merge_and_activate() -> None:
    """F2a: A controller of the roster may sign merges and the step to active, nothing else."""
    world = World()
    side = world.side()
    number = side.change(item("a", 1), signer=ALICE.controller)
    assert side.entry(number).outcome.why is Why.REFUSED
    _ = side.change(
        command("controller", "admit", controller=BOB.controller.hex(), name="bob", site="x")
    )
    step = side.change(
        command("controller", "activate", controller=BOB.controller.hex()),
        signer=ALICE.controller,
    )
    assert side.entry(step).outcome.standing is Standing.EFFECTIVE


def test_a_forged_request_is_set_aside() -> None:
    """F2b: A request of another environment, or with a wrong signature, is set aside as refused."""
    world = World()
    side = world.side()
    resolution = side.resolve(item("a", 1))
    foreign = world.sign(resolution, environment=bytes(32))
    side.learn(1 << world.attempt(foreign, Kind.NORMAL, 0, ALICE))
    forged = world.sign(resolution)
    forged = type(forged)(forged.raw, bytes(64))
    side.learn(1 << world.attempt(forged, Kind.NORMAL, 0, ALICE, lamport=7))
    assert [entry.outcome.why for entry in side.history.log()] == [Why.REFUSED, Why.REFUSED]
    assert side.item("a") is None


def test_the_merge_that_counts_sets_aside() -> None:
    """F3: Rule 1. What the merge that counts sets aside has no effect, and what it keeps has."""
    world = World()
    base = roster_of_three(world)
    left, right = base.fork(ALICE), base.fork(BOB)
    earlier, later = left.change(item("a", 1)), right.change(item("a", 2))
    merge = left.merge(right, keep=(left.tx(later),))
    outcome = left.entry(earlier).outcome
    assert (outcome.why, outcome.by) == (Why.MERGED, left.tx(merge))
    assert left.entry(later).outcome.standing is Standing.EFFECTIVE
    assert left.item("a") == 2


def test_without_a_list_the_earlier_stands() -> None:
    """F3a: Of two that conflict, without a word from a merge the earlier stands."""
    world = World()
    base = roster_of_three(world)
    left, right = base.fork(ALICE), base.fork(BOB)
    earlier, later = left.change(item("a", 1)), right.change(item("a", 2))
    both = new_history(world.catalogue, left.ids | right.ids)
    standings = {entry.number: entry.outcome for entry in both.log()}
    assert standings[earlier].standing is Standing.EFFECTIVE
    assert standings[later].why is Why.CONFLICT
    assert standings[later].key == ("item", "a")
    assert standings[later].by == left.tx(earlier)


def test_a_base_that_does_not_hold_is_a_conflict() -> None:
    """F4: Rule 2. Who read or wrote a key that another has written since is set aside, whole."""
    world = World()
    side = world.side()
    _ = side.change(item("a", 0))
    first, second = side.resolve(item("a", 1)), side.resolve(item("a", 2), item("b", 2))
    winner, loser = side.propose(first), side.propose(second, lamport=9)
    side.learn(1 << winner | 1 << loser)
    outcome = side.entry(loser).outcome
    assert (outcome.why, outcome.key, outcome.by) == (
        Why.CONFLICT,
        ("item", "a"),
        side.tx(winner),
    )
    assert (side.item("a"), side.item("b")) == (1, None)


def test_a_base_must_name_every_key() -> None:
    """F4a: A request whose base leaves out a key that it writes is set aside as failed."""
    world = World()
    side = world.side()
    resolution = side.resolve(item("a", 1))
    bare = Resolution(resolution.written, resolution.resolved, (), (), Kind.NORMAL)
    number = side.propose(bare)
    side.learn(1 << number)
    assert side.entry(number).outcome.why is Why.FAILED
    assert side.item("a") is None


def test_force_drops_the_base_check_for_one() -> None:
    """F5: A forced ChangeSet takes effect over what was written, and lists what it overrides."""
    world = World()
    side = world.side()
    first = side.change(item("a", 0))
    forced = side.resolve(item("a", 2), force=True)
    assert forced.base == ()
    assert forced.overridden == (Base(("item", "a"), side.tx(first)),)
    number = side.propose(forced, lamport=9)
    _ = side.change(item("a", 1))
    side.learn(1 << number)
    assert side.entry(number).outcome.standing is Standing.EFFECTIVE
    assert side.item("a") == 2


def test_a_forced_change_never_hits_another_object_of_the_same_name() -> None:
    """F5a: Modify and delete name a creation id; if the name is another object's now, they fail."""
    world = World()
    side = world.side()
    _ = side.change(command("site", "create", name="here", location="eu"))
    forced = side.propose(
        side.resolve(command("site", "delete", name="here"), force=True), lamport=50
    )
    _ = side.change(command("site", "delete", name="here"))
    _ = side.change(command("site", "create", name="here", location="us"))
    side.learn(1 << forced)
    assert side.entry(forced).outcome.why is Why.FAILED
    assert side.history.state.exists(("site", "here"))


def test_a_command_that_refuses_sets_all_aside() -> None:
    """F6: Rule 3. If one command refuses, none of the ChangeSet's commands has any effect."""
    world = World()
    side = world.side()
    _ = side.change(item("gone", 1))
    resolution = side.resolve(
        item("a", 1), command("item", "delete", name="gone"), item("b", 2), force=True
    )
    number = side.propose(resolution, lamport=9)
    _ = side.change(command("item", "delete", name="gone"))
    side.learn(1 << number)
    assert side.entry(number).outcome.why is Why.FAILED
    assert (side.item("a"), side.item("b")) == (None, None)


def test_a_broken_invariant_sets_all_aside() -> None:
    """F6a: If the whole would break an invariant afterwards, none of the commands has any effect.

    Of two paths for one host and prefix, made on two sides, the later is set aside.
    """
    world = World()
    base = world.side()
    _ = base.change(command("service", "create", name="web", role="web"))
    left, right = base.fork(ALICE), base.fork(BOB)
    _ = left.change(command("path", "create", name="one", host="x", services={"web": 1}))
    later = right.change(
        command("path", "create", name="two", host="x", services={"web": 1}), item("a", 1)
    )
    left.learn(right.ids)
    outcome = left.entry(later).outcome
    assert (outcome.why, outcome.key) == (Why.FAILED, ("path", "one"))
    assert left.item("a") is None


def test_no_reference_dangles() -> None:
    """F6b: No reference dangles: of a path to a service and its deletion the later one falls."""
    world = World()
    base = world.side()
    _ = base.change(command("service", "create", name="web", role="web"))
    left, right = base.fork(ALICE), base.fork(BOB)
    _ = left.change(command("path", "create", name="one", host="x", services={"web": 1}))
    delete = right.change(command("service", "delete", name="web"), lamport=60)
    left.learn(right.ids)
    assert left.entry(delete).outcome.why is Why.FAILED
    assert left.history.state.exists(("service", "web"))


def test_nothing_waits_for_itself() -> None:
    """F6c: Nothing waits for itself.

    Of two ChangeSets that together let services start after each other in a circle, the later
    falls.
    """
    world = World()
    base = world.side()
    for name in ("web", "db"):
        _ = base.change(command("service", "create", name=name, role="all"))
    left, right = base.fork(ALICE), base.fork(BOB)
    first = left.change(command("service", "modify", name="web", after=["db"]))
    later = right.change(command("service", "modify", name="db", after=["web"]), lamport=60)
    left.learn(right.ids)
    assert left.entry(first).outcome.why is not Why.FAILED
    assert left.entry(later).outcome.why is Why.FAILED


def test_what_was_built_on_a_set_aside_change_falls_in_turn() -> None:
    """F7: What was made on top of a set-aside ChangeSet, on the same keys, fails rule 2 in turn."""
    world = World()
    base = roster_of_three(world)
    left, right = base.fork(ALICE), base.fork(BOB)
    _ = left.change(item("a", 1))
    lost = right.change(item("a", 2))
    built = right.change(item("a", 3))
    apart = right.change(item("b", 4))
    left.learn(right.ids)
    assert left.entry(lost).outcome.why is Why.CONFLICT
    assert left.entry(built).outcome.why is Why.CONFLICT
    assert left.entry(apart).outcome.standing is Standing.EFFECTIVE
    assert (left.item("a"), left.item("b")) == (1, 4)


def test_what_was_voted_on_before_falls_all_the_same() -> None:
    """F7: A vote on it, while that on which it was built stood, changes nothing about that."""
    world = World()
    base = roster_of_three(world)
    left, right = base.fork(ALICE), base.fork(BOB)
    lost = right.change(item("a", 2))
    built = right.propose(right.resolve(item("a", 3)))
    assert right.history.objection(world.catalogue[built], right.ids) is None
    right.learn(1 << built)
    assert right.entry(built).outcome.standing is Standing.EFFECTIVE
    _ = left.change(item("b", 1), lamport=99)
    lists = (command("merge", "set-aside", tx=right.tx(lost).hex()),)
    _ = right.merge_with(lists, left.ids | right.ids, signer=OPERATOR)
    assert right.entry(lost).outcome.why is Why.MERGED
    assert right.entry(built).outcome.why is Why.CONFLICT


def test_set_aside_changes_stay_and_can_be_restaged() -> None:
    """F8: What is set aside stays in the history, is listed, and is restaged on today's base."""
    world = World()
    left, right = world.side(ALICE), world.side(BOB)
    _, lost = left.change(item("a", 1)), right.change(item("a", 2))
    left.learn(right.ids)
    assert [entry.number for entry in left.history.conflicts()] == [lost]
    restaged = left.history.restage(left.tx(lost), world.nonce())
    assert isinstance(restaged, Resolution)
    left.learn(1 << left.propose(restaged))
    assert left.item("a") == 2
    again = left.history.restage(left.tx(left.propose(restaged)), world.nonce())
    assert isinstance(again, Unresolved)


def test_a_late_arrival_refolds_from_its_place() -> None:
    """F9: What arrives below the frontier takes its place, and what conflicts with it falls."""
    world = World()
    side, other = world.side(ALICE), world.side(BOB)
    mine = side.change(item("a", 1), lamport=5)
    late = other.change(item("a", 2), lamport=3)
    side.learn(1 << late)
    assert side.item("a") == 2
    assert side.entry(mine).outcome.why is Why.CONFLICT
    assert side.history.state_hash == new_history(world.catalogue, side.ids).state_hash


def test_a_later_merge_that_saw_the_first_revises_it() -> None:
    """F10: That merge counts which names a tx and is no ancestor of another that names it."""
    world = World()
    base = roster_of_three(world)
    left, right = base.fork(ALICE), base.fork(BOB)
    third = base.fork(ALICE)
    one, two = left.change(item("a", 1)), right.change(item("a", 2))
    _ = left.merge(right, keep=(left.tx(one),))
    _ = third.change(item("c", 3))
    say = (
        command("merge", "set-aside", tx=left.tx(one).hex()),
        command("merge", "keep", tx=left.tx(two).hex()),
    )
    _ = left.merge_with(say, left.ids | third.ids, signer=OPERATOR)
    assert left.item("a") == 2


def test_of_two_merges_at_once_the_lower_counts() -> None:
    """F10a: Of two merges that did not see each other, the one with the lower timestamp counts."""
    world = World()
    base = roster_of_three(world)
    left, right = base.fork(ALICE), base.fork(BOB)
    one, two = left.change(item("a", 1)), right.change(item("a", 2))
    ids = left.ids | right.ids
    _ = left.merge_with(_verdict(left.tx(one), left.tx(two)), ids)
    _ = right.merge_with(_verdict(left.tx(two), left.tx(one)), ids)
    left.learn(right.ids)
    assert left.item("a") == 1


def _verdict(keep: bytes, aside: bytes) -> tuple[Command, ...]:
    return (
        command("merge", "set-aside", tx=aside.hex()),
        command("merge", "keep", tx=keep.hex()),
    )


def test_a_merge_is_judged_in_the_fold_of_its_ancestors() -> None:
    """F11: A merge whose signer was not in the roster of what is behind it counts for nothing."""
    world = World()
    base = roster_of_three(world)
    left, right = base.fork(ALICE), base.fork(BOB)
    one, two = left.change(item("a", 1)), right.change(item("a", 2))
    say = _verdict(left.tx(two), left.tx(one))
    merge = left.merge_with(say, left.ids | right.ids, signer=STRANGER)
    assert left.entry(merge).outcome.why is Why.REFUSED
    assert left.item("a") == 1


def test_a_merge_counts_though_its_signer_was_removed_since() -> None:
    """F11b: What comes after a merge cannot take away the right that its signer had."""
    world = World()
    base = roster_of_three(world)
    left, right = base.fork(ALICE), base.fork(BOB)
    _, two = left.change(item("a", 1)), right.change(item("a", 2))
    _ = left.merge(right, released_by={two: 2})
    _ = left.change(remove(ALICE))
    assert new_history(world.catalogue, left.ids).state.get("item", "a") == 2


def test_a_merge_decides_only_what_its_sides_did_not_share() -> None:
    """F11a: A merge that decides about what all its sides had counts for nothing."""
    world = World()
    base = roster_of_three(world)
    shared = base.change(item("a", 1))
    left, right = base.fork(ALICE), base.fork(BOB)
    _, _ = left.change(item("b", 1)), right.change(item("c", 1))
    say = (command("merge", "set-aside", tx=left.tx(shared).hex()),)
    _ = left.merge_with(say, left.ids | right.ids, signer=OPERATOR)
    assert left.item("a") == 1


def test_folding_stops_at_a_command_of_a_newer_version() -> None:
    """F12: At a command that is not known folding stops; what follows has no effect here yet."""
    world = World()
    side = world.side()
    newer = (command("wormhole", "open", name="x"),)
    number = side.propose(Resolution(newer, newer, (), (), Kind.NORMAL))
    after = side.propose(side.resolve(item("a", 1)), lamport=9)
    side.learn(1 << number | 1 << after)
    assert side.history.needs_upgrade == number
    assert side.entry(after).outcome.standing is Standing.UNFOLDED
    assert side.item("a") is None


def test_folding_stops_at_what_a_newer_version_says_of_a_command() -> None:
    """F12: A known command that says more than is known is not known."""
    side = World().side()
    known = item("a", 1)
    wiser = Command(known.group, known.verb, known.parameters, risp.encode([risp.Command(0x7005)]))
    number = side.propose(Resolution((wiser,), (wiser,), (), (), Kind.NORMAL))
    side.learn(1 << number)
    assert side.history.needs_upgrade == number
    assert side.item("a") is None


def test_folding_stops_at_a_request_of_a_newer_version() -> None:
    """F12: Where the whole request cannot be read it is the same, until a merge sets it aside."""
    world = World()
    side = world.side()
    newer = SignedRequest(b"\x8d\x01 of tomorrow", bytes(64))
    number = world.attempt(newer, Kind.NORMAL, 0, ALICE)
    side.learn(1 << number)
    after = side.propose(World().side().resolve(item("a", 1)), lamport=9)
    side.learn(1 << after)
    assert side.history.needs_upgrade == number
    assert side.item("a") is None


def test_a_request_that_nobody_can_read_is_set_aside() -> None:
    """F6: One that says to be of this version and does not decode fails, here and everywhere."""
    world = World()
    side = world.side()
    damaged = SignedRequest(b"\x8d\x00 of today", bytes(64))
    number = world.attempt(damaged, Kind.NORMAL, 0, ALICE)
    merge = world.attempt(SignedRequest(damaged.raw + b"!", bytes(64)), Kind.MERGE, 0, ALICE)
    side.learn(1 << number | 1 << merge)
    _ = side.change(item("a", 1))
    assert side.entry(number).outcome.why is side.entry(merge).outcome.why is Why.FAILED
    assert side.history.needs_upgrade is None
    assert side.item("a") == 1


def test_folding_goes_on_where_a_stranger_says_something_unknown() -> None:
    """F12a: An unknown command of somebody without any right is set aside and stops nothing."""
    world = World()
    side = world.side()
    newer = (command("wormhole", "open", name="x"),)
    number = side.propose(Resolution(newer, newer, (), (), Kind.NORMAL), signer=STRANGER)
    side.learn(1 << number)
    _ = side.change(item("a", 1))
    assert side.history.needs_upgrade is None
    assert side.item("a") == 1
