"""What no single vote may be, judged by what its author had durably when it decided.

The invariants of the barrier see a wrong vote only if it does harm in this very run. Most do not,
for it takes two to release what a third one refused. So each vote is looked at by itself as well:

B3a  who withdraws has a naysayer in every set that it sealed, not only in the latest;
B3   nobody seals a set with somebody in it whose No it holds, and no set twice;
B4   after its No a controller says nothing more about a ChangeSet;
B12  a Boot proves a last number only if nothing followed it.

A vote is decided in one step and written in the same. What was durable before that step, its author
knew; what came later it need not have known. So no sound vote is ever blamed.
"""

from collections.abc import Iterator
from typing import assert_never

from mesh.protocol.catalogue import numbers
from mesh.wire.facts import Applied, Boot, Fact, No, NoReason, Propose, Record, Seal
from mesh.wire.identity import Incarnation
from simulations.checkers.ledger import Ledger, Members


class VoteChecker:
    """All votes, as they are cast."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: dict[tuple[bytes, bytes], dict[Incarnation, None]] = {}
        """By controller and attempt: whose No is durable there."""
        self._sealed: dict[tuple[Incarnation, bytes], dict[Members, None]] = {}
        self._refused: dict[tuple[Incarnation, bytes], None] = {}
        self._last: dict[Incarnation, int] = {}
        """The last number of each life that was ever durable at its origin."""
        self._newest: dict[bytes, Incarnation] = {}

    # --- what is durable ----------------------------------------------------------------------

    def held(self, controller: bytes, fact: Fact) -> None:
        """``fact``, of whomever, is durable at ``controller``."""
        if isinstance(fact.body, No):
            self._known.setdefault((controller, fact.body.attempt), {})[fact.origin] = None

    def written(self, fact: Fact) -> None:
        """``fact`` is durable at its origin."""
        self._last[fact.origin] = fact.sequence
        self.held(fact.origin.controller, fact)
        if isinstance(fact.body, Boot):
            self._newest[fact.origin.controller] = fact.origin

    def wiped(self, controller: bytes) -> None:
        """``controller`` does not know any more what it knew."""
        self._known = {at: known for at, known in self._known.items() if at[0] != controller}

    # --- votes --------------------------------------------------------------------------------

    def decided(self, fact: Fact) -> Iterator[str]:
        """``fact`` was just written by its origin and is not durable yet: what is wrong with it."""
        match fact.body:
            case Seal():
                yield from self._sealing(fact.origin, fact.body)
            case No():
                yield from self._refusing(fact.origin, fact.body)
            case Boot():
                yield from self._booting(fact.origin, fact.body)
            case Propose() | Applied() | Record():
                return
            case _:
                assert_never(fact.body)

    def _sealing(self, who: Incarnation, seal: Seal) -> Iterator[str]:
        if seal.attempt not in self._ledger:
            return
        name = self._ledger.name(seal.attempt)
        members = self._members(seal)
        known = self._known.get((who.controller, seal.attempt), {})
        refusing = [each for each in sorted(members) if each in known]
        if refusing:
            yield f"B3: {who} seals {name} with {refusing[0]}, whose No it holds"
        sets = self._sealed.setdefault((who, seal.attempt), {})
        if members in sets:
            yield f"B3: {who} seals {name} with the same set twice"
        if (who, seal.attempt) in self._refused:
            yield f"B4: {who} seals {name} after its No"
        sets[members] = None

    def _members(self, seal: Seal) -> Members:
        participants = self._ledger[seal.attempt].participants
        return frozenset(
            participants[seat] for seat in numbers(int.from_bytes(seal.members, "little"))
        )

    def _refusing(self, who: Incarnation, no: No) -> Iterator[str]:
        if no.attempt not in self._ledger:
            return
        name = self._ledger.name(no.attempt)
        if (who, no.attempt) in self._refused:
            yield f"B4: {who} says No to {name} twice"
        self._refused[who, no.attempt] = None
        sets = self._sealed.get((who, no.attempt), {})
        if sets and no.why is not NoReason.WITHDRAW:
            yield f"B3: {who} says No({no.why}) to {name}, which it has sealed"
        for members in sets:
            if not self._may_meet_nay(members - {who}, no.attempt):
                names = ", ".join(str(each) for each in sorted(members))
                yield f"B3a: {who} withdraws from {name}, and nobody of {names} refused it"

    def _may_meet_nay(self, others: Members, attempt: bytes) -> bool:
        """Whether one of ``others`` said No, or is over, so that it can count as one who did."""
        nos = self._ledger[attempt].nos
        return any(
            each in nos or self._newest.get(each.controller, each) != each for each in others
        )

    def _booting(self, who: Incarnation, boot: Boot) -> Iterator[str]:
        if boot.previous is None or boot.proven is None:
            return
        last = self._last.get(boot.previous, 0)
        if last > boot.proven:
            yield (
                f"B12: {who} says that {boot.previous} ended with {boot.proven},"
                f" and {last} was durable"
            )
