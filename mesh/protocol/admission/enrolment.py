"""What a controller keeps of the environment it belongs to, in one small value on disk.

It is written before anybody hears of it, and it is all that a restart needs: a controller that
belonged somewhere belongs there again at once, whoever else is reachable.
"""

from dataclasses import dataclass, replace
from random import Random
from typing import Annotated, Final, Literal

import msgspec

from mesh.environment.founding import Founding, encode_founding
from mesh.protocol.admission.generations import Generation
from mesh.protocol.effects import WriteMeta
from mesh.wire import cbor
from mesh.wire.identity import Counter, Hash32, digest
from mesh.wire.messages import Hello, Nonce16, Welcome
from mesh.wire.secrecy import commitment_of, version_of

ENVIRONMENT_KEY: Final = "environment"
WAITING_KEY: Final = "admission.waiting"
"""The id of the environment to which a controller without one would be admitted; empty: none."""
ASIDE_KEY: Final = "environment.aside."
"""Before the id of an environment that was given up: kept as evidence, never deleted."""

_BYTES_MAX: Final = 16_384
_FIRST_GENERATION: Final = 1


class _Stored(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: Literal[0]
    founding: Annotated[bytes, msgspec.Meta(max_length=4_096)]
    generation: Counter
    generation_nonce: Nonce16
    secret: Hash32
    secret_version: Counter
    settled: bool
    introducer: Hash32 | None
    rival_generation: Counter | None
    rival_nonce: Nonce16 | None


@dataclass(frozen=True, slots=True, repr=False)
class Enrolment:
    """One controller's place in an environment. It holds the secret, so it does not show itself."""

    founding: bytes
    """The founding record; its hash is the id of the environment."""
    generation: int
    generation_nonce: bytes
    secret: bytes
    """Keys the fingerprints of the stores of running information, and nothing else."""
    secret_version: int
    settled: bool
    """False: founded alone and never used; it would be given up."""
    introducer: bytes | None = None
    """The controller id of whoever said Welcome; None for the founder."""
    rival: Generation | None = None
    """Another generation of this environment that was met and that is not to be voted beside."""

    @property
    def environment(self) -> bytes:
        """The environment id, 32 bytes."""
        return digest(self.founding)

    @property
    def origin(self) -> Generation:
        """The generation to which this controller belongs."""
        return Generation(self.generation, self.generation_nonce)


def found(
    founder: bytes,
    exchange_key: bytes,
    name: str,
    site: str,
    operator_key: bytes,
    random: Random,
    *,
    settled: bool,
) -> Enrolment:
    """The place of ``founder`` in a new environment of one."""
    founding = Founding(
        nonce=random.randbytes(16),
        founder=founder,
        exchange_key=exchange_key,
        founder_name=name,
        founder_site=site,
        operator=operator_key,
    )
    return Enrolment(
        founding=encode_founding(founding),
        generation=_FIRST_GENERATION,
        generation_nonce=random.randbytes(16),
        secret=random.randbytes(32),
        secret_version=1,
        settled=settled,
    )


def adopt(welcome: Welcome, hello: Hello) -> Enrolment:
    """The place of a newcomer to whom the sender of ``hello`` said ``welcome``."""
    return Enrolment(
        founding=welcome.founding,
        generation=welcome.generation,
        generation_nonce=welcome.generation_nonce,
        secret=welcome.secret,
        secret_version=welcome.secret_version,
        settled=True,
        introducer=hello.sender.controller,
    )


def settle(enrolment: Enrolment) -> Enrolment:
    """The same place, never to be given up."""
    return replace(enrolment, settled=True)


def rekeyed(enrolment: Enrolment, secret: bytes) -> Enrolment:
    """The same place, after the environment has replaced its secret."""
    version = version_of(commitment_of(secret))
    return replace(enrolment, secret=secret, secret_version=version)


def write_enrolment(enrolment: Enrolment) -> WriteMeta:
    """Make ``enrolment`` the place to which a restart returns."""
    return WriteMeta(ENVIRONMENT_KEY, encode_enrolment(enrolment))


def encode_enrolment(enrolment: Enrolment) -> bytes:
    """The canonical bytes for the disk."""
    rival = enrolment.rival
    stored = _Stored(
        version=0,
        founding=enrolment.founding,
        generation=enrolment.generation,
        generation_nonce=enrolment.generation_nonce,
        secret=enrolment.secret,
        secret_version=enrolment.secret_version,
        settled=enrolment.settled,
        introducer=enrolment.introducer,
        rival_generation=None if rival is None else rival.number,
        rival_nonce=None if rival is None else rival.nonce,
    )
    return cbor.encode(msgspec.to_builtins(stored, builtin_types=(bytes,)))


def decode_enrolment(raw: bytes) -> Enrolment:
    """The place that ``raw`` spells. Raises cbor.Undecodable where it spells none."""
    try:
        stored = msgspec.convert(cbor.decode(raw, _BYTES_MAX), _Stored, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise cbor.Undecodable(str(error)) from error
    rival = None
    if stored.rival_generation is not None and stored.rival_nonce is not None:
        rival = Generation(stored.rival_generation, stored.rival_nonce)
    elif (stored.rival_generation is None) != (stored.rival_nonce is None):
        raise cbor.Undecodable("half of a rival generation")
    return Enrolment(
        founding=stored.founding,
        generation=stored.generation,
        generation_nonce=stored.generation_nonce,
        secret=stored.secret,
        secret_version=stored.secret_version,
        settled=stored.settled,
        introducer=stored.introducer,
        rival=rival,
    )
