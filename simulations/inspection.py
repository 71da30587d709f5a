"""Who looks over the shoulder of every controller, at every step.

The inspector sees what the world sees: the deeds before they are done, the writes when they are
durable, the history after each step. It changes nothing, and a run with it and without it is the
same run.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from mesh.protocol.effects import (
    Answer,
    Effects,
    InformationChanged,
    JournalWrite,
    MemberChanged,
    Noticed,
    Notification,
    Refusal,
    WriteFact,
    WriteMeta,
)
from mesh.protocol.ground import GROUND_KEY, Ground, read_ground
from mesh.protocol.history.outcomes import Standing
from mesh.protocol.replica.noticeboard import is_reserved
from mesh.wire.facts import Boot, Fact, No, Propose, Record, read_fact
from mesh.wire.identity import Incarnation, fingerprint
from mesh.wire.requests import Kind, decode_attempt
from simulations.checkers.admission import AdmissionChecker
from simulations.checkers.barrier import BarrierChecker
from simulations.checkers.bounds import BoundsChecker
from simulations.checkers.configuration import wrong_values
from simulations.checkers.consent import unagreed
from simulations.checkers.durability import DurabilityChecker
from simulations.checkers.grounds import GroundChecker
from simulations.checkers.information import Deed, InformationOracle
from simulations.checkers.laws import broken_laws, is_same
from simulations.checkers.resurrection import ResurrectionChecker
from simulations.checkers.votes import VoteChecker
from simulations.chronicle import Chronicle
from simulations.durable import Durable
from simulations.host import Host
from simulations.kernel import Kernel
from simulations.life import Life
from simulations.tap import Tap
from simulations.verdict import Violation
from simulations.witness import Witness

VIOLATIONS_MAX: Final = 20
"""More are not kept: the run ends with the first one, and that one matters most."""

SAME_ONE_IN: Final = 4
"""How seldom the laws are looked at on two disks that hold the same: little can be learnt there."""

_ALARMS: Final = frozenset({"states differ", "own facts refused"})
"""What a controller notices about itself that is nobody's fault but ours."""

_CAME_IN: Final = "admitted"
"""What a newcomer notices when it is welcomed."""

_STORE_ALARM: Final = "store"
"""What a store finds and healthy controllers never cause; a lost disk or a copy of one may."""


