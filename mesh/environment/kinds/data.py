"""Environment data: values that differ from one environment to the next, for templates to take.

A command that says ``{{blog.host}}`` is filled in from the environment that it is submitted to (see
:mod:`mesh.environment.templates`); so the same ChangeSet goes from test to production and means
each time what it should. A value of the environment's own wins over the default.
"""

from typing import Final

from mesh.environment.compounds import Free
from mesh.environment.declarations import (
    ID_PARAMETER,
    Arguments,
    Declaration,
    Parameter,
    Run,
    Touch,
    object_key,
)
from mesh.environment.draft import Draft, Refusal
from mesh.environment.kind import Kind
from mesh.environment.shapes import CREATION_ID, Flag, Text
from mesh.environment.shapes import NAME as NAME_SHAPE

NAME: Final = "data"
VALUE: Final = "value"
DEFAULT: Final = "default"
REQUIRED: Final = "required"

_NAME: Final = Parameter("name", NAME_SHAPE, "under which name templates take it", required=True)
_ID: Final = Parameter(ID_PARAMETER, CREATION_ID, "the creation id of the data", filled=True)
_VALUE: Final = Parameter(VALUE, Free(), "what this environment says", required=True)
_DEFAULT: Final = Parameter(DEFAULT, Free(), "what holds where it says nothing", required=True)
_REQUIRED: Final = Parameter(REQUIRED, Flag(), "whether the default does not count", default=True)
_DESCRIPTION: Final = Parameter("description", Text(), "what it is for")

_ENTRY: Final = Touch((NAME, "{name}"))
_FIELDS: Final = (VALUE, DEFAULT, REQUIRED, "description")


def _fill(draft: Draft, arguments: Arguments, fresh: str) -> Arguments:
    """The object is made by the first command that names it, whichever that is."""
    known = draft.peek(object_key(arguments, NAME))
    return {**arguments, ID_PARAMETER: fresh if known is None else known}


def _writing(field: str) -> Run:
    def run(draft: Draft, arguments: Arguments) -> Refusal | None:
        key = object_key(arguments, NAME)
        if not draft.present(key):
            draft.write(key, arguments[ID_PARAMETER])
        draft.write((*key, field), arguments[field])
        if "description" in arguments:
            draft.write((*key, "description"), arguments["description"])
        return None

    return run


def _delete(draft: Draft, arguments: Arguments) -> Refusal | None:
    key = object_key(arguments, NAME)
    if not draft.present(key):
        return Refusal(f"there is no data named '{key[1]}'", key)
    draft.remove_whole((key[0], key[1]))
    return None


def _setter(verb: str, words: str, value: Parameter) -> Declaration:
    return Declaration(
        NAME,
        verb,
        words,
        (_NAME, _ID, value, _DESCRIPTION),
        _writing(value.name),
        writes=(
            _ENTRY,
            Touch((NAME, "{name}", value.name)),
            Touch((NAME, "{name}", "description"), "description"),
        ),
        fill=_fill,
    )


KIND: Final = Kind(
    NAME,
    "a value of this environment that commands take as {{name}}",
    (
        Parameter(VALUE, Free(), _VALUE.help),
        Parameter(DEFAULT, Free(), _DEFAULT.help),
        Parameter(REQUIRED, Flag(), _REQUIRED.help),
        _DESCRIPTION,
    ),
    (
        _setter("set", "say what {{name}} stands for in this environment", _VALUE),
        _setter("set-default", "say what {{name}} stands for where nothing was set", _DEFAULT),
        _setter("require", "insist on a value of this environment's own", _REQUIRED),
        Declaration(
            NAME,
            "delete",
            "remove data; what was filled in from it stays as it is",
            (_NAME,),
            _delete,
            writes=(_ENTRY, *(Touch((NAME, "{name}", field)) for field in _FIELDS)),
            wholes=(_ENTRY,),
        ),
    ),
    described=True,
)
