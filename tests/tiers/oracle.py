"""The one judge of all tiers: whether a mesh has come to rest, and how the play ended.

Two questions, from sights alone. Do all controllers show the same, with nothing left to wait for?
And is what they show the ending that the play must have: equal configuration, equal sets of
effective, set-aside and cancelled ChangeSets, equal running information?
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tests.tiers.sight import Objects, Sights

CANCELLED: Final = {"cancelled", "cancelled here"}
"""Nobody has it; said by whoever knows that of all, or only of what can include itself."""

EFFECTIVE: Final = "applied"
SET_ASIDE: Final = "set aside"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a play ended; the same on every tier."""

    objects: Objects
    effective: frozenset[str]
    set_aside: frozenset[str]
    cancelled: frozenset[str]
    entries: Mapping[str, frozenset[str]]


def unrest(sights: Sights) -> Iterator[str]:
    """What keeps the controllers from being at rest and of one mind; nothing: they are."""
    names = frozenset(sights)
    first_name, first = next(iter(sights.items()))
    for name, each in sights.items():
        if each.active != names:
            yield f"{name} knows as active {_listed(each.active)}"
        if each.alive != names:
            yield f"{name} believes alive {_listed(each.alive)}"
        if each.unsettled:
            yield f"{name} waits for {each.unsettled} ChangeSets"
        if not each.shows_all:
            yield f"{name} does not show yet what it has applied"
        if each.hashes != first.hashes:
            yield f"{name} and {first_name} hold different histories"
        if each.entries != first.entries:
            yield f"{name} and {first_name} read different running information"


def ending(sights: Sights, submitted: Collection[str]) -> Ending:
    """How the play ended whose ChangeSets are called ``submitted``, from a mesh at rest.

    A ChangeSet that never left the queue of its author is known to nobody else, so that one is
    cancelled of which somebody says so and nobody says otherwise.
    Raises AssertionError where controllers contradict each other.
    """
    first = next(iter(sights.values()))
    for name, each in sights.items():
        assert each.objects == first.objects, f"{name} shows other objects: {each.objects}"
    words = {name: _words(sights, name) for name in submitted}
    return Ending(
        objects=first.objects,
        effective=_those(words, {EFFECTIVE}),
        set_aside=_those(words, {SET_ASIDE}),
        cancelled=_those(words, CANCELLED),
        entries=first.entries,
    )


def _words(sights: Sights, name: str) -> set[str]:
    """All that is said of one ChangeSet, by those who know of it."""
    return {each.words[name] for each in sights.values() if name in each.words}


def _those(words: Mapping[str, set[str]], meant: set[str]) -> frozenset[str]:
    return frozenset(name for name, said in words.items() if said and said <= meant)


def differences(wanted: Ending, found: Ending) -> Iterator[str]:
    """Where ``found`` is not what was ``wanted``."""
    for kind in sorted(wanted.objects.keys() | found.objects.keys()):
        yield from _unequal(kind, wanted.objects.get(kind, {}), found.objects.get(kind, {}))
    yield from _unequal("running information", wanted.entries, found.entries)
    for what in ("effective", "set_aside", "cancelled"):
        expected, seen = getattr(wanted, what), getattr(found, what)
        if expected != seen:
            yield f"{what}: {_listed(seen)} instead of {_listed(expected)}"


def _unequal(what: str, wanted: Mapping[str, object], found: Mapping[str, object]) -> Iterator[str]:
    for name in sorted(wanted.keys() | found.keys()):
        expected, seen = wanted.get(name), found.get(name)
        if expected != seen:
            yield f"{what} {name}: {seen} instead of {expected}"


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none"
