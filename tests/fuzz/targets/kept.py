"""What is summed up and sealed: grounds of histories, openings of secrets, streams of commands."""

from typing import Final

from mesh.protocol.ground import read_ground, write_ground
from mesh.wire import cbor, risp
from mesh.wire.identity import digest
from mesh.wire.rejected import Rejected
from mesh.wire.secrets import VALUE_BYTES_MAX, Opening, decode_opening, encode_opening
from tests.fuzz.target import Target
from tests.mesh.protocol.test_ground import a_ground

_OPENING: Final = Opening(digest(b"a key"), b"hunter2")
_PUBLISHED: Final = _OPENING.commit("db", bytes(16))
_BEADS: Final = (
    risp.Command(0x2001, 7),
    risp.Command(0x8002, b"item"),
    risp.Command(0x7003),
    risp.Command(0xA004, bytes(300)),
)


def _ground(raw: bytes) -> None:
    try:
        ground = read_ground(raw)
    except cbor.Undecodable:
        return
    assert write_ground(ground) == raw


def _opening(raw: bytes) -> None:
    """Whatever opens to another value than was committed to is none."""
    opening = decode_opening(raw, _PUBLISHED)
    assert opening is None or encode_opening(opening) == raw == encode_opening(_OPENING)
    if len(raw) <= VALUE_BYTES_MAX:
        other = Opening(_OPENING.key, raw)
        plain = encode_opening(other)
        assert decode_opening(plain, other.commit("db", bytes(16))) == other


def _risp(raw: bytes) -> None:
    """Read whole or byte by byte it is the same, and known or not it is written as it was read."""
    whole = risp.decode(raw)
    reader = risp.Reader()
    pieces = [each for at in range(len(raw)) for each in reader.feed(raw[at : at + 1])]
    if isinstance(whole, Rejected):
        assert reader.unread or any(isinstance(each, Rejected) for each in pieces)
    else:
        assert risp.encode(whole) == raw
        assert pieces == whole


TARGETS: Final = {
    "ground": Target(_ground, [write_ground(a_ground())], is_cbor=True),
    "opening": Target(_opening, [encode_opening(_OPENING)], bytes_max=1_024),
    "risp": Target(_risp, [risp.encode(_BEADS)], bytes_max=1_024),
}
