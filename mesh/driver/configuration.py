"""controller.toml: what one controller is told by the person who starts it, read strictly.

Every mistake is named at once, each with its path; an unknown key is a mistake, with the key that
was probably meant. What is not said has a default that works on a fresh host.
"""

import os
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from mesh.driver.linked import LinkSection, read_links
from mesh.driver.toml import (
    Problem,
    Table,
    environment_name,
    flag,
    host,
    integer,
    invitation,
    listed,
    name,
    path_,
    user,
    words,
)
from mesh.driver.toml import address as address_
from mesh.protocol.configuration import Profile
from mesh.wire.identity import Address
from mesh.wire.invitation import Invitation

DEFAULT_PORT: Final = 4_747
DEFAULT_API_PORT: Final = 4_748
PEOPLE_MAX: Final = 64
"""Users or groups that are named; more of them are a group."""
SEEDS_MAX: Final = 256
LABELS_MAX: Final = 64
_FILE_BYTES_MAX: Final = 1_048_576
_SOCKET_PATH_BYTES_MAX: Final = 107
"""What the kernel takes as the name of a unix socket."""


class LogFormat(StrEnum):
    """How a log line looks."""

    TEXT = "text"
    JSON = "json"


class Level(StrEnum):
    """The least level that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Destination(StrEnum):
    """Where log lines go."""

    STDERR = "stderr"
    JOURNALD = "journald"
    FILE = "file"


def _default_data_dir() -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/trellis")
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    return Path(home) / "trellis"


def _default_name() -> str:
    """The host's name, in the letters that names in an environment have."""
    bare = socket.gethostname().partition(".")[0].lower()
    spelled = "".join(each if each.isascii() and each.isalnum() else "-" for each in bare)
    return spelled.strip("-")[:63].rstrip("-") or "host"


@dataclass(frozen=True, slots=True)
class ControllerSection:
    """Who this controller is."""

    name: str = field(default_factory=_default_name)
    site: str = "main"
    labels: Mapping[str, str] = field(default_factory=dict)
    data_dir: Path = field(default_factory=_default_data_dir)


@dataclass(frozen=True, slots=True)
class ClusterSection:
    """Where and how to reach the others."""

    seeds: tuple[Address, ...] = ()
    """Host names or IP addresses; names are looked up again and again."""
    mdns: bool = True
    found: bool = False
    invite: Invitation | None = None
    """The code by which it joins; of no use once it belongs to an environment."""
    profile: Profile = Profile.LAN
    """How long silence is waited for: ``local``, ``lan``, ``wan``, or ``auto``."""


@dataclass(frozen=True, slots=True)
class ListenSection:
    """Where others reach this controller."""

    addresses: tuple[str, ...] = ()
    """IP addresses to listen on; none: all of this host."""
    port: int = DEFAULT_PORT
    """UDP and TCP; 0: any free one."""
    advertised: tuple[Address, ...] = ()
    """What others are told; none: what the host finds out. A port of 0 is that of ``port``."""


@dataclass(frozen=True, slots=True)
class LoggingSection:
    """What is logged, and where to."""

    level: Level = Level.INFO
    format: LogFormat = LogFormat.TEXT
    destination: Destination = Destination.STDERR
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class ApiSection:
    """Where local programs speak to this controller."""

    socket: Path | None = None
    """None: ``api.sock`` in the data directory."""
    listen: Address | None = None
    """Where to serve it on TCP with TLS, for those who have a token; None: nowhere."""
    certificate: Path | None = None
    """In PEM, with its chain; None: one of its own."""
    key: Path | None = None
    """In PEM, readable by the controller's user."""
    client_ca: Path | None = None
    """Who connects on TCP must show a certificate of this authority, too; None: need not."""


@dataclass(frozen=True, slots=True)
class AuthSection:
    """Which users of this host may talk to the controller, beside its own and root."""

    users: tuple[str, ...] = ()
    """Names or numbers."""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LimitsSection:
    """Bounds that depend on the host."""

    streams_max: int = 2_048
    api_connections_max: int = 64
    """Connections to the API on TCP at once."""
    restart_wait_s_max: int = 300
    """How long a controller that keeps falling over waits at most before it starts again."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The whole file."""

    controller: ControllerSection = field(default_factory=ControllerSection)
    cluster: ClusterSection = field(default_factory=ClusterSection)
    listen: ListenSection = field(default_factory=ListenSection)
    logging: LoggingSection = field(default_factory=LoggingSection)
    api: ApiSection = field(default_factory=ApiSection)
    auth: AuthSection = field(default_factory=AuthSection)
    limits: LimitsSection = field(default_factory=LimitsSection)
    links: Mapping[str, LinkSection] = field(default_factory=dict)
    """Other environments, by the names of the links to them."""

    @property
    def api_socket(self) -> Path:
        """The unix socket of the API."""
        return self.api.socket or self.controller.data_dir / "api.sock"


