"""An invitation: one line that a person carries from a member to a newcomer, and what it proves.

It is a key to one door: where the door is, by which sign one knows that it is the right one, and
the secret that opens it. The line survives being read aloud, broken by a mail program and typed by
hand: it has no letters that are mistaken for others, says its version and its length, and ends in
a checksum, so that a mistake is found here and not at the door.

    trellis1 | base 32 of: length 2 | body | checksum 5
    body     CBOR of [environment, addresses, fingerprint of the inviter, seed]

From the seed follows an Ed25519 key pair. What the newcomer signs with it names the newcomer, so
nobody who sees the signature can use it for another. The seed itself never travels.
"""

from dataclasses import dataclass, field
from typing import Annotated, Final

import msgspec

from mesh.wire import cbor
from mesh.wire.identity import Address, Hash32, digest
from mesh.wire.messages import INVITE_ID_BYTES, Addresses

PREFIX: Final = "trellis1"
"""The kind of the line, and the version of its format."""

CODE_CHARACTERS_MAX: Final = 4_096
"""Eight addresses of the longest host names that anybody has; what is longer is no code."""

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_MISTAKEN: Final = str.maketrans({"o": "0", "i": "1", "l": "1"})
_CHECKSUM_BYTES: Final = 5
"""One mistake in 10¹² is not found; and five bytes are eight letters."""

_LENGTH_BYTES: Final = 2
_PROOF: Final = "trellis invite: admission"
_PRESENCE: Final = "trellis invite: presence"
_RECOGNITION: Final = "trellis invite: recognition"


class BadInvitation(ValueError):
    """A line that is no invitation: what is wrong with it. It never repeats the line."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the line says."""

    environment: Hash32
    addresses: tuple[Address, ...]
    inviter: str
    """The fingerprint of the controller on which the invite was made."""
    seed: bytes = field(repr=False)
    """32 bytes: the secret."""


class _Body(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    environment: Hash32
    addresses: Addresses
    inviter: Annotated[str, msgspec.Meta(max_length=32)]
    seed: Hash32


def encode_invitation(invitation: Invitation) -> str:
    """The line. It holds the secret."""
    body = cbor.write(
        _Body(invitation.environment, invitation.addresses, invitation.inviter, invitation.seed)
    )
    checked = len(body).to_bytes(_LENGTH_BYTES, "big") + body
    return PREFIX + _spell(checked + digest(checked)[:_CHECKSUM_BYTES])


def decode_invitation(line: str) -> Invitation:
    """What the line says, however it was wrapped. Raises BadInvitation."""
    if len(line) > CODE_CHARACTERS_MAX:
        raise BadInvitation(f"longer than {CODE_CHARACTERS_MAX} characters: that is no invite")
    bare = "".join(line.split()).lower().replace("-", "")
    if not bare:
        raise BadInvitation("there is nothing: paste the whole line that `trellis invite` printed")
    if not bare.startswith(PREFIX):
        raise BadInvitation(_of_what_else(bare))
    letters = bare.removeprefix(PREFIX).translate(_MISTAKEN)
    raw = _unspell(letters)
    body = _checked(raw)
    if _spell(raw) != letters:
        raise BadInvitation("its last letter is wrong: copy the line once more")
    return _read(body)


def _of_what_else(bare: str) -> str:
    if bare.startswith(PREFIX[:-1]) and bare[len(PREFIX) - 1 : len(PREFIX)].isdigit():
        return "it was made by another version of trellis: upgrade the older one"
    return f"it does not begin with '{PREFIX}': paste the whole line that `trellis invite` printed"


def _checked(raw: bytes) -> bytes:
    """The body, its length and checksum found right."""
    length = int.from_bytes(raw[:_LENGTH_BYTES], "big")
    whole = _LENGTH_BYTES + length + _CHECKSUM_BYTES
    if len(raw) != whole:
        said = "is missing at the end" if len(raw) < whole else "is too much at the end"
        raise BadInvitation(f"something {said}, or a letter is wrong near the beginning")
    checked, checksum = raw[:-_CHECKSUM_BYTES], raw[-_CHECKSUM_BYTES:]
    if digest(checked)[:_CHECKSUM_BYTES] != checksum:
        raise BadInvitation("a letter is wrong, or two are exchanged: copy the line once more")
    return checked[_LENGTH_BYTES:]


def _read(raw: bytes) -> Invitation:
    try:
        body = cbor.read(raw, _Body, CODE_CHARACTERS_MAX)
    except cbor.Undecodable as error:
        raise BadInvitation(
            "its checksum is right and its content is not: make a new one"
        ) from error
    return Invitation(body.environment, body.addresses, body.inviter, body.seed)


def _spell(raw: bytes) -> str:
    bits = -len(raw) * 8 % 5
    number = int.from_bytes(raw, "big") << bits
    count = (len(raw) * 8 + bits) // 5
    return "".join(_ALPHABET[number >> 5 * at & 31] for at in range(count - 1, -1, -1))


def _unspell(letters: str) -> bytes:
    number = 0
    for at, letter in enumerate(letters, len(PREFIX) + 1):
        value = _ALPHABET.find(letter)
        if value < 0:
            raise BadInvitation(f"character {at} is none that an invite has")
        number = number << 5 | value
    size = len(letters) * 5 // 8
    return (number >> len(letters) * 5 - size * 8).to_bytes(size, "big")


# --- what is proved -------------------------------------------------------------------------------


def invite_id(public: bytes) -> bytes:
    """What a newcomer calls the invite with this public key, which only members can look up."""
    return digest(public)[:INVITE_ID_BYTES]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who is let in, as an invite's key vouches for it."""

    environment: bytes
    controller: bytes
    exchange_key: bytes
    name: str
    site: str


def proof_of(newcomer: Newcomer) -> bytes:
    """What the invite's key signs for the history: who may be admitted, where, with which keys."""
    return cbor.encode(
        [
            _PROOF,
            newcomer.environment,
            newcomer.controller,
            newcomer.exchange_key,
            newcomer.name,
            newcomer.site,
        ]
    )


def presence_of(newcomer: Newcomer, binding: bytes) -> bytes:
    """What it signs for one stream alone: whoever is at its end holds the secret now."""
    return cbor.encode([_PRESENCE, proof_of(newcomer), binding])


def recognition(public: bytes, host: bytes, binding: bytes) -> bytes:
    """What a member says back on that stream: 32 bytes that need the invite's public key.

    It stands in the configuration and nowhere else, so who knows it has seen the configuration.
    """
    return digest(cbor.encode([_RECOGNITION, public, host, binding]))
