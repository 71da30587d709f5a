"""What people and programs on this host ask for.

Each call gets one answer, when it is durable, or one refusal.
"""

from random import Random
from typing import assert_never

from mesh.environment.resolve import Resolution, Unresolved
from mesh.protocol.admission import Admission, AdmissionStep
from mesh.protocol.barrier import Accepted, AlreadyKnown, NoQuorum, Refused, Submission
from mesh.protocol.history import MergePlan
from mesh.protocol.information import RefusedWrite
from mesh.protocol.inputs import (
    AcceptMember,
    MergeChanges,
    RefuseChange,
    RemoveInformation,
    RestageChange,
    SubmitCommands,
    SubmitRequest,
    WriteInformation,
)
from mesh.protocol.now import SECOND, Now
from mesh.protocol.replica.authoring import Cover, Unreadable, author
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.participant import Participant
from mesh.protocol.suite import Signer
from mesh.wire import cbor
from mesh.wire.facts import NoReason
from mesh.wire.identity import fingerprint
from mesh.wire.requests import SignedRequest, decode_request

FAILED, REFUSED, CONFLICT = 1, 4, 5
"""Exit codes of the command line."""

PATIENCE_NS = 60 * SECOND
"""Patience of what is restaged and of admissions: long enough for a slow restart of a host."""

Result = dict[str, object]
"""What the answer to a call says."""

Call = (
    WriteInformation
    | RemoveInformation
    | SubmitCommands
    | SubmitRequest
    | RestageChange
    | RefuseChange
    | MergeChanges
    | AcceptMember
)

NO_ENVIRONMENT = (
    "this controller belongs to no environment yet; see `trellis status`: it waits to be accepted,"
    " or `trellis up --found` founds one"
)


class Declined(Exception):
    """A call that is not carried out: the exit ``code``, and all that is wrong with it."""

    def __init__(self, code: int, *errors: str) -> None:
        super().__init__("; ".join(errors))
        self.code = code
        self.errors = errors