class ConfigurationError(Exception):
    """The file cannot be used; ``problems`` are all of its mistakes."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def check(path: Path) -> list[Problem]:
    """Every mistake in the file ``path``; none: it can be used."""
    try:
        _ = read(path)
    except ConfigurationError as error:
        return list(error.problems)
    return []


def read(path: Path) -> Configuration:
    """The configuration in the file ``path``. Raises ConfigurationError."""
    try:
        with path.open("rb") as file:
            raw = file.read(_FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigurationError((Problem(str(path), error.strerror or str(error)),)) from error
    if len(raw) > _FILE_BYTES_MAX:
        text = f"larger than {_FILE_BYTES_MAX} bytes: that is no controller.toml"
        raise ConfigurationError((Problem(str(path), text),))
    try:
        document = tomllib.loads(raw.decode())
    except ValueError as error:  # of TOML and of UTF-8
        raise ConfigurationError((Problem(str(path), f"not TOML: {error}"),)) from error
    return parse(document)


def parse(document: Mapping[str, object]) -> Configuration:
    """The configuration that a TOML document says. Raises ConfigurationError."""
    problems: list[Problem] = []
    root = Table("", document, problems)
    configuration = Configuration(
        controller=_controller(root.table("controller")),
        cluster=_cluster(root.table("cluster")),
        listen=_listen(root.table("listen")),
        logging=_logging(root.table("logging")),
        api=_api(root.table("api")),
        auth=_auth(root.table("auth")),
        limits=_limits(root.table("limits")),
        links=read_links(root.table("links")),
    )
    root.finish()
    length = len(os.fsencode(configuration.api_socket))
    if length > _SOCKET_PATH_BYTES_MAX:
        where = f"{configuration.api_socket} is {length} bytes long"
        text = f"{where}, the kernel takes {_SOCKET_PATH_BYTES_MAX}: choose a shorter one"
        problems.append(Problem("api.socket", text))
    if problems:
        raise ConfigurationError(tuple(problems))
    return configuration


def _controller(table: Table) -> ControllerSection:
    default = ControllerSection()
    labels = table.table("labels")
    section = ControllerSection(
        name=table.take("name", environment_name, default.name),
        site=table.take("site", environment_name, default.site),
        labels={label: labels.take(label, name, "") for label in labels.names()},
        data_dir=table.take("data_dir", path_, default.data_dir),
    )
    if len(section.labels) > LABELS_MAX:
        table.wrong("labels", f"{len(section.labels)} labels, at most {LABELS_MAX} are kept")
    labels.finish()
    table.finish()
    return section


def _cluster(table: Table) -> ClusterSection:
    section = ClusterSection(
        seeds=table.take("seeds", listed(address_(DEFAULT_PORT), SEEDS_MAX), ()),
        mdns=table.take("mdns", flag, True),  # noqa: FBT003  the value of a key
        found=table.take("found", flag, False),  # noqa: FBT003  the same
        invite=table.take("invite", invitation, None),
        profile=table.take("profile", words(Profile), Profile.LAN),
    )
    if section.found and section.invite is not None:
        table.wrong("invite", "goes elsewhere, and found = true stays here: one of them")
    table.finish()
    return section


def _listen(table: Table) -> ListenSection:
    section = ListenSection(
        addresses=table.take("address", listed(host, 8), ()),
        port=table.take("port", integer(0, 65_535), DEFAULT_PORT),
        advertised=table.take("advertised", listed(address_(0), 8), ()),
    )
    table.finish()
    return section


def _logging(table: Table) -> LoggingSection:
    section = LoggingSection(
        level=table.take("level", words(Level), Level.INFO),
        format=table.take("format", words(LogFormat), LogFormat.TEXT),
        destination=table.take("destination", words(Destination), Destination.STDERR),
        file=table.take("file", path_, None),
    )
    if (section.destination is Destination.FILE) != (section.file is not None):
        table.wrong("file", 'goes together with destination = "file"')
    table.finish()
    return section


def _api(table: Table) -> ApiSection:
    section = ApiSection(
        socket=table.take("socket", path_, None),
        listen=table.take("listen", address_(DEFAULT_API_PORT), None),
        certificate=table.take("certificate", path_, None),
        key=table.take("key", path_, None),
        client_ca=table.take("client_ca", path_, None),
    )
    if (section.certificate is None) != (section.key is None):
        table.wrong("certificate", "goes together with key: name both, or neither")
    elif section.listen is None and (section.certificate or section.client_ca):
        table.wrong("listen", "is missing: without it nothing is served on TCP")
    table.finish()
    return section


def _auth(table: Table) -> AuthSection:
    section = AuthSection(
        users=table.take("users", listed(user, PEOPLE_MAX), ()),
        groups=table.take("groups", listed(user, PEOPLE_MAX), ()),
    )
    table.finish()
    return section


def _limits(table: Table) -> LimitsSection:
    default = LimitsSection()
    section = LimitsSection(
        streams_max=table.take("streams_max", integer(2, 65_536), default.streams_max),
        api_connections_max=table.take(
            "api_connections_max", integer(1, 4_096), default.api_connections_max
        ),
        restart_wait_s_max=table.take(
            "restart_wait_s_max", integer(0, 3_600), default.restart_wait_s_max
        ),
    )
    table.finish()
    return section
