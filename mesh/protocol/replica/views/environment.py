"""The configuration of the environment, as readers are shown it."""

from typing import TypedDict

from mesh.environment.kinds import data
from mesh.environment.redaction import shown_object
from mesh.protocol.replica.door import Replica
from mesh.protocol.replica.views.information import Json, plain
from mesh.protocol.replica.views.readers import Readers, readers


class Environment(TypedDict):
    """All objects by kind and name."""

    hash: str
    content_hash: str
    """Of what source files describe: equal where an export would be the same."""
    objects: dict[str, dict[str, Json]]
    readers: Readers
    """Which objects were filled in from which data; where data is asked for, otherwise empty."""


def environment(replica: Replica, kind: str | None = None) -> Environment | None:
    """The objects of one kind, or of all; None outside an environment."""
    inside = replica.participant
    if inside is None:
        return None
    state = inside.history.visible
    kinds = state.kinds() if kind is None else (kind,)
    return Environment(
        hash=state.hash.hex(),
        content_hash=state.content_hash.hex(),
        objects={
            each: {
                name: plain(shown_object(each, state.get(each, name)))
                for name, _ in state.items(each)
            }
            for each in kinds
        },
        readers=readers(inside.history, state) if data.NAME in kinds else {},
    )
