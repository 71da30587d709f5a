"""The roster: each controller an object of its own, so that admissions on two sides do not meet.

Admitted, a controller is a *learner*: in the roster object, with no part in the barrier. A roster
change makes it *active*, another one *removed*; its entry stays for ever, so that a removed key
can never be admitted again.
"""

from dataclasses import replace
from typing import Final

from mesh.environment.compounds import ListOf
from mesh.environment.declarations import (
    ID_PARAMETER,
    Arguments,
    Declaration,
    Parameter,
    Run,
    Touch,
    object_key,
    text,
)
from mesh.environment.draft import Draft, Refusal
from mesh.environment.index import Claim, Fields
from mesh.environment.kind import Kind
from mesh.environment.kinds import invite
from mesh.environment.shapes import CREATION_ID, HEX32, HEX64, Text, Whole
from mesh.environment.shapes import NAME as NAME_SHAPE
from mesh.wire.identity import fingerprint
from mesh.wire.requests import Kind as AttemptKind

NAME: Final = "controller"
ADDRESSES_MAX: Final = 8
"""Addresses of one controller: two families on four interfaces."""

LEARNER: Final = "learner"
ACTIVE: Final = "active"
REMOVED: Final = "removed"

PARDONED: Final = "pardoned"
"""The boot number of the last life whose two stories a person has forgiven."""

WRITTEN: Final = Text("a controller's key, fingerprint or name", r"[0-9a-z._-]{1,64}")
"""What people write to say which controller."""

_WHO: Final = Parameter(
    NAME,
    HEX32,
    "which controller: its key, its fingerprint or its name",
    required=True,
    written=WRITTEN,
)
_ID: Final = Parameter(ID_PARAMETER, CREATION_ID, "the creation id of the entry", filled=True)
_HOST: Final = r"(?:\[[^\s,\[\]]{1,255}\]|[^\s,:\[\]]{1,255})"
_PORT: Final = (
    r"(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
)
_ADDRESS: Final = Text(
    "an address such as 192.0.2.7:7946 or [2001:db8::7]:7946, with a port from 1 to 65535",
    f"{_HOST}:{_PORT}",
)
_FIELDS: Final = (
    Parameter("name", NAME_SHAPE, "what people call it; unique in the roster", required=True),
    Parameter("site", NAME_SHAPE, "the place where it stands", required=True),
    Parameter("exchange_key", HEX32, "its X25519 key, for streams and datagrams"),
    Parameter(
        "addresses", ListOf(_ADDRESS, ADDRESSES_MAX), "where it listens, the preferred one first"
    ),
)
_ENTRY: Final = Touch((NAME, "{controller}"))
_STATE: Final = Touch((NAME, "{controller}", "state"))
_INVITED: Final = (
    Parameter(invite.NAME, HEX32, "the public key of the invite by which it comes"),
    Parameter("proof", HEX64, "what the invite's key signs: that it is this controller's"),
)
_GIVEN: Final = tuple(Touch((NAME, "{controller}", field.name), field.name) for field in _FIELDS)


def _fill(draft: Draft, arguments: Arguments, fresh: str) -> Arguments:
    del fresh
    key = key_of(draft, text(arguments, NAME))
    return arguments if key is None else {**arguments, NAME: key}


def key_of(draft: Draft, written: str) -> str | None:
    """The key for whatever a person wrote to say which controller; None: it says none."""
    for key in draft.names(NAME):
        names = (key, fingerprint(bytes.fromhex(key)), draft.peek((NAME, key, "name")))
        if written in names:
            return key
    return None


def names(draft: Draft) -> list[str]:
    """How a person calls those who may be meant: by name, or by fingerprint where it has none."""
    there = (key for key in draft.names(NAME) if draft.peek((NAME, key, "state")) != REMOVED)
    return [
        str(draft.peek((NAME, key, "name")) or fingerprint(bytes.fromhex(key))) for key in there
    ]


def _fill_entry(draft: Draft, arguments: Arguments, fresh: str) -> Arguments:
    return {**_fill(draft, arguments, fresh), ID_PARAMETER: fresh}


def _admit(draft: Draft, arguments: Arguments) -> Refusal | None:
    key = object_key(arguments, NAME, NAME)
    if draft.present(key):
        if draft.peek((*key, "state")) == REMOVED:
            return Refusal("this key was removed and is remembered for ever: make a new one", key)
        return Refusal("this controller is in the roster already", key)
    if invite.NAME in arguments:
        refusal = invite.spend(draft, text(arguments, invite.NAME), key[1])
        if refusal is not None:
            return refusal
    draft.write(key, arguments[ID_PARAMETER])
    draft.write((*key, "state"), LEARNER)
    for field in _FIELDS:
        if field.name in arguments:
            draft.write((*key, field.name), arguments[field.name])
    return None


def _moving(allowed: tuple[str, ...], state: str) -> Run:
    def run(draft: Draft, arguments: Arguments) -> Refusal | None:
        key = object_key(arguments, NAME, NAME)
        if not draft.present(key):
            return Refusal("there is no such controller in the roster", key)
        before = draft.read((*key, "state"))
        if before not in allowed:
            return Refusal(
                f"the controller is {before}, not {' or '.join(allowed)}", (*key, "state")
            )
        draft.write((*key, "state"), state)
        return None

    return run


