"""From what a person asks for to the request that the person signs.

The same request comes of it whoever signs, and wherever: with a key kept beside the controller, or
on the person's own machine, which never lends its key.
"""

from dataclasses import replace
from random import Random
from typing import Final, assert_never

from mesh.environment.resolve import Resolution, Unresolved
from mesh.environment.rights import ALL, Grant, Holder
from mesh.protocol.admission import Admission
from mesh.protocol.history import History
from mesh.protocol.history.prepared import keys_written
from mesh.protocol.inputs import (
    AcceptMember,
    MergeChanges,
    RestageChange,
    RevertChange,
    SubmitCommands,
)
from mesh.protocol.now import SECOND, Now
from mesh.protocol.replica.authoring import Cover, Unreadable, unsigned
from mesh.protocol.replica.consents import may_propose
from mesh.protocol.replica.declined import CONFLICT, FAILED, REFUSED, Declined
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.participant import Participant
from mesh.wire.identity import fingerprint
from mesh.wire.limits import NAME_CHARACTERS_MAX, TEXT_CHARACTERS_MAX
from mesh.wire.requests import Command, Kind, Request, Unsigned

PATIENCE_NS: Final = 60 * SECOND
"""Patience of what is restaged, merges and admissions: enough for a slow restart of a host."""

Asked = SubmitCommands | RestageChange | RevertChange | MergeChanges | AcceptMember
"""What a person may ask for that ends in a request."""


class Requests:
    """Makes requests on a participant's state of now."""

    def __init__(self, desk: Desk, random: Random) -> None:
        self._desk = desk
        self._random = random

    def of(
        self, inside: Participant, asked: Asked, signer: bytes, admission: Admission, now: Now
    ) -> tuple[Unsigned, Kind]:
        """The request that ``asked`` comes to, and the kind of its attempts. Raises Declined.

        It names the rights of ``signer`` that it takes, and is refused at once without them.
        """
        nonce = self._random.randbytes(16)
        if isinstance(asked, SubmitCommands):
            asked = replace(asked, commands=inside.secrecy.filled(asked.commands))
        resolution, cover = self._resolved(inside, asked, signer, nonce, admission, now)
        if isinstance(resolution, Unresolved):
            raise Declined(CONFLICT if resolution.conflict else FAILED, *resolution.errors)
        try:
            draft = unsigned(self._desk.environment, signer, resolution, cover, nonce)
        except Unreadable as error:
            text = f"no controller would read this ChangeSet ({error}): make several of it"
            raise Declined(FAILED, text) from error
        _demand_rights(inside, draft.request, resolution.kind)
        inside.secrecy.prepared(draft.request.resolved, now)
        return draft, resolution.kind

    def _resolved(
        self,
        inside: Participant,
        asked: Asked,
        signer: bytes,
        nonce: bytes,
        admission: Admission,
        now: Now,
    ) -> tuple[Resolution | Unresolved, Cover]:
        history = inside.history
        match asked:
            case SubmitCommands(commands=commands, force=force):
                resolution = history.resolve(commands, nonce, force=force, signer=signer)
                cover = Cover(
                    asked.name, asked.reason, asked.patience_ns, asked.origin, asked.override
                )
                if asked.origin is not None:
                    resolution = _as_written(resolution, commands)
                return resolution, cover
            case RestageChange(tx=tx):
                posted = inside.consents.find(tx)
                if posted is not None:
                    return _anew(history, posted.request, nonce, signer)
                known = history.entry(tx) or history.set_aside_below(tx)
                if known is None:
                    raise Declined(FAILED, f"no ChangeSet {tx.hex()} in the history")
                cover = Cover(known.name, known.reason, PATIENCE_NS, known.origin)
                return history.restage(tx, nonce, signer), cover
            case RevertChange():
                return _reverted(history, asked, nonce, signer)
            case MergeChanges(keep=keep):
                return _merge(inside, keep), Cover("merge", _WHY_MERGE, PATIENCE_NS)
            case AcceptMember(controller=controller):
                mark = fingerprint(controller)
                admit = admission.commands_to_accept(controller, now)
                if admit is None:
                    text = f"nobody with the fingerprint {mark} waits here; see `trellis members`"
                    raise Declined(FAILED, text)
                resolution = history.resolve(admit, nonce, signer=signer)
                return resolution, Cover(f"accept {mark}", "", PATIENCE_NS)
            case _:
                assert_never(asked)


_WHY_MERGE: Final = "histories parted and met again"


def _merge(inside: Participant, keep: tuple[bytes, ...]) -> Resolution:
    if not inside.barrier.unmerged:
        raise Declined(FAILED, "nothing waits to be merged: every released ChangeSet is here")
    plan = inside.crank.plan_merge(keep)
    if plan.held:
        raise Declined(CONFLICT, plan.why)
    return Resolution(plan.commands, plan.commands, (), (), Kind.MERGE)


def _reverted(
    history: History, asked: RevertChange, nonce: bytes, signer: bytes
) -> tuple[Resolution | Unresolved, Cover]:
    entry = history.entry(asked.tx)
    name = asked.tx.hex()[:8] if entry is None else entry.name
    cover = Cover(
        f"revert {name}"[:NAME_CHARACTERS_MAX],
        asked.reason or f"it undoes {asked.tx.hex()}",
        PATIENCE_NS,
        override=asked.override,
    )
    return history.revert(asked.tx, nonce, force=asked.force, signer=signer), cover


def _anew(
    history: History, request: Request, nonce: bytes, signer: bytes
) -> tuple[Resolution | Unresolved, Cover]:
    """What waits for approval, on today's state: another request, which nobody has approved yet."""
    reason = request.reason
    proposer = history.state.rights.holder(request.signer)
    if proposer is not None and request.signer != signer:
        reason = f"{reason} (proposed by {proposer.name})".strip()[:TEXT_CHARACTERS_MAX]
    cover = Cover(request.name, reason, request.patience_ns, request.origin)
    return history.again(request, nonce, signer), cover


def _as_written(
    resolution: Resolution | Unresolved, commands: tuple[Command, ...]
) -> Resolution | Unresolved:
    """What is carried on and lacks nothing but data waits for it, as it was written."""
    if isinstance(resolution, Resolution) or not resolution.missing:
        return resolution
    return Resolution(commands, (), (), (), Kind.NORMAL)


def _demand_rights(inside: Participant, request: Request, kind: Kind) -> None:
    """Raises Declined with the right that is missing; the vote and the fold judge it once more."""
    rights = inside.history.state.rights
    holder = rights.holder(request.signer)
    if holder is None:
        text = f"the key {fingerprint(request.signer)} is no operator's and no token's here"
        raise Declined(REFUSED, f"rights: {text}; see `trellis operator list`")
    missing = _missing(holder, request, kind)
    if missing is not None and not (
        kind is not Kind.MERGE and may_propose(holder, inside.history.written_keys(request))
    ):
        raise Declined(REFUSED, f"rights: {rights.lacking(holder, missing)}")


def _missing(holder: Holder, request: Request, kind: Kind) -> Grant | None:
    if kind is Kind.MERGE:
        return None if ALL in holder.grants else ALL
    return holder.lacks(keys_written(request.resolved))
