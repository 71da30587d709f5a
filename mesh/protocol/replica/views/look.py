"""One look at a replica: what the views of one answer have in common, worked out once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from mesh.protocol.barrier import Word
from mesh.protocol.catalogue import numbers
from mesh.protocol.ground import Aside
from mesh.protocol.membership import MemberRow
from mesh.protocol.now import MILLISECOND, Now
from mesh.protocol.replica.door import Replica
from mesh.protocol.replica.noticeboard import Posted
from mesh.protocol.replica.participant import Participant
from mesh.protocol.replica.submitted import GivenUp
from mesh.protocol.replica.views.names import Who, names_in, short_ids, who
from mesh.wire.requests import Request, decode_request, read_request


@dataclass(slots=True)
class Look:
    """A replica inside an environment at one moment."""

    inside: Participant
    now: Now
    _names: dict[str, str]
    _short: dict[bytes, str] = field(default_factory=dict)
    _rows: dict[bytes, MemberRow] = field(default_factory=dict)
    _who: dict[bytes, Who] = field(default_factory=dict)
    _posted: dict[bytes, Posted] | None = None

    @classmethod
    def at(cls, replica: Replica, now: Now) -> Self | None:
        """None outside an environment."""
        inside = replica.participant
        if inside is None:
            return None
        return cls(inside, now, names_in(inside.history.state))

    @property
    def stalled(self) -> str:
        """Why this life decides nothing any more, as a copy or as one that told two stories."""
        trust = self.inside.equivocations
        return self.inside.twins.why or (trust.is_forked and trust.why) or ""

    # --- controllers --------------------------------------------------------------------------

    def who(self, key: bytes) -> Who:
        """A controller or an operator, with its name."""
        known = self._who.get(key)
        if known is None:
            known = self._who[key] = who(key, self._names)
        return known

    def signer(self, key: bytes) -> Who:
        """Who signed a request: an operator, a token, or a controller of the roster."""
        told = self.who(key)
        if key.hex() in self._names:
            return told
        holder = self.inside.history.state.rights.holder(key)
        name = (
            f"operator {told['fingerprint']}" if holder is None else f"{holder.kind} {holder.name}"
        )
        return {**told, "name": name}

    def operator(self, key: bytes) -> str:
        """The name of an operator; of one who is none any more, a fingerprint."""
        holder = self.inside.history.state.rights.holder(key)
        return self.who(key)["fingerprint"] if holder is None else holder.name

    def standing(self, controller: bytes) -> str:
        """``alive``, ``suspect`` …; ``never seen`` of those of whom nothing was heard."""
        row = self.rows.get(controller)
        return row.standing.value if row is not None and row.standing is not None else "never seen"

    def standing_since_ms(self, controller: bytes) -> int | None:
        """How long ``controller`` has stood as it does; None where that is not known."""
        row = self.rows.get(controller)
        if row is None or row.since_ns is None:
            return None
        return (self.now.monotonic_ns - row.since_ns) // MILLISECOND

    @property
    def rows(self) -> dict[bytes, MemberRow]:
        """The membership table by controller."""
        if not self._rows:
            self._rows = {row.controller: row for row in self.inside.members.members(self.now)}
        return self._rows

    # --- ChangeSets ---------------------------------------------------------------------------

    def from_the_end(self) -> Iterator[bytes]:
        """The tx in H, the last one in the order of the history first, each once."""
        seen: dict[bytes, None] = {}
        for tx in self.inside.history.transactions():
            if tx not in seen:
                seen[tx] = None
                yield tx

    def outside_history(self) -> list[bytes]:
        """The tx that were proposed and are not in H, in the order of their timestamps."""
        catalogue = self.inside.catalogue
        ids = self.inside.history.ids
        applied = {catalogue[number].tx for number in numbers(ids)}
        outside = catalogue.ordered((1 << len(catalogue)) - 1 & ~ids)
        return [
            tx
            for tx in dict.fromkeys(catalogue[number].tx for number in outside)
            if tx not in applied
        ]

    @property
    def unproposed(self) -> dict[bytes, Request]:
        """What was submitted here and has not been proposed: queued, or given up, by tx."""
        queued = {each.tx: each for each in self.inside.barrier.queued_requests}
        given_up = {tx: each.request for tx, each in self.given_up.items()}
        return {tx: decode_request(each.raw) for tx, each in {**given_up, **queued}.items()}

    @property
    def set_aside_below(self) -> dict[bytes, Aside]:
        """What was set aside below the ground, and is not at the barrier, by tx."""
        below = self.inside.catalogue.ground.set_aside
        return {tx: each for tx, each in below.items() if not self.inside.barrier.attempts(tx)}

    @property
    def given_up(self) -> dict[bytes, GivenUp]:
        """What left the queue before it was ever proposed."""
        barrier = self.inside.barrier
        submitted = self.inside.crank.submitted.given_up
        return {tx: each for tx, each in submitted.items() if not barrier.attempts(tx)}

    @property
    def posted(self) -> dict[bytes, Posted]:
        """What waits for people, or did, and is not on its way through the barrier, by tx."""
        if self._posted is None:
            consents = self.inside.consents
            shown = (*consents.waiting(), *consents.lapsed())
            self._posted = {each.tx: each for each in shown if not self._is_under_way(each.tx)}
        return self._posted

    def _is_under_way(self, tx: bytes) -> bool:
        """Whether it is at the barrier, or about to be: then it waits for controllers."""
        barrier = self.inside.barrier
        attempts = barrier.attempts(tx)
        if barrier.is_trying(tx) or not attempts:
            return barrier.is_trying(tx)
        return barrier.status(attempts[-1]).word not in (Word.CANCELLED, Word.CANCELLED_HERE)

    def everything(self) -> list[bytes]:
        """Every tx that is known here."""
        catalogue = self.inside.catalogue
        proposed = [catalogue[number].tx for number in range(len(catalogue))]
        others = (*self.unproposed, *self.posted, *self.set_aside_below)
        return list(dict.fromkeys((*proposed, *others)))

    def short(self, tx: bytes) -> str:
        """The id as it is shown."""
        if not self._short:
            self._short = short_ids(self.everything())
        return self._short[tx]

    def shortened(self, text: str) -> str:
        """``text`` with every whole id in it as it is shown."""
        for tx in self.everything():
            text = text.replace(tx.hex(), self.short(tx))
        return text

    def name(self, tx: bytes) -> str:
        """What its author called it."""
        return self.request(tx).name

    def request(self, tx: bytes) -> Request:
        """What was signed."""
        if tx in self.posted:
            return self.posted[tx].request
        attempts = self.inside.barrier.attempts(tx)
        if attempts:
            return self.inside.catalogue[attempts[0]].request
        below = self.set_aside_below.get(tx)
        return self.unproposed[tx] if below is None else read_request(below.request)
