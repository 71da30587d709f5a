"""Looks at every controller after every step: what it has applied must be what the rules say.

fold            its state and its outcomes are those of the oracle, for what it has applied
partial effect  of what did not take effect no key bears the name, of what did, every one does
readers         they are shown a state that the controller has been in, and nothing between
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from mesh.environment.configuration import Configuration
from mesh.protocol.catalogue import Ids
from mesh.protocol.effects import Answer, Effects, JournalWrite, Notification, Refusal
from mesh.protocol.ground import Fate
from mesh.protocol.history import History, Standing
from mesh.protocol.replica.participant import Participant
from mesh.wire.requests import Key
from simulations.host import Host
from simulations.reality import RealLife
from tests.changes.fold import EFFECTIVE, Fold, Ground, Oracle
from tests.changes.fold import Ids as Attempts
from tests.changes.interpreter import Cell, State

SHOWN_MAX: Final = 3
"""Keys that a finding names."""

Found = Callable[[str, str], None]
"""(rule, what was seen)."""


def inside_of(host: Host) -> Participant | None:
    """The participant of the controller that runs on ``host``."""
    life = host.replica
    return life.replica.participant if isinstance(life, RealLife) else None


class _Mark(NamedTuple):
    """Where a history stands, so that only what is new is looked at."""

    inside: Participant
    height: int
    """Of its ground: numbers begin anew on another one."""
    ids: Ids


class Watch:
    """The watcher of one run."""

    def __init__(self, found: Found) -> None:
        self.answers: dict[int, dict[str, object] | tuple[str, ...]] = {}
        """By call: what was answered, or the errors of a refusal."""
        self.looked = 0
        """How often a state was compared with the oracle's."""
        self._found = found
        self._oracle: Oracle | None = None
        self._marks: dict[str, _Mark] = {}
        self._applied: dict[str, Attempts] = {}
        self._visible: dict[str, Configuration] = {}
        self._states: dict[str, list[State]] = {}

    def fold(self, host: Host) -> Fold:
        """What the rules say that ``host`` holds now."""
        inside = inside_of(host)
        assert inside is not None, "asked of members only"
        return self._fold_of(inside, self._all_applied(inside))

    def _all_applied(self, inside: Participant) -> Attempts:
        """All that its history is made of, what was summed up included."""
        catalogue = inside.catalogue
        past = (attempt for attempt, _, fate in catalogue.ground.past() if fate is not Fate.DEAD)
        numbered = (catalogue[number].id for number in catalogue.ordered(inside.history.ids))
        return frozenset((*past, *numbered))

    def _fold_of(self, inside: Participant, applied: Attempts) -> Fold:
        if self._oracle is None:
            self._oracle = Oracle(inside.founding)
        for number in inside.catalogue.ordered(inside.history.ids):
            self._oracle.hear(inside.catalogue[number])
        return self._oracle.fold(applied, _ground_of(inside))

    def seen(self, host: Host) -> State:
        """What ``host`` itself holds now, what it began with included."""
        inside = inside_of(host)
        assert inside is not None, "asked of members only"
        return {
            key: Cell(entry.present, entry.value, entry.version)
            for key, entry in inside.history.state.entries()
        }

    # --- what the world reports -------------------------------------------------------------------

    def began(self, host: Host) -> None:
        """A life begins: nothing is known of it."""
        _ = self._marks.pop(host.name, None)
        _ = self._applied.pop(host.name, None)
        _ = self._visible.pop(host.name, None)
        self._states[host.name] = [{}]

    def stepped(self, host: Host) -> None:
        """One step is over."""
        inside = inside_of(host)
        if inside is None:
            return
        mark = _Mark(inside, inside.catalogue.ground.height, inside.history.ids)
        if mark != self._marks.get(host.name):
            self._marks[host.name] = mark
            before = self._applied.get(host.name, frozenset())
            self._applied[host.name] = self._all_applied(inside)
            self._compare(host, inside, before)
        if inside.history.visible is not self._visible.get(host.name):
            self._visible[host.name] = inside.history.visible
            self._look_as_readers(host, inside.history.visible)

    def told(self, host: Host, notification: Notification) -> None:
        """A call was answered."""
        del host
        match notification:
            case Answer(call=call, result=result):
                self.answers[call] = result
            case Refusal(call=call, errors=errors):
                self.answers[call] = errors
            case _:
                pass

    def acts(self, host: Host, effects: Effects) -> None:
        """Nothing to see."""

    def written(self, host: Host, write: JournalWrite) -> None:
        """Nothing to see."""

    def ended(self, host: Host, *, power: bool) -> None:
        """Nothing to see."""

    # --- what must hold ---------------------------------------------------------------------------

    def _compare(self, host: Host, inside: Participant, before: Attempts) -> None:
        history, fold = inside.history, self.fold(host)
        self.looked += 1
        self._states[host.name] += self._passed(host, inside, before)
        for text in (*_unlike(history.state, fold.state), *self._other_outcomes(history, fold)):
            self._found("fold", f"{host.name}: {text}")
        for text in _partial(history, inside.catalogue.ground.effective):
            self._found("partial effect", f"{host.name}: {text}")

    def _passed(self, host: Host, inside: Participant, before: Attempts) -> Iterator[State]:
        """The states that one step leads through: it may apply several, one after the other."""
        applied = self._applied[host.name]
        for attempt in self._in_order(applied - before):
            before |= {attempt}
            yield self._fold_of(inside, before).state

    def _in_order(self, attempts: Attempts) -> list[bytes]:
        oracle = self._oracle
        assert oracle is not None, "a fold was asked for"
        return sorted(attempts, key=lambda each: oracle.change_set(each).place)

    def _look_as_readers(self, host: Host, shown: Configuration) -> None:
        written = cells(shown)
        if not any(written == _written(state) for state in reversed(self._states[host.name])):
            self._found("readers", f"{host.name} shows a state that it never was in")

    def _other_outcomes(self, history: History, fold: Fold) -> Iterator[str]:
        for entry in history.log():
            outcome = str(entry.outcome.why or entry.outcome.standing)
            if outcome != fold.outcomes[entry.attempt_id]:
                wanted = fold.outcomes[entry.attempt_id]
                yield f"{entry.name!r} {entry.tx.hex()[:8]} is {outcome}, and must be {wanted}"


