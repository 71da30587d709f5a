"""Several founders at once: all but one give up what they founded, if nothing was done in it."""

from itertools import permutations, product

import pytest

from mesh.protocol.admission import Phase, decode_enrolment
from mesh.protocol.admission.enrolment import (
    ASIDE_KEY,
    ENVIRONMENT_KEY,
    WAITING_KEY,
    Enrolment,
)
from mesh.protocol.admission.judgement import outranks
from mesh.protocol.standing import Access
from mesh.wire.messages import Hello
from tests.mesh.protocol.admission.doors import Door, founder, founding_by, hello

LOWEST, HIGHEST = bytes(32), b"\xff" * 32


def test_the_higher_id_yields() -> None:
    """Of two environments in which nothing was done, the one with the higher id is given up."""
    door = founder()
    assert (
        door.admission.judge(hello("bob", LOWEST, yields=True), door.roster, bytes(32))
        is Access.YIELDING
    )
    step = door.greet(hello("bob", LOWEST, yields=True))
    assert step.ended is not None
    assert door.admission.phase is Phase.YIELDED


def test_the_lower_id_waits() -> None:
    """The other one goes on, and waits for the first to give up."""
    door = founder()
    said = hello("bob", HIGHEST, yields=True)
    assert door.admission.judge(said, door.roster, bytes(32)) is Access.YIELDING
    step = door.greet(said)
    assert step.ended is None
    assert step.writes == ()
    assert door.admission.phase is Phase.FOUNDED


@pytest.mark.parametrize("other", [LOWEST, HIGHEST])
def test_an_unused_environment_yields_to_one_that_is_kept(other: bytes) -> None:
    """Whatever the ids: what a person used, or founded on purpose, is not given up for it."""
    door = founder()
    assert door.greet(hello("bob", other, yields=False)).ended is not None


def test_what_was_given_up_is_kept_as_evidence() -> None:
    """The record is set aside; the next life waits at the other door, and founds no third."""
    door = founder()
    before = door.admission.enrolment
    assert before is not None
    _ = door.greet(hello("bob", LOWEST, yields=True))
    aside = door.disk[ASIDE_KEY + before.environment.hex()]
    assert decode_enrolment(aside) == before
    assert door.disk[ENVIRONMENT_KEY] == b""
    assert door.disk[WAITING_KEY] == LOWEST
    again = Door(door.disk, boot=2)
    assert again.admission.phase is Phase.PENDING
    assert again.admission.hello().environment is None
    assert again.admission.deadline_ns is None


def test_a_life_that_yielded_does_nothing_more() -> None:
    """Its incarnation has ended: the next one begins from the disk."""
    door = founder()
    _ = door.greet(hello("bob", LOWEST, yields=True))
    disk = dict(door.disk)
    _ = door.greet(hello("cyd", LOWEST, yields=True), 2)
    _ = door.write(door.admission.used())
    _ = door.write(door.admission.found())
    assert door.disk == disk
    assert door.admission.deadline_ns is None


def test_what_yielded_claims_nothing() -> None:
    """Whoever still hears of what was given up must not give up its own for it."""
    door = founder()
    _ = door.greet(hello("bob", LOWEST, yields=True))
    assert door.admission.phase is Phase.YIELDED
    assert door.admission.hello().yields


def test_what_was_used_is_never_given_up() -> None:
    """Once a person did something in it, an environment yields to none; that survives a restart."""
    door = founder()
    step = door.write(door.admission.used())
    assert step.hello_changed
    assert not door.admission.hello().yields
    assert door.greet(hello("bob", LOWEST)).ended is None
    again = Door(door.disk, boot=2)
    assert again.admission.phase is Phase.MEMBER
    assert again.greet(hello("bob", LOWEST)).ended is None
    assert again.admission.used().writes == ()


def test_what_was_founded_on_purpose_is_never_given_up() -> None:
    """``--found`` is kept, though nothing was done in it yet."""
    door = Door(found=True)
    assert door.greet(hello("bob", LOWEST)).ended is None
    assert door.greet(hello("bob", LOWEST, yields=True)).ended is None


def test_an_unused_environment_is_unused_after_a_restart() -> None:
    """A founder that restarts before anything was done still yields."""
    door = founder()
    again = Door(door.disk, boot=2)
    assert again.admission.phase is Phase.FOUNDED
    assert again.admission.hello().yields
    assert again.greet(hello("bob", LOWEST, yields=True)).ended is not None


def test_a_founder_meets_its_own_environment() -> None:
    """A member of the same environment is nothing to yield to."""
    door = founder()
    enrolment = door.admission.enrolment
    assert enrolment is not None
    said = hello("bob", enrolment.environment, generation_nonce=enrolment.generation_nonce)
    assert door.greet(said).ended is None
    assert not outranks(said, enrolment)


def _place(founder_name: str, *, settled: bool) -> Enrolment:
    return Enrolment(founding_by(founder_name), 1, bytes(16), bytes(32), 1, settled)


def _claim(place: Enrolment, *, settled: bool) -> Hello:
    return hello("x", place.environment, yields=not settled)


NAMES = ("ada", "bob", "cyd", "dan")


def test_exactly_one_of_two_yields_unless_both_are_kept() -> None:
    """Every pair of founders is decided, one way."""
    for (one, other), kept_one, kept_other in product(
        permutations(NAMES, 2), (False, True), (False, True)
    ):
        here = _place(one, settled=kept_one)
        there = _place(other, settled=kept_other)
        yielding = (
            outranks(_claim(there, settled=kept_other), here),
            outranks(_claim(here, settled=kept_one), there),
        )
        assert sum(yielding) == (0 if kept_one and kept_other else 1)


def test_no_two_yield_to_each_other_even_on_old_news() -> None:
    """A Hello may be older than the act that made its environment a kept one: never the reverse."""
    for (one, other), kept_one, kept_other in product(
        permutations(NAMES, 2), (False, True), (False, True)
    ):
        here = _place(one, settled=kept_one)
        there = _place(other, settled=kept_other)
        for old_here, old_there in product((False, True), (False, True)):
            said_here = _claim(here, settled=kept_one and old_here)
            said_there = _claim(there, settled=kept_other and old_there)
            assert not (outranks(said_there, here) and outranks(said_here, there))


def test_no_circle_yields() -> None:
    """Among any founders at least one is left, whoever meets whom."""
    for kept in product((False, True), repeat=len(NAMES)):
        places = [_place(name, settled=each) for name, each in zip(NAMES, kept, strict=True)]
        left = [
            here
            for here in places
            if not any(
                outranks(_claim(there, settled=there.settled), here)
                for there in places
                if there is not here
            )
        ]
        assert len(left) == max(1, sum(kept))
