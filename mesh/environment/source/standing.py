"""What is there: the described objects of an environment, as its API tells them.

An object that stands and one that files describe have the same form, so they can be compared
field by field; the settings of the environment are the fields of one object without a name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mesh.environment.declarations import ID_PARAMETER
from mesh.environment.entries import ObjectId
from mesh.environment.kinds import KINDS, SCHEMA, controller, environment, secret
from mesh.wire import cbor
from mesh.wire.identity import digest
from mesh.wire.requests import Value

DESCRIBED: Final = {kind.name: kind for kind in KINDS if kind.described}
"""The kinds that files describe."""

SETTINGS: Final[ObjectId] = (environment.NAME, "")
"""The settings of the environment as one object."""

VALUE: Final = "value"
"""The only field of an object that is a single value."""

Objects = Mapping[str, Mapping[str, Value]]
"""Objects by kind and name, as the API tells them."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One object that is there."""

    id: str
    """Its creation id; empty for an object that is a single value."""
    fields: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Ground:
    """An environment, as far as files are compared with it."""

    objects: Mapping[ObjectId, Standing] = field(default_factory=dict)
    controllers: Mapping[str, str] = field(default_factory=dict)
    """The names of its controllers, by their keys; empty for one that was removed."""
    secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Its secrets by name: the names of the controllers that may read each."""

    def names(self, kind: str) -> list[str]:
        """The objects of a kind."""
        return [name for its_kind, name in self.objects if its_kind == kind]


def ground_of(told: Objects) -> Ground:
    """What stands in an environment whose objects are these."""
    objects: dict[ObjectId, Standing] = {}
    for kind in DESCRIBED:
        for name, value in told.get(kind, {}).items():
            if kind == environment.NAME:
                continue
            objects[kind, name] = _standing(kind, value)
    settings = dict(told.get(environment.NAME, {}))
    objects[SETTINGS] = Standing("", settings)
    controllers = {
        key: "" if fields.get("state") == controller.REMOVED else str(fields["name"])
        for key, fields in told.get(controller.NAME, {}).items()
        if isinstance(fields, dict)
    }
    return Ground(objects, controllers, _secrets(told, controllers))


def _secrets(told: Objects, controllers: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in told.get(secret.NAME, {}).items():
        readers = value.get("readers") if isinstance(value, dict) else None
        keys = readers if isinstance(readers, list) else []
        found[name] = tuple(sorted(controllers.get(str(key)) or str(key) for key in keys))
    return found


def _standing(kind: str, value: Value) -> Standing:
    if SCHEMA[kind].plain:
        return Standing("", {VALUE: value})
    assert isinstance(value, dict), kind
    fields = {name: each for name, each in value.items() if name != ID_PARAMETER}
    return Standing(str(value[ID_PARAMETER]), fields)


def content_hash(ground: Ground) -> bytes:
    """What :attr:`Configuration.content_hash` is where nothing is hidden from whoever looked."""
    told: list[Value] = []
    for kind in sorted(DESCRIBED):
        if kind == environment.NAME:
            settings = sorted(ground.objects[SETTINGS].fields.items())
            told += [[kind, name, {VALUE: value}] for name, value in settings]
        else:
            names = sorted(ground.names(kind))
            told += [[kind, name, {**ground.objects[kind, name].fields}] for name in names]
    return digest(cbor.encode(told))
