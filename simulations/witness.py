"""What a person would tell of a run, moment by moment, and whatever waits for such a moment.

The chronicle holds every event, thousands for one change. Here are the few that make a story: a
ChangeSet is submitted, proposed, sealed, released, shown; somebody is suspected; a life begins or
ends. Faults and steps may wait for one of them, so that a crash can be placed between two events
that are microseconds apart. What is seen follows from the seed alone, and so does what it sets off.

Invariant: a fact is seen when it is durable at its origin, before its origin learns of that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mesh.protocol.effects import (
    ConfigurationSwapped,
    MemberChanged,
    Noticed,
    Notification,
    Refusal,
)
from mesh.wire.facts import Applied, Boot, Fact, No, Propose, Seal
from simulations.checkers.ledger import Ledger
from simulations.kernel import Kernel
from simulations.plan import Trigger

MOMENTS_MAX: Final = 100_000
"""More are not kept, some 20 MB: a story that long is read by nobody."""

_BELIEVED: Final = {
    "suspect": "suspected",
    "replaced": "alive",
}
"""What a detector says, where the story has another word for it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that was seen."""

    time_ns: int
    host: str
    seen: str
    """A ``Sight``, or a word for people only."""
    change: str = ""
    """The name of the ChangeSet that it is about."""
    about: str = ""
    """The name of the member that it is about."""
    text: str = ""
    """What else there is to say."""


Then = Callable[[int], None]
"""What follows a moment, given its time."""


@dataclass(slots=True)
class _Waiting:
    trigger: Trigger
    then: Then
    seen: int = 0


class Witness:
    """Sees the run as people would, and says so to whatever waits."""

    def __init__(self, kernel: Kernel, ledger: Ledger) -> None:
        self.moments: list[Moment] = []
        self._kernel = kernel
        self._ledger = ledger
        self._waiting: list[_Waiting] = []
        self._names: dict[bytes, str] = {}
        """Of hosts, by controller."""
        self._changes: dict[bytes, str] = {}
        """Names of ChangeSets, by tx."""
        self._asked: dict[int, str] = {}
        """Names of steps, by call."""
        self._released: dict[bytes, None] = {}

    # --- waiting ------------------------------------------------------------------------------

    def wait(self, trigger: Trigger | None, base_ns: int, then: Then) -> None:
        """Do ``then`` once ``trigger`` is pulled; without one at once, with ``base_ns``."""
        if trigger is None:
            then(base_ns)
        else:
            self._waiting.append(_Waiting(trigger, then))

    def close(self) -> None:
        """Nothing waits any more."""
        self._waiting.clear()

    def saw(
        self, host: str, seen: str, *, change: str = "", about: str = "", text: str = ""
    ) -> None:
        """Something was seen."""
        moment = Moment(self._kernel.now_ns, host, seen, change, about, text)
        if len(self.moments) < MOMENTS_MAX:
            self.moments.append(moment)
        for waiting in [each for each in self._waiting if _fits(each.trigger, moment)]:
            waiting.seen += 1
            if waiting.seen == waiting.trigger.nth:
                self._waiting.remove(waiting)
                waiting.then(moment.time_ns)

    # --- seeing -------------------------------------------------------------------------------

    def began(self, host: str, controller: bytes, life: int) -> None:
        """A life begins."""
        self._names[controller] = host
        self.saw(host, "started", text=f"life {life}")

    def ended(self, host: str, *, power: bool) -> None:
        """A life ends."""
        self.saw(host, "stopped", text="the power is gone" if power else "")

    def asked(self, call: int, host: str, step: str, kind: str) -> None:
        """Somebody asks for something."""
        self._asked[call] = step
        if kind == "change":
            self.saw(host, "submitted", change=step)
        else:
            self.saw(host, kind, text=step)

    def wrote(self, host: str, fact: Fact) -> None:
        """A fact is durable at its origin, for the first time, and the ledger knows it."""
        match fact.body:
            case Propose(request=request):
                change = self._ledger[fact.body.attempt_id].change_set.request.name
                self._changes[request.tx] = change
                self.saw(host, "proposed", change=change)
            case Seal(attempt=attempt) if attempt in self._ledger:
                entry = self._ledger[attempt]
                change = entry.change_set.request.name
                self.saw(host, "sealed", change=change)
                if entry.complete and attempt not in self._released:
                    self._released[attempt] = None
                    self.saw(host, "released", change=change)
            case No(attempt=attempt, why=why, detail=detail):
                text = f"{why}: {detail}" if detail else str(why)
                self.saw(host, "refused", change=self._name(attempt), text=text)
            case Applied(attempt=attempt):
                self.saw(host, "applied", change=self._name(attempt))
            case Boot(previous=previous, proven=None) if previous is not None:
                self.saw(host, "booted", text="cannot prove what its last life wrote")
            case _:
                pass

    def _name(self, attempt: bytes) -> str:
        known = attempt in self._ledger
        return self._ledger[attempt].change_set.request.name if known else attempt.hex()[:8]

    def told(self, host: str, notification: Notification) -> None:
        """A controller tells somebody local."""
        match notification:
            case Refusal(call=call, errors=errors) if call in self._asked:
                self.saw(host, "refused", change=self._asked[call], text="; ".join(errors))
            case ConfigurationSwapped(tx=shown, late=late, why=why):
                for tx in shown:
                    text = f"late: {why}" if late else why
                    self.saw(host, "shown", change=self._changes.get(tx, ""), text=text)
            case MemberChanged(controller=controller, standing=standing):
                believed = _BELIEVED.get(standing, standing)
                about = self._names.get(controller, controller.hex()[:8])
                self.saw(host, believed, about=about)
            case Noticed(event=event, text=text):
                self.saw(host, "noticed", text=f"{event}: {text}")
            case _:
                pass


def _fits(trigger: Trigger, moment: Moment) -> bool:
    return (
        trigger.seen == moment.seen
        and trigger.change in {None, moment.change}
        and trigger.host in {None, moment.host}
        and trigger.about in {None, moment.about}
    )
