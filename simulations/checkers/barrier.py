"""The invariants of the barrier, looked at after every fact that anybody wrote.

W   whoever is in a complete set has said no No, ever;
NF  a No survives, unless somebody released without the one who said it because he did not see him;
D   a seal is written only by who holds the proposal durably;
O   who is in complete sets of two applies them in order, unless he skipped one or lost his disk;
H   a history is closed under ancestors, and all of it is released;
Q   where nothing was disturbed: no No, no merge, no replay, one order everywhere;
M   under majority, with all disks intact: of two released ones, one is below the other, or every
    complete set of the one meets every complete set of the other.

Everything is judged by what is *durable at its origin*: that is what the world can ever see.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from mesh.protocol.barrier.skip import read_skip
from mesh.protocol.catalogue import numbers, read_change_set
from mesh.wire.facts import Applied, Boot, Fact, No, Propose, Record, Seal
from mesh.wire.identity import Incarnation, Timestamp
from mesh.wire.requests import Kind
from simulations.checkers.ledger import Ledger, Members


@dataclass(frozen=True, slots=True)
class Rest:
    """One controller as it stands when nothing moves any more."""

    me: Incarnation
    history: frozenset[bytes]
    """H."""
    released: frozenset[bytes]
    """What it knows as released."""
    excused: frozenset[bytes]
    """Attempts that wait for an operator, an upgrade, or more than are reachable."""
    effective: tuple[bytes, ...]
    """The tx that took effect, in order."""
    state: bytes
    """The hash of the folded state."""


class BarrierChecker:
    """All facts ever written, and what of the promises they break."""

    def __init__(self, *, majority: bool = False) -> None:
        """``majority``: see ``expect_majority``."""
        self.ledger = Ledger()
        self._majority = majority
        self._found: list[str] = []
        self._held: dict[tuple[bytes, bytes], None] = {}
        self._views: dict[Incarnation, Members] = {}
        self._newest: dict[bytes, Incarnation] = {}
        self._histories: dict[bytes, dict[bytes, None]] = {}
        self._ever: dict[bytes, dict[bytes, None]] = {}
        self._unsaid: dict[bytes, dict[bytes, None]] = {}
        self._skipped: dict[tuple[bytes, bytes], None] = {}
        self._wiped: dict[bytes, None] = {}
        self._torn: dict[bytes, None] = {}
        self._disturbed: list[str] = []

    # --- what happens ---------------------------------------------------------------------------

    def written(self, fact: Fact) -> None:
        """``fact`` is durable at its origin."""
        match fact.body:
            case Propose():
                self._proposed(fact, fact.body)
            case Seal():
                self._sealed(fact.origin, fact.body)
            case No():
                self._refused(fact.origin, fact.body)
            case Applied():
                self._applied(fact.origin, fact.body.attempt)
            case Boot():
                self._newest[fact.origin.controller] = fact.origin
                self._unsaid[fact.origin.controller] = {}
            case Record():
                skipped = read_skip(fact.body)
                if skipped is not None:
                    self._skipped[fact.origin.controller, skipped] = None
            case _:
                assert_never(fact.body)

    def held(self, controller: bytes, fact: Fact) -> None:
        """``fact`` of another is durable at ``controller``. D needs the proposals."""
        if isinstance(fact.body, Propose):
            self._held[controller, fact.body.attempt_id] = None

    def saw(self, who: Incarnation, live: Iterable[Incarnation]) -> None:
        """The detector of ``who`` shows ``live`` from now on. NF needs it."""
        self._views[who] = frozenset({*live, who})

    def wiped(self, controller: bytes) -> None:
        """``controller`` lost its disk, or came back with an older one."""
        self._wiped[controller] = None
        self._histories[controller] = {}
        self._held = {at: None for at in self._held if at[0] != controller}

    def torn(self, controller: bytes) -> None:
        """What ``controller`` writes at this moment may be there in part: a vote, and not its C."""
        self._torn[controller] = None

    def disturbed(self, why: str) -> None:
        """Something happened after which a No can be right: Q is off."""
        self._disturbed.append(why)

    def calm(self) -> None:
        """All that was disturbed is over and settled: from here on Q is looked at again."""
        self._disturbed.clear()

    def expect_majority(self) -> None:
        """All below is settled, majority is the policy, and the roster stays: M is looked at."""
        self._majority = True

    def applied(self, controller: bytes, attempts: Iterable[bytes]) -> None:
        """``attempts`` are in the history of the running life; it has yet to say so."""
        said = self._histories.get(controller, {})
        unsaid = self._unsaid.setdefault(controller, {})
        unsaid |= {attempt: None for attempt in attempts if attempt not in said}

    def unsaid(self, controller: bytes) -> tuple[bytes, ...]:
        """What the running life of ``controller`` has applied, and not durably said so."""
        return tuple(self._unsaid.get(controller, ()))

    def summed_up(self, controller: bytes, attempts: Iterable[bytes]) -> None:
        """``controller`` stands on a ground in which ``attempts`` are folded: it has them."""
        ever = self._ever.setdefault(controller, {})
        ever |= dict.fromkeys(attempts)

    def has_applied(self, controller: bytes, attempt: bytes) -> bool:
        """Whether ``controller`` ever said so, or stands on it."""
        return attempt in self._ever.get(controller, {})

    def violations(self) -> list[str]:
        """What was found since this was last asked."""
        found, self._found = self._found, []
        return found

    # --- the invariants ---------------------------------------------------------------------------

    def _proposed(self, fact: Fact, propose: Propose) -> None:
        change_set = read_change_set(propose)
        self.ledger.add(change_set)
        self._held[fact.origin.controller, change_set.id] = None
        if change_set.kind is Kind.MERGE and not self._disturbed:
            self._found.append(f"Q: {fact.origin} proposes a merge, and nothing ever went wrong")

    def _sealed(self, who: Incarnation, seal: Seal) -> None:
        if (who.controller, seal.attempt) not in self._held and who.controller not in self._torn:
            self._found.append(f"D: {who} sealed {seal.attempt.hex()[:8]}, which it does not hold")
            return
        entry = self.ledger[seal.attempt]
        participants = entry.participants
        mask = int.from_bytes(seal.members, "little")
        members = frozenset(participants[seat] for seat in numbers(mask))
        if who in self._views:
            unseen = [each for each in participants if not self._is_seen(who, each)]
            entry.unseen[who] = entry.unseen.get(who, {}) | dict.fromkeys(unseen)
        if entry.seal(who, members):
            self._completed(seal.attempt, members)

    def _is_seen(self, who: Incarnation, other: Incarnation) -> bool:
        return other in self._views[who] and self._newest.get(other.controller, other) <= other

    def _completed(self, attempt: bytes, members: Members) -> None:
        for naysayer in self.ledger[attempt].nos:
            self._judge_no(attempt, members, naysayer)
        if self._majority and not self._wiped:
            self._check_majority(attempt, members)

    def _refused(self, who: Incarnation, no: No) -> None:
        if not self._disturbed:
            self._found.append(f"Q: {who} says No({no.why}), and nothing ever went wrong")
        entry = self.ledger[no.attempt]
        entry.nos[who] = no.why
        for members in entry.complete:
            self._judge_no(no.attempt, members, who)

    def _judge_no(self, attempt: bytes, members: Members, naysayer: Incarnation) -> None:
        """W and NF."""
        name = self.ledger.name(attempt)
        entry = self.ledger[attempt]
        if naysayer in members:
            self._found.append(f"W: {name} is released with {naysayer}, who said No")
        elif naysayer in entry.participants and self._was_seen(attempt, members, naysayer):
            self._found.append(f"NF: {name} is released by some who all saw {naysayer}")

    def _was_seen(self, attempt: bytes, members: Members, other: Incarnation) -> bool:
        """All views are known, and none of ``members`` ever sealed it without seeing ``other``."""
        unseen = self.ledger[attempt].unseen
        if any(who not in self._views for who in members):
            return False
        return not any(other in unseen.get(who, {}) for who in members)

    def _check_majority(self, attempt: bytes, members: Members) -> None:
        for other in self.ledger.released():
            if other == attempt or other in self.ledger.ancestors(attempt):
                continue
            if attempt in self.ledger.ancestors(other):
                continue
            mine = {who.controller for who in members}
            for theirs in self.ledger[other].complete:
                if not mine & {who.controller for who in theirs}:
                    names = f"{self.ledger.name(attempt)} and {self.ledger.name(other)}"
                    self._found.append(f"M: {names} are released by sets that do not meet")

    def _applied(self, who: Incarnation, attempt: bytes) -> None:
        controller = who.controller
        history = self._histories.setdefault(controller, {})
        _ = self._unsaid.setdefault(controller, {}).pop(attempt, None)
        if attempt in history:
            return
        if attempt not in self.ledger or not self.ledger[attempt].complete:
            self._found.append(f"H: {who} applied {attempt.hex()[:8]}, which is not released")
            return
        ever = self._ever.setdefault(controller, {})
        ever[attempt] = None
        missing = [each for each in self.ledger.ancestors(attempt) if each not in ever]
        if missing:
            name, below = self.ledger.name(attempt), self.ledger.name(missing[0])
            self._found.append(f"H: {who} applied {name} without {below} below it")
        self._check_order(who, attempt, history)
        history[attempt] = None
        self._check_one_order(controller)

    def _timestamp(self, attempt: bytes) -> Timestamp:
        return self.ledger[attempt].change_set.timestamp

    def _check_order(self, who: Incarnation, attempt: bytes, history: dict[bytes, None]) -> None:
        """O, and of Q that nothing is replayed."""
        controller = who.controller
        later = [each for each in history if self._timestamp(each) > self._timestamp(attempt)]
        if later and not self._disturbed:
            self._found.append(f"Q: {who} applies {self.ledger.name(attempt)} late")
        if controller not in self.ledger[attempt].star or controller in self._wiped:
            return
        both = [each for each in later if controller in self.ledger[each].star]
        if both and (controller, attempt) not in self._skipped:
            name, above = self.ledger.name(attempt), self.ledger.name(both[0])
            self._found.append(f"O: {who} applies {name} after {above}, and sealed both")

    def _check_one_order(self, controller: bytes) -> None:
        """Q: whoever is further has what the others have, in the same order."""
        if self._disturbed:
            return
        mine = list(self._histories[controller])
        for history in self._histories.values():
            theirs = list(history)
            if theirs[: len(mine)] != mine[: len(theirs)]:
                self._found.append(f"Q: {controller.hex()[:8]} applies in another order")
                return

    # --- at rest --------------------------------------------------------------------------------

    def at_rest(self, live: Iterable[Rest], *, agreed: bool = True) -> list[str]:
        """What is wrong when links are healed, views accurate, patience over, and nothing moves.

        Where those who should have agreed have not, that is said already, and what follows from it
        is not said again.
        """
        rests = list(live)
        found: list[str] = []
        for rest in rests:
            found += self._unlike(rest, rests[0]) if agreed else ()
            if len(dict.fromkeys(rest.effective)) < len(rest.effective):
                found.append(f"a tx takes effect twice at {rest.me}")
            if rest.history == rests[0].history and rest.state != rests[0].state:
                found.append(f"{rest.me} and {rests[0].me} fold one history to two states")
            unsaid = self._unsaid.get(rest.me.controller, {})
            found += [f"{rest.me} never said that it applied {each.hex()[:8]}" for each in unsaid]
            said = self._histories.get(rest.me.controller, {})
            lost = [each for each in said if each not in rest.history]
            found += [f"{rest.me} lost {self.ledger.name(each)}" for each in lost]
        return found

    def _unlike(self, rest: Rest, first: Rest) -> Iterator[str]:
        missing = rest.released - rest.history - rest.excused
        yield from (f"{rest.me} lacks {self.ledger.name(each)}" for each in sorted(missing))
        if rest.history != first.history:
            yield f"{rest.me} and {first.me} have different histories"
        yield from self._undecided(rest)

    def _undecided(self, rest: Rest) -> list[str]:
        return [
            f"{rest.me} has not decided {self.ledger.name(attempt)}"
            for attempt, entry in self.ledger.entries.items()
            if rest.me in entry.participants
            and (rest.me.controller, attempt) in self._held
            and not entry.complete
            and rest.me not in entry.nos
            and attempt not in rest.excused
        ]
