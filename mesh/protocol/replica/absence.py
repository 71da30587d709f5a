"""Since when members have been out of sight, over all lives of this controller.

By the wall clock, since no other one outlives a reboot. It decides only whether a checkpoint may be
taken without somebody; all who take part judge that, each by his own clock, and one who disagrees
is enough to stop it.
"""

from collections.abc import Mapping
from typing import Final

from mesh.protocol.effects import WriteMeta
from mesh.protocol.history import History
from mesh.protocol.now import Now
from mesh.protocol.replica.desk import Desk
from mesh.wire import cbor
from mesh.wire.identity import Incarnation
from mesh.wire.limits import PARTICIPANTS_MAX

AWAY_KEY: Final = "away"
_BYTES_MAX: Final = 64 * PARTICIPANTS_MAX


class Absence:
    """Who of the roster is not in view, and since when."""

    def __init__(self, desk: Desk, history: History, meta: Mapping[str, bytes]) -> None:
        self._desk = desk
        self._history = history
        self._since_ns = _decode(meta.get(AWAY_KEY, b""))
        self._now_ns = 0
        self.view: tuple[Incarnation, ...] = ()
        self._present: frozenset[bytes] = frozenset()
        self._roster: tuple[bytes, ...] | None = None
        """As all three were at the last look: nothing follows from the very same ones."""

    def look(self, view: tuple[Incarnation, ...], now: Now) -> frozenset[bytes]:
        """These lives are in view, all others of the roster are not; the controllers in view."""
        self._now_ns = now.wall_ns
        roster = self._history.roster(self._history.ids)
        if view is not self.view or roster is not self._roster:
            self.view, self._roster = view, roster
            self._present = frozenset(who.controller for who in view)
            self._note(roster, now)
        return self._present

    def _note(self, roster: tuple[bytes, ...], now: Now) -> None:
        present = self._present
        since_ns = {
            each: self._since_ns.get(each, now.wall_ns) for each in roster if each not in present
        }
        if since_ns != self._since_ns:
            self._since_ns = since_ns
            self._desk.write(WriteMeta(AWAY_KEY, cbor.encode(sorted(since_ns.items()))))

    @property
    def is_anybody_away(self) -> bool:
        """Whether somebody of the roster is not in view: then time alone may change something."""
        return bool(self._since_ns)

    def is_long(self, controller: bytes) -> bool:
        """Whether ``controller`` has been away for as long as the environment waits for anybody."""
        since_ns = self._since_ns.get(controller)
        longest_ns = self._history.state.get("environment", "absence_max_ns")
        assert isinstance(longest_ns, int), "the setting is a duration"
        return since_ns is not None and self._now_ns - since_ns >= longest_ns


def _decode(raw: bytes) -> dict[bytes, int]:
    """What was kept; nothing where it cannot be read: then all have only just gone."""
    try:
        content = cbor.decode(raw, _BYTES_MAX) if raw else []
    except cbor.Undecodable:
        return {}
    match content:
        case list() as pairs:
            found = {}
            for pair in pairs:
                match pair:
                    case [bytes() as controller, int() as since_ns]:
                        found[controller] = since_ns
                    case _:
                        return {}
            return found
        case _:
            return {}
