"""Who may do what: levels, prefixes of keys, and the table of those who hold rights.

A right is a level over a prefix, such as ``apply:/service/blog``. The prefix is of *whole parts*
of a key: it covers ``service/blog`` and all below it, and neither ``service/blogger`` nor
``service``. ``/`` covers everything. Whoever holds rights is found by the public key that signed,
so the fold needs nothing beside the state and the request.

The table is a value: a state that changes makes another one, so a history can keep one for each
place in it at the price of a reference.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Self

from mesh.environment.entries import ObjectId
from mesh.wire.requests import Key, Value

Prefix = tuple[str, ...]
"""The first parts of keys; empty: of all keys."""


class Level(StrEnum):
    """What may be done with the keys below a prefix."""

    VIEW = "view"
    """Read."""
    EDIT = "edit"
    """Write drafts, running information below ``/info``, and ChangeSets for others to approve."""
    APPROVE = "approve"
    """Agree to another's ChangeSet where the environment demands it."""
    APPLY = "apply"
    """Sign ChangeSets."""
    ADMIN = "admin"
    """The same for the roster and the settings; over everything: also for operators and tokens."""
    OVERRIDE = "override"
    """Pass by the approvals and the promotion that the environment demands, for all to see."""


INCLUDED: Final[Mapping[Level, tuple[Level, ...]]] = {
    Level.VIEW: (Level.VIEW,),
    Level.EDIT: (Level.VIEW, Level.EDIT),
    Level.APPROVE: (Level.VIEW, Level.APPROVE),
    Level.APPLY: (Level.VIEW, Level.EDIT, Level.APPLY),
    Level.ADMIN: (Level.VIEW, Level.EDIT, Level.APPROVE, Level.APPLY, Level.ADMIN),
    Level.OVERRIDE: (Level.VIEW, Level.OVERRIDE),
}
"""What each level includes. To apply is not to approve: four eyes are two people.

And no level includes to override: who would pass by the others must have been let to by them.
"""

ADMINISTRATIVE: Final = ("controller", "environment", "invite", "link")
"""Kinds whose objects say who takes part, how, and whose word counts: changed with admin."""

HOLDERS: Final = ("operator", "token")
"""Kinds whose objects hold rights. Who may change one could take every right, so it takes all."""

LOCKED: Final = "locked"
"""The field with an operator's own locked key, which the operator may replace without admin."""


class Grant(NamedTuple):
    """One level over one prefix: held by somebody, or demanded for something."""

    level: Level
    prefix: Prefix

    def covers(self, demanded: "Grant") -> bool:
        """Whether who holds this has what is ``demanded``."""
        return (
            demanded.level in INCLUDED[self.level]
            and demanded.prefix[: len(self.prefix)] == self.prefix
        )

    def __str__(self) -> str:
        return f"{self.level.value}:{spell_prefix(self.prefix)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The right that ``text``, of the shape RIGHT, spells."""
        level, _, prefix = text.partition(":")
        return cls(Level(level), parse_prefix(prefix))


ALL: Final = Grant(Level.ADMIN, ())
"""Every right over everything, but to override."""

RIGHT_PATTERN: Final = (
    r"(?:view|edit|approve|apply|admin|override):(?:/|(?:/(?:[^/~\x00-\x1f\x7f]|~[01])+){1,8})"
)
"""One spelling for each: in a part ``~1`` stands for ``/`` and ``~0`` for ``~`` (RFC 6901)."""


def spell_prefix(prefix: Prefix) -> str:
    """``/service/blog``; ``/`` for everything."""
    parts = (part.replace("~", "~0").replace("/", "~1") for part in prefix)
    return "/" + "/".join(parts)


def parse_prefix(text: str) -> Prefix:
    """The prefix that ``spell_prefix`` spells as ``text``."""
    if text == "/":
        return ()
    parts = text.removeprefix("/").split("/")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)


_NAMED_MAX: Final = 5
"""Names in a sentence."""


