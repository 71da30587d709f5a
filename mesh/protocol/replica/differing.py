"""Under which key two configurations differ that should be one: found by halving, in a few words.

Two people who hold the same thick book in different printings do not read it to each other. One
asks for a few sums, each over the next stretch of keys; takes the first stretch whose sum is not
its own; and asks for sums of that. What is told are keys, sums and versions, never a value. The
sums are those of the hash of a configuration, so where the hashes differ some stretch does.

A comparison is of two states at rest. Where either becomes another one meanwhile, where histories
differ, or where no answer comes, nothing is found, and that says nothing in either direction.
"""

from bisect import bisect_right
from itertools import accumulate, pairwise
from typing import Final, NamedTuple, assert_never

from mesh.environment.configuration import Configuration
from mesh.environment.entries import Entry, entry_hash
from mesh.protocol.history import History
from mesh.protocol.now import SECOND, Now
from mesh.protocol.outgoing import Channel, Outgoing
from mesh.protocol.replica.desk import Desk
from mesh.wire.identity import Incarnation
from mesh.wire.limits import STATE_PARTS_MAX
from mesh.wire.messages import StateAnswer, StatePart, StateQuestion
from mesh.wire.requests import Key

PAUSE_NS: Final = 30 * SECOND
"""A comparison that came to nothing is begun again after this long."""

QUESTIONS_MAX: Final = 8
"""Of one comparison: enough for 2^32 keys, and the end of one whose answers lead nowhere."""

WINDOW_NS: Final = 60 * SECOND
ANSWERS_MAX: Final = 24
"""Answers to one controller within a window: more than an honest one can ask for."""

_MODULUS: Final = 2**256


class Side(NamedTuple):
    """What one of the two holds under a key."""

    version: bytes | None
    """The tx that last wrote it; None: it is from the founding record, or nothing is held."""
    held: bool = True


_NOTHING: Final = Side(None, held=False)


class Difference(NamedTuple):
    """The first key under which another controller holds something else."""

    states: tuple[bytes, bytes]
    """Of which two states: the one here, and the other one."""
    key: Key
    here: Side
    there: Side


class _Comparison(NamedTuple):
    """One that is under way."""

    states: tuple[bytes, bytes]
    begun_ns: int
    question: StateQuestion
    asked: int


class _Order:
    """The entries of one configuration in order, and the sums of their hashes up to each."""

    def __init__(self, configuration: Configuration) -> None:
        entries = list(configuration.entries())
        self.configuration = configuration
        self.keys: list[Key] = [key for key, _ in entries]
        self._totals = list(accumulate((entry_hash(*each) for each in entries), initial=0))

    def between(self, after: Key | None, until: Key | None) -> range:
        """The places of the keys after ``after``, up to ``until``."""
        begin = 0 if after is None else bisect_right(self.keys, after)
        return range(begin, len(self.keys) if until is None else bisect_right(self.keys, until))

    def sum(self, places: range) -> bytes:
        """The sum of the hashes of what stands there."""
        if not places:
            return bytes(8)
        total = self._totals[places.stop] - self._totals[places.start]
        return (total % _MODULUS).to_bytes(32, "big")[:8]

    def entry(self, place: int) -> Entry:
        """What stands there."""
        return self.configuration.entry(self.keys[place])

    def part(self, places: range) -> StatePart:
        """What is told of ``places``."""
        version = self.entry(places.start).version if len(places) == 1 else None
        return StatePart(self.keys[places[-1]], len(places), self.sum(places), version)


