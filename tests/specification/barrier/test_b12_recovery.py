"""B12: who began with an empty disk takes part again when it holds what enough others hold."""

import pytest

from mesh.environment.policy import Policy
from mesh.protocol.barrier import Accepted, NoQuorum
from mesh.protocol.barrier.recovery import (
    RECOVERY,
    Recovery,
    decode_recovery,
    others_needed,
    read_recovery,
)
from mesh.wire import cbor
from mesh.wire.facts import Record
from mesh.wire.requests import Kind
from tests.mesh.protocol.barrier.stage import Actor, Stage, key, latest, life, request, set_policy


def say(stage: Stage, who: int, *synced_from: int, is_over: bool = False) -> None:
    """Let ``who`` say how far it has recovered."""
    recovery = Recovery(tuple(key(each) for each in synced_from), is_over)
    _ = stage.write(who, recovery.record)


def participants(actor: Actor, kind: Kind = Kind.NORMAL) -> list[int]:
    """P of what ``actor`` proposes now."""
    commands = set_policy(Policy.MAJORITY) if kind is Kind.ROSTER else ()
    assert isinstance(actor.submit(request(f"{actor.stage.lamport}", commands), kind), Accepted)
    _ = actor.act()
    named = latest(actor).attempt.participants
    return [number for number, who in actor.stage.lives.items() if who in named]


def test_under_majority_who_has_not_recovered_is_in_nobodys_p() -> None:
    """From its first word of it to its last one."""
    stage = Stage(3, policy=Policy.MAJORITY)
    m = stage.actor(1)
    assert participants(m) == [1, 2, 3]
    for synced_from in ((), (1,), (1, 2)):
        say(stage, 3, *synced_from)
        assert participants(m.hear_all()) == [1, 2]
    say(stage, 3, 1, 2, is_over=True)
    assert participants(m.hear_all()) == [1, 2, 3]


def test_it_proposes_nothing_itself() -> None:
    """It is not in P, so there is no quorum; without a fact."""
    stage = Stage(3, policy=Policy.MAJORITY)
    say(stage, 1, 2)
    m = stage.actor(1).hear_all()
    outcome = m.submit(request("x"))
    assert isinstance(outcome, NoQuorum)
    assert outcome.live == (life(2), life(3))


def test_what_another_life_said_says_nothing() -> None:
    """Each life speaks for itself: one that follows on an intact disk repeats it, or need not."""
    stage = Stage(3, policy=Policy.MAJORITY)
    say(stage, 3)
    _ = stage.boot(3, proven=False)
    assert participants(stage.actor(1).hear_all()) == [1, 2, 3]


def test_without_majority_it_waits_for_the_first_one_only() -> None:
    """All-active: others count on it at once, and it proposes when it has synced from somebody."""
    stage = Stage(2)
    say(stage, 1)
    m = stage.actor(1).hear_all()
    assert isinstance(m.submit(request("x")), NoQuorum)
    assert participants(stage.actor(2).hear_all()) == [1, 2]
    say(stage, 1, 2)
    assert participants(m.hear_all()) == [1, 2]


def test_a_merge_goes_by_the_stricter_policy() -> None:
    """B11vi: where one of the sides has the policy majority the merge leaves it out."""
    stage = Stage(3)
    strict = stage.propose(
        1, quorum=3, kind=Kind.ROSTER, signed=request("m", set_policy(Policy.MAJORITY))
    )
    stage.release(strict, (1, 2, 3))
    m = stage.actor(1).hear_all()
    say(stage, 3)
    _ = m.hear_all()
    merge = request("merge", signer=key(1))
    over = m.ids(strict)
    submitted = m.barrier.submit(merge, Kind.MERGE, stage.now, guard_ns=0, over=over)
    assert isinstance(submitted, Accepted)
    _ = m.act()
    assert latest(m).attempt.participants == (life(1), life(2))


@pytest.mark.parametrize(("members", "others"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3)])
def test_it_takes_as_many_others_as_every_majority_must_meet(members: int, others: int) -> None:
    """A majority with it has q - 1 of the n - 1 others, so that n - q + 1 share one with it."""
    assert others_needed(members) == others
    quorum = members // 2 + 1
    assert others + (quorum - 1) > members - 1


@pytest.mark.parametrize(
    "record",
    [
        Record("other", cbor.encode([True])),
        Record(RECOVERY, b"\xff"),
        Record(RECOVERY, cbor.encode([])),
        Record(RECOVERY, cbor.encode([1, key(1)])),
        Record(RECOVERY, cbor.encode([True, b"short"])),
        Record(RECOVERY, cbor.encode([True, "text"])),
    ],
)
def test_other_records_are_none_of_it(record: Record) -> None:
    """What a peer wrote otherwise says nothing, and never raises."""
    assert read_recovery(record) is None


def test_what_is_told_is_what_is_kept() -> None:
    """On disk it stands as it is told."""
    recovery = Recovery((key(1), key(2)), is_over=True)
    assert read_recovery(recovery.record) == recovery == decode_recovery(recovery.encode())
