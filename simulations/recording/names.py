"""Names for people: hosts and ChangeSets instead of keys and hashes.

Whatever is told about a run speaks of ``h1`` and of ``change 5``. The checkers and the controllers
speak of fingerprints and of the beginnings of hashes; this table knows both.
"""

import re
from typing import Final

from mesh.wire.identity import Incarnation, fingerprint

SHORT: Final = 8
"""Hexadecimal digits by which hashes are shortened in texts."""

_TOKEN: Final = re.compile(
    rf"\b(?:[0-9a-z]{{4}}(?:-[0-9a-z]{{4}}){{3}}|[0-9a-f]{{64}}|[0-9a-f]{{{SHORT}}})\b"
)
"""A fingerprint, a whole hash, or the beginning of one."""


_TWICE: Final = re.compile(r"'([^']*)' “\1”")
"""A ChangeSet told by its name and by its hash."""

_FIRST_LIFE: Final = re.compile(r"\b([A-Za-z][\w.-]*)/1\b")
"""An incarnation that is the only one as a rule."""


class Names:
    """Who is called what in one run."""

    def __init__(self) -> None:
        self._hosts: dict[bytes, str] = {}
        self._words: dict[str, str] = {}

    def controller_is(self, controller: bytes, host: str) -> None:
        """``controller`` runs on ``host``; a copy of it elsewhere goes by the first name."""
        if controller not in self._hosts:
            self._hosts[controller] = host
            self._words[fingerprint(controller)] = host
            self._learn(controller, host)

    def change_is(self, tx: bytes, name: str) -> None:
        """The ChangeSet ``tx``, or an attempt at it, is called ``name``."""
        self._learn(tx, f"“{name}”")

    def _learn(self, raw: bytes, name: str) -> None:
        digits = raw.hex()
        _ = self._words.setdefault(digits, name)
        _ = self._words.setdefault(digits[:SHORT], name)

    def host(self, controller: bytes) -> str:
        """The host of ``controller``, or the beginning of its key."""
        return self._hosts.get(controller) or controller.hex()[:SHORT]

    def life(self, who: Incarnation) -> str:
        """``h1``, and for a later life ``h1/2``."""
        name = self.host(who.controller)
        return name if who.boot == 1 else f"{name}/{who.boot}"

    def change(self, raw: bytes) -> str:
        """The name of a ChangeSet by its tx or by an attempt's id."""
        return self._words.get(raw.hex()) or raw.hex()[:SHORT]

    def plain(self, text: str) -> str:
        """``text`` with names where it has keys and hashes."""
        named = _TOKEN.sub(lambda found: self._words.get(found[0], found[0]), text)
        return _TWICE.sub(r"“\1”", _FIRST_LIFE.sub(r"\1", named))