@dataclass(frozen=True, slots=True)
class Holder:
    """An operator or a token, and what it may do."""

    kind: str
    name: str
    key: bytes
    """The Ed25519 public key that its signatures are checked by, 32 bytes."""
    grants: tuple[Grant, ...]
    """Sorted."""

    def __str__(self) -> str:
        return f"{self.kind} '{self.name}'"

    def covering(self, demanded: Grant) -> Grant | None:
        """The first right held that covers what is ``demanded``."""
        return next((grant for grant in self.grants if grant.covers(demanded)), None)

    def demand(self, key: Key) -> Grant | None:
        """What it takes to write ``key``; None where this holder may in any case."""
        kind = key[0]
        if kind in HOLDERS:
            is_own_lock = key == (self.kind, self.name, LOCKED)
            return None if is_own_lock else ALL
        level = Level.ADMIN if kind in ADMINISTRATIVE else Level.APPLY
        return Grant(level, key)

    def lacks(self, written: Iterable[Key]) -> Grant | None:
        """The first right that is missing to write all of ``written``."""
        if ALL in self.grants:
            return None
        for key in written:
            demanded = self.demand(key)
            if demanded is not None and self.covering(demanded) is None:
                return demanded
        return None

    def used(self, written: Iterable[Key]) -> Iterator[Key]:
        """The keys of the configuration that hold the rights by which ``written`` is written.

        Where others are to supply it, that is the right to ask them.
        """
        for key in written:
            demanded = self.demand(key)
            if demanded is None:
                continue
            grant = self.covering(demanded) or self.covering(Grant(Level.EDIT, key))
            if grant is not None:
                yield self.key_of(grant)

    def key_of(self, grant: Grant) -> Key:
        """Where the configuration says that this holder has ``grant``."""
        if self.kind == "token":
            return (self.kind, self.name, "rights")
        return (self.kind, self.name, "rights", str(grant))

    @property
    def may_write(self) -> bool:
        """Whether there is anything that it may sign."""
        return any(Level.APPLY in INCLUDED[grant.level] for grant in self.grants)


def holder_of(owner: ObjectId, fields: Mapping[str, Value]) -> Holder:
    """Whoever ``owner`` is, by the fields of the object."""
    spelled = fields["rights"]
    assert isinstance(spelled, list)
    grants = tuple(sorted(Grant.parse(str(each)) for each in spelled))
    return Holder(owner[0], owner[1], bytes.fromhex(str(fields["key"])), grants)


class Rights:
    """Everybody who holds rights in one state. A value: never changed once it was handed out."""

    def __init__(self, holders: Mapping[ObjectId, Holder]) -> None:
        self._holders = holders
        self._by_key: dict[bytes, Holder] | None = None

    def holder(self, key: bytes) -> Holder | None:
        """Who signs with the public key ``key``."""
        if self._by_key is None:
            self._by_key = {each.key: each for each in self._holders.values()}
        return self._by_key.get(key)

    def named(self, kind: str, name: str) -> Holder | None:
        """The operator or token of that name."""
        return self._holders.get((kind, name))

    def operators(self) -> list[Holder]:
        """The people, sorted by name."""
        found = [each for each in self._holders.values() if each.kind == "operator"]
        return sorted(found, key=lambda each: each.name)

    def admins(self) -> list[Holder]:
        """Who may do everything, and so may grant everything; sorted by name."""
        found = [each for each in self._holders.values() if ALL in each.grants]
        return sorted(found, key=lambda each: each.name)

    def replaced(self, owner: ObjectId, holder: Holder | None) -> "Rights":
        """The table with ``holder`` at the place of ``owner``; None: nobody stands there."""
        if holder == self._holders.get(owner):
            return self
        holders = dict(self._holders)
        _ = holders.pop(owner, None)
        if holder is not None:
            holders[owner] = holder
        return Rights(holders)

    def lacking(self, holder: Holder, missing: Grant) -> str:
        """The sentence for a person: what is missing, and who could grant it."""
        admins = ", ".join(str(each) for each in self.admins()[:_NAMED_MAX])
        return f"{holder} lacks the right {missing}; it can be granted by {admins}"


def is_of_right(key: Key) -> bool:
    """Whether ``key`` is where somebody's rights stand."""
    return key[0] in HOLDERS and key[2:3] == ("rights",)


NOBODY: Final = Rights({})
