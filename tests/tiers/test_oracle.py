"""The judge itself: it says no where two controllers, or two tiers, do not show the same."""

from dataclasses import replace

import pytest

from simulations.scenario import canonical, read
from simulations.trial import attempt
from tests.tiers.oracle import Ending, differences, ending, unrest
from tests.tiers.play import Play, Reads, Rests, Sees, Told
from tests.tiers.plays import ABC, PARTED, PLAYS
from tests.tiers.sight import Objects, Sight, Sights
from tests.tiers.translation import planned

NAMES = ("ada", "ben")

SHOWN: Objects = {"item": {"colour": "red"}}

AT_REST = Sight(
    alive=frozenset(NAMES),
    doubted=frozenset(),
    active=frozenset(NAMES),
    unsettled=0,
    hashes=("history", "state", "state"),
    words={"paint": "applied", "repaint": "set aside", "wish": "cancelled here"},
    objects=SHOWN,
    entries={"/a": frozenset({"1"})},
)

ENDING = Ending(
    objects=SHOWN,
    effective=frozenset({"paint"}),
    set_aside=frozenset({"repaint"}),
    cancelled=frozenset({"wish"}),
    entries={"/a": frozenset({"1"})},
)


def sights(ben: Sight) -> Sights:
    """Ada is at rest; ben is as given."""
    return Sights({"ada": lambda: AT_REST, "ben": lambda: ben})


def test_two_who_show_the_same_are_at_rest_and_end_so() -> None:
    """Nothing is missing, and what each ChangeSet came to is read off their words."""
    assert list(unrest(sights(AT_REST))) == []
    assert ending(sights(AT_REST), ("paint", "repaint", "wish")) == ENDING


@pytest.mark.parametrize(
    ("ben", "said"),
    [
        (replace(AT_REST, alive=frozenset({"ben"})), "believes alive ben"),
        (replace(AT_REST, active=frozenset({"ben"})), "knows as active ben"),
        (replace(AT_REST, unsettled=2), "waits for 2 ChangeSets"),
        (replace(AT_REST, hashes=("history", "state", "before")), "does not show yet"),
        (replace(AT_REST, hashes=("other", "state", "state")), "different histories"),
        (replace(AT_REST, entries={}), "different running information"),
    ],
)
def test_whatever_keeps_two_from_rest_is_named(ben: Sight, said: str) -> None:
    """Each thing that must be equal, or over, is looked at."""
    assert any(said in each for each in unrest(sights(ben)))
    assert Rests(NAMES).unmet(sights(ben))


def test_who_contradicts_is_no_ending() -> None:
    """Other objects are an error; a ChangeSet of which two say different things is nothing."""
    with pytest.raises(AssertionError, match="other objects"):
        _ = ending(sights(replace(AT_REST, objects={})), ())
    torn = ending(sights(replace(AT_REST, words={"paint": "set aside"})), ("paint",))
    assert not torn.effective | torn.set_aside | torn.cancelled


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (replace(ENDING, objects={"item": {"colour": "blue"}}), "item colour: blue instead of red"),
        (replace(ENDING, objects={}), "item colour: None instead of red"),
        (replace(ENDING, entries={}), "running information /a: None instead of"),
        (replace(ENDING, effective=frozenset()), "effective: none instead of paint"),
        (replace(ENDING, set_aside=frozenset()), "set_aside: none instead of repaint"),
        (replace(ENDING, cancelled=frozenset({"x"})), "cancelled: x instead of wish"),
    ],
)
def test_another_ending_is_told_part_by_part(found: Ending, said: str) -> None:
    """Configuration, running information, and the three sets of ChangeSets."""
    assert list(differences(ENDING, ENDING)) == []
    assert any(said in each for each in differences(ENDING, found))


def test_conditions_say_what_is_missing() -> None:
    """And nothing where nothing is; who is only suspected is not given up."""
    doubting = sights(replace(AT_REST, alive=frozenset({"ben"}), doubted=frozenset({"ada"})))
    gone = sights(replace(AT_REST, alive=frozenset({"ben"})))
    assert Sees(("ben",), ("ben",)).unmet(doubting)
    assert not Sees(("ben",), ("ben",)).unmet(gone)
    assert not Told(NAMES, "paint", "applied").unmet(gone)
    assert Told(NAMES, "paint", "pending").unmet(gone)
    assert not Reads(NAMES, "/a", ("1",)).unmet(gone)
    assert Reads(NAMES, "/b", ("1",)).unmet(gone)
    assert not Reads(NAMES, "/b", ()).unmet(gone)
    assert "do not run" in Rests((*NAMES, "cleo")).unmet(gone)


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.name)
def test_a_play_is_a_scenario_in_its_canonical_form(play: Play) -> None:
    """What is written down is what is read."""
    scenario = planned(play).scenario(play, seed=1)
    assert read(canonical(scenario)) == scenario


def test_the_scenario_of_a_play_runs_by_itself() -> None:
    """From its JSON alone, as any other scenario; and what was cut made a difference."""
    scenario = read(canonical(planned(PARTED).scenario(PARTED, seed=1)))
    assert PARTED.hosts == ABC
    verdict = attempt(scenario)
    assert not verdict.violations
    assert all(verdict.bites.values())
