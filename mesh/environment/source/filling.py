"""Templates in files: filled in as they will be when the ChangeSet is submitted.

What a plan compares with the environment is what a value comes to; what it submits is the value as
it was written, so that a ChangeSet that is carried on to another environment is filled in there.
Data that the same files describe counts already, for it is submitted first.
"""

from collections.abc import Mapping

from mesh.environment.configuration import Configuration, Keys
from mesh.environment.entries import Entry, ObjectId
from mesh.environment.kinds import SCHEMA, data
from mesh.environment.templates import Filling, missing_error, template_errors
from mesh.wire.requests import Value

Data = Mapping[str, Mapping[str, Value]]
"""Fields of data, by its name."""


class Filler:
    """Fills in from ``known`` data."""

    def __init__(self, known: Data) -> None:
        objects: dict[ObjectId, Keys] = {}
        for name, fields in known.items():
            keys: Keys = {(): Entry(name, None)}
            keys |= {(field,): Entry(value, None) for field, value in fields.items()}
            objects[data.NAME, name] = keys
        names = {data.NAME: dict.fromkeys(known)}
        self._configuration = Configuration(SCHEMA, objects, names)

    def fill(self, value: Value, path: str) -> tuple[Value, list[str]]:
        """What a ``value`` with templates comes to, and every mistake in them."""
        errors = template_errors(value, path)
        if errors:
            return value, errors
        filling = Filling(self._configuration)
        filled = filling.parameters({"": value})[""]
        return filled, [f"{path}: {missing_error(*each)}" for each in filling.missing.items()]
