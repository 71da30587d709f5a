"""The plays that all tiers give."""

from typing import Final

from mesh.environment.kinds.environment import FOUNDING_SETTINGS
from mesh.protocol.replica.views import Json
from mesh.wire.requests import Command
from tests.tiers.oracle import EFFECTIVE, SET_ASIDE, Ending
from tests.tiers.play import (
    Await,
    Erase,
    Heal,
    Hush,
    Kill,
    Part,
    Play,
    Put,
    Reads,
    Rests,
    Sees,
    Start,
    Submit,
    Told,
)

SITE: Final = "office"
A, B, C, D = "ada", "ben", "cleo", "dan"
ABC: Final = (A, B, C)


def item(at: str, name: str, key: str, value: str) -> Submit:
    """A ChangeSet that sets one item."""
    return Submit(at, name, (Command("item", "set", {"name": key, "value": value}),))


def _ending(
    items: dict[str, str],
    entries: dict[str, set[str]],
    *,
    effective: set[str],
    set_aside: set[str] | None = None,
    cancelled: set[str] | None = None,
    cast: tuple[str, ...] = ABC,
    barrier: str = "all-active",
) -> Ending:
    """All controllers of ``cast`` take part, and the environment is as it was founded."""
    active: Json = {"site": SITE, "state": "active"}
    settings: dict[str, Json] = {"barrier": barrier}
    settings.update(
        (name, value) for name, value in FOUNDING_SETTINGS if isinstance(value, str | int)
    )
    return Ending(
        objects={
            "controller": dict.fromkeys(cast, active),
            "environment": settings,
            "item": dict[str, Json](items),
            "operator": {"founder": {"rights": ["admin:/"]}},
        },
        effective=frozenset(effective),
        set_aside=frozenset(set_aside or ()),
        cancelled=frozenset(cancelled or ()),
        entries={path: frozenset(values) for path, values in entries.items()},
    )


FAIR: Final = Play(
    "fair",
    ABC,
    (
        Put(A, "/greeting", "hello"),
        item(B, "paint", "colour", "red"),
        Await(Told(ABC, "paint", EFFECTIVE)),
        Await(Reads(ABC, "/greeting", ("hello",))),
        item(C, "paint over", "colour", "blue"),
        Put(C, "/greeting", "good day"),
        Await(Told(ABC, "paint over", EFFECTIVE)),
        Await(Reads(ABC, "/greeting", ("good day",))),
        Put(B, "/left", "by ben"),
        Erase(A, "/greeting"),
    ),
    _ending(
        {"colour": "blue"},
        {"/left": {"by ben"}},
        effective={"paint", "paint over"},
    ),
)
"""Nothing goes wrong."""

PARTED: Final = Play(
    "parted",
    ABC,
    (
        Put(A, "/shared", "before"),
        item(A, "begin", "colour", "white"),
        Await(Told(ABC, "begin", EFFECTIVE)),
        Await(Reads(ABC, "/shared", ("before",))),
        Part(((A, B), (C,))),
        Await(Sees((A, B), (A, B))),
        Await(Sees((C,), (C,))),
        item(A, "red by two", "colour", "red"),
        item(C, "blue by one", "colour", "blue"),
        Await(Told((A, B), "red by two", EFFECTIVE)),
        Await(Told((C,), "blue by one", EFFECTIVE)),
        item(B, "only there", "there", "yes"),
        item(C, "only here", "here", "yes"),
        Put(B, "/shared", "there"),
        Put(C, "/shared", "here"),
        Put(C, "/alone", "written alone"),
        Await(Told((A, B), "only there", EFFECTIVE)),
        Await(Told((C,), "only here", EFFECTIVE)),
        Heal(),
        Await(Rests(ABC)),
        Await(Told(ABC, "blue by one", SET_ASIDE)),
        Put(A, "/after", "the cut"),
        item(C, "afterwards", "after", "the cut"),
    ),
    _ending(
        {"colour": "red", "there": "yes", "here": "yes", "after": "the cut"},
        {"/shared": {"there", "here"}, "/alone": {"written alone"}, "/after": {"the cut"}},
        effective={"begin", "red by two", "only there", "only here", "afterwards"},
        set_aside={"blue by one"},
    ),
)
"""Both sides of a partition go on, and once they contradict each other: what two controllers have
released stands, what one has is set aside. Two values written at one path both stay."""

