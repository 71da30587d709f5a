"""Signatures inside commands: the word of a key that is no operator's, for everybody to check.

A controller of the roster may sign a ChangeSet of such commands, because what they do is not its
own will: an invite's key has said who comes in, or a controller which key it uses from now on.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from mesh.environment.declarations import Arguments, Declaration
from mesh.environment.kinds import controller
from mesh.protocol.suite import Verifier
from mesh.wire.consent import approval_of, hash_of_commands, vouch_of
from mesh.wire.invitation import Newcomer, proof_of
from mesh.wire.requests import Approval, Request
from mesh.wire.rotation import Rotation, proof_of_rotation

_ADMISSION: Final = frozenset({"invite", "proof", "exchange_key"})


def unproved(
    declaration: Declaration, arguments: Arguments, environment: bytes, suite: Verifier
) -> list[str]:
    """What is wrong with the proof that a command carries; nothing where it carries none."""
    given = {name: str(value) for name, value in arguments.items()}
    match declaration.group, declaration.verb:
        case controller.NAME, "admit" if given.keys() & {"invite", "proof"}:
            return _admission(given, environment, suite)
        case controller.NAME, "rotate-key":
            return _rotation(given, environment, suite)
        case _:
            return []


def _admission(given: Mapping[str, str], environment: bytes, suite: Verifier) -> list[str]:
    """An admission by invite carries the word of the invite's key for whom it admits."""
    if not given.keys() >= _ADMISSION:
        return ["an admission by invite names the invite, its proof and the exchange key"]
    newcomer = Newcomer(
        environment,
        bytes.fromhex(given[controller.NAME]),
        bytes.fromhex(given["exchange_key"]),
        given["name"],
        given["site"],
    )
    public, proof = bytes.fromhex(given["invite"]), bytes.fromhex(given["proof"])
    if not suite.verify(public, proof_of(newcomer), proof):
        return ["its proof is not by the key of the invite, or not for this controller"]
    return []


def _rotation(given: Mapping[str, str], environment: bytes, suite: Verifier) -> list[str]:
    """A controller's identity says which exchange key takes the place of which."""
    identity = bytes.fromhex(given[controller.NAME])
    rotation = Rotation(
        environment,
        identity,
        bytes.fromhex(given["former"]),
        bytes.fromhex(given["exchange_key"]),
    )
    if not suite.verify(identity, proof_of_rotation(rotation), bytes.fromhex(given["proof"])):
        return ["its proof is not by the controller whose key it replaces"]
    return []


def unvouched(request: Request, suite: Verifier) -> str | None:
    """Why a request does not come from where it says; whose word counts is judged by the links."""
    origin = request.origin
    if origin is None:
        return None
    said = vouch_of(origin.environment, origin.tx, hash_of_commands(request.written))
    if suite.verify(origin.controller, said, origin.signature):
        return None
    return "the controller that it names does not vouch for these commands"


def approvers_of(
    approvals: Iterable[Approval], environment: bytes, tx: bytes, suite: Verifier
) -> tuple[bytes, ...]:
    """The keys of those whose approval of ``tx`` is signed by them; a false one counts not."""
    signed = approval_of(environment, tx)
    return tuple(
        each.operator for each in approvals if suite.verify(each.operator, signed, each.signature)
    )
