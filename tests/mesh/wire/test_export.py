"""A signed ChangeSet as a file."""

import pytest

from mesh.wire import cbor, risp
from mesh.wire.export import EXPORT_BYTES_MAX, read_export, write_export
from mesh.wire.requests import sign_request
from tests.mesh.wire.examples import REQUEST, scrawl

SIGNED = sign_request(REQUEST, scrawl)
BODY, SIGNATURE = SIGNED.raw, SIGNED.signature


def beads(*given: tuple[int, int | bytes]) -> bytes:
    """A stream."""
    return risp.encode(risp.Command(number, parameter) for number, parameter in given)


def test_the_very_bytes_that_were_signed_survive() -> None:
    """Version, request and signature, and whatever a later version adds behind them."""
    raw = write_export(SIGNED)
    assert raw == beads((0x0011, 1), (0xA012, BODY), (0x8013, SIGNATURE))
    assert read_export(raw) == SIGNED
    assert read_export(raw + beads((0x8014, b"a later bead"))) == SIGNED


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "not a signed ChangeSet"),
        (b"hello, world", "."),
        (write_export(SIGNED)[:-1], "ends within"),
        (beads((0xA012, BODY), (0x0011, 1), (0x8013, SIGNATURE)), "not a signed ChangeSet"),
        (beads((0x0011, 2), (0xA012, BODY), (0x8013, SIGNATURE)), "version 2"),
        (beads((0x0011, 1), (0xA012, BODY), (0x8013, SIGNATURE[:-1])), "63 bytes"),
        (bytes(EXPORT_BYTES_MAX + 1), "more than"),
    ],
    ids=["nothing", "text", "cut off", "another order", "newer", "half a signature", "too long"],
)
def test_other_files_are_refused(raw: bytes, why: str) -> None:
    """What is no such file is said to be none, and why."""
    with pytest.raises(cbor.Undecodable, match=why):
        _ = read_export(raw)
