"""What people write and keep: controller.toml, key files, invites, situations, source files."""

import tempfile
import tomllib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

from mesh.cli.source.directory import read_file
from mesh.cli.source.writer import to_yaml
from mesh.driver.configuration import ConfigurationError, read
from mesh.driver.errors import BadKeyFile
from mesh.driver.keys import read_key
from mesh.environment.source.plan import Misdescribed, make_plan
from mesh.environment.source.standing import ground_of
from mesh.wire.identity import digest
from mesh.wire.invitation import BadInvitation, Invitation, decode_invitation, encode_invitation
from simulations.files.library import names, text_of
from simulations.files.problems import Misspelled
from simulations.files.situation import read_situation
from tests.fuzz.target import Target
from tests.mesh.wire.examples import ENVIRONMENT, HOME

_CONTROLLER: Final = b"""
[controller]
name = "ada"
site = "home"
data_dir = "/var/lib/trellis"
[cluster]
seeds = ["ben.example:7117", "192.0.2.1", "[2001:db8::1]:7117"]
mdns = true
[listen]
port = 7117
[logging]
level = "info"
"""

_INVITATION: Final = Invitation(ENVIRONMENT, (HOME,), "abcd-efgh", digest(b"seed"))


def _configuration(raw: bytes) -> None:
    with suppress(ConfigurationError):
        _ = read(_file(raw))


def _key_file(raw: bytes) -> None:
    with suppress(BadKeyFile):
        key = read_key(_file(raw))
        assert len(key.public) == 32


def _invitation(raw: bytes) -> None:
    line = raw.decode(errors="surrogateescape")
    try:
        invitation = decode_invitation(line)
    except BadInvitation:
        return
    assert decode_invitation(encode_invitation(invitation)) == invitation


def _situation(raw: bytes) -> None:
    text = raw.decode(errors="replace")
    with suppress(Misspelled):
        _ = read_situation(text, "fuzzed", source="fuzzed")


def _yaml(raw: bytes) -> None:
    _described(_file(raw, "file.yaml"))


def _toml(raw: bytes) -> None:
    _described(_file(raw, "file.toml"))


def _described(path: Path) -> None:
    node, wrong = read_file(path)
    assert node is not None or wrong
    plan = make_plan([] if node is None else [node], ground_of({}), misread=wrong)
    if isinstance(plan, Misdescribed) or node is None or node.value is None:
        return
    told = node.plain()
    assert isinstance(told, dict)
    again, wrong = read_file(_file(to_yaml(told).encode(), "again.yaml"))
    assert wrong == []
    assert again is not None
    assert again.plain() == (told or None)


def _file(content: bytes, name: str = "file") -> Path:
    path = _folder() / name
    _ = path.write_bytes(content)
    path.chmod(0o600)
    return path


@cache
def _folder() -> Path:
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="fuzz", dir=memory if memory.is_dir() else None))


_SOURCE: Final = Path(__file__).parents[3] / "docs" / "examples" / "shop"
_SITUATIONS: Final = tuple(text_of(name).encode() for name in names())
assert all(tomllib.loads(text.decode()) for text in _SITUATIONS)

TARGETS: Final = {
    "controller.toml": Target(_configuration, [_CONTROLLER]),
    "key-file": Target(_key_file, [b"ed25519 " + b"ab" * 32 + b"\n"], 300),
    "invite": Target(_invitation, [encode_invitation(_INVITATION).encode()]),
    "source.yaml": Target(
        _yaml, [(_SOURCE / "services" / "desk.yaml").read_bytes()], bytes_max=2_048, is_slow=True
    ),
    "source.toml": Target(_toml, [(_SOURCE / "paths.toml").read_bytes()], bytes_max=2_048),
    "situation": Target(_situation, [min(_SITUATIONS, key=len)], bytes_max=2_048, is_slow=True),
}
