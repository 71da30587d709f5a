"""The configuration of the environment, as readers are shown it."""

from typing import TypedDict

from mesh.protocol.replica.door import Replica
from mesh.protocol.replica.views.information import Json, plain


class Environment(TypedDict):
    """All objects by kind and name."""

    hash: str
    objects: dict[str, dict[str, Json]]


def environment(replica: Replica, kind: str | None = None) -> Environment | None:
    """The objects of one kind, or of all; None outside an environment."""
    inside = replica.participant
    if inside is None:
        return None
    shown = inside.history.visible
    kinds = shown.kinds() if kind is None else (kind,)
    return Environment(
        hash=shown.hash.hex(),
        objects={
            each: {name: plain(shown.get(each, name)) for name, _ in shown.items(each)}
            for each in kinds
        },
    )
