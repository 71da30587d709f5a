"""How admission stands, in words for a person: what is so, and what to type."""

from mesh.protocol.admission.enrolment import Enrolment
from mesh.protocol.admission.phases import Phase
from mesh.wire.identity import fingerprint
from mesh.wire.invitation import Invitation

_ADDRESSES_SHOWN_MAX = 3


def describe(phase: Phase, own: bytes, enrolment: Enrolment | None, waiting: bytes) -> str:
    """One or two sentences about the controller ``own``; ``waiting`` is the environment met."""
    here = "" if enrolment is None else fingerprint(enrolment.environment)
    match phase:
        case Phase.LISTENING:
            return "listening for an environment"
        case Phase.PENDING if waiting:
            return (
                f"waiting to be admitted to environment {fingerprint(waiting)}; on one of its"
                f" controllers, type: trellis members accept {fingerprint(own)}"
            )
        case Phase.PENDING:
            return f"waiting for an environment; this controller is {fingerprint(own)}"
        case Phase.FOUNDED:
            return (
                f"founded environment {here}, alone so far; if another one is met before anything"
                " is done here, one of the two is given up"
            )
        case Phase.MEMBER:
            return f"member of environment {here}"
        case Phase.YIELDED:
            return f"gave up environment {here}; starting again"


def describe_invited(invitation: Invitation, waiting: bytes, rebuff: str) -> str:
    """The same about a newcomer with an invite: whom it has met, and what it was told."""
    where = f"environment {fingerprint(invitation.environment)}"
    if rebuff:
        return (
            f"not admitted to {where}: {rebuff}; ask for another invite, or start without one and"
            " have a person accept this controller"
        )
    if waiting == invitation.environment:
        return f"asks {where} to be admitted by its invite"
    shown = ", ".join(map(str, invitation.addresses[:_ADDRESSES_SHOWN_MAX])) or "no address"
    return f"looks for a controller of {where}: nobody of it has answered at {shown} so far"
