"""What waits for people, and what comes of their word.

A request that enough people stand behind goes to the barrier. One that lacks what others can give
hangs on the board, where every controller sees it, until somebody's approval completes it: that
controller brings it to the barrier, with all the approvals on the board. Two who complete it at
once on two controllers bring the same request, which takes effect once.
"""

from collections import Counter
from itertools import islice
from typing import Final, assert_never

from mesh.environment.rights import Grant, Holder, Level, is_of_right
from mesh.protocol.barrier import Accepted, AlreadyKnown, NoQuorum, Refused, Submission
from mesh.protocol.history import History, Prospect
from mesh.protocol.history.prospects import is_resolved
from mesh.protocol.now import Now
from mesh.protocol.replica.crank import Crank
from mesh.protocol.replica.declined import CONFLICT, FAILED, REFUSED, Declined
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.entries import Entries
from mesh.protocol.replica.noticeboard import (
    PENDING_MAX,
    PENDING_OF_ONE_MAX,
    Board,
    Posted,
    approving,
    place_of,
    posting,
)
from mesh.wire.facts import NoReason
from mesh.wire.requests import Approval, Key, Kind, Request, SignedRequest, read_request

LAPSED_MAX: Final = 16
"""Requests whose signers lost the right to propose them, of so many one is told."""


class Consents:
    """The board of one participant, and the way from it to the barrier."""

    def __init__(
        self, desk: Desk, history: History, crank: Crank, entries: Entries, board: Board
    ) -> None:
        self._desk = desk
        self._history = history
        self._crank = crank
        self._entries = entries
        self.board = board

    def waiting(self) -> list[Posted]:
        """What hangs on the board and is not in the history, the one that waits longest first.

        It is what its signer may propose today, and of one signer no more than so much.
        """
        found: list[Posted] = []
        of_one: Counter[bytes] = Counter()
        for each in self.board.all():
            signer = each.request.signer
            if of_one[signer] >= PENDING_OF_ONE_MAX or self._is_done(each):
                continue
            if self._may_propose(each.request):
                of_one[signer] += 1
                found.append(each)
        resolved = {_source(each.request) for each in found if each.is_resolved}
        return [each for each in found if each.is_resolved or _source(each.request) not in resolved]

    def lapsed(self) -> list[Posted]:
        """What its signer could propose and cannot any more, so that people see what became of it.

        It takes nobody's place on the board.
        """
        lost = (
            each
            for each in self.board.all()
            if not self._is_done(each) and self._had_a_right(each) and self.lost_right(each)
        )
        return list(islice(lost, LAPSED_MAX))

    def lost_right(self, posted: Posted) -> Grant | None:
        """The first right to propose ``posted`` that its signer has not; None: there is none."""
        holder = self._history.state.rights.holder(posted.request.signer)
        if holder is None:
            return None
        return lacks_to_propose(holder, self._history.written_keys(posted.request))

    def _had_a_right(self, posted: Posted) -> bool:
        """Whether it was signed under a right: what was never anybody's to propose is nonsense."""
        request = posted.request
        holder = self._history.state.rights.holder(request.signer)
        if holder is None or not posted.is_resolved:
            return holder is not None
        mine = (holder.kind, holder.name)
        named = (each.key for each in (*request.base, *request.overridden))
        return any(key[:2] == mine and is_of_right(key) for key in named)

    def find(self, tx: bytes) -> Posted | None:
        """The request ``tx``, where it waits."""
        found = self.board.get(tx)
        return None if found is None or self._is_done(found) else found

    def prospect(self, posted: Posted) -> Prospect:
        """How it would fare now."""
        return self._history.prospect(posted.signed, posted.approvals)

    # --- what people do -----------------------------------------------------------------------

    def submit(self, signed: SignedRequest, kind: Kind, now: Now) -> bytes:
        """Bring ``signed`` to the barrier, or hang it on the board; its tx.

        Raises Declined, and cbor.Undecodable where it is no request.
        """
        request = read_request(signed.raw)
        tx = self._submit(signed, request, kind, now)
        self._supersede(tx, request, now)
        return tx

    def _supersede(self, tx: bytes, request: Request, now: Now) -> None:
        """Take down what was overtaken and has just been made anew."""
        for posted in self.waiting():
            old = posted.request
            same = (old.signer, old.written) == (request.signer, request.written)
            if same and posted.tx != tx and self.prospect(posted).stale:
                _ = self._entries.remove(place_of(posted.tx), now)

    def _submit(self, signed: SignedRequest, request: Request, kind: Kind, now: Now) -> bytes:
        posted = self.find(signed.tx)
        approvals = () if posted is None else posted.approvals
        prospect = self._history.prospect(signed, approvals)
        if not is_resolved(request) and prospect.fault:
            raise Declined(REFUSED, prospect.fault)
        if not prospect.fault and self._may_wait(request, prospect):
            return signed.tx if posted is not None else self._post(signed, request, now)
        return self._bring(signed, kind, approvals, now)

    def approve(self, tx: bytes, approval: Approval, now: Now) -> bytes:
        """Take note of an approval; where it was the last one, bring the request to the barrier."""
        posted = self.find(tx)
        if posted is None:
            raise Declined(FAILED, f"{tx.hex()[:8]} does not wait for approval here")
        if not posted.is_resolved:
            text = f"{tx.hex()[:8]} names data of this environment: it is carried on by whoever"
            raise Declined(FAILED, f"{text} approves it, under their own signature")
        before = self.prospect(posted)
        self._demand_of_use(posted, before, approval)
        _ = self._entries.write((approving(tx, approval),), now)
        completed = self.board.get(tx)
        assert completed is not None, "it was there a moment ago"
        if self.prospect(completed).lack is None:
            kind = self._history.kind_of(posted.request)
            _ = self._bring(posted.signed, kind, completed.approvals, now)
        return tx

    def withdraw(self, tx: bytes, now: Now) -> bytes:
        """Take a request from the board. Raises Declined."""
        if self.board.get(tx) is None:
            raise Declined(FAILED, f"{tx.hex()[:8]} does not wait for approval here")
        _ = self._entries.remove(place_of(tx), now)
        return tx

    def tidy(self, now: Now) -> None:
        """Take down what this controller has brought through the barrier."""
        for posted in self.board.all():
            entry = self._history.entry(posted.tx)
            is_own = entry is not None and entry.author == self._desk.own
            if is_own or (not posted.is_resolved and self._is_done(posted)):
                _ = self._entries.remove(place_of(posted.tx), now)

    # --- the board ------------------------------------------------------------------------------

    def _is_done(self, posted: Posted) -> bool:
        """Whether it is in the history, itself or, where it was carried on, in its effect."""
        origin = posted.request.origin
        if origin is not None and not posted.is_resolved:
            return self._history.carried_on(origin.environment, origin.tx) is not None
        return self._history.entry(posted.tx) is not None

    def _may_wait(self, request: Request, prospect: Prospect) -> bool:
        """Whether others can give what it lacks, and its signer may ask them to."""
        signer = self._history.state.rights.holder(request.signer)
        if prospect.lack is None or signer is None:
            return False
        if not prospect.lack.can_be_given and is_resolved(request):
            return False
        return self._may_propose(request)

    def _may_propose(self, request: Request) -> bool:
        holder = self._history.state.rights.holder(request.signer)
        return holder is not None and may_propose(holder, self._history.written_keys(request))

    def _post(self, signed: SignedRequest, request: Request, now: Now) -> bytes:
        self._clear(now)
        waiting = self.waiting()
        of_one = sum(each.request.signer == request.signer for each in waiting)
        if len(waiting) >= PENDING_MAX or of_one >= PENDING_OF_ONE_MAX:
            text = f"{len(waiting)} changes wait for approval, {of_one} of them by this signer"
            hint = f"at most {PENDING_MAX}, {PENDING_OF_ONE_MAX} of one: `trellis change withdraw`"
            raise Declined(REFUSED, f"{text}; {hint}")
        _ = self._entries.write(posting(signed, now.wall_ns), now)
        return signed.tx

    def _clear(self, now: Now) -> None:
        """Take down what is done, whoever brought it through."""
        for posted in self.board.all():
            if self._is_done(posted):
                _ = self._entries.remove(place_of(posted.tx), now)

    def _demand_of_use(self, posted: Posted, prospect: Prospect, approval: Approval) -> None:
        """Raises Declined where this approval cannot help it."""
        holder = self._history.state.rights.holder(approval.operator)
        if holder is None:
            raise Declined(REFUSED, "this key is no operator's here; see `trellis operator list`")
        if not self.board.is_by(approval.operator, posted.tx, approval.signature):
            raise Declined(REFUSED, "the approval is not signed by the key that it names")
        if approval.operator == posted.request.signer:
            raise Declined(REFUSED, f"{holder} has signed it: one's own approval does not count")
        if prospect.fault:
            raise Declined(FAILED, prospect.fault)
        if prospect.stale:
            text = f"{prospect.stale}; `trellis change restage {posted.tx.hex()[:8]}` makes it anew"
            raise Declined(CONFLICT, text)
        has_approved = any(each.operator == approval.operator for each in posted.approvals)
        lack = prospect.lack
        if lack is not None and not has_approved and holder not in lack.who:
            raise Declined(REFUSED, f"{holder} cannot give what it lacks: {lack}")

    # --- the barrier ----------------------------------------------------------------------------

    def _bring(
        self, signed: SignedRequest, kind: Kind, approvals: tuple[Approval, ...], now: Now
    ) -> bytes:
        demand_accepted(self._crank.submit(signed, kind, now, approvals), self._desk)
        return signed.tx


