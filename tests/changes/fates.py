"""What must have come of all that people asked for.

Everybody was answered, who was refused was refused for a reason that is true, and whatever was
taken has an end, the same one everywhere. What was only in the memory of a controller that fell
over is nobody's fault: it was never told to anybody else.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from mesh.protocol.ground import Fate
from mesh.protocol.replica import views
from mesh.wire.requests import Request
from simulations.host import Host
from simulations.reality import RealLife
from simulations.troubles import Crash, Leave
from simulations.world import World
from tests.changes.interpreter import needed
from tests.changes.people import Asked, People
from tests.changes.watch import Found, Watch, inside_of

_OVERTAKEN: Final = ("conflict: ", "invalid: ")
_FEW: Final = "no quorum:"
_LACKING: Final = ("rights: ", "approvals: ")
_FULL: Final = "changes wait for approval"
_BELOW: Final = {Fate.EFFECTIVE: "applied", Fate.SET_ASIDE: "set aside"}
"""What people are told of what lies below a checkpoint."""


class Fates:
    """The judge of one run."""

    def __init__(self, world: World, people: People, watch: Watch, found: Found) -> None:
        self.world = world
        self.people = people
        self.watch = watch
        self._found = found

    def is_open(self) -> bool:
        """Whether something that was taken may still come to an end by itself."""
        answers = (self.watch.answers.get(call) for call in self.people.questions)
        asked = [str(answer["tx"]) for answer in answers if isinstance(answer, dict)]
        lives = [(host, host.replica) for host in self.world.hosts.values()]
        details = (
            views.change(life.replica, tx, host.now)
            for host, life in lives
            if isinstance(life, RealLife)
            for tx in asked
        )
        return any(not detail["final"] for detail in details if detail is not None)

    def judge(self) -> None:
        """Look at all that was asked for so far."""
        self._judge_answers()
        self._judge_fates()

    def _judge_answers(self) -> None:
        """Who was refused was refused rightly, and nobody is told yes for what cannot be done."""
        for call, asked in self.people.questions.items():
            answer = self.watch.answers.get(call)
            told = f"{asked.what} on {asked.host}"
            if answer is None and not self._fell_over(asked):
                self._found("answers", f"{told} was never answered")
            elif isinstance(answer, dict) and asked.expected is not None:
                self._found("answers", f"{told} is taken, and must not be: {asked.expected}")
            elif isinstance(answer, tuple) and not self._are_true(asked, answer):
                self._found("answers", f"{told} is refused: {'; '.join(answer)}")

    def _are_true(self, asked: Asked, errors: Sequence[str]) -> bool:
        return asked.expected is not None or all(self._is_true(asked, each) for each in errors)

    def _is_true(self, asked: Asked, why: str) -> bool:
        """Whether a reason is true that does not lie in the state on which the commands were made.

        Another ChangeSet is under way that writes what these commands take to stand still; or too
        few are reachable for a majority.
        """
        if why.startswith(_FEW):
            return self.world.scenario.policy == "majority"
        if why.startswith(_LACKING) or _FULL in why:
            return self.people.approvers is not None
        requests = [
            each.change_set.request
            for each in self.world.inspector.barrier.ledger.entries.values()
            if each.change_set.tx not in asked.fold.txs
        ]
        theirs = {key for each in requests for command in each.resolved for key in needed(command)}
        return why.startswith(_OVERTAKEN) and bool(asked.keys & theirs)

    def _judge_fates(self) -> None:
        """Whatever was taken has an end, and the same one everywhere."""
        for call, asked in self.people.questions.items():
            answer = self.watch.answers.get(call)
            if isinstance(answer, dict):
                tx = bytes.fromhex(str(answer["tx"]))
                may_be_gone = tx in self.people.renewed or call in self.people.renewals
                may_be_gone |= self._fell_over(asked) and not self._requests(tx)
                may_be_gone |= self._is_said_again(call, asked)
                for text in self._lost(tx, asked.host, may_be_gone=may_be_gone):
                    self._found("lost", f"{asked.what} on {asked.host}: {text}")
                if any(bool(each.overridden) != asked.force for each in self._requests(tx)):
                    self._found("force", f"{asked.what} on {asked.host}: {asked.force}")

    def _is_said_again(self, call: int, asked: Asked) -> bool:
        """Whether somebody said the very same later: what waited and was overtaken gives way."""
        later = (other for number, other in self.people.questions.items() if number > call)
        return self.people.approvers is not None and any(
            other.written == asked.written != () for other in later
        )

    def _requests(self, tx: bytes) -> list[Request]:
        """The request ``tx``, once for each attempt of it."""
        entries = self.world.inspector.barrier.ledger.entries.values()
        return [each.change_set.request for each in entries if each.change_set.tx == tx]

    def _fell_over(self, asked: Asked) -> bool:
        """Whether the life that was asked is over: with it went its queue, and its answers."""
        return self.world.hosts[asked.host].life != asked.life

    def _lost(self, tx: bytes, submitter: str, *, may_be_gone: bool) -> Iterator[str]:
        released = self._released(tx)
        words: dict[str, str] = {}
        for host in self.world.hosts.values():
            assert isinstance(host.replica, RealLife), "all run"
            below = _below(host, tx)
            detail = views.change(host.replica.replica, tx.hex(), host.now)
            if below is not None:
                words[host.name] = below
            elif detail is not None:
                words[host.name] = detail["word"]
                ends = self._ends(released=released)
                yield from _open(host.name, detail, ends, anew=self._has_anybody_begun_anew())
            elif released or not (host.name != submitter or may_be_gone or _hangs_there(host, tx)):
                yield f"{host.name} has never heard of it"
        if released and len(set(words.values())) > 1:
            yield f"it ended differently: {words}"

    def _ends(self, *, released: bool) -> tuple[str, ...]:
        """The words that may be the last ones: where power was lost, votes may be, too."""
        if released:
            return _RELEASED_ENDS
        falls = (each.kind for each in self.world.scenario.faults if isinstance(each, Crash))
        return (*_NO_ENDS, _LOST) if any(kind != "killed" for kind in falls) else _NO_ENDS

    def _has_anybody_begun_anew(self) -> bool:
        """Whether lives have ended, which cancels what they had not sealed."""
        return any(isinstance(each, Crash | Leave) for each in self.world.scenario.faults)

    def _released(self, tx: bytes) -> bool:
        entries = self.world.inspector.barrier.ledger.entries.values()
        return any(each.complete for each in entries if each.change_set.tx == tx)


def _hangs_there(host: Host, tx: bytes) -> bool:
    """Whether it waits and is not shown, for its signer may not propose it as things are."""
    inside = inside_of(host)
    return inside is not None and inside.consents.find(tx) is not None


def _below(host: Host, tx: bytes) -> str | None:
    """What became of ``tx`` below a checkpoint; None: nothing of it lies there."""
    inside = inside_of(host)
    past = () if inside is None else inside.catalogue.ground.past()
    fates = [fate for _, each, fate in past if each == tx]
    known = [_BELOW[fate] for fate in fates if fate in _BELOW]
    return known[0] if known else "cancelled" if fates else None


_RELEASED_ENDS: Final = ("applied", "set aside")
_NO_ENDS: Final = ("cancelled", "cancelled here")
_LOST: Final = "lost"


def _open(
    host: str, detail: views.ChangeDetail, ends: tuple[str, ...], *, anew: bool
) -> Iterable[str]:
    """Why that is no end."""
    released, text = ends is _RELEASED_ENDS, detail["text"]
    if detail["consent"] is not None and not released:
        return  # it waits for people, who may have better things to do
    if detail["word"] not in ends or not detail["final"]:
        yield f"on {host} it is {detail['word']}: {text}"
    elif detail["word"] in _NO_ENDS and not (
        detail["refused"] or "never proposed" in text or (anew and "started anew" in text)
    ):
        yield f"on {host} it is {detail['word']}, and nobody says why: {text}"