def _ground_of(inside: Participant) -> Ground | None:
    """What ``inside`` stands on; None: the founding record."""
    ground = inside.catalogue.ground
    if ground.through is None:
        return None
    past = ground.past()
    return Ground(
        ground.through, frozenset(each for each, _, fate in past if fate is not Fate.DEAD)
    )


def cells(configuration: Configuration) -> State:
    """All that any ChangeSet ever wrote in ``configuration``."""
    return {
        key: Cell(entry.present, entry.value, entry.version)
        for key, entry in configuration.entries()
        if entry.version is not None
    }


def _written(state: State) -> State:
    return {key: cell for key, cell in state.items() if cell.version is not None}


def _unlike(configuration: Configuration, state: State) -> Iterator[str]:
    """The first keys under which something else stands than the rules say."""
    shown = cells(configuration)
    wanted = _written(state)
    if shown == wanted:
        return
    keys = [key for key in sorted({**shown, **wanted}) if shown.get(key) != wanted.get(key)]
    for key in keys[:SHOWN_MAX]:
        yield f"{'/'.join(key)} is {shown.get(key)}, and must be {wanted.get(key)}"


def _partial(history: History, below: frozenset[bytes]) -> Iterator[str]:
    """What has an effect and must not, or has not all of it: by the names that keys bear.

    Of what took effect ``below`` a checkpoint only the names are left.
    """
    writers: dict[bytes, list[Key]] = {}
    for key, entry in history.state.entries():
        if entry.version is not None:
            writers.setdefault(entry.version, []).append(key)
    order: dict[bytes, int] = dict.fromkeys(sorted(below), -1)
    for at, line in enumerate(history.log()):
        if line.outcome.standing is Standing.EFFECTIVE:
            order[line.tx] = at
    for tx in writers:
        if tx not in order:
            yield f"{tx.hex()[:8]} has no effect, and wrote {'/'.join(writers[tx][0])}"
    for line in history.log():
        if line.outcome.standing == EFFECTIVE:
            for change in line.written_keys:
                version = history.state.version(change.key)
                if version is None or order.get(version, -1) < order[line.tx]:
                    yield f"{line.tx.hex()[:8]} took effect, and not on {'/'.join(change.key)}"
