"""From an environment to files: the same tree that the files are read into, one branch per kind.

Values stand as they are in force, defaults included: what an environment does must not depend on
the version that reads its files. No creation ids, no versions, and of a secret a mark only.
"""

from collections.abc import Mapping

from mesh.environment.kinds import data, environment, secret
from mesh.environment.source.reading import KEPT_APART, field_shapes
from mesh.environment.source.spelling import written_value
from mesh.environment.source.standing import DESCRIBED, SETTINGS, VALUE, Ground, Standing
from mesh.environment.templates import escaped
from mesh.wire.requests import Value

Tree = Mapping[str, dict[str, Value]]
"""By kind, then by name; the settings of the environment by kind, then by setting."""


def export_tree(ground: Ground) -> Tree:
    """Everything that files describe, by kinds in their order and by names."""
    tree: dict[str, dict[str, Value]] = {}
    for kind in DESCRIBED:
        if kind == environment.NAME:
            tree[kind] = _fields(kind, ground.objects[SETTINGS], ground)
        else:
            names = sorted(ground.names(kind))
            tree[kind] = {name: _written(kind, name, ground) for name in names}
    tree[secret.NAME] = {
        name: {"value": KEPT_APART, "readers": [*readers]}
        for name, readers in sorted(ground.secrets.items())
    }
    return {kind: members for kind, members in tree.items() if members}


def _written(kind: str, name: str, ground: Ground) -> Value:
    standing = ground.objects[kind, name]
    if DESCRIBED[kind].plain:
        return escaped(standing.fields[VALUE])
    return _fields(kind, standing, ground)


def _fields(kind: str, standing: Standing, ground: Ground) -> dict[str, Value]:
    """In the order in which the kind declares them; no empty sets."""
    fields: dict[str, Value] = {}
    sets = [each.name for each in DESCRIBED[kind].sets]
    for name, shape in field_shapes(DESCRIBED[kind]).items():
        value = standing.fields.get(name)
        if value is not None and not (name in sets and value == []):
            legible = named(kind, name, written_value(shape, value), ground)
            fields[name] = legible if kind == data.NAME else escaped(legible)
    return fields


def named(kind: str, field: str, value: Value, ground: Ground) -> Value:
    """A controller by its name where it has one, anything else as it is."""
    parameter = next((each for each in DESCRIBED[kind].fields if each.name == field), None)
    if parameter is None or parameter.written is None:
        return value
    return ground.controllers.get(str(value)) or value
