"""Which secret the environment uses: the hash of it, for the history is read by the removed, too.

The secret itself goes from member to member, on streams. Two sides of a partition that replace it
are in dispute as about any other key, and a hash names one secret and no other.
"""

from typing import Final

from mesh.environment.declarations import Arguments, Declaration, Parameter, Touch
from mesh.environment.draft import Draft, Refusal
from mesh.environment.kind import Kind
from mesh.environment.shapes import HEX32
from mesh.wire.requests import Key

NAME: Final = "environment-secret"
KEY: Final[Key] = (NAME, "used")
GROUP: Final = "environment"
ROTATE: Final = "rotate-secret"
ROTATION: Final = (GROUP, ROTATE)
COMMITMENT: Final = "commitment"


def _rotate(draft: Draft, arguments: Arguments) -> Refusal | None:
    if COMMITMENT not in arguments:
        return Refusal("no secret was made: the controller that makes the request does that", KEY)
    if draft.read(KEY) == arguments[COMMITMENT]:
        return Refusal("this secret is in use already: make another one", KEY)
    draft.write(KEY, arguments[COMMITMENT])
    return None


KIND: Final = Kind(
    NAME,
    "which secret keys the sums over running information",
    (Parameter("value", HEX32, "the hash of the secret; none: the one of the founder"),),
    (
        Declaration(
            GROUP,
            ROTATE,
            "replace the secret that keys the sums over running information",
            (
                Parameter(
                    COMMITMENT,
                    HEX32,
                    "its hash, for programs; left out, a secret is made",
                ),
            ),
            _rotate,
            writes=(Touch(KEY),),
        ),
    ),
    plain=True,
)
