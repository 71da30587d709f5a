"""Who one is here, who else there is, and requests that were signed elsewhere."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from mesh.api.access import caller_of, shown
from mesh.api.bodies import read, reply
from mesh.api.handle import Desk, desk_of
from mesh.api.problems import REFUSED, Problem, not_found, wrong_usage
from mesh.api.requests import RequestBody
from mesh.api.tokens import is_over
from mesh.environment.configuration import Configuration
from mesh.environment.kinds import operator, token
from mesh.environment.rights import LOCKED
from mesh.wire import cbor
from mesh.wire.requests import SignedRequest, decode_request

_SIGNATURE_BYTES = 64


async def whoami(request: Request) -> Response:
    """The caller, as this controller sees it."""
    return reply(shown(caller_of(request), has_key=desk_of(request).replica.signs_here))


async def locked_key(request: Request) -> Response:
    """The locked key of one operator: what somebody needs to log in with the passphrase."""
    desk = desk_of(request)
    name = request.path_params["name"]
    state = _state(desk)
    holder = state.rights.named(operator.NAME, name)
    if holder is None:
        raise not_found(f"there is no operator '{name}'; see `trellis operator list`")
    locked = state.read((operator.NAME, name, LOCKED))
    if locked is None:
        raise not_found(
            f"operator '{name}' keeps no locked key here: `trellis login {name} --file FILE` takes"
            " a copy; or do it on the host where the key lies"
        )
    environment = desk.replica.desk.environment.hex()
    return reply(
        {"environment": environment, "name": name, "key": holder.key.hex(), "locked": locked}
    )


async def submit(request: Request) -> Response:
    """Bring a request that was signed elsewhere to the barrier."""
    desk = desk_of(request)
    body = await read(request, RequestBody)
    try:
        raw, signature = bytes.fromhex(body.request), bytes.fromhex(body.signature)
    except ValueError:
        raise wrong_usage("request and signature: expected hexadecimal digits") from None
    if len(signature) != _SIGNATURE_BYTES:
        raise wrong_usage("signature: expected 128 hexadecimal digits")
    _demand_current(desk, raw)
    answer = await desk.controller.submit_request(SignedRequest(raw, signature))
    return reply(answer, HTTPStatus.ACCEPTED)


def _demand_current(desk: Desk, raw: bytes) -> None:
    """Raises Problem where a token signed that has ended: that is judged here, not in the fold."""
    try:
        signer = decode_request(raw).signer
    except cbor.Undecodable as error:
        raise wrong_usage(f"request: {error}") from error
    state = _state(desk)
    holder = state.rights.holder(signer)
    if holder is None or holder.kind != token.NAME:
        return
    if is_over(state, holder.name, desk.now().wall_ns):
        raise Problem(HTTPStatus.FORBIDDEN, REFUSED, f"{holder} has ended; make another one")


def _state(desk: Desk) -> Configuration:
    inside = desk.replica.participant
    if inside is None:
        raise not_found("this controller belongs to no environment yet; see `trellis status`")
    return inside.history.state
