"""What is believed of each member, and what is told of it: the one place where a standing changes.

Each change goes the same way: the row stands differently, the change is reported, and it becomes a
rumour. A statement about ourselves is not believed but answered: only the owner of a life raises
its refutation number.
"""

from collections.abc import Callable, Iterable
from typing import Final

from mesh.protocol.membership.doubters import Doubters
from mesh.protocol.membership.lives import Life, Lives
from mesh.protocol.membership.outcome import Step, What, Why
from mesh.protocol.membership.rumours import Rumours
from mesh.protocol.membership.standings import as_exchanged, believed, is_farewell_in_doubt
from mesh.protocol.membership.table import Member, Table
from mesh.protocol.membership.timing import Timing
from mesh.wire.identity import Address, Incarnation
from mesh.wire.limits import COUNTER_MAX
from mesh.wire.messages import News, Standing

_ACCUSED: Final = (Standing.SUSPECT, Standing.FAILED)
_WHY_TOLD: Final = {
    Standing.ALIVE: Why.ANSWERS,
    Standing.SUSPECT: Why.TOLD,
    Standing.FAILED: Why.TOLD,
    Standing.LEFT: Why.GOODBYE,
}


REFUTATION_STEP_MAX: Final = 2**32
"""How far a rumour's refutation number may lie above what is known of that life: more than a life
can refute in years, and so little that nobody can be talked to the end of the range, behind which
there is no answer any more."""

WARNINGS_MAX: Final = 64
"""Twins, and doubts about our own life, that are reported, each once; a person has to look at the
first one already."""


Attested = Callable[[Incarnation], bool]
"""Whether the controller itself has signed that it began this life: hearsay alone makes none."""


