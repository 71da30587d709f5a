"""How many must seal before a ChangeSet is released, and what that costs a minority."""

from enum import StrEnum
from typing import Final

MAJORITY_ROSTER_MIN: Final = 3
"""With two, a majority is both: one host down would stop every change, for nothing."""


class Policy(StrEnum):
    """The barrier's policy, a setting of the environment."""

    ALL_ACTIVE = "all-active"
    """Whoever is reachable may change the configuration; two sides are merged afterwards."""
    MAJORITY = "majority"
    """Only a side that holds more than half of the roster may change the configuration."""


def quorum(policy: Policy, roster_size: int) -> int:
    """The least number of controllers that together may release a ChangeSet."""
    return roster_size // 2 + 1 if policy is Policy.MAJORITY else 1


def change_quorum(before: Policy, after: Policy, roster_size: int) -> int:
    """The quorum of a roster change, counted over the roster that it changes.

    The step to a stricter policy needs everybody: a side that went on under the old policy could
    otherwise release what the new one forbids.
    """
    if before is Policy.ALL_ACTIVE and after is Policy.MAJORITY:
        return roster_size
    return quorum(before, roster_size)
