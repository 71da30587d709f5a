"""From learner to active: who has caught up takes part, without anybody having to watch for it.

A newcomer is admitted as a learner, so that nobody waits at a barrier for a host that is still
fetching its history. When it has said that it applied all that its admission stood on, the author
of the admission proposes the step; if that one is gone, any other does after a while.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from mesh.environment.policy import Policy
from mesh.protocol.admission import Candidate, activation_deadline_ns
from mesh.protocol.barrier import Barrier
from mesh.protocol.catalogue import Catalogue, Ids, numbers
from mesh.protocol.history import History
from mesh.protocol.now import SECOND, Now

RETRY_NS_MIN: Final = 5 * SECOND
RETRY_NS_MAX: Final = 600 * SECOND
_DOUBLINGS_MAX: Final = 7

TOGETHER_MAX: Final = 32
"""Learners in one step: as many as come when a whole office is switched on."""
"""A step that was refused or dropped is proposed again after this long: at first, and at last if
nothing else happens, so that what hinders it for days does not fill everybody's disk."""


class _Tried(NamedTuple):
    """The last time that a step was proposed here."""

    at_ns: int
    times: int
    """How often in a row, with nothing else happening."""
    state: tuple[Ids, int]
    """What was applied, and the lives known, at that time."""


_Grounds = tuple[int, Ids, frozenset[bytes]]
"""The facts known, what is applied, and who is active."""


class Activations:
    """The learners of the roster, and when each should become active."""

    def __init__(
        self, own: bytes, catalogue: Catalogue, history: History, barrier: Barrier
    ) -> None:
        self._own = own
        self._catalogue = catalogue
        self._history = history
        self._barrier = barrier
        self._admissions: dict[bytes, int] = {}
        self._missing: dict[bytes, Ids] = {}
        """What each learner has not yet said to have applied."""
        self._covered_since_ns: dict[bytes, int] = {}
        self._tried: dict[bytes, _Tried] = {}
        self._proposed: bytes | None = None
        self._found: tuple[_Grounds, list[tuple[int, bytes]]] | None = None

    def learners(self, controllers: Iterable[bytes]) -> None:
        """The roster has exactly these learners now."""
        wanted = sorted(controllers)
        known = self._admissions
        self._admissions = {each: known[each] for each in wanted if each in known}
        missing = {each.hex(): each for each in wanted if each not in known}
        for entry in self._history.log() if missing else ():
            for change in entry.written_keys:
                if change.key[0] == "controller" and change.key[1] in missing:
                    self._admissions[missing[change.key[1]]] = entry.number
        self._found = None
        for table in (self._covered_since_ns, self._tried, self._missing):
            for gone in [each for each in table if each not in self._admissions]:
                del table[gone]

    def begin_again(self, controllers: Iterable[bytes]) -> None:
        """The attempts have other numbers: look for the admissions of these learners anew."""
        self._admissions = {}
        self._missing = {}
        self.learners(controllers)

    @property
    def is_awaited(self) -> bool:
        """Whether there are learners."""
        return bool(self._admissions)

    @property
    def _is_under_way(self) -> bool:
        """Whether a step that was proposed here has not come to an end; others wait for it."""
        return self._proposed is not None and self._barrier.is_trying(self._proposed)

    def proposed(self, tx: bytes) -> None:
        """The step of those that were due last is on its way under this id."""
        self._proposed = tx

    def deadline_ns(self, active: frozenset[bytes], now: Now) -> int | None:
        """When the next step is to be proposed here; None: nobody waits for one."""
        if not self.is_awaited or self._is_under_way:
            return None
        return min((due for due, _ in self._due(active, now)), default=None)

    def due(self, active: frozenset[bytes], now: Now) -> tuple[bytes, ...]:
        """The learners for whom one step is to be proposed here and now.

        Many who come at once are one step, unless the policy wants each by itself. Whoever was in
        one that came to nothing has its next one alone: another may have been in the way.
        """
        if self._is_under_way:
            return ()
        ready = [each for due, each in self._due(active, now) if due <= now.monotonic_ns]
        fresh = [each for each in ready if each not in self._tried]
        together = fresh if self._history.policy(self._history.ids) is Policy.ALL_ACTIVE else ()
        ready = list(together[:TOGETHER_MAX]) or ready[:1]
        for each in ready:
            last = self._tried.get(each)
            times = last.times + 1 if last is not None and last.state == self._state else 1
            self._tried[each] = _Tried(now.monotonic_ns, times, self._state)
            self._found = None
        return tuple(ready)

    def _due(self, active: frozenset[bytes], now: Now) -> list[tuple[int, bytes]]:
        """When each step is due, which only another fact, roster or try can change."""
        grounds = (self._barrier.standpoint.knowledge.version, self._history.ids, active)
        if self._found is None or self._found[0] != grounds:
            self._found = grounds, self._find(active, now)
        return self._found[1]

    def _find(self, active: frozenset[bytes], now: Now) -> list[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        for controller in self._admissions:
            candidate = self._candidate(controller, now)
            due = activation_deadline_ns(candidate, self._own, active)
            if due is not None:
                found.append((max(due, self._retry_ns(controller)), controller))
        return found

    def _retry_ns(self, controller: bytes) -> int:
        """When it may be tried again: later each time, but soon where something has happened."""
        tried = self._tried.get(controller)
        if tried is None:
            return 0
        doublings = min(tried.times - 1, _DOUBLINGS_MAX) if tried.state == self._state else 0
        return tried.at_ns + min(RETRY_NS_MIN << doublings, RETRY_NS_MAX)

    @property
    def _state(self) -> tuple[Ids, int]:
        """What may decide whether a step goes through: who voted on what, and who began anew."""
        return self._history.ids, self._barrier.standpoint.knowledge.lives.version

    def _candidate(self, controller: bytes, now: Now) -> Candidate:
        number = self._admissions[controller]
        required = (self._catalogue.ancestors(number) or 0) | 1 << number
        missing = self._still_missing(controller, required)
        if not missing:
            _ = self._covered_since_ns.setdefault(controller, now.monotonic_ns)
        return Candidate(
            controller=controller,
            author=self._catalogue[number].attempt.author.controller,
            required=required,
            applied=required & ~missing,
            covered_since_ns=self._covered_since_ns.get(controller),
        )

    def _still_missing(self, controller: bytes, required: Ids) -> Ids:
        """Those of ``required`` that ``controller`` is not known to have applied.

        What is said stays said: so each is asked about until the first time that it is there.
        """
        knowledge = self._barrier.standpoint.knowledge
        bit = knowledge.controller(controller)
        missing = self._missing.get(controller, required)
        for number in numbers(missing):
            if not knowledge.applied(number) & bit:
                break
            missing &= ~(1 << number)
        self._missing[controller] = missing
        return missing
