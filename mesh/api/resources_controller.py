"""The controller and its environment: how they stand, who is there, what happens."""

from starlette.requests import Request
from starlette.responses import Response

from mesh.api import metrics
from mesh.api.access import caller_of
from mesh.api.bodies import read, reply
from mesh.api.events import Interest
from mesh.api.handle import Desk, desk_of
from mesh.api.problems import not_found, wrong_usage
from mesh.api.requests import AcceptBody
from mesh.api.signing import carry_out
from mesh.api.streaming import EventStream
from mesh.environment.kinds import SCHEMA
from mesh.environment.rights import Level
from mesh.protocol.inputs import AcceptMember
from mesh.protocol.replica import views


async def status(request: Request) -> Response:
    """How the controller stands."""
    return reply(_status(desk_of(request)))


def _status(desk: Desk) -> views.Status:
    """What the replica says, and what its sockets have dropped before it saw it."""
    told = views.status(desk.replica, desk.now())
    network = desk.controller.statistics().network
    dropped = {
        "datagrams too large": network.datagrams_rejected,
        "streams cut": network.streams_cut,
        "streams read at a pace": network.streams_slowed,
        "streams not accepted": network.streams_refused,
    }
    told["counters"] |= {name: count for name, count in dropped.items() if count}
    told["counters"] |= {f"API: {name}": count for name, count in desk.tally.counters.items()}
    return told


async def doctor(request: Request) -> Response:
    """What is wrong, and what to do."""
    desk = desk_of(request)
    return reply(views.doctor(desk.replica, desk.now()))


async def show_metrics(request: Request) -> Response:
    """Counters and gauges as Prometheus reads them."""
    return Response(metrics.render(desk_of(request)), media_type=metrics.CONTENT_TYPE)


async def members(request: Request) -> Response:
    """The roster, and who waits to be accepted."""
    desk = desk_of(request)
    return reply(views.members(desk.replica, desk.now()))


async def accept(request: Request) -> Response:
    """Admit a newcomer."""
    desk = desk_of(request)
    body = await read(request, AcceptBody)
    newcomer = _newcomer(desk, body.fingerprint)
    return await carry_out(request, lambda call: AcceptMember(call, newcomer))


def _newcomer(desk: Desk, said: str) -> bytes:
    """Who waits under the whole fingerprint; hyphens and capitals make no difference."""
    wanted = _bare(said)
    waiting = views.members(desk.replica, desk.now())["pending"]
    for line in waiting:
        if wanted == _bare(line["fingerprint"]):
            return bytes.fromhex(line["id"])
    others = ", ".join(f"{line['fingerprint']} ({line['name']})" for line in waiting) or "nobody"
    raise not_found(f"nobody waits here with the fingerprint '{said}'; waiting: {others}")


def _bare(fingerprint: str) -> str:
    return fingerprint.replace("-", "").lower()


async def rotate_key(request: Request) -> Response:
    """Give this controller a new key for streams and datagrams."""
    return reply(await desk_of(request).controller.rotate_key())


async def found(request: Request) -> Response:
    """Found an environment here, whoever else is there."""
    return reply(await desk_of(request).controller.found())


async def environment(request: Request) -> Response:
    """The configuration, by kind and name: as much of it as the caller may view."""
    kind = request.query_params.get("kind")
    if kind is not None and kind not in SCHEMA:
        raise wrong_usage(f"there is no kind '{kind}'; there are {', '.join(SCHEMA)}")
    found_here = views.environment(desk_of(request).replica, kind)
    if found_here is None:
        raise not_found("this controller belongs to no environment yet; see `trellis status`")
    caller = caller_of(request)
    for each, objects in found_here["objects"].items():
        found_here["objects"][each] = {
            name: fields for name, fields in objects.items() if caller.may(Level.VIEW, (each, name))
        }
    shown = {
        name: [each for each in objects if caller.may(Level.VIEW, (*each.split("/", 1),))]
        for name, objects in found_here["readers"].items()
        if name in found_here["objects"]["data"]
    }
    found_here["readers"] = {name: objects for name, objects in shown.items() if objects}
    return reply(found_here)


async def events(request: Request) -> Response:
    """What happens, from now or from after the event that the client saw last."""
    query = request.query_params
    interest = Interest(
        kinds=tuple(kind for kind in query.get("kinds", "").split(",") if kind),
        prefix=views.read_path(query.get("prefix", "")),
        tx=query.get("tx", ""),
    )
    listening = desk_of(request).ring.listen(interest, request.headers.get("last-event-id"))
    return EventStream(listening)
