"""What peers send sealed: datagrams in their boxes, handshakes, credentials, frames of a stream."""

from functools import cache
from typing import Final

import msgspec

from mesh.driver.keys import NaClExchange, NaClSigner, NaClSuite
from mesh.protocol.links.credentials import Papers, check, papers
from mesh.protocol.links.handshake import Answer, Handshake, Secured
from mesh.protocol.suite import Keyring
from mesh.wire.envelope import HEADER_BYTES, Datagram, pack, unpack
from mesh.wire.identity import Incarnation
from mesh.wire.limits import FRAME_BYTES_MAX
from mesh.wire.rejected import Rejected
from tests.fuzz.target import Target
from tests.mesh.protocol.links.ends import hello
from tests.mesh.wire.examples import ALICE, BOB, ENVIRONMENT, MESSAGES

_BOX: Final = bytes(40)


def _datagram(raw: bytes) -> None:
    """As it looks to whoever has the key: what a box holds is changed here, not the box."""
    read = unpack(raw, ENVIRONMENT, lambda _: ALICE.controller, lambda _, sealed: sealed)
    assert isinstance(read, Rejected) or pack(read, lambda plain: plain) == raw


def _boxed(raw: bytes) -> None:
    """As it comes: bytes that nobody boxed open nothing."""
    box = _keyring(1).exchange.box(_keyring(2).exchange.public)
    assert box is not None
    assert box.open(raw) is None
    assert box.open(box.seal(raw)) == raw


def _handshake(raw: bytes) -> None:
    """The first byte says which message of the handshake it is in place of."""
    dialler, dialled = _end(1, dials=True), _end(2, dials=False)
    first = dialler.begin()
    if raw[:1] < b"\x55":
        _refused(dialled.receive(raw[1:]), first == raw[1:])
        return
    second = dialled.receive(first).reply
    assert second is not None
    if raw[:1] < b"\xaa":
        _refused(dialler.receive(raw[1:]), raw[1:] == second)
        return
    _refused(dialled.receive(raw[1:]), is_sound=False)


def _refused(answer: Answer, is_sound: bool) -> None:  # noqa: FBT001  a word on the answer
    """Only the first message, which proves nothing, may be anybody's."""
    assert is_sound or not isinstance(answer.outcome, Secured)


def _credentials(raw: bytes) -> None:
    keyring = _keyring(1)
    sound = _papers(keyring)
    accepted = check(raw, keyring.exchange.public, keyring.suite, dials=True)
    assert accepted is None or raw == sound.dialling


def _frame(raw: bytes) -> None:
    """A stream after its handshake: bytes that were not sealed end it, and are not read."""
    dialler, dialled = _end(1, dials=True), _end(2, dials=False)
    second = dialled.receive(dialler.begin()).reply
    assert second is not None
    third = dialler.receive(second)
    assert third.reply is not None
    there = dialled.receive(third.reply).outcome
    assert isinstance(there, Secured)
    assert isinstance(third.outcome, Secured)
    assert there.receives.open(raw) is None


@cache
def _keyring(number: int) -> Keyring:
    seed = bytes([number]) * 32
    return Keyring(NaClSigner(seed), NaClExchange(seed), NaClSuite())


def _end(number: int, *, dials: bool) -> Handshake:
    keyring = _keyring(number)
    return Handshake(keyring, _papers(keyring), dials=dials)


def _papers(keyring: Keyring) -> Papers:
    sender = Incarnation(keyring.identity.public, 1, bytes(8))
    return papers(msgspec.structs.replace(hello("ada"), sender=sender), keyring)


_DATAGRAMS: Final = tuple(
    pack(Datagram(ENVIRONMENT, ALICE, BOB.nonce, 7, MESSAGES[name]), lambda plain: plain)
    for name in ("Probe", "Ack", "Gossip", "Compare", "Nack", "StoreMessage")
)
_FIRST: Final = _end(1, dials=True).begin()

TARGETS: Final = {
    "datagram": Target(_datagram, _DATAGRAMS, bytes_max=1_300),
    "boxed": Target(_boxed, [_BOX, _DATAGRAMS[0][HEADER_BYTES:]], bytes_max=1_300),
    "handshake": Target(
        _handshake, [b"\x00" + _FIRST, b"\x60" + bytes(200), b"\xff" + bytes(200)], bytes_max=512
    ),
    "credentials": Target(_credentials, [_papers(_keyring(1)).dialling], 512),
    "sealed-frame": Target(_frame, [bytes(16), bytes(100)], min(2_048, FRAME_BYTES_MAX)),
}
