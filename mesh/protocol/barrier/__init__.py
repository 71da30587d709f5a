"""The barrier.

Whether and when a ChangeSet is applied, decided alike by all who know the same facts.
"""

from mesh.protocol.barrier.actions import (
    Accepted,
    Action,
    AlreadyKnown,
    Apply,
    Dropped,
    GivenUp,
    NoQuorum,
    OutOfPatience,
    Refused,
    Say,
    Submission,
    TooManyAttempts,
    WantMerge,
)
from mesh.protocol.barrier.instant import Instant, Plan, SwapReason, is_late, plan
from mesh.protocol.barrier.judge import Judge
from mesh.protocol.barrier.knowledge import Learned
from mesh.protocol.barrier.machine import Barrier
from mesh.protocol.barrier.status import Status, Word
from mesh.protocol.barrier.stranded import StartAnew
from mesh.protocol.barrier.timing import Timing

__all__ = [
    "Accepted",
    "Action",
    "AlreadyKnown",
    "Apply",
    "Barrier",
    "Dropped",
    "GivenUp",
    "Instant",
    "Judge",
    "Learned",
    "NoQuorum",
    "OutOfPatience",
    "Plan",
    "Refused",
    "Say",
    "StartAnew",
    "Status",
    "Submission",
    "SwapReason",
    "Timing",
    "TooManyAttempts",
    "WantMerge",
    "Word",
    "is_late",
    "plan",
]
