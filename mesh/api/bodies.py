"""JSON in and out: bounded, typed, and every mistake named with its place."""

from contextlib import aclosing
from http import HTTPStatus
from typing import Final, TypeVar

import msgspec
import trio
from starlette.requests import Request
from starlette.responses import Response

from mesh.api.handle import desk_of
from mesh.api.problems import WRONG_USAGE, Problem, wrong_usage
from mesh.wire.limits import REQUEST_BYTES_MAX

BODY_BYTES_MAX: Final = 4 * REQUEST_BYTES_MAX
"""1 MiB: the largest ChangeSet in JSON, which is wordier than what travels between controllers."""

BODY_S: Final = 20.0
"""For a whole body: 1 MiB over a poor line."""

T = TypeVar("T")


async def read(request: Request, expected: type[T]) -> T:
    """The body as an ``expected``. Raises Problem where it is too large or is none."""
    return parse(await _read_raw(request), expected)


def parse(raw: bytes, expected: type[T]) -> T:
    """``raw`` as an ``expected``; nothing at all is an empty object. Raises Problem."""
    try:
        return msgspec.json.decode(raw or b"{}", type=expected)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise wrong_usage(f"the body cannot be used: {error}") from error


async def _read_raw(request: Request) -> bytes:
    raw = bytearray()
    with trio.move_on_after(BODY_S):
        return await _read_all(request, raw)
    desk_of(request).tally.count("slow bodies")
    text = f"the body did not arrive within {BODY_S:.0f} s: {len(raw)} bytes did"
    raise Problem(HTTPStatus.REQUEST_TIMEOUT, WRONG_USAGE, text)


async def _read_all(request: Request, raw: bytearray) -> bytes:
    async with aclosing(request.stream()) as chunks:
        async for chunk in chunks:
            raw += chunk
            if len(raw) > BODY_BYTES_MAX:
                desk_of(request).tally.count("bodies too large")
                text = f"the body is larger than {BODY_BYTES_MAX} bytes: split it"
                raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, WRONG_USAGE, text)
    return bytes(raw)


def reply(value: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """``value`` as JSON."""
    return Response(msgspec.json.encode(value), status.value, media_type="application/json")


def count(request: Request, name: str, default: int, most: int) -> int:
    """A whole number from 1 to ``most`` in the query. Raises Problem where it is none."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise wrong_usage(f"{name}: expected a whole number from 1 to {most}, not '{text}'")
    return int(text)


def flag(request: Request, name: str) -> bool:
    """``true`` or ``false`` in the query; false where it is not there."""
    text = request.query_params.get(name, "false")
    if text not in {"true", "false"}:
        raise wrong_usage(f"{name}: expected true or false, not '{text}'")
    return text == "true"
