"""A play: what is done to a mesh and what is waited for, in words that every tier understands.

It names no times. Each tier goes as fast as it can, and a play that is right on a mesh of links
with a delay of one millisecond is right on any: whatever must have happened before the next deed is
waited for by name.
"""

from dataclasses import dataclass
from typing import Protocol

from mesh.wire.requests import Command
from tests.tiers.oracle import Ending, unrest
from tests.tiers.sight import Sights

# --- deeds --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Put:
    """Somebody at ``at`` writes an entry of running information; no two writes are equal."""

    at: str
    path: str
    value: str


@dataclass(frozen=True, slots=True)
class Erase:
    """Somebody at ``at`` removes what is visible at ``path``."""

    at: str
    path: str


@dataclass(frozen=True, slots=True)
class Submit:
    """Somebody at ``at`` submits a ChangeSet; no two have the same name."""

    at: str
    name: str
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Nothing passes between the groups, from now on."""

    groups: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Hush:
    """Nothing passes from ``source`` to ``target``, from now on; back it does."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Heal:
    """Everything passes again."""


@dataclass(frozen=True, slots=True)
class Kill:
    """The controller on ``host`` is gone, without a last word."""

    host: str


@dataclass(frozen=True, slots=True)
class Start:
    """A controller is started on ``host``: once more, or for the first time."""

    host: str


@dataclass(frozen=True, slots=True)
class Await:
    """Wait until ``condition`` holds."""

    condition: "Condition"


Act = Put | Erase | Submit | Part | Hush | Heal | Kill | Start | Await


# --- conditions ---------------------------------------------------------------------------------


class Condition(Protocol):
    """Something that comes true by and by."""

    def unmet(self, sights: Sights) -> str:
        """What is still missing; empty where nothing is."""


@dataclass(frozen=True, slots=True)
class Sees:
    """Each of ``by`` believes alive those of ``alive``, and has given up everybody else."""

    by: tuple[str, ...]
    alive: tuple[str, ...]

    def unmet(self, sights: Sights) -> str:
        """See `Condition`."""
        wrong = [
            name
            for name in self.by
            if sights[name].alive != frozenset(self.alive) or sights[name].doubted
        ]
        return f"{wrong} do not see exactly {self.alive}" if wrong else ""


@dataclass(frozen=True, slots=True)
class Told:
    """Each of ``by`` says ``word`` of the ChangeSet ``name``."""

    by: tuple[str, ...]
    name: str
    word: str

    def unmet(self, sights: Sights) -> str:
        """See `Condition`."""
        said = {name: sights[name].words.get(self.name) for name in self.by}
        wrong = {name: word for name, word in said.items() if word != self.word}
        return f"{self.name} is {wrong}, not {self.word}" if wrong else ""


@dataclass(frozen=True, slots=True)
class Reads:
    """Each of ``by`` reads at ``path`` just ``values``; none of them: nothing."""

    by: tuple[str, ...]
    path: str
    values: tuple[str, ...]

    def unmet(self, sights: Sights) -> str:
        """See `Condition`."""
        wrong = [
            name
            for name in self.by
            if sights[name].entries.get(self.path, frozenset()) != frozenset(self.values)
        ]
        return f"{wrong} do not read {self.values} at {self.path}" if wrong else ""


@dataclass(frozen=True, slots=True)
class Rests:
    """Everybody runs, belongs to the mesh, and is of one mind with all others."""

    hosts: tuple[str, ...]

    def unmet(self, sights: Sights) -> str:
        """See `Condition`."""
        missing = [name for name in self.hosts if name not in sights]
        return f"{missing} do not run" if missing else next(unrest(sights), "")


# --- the whole ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Play:
    """What happens to a mesh of ``hosts``, the first of which founds it.

    It begins when all of ``hosts`` rest, and ends when all that were ever started do.
    """

    name: str
    hosts: tuple[str, ...]
    acts: tuple[Act, ...]
    ending: Ending
    """What must be at the end, as far as it can be said beforehand: of the configuration, the
    items. What else there is must be equal on all tiers."""

    @property
    def newcomers(self) -> tuple[str, ...]:
        """Hosts that join in the play."""
        started = (act.host for act in self.acts if isinstance(act, Start))
        return tuple(dict.fromkeys(name for name in started if name not in self.hosts))

    @property
    def cast(self) -> tuple[str, ...]:
        """All hosts."""
        return (*self.hosts, *self.newcomers)

    @property
    def submitted(self) -> tuple[str, ...]:
        """The names of all ChangeSets."""
        return tuple(act.name for act in self.acts if isinstance(act, Submit))
