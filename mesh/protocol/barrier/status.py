"""How a ChangeSet stands here, in the words that people read, and on whom it waits."""

from dataclasses import dataclass
from enum import StrEnum

from mesh.protocol.barrier.instant import instant_of
from mesh.protocol.barrier.order import is_short
from mesh.protocol.barrier.predicates import is_dead, is_joinable, is_mine, is_released, nay
from mesh.protocol.barrier.removed import is_kept_out
from mesh.protocol.barrier.standpoint import Standpoint
from mesh.protocol.catalogue import numbers
from mesh.wire.facts import No
from mesh.wire.identity import Incarnation


class Word(StrEnum):
    """One word for it."""

    PENDING = "pending"
    """It waits at the barrier, or is released and about to be applied."""
    APPLIED = "applied"
    CANCELLED_HERE = "cancelled here"
    """My No: nobody can have released it with me; those not in Nay may have gone on without me."""
    CANCELLED = "cancelled"
    """Nobody will ever release it."""
    IN_DOUBT = "in doubt"
    """Sealed here, and too few are reachable to know how it ends."""
    LOST = "lost"
    """No life that could decide it is left, and the last pages of one are gone with its memory."""
    UNMERGED = "applied elsewhere, unmerged"
    """Released by others on a history that has grown apart from this one."""


@dataclass(frozen=True, slots=True)
class Status:
    """One attempt as m sees it."""

    word: Word
    sealed: tuple[Incarnation, ...]
    """Participants that sealed it."""
    refused: tuple[tuple[Incarnation, No], ...]
    waiting_for: tuple[Incarnation, ...]
    """While pending or in doubt: those who neither sealed nor said No, and are not closed."""
    applied: tuple[bytes, ...]
    """Controllers that are known to have applied it."""
    instant_ns: int | None
    """B5: the wall time at which it is to be shown, as far as its seals are known here."""


def status_of(at: Standpoint, number: int) -> Status:
    """How the attempt ``number`` stands here."""
    ballot = at.ballot(number)
    word = word_for(at, number)
    silent = ballot.everybody & ~ballot.sealed & ~ballot.denied & ~at.closed(number)
    undecided = word in (Word.PENDING, Word.IN_DOUBT) and not is_released(at, number)
    refused = sorted(ballot.nos.items())
    instant = instant_of(ballot)
    return Status(
        word,
        ballot.incarnations(ballot.sealed),
        tuple((ballot.participants[seat], no) for seat, no in refused),
        ballot.incarnations(silent) if undecided else (),
        at.knowledge.names(at.knowledge.applied(number)),
        None if instant is None else instant.wall_ns,
    )


def word_for(at: Standpoint, number: int) -> Word:
    """The one word, the first that fits."""
    if at.judge.ids >> number & 1:
        return Word.APPLIED
    if is_released(at, number):
        return Word.UNMERGED if is_apart(at, number) else Word.PENDING
    if is_dead(at, number):
        return Word.CANCELLED
    ballot = at.ballot(number)
    mine = at.own(number)
    naysayers = nay(at, number)
    if mine and not mine & ~naysayers:
        return Word.CANCELLED_HERE
    if is_lost(at, number):
        return Word.LOST
    bound_here = mine & ballot.sealed & ~naysayers
    if bound_here and (is_short(at, number) or not bound_here & at.alive(number)):
        return Word.IN_DOUBT
    return Word.PENDING


def is_lost(at: Standpoint, number: int) -> bool:
    """All who might still release it have ended, and it is not known what they said last.

    Nobody waits for them. Should it have been released after all, the fact that says so turns up
    or is lost for good; the next checkpoint closes the book.
    """
    ballot = at.ballot(number)
    undecided = ballot.incarnations(ballot.everybody & ~nay(at, number))
    return all(at.knowledge.lives.ended(who) for who in undecided)


def is_apart(at: Standpoint, number: int) -> bool:
    """Nothing of it is on its way, and yet it is not applied here without people, or never."""
    if is_mine(at, number):
        return False
    if not at.knowledge.whole >> number & 1:
        return is_groundless(at, number)
    return not is_joinable(at, number) or is_kept_out(at, number)


def is_groundless(at: Standpoint, number: int) -> bool:
    """It was made on top of what nobody will ever release; no honest author does that."""
    below = (at.ancestors(number) or 0) & ~at.knowledge.released
    return any(is_dead(at, each) for each in numbers(below))
