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
    CallId,
    MergeChanges,
    RefuseChange,
    RemoveInformation,
    RestageChange,
    SubmitCommands,
    SubmitRequest,
    WriteInformation,
)
from mesh.protocol.now import SECOND, Now
from mesh.protocol.replica.authoring import Cover, author
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.participant import Participant
from mesh.protocol.suite import Signer
from mesh.wire import cbor
from mesh.wire.facts import NoReason
from mesh.wire.identity import fingerprint
from mesh.wire.limits import REQUEST_BYTES_MAX
from mesh.wire.requests import decode_request

FAILED, REFUSED, CONFLICT = 1, 4, 5
"""Exit codes of the command line."""

RESTAGE_PATIENCE_NS = 60 * SECOND

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


class Calls:
    """Carries out calls on a participant."""

    def __init__(self, desk: Desk, operator: Signer | None, random: Random) -> None:
        self._desk = desk
        self._operator = operator
        self._random = random
        self.participant: Participant | None = None

    def handle(self, call: Call, admission: Admission, now: Now) -> AdmissionStep:
        """Do what ``call`` asks; what admission makes of it comes back."""
        inside = self.participant
        if inside is None:
            self._desk.refuse(call.call, FAILED, NO_ENVIRONMENT)
            return AdmissionStep()
        match call:
            case WriteInformation() | RemoveInformation():
                self._write(inside, call, now)
            case SubmitCommands():
                self._submit_commands(inside, call, now)
            case SubmitRequest():
                self._submit_request(inside, call, now)
            case RestageChange():
                self._restage(inside, call, now)
            case RefuseChange():
                self._refuse_change(inside, call)
            case MergeChanges():
                self._merge(inside, call, now)
            case AcceptMember():
                self._accept(inside, call, admission, now)
            case _:
                assert_never(call)
        return admission.used()

    # --- running information ------------------------------------------------------------------

    def _write(
        self, inside: Participant, call: WriteInformation | RemoveInformation, now: Now
    ) -> None:
        try:
            if isinstance(call, WriteInformation):
                paths = tuple(write.path for write in call.writes)
                outgoing = inside.information.write(call.writes, inside.peers(), now)
            else:
                paths = tuple(path for path, _ in inside.information.items(call.prefix))
                outgoing = inside.information.remove(call.prefix, inside.peers(), now)
        except RefusedWrite as error:
            self._desk.refuse(call.call, FAILED, str(error))
            return
        inside.flush()
        self._desk.send(outgoing, now, gated=True)
        inside.information_changed(paths)
        self._desk.answer(call.call, written=len(paths))

    # --- ChangeSets ---------------------------------------------------------------------------

    def _submit_commands(self, inside: Participant, call: SubmitCommands, now: Now) -> None:
        nonce = self._random.randbytes(16)
        resolution = inside.history.resolve(call.commands, nonce, force=call.force)
        cover = Cover(call.name, call.reason, call.patience_ns)
        self._submit(inside, call.call, resolution, cover, nonce, now)

    def _operator_of(self, inside: Participant, call: CallId) -> Signer | None:
        """The key that may sign here; None, and the call is refused, where it is kept elsewhere."""
        founding = inside.founding
        if self._operator is not None and self._operator.public == founding.operator:
            return self._operator
        self._desk.refuse(
            call,
            REFUSED,
            "the operator's key of this environment is not kept on this controller, so it cannot"
            f" sign a ChangeSet; do it on '{founding.founder_name}', which founded the environment"
            f" ({fingerprint(founding.founder)})",
        )
        return None

    def _restage(self, inside: Participant, call: RestageChange, now: Now) -> None:
        nonce = self._random.randbytes(16)
        entry = inside.history.entry(call.tx)
        if entry is None:
            self._desk.refuse(call.call, FAILED, f"no ChangeSet {call.tx.hex()} in the history")
            return
        resolution = inside.history.restage(call.tx, nonce)
        cover = Cover(entry.name, entry.reason, RESTAGE_PATIENCE_NS)
        self._submit(inside, call.call, resolution, cover, nonce, now)

    def _submit(
        self,
        inside: Participant,
        call: CallId,
        resolution: Resolution | Unresolved,
        cover: Cover,
        nonce: bytes,
        now: Now,
    ) -> None:
        if isinstance(resolution, Unresolved):
            self._desk.refuse(call, FAILED, *resolution.errors)
            return
        operator = self._operator_of(inside, call)
        if operator is None:
            return
        request = author(self._desk.environment, operator, resolution, cover, nonce)
        if len(request.raw) > REQUEST_BYTES_MAX:
            self._desk.refuse(
                call,
                FAILED,
                f"the ChangeSet has {len(request.raw)} bytes, at most {REQUEST_BYTES_MAX} are"
                " carried: split it",
            )
            return
        self._told(call, request.tx, inside.crank.submit(request, resolution.kind, now))

    def _submit_request(self, inside: Participant, call: SubmitRequest, now: Now) -> None:
        try:
            request = decode_request(call.request.raw)
        except cbor.Undecodable as error:
            self._desk.refuse(call.call, FAILED, f"not a request: {error}")
            return
        kind = inside.history.kind_of(request)
        submission = inside.crank.submit(call.request, kind, now)
        self._told(call.call, call.request.tx, submission)

    def _told(self, call: CallId, tx: bytes, submission: Submission) -> None:
        match submission:
            case Accepted() | AlreadyKnown():
                self._desk.answer(call, tx=tx.hex())
            case Refused(objection=objection):
                code = CONFLICT if objection.why is NoReason.CONFLICT else REFUSED
                self._desk.refuse(call, code, f"{objection.why.value}: {objection.detail}")
            case NoQuorum(live=live, needed=needed):
                self._desk.refuse(
                    call,
                    FAILED,
                    f"no quorum: {len(live)} of {needed} controllers that are needed can be"
                    " reached; nothing was proposed",
                )
            case _:
                assert_never(submission)

    def _refuse_change(self, inside: Participant, call: RefuseChange) -> None:
        if inside.barrier.refuse(call.tx):
            self._desk.answer(call.call, tx=call.tx.hex())
        else:
            self._desk.refuse(
                call.call,
                REFUSED,
                f"too late: {call.tx.hex()[:8]} is sealed, answered, released or not known here",
            )

    def _merge(self, inside: Participant, call: MergeChanges, now: Now) -> None:
        if not inside.barrier.unmerged:
            self._desk.refuse(
                call.call, FAILED, "nothing waits to be merged: every released ChangeSet is here"
            )
            return
        operator = self._operator_of(inside, call.call)
        if operator is None:
            return
        outcome = inside.crank.merge(call.keep, operator, now)
        if isinstance(outcome, MergePlan):
            self._desk.refuse(call.call, CONFLICT, outcome.why)
        else:
            self._told(call.call, outcome.tx, outcome)

    # --- members ------------------------------------------------------------------------------

    def _accept(
        self, inside: Participant, call: AcceptMember, admission: Admission, now: Now
    ) -> None:
        commands = admission.commands_to_accept(call.controller, now)
        if commands is None:
            self._desk.refuse(
                call.call,
                FAILED,
                f"nobody with the fingerprint {fingerprint(call.controller)} waits here;"
                " see `trellis members`",
            )
            return
        name = f"accept {fingerprint(call.controller)}"
        nonce = self._random.randbytes(16)
        resolution = inside.history.resolve(commands, nonce)
        self._submit(inside, call.call, resolution, Cover(name, "", 60 * SECOND), nonce, now)
