"""The door from within: who came, how often it may knock, and the key for those admitted.

Invariant: a Welcome, which carries the environment's secret, goes only to who is in the roster.
"""

from dataclasses import dataclass, field

from mesh.protocol.admission.enrolment import Enrolment
from mesh.protocol.admission.limits import (
    KNOCK_GAP_NS,
    KNOCKS_AT_ONCE,
    KNOCKS_EVERY_NS,
)
from mesh.protocol.admission.pending import PendingList, faults
from mesh.protocol.admission.steps import Claimed, Draft, Proof
from mesh.protocol.effects import Noticed
from mesh.protocol.inputs import StreamId
from mesh.protocol.meter import Meter
from mesh.protocol.now import Now
from mesh.protocol.standing import RosterView
from mesh.wire.identity import Address, fingerprint
from mesh.wire.invitation import Newcomer
from mesh.wire.messages import Claim, Hello, Knock, Welcome


@dataclass(slots=True)
class Visitor:
    """A stream from somebody who has no environment, while we have one."""

    hello: Hello
    remote: Address
    proof: Proof
    admitted: bool
    recognition: bytes | None = None
    """What it is told, so that it knows us for a member; None: it has shown no invite."""
    meter: Meter = field(default_factory=lambda: Meter(KNOCK_GAP_NS, 2))


class Porch:
    """Who is at the door now, and who waits to be accepted."""

    def __init__(self) -> None:
        self.pending = PendingList()
        self.knocks_heard = 0
        self.knocks_dropped = 0
        self.welcomes_sent = 0
        self._visitors: dict[StreamId, Visitor] = {}
        self._meter = Meter(KNOCKS_EVERY_NS, KNOCKS_AT_ONCE)

    def came(self, stream: StreamId, visitor: Visitor, enrolment: Enrolment, draft: Draft) -> None:
        """``visitor`` said who it is (again); one that was admitted meanwhile is let in at once."""
        known = self._visitors.get(stream)
        if known is not None:
            visitor.meter = known.meter
            visitor.recognition = known.recognition
        self._visitors[stream] = visitor
        if visitor.admitted and (known is None or not known.admitted):
            self._welcome(stream, enrolment, draft)

    def left(self, stream: StreamId) -> None:
        """Who came on ``stream`` is there no more, or is no newcomer any more."""
        _ = self._visitors.pop(stream, None)

    def knocked(
        self, stream: StreamId, knock: Knock, enrolment: Enrolment, draft: Draft, now: Now
    ) -> None:
        """A newcomer asks to be admitted; one that was, and did not notice, is told again."""
        visitor = self._visitors.get(stream)
        if visitor is None:
            return
        self.knocks_heard += 1
        if not self._is_heard(visitor, now):
            self.knocks_dropped += 1
        elif visitor.admitted and knock.claim is None:
            self._welcome(stream, enrolment, draft)
        elif knock.claim is not None:
            draft.claims.append(_claimed(stream, visitor, knock.claim, enrolment))
        elif self.pending.note(visitor.hello, visitor.proof.exchange_key, visitor.remote, now):
            mark = fingerprint(visitor.hello.sender.controller)
            text = f"{visitor.hello.name} asks to be admitted: trellis members accept {mark}"
            draft.notices.append(Noticed("info", "knock", text))

    def _is_heard(self, visitor: Visitor, now: Now) -> bool:
        at_ns = now.monotonic_ns
        metered = visitor.meter.admits(at_ns) and self._meter.admits(at_ns)
        return metered and not faults(visitor.hello)

    def roster_changed(self, roster: RosterView, enrolment: Enrolment, draft: Draft) -> None:
        """Let in those at the door who are in the roster now; they wait no more."""
        self.pending.remove(roster.active | roster.learners | roster.removed)
        for stream, visitor in self._visitors.items():
            if not visitor.admitted and roster.has(visitor.hello.sender.controller):
                visitor.admitted = True
                self._welcome(stream, enrolment, draft)

    def honoured(
        self, claimed: Claimed, recognition: bytes, enrolment: Enrolment, draft: Draft
    ) -> None:
        """The claim is that of an invite; who is admitted by now is told where it came to."""
        visitor = self._visitors.get(claimed.stream)
        if visitor is not None:
            visitor.recognition = recognition
            if visitor.admitted:
                self._welcome(claimed.stream, enrolment, draft)

    def _welcome(self, stream: StreamId, enrolment: Enrolment, draft: Draft) -> None:
        welcome = Welcome(
            enrolment.founding,
            enrolment.generation,
            enrolment.generation_nonce,
            enrolment.secret,
            enrolment.secret_version,
            self._visitors[stream].recognition,
        )
        draft.sends.append((stream, welcome))
        self.welcomes_sent += 1


def _claimed(stream: StreamId, visitor: Visitor, claim: Claim, enrolment: Enrolment) -> Claimed:
    hello, proof = visitor.hello, visitor.proof
    newcomer = Newcomer(
        enrolment.environment, hello.sender.controller, proof.exchange_key, hello.name, hello.site
    )
    return Claimed(stream, newcomer, hello.addresses, claim, proof.binding)
