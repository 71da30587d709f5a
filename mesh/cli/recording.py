"""A live mesh as a scenario of the simulator: ``trellis doctor --record FILE``.

One controller writes down what it knows: who is there and at which site, how long the way to each
of them takes and how much of it is lost, how much history and running information there is, and
the two settings that decide what a partition does, the barrier's policy and the profile. The file
runs as it is, and is made to be changed: one line, and one sees what would become of *this* mesh.

Nothing else is written: no keys, no addresses, no value of any setting or entry.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from statistics import fmean, median_low
from typing import TYPE_CHECKING, Final

from mesh.cli.output import duration

if TYPE_CHECKING:
    from mesh.protocol.replica.views import Members, MemberView, Status
    from mesh.protocol.replica.views.standing import EnvironmentView

CHANGES_MAX: Final = 200
ENTRIES_MAX: Final = 200
"""Of a longer history, and of more running information, only so much is made in the simulator: it
shows the same, and a run stays one of seconds."""

SITES_PAIRED_MAX: Final = 12
"""With more sites the links between two far ones are left as all others are."""

_EVERY_MS: Final = 50
"""From one ChangeSet of the history to the next."""

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_MICROSECOND: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Way:
    """A link between two hosts, or the usual one between two sites."""

    delay_ns: int
    """One way."""
    loss: float
    """One way."""


@dataclass(frozen=True, slots=True)
class _Mesh:
    """What is recorded."""

    me: MemberView
    peers: Sequence[MemberView]
    place: EnvironmentView
    profile: str

    @property
    def sites(self) -> dict[str, list[str]]:
        """The names of all members by site; the own ones first, for the first host founds."""
        found: dict[str, list[str]] = {}
        for member in (self.me, *self.peers):
            found.setdefault(member["site"], []).append(member["controller"]["name"])
        return found

    @property
    def name(self) -> str:
        """Of the controller that records."""
        return self.me["controller"]["name"]


def scenario_of(status: Status, members: Members, day: str) -> str | None:
    """The scenario as TOML; None where there is no environment. ``day`` says when it was."""
    place = status["environment"]
    me = next((each for each in members["members"] if each["own"]), None)
    if place is None or me is None:
        return None
    peers = [each for each in members["members"] if not each["own"]]
    mesh = _Mesh(me, peers, place, status["controller"]["profile"])
    return "\n".join([*_story(mesh, day), *_places(mesh), *_links(mesh), *_steps(mesh), ""])


def _story(mesh: _Mesh, day: str) -> Iterator[str]:
    size = (
        _count(len(mesh.peers) + 1, "controller"),
        _count(len(mesh.sites), "site"),
        _count(mesh.place["changes"], "ChangeSet"),
        _count(mesh.place["entries"], "piece") + " of running information",
    )
    yield f"# Recorded by `trellis doctor --record` on {mesh.name}, {day}."
    yield f"# There were {', '.join(size)}."
    yield f"# Links of {mesh.name} are as it measured them; those of others are guesses and say so."
    gone = [each for each in mesh.peers if each["standing"] != "alive"]
    if gone:
        told = ", ".join(f"{each['controller']['name']} ({each['standing']})" for each in gone)
        yield f"# Not there at that moment: {told}. Here all of them run."
    yield ""
    yield f"title = {json.dumps(f'as recorded on {mesh.name}')}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _places(mesh: _Mesh) -> Iterator[str]:
    yield f"policy = {json.dumps(mesh.place['policy'])}"
    yield f"profile = {json.dumps(mesh.profile)}  # of {mesh.name}; all others are taken to have it"
    yield f'horizon = "{_history_ms(mesh) // 1_000 + _AFTER_S} s"'
    yield ""
    yield "[sites]"
    for site, names in mesh.sites.items():
        yield f"{_key(site)} = {json.dumps(names)}"


# --- links --------------------------------------------------------------------------------------


def _links(mesh: _Mesh) -> Iterator[str]:
    """From the most general to the most special: the last one that fits counts."""
    usual = _by_site(mesh)
    own = mesh.me["site"]
    far = [site for site in usual if site != own]
    if len(far) <= SITES_PAIRED_MAX:
        for one, other in combinations(far, 2):
            yield from _between(one, other, _joined(usual[one], usual[other]), f"by way of {own}")
    for site in usual:
        yield from _between(own, site, usual[site], f"as from {mesh.name}")
    for peer in mesh.peers:
        way = _way(peer)
        if way is not None:
            name = peer["controller"]["name"]
            trip_ns = peer["round_trip_ns"]
            assert trip_ns is not None, "a way is known by its round trip"
            lost = f"{peer['probes_missed']} of {peer['probes']} probes lost"
            why = f"measured: round trip {duration(trip_ns)}, {lost}"
            yield from _link(f"{mesh.name} to {name}", mesh.name, name, way, why)


def _way(peer: MemberView) -> _Way | None:
    """What is known of the way to ``peer``; None where it was never measured."""
    trip_ns = peer["round_trip_ns"]
    if trip_ns is None:
        return None
    lost = peer["probes_missed"] / peer["probes"] if peer["probes"] else 0.0
    gone = peer["standing"] != "alive" or lost >= 1
    # A probe fails where either way loses: 1 - p = (1 - q)^2. Silence of one that is gone is no
    # loss on the way.
    return _Way(trip_ns // 2, 0.0 if gone else 1 - sqrt(1 - lost))


def _by_site(mesh: _Mesh) -> dict[str, _Way]:
    """The usual way from here to each site where one was measured."""
    found: dict[str, list[_Way]] = {}
    for peer in mesh.peers:
        way = _way(peer)
        if way is not None:
            found.setdefault(peer["site"], []).append(way)
    return {
        site: _Way(median_low(way.delay_ns for way in ways), fmean(way.loss for way in ways))
        for site, ways in found.items()
    }


def _joined(one: _Way, other: _Way) -> _Way:
    """Two ways, one after the other."""
    return _Way(one.delay_ns + other.delay_ns, 1 - (1 - one.loss) * (1 - other.loss))


def _between(one: str, other: str, way: _Way, why: str) -> Iterator[str]:
    name = f"within {one}" if one == other else f"{one} to {other}"
    yield from _link(f"site {name}", f"site:{one}", f"site:{other}", way, f"guessed: {why}")


def _link(name: str, one: str, other: str, way: _Way, why: str) -> Iterator[str]:
    yield ""
    yield f"[links.{json.dumps(name)}]  # {why}"
    yield f"hosts = {json.dumps([one])}"
    yield f"others = {json.dumps([other])}"
    yield f'delay = "{max(1, way.delay_ns // _MICROSECOND) / 1_000} ms"'
    loss = round(way.loss, 3)
    if loss:
        yield f"loss = {loss}"


# --- what happens -------------------------------------------------------------------------------

_AFTER_S: Final = 60
"""From the end of the history to the horizon: room for a fault and what follows from it."""

_CUT_S, _CHANGE_S, _HEAL_S = 10, 25, 40
"""In the comparison: when the cut begins, when something is asked for, and when the cut ends."""


def _history_ms(mesh: _Mesh) -> int:
    return min(mesh.place["changes"], CHANGES_MAX) * _EVERY_MS


def _steps(mesh: _Mesh) -> Iterator[str]:
    changes = min(mesh.place["changes"], CHANGES_MAX)
    entries = min(mesh.place["entries"], ENTRIES_MAX)
    yield from _history(mesh, changes)
    if entries:
        yield ""
        yield "[steps.information]  # as much as there was, with other names and values"
        yield 'step = "put"'
        yield f"host = {json.dumps(mesh.name)}"
        yield 'at = "0 s"'
        yield "paths = ["
        yield from (f'    "/recorded/{number}",' for number in range(1, entries + 1))
        yield "]"
    began_s = _history_ms(mesh) // 1_000
    yield ""
    yield "[steps.change]"
    yield 'step = "change"'
    yield f"host = {json.dumps(mesh.name)}"
    yield f'at = "{began_s + _CHANGE_S} s"'
    yield 'patience = "2 min"'
    yield 'commands = ["item set --name asked --value now"]'
    yield ""
    yield "[expect]"
    yield 'effective = ["change"]'
    if mesh.peers:
        yield from _comparison(mesh, began_s)


def _history(mesh: _Mesh, changes: int) -> Iterator[str]:
    if not changes:
        return
    yield ""
    yield "[steps.history]  # as long as it was, with other ChangeSets"
    yield 'step = "change"'
    yield f"host = {json.dumps(mesh.name)}"
    yield 'at = "0 s"'
    yield f"times = {changes}"
    yield f'every = "{_EVERY_MS} ms"'
    yield 'commands = ["item set --name recorded-{n} --value {n}"]'


def _comparison(mesh: _Mesh, began_s: int) -> Iterator[str]:
    """One thing changed, to be changed again: the site, or the host, that is cut off."""
    sites = list(mesh.sites)
    if len(sites) > 1:
        apart, others = [f"site:{sites[-1]}"], [f"site:{site}" for site in sites[:-1]]
        name = f"without {sites[-1]}"
    else:
        names = mesh.sites[sites[0]]
        apart, others = names[-1:], names[:-1]
        name = f"without {names[-1]}"
    yield ""
    yield f"[compare.{json.dumps(name)}.faults.cut]"
    yield 'fault = "split"'
    yield f"groups = {json.dumps([others, apart])}"
    yield f'starts = "{began_s + _CUT_S} s"'
    yield f'ends = "{began_s + _HEAL_S} s"'


def _key(word: str) -> str:
    return word if _BARE_KEY.fullmatch(word) else json.dumps(word)
