"""What a checkpoint says: how far it goes, and the hashes of what everybody makes of that.

The command changes no object. The barrier compares it with what each controller would say, and the
fold sets aside what turns up below it later.
"""

from typing import Final

from mesh.environment.declarations import Arguments, Declaration, Parameter
from mesh.environment.draft import Draft, Refusal
from mesh.environment.shapes import HEX32, Text, Whole
from mesh.wire.requests import Kind as AttemptKind

NAME: Final = "checkpoint"
TAKE: Final = "take"

DEAD_MAX: Final = 256
"""Attempts that one checkpoint lays to rest: more than are refused between two of them."""

_DIGITS: Final = 64
_NONCE: Final = Text("16 hexadecimal digits in small letters", r"[0-9a-f]{16}")
_DEAD: Final = Text(
    "ids of attempts in hexadecimal digits, one after the other",
    f"(?:[0-9a-f]{{{_DIGITS}}})*",
    characters_max=_DIGITS * DEAD_MAX,
)

_PARAMETERS: Final = (
    Parameter("lamport", Whole(0), "the Lamport time of the last ChangeSet in it", required=True),
    Parameter("controller", HEX32, "who proposed that one", required=True),
    Parameter("boot", Whole(0), "in which life", required=True),
    Parameter("nonce", _NONCE, "and the random name of that life", required=True),
    Parameter("folded", HEX32, "the hash of what is in it, and of its state", required=True),
    Parameter("ground", HEX32, "the hash of all that remains of what is in it", required=True),
    Parameter("dead", _DEAD, "attempts below it that nobody will ever release", required=True),
)


def _nothing(draft: Draft, arguments: Arguments) -> Refusal | None:
    del draft, arguments
    return None


COMMANDS: Final = (
    Declaration(
        NAME,
        TAKE,
        "agree on everything up to here, so that what led to it need not be kept for ever",
        _PARAMETERS,
        _nothing,
        kind=AttemptKind.CHECKPOINT,
        by_controllers=True,
    ),
)
