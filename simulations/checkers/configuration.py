"""The plain values of the configuration, folded once more by somebody else.

A ChangeSet takes effect whole or not at all. So whatever a controller says took effect, in its own
order, decides what every named value must be: the last one of them that set it. One that is set
aside in part, or forgotten by the fold, or folded elsewhere than its timestamp says, shows here.

Only values under a name (`item set`, `item delete`) are looked at, which need no rule but this one.
"""

from collections.abc import Callable, Iterator

from mesh.protocol.inputs import Path
from mesh.wire.requests import Command
from simulations.checkers.barrier import Rest
from simulations.checkers.ledger import Ledger

_ITEM = "item"


def wrong_values(rest: Rest, ledger: Ledger, setting: Callable[[Path], object]) -> Iterator[str]:
    """What readers of the controller at ``rest`` see at names, as ``setting`` has it, and must not.

    What took effect must be in the order of its timestamps.
    """
    attempts = [entry.change_set for entry in ledger.entries.values()]
    commands = {each.tx: each.request.resolved for each in attempts}
    expected: dict[str, object] = {}
    for tx in rest.effective:
        for name, value in _set_by(commands.get(tx, ())):
            expected[name] = value
    names = {name for each in commands.values() for name, _ in _set_by(each)}
    for name in sorted(names):
        shown = setting((_ITEM, name))
        if shown != expected.get(name):
            yield f"item {name} is {shown!r}, and must be {expected.get(name)!r}"


def _set_by(commands: tuple[Command, ...]) -> Iterator[tuple[str, object]]:
    """The names that ``commands`` write, and what stands there then; None: nothing."""
    for command in commands:
        if command.group == _ITEM:
            yield str(command.parameters["name"]), command.parameters.get("value")
