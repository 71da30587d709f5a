"""The story of each ChangeSet: from the proposal to what every host shows.

Told from the facts as they become durable at their origins, which is all that the world can ever
know, and from what the controllers tell their local listeners. A ChangeSet is *released* at the
moment at which some set of participants is complete: each member has sealed exactly that set.
"""

from dataclasses import dataclass, field
from typing import Final

from mesh.protocol.catalogue import ChangeSet, read_change_set
from mesh.wire import cbor
from mesh.wire.facts import Applied, Fact, No, Propose, Seal
from mesh.wire.requests import Command, Kind
from simulations.life import Progress
from simulations.recording.names import Names

ATTEMPTS_MAX: Final = 5_000
"""Attempts whose story is kept; later ones are counted."""

COMMANDS_TOLD_MAX: Final = 6

VALUE_MAX: Final = 24
"""Characters of a parameter's value."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One seal or No."""

    time_ns: int
    host: str
    words: str
    """With whom it was sealed, or why not."""


@dataclass(frozen=True, slots=True)
class Turn:
    """How the ChangeSet stands on one host from some moment on."""

    time_ns: int
    host: str
    words: str


@dataclass(frozen=True, slots=True)
class Showing:
    """One host shows the configuration with this ChangeSet in it."""

    time_ns: int
    host: str
    is_late: bool
    """After the common instant, as soon as it could."""
    why: str
    """Why the common instant did not count here; empty where it did."""


@dataclass(slots=True)
class Story:
    """One attempt."""

    id: bytes
    tx: bytes
    name: str
    number: int
    """The first attempt at its request, the second, ..."""
    kind: str
    commands: tuple[str, ...]
    author: str
    participants: tuple[str, ...]
    quorum: int
    proposed_ns: int
    guard_ns: int
    seals: list[Vote] = field(default_factory=list)
    nos: list[Vote] = field(default_factory=list)
    released_ns: int | None = None
    released_by: tuple[str, ...] = ()
    """The members of the first complete set."""
    instant_ns: int | None = None
    """The moment at which all were to show it, by the clock of the last that sealed."""
    applied: list[Vote] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    shown: list[Showing] = field(default_factory=list)

    @property
    def skew_ns(self) -> int | None:
        """Between the first and the last of those that show it at the common instant."""
        times = [each.time_ns for each in self.on_time]
        return max(times) - min(times) if len(times) > 1 else None

    @property
    def on_time(self) -> list[Showing]:
        """Those of its own that show it at the common instant."""
        return [
            each
            for each in self.shown
            if each.host in self.released_by and not each.is_late and not each.why
        ]

    @property
    def afterwards(self) -> list[Showing]:
        """All others that show it."""
        return [each for each in self.shown if each not in self.on_time]

    @property
    def end(self) -> dict[str, str]:
        """How it stands on each host in the end."""
        return {turn.host: turn.words for turn in self.turns}


