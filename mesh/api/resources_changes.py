"""ChangeSets and drafts: write, submit, look, decide."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from mesh.api.access import caller_of, demand
from mesh.api.bodies import read, reply
from mesh.api.drafts import (
    Draft,
    appending,
    commands_of,
    draft_named,
    drafts,
    opening,
    path_of,
    renewing,
)
from mesh.api.handle import Desk, desk_of
from mesh.api.problems import CONFLICT, REFUSED, Problem, not_found, wrong_usage
from mesh.api.requests import AppendBody, DraftBody, MergeBody, SubmitBody, to_commands
from mesh.api.signing import carry_out
from mesh.environment.commands import check_commands
from mesh.environment.kinds.environment import PATIENCE_NS
from mesh.environment.redaction import confidential_parameters
from mesh.environment.rights import Level
from mesh.protocol.inputs import MergeChanges, RestageChange, SubmitCommands
from mesh.protocol.now import Now
from mesh.protocol.replica import Replica, views
from mesh.wire.requests import Command


async def conflicts(request: Request) -> Response:
    """What was set aside."""
    desk = desk_of(request)
    return reply({"conflicts": views.conflicts(desk.replica, desk.now())})


async def show(request: Request) -> Response:
    """One ChangeSet; who made it may see it in any case."""
    caller = caller_of(request)
    found = _change(desk_of(request), request.path_params["id"])
    is_own = caller.signer is not None and caller.signer.public.hex() == found["signer"]["id"]
    if not is_own:
        demand(request, Level.VIEW)
    return reply(found)


async def effect(request: Request) -> Response:
    """What one ChangeSet would do if it took effect now."""
    desk = desk_of(request)
    return reply(_sought(desk, request.path_params["id"], views.effect_of))


def _change(desk: Desk, asked: str) -> views.ChangeDetail:
    return _sought(desk, asked, views.change)


T = TypeVar("T")


def _sought(desk: Desk, asked: str, view: Callable[[Replica, str, Now], T | None]) -> T:
    try:
        found = view(desk.replica, asked, desk.now())
    except views.Ambiguous as error:
        raise wrong_usage(f"'{asked}' {error}: say one of them") from error
    if found is None and views.is_below_checkpoint(desk.replica, asked):
        raise not_found(f"{asked} is older than the checkpoint: only its effect is kept")
    if found is None:
        raise not_found(f"no ChangeSet '{asked}' is known here; see `trellis change list`")
    return found


def tx_of(desk: Desk, asked: str) -> bytes:
    """The ChangeSet that ``asked`` means. Raises Problem."""
    return bytes.fromhex(_change(desk, asked)["tx"])


# --- submit and decide ----------------------------------------------------------------------------


async def submit(request: Request) -> Response:
    """Bring a ChangeSet to the barrier; the answer comes when the request is there."""
    desk = desk_of(request)
    body = await read(request, SubmitBody)
    draft = None if body.draft is None else _own_draft(desk, body.draft)
    commands = to_commands(body.commands) if draft is None else _commands(draft)
    _demand_as_shown(commands, body)
    if draft is not None and not body.force:
        _demand_unchanged(desk, draft)
    name = body.name or (draft["name"] if draft is not None else None)
    if name is None or not commands:
        raise wrong_usage("a ChangeSet has a name and at least one command")
    _demand_fitting(commands)
    reason = body.reason if body.reason is not None else _reason(draft)
    patience_ns = body.patience_ns or patience_of(desk)
    _demand_unmoved(desk, body.state)
    answer = await carry_out(
        request,
        lambda call: SubmitCommands(
            call, name, commands, reason, patience_ns, body.force, override=body.override
        ),
    )
    if draft is not None and answer.status_code == HTTPStatus.ACCEPTED:
        _ = await desk.controller.remove(path_of(desk.replica, draft["name"]))
    return answer


def _demand_as_shown(commands: tuple[Command, ...], body: SubmitBody) -> None:
    """Who names a draft and its commands has seen these, and not what was added meanwhile."""
    if body.draft is not None and body.commands and to_commands(body.commands) != commands:
        text = f"the draft '{body.draft}' has other commands by now: look at it again, then submit"
        raise Problem(HTTPStatus.CONFLICT, CONFLICT, text)


def _demand_unchanged(desk: Desk, draft: Draft) -> None:
    """Nobody has changed what the draft is about since its author last looked."""
    since = _effect(desk, draft)["since"]
    if not since:
        return
    name = draft["name"]
    told = [f"{each['key']}: {_changed(each)}" for each in since]
    raise Problem(
        HTTPStatus.CONFLICT,
        CONFLICT,
        f"since '{name}' was opened, what it is about was changed:",
        *told,
        f"Look at it again with `trellis change add '{name}'`, then submit;"
        " or write over them with --force.",
    )


_CREATION_ID_DIGITS: Final = 32


def _changed(key: views.KeyView) -> str:
    """What became of it; the creation id that stands for an object says nothing to people."""
    values = (key["before"], key["after"])
    own = [each for each in values if isinstance(each, str) and len(each) == _CREATION_ID_DIGITS]
    if own and key["key"].count("/") == 2:  # noqa: PLR2004  kind and name
        words = {(True, False): "made", (False, True): "removed"}
        return words.get((key["before"] is None, key["after"] is None), "removed and made again")
    return f"{_spelled(key['before'])} → {_spelled(key['after'])}"


def _spelled(value: views.Json) -> str:
    return "(nothing)" if value is None else msgspec.json.encode(value).decode()


def _commands(draft: Draft) -> tuple[Command, ...]:
    try:
        return commands_of(draft)
    except msgspec.ValidationError as error:
        raise wrong_usage(f"the draft '{draft['name']}' cannot be read: {error}") from error


def _reason(draft: Draft | None) -> str:
    return "" if draft is None else draft["reason"]


def patience_of(desk: Desk) -> int:
    """What the environment says, where the request says nothing."""
    inside = desk.replica.participant
    setting = None if inside is None else inside.history.state.get("environment", "patience_ns")
    return setting if isinstance(setting, int) else PATIENCE_NS


def _demand_unmoved(desk: Desk, state: str | None) -> None:
    """The configuration is still the one that the commands were made for."""
    inside = desk.replica.participant
    if state is not None and inside is not None and state != inside.history.visible.hash.hex():
        text = "the configuration has changed since: look at it again, then submit what still fits"
        raise Problem(HTTPStatus.CONFLICT, CONFLICT, text)


def _demand_fitting(commands: tuple[Command, ...]) -> None:
    errors = check_commands(commands)
    if errors:
        raise wrong_usage(*errors)


def _demand_open(commands: tuple[Command, ...]) -> None:
    """A draft is seen on all controllers while it is written."""
    hidden = confidential_parameters(commands)
    if hidden:
        raise wrong_usage(f"{', '.join(hidden)}: is confidential, so submit it without a draft")


async def restage(request: Request) -> Response:
    """The commands of a set-aside ChangeSet once more, on today's base."""
    desk = desk_of(request)
    tx = tx_of(desk, request.path_params["id"])
    return await carry_out(request, lambda call: RestageChange(call, tx))


