"""Invites: each lets one controller in, once, for as long as it is open.

Whoever is given an invite holds the seed of a key pair; the configuration holds the public half.
The newcomer signs with it who it is, so everybody who folds the history can check that it was
invited, and nobody who only reads the history can invite anybody. An invite stays for ever, used
or revoked: so none is ever open a second time.

When an invite expires is written here for people and for whoever proposes the admission. The fold
does not look at it, because it knows no clock.
"""

from typing import Final

from mesh.environment.declarations import (
    ID_PARAMETER,
    Arguments,
    Declaration,
    Parameter,
    Touch,
    object_key,
    text,
)
from mesh.environment.draft import Draft, Refusal
from mesh.environment.kind import Kind
from mesh.environment.shapes import CREATION_ID, HEX32, Text, Whole
from mesh.wire.identity import fingerprint

NAME: Final = "invite"

OPEN: Final = "open"
USED: Final = "used"
REVOKED: Final = "revoked"

_WHICH: Final = Parameter(
    NAME,
    HEX32,
    "which invite: its public key, or the id that people see",
    required=True,
    written=Text("an invite's key or its id", r"[0-9a-z-]{1,64}"),
)
_ID: Final = Parameter(ID_PARAMETER, CREATION_ID, "the creation id of the invite", filled=True)
_EXPIRES: Final = Parameter(
    "expires_at_ns", Whole(), "until when it is honoured, in nanoseconds since 1970", required=True
)
_ENTRY: Final = Touch((NAME, "{invite}"))
_STATE: Final = Touch((NAME, "{invite}", "state"))

SPENDS: Final = (
    Touch((NAME, "{invite}", "state"), NAME),
    Touch((NAME, "{invite}", "used_by"), NAME),
)
"""What an admission by invite writes: so of two with one invite the second is a conflict."""


def spend(draft: Draft, invite: str, controller: str) -> Refusal | None:
    """Let ``controller`` in by ``invite``, which admits nobody else afterwards."""
    key = (NAME, invite)
    state = draft.read((*key, "state"))
    if state != OPEN:
        called = fingerprint(bytes.fromhex(invite))
        why = "is unknown" if state is None else f"is {state}"
        return Refusal(f"the invite {called} {why}: ask for a new one", key)
    draft.write((*key, "state"), USED)
    draft.write((*key, "used_by"), controller)
    return None


def _fill(draft: Draft, arguments: Arguments, fresh: str) -> Arguments:
    """The key of the invite whose id a person wrote."""
    del fresh
    written = text(arguments, NAME)
    for key in draft.names(NAME):
        if written in (key, fingerprint(bytes.fromhex(key))):
            return {**arguments, NAME: key}
    return arguments


def names(draft: Draft) -> list[str]:
    """How a person calls those that are still open."""
    there = (key for key in draft.names(NAME) if draft.peek((NAME, key, "state")) == OPEN)
    return [fingerprint(bytes.fromhex(key)) for key in there]


def _fill_entry(draft: Draft, arguments: Arguments, fresh: str) -> Arguments:
    del draft
    return {**arguments, ID_PARAMETER: fresh}


def _create(draft: Draft, arguments: Arguments) -> Refusal | None:
    key = object_key(arguments, NAME, NAME)
    if draft.present(key):
        return Refusal("there is an invite with this key already: make a new one", key)
    draft.write(key, arguments[ID_PARAMETER])
    draft.write((*key, "state"), OPEN)
    draft.write((*key, _EXPIRES.name), arguments[_EXPIRES.name])
    return None


def _revoke(draft: Draft, arguments: Arguments) -> Refusal | None:
    key = object_key(arguments, NAME, NAME)
    if not draft.present(key):
        return Refusal("there is no such invite", key)
    state = draft.read((*key, "state"))
    if state != OPEN:
        return Refusal(f"the invite is {state}, there is nothing to revoke", (*key, "state"))
    draft.write((*key, "state"), REVOKED)
    return None


KIND: Final = Kind(
    NAME,
    "an invite: who holds its secret is admitted, once",
    (
        Parameter("state", Text("open, used or revoked"), "whether it still lets somebody in"),
        _EXPIRES,
        Parameter("used_by", HEX32, "the controller that it let in"),
    ),
    (
        Declaration(
            NAME,
            "create",
            "open an invite; `trellis invite` does this, and prints the code that goes with it",
            (
                Parameter(NAME, HEX32, "its Ed25519 public key", required=True),
                _ID,
                _EXPIRES,
            ),
            _create,
            writes=(_ENTRY, _STATE, Touch((NAME, "{invite}", _EXPIRES.name))),
            fill=_fill_entry,
        ),
        Declaration(
            NAME,
            "revoke",
            "close an invite that nobody has used",
            (_WHICH,),
            _revoke,
            reads=(_ENTRY,),
            writes=(_STATE,),
            fill=_fill,
        ),
    ),
)
