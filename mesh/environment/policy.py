"""How many controllers must take part before a ChangeSet may be released: the barrier's one setting."""

from enum import StrEnum


class Policy(StrEnum):
    """What a part of the mesh that cannot see the rest may do."""

    ALL_ACTIVE = "all-active"
    """Every part goes on, a controller alone included; what happened on both sides is merged."""
    MAJORITY = "majority"
    """Only the part with more than half of the roster goes on; the rest waits."""
