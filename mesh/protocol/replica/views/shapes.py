"""What the views of a change hold, by name: the same in the API, in ``--json`` and in the docs."""

from typing import TypedDict

from mesh.protocol.replica.views.consent import ConsentView
from mesh.protocol.replica.views.information import Json
from mesh.protocol.replica.views.names import Who


class CommandView(TypedDict):
    """One command of a ChangeSet, as it was written."""

    group: str
    verb: str
    parameters: Json


class BaseView(TypedDict):
    """One key that a ChangeSet was made against."""

    key: str
    by: str | None
    """The tx that had last written it; None: nobody, or the founding."""


class KeyView(TypedDict):
    """One key that a ChangeSet wrote."""

    key: str
    before: Json
    after: Json


class WaitedFor(TypedDict):
    """A controller that has not answered yet."""

    controller: Who
    standing: str
    """``alive``, ``suspect``, ``failed`` …, as this controller sees it."""
    since_ms: int | None
    """How long it has stood so; None where that is not known."""


class RefusedBy(TypedDict):
    """A controller that said No."""

    controller: Who
    why: str
    detail: str


class SwapView(TypedDict):
    """When one controller began to show the new state, by its own word."""

    controller: Who
    at_ns: int
    took_part: bool
    """It sealed the ChangeSet; others were given it afterwards, by a merge or when they came."""
    late: bool
    why: str
    """Why its instant was not kept to; empty where it was."""


class AppliedView(TypedDict):
    """How far a ChangeSet got."""

    count: int
    of: int
    """Active controllers of the roster as it is now."""
    by: list[Who]
    missing: list[Who]
    skew_ns: int | None
    """Between the first and the last swap of those who took part at the barrier and were not late;
    None until two of them have told."""
    swaps: list[SwapView]


class AgainView(TypedDict):
    """A ChangeSet that says once more what another one has said in vain."""

    tx: str
    id: str


class SetAsideView(TypedDict):
    """Why a ChangeSet is in the history without effect."""

    why: str
    detail: str
    key: str | None
    """What stood in its way; after a merge, what of its base is not as it was."""
    by: str | None
    """The tx that wrote that last."""
    by_name: str
    """What its author called it; empty: that is not known."""
    again: AgainView | None
    """The ChangeSet that says the same and stands, or waits; where one was asked about, or for all
    that was set aside."""


class OriginView(TypedDict):
    """Where a ChangeSet was promoted from."""

    link: str
    """The name of the link; empty: there is none by now."""
    environment: str
    tx: str
    controller: str
    """The one that vouches for it, by its key."""


class Change(TypedDict):
    """A ChangeSet in one line."""

    tx: str
    id: str
    name: str
    kind: str
    word: str
    """awaiting approval, pending, applied, set aside, repeated, cancelled, cancelled here, in
    doubt, lost, queued, needs upgrade, or ``applied elsewhere, unmerged``."""
    text: str
    """The same as a sentence."""
    author: Who | None
    """The controller that proposed it; None while it is queued."""
    signer: Who
    reason: str
    attempts: int
    final: bool
    """Nothing about it will change here by itself: it has ended, waits for people, or this
    controller decides nothing any more."""
    conflict: bool
    """Another ChangeSet stands in its way: it was set aside, or refused for that."""
    proposed_at_ns: int | None
    """When it was proposed, on its author's wall clock."""
    shown_at_ns: int | None
    """When its effect is to be shown here, or was, on this controller's wall clock; None while the
    seals do not say, and where it has no effect."""


class ChangeDetail(Change):
    """A ChangeSet with all that is known of it."""

    commands: list[CommandView]
    """As they were written."""
    resolved: list[CommandView]
    """What they came to, where that is something else: names as keys, templates filled in."""
    base: list[BaseView]
    """What it was made against; of a forced one, what it writes over."""
    forced: bool
    patience_ns: int
    """How long it may wait at the barrier before it is refused."""
    written: list[KeyView]
    sealed: list[Who]
    refused: list[RefusedBy]
    waiting_for: list[WaitedFor]
    applied: AppliedView
    set_aside: SetAsideView | None
    consent: ConsentView | None
    """What people have still to give; None where it does not wait for them."""
    approved_by: list[str]
    """Names of the operators who have approved it."""
    overrides: bool
    """Its signer passes by the approvals and the promotion that are demanded."""
    origin: OriginView | None
    """The ChangeSet of another environment that it carries on."""
