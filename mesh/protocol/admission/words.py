"""How admission stands, in words for a person: what is so, and what to type."""

from mesh.protocol.admission.enrolment import Enrolment
from mesh.protocol.admission.phases import Phase
from mesh.wire.identity import fingerprint


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
