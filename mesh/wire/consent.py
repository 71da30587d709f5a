"""What people and controllers sign about a ChangeSet that another has signed.

An *approval* is an operator's word for a tx; since the tx is the hash of all of the request,
nothing that was approved can be altered on the way. A *vouch* is the word of a controller that in
its environment a ChangeSet was applied: another environment takes it for where one comes from.
Each begins in its own way, so neither is ever taken for anything else that the same key signs.
"""

from collections.abc import Sequence
from typing import Final

from mesh.wire import cbor
from mesh.wire.identity import Hash32, digest
from mesh.wire.requests import Command, encode_commands

_APPROVAL: Final = "trellis approval"
_VOUCH: Final = "trellis published"


def approval_of(environment: Hash32, tx: Hash32) -> bytes:
    """What an operator signs who approves ``tx``."""
    return cbor.encode([_APPROVAL, environment, tx])


def vouch_of(environment: Hash32, tx: Hash32, written: Hash32) -> bytes:
    """What a controller of ``environment`` signs about ``tx``, which it has seen applied.

    ``written`` is the hash of its commands as a person wrote them: those are carried on.
    """
    return cbor.encode([_VOUCH, environment, tx, written])


def hash_of_commands(written: Sequence[Command]) -> Hash32:
    """32 bytes that stand for these commands, whichever request carries them."""
    return digest(encode_commands(written))
