"""Which lives of a controller have ended is believed only from the controller itself."""

import pytest

from crdt import Reason, Store
from crdt.groups import sealed_watermark
from crdt.limits import replicas_max
from crdt.seen import Extent
from tests.crdt.duo import A, B, C, Duo
from tests.crdt.signing import sign, signed_duo, signed_store
from tests.crdt.test_heads import gone, overclaims
from tests.crdt.world import EPOCH, SECRET

AHEAD = 1_000_000
LIAR, READER = A, C
CONTROLLER = b"c" * 32


def retired() -> Store:
    """A store whose controller has let its own former life go."""
    store = signed_store(A, controller=CONTROLLER)
    store.introduce(A, CONTROLLER, 2)
    store.introduce(B, CONTROLLER, 1)
    former = signed_store(B, controller=CONTROLLER)
    gone(former)
    signed_duo(former, store).meet()
    assert store.retire(CONTROLLER, 1, {B: 2})
    return store


def mark_verifier(name: bytes, header: bytes, signature: bytes) -> bool:
    """All lives here are of one controller."""
    return sign(CONTROLLER if name in {A, B} else name, header) == signature


def reader_of_marks() -> Store:
    """A store that knows whose lives these are."""
    return Store(C, EPOCH, SECRET, seal=lambda header: sign(C, header), verify=mark_verifier)


def test_a_watermark_is_its_controllers_word() -> None:
    """The controller signs it, and whoever takes it over can hand it on."""
    store = reader_of_marks()
    duo = signed_duo(retired(), store)
    duo.meet()
    assert duo.equal()
    assert store.seen.watermarks == {CONTROLLER: 2}
    onward = Duo(store, reader_of_marks())
    onward.meet()
    assert onward.stores[1].seen.watermarks == {CONTROLLER: 2}
    assert not duo.alarms + onward.alarms


@pytest.mark.parametrize("is_signed", [False, True], ids=["unsigned", "signed-by-another"])
def test_nobody_retires_the_lives_of_another(is_signed: bool) -> None:  # noqa: FBT001 - a parameter
    """Else a liar could have every life of another passed over, those to come among them."""
    liar, reader = signed_store(LIAR), signed_store(READER)
    liar.seen.watermarks[CONTROLLER] = AHEAD
    if is_signed:
        seal = lambda header: sign(LIAR, header)  # noqa: E731 - as a store is given it
        liar.heads.note(sealed_watermark(EPOCH, CONTROLLER, AHEAD, seal))
    duo = signed_duo(liar, reader)
    duo.meet()
    assert not reader.seen.watermarks
    assert overclaims(duo) == [f"of {CONTROLLER.hex()}"]


def test_watermarks_are_bounded_in_number() -> None:
    """Names of controllers cost nothing to make up."""
    marks = {b"%032d" % number: 1 for number in range(replicas_max + 1)}
    doubt = signed_store(READER).doubt(Extent({}, {}, marks), {})
    assert doubt is not None
    assert doubt.reason is Reason.FULL
