"""Whether enough people stand behind a ChangeSet, by one state of the configuration.

Behind it stand its signer and the operators who have approved it. Together they must hold a right
for every key that is written; beside the signer, as many as the environment demands must hold the
right to approve. What describes the system may have to come from a linked environment. Whoever
holds the right to override may pass by the last two, and has then signed that he does.

All of it is judged by the state before the ChangeSet. So what lowers a demand meets the demand as
it stands, and who may write rights cannot make himself a second pair of eyes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from mesh.environment.configuration import Configuration
from mesh.environment.kinds import environment, link, operator
from mesh.environment.rights import ALL, Grant, Holder, Level, Rights
from mesh.wire.requests import Key

OWN_KINDS: Final = frozenset(
    {
        "controller",
        "data",
        "environment",
        "environment-secret",
        "host",
        "invite",
        "link",
        "operator",
        "secret",
        "site",
        "token",
    }
)
"""Kinds that say on what and by whom an environment is run: its own, never promoted to it."""

_NAMED_MAX: Final = 5
"""Names in a sentence."""


@dataclass(frozen=True, slots=True)
class Backing:
    """The people behind one ChangeSet."""

    signer: Holder
    approvers: tuple[Holder, ...] = ()
    """Operators, each once, and never the signer."""

    @classmethod
    def of(cls, rights: Rights, signer: Holder, approvers: Iterable[bytes]) -> Self:
        """``approvers`` are keys whose signatures were checked; who is no operator counts not."""
        known = (rights.holder(key) for key in dict.fromkeys(approvers) if key != signer.key)
        return cls(signer, tuple(each for each in known if each and each.kind == operator.NAME))

    def demanded(self, written: Iterable[Key]) -> Iterator[Grant]:
        """The rights that it takes to write these keys."""
        grants = (self.signer.demand(key) for key in written)
        return (grant for grant in grants if grant is not None)

    def lacks(self, written: Iterable[Key]) -> Grant | None:
        """The first right that nobody of them holds."""
        return next(self.lacking(written), None)

    def lacking(self, written: Iterable[Key]) -> Iterator[Grant]:
        """Every right that nobody of them holds."""
        if any(ALL in each.grants for each in self.all):
            return
        for grant in self.demanded(written):
            if all(each.covering(grant) is None for each in self.all):
                yield grant

    def agreeing(self, written: Iterable[Key]) -> tuple[Holder, ...]:
        """Those who may approve all of it, and have."""
        asked = [Grant(Level.APPROVE, grant.prefix) for grant in self.demanded(written)]
        return tuple(each for each in self.approvers if _holds_all(each, asked))

    @property
    def all(self) -> tuple[Holder, ...]:
        """The signer first."""
        return (self.signer, *self.approvers)


class Demands(NamedTuple):
    """What an environment asks for beside rights."""

    approvals: int
    promotion: str
    """The link from which changes must come; empty: from anywhere."""

    @classmethod
    def of(cls, configuration: Configuration) -> Self:
        """What ``configuration`` demands."""
        approvals = configuration.read((environment.NAME, "approvals"))
        promotion = configuration.read((environment.NAME, "promotion"))
        return cls(approvals if isinstance(approvals, int) else 0, str(promotion or ""))

    @property
    def is_nothing(self) -> bool:
        """Whether rights are enough."""
        return not self.approvals and not self.promotion


@dataclass(frozen=True, slots=True)
class Case:
    """One ChangeSet, as far as consent is concerned."""

    backing: Backing
    written: tuple[Key, ...]
    came_by: str = ""
    """The link to the environment that it was carried on from; empty: it was made here."""
    overrides: bool = False


@dataclass(frozen=True, slots=True)
class Lack:
    """What a ChangeSet lacks, by one state."""

    rights: tuple[Grant, ...] = ()
    """Those that nobody behind it holds."""
    approvals: int = 0
    """So many people more must approve."""
    promotion: str = ""
    """The link that it must come by, and has not."""
    override: Grant | None = None
    """The right to pass by all that, which its signer has claimed and has not."""
    who: tuple[Holder, ...] = ()
    """Who could give what is lacking, sorted by name."""

    @property
    def lenders(self) -> tuple[Holder, ...]:
        """Those of them who hold the first right that is lacking: another's approval lends none."""
        return tuple(each for each in self.who if _holds_all(each, self.rights[:1]))

    @property
    def can_be_given(self) -> bool:
        """Whether approvals alone can help it."""
        return bool(self.who) and not self.promotion and self.override is None

    def __str__(self) -> str:
        if self.override is not None:
            return f"to override takes the right {self.override}"
        if self.promotion:
            return (
                f"promotion: a change of this environment comes from '{self.promotion}':"
                f" `trellis change promote --from {self.promotion} NAME`; a revert is made there,"
                " and promoted; or --override, with the right to"
            )
        names = ", ".join(each.name for each in self.who[:_NAMED_MAX]) or "nobody"
        if self.rights:
            return f"nobody behind it holds the right {self.rights[0]}; may be approved by {names}"
        people = "approval" if self.approvals == 1 else "approvals"
        return f"approvals: {self.approvals} more {people} needed; may be approved by {names}"