def _source(request: Request) -> tuple[bytes, bytes] | None:
    """What it carries on."""
    origin = request.origin
    return None if origin is None else (origin.environment, origin.tx)


def may_propose(holder: Holder, written: tuple[Key, ...]) -> bool:
    """Whether ``holder`` may leave a ChangeSet for others to approve."""
    return lacks_to_propose(holder, written) is None


def lacks_to_propose(holder: Holder, written: tuple[Key, ...]) -> Grant | None:
    """The first right to ask others that ``holder`` has not."""
    asked = (Grant(Level.EDIT, key) for key in written)
    return next((grant for grant in asked if holder.covering(grant) is None), None)


def demand_accepted(submission: Submission, desk: Desk) -> None:
    """Raises Declined with what the barrier says against it."""
    match submission:
        case Accepted() | AlreadyKnown():
            return
        case Refused(objection=objection):
            code = CONFLICT if objection.why is NoReason.CONFLICT else REFUSED
            raise Declined(code, f"{objection.why.value}: {objection.detail}")
        case NoQuorum(live=live) if desk.own not in live:
            raise Declined(
                FAILED,
                "no quorum: this controller takes no part at the barrier; `trellis status` says"
                " why; use another one",
            )
        case NoQuorum(live=live, needed=needed):
            raise Declined(
                FAILED,
                f"no quorum: {len(live)} of {needed} controllers that are needed can be"
                " reached; nothing was proposed",
            )
        case _:
            assert_never(submission)
