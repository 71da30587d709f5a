"""What the barrier asks of the history, and nothing more.

The barrier decides *whether and when* ChangeSets are applied; what they *mean* is the history's
affair. Everything asked here is a pure function of a set of ChangeSets, so that all who hold the
same ones get the same answer.
"""

from typing import Protocol

from mesh.environment.policy import Policy
from mesh.environment.roster_effect import RosterEffect
from mesh.protocol.catalogue import ChangeSet, Ids
from mesh.protocol.objection import Objection
from mesh.wire.identity import Timestamp
from mesh.wire.requests import Request


class Judge(Protocol):
    """The history of one controller: the set H of ChangeSets applied, and the fold over it."""

    @property
    def ids(self) -> Ids:
        """H: all that is applied here, closed under ancestors."""

    @property
    def frontier(self) -> Timestamp | None:
        """The greatest timestamp in H."""

    def roster(self, ids: Ids) -> tuple[bytes, ...]:
        """The controllers that are ACTIVE in the fold of ``ids``, sorted.

        For 0 those of the founding record.
        """

    def policy(self, ids: Ids) -> Policy:
        """The policy in the fold of ``ids``; that of the founding record for 0."""

    def roster_effect(self, request: Request) -> RosterEffect:
        """What ``request`` would take from the roster, and the policy that it would set."""

    def objection(self, change_set: ChangeSet, over: Ids) -> Objection | None:
        """What speaks against ``change_set``, or None.

        It is judged in the fold of those in ``over`` whose timestamp is lower; it need not be in
        the catalogue yet.
        """

    def has_operator(self, change_set: ChangeSet) -> bool:
        """Whether somebody who may do everything, by the fold of H, has signed or approved it."""

    def extend(self, ids: Ids) -> None:
        """Add ``ids`` to H, which stays closed under ancestors."""

    def begin(self) -> None:
        """H is empty again, on the ground of the catalogue."""
