"""The plain values of the configuration, folded once more by somebody else.

A ChangeSet takes effect whole or not at all, and never over a value that its author had not seen.
So whatever a controller says took effect, in its own order, decides what every named value must be:
the last one of them that set it. One that is set aside in part, forgotten by the fold, folded
elsewhere than its timestamp says, or let through in spite of a conflict, shows here.

Only values under a name (`item set`, `item delete`) are looked at, which need no rule but these.
"""

from collections.abc import Callable, Iterator
from typing import Final

from mesh.protocol.inputs import Path
from mesh.wire.requests import Key, Request
from simulations.checkers.barrier import Rest
from simulations.checkers.ledger import Ledger

_ITEM: Final = "item"

Values = dict[Key, tuple[object, bytes | None]]
"""By key: the value, and the tx that wrote it."""


def wrong_values(rest: Rest, ledger: Ledger, setting: Callable[[Path], object]) -> Iterator[str]:
    """What readers of the controller at ``rest`` see at names, as ``setting`` has it, and must not.

    What took effect must be in the order of its timestamps.
    """
    attempts = [entry.change_set for entry in ledger.entries.values()]
    requests = {each.tx: each.request for each in attempts}
    expected: Values = {}
    for tx in rest.effective:
        if tx in requests:
            yield from _overlooked(requests[tx], tx, expected)
            expected |= {key: (value, tx) for key, value in _written(requests[tx])}
    keys = {key for request in requests.values() for key, _ in _written(request)}
    for key in sorted(keys):
        shown, (value, _) = setting(key), expected.get(key, (None, None))
        if shown != value:
            yield f"{'/'.join(key)} is {shown!r}, and must be {value!r}"


def _overlooked(request: Request, tx: bytes, values: Values) -> Iterator[str]:
    """The values that ``request`` was made over and that had changed when it took effect."""
    for base in request.base:
        _, writer = values.get(base.key, (None, None))
        if base.key[0] == _ITEM and base.version != writer:
            yield f"{tx.hex()[:8]} takes effect over {'/'.join(base.key)}, which it never saw so"


def _written(request: Request) -> Iterator[tuple[Key, object]]:
    """The keys that ``request`` writes, and what stands there then; None: nothing."""
    for command in request.resolved:
        if command.group == _ITEM:
            yield (_ITEM, str(command.parameters["name"])), command.parameters.get("value")
