"""Promises: each word of ``[expect]`` can be kept, and each can be broken."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest

from simulations.expect import Expect, Range
from simulations.files.library import find
from simulations.judging import GOODBYE_NS, Ending, judge
from simulations.reality import RealLife
from simulations.witness import Moment
from simulations.world import World

SECOND = 1_000_000_000
MICROSECOND = 1_000


@pytest.fixture(scope="module")
def ending() -> Ending:
    """A split with a change on each side, a merge, and a write."""
    scenario = msgspec.structs.replace(find("office_wan_cut").plan, expect=None)
    world = World(scenario, RealLife)
    assert world.run().violations == ()
    return world.ending(list(world.hosts.values()))


def promised(ending: Ending, *expects: Expect) -> Sequence[bool]:
    """Whether each kept what it promised, beside that the fault makes a difference."""
    found = []
    for expect in expects:
        *mine, fault = judge(expect, ending)
        assert fault.holds
        assert len(mine) == 1
        assert mine[0].seen
        found.append(mine[0].holds)
    return found


@pytest.mark.parametrize(
    ("kept", "broken"),
    [
        (Expect(effective=("office",)), Expect(set_aside=("office",))),
        (Expect(merges=Range(1)), Expect(cancelled=("cloud",))),
        (Expect(late=Range(0, 100)), Expect(one_of=(("office", "cloud"),))),
        (
            Expect(shown_within_ns={"office": 30 * SECOND}),
            Expect(shown_within_ns={"office": SECOND}),
        ),
        (Expect(skew_ns=SECOND), Expect(skew_ns=MICROSECOND)),
        (Expect(settings={"item/replicas": 3}), Expect(settings={"item/replicas": "3"})),
        (
            Expect(shown_by={"pine": {"item/replicas": 3}}),
            Expect(shown_by={"pine": {"item/nothing": 3}}),
        ),
        (Expect(entries={"office/printer": ("note",)}), Expect(entries={"office/printer": ()})),
        (Expect(failed=("oak",)), Expect(never_failed=("oak",))),
        (Expect(together=(("ash", "birch"),)), Expect(together=(("ash", "oak"),))),
        (Expect(environments=1), Expect(environments=2)),
        (Expect(never_noticed=("disk failed",)), Expect(noticed=("disk failed",))),
        (Expect(agree_within_ns=SECOND), Expect(removed=("pine",))),
        (Expect(rotated=("pine",)), Expect(environments=2)),
        (Expect(admitted=("pine",)), Expect(outside=("pine",))),
        (Expect(environments=1), Expect(one_admitted=(("ash", "pine"),))),
        (Expect(merges=Range(1, 5)), Expect(merges=Range(0, 0))),
        (Expect(failed=("ash",)), Expect(never_suspected=("oak",))),
        (Expect(late=Range(1)), Expect(refused={"office": "no quorum"})),
    ],
)
def test_a_promise_is_kept_or_broken(ending: Ending, kept: Expect, broken: Expect) -> None:
    """A word that cannot be broken promises nothing."""
    assert promised(ending, kept, broken) == [True, False]


def test_another_key_than_the_last_one_breaks_a_promise(ending: Ending) -> None:
    """Whoever is taken by a key that it was not given last has not been rotated."""
    keys = {**ending.exchange_keys, "pine": bytes(32)}
    assert promised(replace(ending, exchange_keys=keys), Expect(rotated=("pine",))) == [False]


def test_a_doubt_that_a_goodbye_ends_at_once_is_none(ending: Ending) -> None:
    """Others may tell of it before it arrives; one that lasts longer is a suspicion."""
    expect = Expect(never_suspected=("ash",))
    goodbye = Moment(SECOND, "oak", "left", about="ash")
    for before_ns, by, holds in (
        (GOODBYE_NS, "oak", True),
        (GOODBYE_NS + 1, "oak", False),
        (-1, "oak", False),
        (1, "birch", False),
    ):
        doubt = Moment(SECOND - before_ns, by, "suspected", about="ash")
        assert promised(replace(ending, moments=(doubt, goodbye)), expect) == [holds]


def test_every_word_is_tried() -> None:
    """The tables above use each word of the vocabulary."""
    used = set()
    marks = test_a_promise_is_kept_or_broken.pytestmark  # type: ignore[attr-defined]
    for pair in marks[0].args[1]:
        for expect in pair:
            default = Expect()
            used |= {
                name
                for name in Expect.__struct_fields__
                if getattr(expect, name) != getattr(default, name)
            }
    assert used == set(Expect.__struct_fields__) - {"harmless"}


def test_a_fault_that_makes_no_difference_breaks_a_promise(ending: Ending) -> None:
    """What touched nothing proves nothing, unless its author says that it may."""
    idle = Ending(
        ending.healthy,
        ending.hosts,
        ending.controllers,
        ending.moments,
        ending.steps,
        ending.values,
        {"cut": 0},
        ending.healing_ns,
    )
    assert [each.holds for each in judge(Expect(), idle)] == [False]
    assert judge(Expect(harmless=("cut",)), idle) == ()


def test_of_what_is_not_asked_nothing_is_judged(ending: Ending) -> None:
    """Whoever shortens a failing scenario cannot break a promise by leaving out whom it is about.

    Neither a step nor a host.
    """
    expect = Expect(
        effective=("gone",),
        one_of=(("gone", "cloud"),),
        refused={"gone": "x"},
        entries={"office/printer": ("gone",)},
        failed=("gone",),
        removed=("gone",),
    )
    assert [each.promise for each in judge(expect, ending)] == ["the fault cut makes a difference"]
