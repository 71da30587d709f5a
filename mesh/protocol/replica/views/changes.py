"""ChangeSets as people read them: one word, one sentence, and who is waited for.

A person signs one request; the barrier may need several attempts at it. People are shown the
request: as it stands in the history if it is there, otherwise as its latest attempt stands at the
barrier. All of it is how things look from *this* controller, the only thing it can honestly say.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import chain, islice

from mesh.environment.consent import link_by
from mesh.environment.redaction import shown, shown_command
from mesh.protocol.barrier import Status, Word
from mesh.protocol.catalogue import ChangeSet
from mesh.protocol.ground import Aside
from mesh.protocol.history import LogEntry, Standing
from mesh.protocol.now import Now
from mesh.protocol.replica.door import Replica
from mesh.protocol.replica.noticeboard import Posted
from mesh.protocol.replica.views import swapped
from mesh.protocol.replica.views.aside import set_aside_below, set_aside_of, staged_again
from mesh.protocol.replica.views.consent import WORD, consent_of, told
from mesh.protocol.replica.views.information import plain
from mesh.protocol.replica.views.look import Look
from mesh.protocol.replica.views.names import ASKED_DIGITS_MIN, TX_DIGITS, spell_path
from mesh.protocol.replica.views.sentences import sentence
from mesh.protocol.replica.views.shapes import (
    AppliedView,
    BaseView,
    Change,
    ChangeDetail,
    CommandView,
    KeyView,
    OriginView,
    RefusedBy,
    SetAsideView,
    WaitedFor,
)
from mesh.wire.facts import NoReason, Propose
from mesh.wire.requests import Command, Request, read_request

FINAL_WORDS = ("applied", "set aside", "repeated", "cancelled", "cancelled here", "lost")


class Ambiguous(Exception):
    """What was asked for means several ChangeSets: ``candidates`` are their ids, as shown."""

    def __init__(self, candidates: tuple[str, ...]) -> None:
        super().__init__(f"means several: {', '.join(candidates)}")
        self.candidates = candidates


# --- lists --------------------------------------------------------------------------------------


def changes(replica: Replica, now: Now, limit: int) -> list[Change]:
    """The last ``limit`` ChangeSets: what waits first, then the history from its end."""
    look = Look.at(replica, now)
    if look is None:
        return []
    waiting = waiting_tx(look)
    shown = islice(chain(waiting, look.from_the_end()), limit)
    return [line(look, tx) for tx in shown]


def pending(replica: Replica, now: Now) -> list[Change]:
    """The ChangeSets that wait, for people or at the barrier, the latest first."""
    look = Look.at(replica, now)
    if look is None:
        return []
    waiting = (tx for tx in waiting_tx(look) if tx in look.posted or not _is_final(look, tx))
    return [line(look, tx) for tx in waiting]


def waiting_tx(look: Look) -> list[bytes]:
    """What is not in the history, the latest first."""
    posted = list(look.posted)
    others = (*reversed(look.unproposed), *reversed(look.outside_history()))
    return [*reversed(posted), *(tx for tx in others if tx not in look.posted)]


def conflicts(replica: Replica, now: Now) -> list[ChangeDetail]:
    """The ChangeSets that were set aside, the latest first."""
    look = Look.at(replica, now)
    if look is None:
        return []
    set_aside = [entry.tx for entry in look.inside.history.conflicts()]
    return _followed_up(look, [*reversed([*look.set_aside_below, *set_aside])])


def _followed_up(look: Look, asked: list[bytes]) -> list[ChangeDetail]:
    """All about each of them; of what was set aside also whether it came again."""
    details = {tx: _detail(look, tx) for tx in asked}
    aside = {tx: each["set_aside"] for tx, each in details.items() if each["set_aside"]}
    again = staged_again(look, aside) if aside else {}
    for tx, view in aside.items():
        view["again"] = again.get(tx)
    return [*details.values()]


def change(replica: Replica, asked: str, now: Now) -> ChangeDetail | None:
    """The ChangeSet that ``asked`` means: an id, the beginning of one, or a name.

    None where it means none. Raises Ambiguous where it means several.
    """
    look = Look.at(replica, now)
    tx = None if look is None else find(look, asked)
    if look is None or tx is None:
        return None
    (detail,) = _followed_up(look, [tx])
    return detail


def find(look: Look, asked: str) -> bytes | None:
    """The tx that ``asked`` means. Raises Ambiguous."""
    everything = look.everything()
    if ASKED_DIGITS_MIN <= len(asked) <= TX_DIGITS:
        begins = [tx for tx in everything if tx.hex().startswith(asked.lower())]
        if len(begins) == 1:
            return begins[0]
        if begins:
            raise Ambiguous(tuple(look.short(tx) for tx in begins))
    named = [tx for tx in everything if look.name(tx) == asked]
    waiting = [tx for tx in named if tx in look.posted]
    if len(waiting) == 1:  # people say the name of what waits for them
        return waiting[0]
    if len(named) > 1:
        raise Ambiguous(tuple(look.short(tx) for tx in named))
    return named[0] if named else None


# --- one ChangeSet ------------------------------------------------------------------------------


def line(look: Look, tx: bytes) -> Change:
    """A ChangeSet in one line."""
    detail = _detail(look, tx)
    return Change(
        tx=detail["tx"],
        id=detail["id"],
        name=detail["name"],
        kind=detail["kind"],
        word=detail["word"],
        text=detail["text"],
        author=detail["author"],
        signer=detail["signer"],
        reason=detail["reason"],
        attempts=detail["attempts"],
        final=detail["final"],
        conflict=detail["conflict"],
        proposed_at_ns=detail["proposed_at_ns"],
        shown_at_ns=detail["shown_at_ns"],
    )


def _is_final(look: Look, tx: bytes) -> bool:
    """Whether nothing more happens to it by itself."""
    if tx in look.posted:
        return True
    numbers = look.inside.barrier.attempts(tx)
    if not numbers:
        return tx in look.given_up or tx in look.set_aside_below
    entry = look.inside.history.entry(tx)
    status = look.inside.barrier.status(numbers[-1] if entry is None else entry.number)
    return _word(entry, status) in FINAL_WORDS and not look.inside.barrier.is_trying(tx)


def _detail(look: Look, tx: bytes) -> ChangeDetail:
    detail = _as_known(look, tx)
    if look.stalled and not detail["final"]:
        text = f"{detail['word']}: it goes no further here, see another controller: {look.stalled}"
        detail.update({"final": True, "text": text})
    return detail


def _as_known(look: Look, tx: bytes) -> ChangeDetail:
    if tx in look.posted:
        return _posted(look, look.posted[tx])
    numbers = look.inside.barrier.attempts(tx)
    if numbers:
        return _proposed(look, tx, numbers)
    below = look.set_aside_below.get(tx)
    return _unproposed(look, tx) if below is None else _below(look, below)


def _posted(look: Look, posted: Posted) -> ChangeDetail:
    """A request that waits for people."""
    consent = consent_of(look, posted)
    plain_detail = _bare(look, posted.tx, posted.request)
    plain_detail.update(
        {
            "word": WORD,
            "text": told(consent),
            "final": True,
            "conflict": bool(consent["stale"]),
            "consent": consent,
            "approved_by": consent["approved_by"],
        }
    )
    return plain_detail


def _below(look: Look, aside: Aside) -> ChangeDetail:
    """A request that a checkpoint has summed up, and that had no effect."""
    detail = _bare(look, aside.tx, read_request(aside.request))
    view = set_aside_below(aside)
    detail.update(
        {
            "word": Standing.SET_ASIDE.value,
            "text": f"{Standing.SET_ASIDE.value}: {view['detail']}",
            "final": True,
            "conflict": True,
            "set_aside": view,
        }
    )
    return detail


def _unproposed(look: Look, tx: bytes) -> ChangeDetail:
    """A request that is still in the queue here, or left it without having been proposed."""
    given_up = look.given_up.get(tx)
    detail = _bare(look, tx, look.unproposed[tx])
    if given_up is None:
        text = "queued: it is proposed as soon as what comes before it is through"
    else:
        text = f"cancelled: it was never proposed: {given_up.why}"
    detail.update(
        {
            "word": "queued" if given_up is None else Word.CANCELLED.value,
            "text": text,
            "final": given_up is not None,
            "conflict": given_up is not None and given_up.conflict,
        }
    )
    return detail


def _bare(look: Look, tx: bytes, request: Request) -> ChangeDetail:
    """What can be said of a request that nobody has proposed."""
    active = [look.who(each) for each in sorted(look.inside.roster.active)]
    return ChangeDetail(
        tx=tx.hex(),
        id=look.short(tx),
        name=request.name,
        kind=look.inside.history.kind_of(request).value,
        word="",
        text="",
        author=None,
        signer=look.signer(request.signer),
        reason=request.reason,
        attempts=0,
        final=False,
        conflict=False,
        proposed_at_ns=None,
        shown_at_ns=None,
        commands=[_command(each) for each in request.written],
        resolved=_resolved(request),
        base=_base(request),
        forced=bool(request.overridden),
        patience_ns=request.patience_ns,
        written=[],
        sealed=[],
        refused=[],
        waiting_for=[],
        applied=AppliedView(count=0, of=len(active), by=[], missing=active, skew_ns=None, swaps=[]),
        set_aside=None,
        consent=None,
        approved_by=[],
        overrides=request.override,
        origin=_origin(look, request),
    )


def _origin(look: Look, request: Request) -> OriginView | None:
    origin = request.origin
    if origin is None:
        return None
    return OriginView(
        link=link_by(look.inside.history.state, origin.environment, origin.controller),
        environment=origin.environment.hex(),
        tx=origin.tx.hex(),
        controller=origin.controller.hex(),
    )


def _proposed(look: Look, tx: bytes, numbers: Sequence[int]) -> ChangeDetail:
    entry = look.inside.history.entry(tx)
    number = entry.number if entry is not None else numbers[-1]
    change_set = look.inside.catalogue[number]
    status = look.inside.barrier.status(number)
    word = _word(entry, status)
    applied = swapped.applied(look, tx, status)
    waiting = _waiting(look, status)
    sealed = [look.who(each.controller) for each in status.sealed]
    refused = _refused(look, status)
    set_aside = set_aside_of(look, entry)
    shown_at_ns = swapped.shown_at_ns(look, tx, word, status)
    return ChangeDetail(
        tx=tx.hex(),
        id=look.short(tx),
        name=change_set.request.name,
        kind=change_set.kind.value,
        word=word,
        text=sentence(
            word, applied, waiting, sealed, refused, set_aside, swapped.ahead_ns(look, shown_at_ns)
        ),
        author=look.who(change_set.attempt.author.controller),
        signer=look.signer(change_set.request.signer),
        reason=change_set.request.reason,
        attempts=len(numbers),
        final=_is_final(look, tx),
        conflict=_is_conflict(status, set_aside),
        proposed_at_ns=_proposed_at_ns(look, change_set),
        shown_at_ns=shown_at_ns,
        commands=[_command(each) for each in change_set.request.written],
        resolved=_resolved(change_set.request),
        base=_base(change_set.request),
        forced=bool(change_set.request.overridden),
        patience_ns=change_set.request.patience_ns,
        written=_written(entry),
        sealed=sealed,
        refused=refused,
        waiting_for=waiting,
        applied=applied,
        set_aside=set_aside,
        consent=None,
        approved_by=sorted(look.operator(a.operator) for a in change_set.attempt.approvals),
        overrides=change_set.request.override,
        origin=_origin(look, change_set.request),
    )


def _word(entry: LogEntry | None, status: Status) -> str:
    """In the history its standing there says more than "applied"."""
    if entry is None or status.word is not Word.APPLIED:
        return status.word.value
    match entry.outcome.standing:
        case Standing.EFFECTIVE:
            return Word.APPLIED.value
        case Standing.UNFOLDED:
            return "needs upgrade"
        case standing:
            return standing.value


def _is_conflict(status: Status, set_aside: SetAsideView | None) -> bool:
    nos = [no.why for _, no in status.refused]
    return set_aside is not None or NoReason.CONFLICT in nos


def _command(command: Command) -> CommandView:
    parameters = plain(shown_command(command).parameters)
    return CommandView(group=command.group, verb=command.verb, parameters=parameters)


def _resolved(request: Request) -> list[CommandView]:
    """Nothing but creation ids is no difference to people."""
    same = len(request.written) == len(request.resolved) and all(
        {name: value for name, value in after.parameters.items() if name in before.parameters}
        == before.parameters
        for before, after in zip(request.written, request.resolved, strict=True)
    )
    return [] if same else [_command(each) for each in request.resolved]


def _base(request: Request) -> list[BaseView]:
    return [
        BaseView(key=spell_path(each.key), by=None if each.version is None else each.version.hex())
        for each in (*request.base, *request.overridden)
    ]


def _written(entry: LogEntry | None) -> list[KeyView]:
    if entry is None:
        return []
    return [
        KeyView(
            key=spell_path(each.key),
            before=plain(shown(each.key, each.before)),
            after=plain(shown(each.key, each.after)),
        )
        for each in entry.written_keys
    ]


def _refused(look: Look, status: Status) -> list[RefusedBy]:
    return [
        RefusedBy(controller=look.who(each.controller), why=no.why.value, detail=no.detail)
        for each, no in status.refused
    ]


def _waiting(look: Look, status: Status) -> list[WaitedFor]:
    return [
        WaitedFor(
            controller=look.who(each.controller),
            standing=look.standing(each.controller),
            since_ms=look.standing_since_ms(each.controller),
        )
        for each in status.waiting_for
    ]


def _proposed_at_ns(look: Look, change_set: ChangeSet) -> int | None:
    """The clock of the fact that proposed it; chains are in Lamport order."""
    attempt = change_set.attempt
    facts = look.inside.chains.chain(attempt.author)
    at = bisect_left(facts, attempt.lamport, key=lambda fact: fact.content.lamport)
    if at == len(facts) or not isinstance(facts[at].body, Propose):
        return None
    return facts[at].content.clock_ns
