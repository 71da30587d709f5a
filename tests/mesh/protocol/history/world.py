"""A small world for tests of the history: people submit, sides drift apart, one catalogue."""

from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import count
from typing import Final

from mesh.environment.founding import Founding
from mesh.environment.resolve import Resolution, Unresolved
from mesh.protocol.catalogue import Catalogue, Ids, numbers, read_change_set
from mesh.protocol.history import History, LogEntry
from mesh.wire.consent import approval_of, hash_of_commands, vouch_of
from mesh.wire.facts import Propose
from mesh.wire.identity import Incarnation, digest
from mesh.wire.requests import (
    Approval,
    Attempt,
    Command,
    Kind,
    Origin,
    Request,
    SignedRequest,
    Value,
    encode_attempt,
    encode_request,
)

OPERATOR: Final = digest(b"operator")
STRANGER: Final = digest(b"stranger")
ALICE: Final = Incarnation(b"A" * 32, 1, b"alice---")
BOB: Final = Incarnation(b"B" * 32, 1, b"bob-----")
CAROL: Final = Incarnation(b"C" * 32, 1, b"carol---")

FOUNDING: Final = Founding(
    b"0123456789abcdef", ALICE.controller, digest(b"exchange"), "alice", "office", OPERATOR
)
ENVIRONMENT: Final = FOUNDING.environment_id


