"""What linked environments may have of this one: ChangeSets that are applied everywhere here.

Asked for one, a controller answers with the commands as a person wrote them and vouches for them
with its own key: that this ChangeSet took effect, and that every controller of the roster is known
to have applied it, or a checkpoint covers it. What is an environment's own is never handed out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mesh.environment.commands import declaration_of
from mesh.environment.consent import OWN_KINDS
from mesh.environment.kinds.environment import BY_HAND
from mesh.protocol.barrier import Barrier
from mesh.protocol.history import History, LogEntry, Standing
from mesh.protocol.information import Information
from mesh.protocol.inputs import Path
from mesh.protocol.replica.noticeboard import PUBLISHED
from mesh.protocol.suite import Signer
from mesh.wire.consent import hash_of_commands, vouch_of
from mesh.wire.requests import Command, Kind, Origin

LATER_MAX: Final = 1_000
"""Later ChangeSets that are told with one: who is further behind than that looks for himself."""


@dataclass(frozen=True, slots=True)
class Published:
    """A ChangeSet, with the word of this controller for it."""

    origin: Origin
    name: str
    reason: str
    written: tuple[Command, ...]


class Publishing:
    """Vouches for what is applied in one environment."""

    def __init__(
        self,
        environment: bytes,
        signer: Signer,
        history: History,
        barrier: Barrier,
        information: Information,
    ) -> None:
        self._environment = environment
        self._signer = signer
        self._history = history
        self._barrier = barrier
        self._information = information

    def find(self, asked: str) -> LogEntry | None:
        """The last effective ChangeSet of that name, or whose id begins so.

        A whole id means that one: nobody takes its place by being called so.
        """
        if len(asked) == _ID_DIGITS:
            entry = self._history.entry(_id_of(asked))
            return entry if entry is not None and _took_effect(entry) else None
        for tx in self._history.transactions():
            entry = self._history.entry(tx)
            if entry is None or not _took_effect(entry):
                continue
            if asked == entry.name or _begins(tx, asked):
                return entry
        return None

    def vouch(self, entry: LogEntry) -> Published | str:
        """``entry``, vouched for; or why it is not handed out."""
        withheld = self.withheld(entry)
        if withheld:
            return withheld
        said = vouch_of(self._environment, entry.tx, hash_of_commands(entry.written))
        own = self._signer.public
        origin = Origin(self._environment, entry.tx, own, self._signer.sign(said))
        return Published(origin, entry.name, entry.reason, entry.written)

    def later(self, entry: LogEntry) -> list[bytes]:
        """What took effect after ``entry`` and wrote any of the same, the last one first."""
        written, found = {each.key for each in entry.written_keys}, list[bytes]()
        for tx in dict.fromkeys(self._history.transactions()):
            if tx == entry.tx or len(found) == LATER_MAX:
                break
            other = self._history.entry(tx)
            assert other is not None, "it is in the history"
            if _took_effect(other) and any(each.key in written for each in other.written_keys):
                found.append(tx)
        return found

    def withheld(self, entry: LogEntry) -> str:
        """Why linked environments may not have ``entry``; empty: they may."""
        if entry.outcome.standing is not Standing.EFFECTIVE:
            return f"it is {entry.outcome.standing}"
        if entry.kind is not Kind.NORMAL or not entry.written:
            return "it is no change that people made"
        own = next(filter(None, map(_own_kind, entry.written)), None)
        if own is not None:
            return f"what is of the kind {own} is this environment's own"
        missing = self._missing(entry)
        if missing:
            return f"{missing} of the roster are not known to have applied it"
        if self._is_by_hand() and self._information.read(place_of_published(entry.tx)) is None:
            return "it is not published here: `trellis change publish` does that"
        return ""

    def _missing(self, entry: LogEntry) -> int:
        shut = self._history.shut
        if shut is not None and shut.inside >> entry.number & 1:
            return 0
        applied = self._barrier.status(entry.number).applied
        return sum(each not in applied for each in self._history.state.roster)

    def _is_by_hand(self) -> bool:
        return self._history.state.read(("environment", "publication")) == BY_HAND

    def last(self) -> Iterator[LogEntry]:
        """What may be had, the last one first."""
        for tx in dict.fromkeys(self._history.transactions()):
            entry = self._history.entry(tx)
            if entry is not None and not self.withheld(entry):
                yield entry


def place_of_published(tx: bytes) -> Path:
    """Where it stands that people published ``tx``."""
    return (PUBLISHED, tx.hex())


_ID_DIGITS_MIN = 8
_ID_DIGITS = 64


def _id_of(asked: str) -> bytes:
    """The id that ``asked`` spells; none where it spells none."""
    try:
        return bytes.fromhex(asked)
    except ValueError:
        return b""


def _took_effect(entry: LogEntry) -> bool:
    return entry.outcome.standing is Standing.EFFECTIVE


def _begins(tx: bytes, asked: str) -> bool:
    return len(asked) >= _ID_DIGITS_MIN and tx.hex().startswith(asked.lower())


def _own_kind(command: Command) -> str | None:
    declaration = declaration_of(command)
    if declaration is None:
        return None
    written = declaration.touched(command.parameters).written
    return next((key[0] for key in written if key[0] in OWN_KINDS), None)
