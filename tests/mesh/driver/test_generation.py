"""The kernel's word that this machine was copied."""

import pytest

from mesh.driver.generation import is_new_generation


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"change@/devices/x\0ACTION=change\0SUBSYSTEM=acpi\0NEW_VMGENID=1\0SEQNUM=9\0", True),
        (b"change@/devices/x\0ACTION=change\0SEQNUM=9\0", False),
        (b"change@/devices/NEW_VMGENID=1x\0ACTION=change\0", False),
        (b"", False),
    ],
)
def test_only_that_line_says_so(raw: bytes, expected: bool) -> None:  # noqa: FBT001  a table
    """Other devices change all the time."""
    assert is_new_generation(raw) is expected
