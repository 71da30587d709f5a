"""A secret: its name, which version of it counts, who may read it; and not what it is.

The value never comes here. What is signed and kept for ever is a commitment to it, a hash under a
random key that only the sealed copies hold, so nobody can try out values against it. The copies
are running information (see :mod:`mesh.wire.secrets`): to seal one more changes nothing that was
signed.

A reader is added to a version, and is dropped only by a new version: whoever could read a value
may have kept it, and a list that says otherwise would be a lie.
"""

from dataclasses import replace
from typing import Final

from mesh.environment.compounds import ListOf
from mesh.environment.declarations import (
    ID_PARAMETER,
    NAME_PARAMETER,
    Arguments,
    Declaration,
    Parameter,
    Touch,
    object_key,
)
from mesh.environment.draft import Draft, Refusal
from mesh.environment.kind import Kind
from mesh.environment.objects import demand_object, fill_id, object_commands
from mesh.environment.shapes import CREATION_ID, HEX32
from mesh.environment.shapes import NAME as NAMES

NAME: Final = "secret"
READERS_MAX: Final = 64
"""Readers of one secret: what more than these can read is hardly one."""

_NAME: Final = Parameter(NAME_PARAMETER, NAMES, "which secret", required=True)
_ID: Final = Parameter(ID_PARAMETER, CREATION_ID, "the creation id of the secret", filled=True)
_VERSION: Final = Parameter("version", CREATION_ID, "the random id of the version", required=True)
_COMMITMENT: Final = Parameter(
    "commitment", HEX32, "what proves a sealed copy to hold this value", required=True
)
_READERS: Final = Parameter(
    "readers", ListOf(HEX32, READERS_MAX), "the controllers that may read it", required=True
)
_FIELDS: Final = (_VERSION, _COMMITMENT, _READERS)
_ENTRY: Final = Touch((NAME, "{name}"))
_LIST: Final = Touch((NAME, "{name}", "readers"))

*_, _DELETE = object_commands(NAME, _FIELDS)


def _fill_set(draft: Draft, arguments: Arguments, fresh: str) -> Arguments:
    """The id of the secret that is there, or a new one."""
    key = object_key(arguments, NAME)
    return {**arguments, ID_PARAMETER: draft.peek(key) if draft.present(key) else fresh}


def _set(draft: Draft, arguments: Arguments) -> Refusal | None:
    key = object_key(arguments, NAME)
    if draft.present(key):
        refusal = demand_object(draft, arguments, NAME)
        if refusal is not None:
            return refusal
        if draft.read((*key, _VERSION.name)) == arguments[_VERSION.name]:
            return Refusal(f"the secret '{key[1]}' has this version already: make a new one", key)
    draft.write(key, arguments[ID_PARAMETER])
    for field in _FIELDS:
        draft.write((*key, field.name), arguments[field.name])
    return None


def _fill_share(draft: Draft, arguments: Arguments, fresh: str) -> Arguments:
    del fresh
    return fill_id(NAME, draft, arguments)


def _share(draft: Draft, arguments: Arguments) -> Refusal | None:
    refusal = demand_object(draft, arguments, NAME) or _objection(draft, arguments)
    if refusal is None:
        draft.write((*object_key(arguments, NAME), _READERS.name), arguments[_READERS.name])
    return refusal


def _objection(draft: Draft, arguments: Arguments) -> Refusal | None:
    """Why the version that counts is not shared so."""
    key = object_key(arguments, NAME)
    if draft.read((*key, _VERSION.name)) != arguments[_VERSION.name]:
        return Refusal(f"the secret '{key[1]}' has another version by now", key)
    former, following = draft.read((*key, _READERS.name)), arguments[_READERS.name]
    assert isinstance(former, list)
    assert isinstance(following, list)
    if not all(reader in following for reader in former):
        return Refusal(
            f"whoever could read the secret '{key[1]}' may have kept it: to drop a reader, set a"
            " new value, for the others only",
            key,
        )
    return None


KIND: Final = Kind(
    NAME,
    "a secret: its version and its readers, never its value",
    _FIELDS,
    (
        Declaration(
            NAME,
            "set",
            "a new version; `trellis secret set` does this, and seals the value to each reader",
            (_NAME, _ID, *_FIELDS),
            _set,
            writes=(_ENTRY, *(Touch((NAME, "{name}", field.name)) for field in _FIELDS)),
            fill=_fill_set,
        ),
        Declaration(
            NAME,
            "share",
            "let more controllers read the version that counts; `trellis secret share` does this",
            (_NAME, _ID, _VERSION, _READERS),
            _share,
            reads=(_ENTRY, Touch((NAME, "{name}", _VERSION.name))),
            writes=(_LIST,),
            fill=_fill_share,
        ),
        replace(_DELETE, verb="remove", help="remove a secret"),
    ),
)