class Differing:
    """Asks those who contradict where they differ, and answers those who ask."""

    def __init__(self, desk: Desk, history: History) -> None:
        self._desk = desk
        self._history = history
        self._order: _Order | None = None
        """Of the state that was compared last: a comparison takes a few questions."""
        self._under_way: dict[bytes, _Comparison] = {}
        self.found: dict[bytes, Difference] = {}
        """By controller."""
        self._window_ns = 0
        self._answered: dict[bytes, int] = {}
        """By controller, how often within this window."""

    def receive(self, peer: Incarnation, message: StateQuestion | StateAnswer, now: Now) -> None:
        """``peer`` asks, or has answered."""
        match message:
            case StateQuestion():
                self._answer(peer, message, now)
            case StateAnswer():
                self._take(peer, message, now)
            case _:
                assert_never(message)

    # --- asking -------------------------------------------------------------------------------

    def contradicted(self, peer: Incarnation, state: bytes, now: Now) -> None:
        """``peer`` has made ``state`` of the history here: ask it where that differs."""
        who = peer.controller
        states = self._history.state_hash[:8], state
        found, under_way = self.found.get(who), self._under_way.get(who)
        if found is not None and found.states == states:
            return
        _ = self.found.pop(who, None)
        if under_way is not None and now.monotonic_ns - under_way.begun_ns < PAUSE_NS:
            return
        question = StateQuestion(self._history.history_hash[:8], None, None)
        self._ask(peer, _Comparison(states, now.monotonic_ns, question, 1), now)

    def agreed(self, peer: Incarnation) -> None:
        """``peer`` has made the same of it by now."""
        _ = self._under_way.pop(peer.controller, None)
        _ = self.found.pop(peer.controller, None)
        if not self._under_way:
            self._order = None

    def _ask(self, peer: Incarnation, comparison: _Comparison, now: Now) -> None:
        self._under_way[peer.controller] = comparison
        outgoing = Outgoing(peer, comparison.question, Channel.STREAM)
        self._desk.send((outgoing,), now, gated=True)

    def _take(self, peer: Incarnation, answer: StateAnswer, now: Now) -> None:
        """``peer`` has answered: the key is found, or the next question follows."""
        comparison = self._under_way.get(peer.controller)
        if comparison is None or not _fits(comparison.question, answer):
            self._desk.counters["answers about states out of place"] += 1
            return
        here = self._history.history_hash[:8], self._history.state_hash[:8]
        if here != (answer.history, comparison.states[0]) or answer.state != comparison.states[1]:
            self._desk.counters["states that changed while they were compared"] += 1
            return
        step = self._step(answer)
        if isinstance(step, StatePart):
            self._narrow(peer, comparison, _before(answer, step), step.last, now)
        elif step is not None:
            self.found[peer.controller] = Difference(comparison.states, *step)

    def _narrow(
        self, peer: Incarnation, former: _Comparison, after: Key | None, until: Key, now: Now
    ) -> None:
        if former.asked < QUESTIONS_MAX:
            question = StateQuestion(former.question.history, after, until)
            following = former._replace(question=question, asked=former.asked + 1)
            self._ask(peer, following, now)

    def _step(self, answer: StateAnswer) -> StatePart | tuple[Key, Side, Side] | None:
        """The part to look into, or the key with what stands under it; None: nothing differs."""
        order, after = self._ordered(), answer.after
        for part in answer.parts:
            places = order.between(after, part.last)
            if order.sum(places) != part.sum:
                return part if part.count > 1 else _one_key(order, places, part)
            after = part.last
        rest = order.between(after, answer.until)
        return _only_here(order, rest.start) if rest else None

    # --- answering ----------------------------------------------------------------------------

    def _answer(self, peer: Incarnation, question: StateQuestion, now: Now) -> None:
        """Tell ``peer`` what is held under the keys that it names, if the histories are one."""
        if question.history != self._history.history_hash[:8] or not self._may_ask(peer, now):
            self._desk.counters["questions about states not answered"] += 1
            return
        order = self._ordered()
        places = order.between(question.after, question.until)
        step = max(1, -(-len(places) // STATE_PARTS_MAX))
        cuts = (places[at : at + step] for at in range(0, len(places), step))
        told = StateAnswer(
            question.history,
            self._history.state_hash[:8],
            question.after,
            question.until,
            tuple(order.part(cut) for cut in cuts),
        )
        self._desk.send((Outgoing(peer, told, Channel.STREAM),), now, gated=True)

    def _may_ask(self, peer: Incarnation, now: Now) -> bool:
        if now.monotonic_ns - self._window_ns >= WINDOW_NS:
            self._window_ns = now.monotonic_ns
            self._answered.clear()
        count = self._answered.get(peer.controller, 0)
        self._answered[peer.controller] = min(count + 1, ANSWERS_MAX)
        return count < ANSWERS_MAX

    def _ordered(self) -> _Order:
        state = self._history.state
        if self._order is None or self._order.configuration is not state:
            self._order = _Order(state)
        return self._order


def _fits(question: StateQuestion, answer: StateAnswer) -> bool:
    """Whether ``answer`` is to ``question``, and its parts follow each other within it."""
    if (answer.after, answer.until) != (question.after, question.until):
        return False
    ends = [part.last for part in answer.parts]
    bounds = [() if answer.after is None else answer.after, *ends]
    is_within = answer.until is None or not ends or ends[-1] <= answer.until
    return is_within and all(one < following for one, following in pairwise(bounds))


def _before(answer: StateAnswer, part: StatePart) -> Key | None:
    """The key after which ``part`` begins."""
    at = answer.parts.index(part)
    return answer.parts[at - 1].last if at else answer.after


def _one_key(order: _Order, places: range, there: StatePart) -> tuple[Key, Side, Side]:
    """The first key that differs, where the other one holds but one among ``places``."""
    if places and order.keys[places.start] < there.last:
        return _only_here(order, places.start)
    here = Side(order.entry(places.start).version) if places else _NOTHING
    return there.last, here, Side(there.version)


def _only_here(order: _Order, place: int) -> tuple[Key, Side, Side]:
    return order.keys[place], Side(order.entry(place).version), _NOTHING
