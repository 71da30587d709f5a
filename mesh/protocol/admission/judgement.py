"""What a peer may do here, from its Hello and the roster: a pure function, to be read as a table.

Nothing is trusted because it answered. What is granted to others than members is the bell: a
newcomer may knock, and facts of our environment are heard from whomever brings them, because they
are signed by those who wrote them.
"""

from mesh.protocol.admission.enrolment import Enrolment
from mesh.protocol.admission.generations import Relation, generation_of, relation
from mesh.protocol.standing import Access, Ground, Refused, RosterView, Verdict
from mesh.wire.identity import fingerprint
from mesh.wire.messages import Hello


def judge(
    own: bytes,
    enrolment: Enrolment | None,
    hello: Hello,
    roster: RosterView,
    exchange_key: bytes,
) -> Verdict:
    """What the sender of ``hello``, who has proved ``exchange_key``, may do at ``own``."""
    if hello.sender.controller in roster.removed:
        return _judge_removed(enrolment, hello)
    if enrolment is None:
        return Access.FELLOW if hello.environment is None else Access.HOST
    if hello.environment is None:
        return Access.NEWCOMER
    if hello.environment != enrolment.environment:
        return _judge_foreigner(enrolment, hello, hello.environment)
    if relation(enrolment.origin, generation_of(hello)) is not Relation.SAME:
        why = f"here is generation {enrolment.generation} of this environment, there is another"
        return Refused(Ground.GENERATION, f"{why}: they never merge")
    if not roster.names(hello.sender.controller, exchange_key):
        return Access.FORMER  # it has replaced its key, and one of us does not know it yet
    if roster.has(hello.sender.controller):
        return Access.MEMBER
    is_introducer = hello.sender.controller == enrolment.introducer
    return Access.MEMBER if is_introducer and not roster.has(own) else Access.CLAIMANT


def _judge_removed(enrolment: Enrolment | None, hello: Hello) -> Verdict:
    """A removed key is never heard again, but for the history that it was part of."""
    if (
        enrolment is not None
        and hello.environment == enrolment.environment
        and relation(enrolment.origin, generation_of(hello)) is Relation.SAME
    ):
        return Access.FORMER
    why = "this key was removed from the roster for ever: join again with a new one"
    return Refused(Ground.REMOVED, why)


def _judge_foreigner(enrolment: Enrolment, hello: Hello, environment: bytes) -> Verdict:
    if hello.yields or not enrolment.settled:
        return Access.YIELDING
    here, there = fingerprint(enrolment.environment), fingerprint(environment)
    why = f"here is environment {here}, there is {there}: environments never merge"
    return Refused(Ground.ENVIRONMENT, why)


def outranks(hello: Hello, enrolment: Enrolment) -> bool:
    """Whether ``enrolment`` is given up for the environment that ``hello`` names.

    Of two that would both yield, the one with the higher id does, so that exactly one is left.
    No two ever yield to each other, and no three in a circle: one that is kept yields to nobody,
    and among the others ids only fall.
    """
    if hello.environment is None or hello.environment == enrolment.environment:
        return False
    return not enrolment.settled and (not hello.yields or hello.environment < enrolment.environment)
