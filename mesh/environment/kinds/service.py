"""A service: what is to run, described well enough to be run, watched and balanced."""

from typing import Final

from mesh.environment.compounds import ListOf, MappingOf, Member, Record
from mesh.environment.declarations import ElementSet, Parameter
from mesh.environment.index import Claim, Fields
from mesh.environment.kind import Kind
from mesh.environment.objects import object_commands
from mesh.environment.shapes import NAME as NAME_SHAPE
from mesh.environment.shapes import Choice, Duration, Flag, Reference, Text, Whole

NAME: Final = "service"

_SECOND: Final = 1_000_000_000
_PORT: Final = Whole(1, 65_535)
_WORD: Final = Text("a text without line ends", r"[^\n\r\x00]*", characters_max=1_024)
_VARIABLE: Final = Text("a name such as DATABASE_URL", r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_LABEL: Final = Text("a label such as tier=core", r"[a-z0-9][a-z0-9._/=-]{0,126}")
COUNT_MAX: Final = 1_000
"""Instances of one service: as many as there can be controllers, for one on each."""

_HEALTH: Final = Record(
    "a health check",
    (
        Member("kind", Choice(("http", "tcp", "exec")), required=True),
        Member("port", _PORT),
        Member("path", Text("an absolute path", r"/[!-~]*", characters_max=1_024)),
        Member("command", ListOf(_WORD, repeats=True)),
        Member("interval_ns", Duration(_SECOND // 10, 3_600 * _SECOND)),
        Member("timeout_ns", Duration(_SECOND // 100, 600 * _SECOND)),
        Member("rise", Whole(1, 100)),
        Member("fall", Whole(1, 100)),
        Member("grace_ns", Duration(0, 3_600 * _SECOND)),
    ),
)

_FIELDS: Final = (
    Parameter("role", NAME_SHAPE, "the group of hosts that it runs on", required=True),
    Parameter("site", Reference("site"), "the only site where it may run"),
    Parameter(
        "run",
        Choice(("process", "systemd", "container", "external")),
        "what an instance is; external is watched and never started",
        default="process",
    ),
    Parameter(
        "command",
        ListOf(_WORD, repeats=True),
        "program and arguments, a unit, or an image and its arguments",
    ),
    Parameter("environment", MappingOf(_VARIABLE, _WORD), "variables that its processes see"),
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
_SETS: Final = (ElementSet("labels", Parameter("label", _LABEL, "a word to find it by")),)


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


KIND: Final = Kind(
    NAME,
    "something that runs, in one or more instances",
    _FIELDS,
    object_commands(NAME, _FIELDS, _SETS),
    _SETS,
    _claims,
)
