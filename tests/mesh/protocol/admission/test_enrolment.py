"""What a controller wrote down of its place, damaged."""

import pytest

from mesh.protocol.admission.enrolment import decode_enrolment, encode_enrolment
from mesh.wire import cbor
from tests.mesh.protocol.replica.solo import Solo


@pytest.mark.parametrize("half", [[7, None], [None, bytes(16)]])
def test_half_of_a_rival_is_none(half: list[object]) -> None:
    """A rival generation has a number and random bytes, or there is none."""
    place = Solo().replica.admission.enrolment
    assert place is not None
    stored = cbor.decode(encode_enrolment(place), 4_096)
    assert isinstance(stored, list)
    with pytest.raises(cbor.Undecodable):
        _ = decode_enrolment(cbor.encode([*stored[:-2], *half]))