def lack(configuration: Configuration, case: Case) -> Lack | None:
    """What ``case`` lacks in ``configuration``; None: nothing."""
    rights = tuple(dict.fromkeys(case.backing.lacking(case.written)))
    found = _unmet(Demands.of(configuration), case)
    if found is not None and case.overrides:
        missing = _missing_to_override(case)
        found = None if missing is None else Lack(override=missing)
    if found is None:
        found = Lack()
    if not rights and found == Lack():
        return None
    who = _who_may_help(configuration.rights, case, rights, found.approvals)
    return Lack(rights, found.approvals, found.promotion, found.override, who)


def _unmet(demands: Demands, case: Case) -> Lack | None:
    """What is demanded beside rights."""
    if demands.is_nothing or not any(True for _ in case.backing.demanded(case.written)):
        return None
    comes = demands.promotion in ("", case.came_by) or not _describes_the_system(case.written)
    promotion = "" if comes else demands.promotion
    approvals = max(0, demands.approvals - len(case.backing.agreeing(case.written)))
    return Lack(approvals=approvals, promotion=promotion) if approvals or promotion else None


def _describes_the_system(written: Iterable[Key]) -> bool:
    return any(key[0] not in OWN_KINDS for key in written)


def own_kind(written: Iterable[Key]) -> str | None:
    """The first kind among these keys that is an environment's own; None: there is none."""
    return next((key[0] for key in written if key[0] in OWN_KINDS), None)


def _missing_to_override(case: Case) -> Grant | None:
    """The signer's own right to override, for all of it: nobody lends that."""
    signer = case.backing.signer
    asked = (Grant(Level.OVERRIDE, each.prefix) for each in case.backing.demanded(case.written))
    return next((grant for grant in asked if signer.covering(grant) is None), None)


def _who_may_help(
    table: Rights, case: Case, rights: tuple[Grant, ...], approvals: int
) -> tuple[Holder, ...]:
    behind = [each.key for each in case.backing.all]
    asked = [Grant(Level.APPROVE, each.prefix) for each in case.backing.demanded(case.written)]
    return tuple(
        each
        for each in table.operators()
        if each.key not in behind
        and (
            any(each.covering(grant) is not None for grant in rights)
            or (approvals > 0 and _holds_all(each, asked))
        )
    )


def _holds_all(holder: Holder, asked: Iterable[Grant]) -> bool:
    return all(holder.covering(grant) is not None for grant in asked)


def link_by(configuration: Configuration, environment_id: bytes, controller: bytes) -> str:
    """The link whose environment that is and which names that controller; empty: there is none."""
    for name, fields in configuration.items(link.NAME):
        keys = fields["controllers"]
        assert isinstance(keys, list), "the kind says so"
        if fields["environment"] == environment_id.hex() and controller.hex() in keys:
            return name
    return ""


def unchangeable(configuration: Configuration) -> str | None:
    """Why the approvals that are demanded could never be lowered again; None where they could.

    Whoever may write the setting takes the others' word for it; or somebody may override.
    """
    demands = Demands.of(configuration)
    if not demands.approvals:
        return None
    key = (environment.NAME, "approvals")
    people = configuration.rights.operators()
    approvers = [each for each in people if each.covering(Grant(Level.APPROVE, key))]
    signers = [each for each in people if each.covering(Grant(Level.ADMIN, key))]
    if any(each.covering(Grant(Level.OVERRIDE, key)) for each in signers):
        return None
    others = max((len([a for a in approvers if a != each]) for each in signers), default=0)
    if others >= demands.approvals:
        return None
    return (
        f"{demands.approvals} approvals would be demanded, and only {others} could be given: grant"
        " approve:/ or override:/ to more operators first"
    )
