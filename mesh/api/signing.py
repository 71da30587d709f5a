"""From what somebody asks for to a signed request at the barrier, whoever signs.

Three ways: with ``signer`` in the query the request is handed out, to be signed on the person's own
machine and brought to ``/v1/requests``; whoever shows a token lends its key; and who owns this
controller may use the operator's key that is kept beside it.
"""

from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from mesh.api.access import caller_of
from mesh.api.bodies import reply
from mesh.api.handle import desk_of
from mesh.api.problems import REFUSED, Problem, wrong_usage
from mesh.protocol.inputs import CallId
from mesh.protocol.replica.requests import Asked
from mesh.wire.requests import SignedRequest

Ask = Callable[[CallId], Asked]

_KEY_BYTES = 32


async def carry_out(request: Request, ask: Ask) -> Response:
    """Bring what is asked for to the barrier, or hand out the request that it comes to."""
    caller, controller = caller_of(request), desk_of(request).controller
    signer = request.query_params.get("signer")
    if signer is not None:
        return reply(await controller.prepare(ask, read_key(signer, "signer")))
    if caller.signer is not None:
        told = await controller.prepare(ask, caller.signer.public)
        raw = bytes.fromhex(str(told["request"]))
        signed = SignedRequest(raw, caller.signer.sign(raw))
        return reply(await controller.submit_request(signed), HTTPStatus.ACCEPTED)
    if caller.owns:
        return reply(await controller.call(ask), HTTPStatus.ACCEPTED)
    text = f"{caller.name} has no key here to sign with: `trellis login NAME` says who you are"
    raise Problem(HTTPStatus.FORBIDDEN, REFUSED, text)


def read_key(text: str, name: str) -> bytes:
    """A public key in hex. Raises Problem where it is none."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise wrong_usage(f"{name}: expected a public key, 64 hexadecimal digits")
    return key
