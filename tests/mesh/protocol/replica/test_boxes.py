"""Boxes: one for each peer, as long as its key is the same; strangers cause little work."""

import pytest

from mesh.protocol.replica import boxes
from mesh.protocol.replica.boxes import AGREEMENTS_AT_ONCE, AGREEMENTS_EVERY_NS, Boxes
from mesh.protocol.suite import Box
from tests.mesh.protocol.keys import ExchangeKey

ADA, BEN = b"a" * 32, b"b" * 32


class Counting:
    """An exchange key that counts what it agrees on."""

    def __init__(self, public: bytes) -> None:
        self.key = ExchangeKey(public)
        self.agreements = 0

    @property
    def public(self) -> bytes:
        """Its public half."""
        return self.key.public

    def shared(self, public: bytes) -> bytes | None:
        """Of no use here."""
        return self.key.shared(public)

    def box(self, public: bytes) -> Box | None:
        """The box shared with ``public``."""
        self.agreements += 1
        return self.key.box(public)

    def seal_to(self, public: bytes, plain: bytes) -> bytes | None:
        """What only ``public`` opens."""
        return self.key.seal_to(public, plain)

    def open_sealed(self, sealed: bytes) -> bytes | None:
        """What was sealed to the key."""
        return self.key.open_sealed(sealed)


class Duo:
    """The boxes of Ada, and those of Ben, who knows her key."""

    def __init__(self) -> None:
        self.key = Counting(b"A" * 32)
        self.ada, self.ben = Boxes(self.key), Boxes(ExchangeKey(b"B" * 32))
        self.roster = {BEN: b"B" * 32}
        self.ada.key_of = self.roster.get
        self.ben.key_of = {ADA: b"A" * 32}.get

    def from_ben(self, plain: bytes) -> bytes:
        """What he sends her."""
        box = self.ben.towards(ADA)
        assert box is not None
        return box.seal(plain)


def test_a_box_is_agreed_on_once() -> None:
    """However much is said and heard."""
    duo = Duo()
    for number in range(10):
        said = b"%d" % number
        assert duo.ada.open(BEN, duo.from_ben(said), number) == said
        assert duo.ada.towards(BEN) is not None
    assert duo.key.agreements == 1


def test_who_has_no_key_is_not_heard_nor_spoken_to() -> None:
    """The roster says who has one: a removed controller has none from then on."""
    duo = Duo()
    sealed = duo.from_ben(b"hello")
    assert duo.ada.open(BEN, sealed, 0) == b"hello"
    del duo.roster[BEN]
    assert duo.ada.open(BEN, sealed, 0) is None
    assert duo.ada.towards(BEN) is None


def test_another_key_is_another_box() -> None:
    """What was boxed with the former key is not opened any more."""
    duo = Duo()
    sealed = duo.from_ben(b"hello")
    assert duo.ada.open(BEN, sealed, 0) == b"hello"
    duo.roster[BEN] = b"C" * 32
    assert duo.ada.open(BEN, sealed, 0) is None
    box = duo.ada.towards(BEN)
    assert box is not None
    assert duo.ben.open(ADA, box.seal(b"hello"), 0) is None


def test_what_is_no_key_is_agreed_on_once_too() -> None:
    """An operator may type anything into the roster."""
    duo = Duo()
    duo.roster[BEN] = b"short"
    assert duo.ada.towards(BEN) is None
    assert duo.ada.open(BEN, duo.from_ben(b"hello"), 0) is None
    assert duo.key.agreements == 1


def test_agreements_that_strangers_ask_for_are_metered() -> None:
    """Anybody can write a member's name on the outside of a datagram."""
    duo = Duo()
    crowd = [b"%032d" % number for number in range(AGREEMENTS_AT_ONCE + 50)]
    duo.roster.update({name: name for name in crowd})
    for name in crowd:
        _ = duo.ada.open(name, bytes(100), 0)
    assert duo.key.agreements == AGREEMENTS_AT_ONCE
    assert duo.ada.passed_over == 50
    assert duo.ada.towards(crowd[-1]) is not None, "what we want to say is not metered"
    _ = duo.ada.open(crowd[-2], bytes(100), AGREEMENTS_EVERY_NS)
    assert duo.key.agreements == AGREEMENTS_AT_ONCE + 2


def test_boxes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest goes; those of nobody in the roster go too."""
    monkeypatch.setattr(boxes, "BOXES_MAX", 3)
    duo = Duo()
    duo.roster.update({b"%032d" % number: b"%032d" % number for number in range(9)})
    for name in duo.roster:
        _ = duo.ada.towards(name)
    assert len(duo.ada) == 3
    duo.ada.keep({b"%032d" % 8})
    assert len(duo.ada) == 1
