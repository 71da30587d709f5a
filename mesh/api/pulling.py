"""Asking another environment's API, as its client: what it has published.

It is asked in a thread of its own, which ends at a deadline however slowly the other speaks, and
what comes is bounded. It is not followed anywhere else. Whatever it says is only believed where a
key vouches for it that the link names.
"""

import hmac
import http.client
import socket
import ssl
from contextlib import suppress
from hashlib import sha256
from http import HTTPStatus
from typing import Final, TypeVar

import msgspec
import trio

from mesh.api.bodies import BODY_BYTES_MAX
from mesh.api.problems import FAILED, REFUSED, Problem
from mesh.api.unix import connect
from mesh.driver.linked import LinkSection
from mesh.wire.requests import Value

TIMEOUT_S: Final = 10.0
"""For each step of it: another site may be far, and a person waits."""

DEADLINE_S: Final = 30.0
"""For all of it: one that says a byte now and then would hold the thread for ever."""

_TOKEN_BYTES_MAX: Final = 4_096

_ERRORS_MAX: Final = 10
_ERROR_CHARACTERS_MAX: Final = 500
"""Of another's refusal, so much is passed on to the person."""

T = TypeVar("T")


class PublishedCommand(msgspec.Struct, frozen=True):
    """One command, as a person wrote it there."""

    group: str
    verb: str
    parameters: dict[str, Value]


class PublishedChange(msgspec.Struct, frozen=True):
    """A ChangeSet that another environment hands out, vouched for; ids and keys in hex."""

    environment: str
    tx: str
    name: str
    reason: str
    commands: tuple[PublishedCommand, ...]
    controller: str
    signature: str
    later: tuple[str, ...] = ()
    """Ids of what has written over it there since; nobody vouches for that."""


class PublishedController(msgspec.Struct, frozen=True):
    """A controller of the other environment."""

    id: str
    fingerprint: str
    name: str


class PublishedIndex(msgspec.Struct, frozen=True):
    """Which environment that is, and whose word one would take for it."""

    environment: str
    controllers: tuple[PublishedController, ...]


async def ask(link: LinkSection, name: str, path: str, expected: type[T]) -> T:
    """What stands at ``path`` there. Raises Problem, with the link's ``name`` in it."""
    connection = _Connection(link)
    try:
        status, raw = await _in_time(connection, link, path)
    except (OSError, http.client.HTTPException) as error:
        text = f"the environment '{name}' cannot be reached: {error}; see [links.{name}]"
        raise Problem(HTTPStatus.BAD_GATEWAY, FAILED, text) from error
    if status != HTTPStatus.OK:
        raise _passed_on(name, status, raw)
    try:
        return msgspec.json.decode(raw, type=expected)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        text = f"what the environment '{name}' says is not understood: {error}"
        raise Problem(HTTPStatus.BAD_GATEWAY, FAILED, text) from error


async def _in_time(connection: "_Connection", link: LinkSection, path: str) -> tuple[int, bytes]:
    with trio.move_on_after(DEADLINE_S):
        return await trio.to_thread.run_sync(
            _exchange, connection, link, path, abandon_on_cancel=True
        )
    connection.give_up()
    raise TimeoutError(f"it has not said all within {DEADLINE_S:.0f} s")


class _Errors(msgspec.Struct, frozen=True):
    errors: tuple[str, ...] = ()


def _passed_on(name: str, status: int, raw: bytes) -> Problem:
    """The other's refusal, in its words."""
    try:
        errors = msgspec.json.decode(raw, type=_Errors).errors
    except (msgspec.DecodeError, UnicodeDecodeError):
        errors = ()
    told = tuple(each[:_ERROR_CHARACTERS_MAX] for each in errors[:_ERRORS_MAX])
    said = told or (f"it answers with {status}",)
    is_refused = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    code = REFUSED if is_refused else FAILED
    where = HTTPStatus.FORBIDDEN if is_refused else HTTPStatus.BAD_GATEWAY
    return Problem(where, code, *(f"environment '{name}': {each}" for each in said))


def _exchange(connection: "_Connection", link: LinkSection, path: str) -> tuple[int, bytes]:
    headers = {} if link.token_file is None else {"authorization": f"Bearer {_token(link)}"}
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        raw = response.read(BODY_BYTES_MAX + 1)
    finally:
        connection.close()
    if len(raw) > BODY_BYTES_MAX:
        raise OSError(f"it says more than {BODY_BYTES_MAX} bytes")
    return response.status, raw


def _token(link: LinkSection) -> str:
    assert link.token_file is not None, "asked for only where there is one"
    with link.token_file.open() as file:
        return file.read(_TOKEN_BYTES_MAX).strip()


class _Connection(http.client.HTTPConnection):
    """A connection by whichever way the link says."""

    def __init__(self, link: LinkSection) -> None:
        super().__init__("trellis")
        self._link = link
        self._given_up = False

    def connect(self) -> None:
        """Reach the other API. Raises OSError."""
        if self._link.socket is not None:
            self.sock = connect(self._link.socket, TIMEOUT_S)
        else:
            self.sock = _secured(self._link)
        if self._given_up:
            self.close()
            raise TimeoutError("nobody waits for it any more")

    def give_up(self) -> None:
        """End whatever another thread is doing with it."""
        self._given_up = True
        if self.sock is not None:
            with suppress(OSError):  # it has ended by itself
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


def _secured(link: LinkSection) -> socket.socket:
    assert link.address is not None, "a link has an address or a socket"
    host, port = link.address.host, link.address.port
    context = ssl.create_default_context()
    if link.fingerprint:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the very certificate is compared instead
    plain = socket.create_connection((host, port), TIMEOUT_S)
    try:
        secured = context.wrap_socket(plain, server_hostname=host)
    except OSError:
        plain.close()
        raise
    shown = secured.getpeercert(binary_form=True) or b""
    if link.fingerprint and not hmac.compare_digest(
        sha256(shown).hexdigest().upper(), link.fingerprint
    ):
        secured.close()
        raise OSError("it shows another certificate than the one whose fingerprint is configured")
    return secured