class Inspector:
    """All checkers of one run."""

    def __init__(self, kernel: Kernel, chronicle: Chronicle, hosts: int) -> None:
        self.violations: list[Violation] = []
        self.oracle = InformationOracle()
        self.barrier = BarrierChecker()
        self.votes = VoteChecker(self.barrier.ledger)
        self.grounds = GroundChecker(self.barrier)
        self.admission = AdmissionChecker(self.barrier.ledger)
        self.witness = Witness(kernel, self.barrier.ledger)
        self.lost: dict[bytes, None] = {}
        """Controllers that have lost their disk, or some of it."""
        self.disbelieved: dict[str, bytes] = {}
        """Hosts with another program, and the controllers that they were.

        What they send is no work of the one under test.
        """
        self.equivocal: dict[bytes, None] = {}
        """Controllers that tell each half of the others something else: nobody can know which."""
        self.steps = 0
        self.answers: dict[int, bool] = {}
        """By call: whether it was done, or refused."""
        self._views: dict[tuple[Incarnation, int], tuple[Incarnation, ...]] = {}
        """The detector's view at the moment at which a fact was written, until it is durable."""
        self._last_views: dict[str, tuple[Incarnation, ...]] = {}
        self._facts: dict[tuple[Incarnation, int], bytes] = {}
        """The hash of every fact that was ever durable at its origin."""
        self._lives: dict[tuple[bytes, int], Incarnation] = {}
        """By controller and boot number."""
        self._copies: dict[str, None] = {}
        """Hosts that nobody planned: a copy of a disk runs there."""
        self._copied: dict[bytes, None] = {}
        """Controllers of which a copy ran: what two lives with one key do, no rule forbids."""
        self._bounds = BoundsChecker(hosts)
        self._samples = 0
        self._resurrection = ResurrectionChecker()
        self._kernel = kernel
        self._chronicle = chronicle
        self._disks: dict[bytes, dict[str, Durable]] = {}
        self._durability = DurabilityChecker(self._disks, self.equivocal)

    def listen(self, tap: Tap) -> None:
        """What the controllers seal is to be had from ``tap``."""
        self._durability.tap = tap

    def violated(self, rule: str, text: str) -> None:
        """Something happened that never must."""
        self._kernel.halt()
        if len(self.violations) < VIOLATIONS_MAX:
            self.violations.append(Violation(self._kernel.now_ns, rule, text))
            self._chronicle.remark(self._kernel.now_ns, "VIOLATED", f"{rule}: {text}")

    # --- what the hosts report ----------------------------------------------------------------

    def began(self, host: Host) -> None:
        """A new life is about to take its first step."""
        self._disks.setdefault(host.controller, {})[host.name] = host.disk.durable
        self._resurrection.began(host.name)
        self.witness.began(host.name, host.controller, host.life)

    def ended(self, host: Host, *, power: bool) -> None:
        """A life is over."""
        self.witness.ended(host.name, power=power)

    def acts(self, host: Host, effects: Effects) -> None:
        """``effects`` are about to be carried out."""
        if effects.datagrams or effects.frames:
            self._leaves(host, effects)
        if not effects.writes:
            return
        for text in self._bounds.waits(host.name, host.disk.unwritten):
            self.violated("bounds", text)
        assert host.replica is not None
        for write in effects.writes:
            if isinstance(write, WriteFact) and write.origin == host.replica.own:
                self._views[write.origin, write.sequence] = host.replica.view()
                self._judge_own(host, host.replica, read_fact(write.signed))

    def _leaves(self, host: Host, effects: Effects) -> None:
        for text in self._bounds.sends(host.name, effects, self._kernel.now_ns):
            self.violated("bounds", text)
        if effects.frames and host.name not in self.disbelieved:
            for text in self._durability.leaving(host.name, host.life, effects):
                self.violated("persist before send", text)

    def _judge_own(self, host: Host, life: Life, fact: Fact) -> None:
        """``host`` has just decided to say ``fact``."""
        if host.controller not in self._copied and host.name not in self.disbelieved:
            for text in self.votes.decided(fact):
                self.violated("vote", text)
            for text in self.admission.proposes(fact, life, host.now.wall_ns):
                self._wrongly_in(host, text)

    def _wrongly_in(self, host: Host, text: str) -> None:
        self.violated("admission", f"{host.name}: {text}")

    def stepped(self, host: Host) -> None:
        """One step is over."""
        self.steps += 1
        for text in self._bounds.stepped(host.name, self._kernel.now_ns):
            self.violated("storm", text)
        assert host.replica is not None
        applied = host.replica.newly_applied()
        if applied and host.name not in self._copies:
            self.barrier.applied(host.controller, applied)
            self._barrier_violations()
        if host.replica.shows_all() and host.controller not in self.lost:
            self._check_shown(host, host.replica)
        view = host.replica.view()
        if view is not self._last_views.get(host.name):
            self._viewed(host, view)

    def _check_shown(self, host: Host, life: Life) -> None:
        """Readers see all that was applied: then all of it must be durable.

        Who has lost its disk is told by others what it said itself, and need not say it again.
        """
        for attempt in self.barrier.unsaid(host.controller):
            if self.barrier.ledger[attempt].change_set.kind in (Kind.CHECKPOINT, Kind.MERGE):
                continue  # it may change nothing that anybody could be shown
            progress = life.progress(attempt)
            if progress is not None and progress.outcome == Standing.EFFECTIVE:
                name = self.barrier.ledger.name(attempt)
                self.violated("shown before durable", f"{host.name} shows {name}")

    def _viewed(self, host: Host, view: tuple[Incarnation, ...]) -> None:
        """The detector changed its mind; where somebody is gone from it, a No can be right."""
        gone = [each for each in self._last_views.get(host.name, ()) if each not in view]
        if gone:
            self.barrier.disturbed(f"{host.name} no longer sees {gone[0]}")
        assert host.replica is not None
        others = [each.controller for each in view if each.controller != host.controller]
        for text in self.admission.believes(host.replica, others):
            self._wrongly_in(host, text)
        self._last_views[host.name] = view

    def written(self, host: Host, write: JournalWrite) -> None:
        """``write`` is durable on ``host``."""
        if isinstance(write, WriteMeta) and write.key == GROUND_KEY:
            self._stands_on(host, read_ground(write.value))
        if not isinstance(write, WriteFact):
            return
        fact = read_fact(write.signed)
        is_new = (write.origin, write.sequence) not in self._facts
        if write.origin.controller != host.controller or not is_new:
            self._check_same(host, fact)
            self.barrier.held(host.controller, fact)
            self.votes.held(host.controller, fact)
            return
        self._facts[write.origin, write.sequence] = fact.hash
        view = self._views.pop((write.origin, write.sequence), None)
        if view is not None:
            self.barrier.saw(write.origin, view)
        if isinstance(fact.body, Boot):
            self._check_number(fact.origin)
        self.barrier.written(fact)
        self.votes.written(fact)
        self.admission.written(fact)
        self._chronicle.counts[_kind(fact)] += 1
        self.witness.wrote(host.name, fact)
        self._barrier_violations()

    def _stands_on(self, host: Host, ground: Ground) -> None:
        """``host`` stands on ``ground`` now, and holds nothing below it."""
        beginning = host.replica.beginning() if host.replica is not None else None
        if beginning is not None:
            self.grounds.founded(*beginning)
        for text in self.grounds.laid(ground):
            self.violated("checkpoint", f"{host.name}: {text}")
        self.barrier.summed_up(host.controller, self.grounds.inside(ground))

    def _check_same(self, host: Host, fact: Fact) -> None:
        """What others hold, and what comes back after a loss, is what its origin wrote."""
        is_other = self._facts.get((fact.origin, fact.sequence)) != fact.hash
        if is_other and fact.origin.controller not in self.equivocal:
            self.violated(
                "one chain", f"{host.name} holds another {fact.sequence} of {fact.origin}"
            )

    def _check_number(self, life: Incarnation) -> None:
        """No two lives have one number, unless the disk that remembered it was lost."""
        other = self._lives.setdefault((life.controller, life.boot), life)
        if other != life and life.controller not in self._copied:
            self.violated("boot number", f"{life} and another life have the same number")

    def wiped(self, controller: bytes) -> None:
        """A disk was lost, or came back as it was before."""
        self.lost[controller] = None
        self.barrier.wiped(controller)
        self.votes.wiped(controller)
        self._lives = {at: life for at, life in self._lives.items() if at[0] != controller}

    def cloned(self, controller: bytes, copy: str) -> None:
        """The host called ``copy`` runs a copy of the disk of ``controller``.

        Neither of the two knows what the other has promised, as after an older image.
        """
        self._copies[copy] = None
        self._copied[controller] = None
        self.wiped(controller)

    def sample(self, hosts: Sequence[Host]) -> None:
        """Look at the laws of the join on two disks, each time others."""
        self._samples += 1
        pair = [hosts[(self._samples + offset) % len(hosts)] for offset in (0, 1)]
        self._check_rosters(pair)
        epochs = {host.replica.epoch() if host.replica is not None else None for host in pair}
        epoch = epochs.pop()
        one, other = (host.disk.durable for host in pair)
        if epochs or epoch is None or one.rotten or other.rotten:
            return
        turn = self._samples + self._samples // len(hosts)
        if turn % SAME_ONE_IN and is_same(one, other):
            return
        for text in broken_laws(one, other, epoch, pair[0].now.wall_ns):
            self.violated("laws of the join", f"{pair[0].name} and {pair[1].name}: {text}")

    def _check_rosters(self, hosts: Iterable[Host]) -> None:
        for host in hosts:
            for text in self.admission.shows(host.replica) if host.replica is not None else ():
                self._wrongly_in(host, text)

    def at_rest(self, hosts: Iterable[Host], *, agreed: bool) -> None:
        """Look once more at all of ``hosts``, which rest."""
        hosts = tuple(hosts)
        self._check_rosters(hosts)
        lives = [(host, host.replica) for host in hosts if host.replica is not None]
        rests = [life.rest() for _, life in lives]
        known = [rest for rest in rests if rest is not None]
        for text in self.barrier.at_rest(known, agreed=agreed):
            self.violated("at rest", text)
        for (host, life), rest in zip(lives, rests, strict=True) if agreed else ():
            written = [each for each in life.entries() if not is_reserved(each[0])]
            for text in self.oracle.violations(written):
                self.violated("running information", f"{host.name}: {text}")
            if rest is not None:
                for text in wrong_values(rest, self.barrier.ledger, life.setting):
                    self.violated("configuration", f"{host.name}: {text}")
                beginning = life.beginning()
                founder = beginning[0].operator if beginning is not None else None
                for text in unagreed(rest, self.barrier.ledger, founder):
                    self.violated("consent", f"{host.name}: {text}")

    def told(self, host: Host, notification: Notification) -> None:
        """The controller tells somebody local."""
        self._chronicle.counts[type(notification).__name__] += 1
        self.witness.told(host.name, notification)
        match notification:
            case Answer(call=call):
                self.answers[call] = True
                for deed in self.oracle.acknowledged(call):
                    self._check_durable(host, deed)
            case Refusal(call=call, errors=errors):
                self.answers[call] = False
                self.oracle.refused(call)
                self._remark(host, f"refused: {'; '.join(errors)}")
            case InformationChanged(paths):
                assert host.replica is not None
                told = [path for path in paths if not is_reserved(path)]
                for text in self._resurrection.changed(host.name, told, host.replica.read):
                    self.violated("resurrection", text)
            case MemberChanged(controller, standing):
                self._remark(host, f"holds {controller.hex()[:8]} {standing}")
            case Noticed(level, event, text):
                self._remark(host, f"{level}: {event}: {text}")
                if event == _CAME_IN:
                    self._came_in(host)
                if event in _ALARMS or (event == _STORE_ALARM and not self._is_excused(text)):
                    self.violated("alarm", f"{host.name}: {event}: {text}")
            case _:
                pass

    def _is_excused(self, text: str) -> bool:
        """Whether a store may say this: something was lost, or it accuses somebody who lies."""
        liars = self.disbelieved.values()
        return bool(self.lost) or any(f"as {fingerprint(liar)}/" in text for liar in liars)

    def _came_in(self, host: Host) -> None:
        assert host.replica is not None
        for text in self.admission.came_in(host.controller, host.replica):
            self._wrongly_in(host, text)

    def _check_durable(self, host: Host, deed: Deed) -> None:
        """What a client is told to be done, and what still shows, is on this host's disk."""
        assert host.replica is not None
        shows = deed.value is not None and deed.value in host.replica.read(deed.path)
        if shows and not host.disk.durable.mentions(str(deed.value).encode()):
            self.violated("answer before durable", f"{host.name}: {'/'.join(deed.path)}")

    def _barrier_violations(self) -> None:
        for text in self.barrier.violations():
            self.violated("barrier", text)

    def _remark(self, host: Host, text: str) -> None:
        self._chronicle.remark(self._kernel.now_ns, host.name, text)


def _kind(fact: Fact) -> str:
    """What a fact says, in a word or two, for the counts."""
    match fact.body:
        case No(why=why):
            return f"fact No {why}"
        case Propose(attempt=attempt):
            return f"fact Propose {decode_attempt(attempt).kind}"
        case Record(kind=kind):
            return f"fact Record {kind}"
        case Boot(previous=None):
            return "fact Boot first"
        case Boot(proven=None):
            return "fact Boot lost"
        case Boot():
            return "fact Boot proven"
        case body:
            return f"fact {type(body).__name__}"
