"""An item: a value under a name, for whatever has no kind of its own."""

from typing import Final

from mesh.environment.compounds import Free
from mesh.environment.declarations import Arguments, Declaration, Parameter, Touch, object_key
from mesh.environment.draft import Draft, Refusal
from mesh.environment.kind import Kind
from mesh.environment.shapes import Text
from mesh.wire.limits import KEY_PART_CHARACTERS_MAX

NAME: Final = "item"

_NAME: Final = Parameter(
    "name",
    Text("a name without spaces", r"[^\s\x00-\x1f]+", 1, KEY_PART_CHARACTERS_MAX),
    "under which name",
    required=True,
)
_VALUE: Final = Parameter(
    "value", Free(), "the value, replacing whatever stands there", required=True
)


def _set(draft: Draft, arguments: Arguments) -> Refusal | None:
    draft.write(object_key(arguments, NAME), arguments["value"])
    return None


def _delete(draft: Draft, arguments: Arguments) -> Refusal | None:
    key = object_key(arguments, NAME)
    if not draft.present(key):
        return Refusal(f"there is no item named '{key[1]}'", key)
    draft.remove(key)
    return None


_TOUCH: Final = (Touch((NAME, "{name}")),)

KIND: Final = Kind(
    NAME,
    "a value under a name",
    (_VALUE,),
    (
        Declaration(NAME, "set", "put a value under a name", (_NAME, _VALUE), _set, writes=_TOUCH),
        Declaration(
            NAME, "delete", "remove a name and its value", (_NAME,), _delete, writes=_TOUCH
        ),
    ),
    plain=True,
    described=True,
)
