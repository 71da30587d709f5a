"""What one Ed25519 key signs: nothing of one kind can be taken for something of another kind."""

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from mesh.protocol.information import Authorship
from mesh.protocol.links.credentials import papers
from mesh.protocol.suite import Keyring
from mesh.wire.consent import approval_of, vouch_of
from mesh.wire.facts import Content, write_fact
from mesh.wire.invitation import Newcomer, presence_of, proof_of
from mesh.wire.requests import Request, sign_request
from mesh.wire.rotation import Rotation, proof_of_rotation
from tests.mesh.protocol.keys import KeySuite, keyring
from tests.mesh.protocol.links.ends import hello
from tests.mesh.wire.strategies import structs

HEADS: Final = {
    "fact": b"\x88\x01",
    "request": b"\x8d\x00",
    "credentials": b"trellis stream: this exchange key is mine\0",
    "write-group": b"trellis write-group\0",
    "rotation": b"\x85\x78\x1etrellis rotation: exchange key",
    "admission": b"\x86\x78\x19trellis invite: admission",
    "presence": b"\x83\x78\x18trellis invite: presence",
    "approval": b"\x83\x70trellis approval",
    "vouch": b"\x84\x71trellis published",
}
"""How each begins; CBOR says how many elements there are, and in facts and requests the version."""

KEYS = st.binary(min_size=32, max_size=32)


class Recorder:
    """Signs, and keeps what it signed."""

    public = b"r" * 32

    def __init__(self) -> None:
        self.signed: list[bytes] = []

    def sign(self, message: bytes) -> bytes:
        """Any signature will do."""
        self.signed.append(message)
        return bytes(64)


def test_no_beginning_is_that_of_another_kind() -> None:
    """W39: Of two kinds neither begins as the other does."""
    for kind, head in HEADS.items():
        others = [other for other in HEADS if other != kind and HEADS[other].startswith(head)]
        assert others == []


@given(structs(Content), structs(Request), KEYS, KEYS, st.text(max_size=20), st.binary())
def test_all_that_is_signed_says_what_it_is(
    content: Content, request: Request, key: bytes, other: bytes, name: str, header: bytes
) -> None:
    """W39: Whatever stands in it, what is signed begins as its kind does."""
    pen = Recorder()
    _ = write_fact(content, pen.sign), sign_request(request, pen.sign)
    ring = keyring(pen.public)
    _ = papers(hello(name), Keyring(pen, ring.exchange, ring.suite))
    _ = Authorship(pen, KeySuite(), lambda _: None).seal(header + bytes(32))
    newcomer = Newcomer(key, other, key, name, name)
    rotation = Rotation(key, other, key, other)
    for message in (
        proof_of_rotation(rotation),
        proof_of(newcomer),
        presence_of(newcomer, other),
        approval_of(key, other),
        vouch_of(key, other, key),
    ):
        _ = pen.sign(message)
    kinds = (
        "fact",
        "request",
        "credentials",
        "credentials",
        "write-group",
        "rotation",
        "admission",
        "presence",
        "approval",
        "vouch",
    )
    for kind, message in zip(kinds, pen.signed, strict=True):
        assert message.startswith(HEADS[kind])
