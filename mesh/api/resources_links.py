"""Linked environments: what may be had of this one, and what is carried on from another."""

from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from mesh.api.access import caller_of
from mesh.api.bodies import count, read, reply
from mesh.api.handle import Desk, desk_of
from mesh.api.problems import CONFLICT, REFUSED, Problem, not_found, wrong_usage
from mesh.api.pulling import PublishedChange, PublishedIndex, ask
from mesh.api.requests import PromoteBody
from mesh.api.resources_changes import patience_of, tx_of
from mesh.api.signing import carry_out
from mesh.driver.keys import NaClSuite
from mesh.driver.linked import LinkSection
from mesh.environment.consent import Demands, Lack
from mesh.environment.kinds import link
from mesh.protocol.history import Standing
from mesh.protocol.inputs import SubmitCommands
from mesh.protocol.replica.participant import Participant
from mesh.protocol.replica.publishing import Published
from mesh.wire.consent import hash_of_commands, vouch_of
from mesh.wire.identity import fingerprint
from mesh.wire.requests import Command, Origin

PUBLISHED: Final = 50
PUBLISHED_MAX: Final = 1_000
"""Lines of what may be had."""

_KEY_DIGITS: Final = 64
_SIGNATURE_DIGITS: Final = 128


# --- what others may have of this environment -----------------------------------------------------


async def index(request: Request) -> Response:
    """Which environment this is, whose word one would take for it, and what may be had."""
    desk = desk_of(request)
    inside = _inside(desk)
    limit = count(request, "limit", PUBLISHED, PUBLISHED_MAX)
    state = inside.history.state
    names = {key: str(fields["name"]) for key, fields in state.items("controller")}
    controllers = [
        {"id": key.hex(), "fingerprint": fingerprint(key), "name": names[key.hex()]}
        for key in state.roster
    ]
    changes = [
        {"tx": entry.tx.hex(), "name": entry.name, "reason": entry.reason}
        for entry, _ in zip(inside.publishing.last(), range(limit), strict=False)
    ]
    environment = inside.place.environment.hex()
    return reply({"environment": environment, "controllers": controllers, "changes": changes})


async def published(request: Request) -> Response:
    """One ChangeSet by its id, or the last effective one of that name; vouched for."""
    inside, asked = _inside(desk_of(request)), request.path_params["id"]
    entry = inside.publishing.find(asked)
    if entry is None:
        raise not_found(f"no ChangeSet '{asked}' has taken effect here")
    found = inside.publishing.vouch(entry)
    if isinstance(found, str):
        text = f"'{entry.name}' ({entry.tx.hex()[:8]}) is not published: {found}"
        raise Problem(HTTPStatus.FORBIDDEN, REFUSED, text)
    later = [tx.hex() for tx in inside.publishing.later(entry)]
    return reply({**_spelled(found), "later": later})


def _spelled(found: Published) -> dict[str, object]:
    origin = found.origin
    commands = [
        {"group": each.group, "verb": each.verb, "parameters": each.parameters}
        for each in found.written
    ]
    return {
        "environment": origin.environment.hex(),
        "tx": origin.tx.hex(),
        "name": found.name,
        "reason": found.reason,
        "commands": commands,
        "controller": origin.controller.hex(),
        "signature": origin.signature.hex(),
    }


async def publish(request: Request) -> Response:
    """Let linked environments have a ChangeSet, where people decide that."""
    desk = desk_of(request)
    return reply(await desk.controller.publish(tx_of(desk, request.path_params["id"])))


# --- what is carried on here ----------------------------------------------------------------------


async def peer(request: Request) -> Response:
    """What a linked environment says of itself, to be compared before it is believed."""
    desk, name = desk_of(request), request.path_params["name"]
    found = await ask(_section(desk, name), name, "/v1/published?limit=1", PublishedIndex)
    controllers = [
        {"id": each.id, "fingerprint": _mark(each.id), "name": each.name}
        for each in found.controllers
    ]
    return reply({"environment": found.environment, "controllers": controllers})


def _mark(key: str) -> str:
    """The fingerprint of a key, worked out here: nobody's word is taken for it."""
    try:
        return fingerprint(bytes.fromhex(key))
    except ValueError:
        raise wrong_usage(f"the other environment names a controller '{key}', no key") from None


async def promote(request: Request) -> Response:
    """Carry a ChangeSet of a linked environment on: its commands as written, resolved here."""
    desk = desk_of(request)
    body = await read(request, PromoteBody)
    _demand_signer(request)
    place = f"/v1/published/{quote(body.name, safe='')}"
    pulled = await ask(_section(desk, body.from_), body.from_, place, PublishedChange)
    inside = _inside(desk)
    _demand_stage(inside, body)
    origin = _vouched(inside, body.from_, pulled)
    _demand_new(inside, origin, pulled.name)
    _demand_in_order(inside, origin, pulled, body)
    commands = tuple(Command(each.group, each.verb, each.parameters) for each in pulled.commands)
    reason = body.reason if body.reason is not None else pulled.reason
    patience_ns = body.patience_ns or patience_of(desk)
    return await carry_out(
        request,
        lambda call: SubmitCommands(
            call,
            pulled.name,
            commands,
            reason,
            patience_ns,
            origin=origin,
            override=body.override,
        ),
    )


