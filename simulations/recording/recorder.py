"""Looks on at everything, and keeps it.

The recorder stands where the checkers stand, and beside the network. Each thing that happens on a
host gets a place in one order: the order in which the world did it. So the recording of a run is
enough to ask afterwards what could have influenced what.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mesh.protocol.effects import (
    Answer,
    ChangeProgressed,
    ConfigurationSwapped,
    Effects,
    Ended,
    InformationChanged,
    JournalWrite,
    MemberChanged,
    Noticed,
    Notification,
    Refusal,
    WriteFact,
)
from mesh.protocol.inputs import Path
from mesh.wire import codec
from mesh.wire.facts import Applied, No, Propose, Seal, read_fact
from mesh.wire.framing import Assembler
from mesh.wire.identity import Incarnation
from mesh.wire.rejected import Rejected
from simulations.checkers.information import InformationOracle
from simulations.host import Host, Watcher
from simulations.kernel import Kernel
from simulations.network.paths import Paths
from simulations.recording.changes import Showing, Stories
from simulations.recording.contents import fact_words, kind_of, read_datagram, words_of
from simulations.recording.mail import MESSAGES_MAX, Mail
from simulations.recording.names import Names
from simulations.recording.reach import Reach
from simulations.recording.sights import Sights
from simulations.tap import Tap
from simulations.verdict import Violation

MARKS_MAX: Final = 50_000
"""Things kept that happen on a host and are no message; of later ones only the count."""

SECOND: Final = 1_000_000_000

_QUOTED: Final = re.compile("“[^”]*”")
"""The name of a ChangeSet, in which a host may be named that has no part in what is said."""


class Kind(StrEnum):
    """What sort of thing a mark is."""

    STARTED = "started"
    STOPPED = "stopped"
    PROPOSED = "proposed"
    SEALED = "sealed"
    REFUSED = "refused"
    APPLIED = "applied"
    FACT = "fact"
    ASKED = "asked"
    SHOWN = "shown"
    NOTICED = "noticed"
    MEMBER = "member"
    VIOLATED = "violated"


_FACT_KINDS: Final[dict[type, Kind]] = {
    Propose: Kind.PROPOSED,
    Seal: Kind.SEALED,
    No: Kind.REFUSED,
    Applied: Kind.APPLIED,
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened on one host."""

    order: int
    time_ns: int
    host: int
    kind: Kind
    words: str


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the run begins."""

    time_ns: int
    words: str


class Recorder:
    """Watches one world; give it to the World that is to be watched, and to no other."""

    def __init__(self, *, messages_max: int = MESSAGES_MAX) -> None:
        self.names = Names()
        self.hosts: list[str] = []
        self.mail = Mail(messages_max)
        self.marks: list[Mark] = []
        self.unmarked = 0
        """Marks beyond MARKS_MAX."""
        self.phases: list[Phase] = []
        self.disturbances: dict[str, int] = {}
        """When each fault began."""
        self.stories = Stories(self.names)
        self.sights = Sights()
        self.reach = Reach()
        self.bytes_sent: list[dict[int, int]] = []
        """By host: the bytes that it sent in each second of the world's time."""
        self.acting: str | None = None
        """The host whose step was looked at last."""
        self._numbers: dict[str, int] = {}
        self._controllers: dict[str, Host] = {}
        self._order = 0
        self._facts: dict[tuple[Incarnation, int], None] = {}
        self._parts: dict[tuple[str, str], Assembler] = {}
        self._restoring: dict[str, None] = {}
        """Hosts on which a life has begun that has not taken its first step."""

    def attach(self, kernel: Kernel, paths: Paths, oracle: InformationOracle, tap: Tap) -> None:
        """The world in which everything will happen."""
        self._tap = tap
        self._kernel = kernel
        self._paths = paths
        self._oracle = oracle

    @property
    def now_ns(self) -> int:
        """The world's time."""
        return self._kernel.now_ns

    def phase(self, words: str) -> None:
        """A part of the run begins."""
        self.phases.append(Phase(self.now_ns, words))

    def disturbed(self, fault: str) -> None:
        """``fault`` begins, by the name under which its bites are counted."""
        _ = self.disturbances.setdefault(fault, self.now_ns)

    def number(self, name: str) -> int:
        """The number of a host, a new one for a new name."""
        known = self._numbers.get(name)
        if known is None:
            known = self._numbers[name] = len(self.hosts)
            self.hosts.append(name)
            self.bytes_sent.append({})
        return known

    def _next(self) -> int:
        self._order += 1
        return self._order

    def mark(self, host: str, kind: Kind, words: str) -> None:
        """Something happened on ``host``."""
        number = self.number(host)
        if len(self.marks) >= MARKS_MAX:
            self.unmarked += 1
            return
        self.marks.append(Mark(self._next(), self.now_ns, number, kind, words))

    # --- the network --------------------------------------------------------------------------

    def sent(self, source: str, target: str, payload: bytes, *, on_stream: bool) -> int:
        """``payload`` leaves ``source``."""
        number, second = self.number(source), self.now_ns // SECOND
        spent = self.bytes_sent[number]
        spent[second] = spent.get(second, 0) + len(payload)
        kind, words = self._read(source, target, payload, on_stream=on_stream)
        return self.mail.sent(
            number,
            self.number(target),
            self.now_ns,
            self._next(),
            kind=kind,
            words=words,
            size_bytes=len(payload),
            on_stream=on_stream,
        )

    def _read(
        self, source: str, target: str, payload: bytes, *, on_stream: bool
    ) -> tuple[str, str]:
        if not payload:
            return "end of connection", ""
        if not on_stream:
            message = read_datagram(payload, self._tap)
            return kind_of(message), words_of(message, self.names)
        part = self._tap.read(payload)
        if part is None:
            return "handshake", ""
        parts = self._parts.setdefault((source, target), Assembler())
        whole = parts.add(part)
        if whole is None:
            return "part of a message", ""
        if isinstance(whole, Rejected):
            del self._parts[source, target]
            return kind_of(whole), ""
        message = codec.decode(whole)
        return kind_of(message), words_of(message, self.names)

    def lost(self, message: int, why: str) -> None:
        """``message`` will not arrive."""
        self.mail.lost(message, self.now_ns, why)

    def arrived(self, message: int) -> None:
        """``message`` is at its host, which may be deaf."""
        if message < self.mail.first:
            return
        host = self._controllers.get(self.hosts[self.mail.target(message)])
        if host is None or not host.is_running:
            self.mail.lost(message, self.now_ns, "no controller runs there")
            return
        self.mail.arrived(message, self.now_ns, self._next())

    # --- the hosts ----------------------------------------------------------------------------

    def began(self, host: Host) -> None:
        """A new life is about to take its first step."""
        self.names.controller_is(host.controller, host.name)
        self._controllers[host.name] = host
        lives = "starts" if host.life == 1 else f"starts, life {host.life}"
        self.mark(host.name, Kind.STARTED, lives)
        self.sights.began(self.now_ns, host.name)
        self._restoring[host.name] = None

    def ended(self, host: Host, *, power: bool) -> None:
        """A life is over."""
        self.mark(host.name, Kind.STOPPED, "loses its power" if power else "stops")
        self.sights.stopped(self.now_ns, host.name)

    def acts(self, host: Host, effects: Effects) -> None:
        """``effects`` are about to be carried out."""
        del effects
        self.acting = host.name

    def stepped(self, host: Host) -> None:
        """One step is over."""
        assert host.replica is not None
        if host.name in self._restoring:
            del self._restoring[host.name]
            self._restored(host)
        view = host.replica.view()
        if self.sights.is_news(host.name, view):
            seen = tuple(self.names.host(each.controller) for each in view)
            self.sights.viewed(self.now_ns, host.name, view, seen)
        self.reach.look(self.now_ns, self._controllers, self._paths)

    def _restored(self, host: Host) -> None:
        """What a new life found on its disk it shows without telling anybody."""
        assert host.replica is not None
        for path in dict.fromkeys(write.path for write in self.sights.writes):
            values = host.replica.read(path)
            if values:
                self.sights.reads(self.now_ns, host.name, path, values)

    def written(self, host: Host, write: JournalWrite) -> None:
        """``write`` is durable on ``host``."""
        if not isinstance(write, WriteFact) or write.origin.controller != host.controller:
            return
        at = (write.origin, write.sequence)
        if at in self._facts:
            return
        self._facts[at] = None
        fact = read_fact(write.signed)
        self.stories.written(fact, self.now_ns)
        kind = _FACT_KINDS.get(type(fact.body), Kind.FACT)
        self.mark(host.name, kind, fact_words(fact, self.names))

    def told(self, host: Host, notification: Notification) -> None:
        """The controller tells somebody local."""
        match notification:
            case Answer(call=call):
                self._answered(host, call)
            case Refusal(errors=errors):
                text = self.names.plain("; ".join(errors))
                self.mark(host.name, Kind.ASKED, f"refuses what was asked: {text}")
            case InformationChanged(paths=paths):
                self._informed(host, paths)
            case ChangeProgressed(tx=tx):
                self._progressed(host, tx)
            case ConfigurationSwapped(tx=changes, late=late, why=why):
                self._shown(host, changes, Showing(self.now_ns, host.name, late, why))
            case MemberChanged(controller=controller, standing=standing):
                about = self.names.host(controller)
                self.mark(host.name, Kind.MEMBER, f"holds {about} to be {standing}")
                self.sights.stands(self.now_ns, host.name, about, standing)
            case Noticed(event=event, text=text):
                self.mark(host.name, Kind.NOTICED, f"{event}: {self.names.plain(text)}")
            case Ended(why=why):
                self.mark(host.name, Kind.NOTICED, f"this life ends: {why}")

    def _answered(self, host: Host, call: int) -> None:
        for deed in self._oracle.asked(call):
            verb = "removes" if deed.value is None else "writes"
            self.mark(host.name, Kind.ASKED, f"{verb} {'/'.join(deed.path)}")
            self.sights.wrote(self.now_ns, host.name, deed)

    def _informed(self, host: Host, paths: tuple[Path, ...]) -> None:
        assert host.replica is not None
        for path in paths:
            self.sights.reads(self.now_ns, host.name, path, host.replica.read(path))

    def _progressed(self, host: Host, tx: bytes) -> None:
        assert host.replica is not None
        for story in self.stories.attempts(tx):
            progress = host.replica.progress(story.id)
            if progress is not None:
                self.stories.stands(story.id, host.name, progress, self.now_ns)

    def _shown(self, host: Host, changes: tuple[bytes, ...], showing: Showing) -> None:
        for tx in changes:
            self.stories.shown(tx, showing)
        told = ", ".join(self.names.change(tx) for tx in changes)
        late = f", late: {showing.why}" if showing.is_late else ""
        self.mark(host.name, Kind.SHOWN, f"shows {told or 'another configuration'}{late}")

    # --- the end ------------------------------------------------------------------------------

    def close(self, violations: Sequence[Violation], known: Sequence[str]) -> None:
        """The run is over, with ``violations``; ``known`` are the hosts of the scenario.

        Each violation is marked on the hosts that it names, or else on the one that acted last.
        """
        self.phase("the end")
        for violation in violations:
            told = f"{violation.rule}: {self.names.plain(violation.text)}"
            spoken = _words(_QUOTED.sub(" ", told))
            named = [name for name in known if name in spoken]
            if not named and self.acting is not None:
                named = [self.acting]
            for name in named:
                self.mark(name, Kind.VIOLATED, told)


def _words(text: str) -> list[str]:
    return "".join(
        letter if letter.isalnum() or letter in "-_." else " " for letter in text
    ).split()


class Together:
    """Several watchers, one after the other."""

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def began(self, host: Host) -> None:
        """A new life is about to take its first step."""
        for each in self._watchers:
            each.began(host)

    def acts(self, host: Host, effects: Effects) -> None:
        """``effects`` are about to be carried out."""
        for each in self._watchers:
            each.acts(host, effects)

    def stepped(self, host: Host) -> None:
        """One step is over."""
        for each in self._watchers:
            each.stepped(host)

    def written(self, host: Host, write: JournalWrite) -> None:
        """``write`` is durable on ``host``."""
        for each in self._watchers:
            each.written(host, write)

    def ended(self, host: Host, *, power: bool) -> None:
        """A life is over."""
        for each in self._watchers:
            each.ended(host, power=power)

    def told(self, host: Host, notification: Notification) -> None:
        """The controller tells somebody local."""
        for each in self._watchers:
            each.told(host, notification)