async def refuse(request: Request) -> Response:
    """The operator's no."""
    desk = desk_of(request)
    return reply(await desk.controller.refuse(tx_of(desk, request.path_params["id"])))


async def merge(request: Request) -> Response:
    """An operator's merge that keeps this ChangeSet, and those in the body."""
    desk = desk_of(request)
    body = await read(request, MergeBody)
    keep = tuple(tx_of(desk, asked) for asked in (request.path_params["id"], *body.keep))
    return await carry_out(request, lambda call: MergeChanges(call, keep))


# --- drafts ---------------------------------------------------------------------------------------


async def list_drafts(request: Request) -> Response:
    """All drafts, of all controllers."""
    return reply({"drafts": drafts(desk_of(request).replica)})


async def show_draft(request: Request) -> Response:
    """One draft."""
    return reply(_draft(desk_of(request), request.path_params["name"]))


async def draft_effect(request: Request) -> Response:
    """What a draft would do now, key by key."""
    desk = desk_of(request)
    draft = _draft(desk, request.path_params["name"])
    return reply(_effect(desk, draft))


async def renew_draft(request: Request) -> Response:
    """Its author has seen what was changed since: it is written for today's state from now on."""
    desk = desk_of(request)
    async with desk.drafts:
        draft = _own_draft(desk, request.path_params["name"])
        _ = await desk.controller.write((renewing(desk.replica, draft),))
    return reply(_draft(desk, draft["name"]))


def _effect(desk: Desk, draft: Draft) -> views.EffectOf:
    return views.effect(desk.replica, desk.now(), _commands(draft), draft["on"])


async def open_draft(request: Request) -> Response:
    """Open a draft here."""
    desk = desk_of(request)
    body = await read(request, DraftBody)
    async with desk.drafts:
        known = draft_named(desk.replica, body.name)
        if known is not None and known["here"]:
            text = f"there is a draft '{body.name}' here already: add to it, or discard it first"
            raise Problem(HTTPStatus.CONFLICT, CONFLICT, text)
        write = opening(desk.replica, body.name, body.reason, desk.now().wall_ns)
        _ = await desk.controller.write((write,))
    return reply(_draft(desk, body.name), HTTPStatus.CREATED)


async def append(request: Request) -> Response:
    """Add commands to a draft; all of them are checked first."""
    desk = desk_of(request)
    body = await read(request, AppendBody)
    name = request.path_params["name"]
    async with desk.drafts:
        draft = _own_draft(desk, name)
        commands = to_commands(body.commands)
        _demand_fitting((*_commands(draft), *commands))
        _demand_open(commands)
        _ = await desk.controller.write(appending(desk.replica, draft, commands))
    return reply(_draft(desk, name))


async def discard(request: Request) -> Response:
    """Throw a draft away."""
    desk = desk_of(request)
    draft = _own_draft(desk, request.path_params["name"])
    return reply(await desk.controller.remove(path_of(desk.replica, draft["name"])))


def _draft(desk: Desk, name: str) -> Draft:
    found = draft_named(desk.replica, name)
    if found is None:
        raise not_found(f"there is no draft '{name}'; see `trellis change list`")
    return found


def _own_draft(desk: Desk, name: str) -> Draft:
    draft = _draft(desk, name)
    if not draft["here"]:
        text = f"the draft '{name}' lives on {draft['owner_name']}: change or submit it there"
        raise Problem(HTTPStatus.FORBIDDEN, REFUSED, text)
    return draft
