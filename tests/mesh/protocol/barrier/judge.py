"""A history for tests of the barrier: rosters, policies and keys, folded for every question."""

from collections.abc import Iterable
from typing import Final

from mesh.environment.policy import Policy
from mesh.environment.roster_effect import RosterEffect
from mesh.protocol.catalogue import Catalogue, ChangeSet, Ids
from mesh.protocol.objection import Objection
from mesh.wire.facts import NoReason
from mesh.wire.identity import Timestamp
from mesh.wire.requests import Base, Key, Request

OPERATOR: Final = b"\xee" * 32


class FakeJudge:
    """Commands: ``controller activate|remove {id}``, ``environment set {barrier}``, ``item set``.

    ``broken`` commands are invalid, ``future`` ones of an unknown version.
    """

    def __init__(
        self, catalogue: Catalogue, founders: Iterable[bytes], policy: Policy = Policy.ALL_ACTIVE
    ) -> None:
        self.catalogue = catalogue
        self.ids: Ids = 0
        self.founders = tuple(sorted(founders))
        self.first_policy = policy

    @property
    def frontier(self) -> Timestamp | None:
        """The greatest timestamp in H."""
        folded = self.catalogue.ordered(self.ids)
        return self.catalogue[folded[-1]].timestamp if folded else None

    def roster(self, ids: Ids) -> tuple[bytes, ...]:
        """Founders and activated ones, less those removed."""
        members = dict.fromkeys(self.founders)
        for number in self.catalogue.ordered(ids):
            effect = self.roster_effect(self.catalogue[number].request)
            members |= dict.fromkeys(effect.activated)
            for key in effect.removed:
                _ = members.pop(key, None)
        return tuple(sorted(members))

    def policy(self, ids: Ids) -> Policy:
        """The policy that was set last."""
        policy = self.first_policy
        for number in self.catalogue.ordered(ids):
            policy = self.roster_effect(self.catalogue[number].request).policy or policy
        return policy

    def roster_effect(self, request: Request) -> RosterEffect:
        """Read off the commands."""
        verbs: dict[str, list[bytes]] = {"activate": [], "remove": []}
        policy: Policy | None = None
        for command in request.resolved:
            if command.group == "controller":
                verbs[command.verb].append(bytes.fromhex(str(command.parameters["id"])))
            if command.group == "environment":
                policy = Policy(str(command.parameters["barrier"]))
        activated, removed = (tuple(sorted(verbs[verb])) for verb in ("activate", "remove"))
        return RosterEffect(activated, removed, policy)

    def objection(self, change_set: ChangeSet, over: Ids) -> Objection | None:
        """Broken, of the future, or made against versions that others have written since."""
        groups = {command.group for command in change_set.request.resolved}
        if "broken" in groups:
            return Objection(NoReason.INVALID, "broken")
        if "future" in groups:
            return Objection(NoReason.VERSION, "a command that is not known here")
        versions = self.versions(over, change_set.timestamp)
        for based in change_set.request.base:
            if versions.get(based.key) != based.version:
                version = versions.get(based.key)
                return Objection(NoReason.CONFLICT, "changed since", Base(based.key, version))
        return None

    def versions(self, over: Ids, before: Timestamp | None = None) -> dict[Key, bytes]:
        """By key the tx that last wrote it, among those of ``over`` that took effect."""
        versions: dict[Key, bytes] = {}
        seen: dict[bytes, None] = {}
        for number in self.catalogue.ordered(over):
            change_set = self.catalogue[number]
            if (before is not None and change_set.timestamp >= before) or change_set.tx in seen:
                continue
            seen[change_set.tx] = None
            if all(versions.get(each.key) == each.version for each in change_set.request.base):
                versions |= {each.key: change_set.tx for each in change_set.request.base}
        return versions

    def has_operator(self, change_set: ChangeSet) -> bool:
        """There is one operator; nobody checks signatures here."""
        approving = [each.operator for each in change_set.attempt.approvals]
        return OPERATOR in (change_set.request.signer, *approving)

    def begin(self) -> None:
        """Nothing is applied."""
        self.ids = 0

    def extend(self, ids: Ids) -> None:
        """Checks what the barrier promises: H stays closed under ancestors."""
        self.ids |= ids
        for number in self.catalogue.ordered(ids):
            ancestors = self.catalogue.ancestors(number)
            assert ancestors is not None
            assert not ancestors & ~self.ids
