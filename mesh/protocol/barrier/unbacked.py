"""B10: what too few stand behind comes in through an operator, or not at all.

Whether a set is complete follows from the quorum that the attempt itself names, and who is not
asked to vote cannot object. So one controller that means harm could name a smaller one, or a
history from before there was any, and release alone what takes a majority. What it took can be told
from the ancestors, by everybody alike. Nobody has to wait for such an attempt: to whoever looks at
it, it is something that others released and that stays outside.
"""

from mesh.environment.policy import Policy
from mesh.protocol.barrier.predicates import foreign, open_ids
from mesh.protocol.barrier.shape import wrong_backing
from mesh.protocol.barrier.standpoint import Case, Standpoint
from mesh.protocol.catalogue import Ids, numbers
from mesh.wire.requests import Kind


def is_unbacked(at: Standpoint, number: int) -> bool:
    """Whether no honest majority can stand behind ``number``, though it is released."""
    return names_too_few(at, number) or ignores_a_majority(at, number)


def went_through(at: Standpoint, tx: bytes) -> Ids:
    """The attempts of ``tx`` that are released; what is unbacked keeps no other from trying."""
    ids = at.knowledge.attempts(tx) & at.knowledge.released
    for number in numbers(ids & foreign(at)):
        if is_unbacked(at, number):
            ids &= ~(1 << number)
    return ids


def names_too_few(at: Standpoint, number: int) -> bool:
    """It asks for fewer than the policy below it does, or for others than the roster below it.

    A function of its ancestors. Where the policy asks for no more than one there is nothing to ask.
    """
    known = at.too_few.get(number)
    if known is not None:
        return known
    ancestors = at.ancestors(number)
    if ancestors is None:
        return False
    case = Case(at.change_set(number), ancestors, 1 << number)
    found = _may_take_several(at, case) and wrong_backing(at, case) is not None
    at.too_few[number] = found
    return found


def _may_take_several(at: Standpoint, case: Case) -> bool:
    """Whether a majority was ever in force below it, or is what it brings: known without a fold."""
    if at.judge.policy(0) is Policy.MAJORITY:
        return True
    return any(each.policy is Policy.MAJORITY for each in at.effects(case.ancestors | case.bit))


def ignores_a_majority(at: Standpoint, number: int) -> bool:
    """It goes by a history from before the majority, to which everybody had agreed.

    That step takes all of the old roster, each with nothing else open. So no honest controller
    released something beside it: what is not below it lies above it.
    """
    ancestors = at.ancestors(number)
    if ancestors is None or at.change_set(number).kind is Kind.MERGE:
        return False
    steps = at.once("steps to a majority", lambda: _steps(at)) & ~ancestors & ~(1 << number)
    beside = [step for step in numbers(steps) if not (at.ancestors(step) or 0) >> number & 1]
    return bool(beside) and at.judge.policy(ancestors) is Policy.ALL_ACTIVE


def _steps(at: Standpoint) -> Ids:
    """The steps from all-active to majority that are m's: sealed and not decided, or released."""
    own = open_ids(at) | at.knowledge.released & ~foreign(at)
    ids = 0
    for number in numbers(own & at.knowledge.roster_changes):
        if number not in at.steps:
            at.steps[number] = _is_step(at, number)
        ids |= at.steps[number] << number
    return ids


def _is_step(at: Standpoint, number: int) -> bool:
    """A function of its ancestors."""
    if all(effect.policy is not Policy.MAJORITY for effect in at.effects(1 << number)):
        return False
    return at.judge.policy(at.ancestors(number) or 0) is Policy.ALL_ACTIVE