class Beliefs:
    """The table, which lives count in it, and what there is to tell."""

    def __init__(
        self, own: Incarnation, address: Address, timing: Timing, is_attested: Attested
    ) -> None:
        self.own = own
        self.address = address
        self.refutation = 0
        self.left = False
        self.table = Table(own, timing)
        self._timing = timing
        self._is_attested = is_attested
        self.lives = Lives()
        self.doubters = Doubters()
        self.rumours = Rumours()
        self._warned: dict[tuple[Incarnation, bytes | None], None] = {}

    # --- ourselves ------------------------------------------------------------------------------

    def own_news(self) -> News:
        """Our own row."""
        standing = Standing.LEFT if self.left else Standing.ALIVE
        return News(self.own, standing, self.refutation, self.address, None)

    def fingerprint(self) -> bytes:
        """8 bytes, equal where the same is believed."""
        return self.table.fingerprint(self.refutation)

    def refute(self, number: int) -> bool:
        """Somebody doubts us under ``number``; whether that made us raise ours."""
        if number < self.refutation or _is_leap(self.refutation, number):
            return False
        self.refutation = number + 1
        self.rumours.add(self.own_news())
        return True

    def move(self, address: Address) -> None:
        """We listen at ``address`` now."""
        self.address = address
        self.refutation += 1
        self.rumours.add(self.own_news())

    def leave(self) -> None:
        """We are as good as gone."""
        self.left = True

    def hear_of_us(self, news: News, teller: bytes, step: Step) -> bool:
        """What ``teller`` says of our own controller; whether we had to refute it.

        Also that we live, under a number that we never gave: who believes it would believe our own
        word no more, and where it says that we listen.
        """
        if news.member != self.own:
            if self._is_attested(news.member):
                self.hear_of_twin(news.member, step)
        elif news.standing is Standing.QUARANTINED:
            if news.accuser == teller:
                self.doubters.add(teller)
                self._warn(What.DOUBTED, self.own, teller, step)
        elif news.standing is not Standing.ALIVE or news.refutation > self.refutation:
            return self.refute(news.refutation)
        return False

    def hear_of_twin(self, other: Incarnation, step: Step) -> None:
        """Another life of our own controller: a newer one ends ours, older ones are past."""
        if other > self.own:
            self._warn(What.TWIN, other, None, step)

    def weigh_doubts(self, step: Step) -> None:
        """Stand aside for most of those that are seen alive, or take part again."""
        if self.doubters.are_none:
            return
        others = [member.controller for member in self.table.rows() if member.in_view]
        if self.doubters.weigh(others):
            step.change(What.QUARANTINED if self.doubters.prevail else What.CLEARED, self.own)

    def _warn(self, what: What, life: Incarnation, by: bytes | None, step: Step) -> None:
        if (life, by) not in self._warned and len(self._warned) < WARNINGS_MAX:
            self._warned[life, by] = None
            step.change(what, life, by)

    # --- members come and go --------------------------------------------------------------------

    def admit(self, controllers: Iterable[bytes]) -> tuple[Incarnation, ...]:
        """Take over the roster; returns the lives that are no members any longer."""
        before = self.table.roster
        removed = self.table.admit(
            controller for controller in controllers if controller != self.own.controller
        )
        for controller in before:
            if controller not in self.table:
                self.lives.forget(controller)
                self.doubters.drop(controller)
                self.rumours.forget(controller)
        return removed

    def meet(self, life: Incarnation, address: Address, step: Step) -> Member:
        """A life that had no row speaks in person: it is alive."""
        self.succeed(life, step)
        return self._enter(_first_word(life, address), Standing.ALIVE, step)

    def succeed(self, newer: Incarnation, step: Step) -> None:
        """``newer`` exists, so no older life of its controller is a member any longer."""
        self.lives.succeed(newer, step.ns)
        held = self.table.get(newer.controller)
        if held is not None and held.incarnation != newer:
            self.table.drop(held)
            self.rumours.forget(newer.controller)
            step.change(What.REPLACED, held.incarnation)

    def prove_fork(self, elder: Incarnation, address: Address, step: Step) -> None:
        """A life that had ended answers: it goes on, and the newer one is kept out."""
        if elder.controller not in self.table or self.lives.judge(elder) is not Life.ENDED:
            return
        held = self.table.get(elder.controller)
        newer = self.lives.fork(elder, step.ns)
        if held is not None:
            self.table.drop(held)
        step.change(What.FORKED, newer)
        _ = self._enter(_first_word(elder, address), Standing.ALIVE, step)

    def doubts_about(self, source: Incarnation) -> tuple[News, ...]:
        """What ``source`` has to be told about itself: a doubt, or the life that took its place."""
        if self.lives.judge(source) is Life.QUARANTINED:
            accuser = self.own.controller
            return (News(source, Standing.QUARANTINED, 0, self.address, accuser),)
        member = self.table.get(source.controller)
        if member is None:
            return ()
        ended = member.incarnation != source
        return (member.news(),) if ended or member.standing is not Standing.ALIVE else ()

    def _enter(self, news: News, standing: Standing, step: Step) -> Member:
        """A row for a life that had none."""
        why = _WHY_TOLD[standing]
        member = Member(news.member, news.address, standing, news.refutation, step.ns, why)
        if news.accuser is not None:
            member.accusers.append(news.accuser)
        self.table.put(member)
        self.rumours.add(member.news())
        step.change(What(standing), news.member, news.accuser)
        return member

    # --- members are judged ---------------------------------------------------------------------

    def hear(self, news: News, step: Step, *, whole: bool, teller: Incarnation) -> Member | None:
        """Hearsay about a member; returns it where it is a new suspect, to go and see.

        Where the ``teller`` is that member itself, it knows its refutation number best.
        """
        if not self._well_formed(news) or not self._is_about_a_life(news.member):
            return None
        is_newer = self.lives.judge(news.member) is Life.NEWER
        held = self.table.get(news.member.controller)
        in_person = news.member == teller
        standing = None if held is None else held.standing
        number = -1 if held is None or is_newer else held.refutation
        if not in_person and _is_leap(max(number, 0), news.refutation):
            return None
        hesitates = whole or (held is not None and self._may_yet_answer(held, step.ns))
        if not in_person and is_farewell_in_doubt(standing, news.standing, hesitates=hesitates):
            news = _accusation_of(news, teller.controller)
        heard = as_exchanged(standing, news.standing) if hesitates else news.standing
        believe = believed(standing, number, heard, news.refutation)
        if believe is None:
            return None
        if held is None or is_newer:
            self.succeed(news.member, step)
            held = self._enter(news, believe, step)
        elif believe is Standing.SUSPECT is held.standing and number == news.refutation:
            self._confirm(held, news.accuser)
            return None
        else:
            self._revise(held, believe, news, step, whole=whole)
        return held if believe is Standing.SUSPECT else None

    def _is_about_a_life(self, member: Incarnation) -> bool:
        """Whether ``member`` is the life of one of us that counts, or one that we may hear of."""
        if member.controller not in self.table:
            return False
        life = self.lives.judge(member)
        return life is Life.CURRENT or (life is Life.NEWER and self._is_attested(member))

    def _may_yet_answer(self, suspect: Member, now_ns: int) -> bool:
        """Whether a suspect by hearsay has not had the time of a question of ours to say it lives.

        Rumours that waited somewhere arrive together: the doubt, and right behind it the verdict.
        """
        timing = self._timing.towards(suspect.link.clock.round_trip_ns)
        question_ns = timing.probe_timeout_ns + timing.indirect_timeout_ns
        return suspect.why is Why.TOLD and now_ns - suspect.since_ns < question_ns

    def _confirm(self, suspect: Member, accuser: bytes | None) -> None:
        """One more says so."""
        if accuser is not None and self.table.accuse(suspect, accuser):
            self.rumours.add(_accusation(suspect, accuser))

    def _revise(
        self, held: Member, believe: Standing, news: News, step: Step, *, whole: bool
    ) -> None:
        """Believe ``believe`` of a life that has a row."""
        changed = believe is not held.standing
        if news.refutation > held.refutation:
            held.refutation, held.address = news.refutation, news.address
        self.table.stand(held, believe, _WHY_TOLD[believe], step.ns)
        if news.accuser is not None:
            held.accusers.append(news.accuser)
        if changed:
            step.change(What(believe), held.incarnation, news.accuser)
        if changed or not whole:
            self.rumours.add(held.news())

    def _well_formed(self, news: News) -> bool:
        """An accusation names its accuser, who is one of us; anything else names none."""
        if news.standing is Standing.QUARANTINED:
            return False
        if news.standing not in _ACCUSED:
            return news.accuser is None
        return news.accuser == self.own.controller or news.accuser in self.table

    def accuse(self, member: Member, why: Why, step: Step) -> bool:
        """We ourselves got no answer; whether that was news."""
        if member.standing is Standing.ALIVE:
            self.table.stand(member, Standing.SUSPECT, why, step.ns)
            step.change(What.SUSPECT, member.incarnation)
        elif member.standing is not Standing.SUSPECT:
            return False
        member.why = why
        if not self.table.accuse(member, self.own.controller):
            return False
        self.rumours.add(_accusation(member, self.own.controller))
        return True

    def pass_verdicts(self, step: Step) -> None:
        """Suspects that did not refute in time have failed."""
        for suspect in list(self.table.suspects.values()):
            if step.ns < self.table.verdict_ns(suspect):
                continue
            why = Why.NOT_REFUTED if suspect.why is Why.TOLD else suspect.why
            accusers = list(suspect.accusers)
            self.table.stand(suspect, Standing.FAILED, why, step.ns)
            suspect.accusers.extend(accusers)
            news = suspect.news()
            self.rumours.add(
                News(news.member, news.standing, news.refutation, news.address, self.own.controller)
            )
            step.change(What.FAILED, suspect.incarnation)


def _is_leap(known: int, number: int) -> bool:
    """Whether ``number`` is one that no honest member can have come to."""
    return number > known + REFUTATION_STEP_MAX or number >= COUNTER_MAX


def _accusation(suspect: Member, accuser: bytes) -> News:
    return _accusation_of(suspect.news(), accuser)


def _accusation_of(news: News, accuser: bytes) -> News:
    """What ``accuser`` doubts, in place of what was said of that life under the same number."""
    return News(news.member, Standing.SUSPECT, news.refutation, news.address, accuser)


def _first_word(life: Incarnation, address: Address) -> News:
    """What a life says by being there."""
    return News(life, Standing.ALIVE, 0, address, None)
