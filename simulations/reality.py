"""The real replica, with the face that the world asks for."""

from collections.abc import Iterator
from random import Random
from typing import Final

from mesh.environment.configuration import Configuration
from mesh.environment.founding import Founding
from mesh.protocol.barrier.status import Status, Word
from mesh.protocol.catalogue import Ids, numbers
from mesh.protocol.configuration import ReplicaConfiguration
from mesh.protocol.effects import Effects, Image
from mesh.protocol.ground import Fate as Ending
from mesh.protocol.history.outcomes import Standing
from mesh.protocol.inputs import Input, Path
from mesh.protocol.now import Now
from mesh.protocol.replica import Replica
from mesh.protocol.replica.views import change, changes
from mesh.protocol.suite import Exchange, Signer, Suite, Verifier
from mesh.wire.identity import Incarnation
from mesh.wire.requests import Kind
from simulations.checkers.barrier import Rest
from simulations.life import Fate, Glance, Progress
from simulations.lying import Liar
from simulations.troubles import Lie
from simulations.usurping import Usurper

CHANGES_SHOWN_MAX: Final = 10_000
"""ChangeSets whose fate is asked for: more than any scenario submits."""


class RealLife:
    """The real replica."""

    def __init__(
        self,
        identity: Signer,
        operator: Signer,
        exchange: Exchange,
        configuration: ReplicaConfiguration,
        random: Random,
        suite: Suite,
        image: Image,
    ) -> None:
        self.replica = Replica(identity, operator, exchange, configuration, random, suite, image)
        self._verifier: Verifier = suite
        self._state: tuple[int, Ids] = (0, 0)
        """The height of the ground, and what was applied above it, when that was last looked at."""
        self._applied: dict[bytes, None] = {}
        self._visible: Configuration | None = None
        self._identity = identity
        self._operator = operator

    @property
    def own(self) -> Incarnation:
        """Its name."""
        return self.replica.own

    def start(self, now: Now) -> Effects:
        """The first step."""
        return self.replica.start(now)

    def handle(self, given: Input, now: Now) -> Effects:
        """The next one."""
        return self.replica.handle(given, now)

    def glance(self) -> Glance | None:
        """None while it belongs to no environment."""
        inside = self.replica.participant
        if inside is None:
            return None
        return Glance(
            active=tuple(sorted(inside.roster.active)),
            live=tuple(sorted(each.controller for each in inside.members.view)),
            history=inside.history.history_hash,
            state=inside.history.state_hash,
            visible=inside.history.visible.hash,
            unsettled=tuple(self._unsettled()),
            secret=inside.secrecy.used,
        )

    def _unsettled(self) -> Iterator[str]:
        """What the barrier's promise at rest leaves no excuse for.

        Everything released is applied; everything else that asks this very incarnation has its No,
        or too few can be reached where a majority is needed.
        """
        inside = self.replica.participant
        assert inside is not None
        for number in range(len(inside.catalogue)):
            if not inside.history.ids >> number & 1:
                status = inside.barrier.status(number)
                asked = self.own in inside.catalogue[number].attempt.participants
                is_unmerged = status.word is Word.UNMERGED and not self._waits_for_operator(status)
                if is_unmerged or (asked and status.word is Word.PENDING):
                    name = inside.catalogue[number].id.hex()[:8]
                    silent = ", ".join(str(each) for each in status.waiting_for)
                    yield f"{name} {status.word} ({silent})"

    def _waits_for_operator(self, status: Status) -> bool:
        """Whether nobody sealed it who is still of the roster: a person has to let it in."""
        inside = self.replica.participant
        assert inside is not None
        return not any(who.controller in inside.roster.active for who in status.sealed)

    def _is_excused(self, status: Status) -> bool:
        is_unmerged = status.word is Word.UNMERGED
        return status.word is Word.IN_DOUBT or (is_unmerged and self._waits_for_operator(status))

    def view(self) -> tuple[Incarnation, ...]:
        """Whom its detector holds for alive, itself included."""
        inside = self.replica.participant
        return inside.members.view if inside is not None else ()

    def rest(self) -> Rest | None:
        """How its barrier stands."""
        inside = self.replica.participant
        if inside is None:
            return None
        history, barrier, catalogue = inside.history, inside.barrier, inside.catalogue

        def names(ids: Ids) -> frozenset[bytes]:
            return frozenset(catalogue[number].id for number in numbers(ids))

        past = tuple(catalogue.ground.past())
        below = frozenset(attempt for attempt, _, fate in past if fate is not Ending.DEAD)
        dead = frozenset(attempt for attempt, _, fate in past if fate is Ending.DEAD)
        effective = [tx for _, tx, fate in past if fate is Ending.EFFECTIVE]
        effective += [
            entry.tx for entry in history.log() if entry.outcome.standing is Standing.EFFECTIVE
        ]
        doubtful = (
            number for number in range(len(catalogue)) if self._is_excused(barrier.status(number))
        )
        return Rest(
            me=self.own,
            history=names(history.ids) | below,
            released=names(barrier.released) | below,
            excused=frozenset(catalogue[number].id for number in doubtful) | dead,
            effective=tuple(effective),
            state=history.state_hash,
        )

    def newly_applied(self) -> tuple[bytes, ...]:
        """Attempts that became part of the history since this was last asked."""
        inside = self.replica.participant
        if inside is None:
            return ()
        state = inside.catalogue.ground.height, inside.history.ids
        if state == self._state:
            return ()
        fresh = state[1] & ~self._state[1] if state[0] == self._state[0] else state[1]
        self._state = state
        names = [inside.catalogue[number].id for number in inside.catalogue.ordered(fresh)]
        found = tuple(name for name in names if name not in self._applied)
        self._applied |= dict.fromkeys(found)
        return found

    def shows_all(self) -> bool:
        """Whether readers see another configuration than when this was last asked, the newest."""
        inside = self.replica.participant
        if inside is None or inside.history.visible is self._visible:
            return False
        self._visible = inside.history.visible
        # The very same, not an equal one: what changed nothing may be applied and not yet durable.
        return self._visible is inside.history.state

    def progress(self, attempt: bytes) -> Progress | None:
        """How ``attempt`` stands here."""
        inside = self.replica.participant
        number = inside.catalogue.number(attempt) if inside is not None else None
        if inside is None or number is None:
            return None
        word = str(inside.barrier.status(number).word)
        entry = inside.history.entry(inside.catalogue[number].tx)
        if entry is None or not inside.history.ids >> number & 1:
            return Progress(word)
        outcome = entry.outcome
        why = "" if outcome.why is None else f"{outcome.why}: {outcome.detail}"
        return Progress(word, str(outcome.standing), why)

    def pending(self, now: Now) -> tuple[bytes, ...]:
        """Controllers that wait to be accepted here."""
        return tuple(each.controller for each in self.replica.admission.pending(now))

    def read(self, path: Path) -> frozenset[object]:
        """The values visible at ``path``: none, one, or several in conflict."""
        inside = self.replica.participant
        reading = inside.information.read(path) if inside is not None else None
        return frozenset() if reading is None else frozenset((reading.value, *reading.conflicts))

    def entries(self) -> Iterator[tuple[Path, frozenset[object]]]:
        """All running information that is visible, by path."""
        inside = self.replica.participant
        if inside is not None:
            for path, reading in inside.information.items(()):
                yield path, frozenset((reading.value, *reading.conflicts))

    def epoch(self) -> bytes | None:
        """Which data set its running information is."""
        inside = self.replica.participant
        return inside.information.kept.epoch if inside is not None else None

    def waiting(self) -> tuple[bytes, ...]:
        """Transactions that wait at the barrier for this controller's answer, merges left aside.

        After an operator's No to a merge histories stay apart until a person merges them.
        """
        inside = self.replica.participant
        if inside is None:
            return ()
        return tuple(
            inside.catalogue[number].tx
            for number in range(len(inside.catalogue))
            if not inside.history.ids >> number & 1
            and inside.catalogue[number].kind is not Kind.MERGE
            and self.own in inside.barrier.status(number).waiting_for
        )

    def beginning(self) -> tuple[Founding, Verifier] | None:
        """What its environment began with, and who checks signatures here."""
        inside = self.replica.participant
        return (inside.founding, self._verifier) if inside is not None else None

    def environment(self) -> bytes | None:
        """The id of the environment that it belongs to."""
        inside = self.replica.participant
        return inside.place.environment if inside is not None else None

    def fates(self, now: Now) -> tuple[Fate, ...]:
        """What became of each ChangeSet that it knows, in the words that people are shown."""
        details = (
            change(self.replica, line["tx"], now)
            for line in changes(self.replica, now, CHANGES_SHOWN_MAX)
        )
        return tuple(
            Fate(
                tx=bytes.fromhex(detail["tx"]),
                name=detail["name"],
                is_merge=detail["kind"] == Kind.MERGE,
                word=detail["word"],
                text=detail["text"],
                refusals=tuple(f"{each['why']}: {each['detail']}" for each in detail["refused"]),
            )
            for detail in details
            if detail is not None
        )

    def lie(self, lie: Lie, random: Random, now: Now) -> int:
        """Put a lie on its way to each of the others."""
        inside = self.replica.participant
        if inside is None:
            return 0
        if lie in ("alone", "merges", "admits"):
            usurper = Usurper(inside, self._identity, self._operator, random, now)
            return usurper.usurps(lie)
        told = tuple(Liar(inside, self._identity, random, now).lies(lie))
        self.replica.desk.send(told, now, gated=False)
        return len(told)

    def setting(self, path: Path) -> object:
        """The value at ``path`` as readers see it."""
        inside = self.replica.participant
        if inside is None:
            return None
        kind, name, *fields = path
        visible = inside.history.visible
        if len(fields) == 1 and visible.exists((kind, name)):
            value = visible.read(path)
            if value is not None:
                return value
        found: object = visible.get(kind, name)
        for field in fields:
            found = found.get(field) if isinstance(found, dict) else None
        return found
