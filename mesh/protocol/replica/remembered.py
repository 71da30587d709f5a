"""Where members were reached, kept on disk for a start without seeds and without multicast.

Only hints where to knock: nothing is trusted because it is remembered.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from mesh.protocol.effects import WriteMeta
from mesh.protocol.replica.desk import Desk
from mesh.wire.identity import Address

REMEMBERED_KEY: Final = "addresses"
REMEMBERED_MAX: Final = 64
"""Addresses kept: the roster of a large office."""


class Remembered:
    """The addresses on disk; ``meta`` is what the last life left there."""

    def __init__(self, desk: Desk, meta: Mapping[str, bytes]) -> None:
        self._desk = desk
        self._raw = meta.get(REMEMBERED_KEY, b"")

    @property
    def addresses(self) -> list[Address]:
        """What is remembered; nothing where another version wrote it differently."""
        try:
            return msgspec.json.decode(self._raw, type=list[Address]) if self._raw else []
        except msgspec.DecodeError:
            return []

    def renew(self) -> None:
        """Write down where members are reached now, if that has changed."""
        known = self._desk.links.known()
        reached = [each.address for each in known if each.controller is not None]
        raw = msgspec.json.encode(reached[:REMEMBERED_MAX])
        if raw != self._raw:
            self._raw = raw
            self._desk.write(WriteMeta(REMEMBERED_KEY, raw))
