"""What one controller shows to those who ask it, in one shape on every tier.

It is made of what the API answers, and of nothing else: no tier is judged by what only its own
insides could tell. What differs from run to run and means nothing, such as ids, keys and
addresses, is left out, so that whatever is left must be equal.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from mesh.protocol.now import Now
from mesh.protocol.replica import Replica, views
from mesh.protocol.replica.views import Json

ALL: Final = 1_000
"""Lines that are asked for, and entries: more than any play makes."""

_MEANINGLESS: Final = {"id", "exchange_key", "addresses", "name", "key"}
"""Fields of objects that each run draws or chooses anew; by its name an object is found."""

Objects = Mapping[str, Mapping[str, Json]]
"""The configuration, by kind and name."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The resources of the API, as one controller answers them at one moment."""

    status: views.Status
    members: views.Members
    changes: list[views.Change]
    environment: views.Environment | None
    information: views.Listing


@dataclass(frozen=True, slots=True)
class Sight:
    """One controller."""

    alive: frozenset[str]
    """The active members that it believes alive, itself included."""
    doubted: frozenset[str]
    """Those that it suspects: they still count at the barrier, for a moment."""
    active: frozenset[str]
    """The members that take part at the barrier."""
    unsettled: int
    """ChangeSets that wait here, and those that were released elsewhere and are not merged."""
    hashes: tuple[str, ...]
    """Of history, of state and of what is shown."""
    words: Mapping[str, str]
    """By name of ChangeSet: what became of it."""
    objects: Objects
    entries: Mapping[str, frozenset[str]]
    """Running information: by path all values, spelled as text."""

    @property
    def shows_all(self) -> bool:
        """Whether readers are shown what has been applied."""
        return self.hashes[1:2] == self.hashes[2:]


class Sights(Mapping[str, Sight]):
    """The controllers that run, by name, at one moment; each is asked when it is looked at.

    ``looks`` asks one controller.
    """

    def __init__(self, looks: Mapping[str, Callable[[], Sight]]) -> None:
        self._looks = looks
        self._seen: dict[str, Sight] = {}

    def __getitem__(self, name: str) -> Sight:
        if name not in self._seen:
            self._seen[name] = self._looks[name]()
        return self._seen[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._looks)

    def __len__(self) -> int:
        return len(self._looks)


def look(replica: Replica, now: Now) -> Sight:
    """What ``replica`` would answer now."""
    return sight(
        Answers(
            status=views.status(replica, now),
            members=views.members(replica, now),
            changes=views.changes(replica, now, ALL),
            environment=views.environment(replica),
            information=views.information(replica, (), ALL),
        )
    )


def sight(answers: Answers) -> Sight:
    """What ``answers`` say."""
    members = [row for row in answers.members["members"] if row["state"] == "active"]
    place = answers.status["environment"]
    told = answers.environment
    return Sight(
        alive=frozenset(_name(row) for row in members if row["standing"] == "alive"),
        doubted=frozenset(_name(row) for row in members if row["standing"] == "suspect"),
        active=frozenset(_name(row) for row in members),
        unsettled=0 if place is None else place["waiting"] + place["unmerged"],
        hashes=()
        if place is None
        else (place["history_hash"], place["state_hash"], place["shown_hash"]),
        words={each["name"]: each["word"] for each in answers.changes},
        objects={} if told is None else _objects(told["objects"]),
        entries={
            each["path"]: frozenset(str(value) for value in (each["value"], *each["conflicts"]))
            for each in answers.information["entries"]
        },
    )


def _name(row: views.MemberView) -> str:
    return row["controller"]["name"]


def _objects(told: Mapping[str, Mapping[str, Json]]) -> Objects:
    """Without what means nothing. A controller, which is kept by its key, goes by its name."""
    return {
        kind: {_called(name, fields): _meaning(fields) for name, fields in objects.items()}
        for kind, objects in told.items()
        if objects
    }


def _called(name: str, fields: Json) -> str:
    match fields:
        case {"name": str(called)}:
            return called
        case _:
            return name


def _meaning(fields: Json) -> Json:
    if not isinstance(fields, dict):
        return fields
    return {name: value for name, value in fields.items() if name not in _MEANINGLESS}
