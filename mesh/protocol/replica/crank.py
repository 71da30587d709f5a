"""Turning the barrier.

Ask what follows from the facts held, do it, and ask again until nothing does.

Here decisions become facts, a released ChangeSet becomes history, and history becomes what readers
see, at its instant.
"""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final, assert_never

from mesh.environment.resolve import Resolution, Unresolved
from mesh.protocol.barrier import (
    Accepted,
    AlreadyKnown,
    Apply,
    Barrier,
    Dropped,
    GivenUp,
    Instant,
    NoQuorum,
    OutOfPatience,
    Refused,
    Say,
    StartAnew,
    Submission,
    TooManyAttempts,
    WantMerge,
    plan,
)
from mesh.protocol.catalogue import Catalogue, Ids, numbers
from mesh.protocol.effects import ChangeProgressed, ConfigurationSwapped
from mesh.protocol.history import History, MergePlan
from mesh.protocol.membership import Membership
from mesh.protocol.now import SECOND, Now, earliest
from mesh.protocol.replica.authoring import Cover, Unreadable, author
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.pace import Pace
from mesh.protocol.replica.submitted import Submitted
from mesh.protocol.suite import Signer
from mesh.protocol.swaps import Swap, Swaps
from mesh.wire.facts import Body, Fact, NoReason
from mesh.wire.requests import Approval, Command, Kind, SignedRequest

CONTROLLER_PATIENCE_NS: Final = 60 * SECOND
"""Patience of what controllers propose by themselves: merges and activations."""

HOLD: Final = "histories have parted, and by this environment's policy a person decides"

NAMED_MAX: Final = 3
"""More ChangeSets than this are counted in a line for people, not named."""

Speak = Callable[[Body, Now], Fact]


