"""One life of a controller as the world sees it.

The world drives whatever has this face: the real replica, or a scripted one that tests its parts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Protocol

from mesh.environment.founding import Founding
from mesh.protocol.configuration import ReplicaConfiguration
from mesh.protocol.effects import Effects, Image
from mesh.protocol.inputs import Input, Path
from mesh.protocol.now import Now
from mesh.protocol.suite import Exchange, Signer, Suite, Verifier
from mesh.wire.identity import Incarnation
from simulations.checkers.barrier import Rest
from simulations.troubles import Lie


@dataclass(frozen=True, slots=True)
class Glance:
    """How things stand in one life, as far as agreement goes."""

    active: tuple[bytes, ...]
    """The controllers of the roster that take part, sorted."""
    live: tuple[bytes, ...]
    """Those that it believes alive, sorted."""
    history: bytes
    state: bytes
    visible: bytes
    """Hash of the configuration that readers see."""
    unsettled: tuple[str, ...]
    """ChangeSets that are neither part of the history nor refused here, and what they wait for."""
    secret: bytes = b""
    """The hash of the secret of the environment in use."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How one attempt of a ChangeSet stands in one life, in the words that people read."""

    word: str
    """As the barrier has it: pending, applied, cancelled, ..."""
    outcome: str = ""
    """What became of it in the history: effective, set aside, ...; empty where it is not there."""
    why: str = ""
    """Why it was set aside."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one ChangeSet, as one controller sees it."""

    tx: bytes
    name: str
    is_merge: bool
    word: str
    """As people read it: applied, set aside, cancelled, pending …"""
    text: str
    """The same as a sentence."""
    refusals: tuple[str, ...]
    """Each No, with its reason."""


class Life(Protocol):
    """A replica, and questions that change nothing."""

    @property
    def own(self) -> Incarnation:
        """Its name."""

    def start(self, now: Now) -> Effects:
        """The first step."""

    def handle(self, given: Input, now: Now) -> Effects:
        """The next one."""

    def glance(self) -> Glance | None:
        """None while it belongs to no environment."""

    def view(self) -> tuple[Incarnation, ...]:
        """Whom its detector holds for alive, itself included."""

    def rest(self) -> Rest | None:
        """How its barrier stands; None where it has none."""

    def newly_applied(self) -> tuple[bytes, ...]:
        """Attempts that became part of the history since this was last asked."""

    def shows_all(self) -> bool:
        """Whether readers see another configuration than when this was last asked, the newest."""

    def progress(self, attempt: bytes) -> Progress | None:
        """How ``attempt`` stands here; None where its proposal is not held."""

    def pending(self, now: Now) -> tuple[bytes, ...]:
        """Controllers that wait to be accepted here."""

    def read(self, path: Path) -> frozenset[object]:
        """The values visible at ``path``: none, one, or several in conflict."""

    def entries(self) -> Iterator[tuple[Path, frozenset[object]]]:
        """All running information that is visible, by path."""

    def epoch(self) -> bytes | None:
        """Which data set its running information is; None where it has none."""

    def waiting(self) -> tuple[bytes, ...]:
        """Transactions that wait at the barrier here."""

    def beginning(self) -> tuple[Founding, Verifier] | None:
        """What its environment began with, and who checks signatures here."""

    def environment(self) -> bytes | None:
        """The id of the environment that it belongs to."""

    def fates(self, now: Now) -> tuple[Fate, ...]:
        """What became of each ChangeSet that it knows."""

    def lie(self, lie: Lie, random: Random, now: Now) -> int:
        """Put a lie on its way to each of the others, with the next step; to how many."""

    def setting(self, path: Path) -> object:
        """The value of the configuration at ``path`` as readers see it; None where there is none.

        ``item/NAME`` and ``environment/NAME`` are values, ``KIND/NAME/FIELD`` is one of an object.
        """


Maker = Callable[[Signer, Signer, Exchange, ReplicaConfiguration, Random, Suite, Image], Life]
"""Makes a life from identity, operator's and exchange key, configuration, luck, suite, image."""
