"""B13: what a controller looks at before it seals a checkpoint.

A checkpoint closes a book, and closed books are thrown away. So it is sealed by all who are asked,
each of them has counted the same pages, nobody who might still write in it is left out, and nothing
in it is undecided. Where any of that is not so yet, it waits; what can never be so is refused. A
checkpoint that fails costs nothing: there is another day.
"""

from mesh.protocol.barrier.predicates import is_dead, open_ids
from mesh.protocol.barrier.standpoint import Case, Standpoint, Surveyor
from mesh.protocol.barrier.verdict import Deny, Waiting
from mesh.protocol.catalogue import Ids, numbers
from mesh.protocol.terms import Terms, terms_of
from mesh.wire.facts import NoReason
from mesh.wire.identity import Timestamp, fingerprint
from mesh.wire.requests import Kind


def checkpoint_verdict(at: Standpoint, case: Case) -> Deny | Waiting | None:
    """B13: why m does not seal the checkpoint of ``case``, or not yet; None: nothing is wrong."""
    if case.change_set.kind is not Kind.CHECKPOINT:
        return None
    terms, surveyor = terms_of(case.change_set.request), at.surveyor
    if terms is None or surveyor is None:
        return Deny(NoReason.INVALID, "it has no terms, or nobody here can judge them")
    if case.ancestors & ~at.judge.ids:
        return Waiting.JOIN
    if not surveyor.is_level():
        return Waiting.FACTS
    return (
        _nothing_above(at, case, terms)
        or _left_out(at, case, terms)
        or _parted(at, case, terms)
        or _somebody_missing(at, surveyor, case)
        or _not_dead(at, terms)
        or _differs(surveyor, case, terms)
    )


def below(at: Standpoint, ids: Ids, through: Timestamp) -> Ids:
    """Those of ``ids`` with a timestamp up to ``through``."""
    found = 0
    for number in numbers(ids):
        if at.change_set(number).timestamp <= through:
            found |= 1 << number
    return found


def _nothing_above(at: Standpoint, case: Case, terms: Terms) -> Deny | None:
    """B13a: all who take part have gone on to something above it, and so refuse what is below."""
    stamps = {at.change_set(number).timestamp for number in numbers(case.ancestors)}
    if terms.through not in stamps or max(stamps) <= terms.through:
        return Deny(NoReason.INVALID, "it does not end below the last of what it was made on")
    return None


def _left_out(at: Standpoint, case: Case, terms: Terms) -> Deny | None:
    """B13b: nothing is left out that is applied here, or released, or may be, with m's seal."""
    inside = below(at, case.ancestors, terms.through)
    rest = below(at, at.knowledge.proposed & ~inside, terms.through)
    if rest & at.judge.ids:
        return Deny(NoReason.BEHIND, "it leaves out what is applied here")
    if rest & (at.knowledge.released | open_ids(at)):
        return Deny(NoReason.BUSY, "it leaves out what is not decided here, or not merged")
    return None


def _parted(at: Standpoint, case: Case, terms: Terms) -> Deny | None:
    """B13f: no merge stays above it that decides about something below it."""
    inside = below(at, case.ancestors, terms.through)
    above = (case.ancestors | at.judge.ids | open_ids(at)) & ~inside & ~case.bit
    decided = decided_by(at, above)
    if any(at.change_set(number).tx.hex() in decided for number in numbers(inside)):
        return Deny(NoReason.BUSY, "it ends between a merge and what that decides about")
    return None


def decided_by(at: Standpoint, ids: Ids) -> frozenset[str]:
    """The tx, in hex, of all that the merges in ``ids`` decide about."""
    merges = (each for each in map(at.change_set, numbers(ids)) if each.kind is Kind.MERGE)
    return frozenset(
        str(command.parameters.get("tx")) for merge in merges for command in merge.request.resolved
    )


def _somebody_missing(at: Standpoint, surveyor: Surveyor, case: Case) -> Deny | None:
    """B13c: of the roster all take part, but those who have been away for very long."""
    asked = {who.controller for who in case.change_set.attempt.participants}
    for each in at.judge.roster(case.ancestors):
        if each not in asked and not surveyor.is_away(each):
            return Deny(NoReason.BUSY, f"{fingerprint(each)} has not been away for long enough")
    return None


def _not_dead(at: Standpoint, terms: Terms) -> Deny | Waiting | None:
    """B13d: what it lays to rest is dead here too."""
    for attempt in terms.dead:
        number = at.knowledge.catalogue.number(attempt)
        if number is None or not is_dead(at, number):
            return Waiting.FACTS
        if at.change_set(number).timestamp > terms.through:
            return Deny(NoReason.INVALID, "it lays to rest what lies above it")
    return None


def _differs(surveyor: Surveyor, case: Case, terms: Terms) -> Deny | Waiting | None:
    """B13e: m folds it to the same, and holds every chain as far as it goes, and no further."""
    found = surveyor.survey(case, terms)
    if found is None:
        return Deny(NoReason.VERSION, "this controller cannot fold it")
    folded, ground = found
    if folded != terms.folded:
        return Deny(NoReason.INVALID, "this controller folds it to another state")
    return None if ground == terms.ground else Waiting.FACTS
