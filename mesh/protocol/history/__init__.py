"""The history: the ChangeSets applied, their order, and the configuration that is their fold."""

from mesh.protocol.history.disputes import Dispute
from mesh.protocol.history.history import Fold, History
from mesh.protocol.history.merging import MergePlan
from mesh.protocol.history.outcomes import KeyChange, LogEntry, Outcome, Standing, Why
from mesh.protocol.history.prospects import Prospect
from mesh.protocol.history.restaging import RULING

__all__ = [
    "RULING",
    "Dispute",
    "Fold",
    "History",
    "KeyChange",
    "LogEntry",
    "MergePlan",
    "Outcome",
    "Prospect",
    "Standing",
    "Why",
]