CRASHED: Final = Play(
    "crashed",
    ABC,
    (
        Put(C, "/cleo", "was here"),
        item(C, "by cleo", "first", "one"),
        Await(Told(ABC, "by cleo", EFFECTIVE)),
        Await(Reads(ABC, "/cleo", ("was here",))),
        Kill(C),
        Await(Sees((A, B), (A, B))),
        item(A, "without cleo", "first", "two"),
        Put(B, "/cleo", "is away"),
        Await(Told((A, B), "without cleo", EFFECTIVE)),
        Await(Reads((A, B), "/cleo", ("is away",))),
        Start(C),
        Await(Rests(ABC)),
        item(C, "back again", "second", "three"),
        Put(C, "/cleo", "is back"),
    ),
    _ending(
        {"first": "two", "second": "three"},
        {"/cleo": {"is back"}},
        effective={"by cleo", "without cleo", "back again"},
    ),
)
"""A controller is killed, the others go on, and it comes back to what it missed."""

ONE_WAY: Final = Play(
    "one-way",
    ABC,
    (
        Hush(A, B),
        item(A, "from ada", "ada", "yes"),
        item(B, "from ben", "ben", "yes"),
        item(C, "from cleo", "cleo", "yes"),
        Put(A, "/ada", "says"),
        Put(B, "/ben", "says"),
        Await(Told(ABC, "from ada", EFFECTIVE)),
        Await(Told(ABC, "from ben", EFFECTIVE)),
        Await(Told(ABC, "from cleo", EFFECTIVE)),
        Await(Reads((B, C), "/ada", ("says",))),
        Await(Reads((A, C), "/ben", ("says",))),
        Await(Rests(ABC)),
        Heal(),
        item(B, "both ways", "ben", "again"),
    ),
    _ending(
        {"ada": "yes", "ben": "again", "cleo": "yes"},
        {"/ada": {"says"}, "/ben": {"says"}},
        effective={"from ada", "from ben", "from cleo", "both ways"},
    ),
)
"""One direction of one link is dead; whatever anybody says reaches all by way of the third."""

NEWCOMER: Final = Play(
    "newcomer",
    ABC,
    (
        Put(B, "/old", "news"),
        item(A, "before dan", "old", "yes"),
        Await(Told(ABC, "before dan", EFFECTIVE)),
        Start(D),
        Await(Rests((*ABC, D))),
        item(D, "by dan", "new", "yes"),
        Put(D, "/new", "news"),
        Await(Told((*ABC, D), "by dan", EFFECTIVE)),
    ),
    _ending(
        {"old": "yes", "new": "yes"},
        {"/old": {"news"}, "/new": {"news"}},
        effective={"before dan", "by dan"},
        cast=(*ABC, D),
    ),
)
"""A fourth controller comes, learns all that was before it, and takes part."""

MAJORITY: Final = Submit(A, "majority", (Command("environment", "set", {"barrier": "majority"}),))

MINORITY: Final = Play(
    "minority",
    ABC,
    (
        MAJORITY,
        Await(Told(ABC, "majority", EFFECTIVE)),
        Part(((A, B), (C,))),
        item(C, "in doubt", "colour", "blue"),
        Await(Sees((A, B), (A, B))),
        Await(Sees((C,), (C,))),
        Await(Told((C,), "in doubt", "in doubt")),
        item(A, "together", "size", "large"),
        Await(Told((A, B), "together", EFFECTIVE)),
        Put(C, "/cleo", "goes on"),
        Heal(),
    ),
    _ending(
        {"colour": "blue", "size": "large"},
        {"/cleo": {"goes on"}},
        effective={"majority", "together", "in doubt"},
        barrier="majority",
    ),
)
"""Under majority a minority changes nothing; what it has sealed waits until the others are back."""

ABANDONED: Final = Play(
    "abandoned",
    ABC,
    (
        MAJORITY,
        Await(Told(ABC, "majority", EFFECTIVE)),
        Part(((A, B), (C,))),
        item(C, "lost", "colour", "blue"),
        Await(Sees((A, B), (A, B))),
        Await(Sees((C,), (C,))),
        Await(Told((C,), "lost", "in doubt")),
        Kill(C),
        Start(C),
        item(A, "together", "colour", "red"),
        Await(Told((A, B), "together", EFFECTIVE)),
        Heal(),
    ),
    _ending(
        {"colour": "red"},
        {},
        effective={"majority", "together"},
        cancelled={"lost"},
        barrier="majority",
    ),
)
"""Whoever proposed a ChangeSet restarts before the others have heard of it: they say no."""

