"""What clients send, field by field; an unknown field is an error and never ignored."""

from typing import TYPE_CHECKING, Annotated

import msgspec

from mesh.wire.limits import COMMANDS_MAX, NAME_CHARACTERS_MAX, TEXT_CHARACTERS_MAX
from mesh.wire.requests import Command, Value

if TYPE_CHECKING:
    from crdt import Writable
else:
    Writable = object  # msgspec knows no recursive alias: the store checks instead

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]
Reason = Annotated[str, msgspec.Meta(max_length=TEXT_CHARACTERS_MAX)]
Positive = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class CommandBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One command."""

    group: str
    verb: str
    parameters: dict[str, Value] = {}


Commands = Annotated[tuple[CommandBody, ...], msgspec.Meta(max_length=COMMANDS_MAX)]


def to_commands(bodies: tuple[CommandBody, ...]) -> tuple[Command, ...]:
    """As the environment knows them."""
    return tuple(Command(each.group, each.verb, each.parameters) for each in bodies)


class ValueBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """PUT of one entry."""

    value: Writable
    seen: str | None = None
    """The token of the reading that this write is based on."""


class WriteBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of several writes."""

    path: str
    value: Writable = None
    remove: bool = False
    seen: str | None = None


class WritesBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Several writes that become visible together."""

    writes: Annotated[tuple[WriteBody, ...], msgspec.Meta(min_length=1, max_length=1_000)]


class SubmitBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ChangeSet: its commands, or the name of a draft of this controller.

    With both, the draft must still have these commands: what was shown is what is submitted.
    """

    name: Name | None = None
    commands: Commands = ()
    draft: str | None = None
    reason: Reason | None = None
    patience_ns: Positive | None = None
    force: bool = False
    override: bool = False
    """Pass by the approvals and the promotion that the environment demands."""
    state: str | None = None
    """The hash of the configuration that it was made for: where it is another one by now, no."""


class ApproveBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An approval that was signed elsewhere, in hex; nothing: with the key kept here."""

    operator: str | None = None
    signature: str | None = None


class PromoteBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which ChangeSet of which linked environment is to be carried on here."""

    name: Name
    from_: Name = msgspec.field(name="from")
    reason: Reason | None = None
    patience_ns: Positive | None = None
    override: bool = False
    older: bool = False
    """Also where a later one of there, which writes the same, is here already."""


class RequestBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request that was signed elsewhere: its bytes and the signature over them, in hex."""

    request: str
    signature: str


class DraftBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new draft."""

    name: Name
    reason: Reason = ""


class AppendBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Commands for a draft."""

    commands: Annotated[
        tuple[CommandBody, ...], msgspec.Meta(min_length=1, max_length=COMMANDS_MAX)
    ]


class RevertBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a ChangeSet is to be undone."""

    reason: Reason = ""
    force: bool = False
    """Also where another ChangeSet has written there since."""
    override: bool = False
    """Pass by the approvals and the promotion that the environment demands."""


class MergeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Further ChangeSets to keep in a merge."""

    keep: tuple[str, ...] = ()


class AcceptBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to admit, by the fingerprint on the newcomer's screen."""

    fingerprint: str
