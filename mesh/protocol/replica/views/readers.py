"""Which objects were filled in from which environment data.

An object holds what a template came to and not the template. So it is the ChangeSets that know:
an object reads a value as long as a command that took the value wrote it last. What is older than
the checkpoint is kept by its effect only, and is not told here.
"""

from collections.abc import Iterator

from mesh.environment.configuration import Configuration
from mesh.environment.kinds import data
from mesh.environment.templates import names_in
from mesh.protocol.history import History
from mesh.protocol.history.prepared import keys_written
from mesh.wire.requests import Command

Readers = dict[str, list[str]]
"""By the name of the data: ``kind/name`` of every object that was filled in from it, sorted."""


def readers(history: History, state: Configuration) -> Readers:
    """The readers of all data, as ``state`` has them; data that nothing reads is not named."""
    found: dict[str, dict[str, None]] = {}
    for entry in history.log():
        for command in entry.written:
            for name in _taken(command):
                found.setdefault(name, {}).update(_written(command, entry.tx, state))
    return {name: sorted(objects) for name, objects in sorted(found.items()) if objects}


def _taken(command: Command) -> Iterator[str]:
    """The data that ``command`` was filled in from; data itself is not."""
    if command.group != data.NAME:
        for value in command.parameters.values():
            yield from names_in(value)


def _written(command: Command, tx: bytes, state: Configuration) -> dict[str, None]:
    """The objects that are still as ``command`` of ``tx`` wrote them, in some field at least."""
    keys = keys_written((command,))
    return {
        f"{key[0]}/{key[1]}": None
        for key in keys
        if state.exists((key[0], key[1])) and state.version(key) == tx
    }