class Stories:
    """All attempts of one run, in the order of their proposals."""

    def __init__(self, names: Names) -> None:
        self.all: dict[bytes, Story] = {}
        self.untold = 0
        """Attempts beyond ATTEMPTS_MAX."""
        self._names = names
        self._change_sets: dict[bytes, ChangeSet] = {}
        self._sealed: dict[tuple[bytes, bytes], dict[int, int]] = {}
        """By attempt and set: the clock of each sealer's seal, by its seat."""
        self._attempts: dict[bytes, list[bytes]] = {}
        self._named: dict[str, dict[bytes, int]] = {}
        """By name: the requests that have it, numbered."""

    def attempts(self, tx: bytes) -> tuple[Story, ...]:
        """All attempts at one request."""
        return tuple(self.all[attempt] for attempt in self._attempts.get(tx, ()))

    def written(self, fact: Fact, time_ns: int) -> None:
        """``fact`` is durable at its origin."""
        match fact.body:
            case Propose() as propose:
                self._proposed(propose, time_ns)
            case Seal() as seal:
                self._seal(fact, seal, time_ns)
            case No(attempt=attempt, why=why, detail=detail):
                told = self.all.get(attempt)
                if told is not None:
                    words = self._names.plain(detail) or str(why)
                    told.nos.append(Vote(time_ns, self._host(fact), words))
            case Applied(attempt=attempt):
                told = self.all.get(attempt)
                if told is not None:
                    told.applied.append(Vote(time_ns, self._host(fact), ""))
            case _:
                pass

    def _host(self, fact: Fact) -> str:
        return self._names.host(fact.origin.controller)

    def _proposed(self, propose: Propose, time_ns: int) -> None:
        try:
            change_set = read_change_set(propose)
        except cbor.Undecodable:
            return
        if change_set.id in self.all:
            return
        name = self._name(change_set)
        self._names.change_is(change_set.id, name)
        self._names.change_is(change_set.tx, name)
        if len(self.all) >= ATTEMPTS_MAX:
            self.untold += 1
            return
        self._change_sets[change_set.id] = change_set
        self._attempts.setdefault(change_set.tx, []).append(change_set.id)
        self.all[change_set.id] = self._story(change_set, name, time_ns)

    def _name(self, change_set: ChangeSet) -> str:
        """What people call it; of several with one name each later one has a number."""
        name = self._names.plain(change_set.request.name) or str(change_set.kind)
        sharing = self._named.setdefault(name, {})
        number = sharing.setdefault(change_set.tx, len(sharing) + 1)
        return name if number == 1 else f"{name} ({number})"

    def _story(self, change_set: ChangeSet, name: str, time_ns: int) -> Story:
        attempt, request = change_set.attempt, change_set.request
        return Story(
            id=change_set.id,
            tx=change_set.tx,
            name=name,
            number=len(self._attempts[change_set.tx]),
            kind=str(attempt.kind),
            commands=_commands(request.resolved, attempt.kind, self._names),
            author=self._names.host(attempt.author.controller),
            participants=tuple(self._names.host(each.controller) for each in attempt.participants),
            quorum=attempt.quorum,
            proposed_ns=time_ns,
            guard_ns=attempt.guard_ns,
        )

    def _seal(self, fact: Fact, seal: Seal, time_ns: int) -> None:
        told = self.all.get(seal.attempt)
        if told is None:
            return
        bits = int.from_bytes(seal.members, "little")
        seats = [seat for seat in range(len(told.participants)) if bits >> seat & 1]
        members = tuple(told.participants[seat] for seat in seats)
        told.seals.append(Vote(time_ns, self._host(fact), ", ".join(sorted(members))))
        participants = self._change_sets[seal.attempt].attempt.participants
        if fact.origin not in participants:
            return
        sealed = self._sealed.setdefault((seal.attempt, seal.members), {})
        sealed[participants.index(fact.origin)] = fact.content.clock_ns
        is_complete = len(seats) >= told.quorum and all(seat in sealed for seat in seats)
        if is_complete and told.released_ns is None:
            told.released_ns, told.released_by = time_ns, members
            ahead_ns = max(sealed.values()) - fact.content.clock_ns
            told.instant_ns = time_ns + ahead_ns + told.guard_ns

    # --- what the hosts tell ------------------------------------------------------------------

    def stands(self, attempt: bytes, host: str, progress: Progress, time_ns: int) -> None:
        """How ``attempt`` stands on ``host`` now."""
        told = self.all[attempt]
        words = _turn_words(progress, self._names)
        if told.end.get(host) != words:
            told.turns.append(Turn(time_ns, host, words))

    def shown(self, tx: bytes, showing: Showing) -> None:
        """A host shows ``tx``; which attempt brought it there is not said."""
        attempts = self.attempts(tx)
        released = [told for told in attempts if told.released_ns is not None]
        for told in (released or attempts)[:1]:
            if all(each.host != showing.host for each in told.shown):
                told.shown.append(showing)


def _commands(commands: tuple[Command, ...], kind: Kind, names: Names) -> tuple[str, ...]:
    if kind is Kind.MERGE and not commands:
        return ("join two histories",)
    lines = [
        " ".join(
            (
                command.group,
                command.verb,
                *(f"{name}={_short(names, value)}" for name, value in command.parameters.items()),
            )
        )
        for command in commands[:COMMANDS_TOLD_MAX]
    ]
    more = len(commands) - COMMANDS_TOLD_MAX
    return (*lines, f"and {more} more") if more > 0 else tuple(lines)


def _short(names: Names, value: object) -> str:
    text = names.plain(str(value))
    return text if len(text) <= VALUE_MAX else f"{text[: VALUE_MAX - 1]}…"


def _turn_words(progress: Progress, names: Names) -> str:
    if not progress.outcome:
        return progress.word
    reason = names.plain(progress.why)
    return f"{progress.outcome}: {reason}" if reason else progress.outcome
