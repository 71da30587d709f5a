"""The terms of a checkpoint: what its request says, as values.

The request of a checkpoint is one command whose parameters are hashes, so that the tx covers all
that its makers agreed on; what the hashes are of, each of them works out for itself.
"""

from dataclasses import dataclass
from typing import Final

from mesh.environment.commands import check_resolved, unknown_part
from mesh.environment.kinds import checkpoint
from mesh.wire.identity import Incarnation, Timestamp
from mesh.wire.requests import Command, Request, Value

_DIGITS: Final = 64
"""An id in hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How far a checkpoint goes, and what its makers found there."""

    through: Timestamp
    """The greatest timestamp in K: K is all of the history up to it."""
    folded: bytes
    """The hash of K, of what became of each of it, and of the state: a function of K alone."""
    ground: bytes
    """The hash of the whole ground, the ends of the chains included."""
    dead: tuple[bytes, ...]
    """Attempts that nobody will ever release, sorted."""

    @property
    def command(self) -> Command:
        """How a request says it."""
        lamport, author = self.through
        parameters: dict[str, Value] = {
            "lamport": lamport,
            "controller": author.controller.hex(),
            "boot": author.boot,
            "nonce": author.nonce.hex(),
            "folded": self.folded.hex(),
            "ground": self.ground.hex(),
            "dead": "".join(each.hex() for each in self.dead),
        }
        return Command(checkpoint.NAME, checkpoint.TAKE, parameters)


def terms_of(request: Request) -> Terms | None:
    """What ``request`` says; None where it is no well-formed checkpoint of this version."""
    match request.resolved:
        case (Command(group=checkpoint.NAME, verb=checkpoint.TAKE) as command,):
            if unknown_part(command) is not None or check_resolved(command):
                return None
            return _read({name: str(value) for name, value in command.parameters.items()})
        case _:
            return None


def _read(said: dict[str, str]) -> Terms | None:
    author = Incarnation(
        bytes.fromhex(said["controller"]), int(said["boot"]), bytes.fromhex(said["nonce"])
    )
    digits = said["dead"]
    dead = tuple(bytes.fromhex(digits[at : at + _DIGITS]) for at in range(0, len(digits), _DIGITS))
    if list(dead) != sorted(dict.fromkeys(dead)):
        return None
    return Terms(
        Timestamp(int(said["lamport"]), author),
        bytes.fromhex(said["folded"]),
        bytes.fromhex(said["ground"]),
        dead,
    )
