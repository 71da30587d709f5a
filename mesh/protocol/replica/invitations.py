"""Invites shown at the door: which are good, and the ChangeSet that lets their holder in.

Whoever is asked judges by the configuration as it knows it and by its own wall clock, and proposes
the admission in its own name; the proof goes along, so that everybody else can check it without a
clock. An invite that two sides of a partition honour is spent on both, and the fold keeps one of
the two admissions: they write the same key.
"""

from typing import Final

from mesh.environment.kinds import invite
from mesh.environment.shapes import spell_duration
from mesh.protocol.admission import Claimed
from mesh.protocol.barrier import Barrier
from mesh.protocol.history import History
from mesh.protocol.now import SECOND, Now
from mesh.protocol.replica.crank import Crank
from mesh.protocol.replica.desk import Desk
from mesh.protocol.suite import Verifier
from mesh.wire.identity import fingerprint
from mesh.wire.invitation import invite_id, presence_of, proof_of, recognition
from mesh.wire.requests import Command, Value

UNDER_WAY_MAX: Final = 256
"""Admissions by invite that are remembered until they end: as many newcomers as may wait."""


class Rebuffed(Exception):
    """An invite that is not honoured; ``ground`` is counted, the text is for the newcomer."""

    def __init__(self, ground: str, why: str) -> None:
        super().__init__(why)
        self.ground = ground


class Invitations:
    """The invites of one environment, as one of its controllers honours them."""

    def __init__(
        self, desk: Desk, history: History, barrier: Barrier, crank: Crank, suite: Verifier
    ) -> None:
        self._desk = desk
        self._history = history
        self._barrier = barrier
        self._crank = crank
        self._suite = suite
        self._under_way: dict[bytes, bytes] = {}
        """By the key of the invite: the tx of the admission that was proposed here last."""

    def honour(self, claimed: Claimed, now: Now) -> bytes:
        """See to it that the newcomer is admitted; what it is told, so that it knows us by it.

        Raises Rebuffed.
        """
        try:
            public = self._find(claimed)
            self._admit(claimed, public, now)
        except Rebuffed as rebuffed:
            self._desk.counters[f"invites not honoured: {rebuffed.ground}"] += 1
            raise
        return recognition(public, self._desk.own.controller, claimed.binding)

    def _find(self, claimed: Claimed) -> bytes:
        """The public key of the invite that is claimed, whose holder is there now."""
        known = (bytes.fromhex(name) for name, _ in self._history.state.items(invite.NAME))
        public = next((key for key in known if invite_id(key) == claimed.claim.invite), None)
        if public is None:
            raise Rebuffed("unknown", "this invite is not known here (yet)")
        signed = (
            (proof_of(claimed.newcomer), claimed.claim.proof),
            (presence_of(claimed.newcomer, claimed.binding), claimed.claim.presence),
        )
        if not all(self._suite.verify(public, *each) for each in signed):
            raise Rebuffed("not proved", "the invite is not proved by its key")
        return public

    def _admit(self, claimed: Claimed, public: bytes, now: Now) -> None:
        fields = self._history.state.fields((invite.NAME, public.hex()))
        newcomer = claimed.newcomer
        if fields.get("used_by") == newcomer.controller.hex():
            return
        self._demand_open(fields, now)
        tx = self._under_way.get(public)
        if tx is not None and self._barrier.is_trying(tx):
            return
        if self._crank.is_still:
            why = self._crank.stand_down or "its disk failed"
            raise Rebuffed("no votes", f"this controller casts no votes: {why}")
        name = f"admit {newcomer.name} by invite"
        proposed = self._crank.try_by_itself(name, (_admission(claimed, public),), now)
        if isinstance(proposed, str):
            raise Rebuffed("not proposed", proposed)
        while len(self._under_way) >= UNDER_WAY_MAX:
            del self._under_way[next(iter(self._under_way))]
        self._under_way[public] = proposed

    def _demand_open(self, fields: dict[str, Value], now: Now) -> None:
        state, expires_at_ns = fields["state"], fields["expires_at_ns"]
        if state == invite.USED:
            raise Rebuffed("used", f"the invite was used by {self._who(fields['used_by'])}")
        if state != invite.OPEN:
            raise Rebuffed("revoked", f"the invite was {state}")
        assert isinstance(expires_at_ns, int), "the kind says so"
        late_ns = now.wall_ns - expires_at_ns
        if late_ns > 0:
            ago = spell_duration(late_ns // SECOND * SECOND)
            raise Rebuffed("expired", f"the invite expired {ago} ago by this controller's clock")

    def _who(self, controller: Value) -> str:
        key = str(controller)
        name = self._history.state.read(("controller", key, "name"))
        return f"{name} ({fingerprint(bytes.fromhex(key))})"


def _admission(claimed: Claimed, public: bytes) -> Command:
    newcomer = claimed.newcomer
    parameters: dict[str, Value] = {
        "controller": newcomer.controller.hex(),
        "name": newcomer.name,
        "site": newcomer.site,
        "exchange_key": newcomer.exchange_key.hex(),
        "addresses": [str(address) for address in claimed.addresses],
        "invite": public.hex(),
        "proof": claimed.claim.proof.hex(),
    }
    return Command("controller", "admit", parameters)
