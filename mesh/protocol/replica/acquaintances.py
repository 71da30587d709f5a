"""Whom this controller knew, when it knew most: for a life that knows less.

The roster follows from the history, and so from many rows on disk. Where some of them are damaged,
what is left of the history goes back to a time when hardly anybody was there; and whoever forgets
half of its friends believes nobody who could remind it. So their ids are kept in a row of their
own, together with how far the history went; a shorter history changes nothing in it.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from mesh.protocol.catalogue import Catalogue
from mesh.protocol.effects import WriteMeta
from mesh.protocol.history import History
from mesh.protocol.replica.desk import Desk
from mesh.wire import cbor
from mesh.wire.limits import PARTICIPANTS_MAX

ACQUAINTANCES_KEY: Final = "acquaintances"
_BYTES_MAX: Final = 64 * PARTICIPANTS_MAX


class _Known(NamedTuple):
    """The roster of a history of so many changes above the checkpoint of this height."""

    height: int = 0
    changes: int = 0
    roster: tuple[bytes, ...] = ()


class Acquaintances:
    """The roster as it was when the history went furthest; ``meta`` is what the disk held."""

    def __init__(
        self, desk: Desk, catalogue: Catalogue, history: History, meta: Mapping[str, bytes]
    ) -> None:
        self._desk = desk
        self._catalogue = catalogue
        self._history = history
        self._known = _decode(meta.get(ACQUAINTANCES_KEY, b""))

    @property
    def forgotten(self) -> tuple[bytes, ...]:
        """Those whom it knew when it knew more than now; empty where it never did."""
        return self._known.roster if self._extent < self._known[:2] else ()

    def note(self) -> None:
        """The roster, or what it stands on, is another one: keep that, unless more was known."""
        if self._extent >= self._known[:2]:
            self.keep(*self._extent, self._history.roster(self._history.ids))

    def keep(self, height: int, changes: int, roster: tuple[bytes, ...]) -> None:
        """Write down whom this controller knows."""
        if (height, roster) != (self._known.height, self._known.roster):
            self._known = _Known(height, changes, roster)
            self._desk.write(WriteMeta(ACQUAINTANCES_KEY, cbor.encode([*self._known])))

    @property
    def _extent(self) -> tuple[int, int]:
        return self._catalogue.ground.height, self._history.ids.bit_count()


def _decode(raw: bytes) -> _Known:
    """What was kept; nobody where it cannot be read."""
    try:
        content = cbor.decode(raw, _BYTES_MAX)
    except cbor.Undecodable:
        return _Known()
    match content:
        case [int() as height, int() as changes, list() as roster]:
            known = tuple(each for each in roster if isinstance(each, bytes))
            return _Known(height, changes, known)
        case _:
            return _Known()
