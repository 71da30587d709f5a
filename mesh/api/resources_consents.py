"""ChangeSets that wait for people: what would be signed, approve it, take it down."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from mesh.api.access import caller_of
from mesh.api.bodies import read, reply
from mesh.api.handle import Desk, desk_of
from mesh.api.problems import REFUSED, Problem, not_found, wrong_usage
from mesh.api.requests import ApproveBody
from mesh.api.resources_changes import tx_of
from mesh.api.signing import carry_out, read_key
from mesh.environment.redaction import confidential_parameters
from mesh.protocol.catalogue import ChangeSet
from mesh.protocol.inputs import RestageChange
from mesh.protocol.replica.noticeboard import Posted
from mesh.protocol.replica.participant import Participant
from mesh.wire.requests import Approval, SignedRequest

_SIGNATURE_BYTES = 64


async def show(request: Request) -> Response:
    """The signed request itself, so that whoever approves or keeps it knows what it says."""
    desk, asked = desk_of(request), request.path_params["id"]
    inside, tx = desk.replica.participant, tx_of(desk, asked)
    posted = None if inside is None else inside.consents.find(tx)
    if posted is not None:
        return reply(_signed(posted.signed, posted.approvals, is_resolved=posted.is_resolved))
    change_set = None if inside is None else _decided(inside, tx)
    if change_set is None:
        raise not_found(f"the signed request of {asked} is not held here")
    said = change_set.request
    hidden = confidential_parameters((*said.written, *said.resolved))
    if hidden:
        text = f"{asked} holds what is never shown ({', '.join(hidden)}), so it does not leave"
        raise Problem(HTTPStatus.FORBIDDEN, REFUSED, text)
    approvals = change_set.attempt.approvals
    return reply(_signed(change_set.propose.request, approvals, is_resolved=True))


def _decided(inside: Participant, tx: bytes) -> ChangeSet | None:
    """The ChangeSet ``tx`` of the history, if this version can read it."""
    entry = inside.history.entry(tx)
    change_set = None if entry is None else inside.catalogue[entry.number]
    return None if change_set is None or change_set.flaw is not None else change_set


def _signed(
    signed: SignedRequest, approvals: tuple[Approval, ...], *, is_resolved: bool
) -> dict[str, object]:
    return {
        "tx": signed.tx.hex(),
        "request": signed.raw.hex(),
        "signature": signed.signature.hex(),
        "resolved": is_resolved,
        "approvals": [
            {"operator": each.operator.hex(), "signature": each.signature.hex()}
            for each in approvals
        ],
    }


async def approve(request: Request) -> Response:
    """Agree to it; the approval that completes it brings it to the barrier.

    What lacked data was signed as it was written: it is carried on under the name of whoever
    approves it, as a request of their own.
    """
    desk, caller = desk_of(request), caller_of(request)
    posted = _posted(desk, request.path_params["id"])
    body = await read(request, ApproveBody)
    if not posted.is_resolved:
        return await carry_out(request, lambda call: RestageChange(call, posted.tx))
    if body.operator is not None:
        answer = await desk.controller.approve(posted.tx, _approval(body))
        return reply(answer, HTTPStatus.ACCEPTED)
    if not caller.owns:
        text = f"{caller.name} has no key here to approve with: `trellis login NAME` first"
        raise Problem(HTTPStatus.FORBIDDEN, REFUSED, text)
    return reply(await desk.controller.approve(posted.tx), HTTPStatus.ACCEPTED)


async def withdraw(request: Request) -> Response:
    """Take it from the board."""
    desk = desk_of(request)
    posted = _posted(desk, request.path_params["id"])
    return reply(await desk.controller.withdraw(posted.tx))


def _posted(desk: Desk, asked: str) -> Posted:
    tx = tx_of(desk, asked)
    inside = desk.replica.participant
    posted = None if inside is None else inside.consents.find(tx)
    if posted is None:
        text = f"{asked} does not wait for approval; see `trellis change show {asked}`"
        raise not_found(text)
    return posted


def _approval(body: ApproveBody) -> Approval:
    try:
        signature = bytes.fromhex(body.signature or "")
    except ValueError:
        signature = b""
    if len(signature) != _SIGNATURE_BYTES:
        raise wrong_usage("signature: expected 128 hexadecimal digits")
    return Approval(read_key(body.operator or "", "operator"), signature)
