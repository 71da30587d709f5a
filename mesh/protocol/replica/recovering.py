"""A life that began with an empty disk, until it holds what enough others hold.

It asks nobody for anything special: vectors of facts, and hashes of them, are compared with every
peer anyway. Here is noted how far each peer was at some moment of this life, and when all of that
is here. What is known of that is said in facts, since others count on it, and kept on disk, since a
restart brings nothing back that was lost before.

A newcomer begins with an empty disk, too. It has recovered by the time that it takes part: a
learner counts those who were active before it.
"""

from typing import Final

from mesh.environment.policy import Policy
from mesh.protocol.admission import Enrolment
from mesh.protocol.barrier import Barrier
from mesh.protocol.barrier.recovery import Recovery, decode_recovery, others_needed
from mesh.protocol.chains import Chains
from mesh.protocol.effects import Image, WriteMeta
from mesh.protocol.history import History
from mesh.protocol.replica.former import LIFE_KEY
from mesh.wire.identity import Incarnation
from mesh.wire.messages import FactVector

RECOVERY_KEY: Final = "recovery"

EMPTY: Final = (
    "this store holds nothing of what it should: its disk was lost, or the controller is new; it"
    " fetches from the others what they hold"
)

NOT_RECOVERED: Final = (
    "its disk was empty, and it has not yet fetched what enough others hold; it takes part when it"
    " has met more of them, see `trellis members`"
)


class Recovering:
    """What is still missing of the memory of this controller; nothing, for most lives."""

    def __init__(
        self, own: Incarnation, chains: Chains, history: History, barrier: Barrier
    ) -> None:
        self._own = own
        self._chains = chains
        self._history = history
        self._barrier = barrier
        self._told: dict[Incarnation, dict[Incarnation, int]] = {}
        """How far a peer held each chain, where not all of that is here."""
        self._begun: dict[Incarnation, dict[Incarnation, int]] = {}
        """The same, of those who have not said all of it yet."""
        self._met: dict[bytes, None] = {}
        """All from whom this life has synced, whether they remember or not."""
        self._synced: dict[bytes, None] = {}
        """Those of them who did not have to recover themselves."""
        self._recovery: Recovery | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether anything is missing."""
        return self._recovery is not None and not self._recovery.is_over

    def begin(self, image: Image, place: Enrolment) -> Recovery | None:
        """What this life has to say of its memory, before anything is added to what the disk held.

        None: it lost nothing, or has long made up for it. A founder's first life lost nothing.
        """
        raw = image.meta.get(RECOVERY_KEY)
        is_first_of_founder = place.introducer is None and LIFE_KEY not in image.meta
        if raw is not None:
            self._recovery = decode_recovery(raw) or Recovery()
        elif not self._chains.vector() and not is_first_of_founder:
            self._recovery = Recovery()
        if self._recovery is None or self._recovery.is_over:
            return None
        self._synced = dict.fromkeys(self._recovery.synced_from)
        return self._recovery

    # --- what peers hold ----------------------------------------------------------------------

    def told(self, peer: Incarnation, vector: FactVector) -> None:
        """``peer`` says how far it holds every chain."""
        if self.is_under_way:
            known = {} if vector.after is None else self._begun.pop(peer, None)
            if known is None:
                return  # the end of a list whose beginning was not heard proves nothing
            known |= {line.origin: line.sequence for line in vector.held}
            complete = vector.until is None
            (self._told if complete else self._begun)[peer] = known

    def compared(self, peer: Incarnation, facts: bytes) -> None:
        """``peer`` holds chains of the hash ``facts``."""
        if self.is_under_way and facts == self._chains.summary():
            self._note(peer)

    def progress(self) -> Recovery | None:
        """What there is to say now that was not said; None: nothing."""
        if self._recovery is None or self._recovery.is_over:
            return None
        for peer, held in tuple(self._told.items()):
            if not self._chains.lacks(held):
                self._note(peer)
        now = Recovery(tuple(sorted(self._synced)), self._is_enough())
        if not now.is_over and bool(now.synced_from) == bool(self._recovery.synced_from):
            return None
        self._recovery = now
        return now

    def _note(self, peer: Incarnation) -> None:
        """All that ``peer`` held is here; that counts if it was more than it had fetched itself."""
        _ = self._told.pop(peer, None)
        self._met[peer.controller] = None
        recovery = self._barrier.standpoint.knowledge.recoveries.get(peer)
        if recovery is None or recovery.is_over:
            self._synced[peer.controller] = None

    def _is_enough(self) -> bool:
        """B12, by the roster here, which goes as far as that of those it synced from.

        Where all others have been met there is nobody left who could know more.
        """
        state = self._history.state.get("controller", self._own.controller.hex())
        roster = self._history.roster(self._history.ids)
        others = [each for each in roster if each != self._own.controller]
        if state is None or not others:
            return False
        majority = self._history.policy(self._history.ids) is Policy.MAJORITY
        needed = others_needed(len(roster)) if majority else 1
        known = sum(each in self._synced for each in others)
        return known >= needed or (bool(known) and all(each in self._met for each in others))


def recovery_note(recovery: Recovery) -> WriteMeta:
    """What is kept on disk beside the fact."""
    return WriteMeta(RECOVERY_KEY, recovery.encode())
