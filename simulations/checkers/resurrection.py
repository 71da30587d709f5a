"""What was removed stays removed: no value comes back at a controller that has shown it gone.

Every value of a run is written once, so a value that was visible at a path, then was not, and is
visible again has come back from the dead: an old message, a forgotten tombstone, a vector that
claims too little. Looked at within one life; after a restart an unacknowledged removal may be lost.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from mesh.protocol.inputs import Path

Values = frozenset[object]

NOTHING: Final = Values()


class ResurrectionChecker:
    """What each running life shows, and has shown."""

    def __init__(self) -> None:
        self._shown: dict[str, dict[Path, Values]] = {}
        self._gone: dict[str, dict[Path, Values]] = {}
        """Of paths at which something was removed: what."""

    def began(self, host: str) -> None:
        """A life begins on ``host``."""
        self._shown[host] = {}
        self._gone[host] = {}

    def changed(
        self, host: str, paths: Iterable[Path], read: Callable[[Path], Values]
    ) -> Iterator[str]:
        """``paths`` read differently on ``host`` now: what came back."""
        shown, gone = self._shown[host], self._gone[host]
        for path in paths:
            now, before = read(path), shown.get(path, NOTHING)
            buried = gone.get(path, NOTHING)
            for value in sorted(map(str, now & buried)):
                yield f"{host}: {value!r} is back at {'/'.join(path)}"
            shown[path] = now
            buried = (buried | before) - now
            if buried:
                gone[path] = buried
            else:
                _ = gone.pop(path, None)