def _rotate(draft: Draft, arguments: Arguments) -> Refusal | None:
    key = object_key(arguments, NAME, NAME)
    if draft.read((*key, "state")) not in (LEARNER, ACTIVE):
        return Refusal("there is no such controller in the roster", key)
    if draft.read((*key, "exchange_key")) != arguments["former"]:
        return Refusal("its exchange key is another one by now", (*key, "exchange_key"))
    draft.write((*key, "exchange_key"), arguments["exchange_key"])
    return None


def _pardon(draft: Draft, arguments: Arguments) -> Refusal | None:
    key = object_key(arguments, NAME, NAME)
    if draft.read((*key, "state")) not in (LEARNER, ACTIVE):
        return Refusal("there is no such controller in the roster", key)
    decided, life = draft.read((*key, PARDONED)), arguments["life"]
    assert isinstance(life, int)
    if isinstance(decided, int) and life <= decided:
        return Refusal("a person has decided about this life already", (*key, PARDONED))
    draft.write((*key, PARDONED), life)
    return None


def _modify(draft: Draft, arguments: Arguments) -> Refusal | None:
    key = object_key(arguments, NAME, NAME)
    if not draft.present(key):
        return Refusal("there is no such controller in the roster", key)
    if "exchange_key" in arguments and draft.read((*key, "exchange_key")) is not None:
        text = "only the controller itself replaces its exchange key: trellis members rotate-key"
        return Refusal(text, (*key, "exchange_key"))
    for field in _FIELDS:
        if field.name in arguments:
            draft.write((*key, field.name), arguments[field.name])
    return None


def _claims(name: str, fields: Fields) -> tuple[Claim, ...]:
    del name
    if fields["state"] == REMOVED:
        return ()
    addresses = fields.get("addresses", [])
    assert isinstance(addresses, list)
    keys = [fields["exchange_key"]] if "exchange_key" in fields else []
    return (
        Claim(("controller name", str(fields["name"]))),
        *(Claim(("exchange key", str(key))) for key in keys),
        *(Claim(("address", str(address))) for address in addresses),
    )


_COMMANDS: Final = (
    Declaration(
        NAME,
        "admit",
        "take a controller into the roster, as one that learns and has no part in the barrier yet",
        (
            replace(_WHO, written=None, help="the key of the new controller"),
            _ID,
            *_FIELDS,
            *_INVITED,
        ),
        _admit,
        reads=(Touch((invite.NAME, "{invite}"), invite.NAME),),
        writes=(_ENTRY, _STATE, *_GIVEN, *invite.SPENDS),
        fill=_fill_entry,
        by_controllers_with="proof",
    ),
    Declaration(
        NAME,
        "activate",
        "give a controller that has caught up its part in the barrier",
        (_WHO,),
        _moving((LEARNER,), ACTIVE),
        reads=(_ENTRY,),
        writes=(_STATE,),
        fill=_fill,
        kind=AttemptKind.ROSTER,
        by_controllers=True,
    ),
    Declaration(
        NAME,
        "remove",
        "take a controller out of the roster; its key is remembered and never admitted again",
        (_WHO,),
        _moving((LEARNER, ACTIVE), REMOVED),
        reads=(_ENTRY,),
        writes=(_STATE,),
        fill=_fill,
        kind=AttemptKind.ROSTER,
    ),
    Declaration(
        NAME,
        "rotate-key",
        "replace a controller's exchange key; `trellis members rotate-key` does this on its host",
        (
            replace(_WHO, written=None, help="the controller, by its key"),
            Parameter("former", HEX32, "the X25519 key that it gives up", required=True),
            Parameter("exchange_key", HEX32, "the one that takes its place", required=True),
            Parameter("proof", HEX64, "the controller's signature over both", required=True),
        ),
        _rotate,
        reads=(_ENTRY, _STATE),
        writes=(Touch((NAME, "{controller}", "exchange_key")),),
        by_controllers_with="proof",
    ),
    Declaration(
        NAME,
        "pardon",
        "count on a controller again whose key has told two stories; `trellis members pardon`",
        (
            _WHO,
            Parameter(
                "life",
                Whole(0),
                "the boot number of the life that told them: only later ones count",
                required=True,
            ),
        ),
        _pardon,
        reads=(_ENTRY, _STATE),
        writes=(Touch((NAME, "{controller}", PARDONED)),),
        fill=_fill,
    ),
    Declaration(
        NAME,
        "modify",
        "change what the roster says about a controller",
        (_WHO, *(replace(field, required=False) for field in _FIELDS)),
        _modify,
        reads=(_ENTRY,),
        writes=_GIVEN,
        fill=_fill,
        one_of=tuple(field.name for field in _FIELDS),
    ),
)

KIND: Final = Kind(
    NAME,
    "a controller that was admitted to the environment",
    (
        *_FIELDS,
        Parameter("state", Text("learner, active or removed"), "where it stands"),
        Parameter(PARDONED, Whole(0), "up to which life two stories are forgiven"),
    ),
    _COMMANDS,
    claims=_claims,
)
