"""The founding record: where an environment begins, before any ChangeSet.

Its hash is the environment id, so two environments are never one by accident, and what it says
(first controller, first operator, policy) needs no history to be known by all alike.
"""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec

from mesh.environment.entries import Entry
from mesh.environment.kinds import SCHEMA, controller, environment, operator
from mesh.environment.policy import Policy
from mesh.environment.resolve import creation_id
from mesh.environment.rights import ALL
from mesh.environment.shapes import NAME
from mesh.environment.workspace import Workspace
from mesh.wire import cbor
from mesh.wire.identity import ControllerId, Hash32, digest
from mesh.wire.requests import Key, Name

FOUNDING_BYTES_MAX: Final = 1_024
"""Four keys, two names and a word."""


class _Record(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: Literal[0]
    nonce: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    founder: Hash32
    exchange_key: Hash32
    founder_name: Name
    founder_site: Name
    operator: Hash32
    policy: Policy


@dataclass(frozen=True, slots=True)
class Founding:
    """What the founder of an environment decides."""

    nonce: bytes
    """16 random bytes: two environments that are equal in all else are two."""
    founder: ControllerId
    exchange_key: bytes
    """The founder's X25519 public key, 32 bytes."""
    founder_name: str
    founder_site: str
    operator: bytes
    """The first operator's public key, 32 bytes."""
    policy: Policy = Policy.ALL_ACTIVE

    @property
    def environment_id(self) -> bytes:
        """The hash of the record: the name of the environment for ever."""
        return digest(encode_founding(self))


def encode_founding(founding: Founding) -> bytes:
    """The canonical bytes whose hash is the environment id."""
    record = _Record(
        0,
        founding.nonce,
        founding.founder,
        founding.exchange_key,
        founding.founder_name,
        founding.founder_site,
        founding.operator,
        founding.policy,
    )
    return cbor.encode(msgspec.to_builtins(record, builtin_types=(bytes,)))


def decode_founding(raw: bytes) -> Founding:
    """Raises cbor.Undecodable where ``raw`` is no record that an environment can begin with."""
    try:
        record = msgspec.convert(
            cbor.decode(raw, FOUNDING_BYTES_MAX), _Record, builtin_types=(bytes,)
        )
    except msgspec.ValidationError as error:
        raise cbor.Undecodable(str(error)) from error
    founding = Founding(
        record.nonce,
        record.founder,
        record.exchange_key,
        record.founder_name,
        record.founder_site,
        record.operator,
        record.policy,
    )
    errors = founding_errors(founding)
    if errors:
        raise cbor.Undecodable("; ".join(errors))
    return founding


def founding_errors(founding: Founding) -> tuple[str, ...]:
    """Why no environment can begin like this; none where one can."""
    found = [
        *NAME.errors(founding.founder_name, "name"),
        *NAME.errors(founding.founder_site, "site"),
    ]
    if founding.policy is not Policy.ALL_ACTIVE:
        found.append(
            "the barrier by majority needs three controllers, and an environment begins with one"
        )
    return tuple(found)


def founded(founding: Founding) -> Workspace:
    """The configuration before any ChangeSet, all of it without versions."""
    owner = (controller.NAME, founding.founder.hex())
    founder = (operator.NAME, operator.FOUNDER)
    initial: list[tuple[Key, Entry]] = [
        ((environment.NAME, "barrier"), Entry(founding.policy.value, None)),
        *(
            ((environment.NAME, name), Entry(value, None))
            for name, value in environment.FOUNDING_SETTINGS
        ),
        (owner, Entry(creation_id(founding.nonce, 0), None)),
        ((*owner, "state"), Entry(controller.ACTIVE, None)),
        ((*owner, "name"), Entry(founding.founder_name, None)),
        ((*owner, "site"), Entry(founding.founder_site, None)),
        ((*owner, "exchange_key"), Entry(founding.exchange_key.hex(), None)),
        (founder, Entry(creation_id(founding.nonce, 1), None)),
        ((*founder, "key"), Entry(founding.operator.hex(), None)),
        ((*founder, "rights", str(ALL)), Entry(value=True, version=None)),
    ]
    return Workspace(SCHEMA, initial)