class KeyedSuite:
    """Anybody can sign for anybody, and every flipped bit shows: enough for tests."""

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is what ``sign`` gives for that key."""
        return signature == sign(public, message)


def sign(public: bytes, message: bytes) -> bytes:
    """The signature that KeyedSuite takes for the one of ``public``."""
    return blake2b(message, key=public, digest_size=64).digest()


def approve(public: bytes, tx: bytes) -> bytes:
    """The signature by which the operator with that key approves ``tx``."""
    return sign(public, approval_of(ENVIRONMENT, tx))


def vouch(origin: Origin, written: tuple[Command, ...]) -> bytes:
    """The signature by which the controller of ``origin`` vouches for ``written``."""
    said = vouch_of(origin.environment, origin.tx, hash_of_commands(written))
    return sign(origin.controller, said)


def command(group: str, verb: str, **parameters: Value) -> Command:
    """``group verb`` with its parameters."""
    return Command(group, verb, parameters)


def item(name: str, value: Value) -> Command:
    """The simplest command: one key, written."""
    return command("item", "set", name=name, value=value)


def admit(who: Incarnation, name: str, site: str = "cloud") -> Command:
    """Takes ``who`` into the roster as a learner."""
    return command("controller", "admit", controller=who.controller.hex(), name=name, site=site)


def activate(who: Incarnation) -> Command:
    """The step from learner to active."""
    return command("controller", "activate", controller=who.controller.hex())


def remove(who: Incarnation) -> Command:
    """Takes ``who`` out of the roster."""
    return command("controller", "remove", controller=who.controller.hex())


def new_history(catalogue: Catalogue, ids: Ids = 0) -> History:
    """The history of somebody who learned all of ``ids`` at once."""
    history = History(FOUNDING, catalogue, KeyedSuite())
    history.extend(ids)
    return history


@dataclass
class World:
    """Everything that was ever proposed."""

    catalogue: Catalogue = field(default_factory=Catalogue)
    _nonces: "count[int]" = field(default_factory=count)

    def nonce(self) -> bytes:
        """16 bytes that were not used before."""
        return next(self._nonces).to_bytes(16, "big")

    def sign(
        self,
        resolution: Resolution,
        *,
        signer: bytes = OPERATOR,
        environment: bytes = ENVIRONMENT,
        nonce: bytes | None = None,
        override: bool = False,
        origin: Origin | None = None,
    ) -> SignedRequest:
        """A request of ``resolution``, signed."""
        request = Request(
            0,
            environment,
            signer,
            "a change",
            resolution.written,
            resolution.resolved,
            resolution.base,
            resolution.overridden,
            60_000_000_000,
            "because",
            self.nonce() if nonce is None else nonce,
            origin,
            override,
        )
        raw = encode_request(request)
        return SignedRequest(raw, sign(signer, raw))

    def attempt(
        self,
        request: SignedRequest,
        kind: Kind,
        on: Ids,
        author: Incarnation,
        *,
        lamport: int | None = None,
        participants: tuple[Incarnation, ...] = (),
        approvers: tuple[bytes, ...] = (),
        stolen: tuple[Approval, ...] = (),
    ) -> int:
        """The number of a new attempt of ``request`` on top of ``on``."""
        heads = [self.catalogue[head] for head in self.catalogue.heads(on)]
        if lamport is None:
            lamport = max((head.timestamp.lamport for head in heads), default=0) + 1
        attempt = Attempt(
            0,
            request.tx,
            author,
            lamport,
            kind,
            tuple(head.id for head in heads),
            tuple(sorted(participants or (author,))),
            1,
            0,
            tuple(Approval(key, approve(key, request.tx)) for key in approvers) + stolen,
        )
        propose = Propose(encode_attempt(attempt), request)
        return self.catalogue.add(read_change_set(propose))

    def side(self, author: Incarnation = ALICE, ids: Ids = 0) -> "Side":
        """A group of controllers that share one history, ``author`` speaking for them."""
        return Side(self, author, new_history(self.catalogue, ids))


@dataclass
class Side:
    """One group, between partition and merge."""

    world: World
    author: Incarnation
    history: History

    @property
    def ids(self) -> Ids:
        """What this side has applied."""
        return self.history.ids

    def resolve(self, *commands: Command, force: bool = False) -> Resolution:
        """``commands`` on this side's state, which must take them."""
        resolution = self.history.resolve(commands, self.world.nonce(), force=force)
        assert isinstance(resolution, Resolution), resolution
        return resolution

    def refused(self, *commands: Command) -> tuple[str, ...]:
        """Why this side's state does not take ``commands``."""
        resolution = self.history.resolve(commands, self.world.nonce())
        assert isinstance(resolution, Unresolved), resolution
        return resolution.errors

    def propose(
        self,
        resolution: Resolution,
        *,
        signer: bytes = OPERATOR,
        lamport: int | None = None,
        participants: tuple[Incarnation, ...] = (),
        approvers: tuple[bytes, ...] = (),
        stolen: tuple[Approval, ...] = (),
        override: bool = False,
        origin: Origin | None = None,
    ) -> int:
        """A ChangeSet on top of this side, not applied anywhere yet."""
        return self.world.attempt(
            self.world.sign(resolution, signer=signer, override=override, origin=origin),
            resolution.kind,
            self.ids,
            self.author,
            lamport=lamport,
            participants=participants,
            approvers=approvers,
            stolen=stolen,
        )

    def change(
        self,
        *commands: Command,
        force: bool = False,
        signer: bytes = OPERATOR,
        lamport: int | None = None,
        participants: tuple[Incarnation, ...] = (),
    ) -> int:
        """A ChangeSet, submitted and applied on this side."""
        number = self.propose(
            self.resolve(*commands, force=force),
            signer=signer,
            lamport=lamport,
            participants=participants,
        )
        self.learn(1 << number)
        return number

    def learn(self, ids: Ids) -> None:
        """Apply what others have, and all that is behind it."""
        for number in numbers(ids):
            ids |= self.world.catalogue.ancestors(number) or 0
        self.history.extend(ids)

    def fork(self, author: Incarnation) -> "Side":
        """Another group that has the same behind it, from now on by itself."""
        return self.world.side(author, self.ids)

    def merge(
        self,
        other: "Side",
        *,
        keep: tuple[bytes, ...] = (),
        signer: bytes | None = None,
        released_by: dict[int, int] | None = None,
    ) -> int:
        """A merge of both sides by this one, applied here; whoever says what to keep, signs."""
        weights = released_by or {}
        ids = self.ids | other.ids
        plan = self.history.plan_merge(ids, lambda number: weights.get(number, 1), keep=keep)
        assert not plan.held, plan.why
        by = signer or (OPERATOR if keep else self.author.controller)
        return self.merge_with(plan.commands, ids, signer=by)

    def merge_with(
        self,
        commands: tuple[Command, ...],
        ids: Ids,
        *,
        signer: bytes | None = None,
        kind: Kind = Kind.MERGE,
        approvers: tuple[bytes, ...] = (),
    ) -> int:
        """A merge, or a checkpoint, over ``ids`` that says exactly ``commands``, applied here."""
        resolution = Resolution(commands, commands, (), (), kind)
        request = self.world.sign(resolution, signer=signer or self.author.controller)
        number = self.world.attempt(request, kind, ids, self.author, approvers=approvers)
        self.learn(1 << number)
        return number

    def tx(self, number: int) -> bytes:
        """The id of a ChangeSet."""
        return self.world.catalogue[number].tx

    def entry(self, number: int) -> LogEntry:
        """What became of a ChangeSet here."""
        entry = self.history.entry(self.tx(number))
        assert entry is not None
        return entry

    def item(self, name: str) -> Value:
        """The value of an item, as this side sees it."""
        return self.history.state.get("item", name)


def roster_of_three(world: World) -> Side:
    """A side whose roster is alice, bob and carol."""
    side = world.side()
    for who, name in ((BOB, "bob"), (CAROL, "carol")):
        _ = side.change(admit(who, name))
        _ = side.change(activate(who))
    return side
