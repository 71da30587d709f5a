"""What a merge says: which ChangeSets of two sides stand, which are set aside, which are let in.

These commands change no object. The fold reads them from the request, so that the tx covers every
decision.
"""

from typing import Final

from mesh.environment.declarations import Arguments, Declaration, Parameter
from mesh.environment.draft import Draft, Refusal
from mesh.environment.shapes import HEX32
from mesh.wire.requests import Kind as AttemptKind

NAME: Final = "merge"
KEEP: Final = "keep"
SET_ASIDE: Final = "set-aside"
ADMIT: Final = "admit"

_TX: Final = Parameter("tx", HEX32, "the id of the ChangeSet", required=True)


def _nothing(draft: Draft, arguments: Arguments) -> Refusal | None:
    del draft, arguments
    return None


def _declared(verb: str, words: str, *, by_controllers: bool) -> Declaration:
    return Declaration(
        NAME, verb, words, (_TX,), _nothing, kind=AttemptKind.MERGE, by_controllers=by_controllers
    )


COMMANDS: Final = (
    _declared(
        KEEP, "let this ChangeSet stand where it conflicts with another", by_controllers=True
    ),
    _declared(SET_ASIDE, "set this ChangeSet aside, whole", by_controllers=True),
    _declared(
        ADMIT, "let in what only controllers released that are removed by now", by_controllers=False
    ),
)
