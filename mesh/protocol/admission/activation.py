"""From LEARNER to ACTIVE: when the step is proposed, and by whom.

A newcomer has no part in the barrier while it still fetches what happened before it came, so
nobody waits for it. Once its own facts say that it applied all that was applied at its admission,
whoever admitted it proposes the step. If that controller is gone, the others follow one by one, in
the order of their ids, each after a little more time.
"""

from collections.abc import Collection, Iterable

import msgspec

from mesh.protocol.admission.limits import ACTIVATION_PATIENCE_NS, ACTIVATION_STEP_NS
from mesh.protocol.catalogue import Ids
from mesh.wire.requests import Command


class Candidate(msgspec.Struct, frozen=True):
    """A learner of the roster."""

    controller: bytes
    author: bytes
    """The controller id of whoever proposed its admission."""
    required: Ids
    """What its admission stood on: the history that it has to have applied."""
    applied: Ids
    """What its facts say that it applied."""
    covered_since_ns: int | None
    """Monotonic time since when that has been enough, as seen here; None: it is not."""


def activation_deadline_ns(
    candidate: Candidate, own: bytes, active: Collection[bytes]
) -> int | None:
    """When the controller ``own`` proposes the step, on the monotonic clock; None: it does not.

    ``active`` is the ACTIVE part of the roster.
    """
    covered = candidate.required & ~candidate.applied == 0
    if not covered or candidate.covered_since_ns is None or own not in active:
        return None
    if own == candidate.author:
        return candidate.covered_since_ns
    others = sorted(each for each in active if each != candidate.author)
    wait_ns = ACTIVATION_PATIENCE_NS + others.index(own) * ACTIVATION_STEP_NS
    return candidate.covered_since_ns + wait_ns


def commands_to_activate(controllers: Iterable[bytes]) -> tuple[Command, ...]:
    """The roster change that gives ``controllers`` their part in the barrier."""
    return tuple(
        Command("controller", "activate", {"controller": controller.hex()})
        for controller in controllers
    )
