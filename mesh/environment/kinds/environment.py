"""The settings of the environment itself: one value for each, under a key of its own."""

from typing import Final

from mesh.environment.declarations import Arguments, Declaration, Parameter, Touch
from mesh.environment.draft import Draft, Refusal
from mesh.environment.kind import Kind
from mesh.environment.policy import Policy
from mesh.environment.shapes import Choice, Duration, Text, Whole
from mesh.wire.requests import Value

NAME: Final = "environment"

MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000 * MILLISECOND

GUARD_NS: Final = 0
"""By default the time between the last seal and the instant follows what is measured."""

PATIENCE_NS: Final = 60 * SECOND
"""Default time after which a ChangeSet that could not be sealed is refused."""

CHECKPOINT_CHANGES: Final = 250
"""Enough to see what happened of late, and folded in a moment."""

APPROVALS_MAX: Final = 10
"""People who must agree beside whoever signs; with more nothing would ever be changed."""

AUTOMATIC: Final = "automatic"
BY_HAND: Final = "by-hand"

ABSENCE_MAX_NS: Final = 30 * 86_400 * SECOND
"""Whoever goes on a long holiday with a laptop finds everything as it was."""

_SETTINGS: Final = (
    Parameter(
        "barrier",
        Choice((Policy.ALL_ACTIVE.value, Policy.MAJORITY.value)),
        "who may change the configuration: whoever is reachable, or more than half of the roster",
    ),
    Parameter(
        "guard_ns",
        Duration(0, 10 * SECOND),
        "time from the last seal to the instant at which all apply the change; 0: as measured",
    ),
    Parameter(
        "patience_ns",
        Duration(SECOND, 7 * 86_400 * SECOND),
        "how long a change waits at the barrier unless it says otherwise",
    ),
    Parameter(
        "merge",
        Text("auto, hold or site:NAME", r"auto|hold|site:[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?"),
        "which of two sides' conflicting changes stands: by rule, by a person, or one site's",
    ),
    Parameter(
        "checkpoint_changes",
        Whole(0, 1_000_000),
        "how many changes are kept in full below the last checkpoint; 0: all of them, for ever",
    ),
    Parameter(
        "absence_max_ns",
        Duration(SECOND, 3_650 * 86_400 * SECOND),
        "a controller that has been away for this long is not waited for by checkpoints",
    ),
    Parameter(
        "approvals",
        Whole(0, APPROVALS_MAX),
        "how many people must approve a change beside whoever signs it",
    ),
    Parameter(
        "promotion",
        Text("the name of a link, or nothing", r"|[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?"),
        "the linked environment from which changes must come; empty: from anywhere",
    ),
    Parameter(
        "publication",
        Choice((AUTOMATIC, BY_HAND)),
        "whether linked environments may promote what is applied everywhere, or what people say",
    ),
)

FOUNDING_SETTINGS: Final[tuple[tuple[str, Value], ...]] = (
    ("guard_ns", GUARD_NS),
    ("patience_ns", PATIENCE_NS),
    ("merge", "auto"),
    ("checkpoint_changes", CHECKPOINT_CHANGES),
    ("absence_max_ns", ABSENCE_MAX_NS),
    ("approvals", 0),
    ("promotion", ""),
    ("publication", AUTOMATIC),
)
"""What holds in a new environment, beside the policy that its founding record names."""


def _set(draft: Draft, arguments: Arguments) -> Refusal | None:
    for setting in _SETTINGS:
        if setting.name in arguments:
            draft.write((NAME, setting.name), arguments[setting.name])
    return None


KIND: Final = Kind(
    NAME,
    "settings that hold for the whole environment",
    _SETTINGS,
    (
        Declaration(
            NAME,
            "set",
            "change settings of the environment; a change of its own, with no other commands in it",
            _SETTINGS,
            _set,
            writes=tuple(Touch((NAME, setting.name), setting.name) for setting in _SETTINGS),
            one_of=tuple(setting.name for setting in _SETTINGS),
            roster_with=("barrier",),
        ),
    ),
    plain=True,
    described=True,
)
