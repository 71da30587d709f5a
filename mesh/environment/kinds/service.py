"""A service: what is to run, described well enough to be run, watched and balanced."""

from dataclasses import replace
from typing import Final

from mesh.environment.compounds import ListOf, MappingOf, Member, Record
from mesh.environment.declarations import Declaration, ElementSet, Parameter, Shorthand
from mesh.environment.index import Claim, Fields
from mesh.environment.kind import Kind
from mesh.environment.kinds import role
from mesh.environment.objects import object_commands
from mesh.environment.shapes import LABEL, Choice, Duration, Flag, Reference, Text, Whole
from mesh.wire.requests import Value

NAME: Final = "service"

_SECOND: Final = 1_000_000_000
_PORT: Final = Whole(1, 65_535)
WORD: Final = Text("a text without line ends", r"[^\n\r\x00]*", characters_max=1_024)
_VARIABLE: Final = Text("a name such as DATABASE_URL", r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_URL: Final = Text(
    "an address such as http://blog.example.org:8080/health",
    r"https?://[!-~]+",
    characters_max=1_024,
)
COUNT_MAX: Final = 1_000
"""Instances of one service: as many as there can be controllers, for one on each."""

_HEALTH: Final = Record(
    "a health check",
    (
        Member("kind", Choice(("http", "tcp", "exec")), required=True),
        Member("url", _URL),
        Member("port", _PORT),
        Member("path", Text("an absolute path", r"/[!-~]*", characters_max=1_024)),
        Member("command", ListOf(WORD, repeats=True)),
        Member("interval_ns", Duration(_SECOND // 10, 3_600 * _SECOND)),
        Member("timeout_ns", Duration(_SECOND // 100, 600 * _SECOND)),
        Member("rise", Whole(1, 100)),
        Member("fall", Whole(1, 100)),
        Member("grace_ns", Duration(0, 3_600 * _SECOND)),
    ),
)

FIELDS: Final = (
    Parameter("role", Reference(role.NAME), "the role of the hosts that it runs on", required=True),
    Parameter("site", Reference("site"), "the only site where it may run"),
    Parameter(
        "run",
        Choice(("process", "systemd", "container", "external")),
        "what an instance is; external is watched and never started",
        default="process",
    ),
    Parameter(
        "command",
        ListOf(WORD, repeats=True),
        "program and arguments, a unit, or an image and its arguments",
    ),
    Parameter("environment", MappingOf(_VARIABLE, WORD), "variables that its processes see"),
    Parameter("user", Text("a user name", r"[a-z_][a-z0-9_-]{0,31}"), "whom its processes run as"),
    Parameter(
        "directory",
        Text("an absolute path", r"/[^\x00\n]*", characters_max=1_024),
        "where they start",
    ),
    Parameter("ports", ListOf(_PORT), "fixed ports; no other service of the role may have them"),
    Parameter("health", _HEALTH, "how to tell that an instance is well"),
    Parameter("count", Whole(0, COUNT_MAX), "how many instances", default=1),
    Parameter(
        "autostart", Flag(), "whether instances are started without being asked", default=True
    ),
    Parameter("tier", Choice(("core", "later", "local")), "what moves first when a site is lost"),
    Parameter("after", ListOf(Reference(NAME)), "services that are up before this one starts"),
    Parameter(
        "stop_timeout_ns", Duration(0, 3_600 * _SECOND), "time to end well before it is killed"
    ),
    Parameter("description", Text(), "what people should know about it"),
)
_SETS: Final = (ElementSet("labels", Parameter("label", LABEL, "a word to find it by")),)


def _claims(name: str, fields: Fields) -> tuple[Claim, ...]:
    """Services of one role share hosts, so a port is one's; not where their sites differ."""
    del name
    ports = fields.get("ports", [])
    assert isinstance(ports, list)
    site = fields.get("site")
    where = str(site) if site is not None else None
    return tuple(
        Claim(("port", str(port), "of role", str(fields["role"])), where) for port in ports
    )


def _asked_at(url: Value) -> Value:
    return {"kind": "http", "url": url}


HEALTH_HTTP: Final = Shorthand(
    "health_http", _URL, "the same as a health check that asks this URL", "health", _asked_at
)


def _with_shorthand(declaration: Declaration) -> Declaration:
    """The same; where it takes a health check, in few words as well."""
    if not any(each.name == "health" for each in declaration.parameters):
        return declaration
    return replace(declaration, shorthands=(HEALTH_HTTP,))


KIND: Final = Kind(
    NAME,
    "something that runs, in one or more instances",
    FIELDS,
    tuple(_with_shorthand(each) for each in object_commands(NAME, FIELDS, _SETS)),
    _SETS,
    _claims,
    described=True,
    acyclic="after",
)
