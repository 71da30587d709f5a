"""Two who hold the same history and not the same state: one of them is damaged, and which one?

The fold is a pure function, so equal histories give equal states, or somebody's memory or program
is not what it should be. Whoever is contradicted does the sum again from the first entry. If it
comes out differently, the mistake was here, and is mended. If it comes out the same, the larger
side is believed: whoever is contradicted by more members than agree with it, and stays so, casts no
votes and takes leave, so that nobody waits for it. Two alone both do.

A comparison that could not be made, since the histories differ, says nothing in either direction.
"""

from typing import Final

from mesh.protocol.history import History
from mesh.protocol.membership import Membership
from mesh.protocol.now import SECOND, Now
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.differing import Differing
from mesh.wire.identity import Incarnation, fingerprint
from mesh.wire.messages import Summary

ALARM_EVERY_NS: Final = 60 * SECOND
"""A lasting disagreement is said again, and looked into again, this often."""

PATIENCE_NS: Final = 30 * SECOND
"""How long the larger side has to stand against this one: all members have been heard by then, and
whoever was wrong and could mend it has done so."""


class Disagreement:
    """What members say about the state that this controller makes of its history."""

    def __init__(self, desk: Desk, history: History, members: Membership) -> None:
        self._desk = desk
        self._history = history
        self._members = members
        self._contradicts: dict[bytes, bool] = {}
        """By controller, the last comparison that could be made."""
        self._alarmed_at_ns: int | None = None
        self._outnumbered_since_ns: int | None = None
        self.differing = Differing(desk, history)
        self.mended = False
        """The state became another one since this was last cleared."""
        self.why: str | None = None
        """Why this life casts no votes any more; None while it may."""

    def compare(self, peer: Incarnation, summary: Summary, now: Now) -> None:
        """``peer`` says what it holds, and what it makes of it."""
        if summary.history != self._history.history_hash[:8]:
            return
        differs = summary.state != self._history.state_hash[:8]
        self._contradicts[peer.controller] = differs
        if differs:
            self._desk.counters["states that differ over one history"] += 1
            self._look_into(peer, now)
        if self._contradicts.get(peer.controller, False):
            self.differing.contradicted(peer, summary.state, now)
        else:
            self.differing.agreed(peer)
        self._judge(now)

    @property
    def contradicting(self) -> tuple[bytes, ...]:
        """The controllers that made something else of the same history, sorted."""
        return tuple(who for who, differs in sorted(self._contradicts.items()) if differs)

    @property
    def is_settled(self) -> bool:
        """Whether somebody could be compared with, and all who could agree by now."""
        return bool(self._contradicts) and not self.contradicting

    @property
    def is_on(self) -> bool:
        """Whether something follows from it that is not done."""
        return self.mended or self.why is not None

    def _look_into(self, peer: Incarnation, now: Now) -> None:
        """Say so, and fold again: not more often than now and then, whatever a peer claims."""
        at_ns = self._alarmed_at_ns
        if at_ns is not None and now.monotonic_ns - at_ns <= ALARM_EVERY_NS:
            return
        self._alarmed_at_ns = now.monotonic_ns
        text = f"{peer} folds the same history to another configuration: one of us is damaged"
        if not self._history.refold():
            text += "; folding all of it again here gave the same as before"
            self._desk.notice("error", "states differ", text)
            return
        self._contradicts.clear()
        self.mended = True
        self._desk.counters["states mended"] += 1
        text += ": this one was. It was folded anew and is mended; look at the memory of this host"
        self._desk.notice("error", "states differ", text)

    def _judge(self, now: Now) -> None:
        if not any(self._contradicts.values()):
            self._outnumbered_since_ns = None
            return
        present = {who.controller for who in self._members.view}
        words = [word for who, word in self._contradicts.items() if who in present]
        if 2 * sum(words) <= len(words):
            self._outnumbered_since_ns = None
        elif self._outnumbered_since_ns is None:
            self._outnumbered_since_ns = now.monotonic_ns
        elif now.monotonic_ns - self._outnumbered_since_ns >= PATIENCE_NS and self.why is None:
            self.why = self._words(sum(words), len(words))
            self._desk.notice("error", "stands down", self.why)

    def _words(self, against: int, heard: int) -> str:
        such_as = fingerprint(self.contradicting[0])
        return (
            f"{against} of {heard} members make another configuration of the same history, such as"
            f" {such_as}: compare `trellis --version` and `trellis doctor` there and here, upgrade"
            " or restart the one that is wrong; this one casts no votes until its next start"
        )