CHAIN: Final = Play(
    "chain",
    ABC,
    (
        Part(((A, B), (C,))),
        Await(Sees((A, B), (A, B))),
        Await(Sees((C,), (C,))),
        item(C, "blue", "colour", "blue"),
        Await(Told((C,), "blue", EFFECTIVE)),
        item(C, "navy", "colour", "navy"),
        item(C, "wide", "width", "1"),
        item(A, "red", "colour", "red"),
        Await(Told((C,), "navy", EFFECTIVE)),
        Await(Told((C,), "wide", EFFECTIVE)),
        Await(Told((A, B), "red", EFFECTIVE)),
        item(B, "crimson", "colour", "crimson"),
        Await(Told((A, B), "crimson", EFFECTIVE)),
        Heal(),
    ),
    _ending(
        {"colour": "crimson", "width": "1"},
        {},
        effective={"red", "crimson", "wide"},
        set_aside={"blue", "navy"},
    ),
)
"""Each side builds on its own; what was built on what is set aside falls with it, nothing else."""

BEHIND: Final = Play(
    "behind",
    ABC,
    (
        item(A, "before", "size", "small"),
        Await(Told(ABC, "before", EFFECTIVE)),
        Part(((A, B, D), (C,))),
        Await(Sees((A, B), (A, B))),
        Await(Sees((C,), (C,))),
        Start(D),
        item(C, "unaware", "place", "here"),
        Await(Told((C,), "unaware", EFFECTIVE)),
        Await(Sees((A, B, D), (A, B, D))),
        item(D, "by dan", "size", "large"),
        Await(Told((A, B, D), "by dan", EFFECTIVE)),
        Heal(),
    ),
    _ending(
        {"size": "large", "place": "here"},
        {},
        effective={"before", "unaware", "by dan"},
        cast=(*ABC, D),
    ),
)
"""A newcomer is admitted on one side of a partition; the other side goes on and never knew."""

BLACKOUT: Final = Play(
    "blackout",
    ABC,
    (
        Put(A, "/light", "on"),
        item(B, "plan", "voltage", "230"),
        Await(Told(ABC, "plan", EFFECTIVE)),
        Await(Reads(ABC, "/light", ("on",))),
        Kill(A),
        Kill(B),
        Kill(C),
        Start(C),
        Await(Sees((C,), (C,))),
        item(C, "alone", "voltage", "110"),
        Await(Told((C,), "alone", EFFECTIVE)),
        Start(B),
        Start(A),
    ),
    _ending(
        {"voltage": "110"},
        {"/light": {"on"}},
        effective={"plan", "alone"},
    ),
)
"""All are killed at once; one comes back first and goes on alone, from what its disk remembers."""

TEN: Final = tuple(f"host{number}" for number in range(10))
SEVEN, THREE = TEN[:7], TEN[7:]

MANY: Final = Play(
    "many",
    TEN,
    (
        Part((SEVEN, THREE)),
        Await(Sees(SEVEN, SEVEN)),
        Await(Sees(THREE, THREE)),
        item(SEVEN[0], "red by seven", "colour", "red"),
        item(THREE[0], "blue by three", "colour", "blue"),
        item(THREE[1], "elsewhere", "place", "here"),
        Put(SEVEN[1], "/seven", "are many"),
        Put(THREE[1], "/three", "are few"),
        Await(Told(SEVEN, "red by seven", EFFECTIVE)),
        Await(Told(THREE, "blue by three", EFFECTIVE)),
        Await(Told(THREE, "elsewhere", EFFECTIVE)),
        Kill(SEVEN[6]),
        Heal(),
        Await(Told(THREE, "blue by three", SET_ASIDE)),
        Start(SEVEN[6]),
    ),
    _ending(
        {"colour": "red", "place": "here"},
        {"/seven": {"are many"}, "/three": {"are few"}},
        effective={"red by seven", "elsewhere"},
        set_aside={"blue by three"},
        cast=TEN,
    ),
)
"""Ten controllers in two groups; one of them is away while the two become one again."""

PLAYS: Final = (
    FAIR,
    PARTED,
    CRASHED,
    ONE_WAY,
    NEWCOMER,
    MINORITY,
    ABANDONED,
    CHAIN,
    BEHIND,
    BLACKOUT,
    MANY,
)
