"""A scripted replica, small enough to be seen through, on which the world's own parts are tested.

It keeps an observed-remove map: values that were written, and values that were replaced. All of it
goes to everybody on every change, once a second, and never before it is durable. Each planted
fault breaks one promise that a checker must see broken.
"""

import json
from collections.abc import Iterator
from enum import Enum
from random import Random

from mesh.environment.founding import Founding
from mesh.protocol.configuration import ReplicaConfiguration
from mesh.protocol.effects import Answer, Effects, Image, Notification, WriteMeta
from mesh.protocol.inputs import (
    DatagramReceived,
    Input,
    Path,
    Persisted,
    RemoveInformation,
    Sighted,
    WriteInformation,
)
from mesh.protocol.now import SECOND, Now
from mesh.protocol.suite import Exchange, Signer, Suite, Verifier
from mesh.wire.identity import Address, Incarnation, digest
from simulations.checkers.barrier import Rest
from simulations.life import Fate as Outcome
from simulations.life import Glance, Progress
from simulations.troubles import Lie


class Fault(Enum):
    """What is wrong with a stand-in."""

    NOTHING = "nothing"
    ANSWERS_EARLY = "answers before it is durable"
    FORGETS = "starts empty"
    DELETES = "deletes everything now and then"
    DEAF = "ignores what others say"
    RESURRECTS = "ignores what was replaced"
    ECHOES = "answers every message with one to everybody"
    MOODY = "decides by the order of a set of strings"


class StandIn:
    """One life of a scripted controller. ``roster`` is everybody, and is never asked."""

    def __init__(
        self,
        identity: Signer,
        random: Random,
        image: Image,
        roster: list[bytes],
        fault: Fault = Fault.NOTHING,
    ) -> None:
        self.own = Incarnation(identity.public, image.boot, random.randbytes(8))
        self._roster = roster
        self._fault = fault
        self._random = random
        self._written: dict[str, Path] = {}
        self._replaced: set[str] = set()
        self._peers: list[Address] = []
        self._token = 0
        self._held: list[tuple[int, Notification | None]] = []
        stored = image.meta.get("state")
        if stored is not None and fault is not Fault.FORGETS:
            _ = self._merge(stored)

    # --- what the world asks ------------------------------------------------------------------

    def glance(self) -> Glance | None:
        """A member from the start, of one mind with everybody who holds the same."""
        everybody = tuple(sorted(self._roster))
        held = digest(self._state())
        return Glance(everybody, everybody, held, held, held, ())

    def view(self) -> tuple[Incarnation, ...]:
        """It has no detector."""
        return ()

    def rest(self) -> Rest | None:
        """It has no barrier."""
        return None

    def newly_applied(self) -> tuple[bytes, ...]:
        """There is no history."""
        return ()

    def progress(self, attempt: bytes) -> Progress | None:
        """There are no ChangeSets."""
        return None

    def pending(self, now: Now) -> tuple[bytes, ...]:
        """Nobody has to be accepted."""
        return ()

    def epoch(self) -> bytes | None:
        """It has no data set of the kind that is looked into."""
        return None

    def waiting(self) -> tuple[bytes, ...]:
        """There is no barrier."""
        return ()

    def beginning(self) -> tuple[Founding, Verifier] | None:
        """It began with nothing."""
        return None

    def environment(self) -> bytes | None:
        """All are in one."""
        return b"environment"

    def fates(self, now: Now) -> tuple[Outcome, ...]:
        """There are no ChangeSets."""
        return ()

    def shows_all(self) -> bool:
        """There is no configuration to be shown."""
        return False

    def lie(self, lie: Lie, random: Random, now: Now) -> int:
        """It is too simple to lie."""
        del lie, random, now
        return 0

    def setting(self, path: Path) -> object:
        """There is no configuration."""
        return None

    def read(self, path: Path) -> frozenset[object]:
        """What was written there and not replaced."""
        return frozenset(
            value
            for value, where in self._written.items()
            if where == path and value not in self._replaced
        )

    def entries(self) -> Iterator[tuple[Path, frozenset[object]]]:
        """Everything that is visible."""
        for path in sorted(set(self._written.values())):
            if self.read(path):
                yield path, self.read(path)

    # --- what happens -------------------------------------------------------------------------

    def start(self, now: Now) -> Effects:
        """The first step."""
        return Effects(wake_at_ns=now.monotonic_ns + SECOND)

    def handle(self, given: Input, now: Now) -> Effects:
        """The next one."""
        wake_at_ns = now.monotonic_ns + SECOND
        match given:
            case Sighted(address=address):
                self._peers.append(address)
            case WriteInformation(call=call, writes=writes):
                for write in writes:
                    self._replace(write.path)
                    self._written[str(write.value)] = write.path
                return self._keep(call, wake_at_ns)
            case RemoveInformation(call=call, prefix=prefix):
                self._replace(prefix)
                return self._keep(call, wake_at_ns)
            case DatagramReceived(payload=payload):
                if self._fault is not Fault.DEAF and self._merge(payload):
                    return self._keep(None, wake_at_ns)
                echo = self._fault is Fault.ECHOES
                return self._gossip((), wake_at_ns) if echo else Effects(wake_at_ns=wake_at_ns)
            case Persisted(token=token):
                told = [one for at, one in self._held if at <= token and one is not None]
                self._held = [(at, one) for at, one in self._held if at > token]
                return self._gossip(tuple(told), wake_at_ns)
            case _:
                if self._fault is Fault.DELETES and not self._random.randrange(3):
                    self._replaced.update(self._written)
                    return self._keep(None, wake_at_ns)
        return self._gossip((), wake_at_ns)

    def _replace(self, path: Path) -> None:
        self._replaced.update(str(value) for value in self.read(path))

    def _keep(self, call: int | None, wake_at_ns: int) -> Effects:
        self._token += 1
        early: tuple[Notification, ...] = ()
        answer: Notification | None = None
        if call is not None and self._fault is Fault.ANSWERS_EARLY:
            early = (Answer(call, {}),)
        elif call is not None:
            answer = Answer(call, {})
        self._held.append((self._token, answer))
        return Effects(
            token=self._token,
            writes=(WriteMeta("state", self._state()),),
            notifications=early,
            wake_at_ns=wake_at_ns,
        )

    def _gossip(self, told: tuple[Notification, ...], wake_at_ns: int) -> Effects:
        datagrams = tuple((peer, self._state()) for peer in self._peers)
        return Effects(
            datagrams=() if self._held else datagrams, notifications=told, wake_at_ns=wake_at_ns
        )

    # --- its state ----------------------------------------------------------------------------

    def _state(self) -> bytes:
        replaced = list(self._replaced) if self._fault is Fault.MOODY else sorted(self._replaced)
        return json.dumps([sorted(self._written.items()), replaced]).encode()

    def _merge(self, state: bytes) -> bool:
        """Take in what somebody says; whether it was new."""
        written, replaced = json.loads(state)
        before = self._state()
        self._written.update({value: tuple(path) for value, path in written})
        if self._fault is not Fault.RESURRECTS:
            self._replaced.update(replaced)
        return self._state() != before


class StandIns:
    """Makes the lives of one world; set ``roster`` when its hosts are known."""

    def __init__(self, fault: Fault = Fault.NOTHING) -> None:
        self.roster: list[bytes] = []
        self._fault = fault

    def __call__(
        self,
        identity: Signer,
        operator: Signer,
        exchange: Exchange,
        configuration: ReplicaConfiguration,
        random: Random,
        suite: Suite,
        image: Image,
    ) -> StandIn:
        """One life."""
        return StandIn(identity, random, image, self.roster, self._fault)
