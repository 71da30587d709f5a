"""The kernel's word that this virtual machine was copied or set back to a snapshot.

Hypervisors give each machine an id that changes when it is cloned or restored; the kernel announces
a change as a uevent (``NEW_VMGENID=1``). A copy that went on under the old incarnation would write
a second version of the same chain of facts. Hosts without the device never say anything.
"""

import logging
import socket
from collections.abc import Callable
from typing import Final

import trio

from mesh.driver.log import note

_KOBJECT_UEVENT: Final = 15
"""NETLINK_KOBJECT_UEVENT of linux/netlink.h, which the socket module does not name."""
_KERNEL_GROUP: Final = 1
_KERNEL: Final = 0
"""The port of the kernel: anybody else's messages are not its word."""
_MESSAGE_BYTES_MAX: Final = 16_384


async def watch_generation(changed: Callable[[str], None]) -> None:
    """Call ``changed`` with the reason each time this machine became another; until cancelled."""
    try:
        events = trio.socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _KOBJECT_UEVENT)
    except OSError as error:
        note(logging.INFO, "no uevents", f"{error}: a cloned machine is noticed by its clock only")
        return
    with events:
        await events.bind((0, _KERNEL_GROUP))
        while True:
            try:
                raw, (sender, _) = await events.recvfrom(_MESSAGE_BYTES_MAX)
            except OSError:
                continue  # so many at once that some were lost: devices come and go
            if sender == _KERNEL and is_new_generation(raw):
                changed("this virtual machine was copied or set back")


def is_new_generation(raw: bytes) -> bool:
    """Whether a uevent (header and ``KEY=value`` lines, each ended by a zero) says so."""
    return b"NEW_VMGENID=1" in raw.split(b"\0")
