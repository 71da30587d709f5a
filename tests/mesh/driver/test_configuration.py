"""controller.toml: what is right is read, and what is wrong is named, all of it at once."""

from pathlib import Path

import pytest

from mesh.driver.configuration import (
    Configuration,
    ConfigurationError,
    Destination,
    LogFormat,
    check,
    read,
)
from mesh.protocol.configuration import Profile
from mesh.wire.identity import Address

FULL = """
[controller]
name = "front"
site = "berlin"
labels = { rack = "4", role = "shop" }
data_dir = "/var/lib/front"
[cluster]
seeds = ["front.example", "10.0.0.2:5000", "[fd00::1]:6000", "fd00::2"]
mdns = false
found = true
profile = "wan"
[listen]
address = ["10.0.0.1", "fd00::5"]
port = 5000
advertised = "front.example.org:7000"
[logging]
level = "debug"
format = "json"
destination = "file"
file = "/var/log/front.log"
[api]
socket = "/run/front.sock"
[limits]
streams_max = 100
restart_wait_s_max = 0
"""


def _file(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "controller.toml"
    _ = path.write_text(content)
    return path


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    """Each key has its effect."""
    configuration = read(_file(tmp_path, FULL))
    assert configuration.controller.name == "front"
    assert configuration.controller.site == "berlin"
    assert configuration.controller.labels == {"rack": "4", "role": "shop"}
    assert configuration.controller.data_dir == Path("/var/lib/front")
    assert configuration.cluster.seeds == (
        Address("front.example", 4_747),
        Address("10.0.0.2", 5_000),
        Address("fd00::1", 6_000),
        Address("fd00::2", 4_747),
    )
    assert (configuration.cluster.mdns, configuration.cluster.found) == (False, True)
    assert configuration.cluster.profile is Profile.WAN
    assert configuration.listen.addresses == ("10.0.0.1", "fd00::5")
    assert configuration.listen.port == 5_000
    assert configuration.listen.advertised == (Address("front.example.org", 7_000),)
    assert configuration.logging.format is LogFormat.JSON
    assert configuration.logging.destination is Destination.FILE
    assert configuration.api_socket == Path("/run/front.sock")
    assert configuration.limits.streams_max == 100
    assert configuration.limits.restart_wait_s_max == 0


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    """A fresh host needs no file."""
    configuration = read(_file(tmp_path, ""))
    assert configuration == Configuration()
    assert configuration.api_socket == configuration.controller.data_dir / "api.sock"


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    """One run of the check is enough to mend a file."""
    content = """
    surprise = 1
    [controler]
    name = "a"
    [controller]
    nmae = "b"
    site = 5
    labels = { a = 1 }
    data_dir = "relative"
    [cluster]
    seeds = ["ok", 4, "host:99999", ":1", "[fd00::1"]
    mdns = "yes"
    profile = "lam"
    [listen]
    address = ["nowhere"]
    port = -1
    [logging]
    level = "loud"
    destination = "file"
    [limits]
    streams_max = true
    """
    found = {problem.path: problem.text for problem in check(_file(tmp_path, content))}
    assert set(found) == {
        "surprise",
        "controler",
        "controller.nmae",
        "controller.site",
        "controller.labels.a",
        "controller.data_dir",
        "cluster.seeds[1]",
        "cluster.seeds[2]",
        "cluster.seeds[3]",
        "cluster.seeds[4]",
        "cluster.mdns",
        "cluster.profile",
        "listen.address[0]",
        "listen.port",
        "logging.level",
        "logging.file",
        "limits.streams_max",
    }
    assert found["controler"] == "unknown; did you mean controller?"
    assert found["controller.nmae"] == "unknown; did you mean name?"
    assert found["cluster.profile"] == "'lam' is unknown; did you mean lan?"
    assert "true or false is wanted" in found["cluster.mdns"]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("[controller\n", "not TOML"),
        ('[controller]\nname = "a"\nname = "b"', "not TOML"),
        ('cluster = "seeds"', "a table is wanted"),
        (f'[api]\nsocket = "/{"s" * 200}"', "the kernel takes 107"),
        (f'[controller]\ndata_dir = "/{"d" * 200}"', "the kernel takes 107"),
        ('[controller]\ndata_dir = "~nobody.at.all/t"', "'~nobody.at.all', and nobody here has"),
        ('[logging]\nfile = "/var/log/\\u0000"', "a character that no path may hold"),
        ("[cluster]\nseeds = [" + '"a",' * 300 + "]", "300 entries, at most 256"),
    ],
)
def test_one_mistake_is_one_line(tmp_path: Path, content: str, word: str) -> None:
    """A mistake is a sentence in one line, with its place."""
    (problem,) = check(_file(tmp_path, content))
    assert word in str(problem)
    assert "\n" not in str(problem)


def test_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    """A path that was given must lead somewhere."""
    with pytest.raises(ConfigurationError, match="No such file"):
        _ = read(tmp_path / "nowhere.toml")


def test_file_in_another_encoding_is_a_mistake(tmp_path: Path) -> None:
    """TOML is UTF-8."""
    path = tmp_path / "controller.toml"
    _ = path.write_bytes(b'[controller]\nname = "\xff"')
    assert "not TOML" in str(check(path)[0])