def _demand_signer(request: Request) -> None:
    """Nobody has another environment asked who could not sign what comes."""
    caller = caller_of(request)
    signs = caller.owns or caller.signer is not None
    if not signs and request.query_params.get("signer") is None:
        text = f"{caller.name} has no key here to sign with: `trellis login NAME` says who you are"
        raise Problem(HTTPStatus.FORBIDDEN, REFUSED, text)


def _vouched(inside: Participant, name: str, pulled: PublishedChange) -> Origin:
    """Where it comes from. Raises Problem where no controller that the link names says so."""
    state = inside.history.state
    if not state.exists((link.NAME, name)):
        text = f"there is no link '{name}': `trellis link add {name}` makes it"
        raise not_found(text)
    fields = state.fields((link.NAME, name))
    keys = fields["controllers"]
    assert isinstance(keys, list), "the kind says so"
    if pulled.environment != fields["environment"]:
        raise _disbelieved(name, "it is another environment than the one that was linked")
    if pulled.controller not in keys:
        mark = pulled.controller[:8]
        raise _disbelieved(name, f"the link does not name its controller {mark}")
    origin = _origin(name, pulled)
    commands = tuple(Command(each.group, each.verb, each.parameters) for each in pulled.commands)
    said = vouch_of(origin.environment, origin.tx, hash_of_commands(commands))
    if not NaClSuite().verify(origin.controller, said, origin.signature):
        raise _disbelieved(name, "its controller does not vouch for these commands")
    return origin


def _origin(name: str, pulled: PublishedChange) -> Origin:
    spelled = (pulled.environment, pulled.tx, pulled.controller, pulled.signature)
    lengths = [len(each) for each in spelled]
    try:
        environment, tx, controller, signature = map(bytes.fromhex, spelled)
    except ValueError:
        raise _disbelieved(name, "what should be hexadecimal digits is not") from None
    if lengths != [_KEY_DIGITS, _KEY_DIGITS, _KEY_DIGITS, _SIGNATURE_DIGITS]:
        raise _disbelieved(name, "its ids have another length")
    return Origin(environment, tx, controller, signature)


def _disbelieved(name: str, why: str) -> Problem:
    return Problem(HTTPStatus.FORBIDDEN, REFUSED, f"'{name}' is not believed: {why}")


class _Source(NamedTuple):
    environment: bytes
    tx: bytes


def _demand_new(inside: Participant, origin: Origin, name: str) -> None:
    """Raises Problem where it has been carried on before."""
    source = _Source(origin.environment, origin.tx)
    done = inside.history.carried_on(*source)
    if done is not None:
        text = f"'{name}' was applied here already, as {done.hex()[:8]}"
        hint = "where it was reverted since, revert that one: see trellis change log"
        raise Problem(HTTPStatus.CONFLICT, CONFLICT, text, hint)
    for posted in inside.consents.waiting():
        known = posted.request.origin
        if known is not None and _Source(known.environment, known.tx) == source:
            text = f"'{name}' waits for approval already, as {posted.tx.hex()[:8]}"
            raise Problem(HTTPStatus.CONFLICT, CONFLICT, text)


def _demand_stage(inside: Participant, body: PromoteBody) -> None:
    """Raises Problem where changes come from elsewhere: the fold says so, too, but after a yes."""
    demanded = Demands.of(inside.history.state).promotion
    if demanded not in ("", body.from_) and not body.override:
        raise Problem(HTTPStatus.FORBIDDEN, REFUSED, str(Lack(promotion=demanded)))


def _demand_in_order(
    inside: Participant, origin: Origin, pulled: PublishedChange, body: PromoteBody
) -> None:
    """Raises Problem where it would put back what a later one of there has changed here."""
    later = {*pulled.later}
    newer = [
        f"'{entry.name}' ({entry.tx.hex()[:8]})"
        for entry in inside.history.log()
        if entry.origin is not None
        and entry.origin.environment == origin.environment
        and entry.origin.tx.hex() in later
        and entry.outcome.standing is Standing.EFFECTIVE
    ]
    if not newer:
        return
    if not body.older:
        text = f"'{pulled.name}' is older than {newer[-1]}, which writes the same and is here"
        hint = "promote what is newer; or say --older, and with --reason why"
        raise Problem(HTTPStatus.CONFLICT, CONFLICT, text, hint)
    if not body.reason:
        raise wrong_usage("older: who approves it must see why, so give a reason")


def _section(desk: Desk, name: str) -> LinkSection:
    known = desk.controller.configuration.links.get(name)
    if known is None:
        text = (
            f"this controller knows no way to '{name}': say it in the file that it reads at its"
            f" start (/etc/trellis/controller.toml, or --config), as [links.{name}], and start it"
            " again"
        )
        raise not_found(text)
    return known


def _inside(desk: Desk) -> Participant:
    inside = desk.replica.participant
    if inside is None:
        raise not_found("this controller belongs to no environment yet; see `trellis status`")
    return inside
