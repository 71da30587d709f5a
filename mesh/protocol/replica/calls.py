"""What people and programs on this host ask for.

Each call gets one answer, when it is durable, or one refusal.
"""

from random import Random
from typing import assert_never

from mesh.environment.rights import LOCKED
from mesh.protocol.admission import Admission, AdmissionStep
from mesh.protocol.barrier import Barrier, Word
from mesh.protocol.information import RefusedWrite
from mesh.protocol.inputs import (
    AcceptMember,
    ApproveChange,
    MergeChanges,
    Path,
    PrepareRequest,
    PublishChange,
    RefuseChange,
    RemoveInformation,
    RestageChange,
    RevertChange,
    RotateKey,
    SubmitCommands,
    SubmitRequest,
    TakeCheckpoint,
    WithdrawChange,
    Write,
    WriteInformation,
)
from mesh.protocol.now import Now
from mesh.protocol.replica.declined import FAILED, REFUSED, Declined
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.noticeboard import is_reserved
from mesh.protocol.replica.participant import Participant
from mesh.protocol.replica.publishing import place_of_published
from mesh.protocol.replica.requests import Asked, Requests
from mesh.protocol.suite import Signer
from mesh.wire import cbor
from mesh.wire.consent import approval_of
from mesh.wire.requests import Approval, SignedRequest, read_request

Result = dict[str, object]
"""What the answer to a call says."""

Call = (
    WriteInformation
    | RemoveInformation
    | SubmitCommands
    | SubmitRequest
    | RestageChange
    | RevertChange
    | ApproveChange
    | WithdrawChange
    | PublishChange
    | RefuseChange
    | MergeChanges
    | AcceptMember
    | PrepareRequest
    | TakeCheckpoint
    | RotateKey
)

NO_ENVIRONMENT = (
    "this controller belongs to no environment yet; see `trellis status`: it waits to be accepted,"
    " or `trellis up --found` founds one"
)


