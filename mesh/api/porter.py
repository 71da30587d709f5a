"""The porter: every request gets its caller here, or an answer that says why it gets no further.

Before anything of a request is read it is known who asks; who may not ask costs a few microseconds
and a counter.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from mesh.api.access import CALLER, Caller
from mesh.api.handle import Desk
from mesh.api.problems import REFUSED, Problem, answer
from mesh.api.tokens import caller_with
from mesh.api.unread import Patient
from mesh.driver import log

_BEARER: Final = b"bearer "


class Porter:
    """An app that asks who asks, for the connections of one kind of socket."""

    def __init__(self, app: ASGIApp, desk: Desk, peer: Caller | None, *, is_local: bool) -> None:
        """``peer``: who the socket itself says it is; None: it does not say, or nobody known."""
        self._app = app
        self._desk = desk
        self._peer = peer
        self._is_local = is_local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = self._admit(scope)
        ends = Patient(receive, send)
        if isinstance(told, Problem):
            await answer(told)(scope, ends.receive, ends.send)
            return
        await self._app({**scope, CALLER: told}, ends.receive, ends.send)

    def _admit(self, scope: Scope) -> Caller | Problem:
        tally, now = self._desk.tally, self._desk.now()
        caller = self._caller(scope, now.wall_ns)
        if isinstance(caller, Problem):
            if tally.may_fail(now.monotonic_ns):
                return caller
            return _too_many("too many requests without a valid token: wait a second")
        if tally.admits(caller, now.monotonic_ns):
            _note(scope, caller)
            return caller
        tally.count("requests over the rate")
        return _too_many(f"{caller.name} asks too often: 50 requests a second are answered")

    def _caller(self, scope: Scope, wall_ns: int) -> Caller | Problem:
        shown = _bearer(scope)
        if shown is None:
            return self._peer or self._unknown()
        inside = self._desk.replica.participant
        caller = None if inside is None else caller_with(shown, inside.history.state, wall_ns)
        if caller is not None:
            return caller
        self._desk.tally.count("tokens refused")
        return _unauthorized("the token is not known here, was revoked, or has ended")

    def _unknown(self) -> Problem:
        if not self._is_local:
            self._desk.tally.count("requests without a token")
            return _unauthorized("a token is needed: Authorization: Bearer trellis_…")
        self._desk.tally.count("peers refused")
        text = (
            "this controller does not talk to your user: its own user, root, and those that [auth]"
            " of its controller.toml names may ask"
        )
        return Problem(HTTPStatus.FORBIDDEN, REFUSED, text)


def _note(scope: Scope, caller: Caller) -> None:
    """Who asked for something to be done; reading leaves no line."""
    if scope["method"] != "GET":
        log.note(logging.DEBUG, "asked", f"{scope['method']} {scope['path']} by {caller.name}")


def _bearer(scope: Scope) -> str | None:
    """The token that a request shows; None: it shows none."""
    headers: Mapping[bytes, bytes] = dict(scope["headers"])
    value = headers.get(b"authorization")
    if value is None:
        return None
    if value[: len(_BEARER)].lower() != _BEARER:
        return ""
    return value[len(_BEARER) :].strip().decode("latin-1")


def _unauthorized(text: str) -> Problem:
    return Problem(HTTPStatus.UNAUTHORIZED, REFUSED, text)


def _too_many(text: str) -> Problem:
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, REFUSED, text)