class Crank:
    """Turns the barrier of one participant."""

    def __init__(
        self,
        desk: Desk,
        signer: Signer,
        random: Random,
        catalogue: Catalogue,
        history: History,
        barrier: Barrier,
        members: Membership,
    ) -> None:
        self._desk = desk
        self._signer = signer
        self._random = random
        self._catalogue = catalogue
        self._history = history
        self._barrier = barrier
        self._members = members
        self._swaps = Swaps()
        self.pace = Pace()
        self._held_why = ""
        """Why the last merge of this controller's own waits for a person."""
        self.submitted = Submitted()
        self.before_saying: Callable[[Body], None] = lambda _: None
        """Hears what is about to be said."""
        self.applied = False
        """Something was applied since this was last cleared."""
        self.stand_down: str | None = None
        """Why this controller casts no votes; None where it does."""
        self.follows: str | None = None
        """Why this controller proposes nothing, though it applies what others release."""

    # --- facts --------------------------------------------------------------------------------

    def restore(self, fact: Fact, now: Now) -> None:
        """Let the barrier know a fact of an earlier life: nobody is told of it now."""
        _ = self._barrier.learn(fact, now)

    def learn(self, fact: Fact, now: Now) -> None:
        """Let the barrier know ``fact``."""
        self.pace.learn(fact)
        learned = self._barrier.learn(fact, now)
        if learned.rejected is not None:
            self._desk.counters["proposals rejected"] += 1
        for number in numbers(learned.attempts):
            self._desk.notify_soon(ChangeProgressed(self._catalogue[number].tx))

    @property
    def is_still(self) -> bool:
        """Whether this controller says nothing at the barrier: it may not, or nobody would hear."""
        return self.stand_down is not None or self._desk.outbox.failed

    def is_idle(self, now: Now) -> bool:
        """Whether ``turn`` has nothing to do."""
        return self.is_still or self._barrier.is_idle(now)

    @property
    def is_unfinished(self) -> bool:
        """Whether the next write that is durable, or the next step, may have consequences here."""
        return self.applied or self._swaps.awaits_disk(self._desk.outbox.is_durable)

    def turn(self, say: Speak, next_lamport: Callable[[], int], now: Now) -> None:
        """Do all that follows from what is known, one step after the other."""
        if self.is_idle(now):
            return
        self._barrier.merges_by_itself = self._merges_by_itself()
        while True:
            action = self._barrier.advance(now, next_lamport())
            match action:
                case None:
                    self._swaps.bind(self._desk.outbox.ticket())
                    self._tell_what_is_held()
                    return
                case Say(body=body):
                    self.before_saying(body)
                    _ = say(body, now)
                case Apply():
                    self._apply(action, now)
                case WantMerge(over=over):
                    self._merge_by_itself(over, now)
                case Dropped(tx=tx, why=why):
                    self._dropped(tx, why)
                case StartAnew(numbers=stranded):
                    self._start_anew(stranded)
                    return

    def _dropped(self, tx: bytes, why: GivenUp) -> None:
        """A request left the queue; whoever submitted it here is told."""
        text = _words(why)
        self.submitted.give_up(tx, text, conflict=_is_conflict(why))
        self._desk.notice("warning", "change dropped", f"{tx.hex()[:8]}: {text}")
        self._desk.notify(ChangeProgressed(tx))

    def _start_anew(self, stranded: tuple[int, ...]) -> None:
        """This life ends; what it sealed binds the next one, which may vote again."""
        names = [self._catalogue[number].tx.hex()[:8] for number in stranded]
        more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
        why = (
            f"nobody can decide {', '.join(names[:NAMED_MAX])}{more} any more: controllers have"
            " restarted that cannot say how they voted"
        )
        self._desk.end(why, self._desk.own.boot)

    def _merges_by_itself(self) -> bool:
        return self.follows is None and self._history.state.get("environment", "merge") != "hold"

    # --- applying and showing -----------------------------------------------------------------

    def _apply(self, action: Apply, now: Now) -> None:
        """The history has grown; prepare the next configuration, to be shown at its instant."""
        self.applied = True
        change_sets = tuple(self._catalogue[number].tx for number in action.numbers)
        instant_ns, why = self._instant(action, now)
        self._swaps.schedule(change_sets, self._history.state, instant_ns, why, now)
        for tx in change_sets:
            self._desk.notify(ChangeProgressed(tx))

    def _instant(self, action: Apply, now: Now) -> tuple[int | None, str]:
        """The wall time at which to show what was applied; None: at once, and why."""
        near = action.instant is not None and self._are_clocks_near(action.instant, now)
        planned = plan(action.instant, now.wall_ns, near)
        return planned.at_wall_ns, "" if planned.at_wall_ns is not None else planned.why.value

    def _are_clocks_near(self, instant: Instant, now: Now) -> bool:
        """Whether the clocks of all who sealed are within half the guard of this one."""
        for member in instant.members:
            clock = self._members.clock(member, now)
            if member == self._desk.own:
                continue
            if clock is None or abs(clock.offset_ns) + clock.error_ns >= instant.guard_ns // 2:
                return False
        return True

    def mended(self, now: Now) -> None:
        """The state is another one than was worked out before: show it, and judge by it."""
        self.applied = True
        self._barrier.judge_again()
        self._swaps.schedule((), self._history.state, None, "mended", now)
        self._swaps.bind(self._desk.outbox.ticket())

    def swap(self, now: Now) -> tuple[Swap, ...]:
        """Show what is due; what was shown."""
        due = self._swaps.due(self._desk.outbox.is_durable, now)
        for swap in due:
            self._history.show(swap.configuration)
            self._desk.notify_now(ConfigurationSwapped(swap.tx, now.wall_ns, swap.late, swap.why))
        return due

    def awaited_ns(self, tx: bytes) -> int | None:
        """Monotonic time at which ``tx``, which is applied, is to be shown; None: not any more."""
        return self._swaps.awaited_ns(tx)

    @property
    def deadline_ns(self) -> int | None:
        """Monotonic time at which ``turn`` or ``swap`` has something to do."""
        return earliest(
            None if self.is_still else self._barrier.deadline_ns,
            self._swaps.deadline_ns(self._desk.outbox.is_durable),
        )

    # --- proposing ----------------------------------------------------------------------------

    def submit(
        self,
        request: SignedRequest,
        kind: Kind,
        now: Now,
        approvals: tuple[Approval, ...] = (),
    ) -> Submission:
        """Bring a signed request to the barrier; a merge covers all that is released here."""
        over = self._barrier.mergeable_with_approval if kind is Kind.MERGE else None
        submission = self._barrier.submit(
            request, kind, now, guard_ns=self.guard_ns(now), approvals=approvals, over=over
        )
        if isinstance(submission, Accepted):
            self.submitted.note(request)
        return submission

    def plan_merge(self, keep: tuple[bytes, ...]) -> MergePlan:
        """An operator's merge over all that is released: what is in ``keep`` wins."""
        over = self._barrier.mergeable_with_approval
        return self._history.plan_merge(over, self._released_by, keep=keep)

    def _merge_by_itself(self, over: Ids, now: Now) -> None:
        """B10; where the merge waits for a person, people are told, once for each reason."""
        outcome = self._merge(over, now)
        self._held(outcome.why if isinstance(outcome, MergePlan) else "")

    def _tell_what_is_held(self) -> None:
        """Under the policy ``hold`` no merge is even tried; people are told all the same."""
        if not self._barrier.merges_by_itself:
            self._held(HOLD if self._barrier.unmerged else "")

    def _held(self, why: str) -> None:
        if why and why != self._held_why:
            self._desk.notice("warning", "merge waits", f"{why}; see `trellis change conflicts`")
        self._held_why = why

    def _merge(self, over: Ids, now: Now) -> MergePlan | Submission:
        plan = self._history.plan_merge(over, self._released_by)
        if plan.held:
            return plan
        nonce = self._random.randbytes(16)
        resolution = Resolution(plan.commands, plan.commands, (), (), Kind.MERGE)
        cover = Cover("merge", "histories parted and met again", CONTROLLER_PATIENCE_NS)
        try:
            request = author(self._desk.environment, self._signer, resolution, cover, nonce)
        except Unreadable as error:
            return replace(plan, held=True, why=f"there is too much for one merge: {error}")
        return self._barrier.submit(
            request, Kind.MERGE, now, guard_ns=self.guard_ns(now), over=over
        )

    def _released_by(self, number: int) -> int:
        """How many controllers released it: the more, the better the reason to keep it."""
        return self._barrier.standpoint.knowledge.star(number).bit_count()

    def propose_by_itself(self, name: str, commands: tuple[Command, ...], now: Now) -> bytes | None:
        """A ChangeSet of the controller's own right, such as the step from learner to active.

        Its tx; None where nothing came of it.
        """
        proposed = self.try_by_itself(name, commands, now)
        if isinstance(proposed, bytes):
            return proposed
        self._desk.notice("warning", "not proposed", f"{name}: {proposed}")
        return None

    def try_by_itself(self, name: str, commands: tuple[Command, ...], now: Now) -> bytes | str:
        """The same: its tx, or why nothing came of it."""
        if self.follows is not None:
            return self.follows
        nonce = self._random.randbytes(16)
        resolution = self._history.resolve(commands, nonce)
        if isinstance(resolution, Unresolved):
            return "; ".join(resolution.errors)
        cover = Cover(name, "", CONTROLLER_PATIENCE_NS)
        request = author(self._desk.environment, self._signer, resolution, cover, nonce)
        match self.submit(request, resolution.kind, now):
            case Accepted() | AlreadyKnown():
                return request.tx
            case NoQuorum() | Refused() as why:
                return _words(why)

    # --- time and agreement -------------------------------------------------------------------

    def guard_ns(self, now: Now) -> int:
        """How long after the last seal all will be ready to show what was released.

        The environment's setting stands where there is one; else it follows from what is measured.
        """
        setting = self._history.state.get("environment", "guard_ns")
        if isinstance(setting, int) and setting:
            return setting
        clocks = (self._members.clock(peer, now) for peer in self._members.view)
        round_trip_ns = max((clock.round_trip_ns for clock in clocks if clock), default=0)
        return self.pace.guard_ns(round_trip_ns)


def _is_conflict(why: GivenUp) -> bool:
    return isinstance(why, Refused) and why.objection.why is NoReason.CONFLICT


def _words(why: GivenUp) -> str:
    """Why a request left the queue, for people."""
    match why:
        case NoQuorum(live=live, needed=needed):
            return f"{len(live)} of {needed} controllers that are needed can be reached"
        case TooManyAttempts(attempts=attempts):
            return f"{attempts} attempts came to nothing"
        case OutOfPatience():
            return "it waited in the queue for as long as its patience allows"
        case Refused(objection=objection):
            return f"{objection.why.value}: {objection.detail}"
        case _:
            assert_never(why)