class Calls:
    """Carries out calls on a participant."""

    def __init__(self, desk: Desk, operator: Signer | None, random: Random) -> None:
        self._desk = desk
        self._operator = operator
        self._requests = Requests(desk, random)
        self.participant: Participant | None = None

    @property
    def signs(self) -> bool:
        """Whether an operator's key is kept here, and not locked."""
        if self.participant is None or self._operator is None:
            return False
        state = self.participant.history.state
        holder = state.rights.holder(self._operator.public)
        return holder is not None and state.read((holder.kind, holder.name, LOCKED)) is None

    def handle(self, call: Call, admission: Admission, now: Now) -> AdmissionStep:
        """Do what ``call`` asks; what admission makes of it comes back."""
        try:
            result = self._result(call, admission, now)
        except Declined as declined:
            self._desk.refuse(call.call, declined.code, *declined.errors)
            return AdmissionStep()
        self._desk.answer(call.call, **result)
        return admission.used()

    def _result(self, call: Call, admission: Admission, now: Now) -> Result:
        inside = self.participant
        if inside is None:
            raise Declined(FAILED, NO_ENVIRONMENT)
        if isinstance(call, WriteInformation | RemoveInformation):
            return self._write(inside, call, now)
        why = inside.crank.stand_down or inside.crank.follows
        if why is not None:
            raise Declined(FAILED, f"this controller casts no votes: {why}")
        match call:
            case (
                SubmitCommands()
                | RestageChange()
                | RevertChange()
                | MergeChanges()
                | AcceptMember()
            ):
                return self._submit(inside, call, admission, now)
            case PrepareRequest():
                return self._prepare(inside, call, admission, now)
            case SubmitRequest():
                return self._submit_request(inside, call, now)
            case ApproveChange() | WithdrawChange() | PublishChange() | RefuseChange():
                return self._decide(inside, call, now)
            case TakeCheckpoint():
                why = inside.checkpoints.ask()
                if why:
                    raise Declined(FAILED, why)
                return {"wanted": True}
            case RotateKey(exchange_key=exchange_key):
                proposed = inside.rotating.propose(exchange_key, now)
                if isinstance(proposed, str):
                    raise Declined(FAILED, proposed)
                return {"tx": proposed.hex()}
            case _:
                assert_never(call)

    # --- running information ------------------------------------------------------------------

    def _write(
        self, inside: Participant, call: WriteInformation | RemoveInformation, now: Now
    ) -> Result:
        if any(is_reserved(path) for path in _paths_of(call)):
            raise Declined(REFUSED, "what waits for approval is written by controllers only")
        try:
            if isinstance(call, WriteInformation):
                written = inside.entries.write(call.writes, now)
            else:
                written = inside.entries.remove(call.prefix, now)
        except RefusedWrite as error:
            raise Declined(FAILED, str(error)) from error
        return {"written": written}

    # --- ChangeSets ---------------------------------------------------------------------------

    def _submit(self, inside: Participant, asked: Asked, admission: Admission, now: Now) -> Result:
        """With the key that is kept here."""
        operator = self._operator_of(inside)
        draft, kind = self._requests.of(inside, asked, operator.public, admission, now)
        return {"tx": inside.consents.submit(draft.sign(operator.sign), kind, now).hex()}

    def _prepare(
        self, inside: Participant, call: PrepareRequest, admission: Admission, now: Now
    ) -> Result:
        draft, _ = self._requests.of(inside, call.asked, call.signer, admission, now)
        return {"request": draft.raw.hex()}

    def _submit_request(self, inside: Participant, call: SubmitRequest, now: Now) -> Result:
        request: SignedRequest = call.request
        try:
            content = read_request(request.raw)
        except cbor.Undecodable as error:
            raise Declined(FAILED, f"not a request: {error}") from error
        kind = inside.history.kind_of(content)
        return {"tx": inside.consents.submit(request, kind, now).hex()}

    def _decide(
        self,
        inside: Participant,
        call: ApproveChange | WithdrawChange | PublishChange | RefuseChange,
        now: Now,
    ) -> Result:
        match call:
            case ApproveChange():
                return self._approve(inside, call, now)
            case WithdrawChange(tx=tx):
                return {"tx": inside.consents.withdraw(tx, now).hex()}
            case PublishChange(tx=tx):
                writes = (Write(place_of_published(tx), now.wall_ns),)
                return {"tx": tx.hex(), "written": inside.entries.write(writes, now)}
            case RefuseChange():
                return self._refuse_change(inside, call, now)
            case _:
                assert_never(call)

    def _approve(self, inside: Participant, call: ApproveChange, now: Now) -> Result:
        approval = call.approval
        if approval is None:
            operator = self._operator_of(inside)
            signed = approval_of(self._desk.environment, call.tx)
            approval = Approval(operator.public, operator.sign(signed))
        return {"tx": inside.consents.approve(call.tx, approval, now).hex()}

    def _refuse_change(self, inside: Participant, call: RefuseChange, now: Now) -> Result:
        if inside.consents.find(call.tx) is not None:
            return {"tx": inside.consents.withdraw(call.tx, now).hex()}
        if not inside.barrier.refuse(call.tx):
            raise Declined(REFUSED, _too_late(inside.barrier, call.tx))
        return {"tx": call.tx.hex()}

    def _operator_of(self, inside: Participant) -> Signer:
        """The key that signs here. One that its operator has locked signs nowhere by itself."""
        kept = self._operator
        state = inside.history.state
        holder = None if kept is None else state.rights.holder(kept.public)
        if kept is None or holder is None:
            raise Declined(
                REFUSED,
                "no operator's key is kept on this controller: say who you are with"
                " `trellis login NAME`, with --file FILE from a copy of a locked key; or put"
                " operator.key back into its data directory, and start it again",
            )
        if state.read((holder.kind, holder.name, LOCKED)) is not None:
            raise Declined(REFUSED, f"the key is locked: `trellis login {holder.name}` opens it")
        return kept


def _paths_of(call: WriteInformation | RemoveInformation) -> list[Path]:
    """What a call would write, or below what it would remove."""
    if isinstance(call, WriteInformation):
        return [each.path for each in call.writes]
    return [call.prefix]


def _too_late(barrier: Barrier, tx: bytes) -> str:
    """Why nobody can say no to ``tx`` here."""
    attempts, short = barrier.attempts(tx), tx.hex()[:8]
    if not attempts:
        return f"{short} does not wait at the barrier; see `trellis change show {short}`"
    word = barrier.status(attempts[-1]).word
    if word in (Word.PENDING, Word.IN_DOUBT):
        return f"too late: this controller has sealed {short}, and is bound by that"
    return f"too late: {short} is {word.value}"
