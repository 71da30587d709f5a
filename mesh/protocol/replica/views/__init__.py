"""How a replica stands, in values that JSON can say: for the API, the command line and tests.

Every view is a pure function of the replica and the time; none of them changes anything.
"""

from mesh.protocol.replica.views.changes import (
    Ambiguous,
    change,
    changes,
    conflicts,
    pending,
)
from mesh.protocol.replica.views.doctor import Diagnosis, doctor
from mesh.protocol.replica.views.effect import EffectOf, effect, effect_of
from mesh.protocol.replica.views.environment import Environment, environment
from mesh.protocol.replica.views.information import (
    Entry,
    Json,
    Listing,
    entry,
    information,
    plain,
)
from mesh.protocol.replica.views.looking_back import (
    DifferenceOf,
    LogView,
    Query,
    Timeline,
    difference,
    is_below_checkpoint,
    log,
    timeline,
)
from mesh.protocol.replica.views.memory import Finding
from mesh.protocol.replica.views.names import read_path, short_ids, spell_path
from mesh.protocol.replica.views.shapes import Change, ChangeDetail, KeyView, SetAsideView
from mesh.protocol.replica.views.standing import (
    Members,
    MemberView,
    PendingView,
    Status,
    members,
    status,
)

__all__ = [
    "Ambiguous",
    "Change",
    "ChangeDetail",
    "Diagnosis",
    "DifferenceOf",
    "EffectOf",
    "Entry",
    "Environment",
    "Finding",
    "Json",
    "KeyView",
    "Listing",
    "LogView",
    "MemberView",
    "Members",
    "PendingView",
    "Query",
    "SetAsideView",
    "Status",
    "Timeline",
    "change",
    "changes",
    "conflicts",
    "difference",
    "doctor",
    "effect",
    "effect_of",
    "entry",
    "environment",
    "information",
    "is_below_checkpoint",
    "log",
    "members",
    "pending",
    "plain",
    "read_path",
    "short_ids",
    "spell_path",
    "status",
    "timeline",
]
