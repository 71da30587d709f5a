"""What the resources answer, field by field, where no view of the replica says it already."""

from typing import TypedDict

from mesh.api.drafts import Draft
from mesh.protocol.replica.views import ChangeDetail, Json


class Proposed(TypedDict):
    """The ChangeSet that was brought to the barrier, or decided on."""

    tx: str
    """Its id, in hex."""


class Prepared(TypedDict):
    """A request in hex, to be signed elsewhere and brought to /v1/requests."""

    request: str


class Written(TypedDict):
    """So many entries were written; zero where nothing was different."""

    written: int


class Marked(Proposed, Written):
    """A ChangeSet that linked environments may have from now on."""


class Wanted(TypedDict):
    """A checkpoint is taken as soon as the barrier is free."""

    wanted: bool


class Founded(TypedDict):
    """The environment that was founded."""

    environment: str


class Caller(TypedDict):
    """Who asks."""

    name: str
    rights: list[str]
    signs_here: bool
    """Whether this controller signs what the caller asks for."""


class LockedKey(TypedDict):
    """The key of an operator, locked by a passphrase."""

    environment: str
    name: str
    key: str
    locked: Json


class Conflicts(TypedDict):
    """What was set aside."""

    conflicts: list[ChangeDetail]


class ApprovalView(TypedDict):
    """One approval, in hex."""

    operator: str
    signature: str


class WaitingRequest(TypedDict):
    """What waits for approval, with all that an approval signs."""

    tx: str
    request: str
    signature: str
    resolved: bool
    approvals: list[ApprovalView]


class Drafts(TypedDict):
    """Open drafts of all controllers."""

    drafts: list[Draft]


class LinkedController(TypedDict):
    """A controller of the other environment."""

    id: str
    fingerprint: str
    name: str


class Peer(TypedDict):
    """What a linked environment says of itself."""

    environment: str
    controllers: list[LinkedController]


class PublishedLine(TypedDict):
    """A ChangeSet that may be had."""

    tx: str
    name: str
    reason: str


class PublishedList(Peer):
    """This environment, for those who are linked to it."""

    changes: list[PublishedLine]


class PublishedCommand(TypedDict):
    """One command, as it was written."""

    group: str
    verb: str
    parameters: dict[str, Json]


class PublishedChange(TypedDict):
    """A ChangeSet with a controller's signature over it."""

    environment: str
    tx: str
    name: str
    reason: str
    commands: list[PublishedCommand]
    controller: str
    signature: str
    later: list[str]
    """Ids of what has written over it since, the last one first."""