class Calls:
    """Carries out calls on a participant."""

    def __init__(self, desk: Desk, operator: Signer | None, random: Random) -> None:
        self._desk = desk
        self._operator = operator
        self._random = random
        self.participant: Participant | None = None

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
        if inside.crank.stand_down is not None:
            raise Declined(FAILED, f"this controller casts no votes: {inside.crank.stand_down}")
        match call:
            case SubmitCommands():
                return self._submit_commands(inside, call, now)
            case SubmitRequest():
                return self._submit_request(inside, call, now)
            case RestageChange():
                return self._restage(inside, call, now)
            case RefuseChange():
                return self._refuse_change(inside, call)
            case MergeChanges():
                return self._merge(inside, call, now)
            case AcceptMember():
                return self._accept(inside, call, admission, now)
            case _:
                assert_never(call)

    # --- running information ------------------------------------------------------------------

    def _write(
        self, inside: Participant, call: WriteInformation | RemoveInformation, now: Now
    ) -> Result:
        try:
            if isinstance(call, WriteInformation):
                written = inside.entries.write(call.writes, now)
            else:
                written = inside.entries.remove(call.prefix, now)
        except RefusedWrite as error:
            raise Declined(FAILED, str(error)) from error
        return {"written": written}

    # --- ChangeSets ---------------------------------------------------------------------------

    def _submit_commands(self, inside: Participant, call: SubmitCommands, now: Now) -> Result:
        nonce = self._random.randbytes(16)
        resolution = inside.history.resolve(call.commands, nonce, force=call.force)
        cover = Cover(call.name, call.reason, call.patience_ns)
        return self._submit(inside, resolution, cover, nonce, now)

    def _restage(self, inside: Participant, call: RestageChange, now: Now) -> Result:
        nonce = self._random.randbytes(16)
        entry = inside.history.entry(call.tx)
        if entry is None:
            raise Declined(FAILED, f"no ChangeSet {call.tx.hex()} in the history")
        resolution = inside.history.restage(call.tx, nonce)
        cover = Cover(entry.name, entry.reason, PATIENCE_NS)
        return self._submit(inside, resolution, cover, nonce, now)

    def _submit(
        self,
        inside: Participant,
        resolution: Resolution | Unresolved,
        cover: Cover,
        nonce: bytes,
        now: Now,
    ) -> Result:
        if isinstance(resolution, Unresolved):
            raise Declined(FAILED, *resolution.errors)
        operator = self._operator_of(inside)
        try:
            request = author(self._desk.environment, operator, resolution, cover, nonce)
        except Unreadable as error:
            raise Declined(FAILED, f"nobody would read this ChangeSet: {error}") from error
        return self._told(request.tx, inside.crank.submit(request, resolution.kind, now))

    def _submit_request(self, inside: Participant, call: SubmitRequest, now: Now) -> Result:
        request: SignedRequest = call.request
        try:
            kind = inside.history.kind_of(decode_request(request.raw))
        except cbor.Undecodable as error:
            raise Declined(FAILED, f"not a request: {error}") from error
        return self._told(request.tx, inside.crank.submit(request, kind, now))

    def _told(self, tx: bytes, submission: Submission) -> Result:
        match submission:
            case Accepted() | AlreadyKnown():
                return {"tx": tx.hex()}
            case Refused(objection=objection):
                code = CONFLICT if objection.why is NoReason.CONFLICT else REFUSED
                raise Declined(code, f"{objection.why.value}: {objection.detail}")
            case NoQuorum(live=live) if self._desk.own not in live:
                raise Declined(
                    FAILED,
                    "no quorum: this controller takes no part at the barrier; `trellis status` says"
                    " why; use another one",
                )
            case NoQuorum(live=live, needed=needed):
                raise Declined(
                    FAILED,
                    f"no quorum: {len(live)} of {needed} controllers that are needed can be"
                    " reached; nothing was proposed",
                )
            case _:
                assert_never(submission)

    def _refuse_change(self, inside: Participant, call: RefuseChange) -> Result:
        if not inside.barrier.refuse(call.tx):
            raise Declined(
                REFUSED,
                f"too late: {call.tx.hex()[:8]} is sealed, answered, released or not known here",
            )
        return {"tx": call.tx.hex()}

    def _merge(self, inside: Participant, call: MergeChanges, now: Now) -> Result:
        if not inside.barrier.unmerged:
            raise Declined(FAILED, "nothing waits to be merged: every released ChangeSet is here")
        outcome = inside.crank.merge(call.keep, self._operator_of(inside), now)
        if isinstance(outcome, MergePlan):
            raise Declined(CONFLICT, outcome.why)
        return self._told(outcome.tx, outcome)

    def _operator_of(self, inside: Participant) -> Signer:
        """The key that may sign here."""
        founding = inside.founding
        if self._operator is None or self._operator.public != founding.operator:
            raise Declined(
                REFUSED,
                "the operator's key of this environment is not kept on this controller, so it"
                f" cannot sign a ChangeSet; do it on '{founding.founder_name}', which founded the"
                f" environment ({fingerprint(founding.founder)})",
            )
        return self._operator

    # --- members ------------------------------------------------------------------------------

    def _accept(
        self, inside: Participant, call: AcceptMember, admission: Admission, now: Now
    ) -> Result:
        mark = fingerprint(call.controller)
        commands = admission.commands_to_accept(call.controller, now)
        if commands is None:
            raise Declined(
                FAILED,
                f"nobody with the fingerprint {mark} waits here; see `trellis members`",
            )
        nonce = self._random.randbytes(16)
        resolution = inside.history.resolve(commands, nonce)
        return self._submit(
            inside, resolution, Cover(f"accept {mark}", "", PATIENCE_NS), nonce, now
        )
