"""Ways to make a service that say in few words what one of a common form needs.

``container create`` and ``webservice create`` make an ordinary service: it is listed, modified and
deleted as one, and nothing remembers how it was made.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mesh.environment.compounds import ListOf
from mesh.environment.declarations import Arguments, Declaration, Parameter, Touch
from mesh.environment.draft import Draft, Refusal
from mesh.environment.kinds import service
from mesh.environment.shapes import Text, Whole
from mesh.wire.requests import Value

_CREATE: Final = next(each for each in service.KIND.commands if each.verb == "create")

_IMAGE: Final = Parameter(
    "image", Text("the name of an image", r"[^\s\x00]{1,512}"), "what it is made from"
)
_ARGUMENTS: Final = Parameter(
    "arguments", ListOf(service.WORD, repeats=True), "what its program is started with"
)
_PORT: Final = Parameter("port", Whole(1, 65_535), "where it answers", required=True)
_HEALTH_PATH: Final = Parameter(
    "health_path",
    Text("an absolute path", r"/[!-~]*", characters_max=1_024),
    "what is asked for to tell that it is well",
    default="/",
)


def _of_container(arguments: Arguments) -> dict[str, Value]:
    made = {name: value for name, value in arguments.items() if name not in ("image", "arguments")}
    if "image" in arguments:
        given = arguments.get("arguments", [])
        assert isinstance(given, list)
        made |= {"run": "container", "command": [arguments["image"], *given]}
    return made


def _of_webservice(arguments: Arguments) -> dict[str, Value]:
    made = _of_container(arguments)
    port, path = made.pop("port"), made.pop("health_path")
    return {**made, "ports": [port], "health": {"kind": "http", "port": port, "path": path}}


def _form(
    group: str,
    words: str,
    own: tuple[Parameter, ...],
    instead_of: tuple[str, ...],
    form: Callable[[Arguments], dict[str, Value]],
) -> Declaration:
    """``GROUP create``: parameters of its own, which stand for fields of a service."""

    def run(draft: Draft, arguments: Arguments) -> Refusal | None:
        if "image" in arguments and "command" in arguments:
            return Refusal("what it runs is said twice: leave out image or command")
        return _CREATE.run(draft, form(arguments))

    rest = tuple(each for each in _CREATE.parameters if each.name not in instead_of)
    given = (each for each in _CREATE.writes if each.given not in instead_of)
    fields = (Touch((service.NAME, "{name}", field)) for field in instead_of)
    made = (Touch((service.NAME, "{name}", field), "image") for field in ("run", "command"))
    return replace(
        _CREATE,
        group=group,
        help=words,
        parameters=(*rest[:2], *own, *rest[2:]),
        run=run,
        writes=(*given, *fields, *made),
        shorthands=tuple(each for each in _CREATE.shorthands if each.parameter not in instead_of),
    )


CONTAINER: Final = "container"
WEBSERVICE: Final = "webservice"

COMMANDS: Final = (
    _form(
        CONTAINER,
        "make a service that runs as a container",
        (replace(_IMAGE, required=True), _ARGUMENTS),
        ("run", "command"),
        _of_container,
    ),
    _form(
        WEBSERVICE,
        "make a service that answers on a port, and is asked over HTTP whether it is well;"
        " a container where it has an image",
        (_PORT, _HEALTH_PATH, _IMAGE, _ARGUMENTS),
        ("ports", "health"),
        _of_webservice,
    ),
)
