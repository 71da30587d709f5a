"""Log lines: one for each event, in the form that was asked for, in one place."""

import json
import logging
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mesh.driver.configuration import Destination, Level, LogFormat, LoggingSection
from mesh.driver.log import LOGGER, JournaldHandler, configure, note


@pytest.fixture(autouse=True)
def own_logger() -> Iterator[None]:
    """Whatever a test configures is gone after it."""
    before = (LOGGER.level, LOGGER.propagate)
    yield
    for handler in list(LOGGER.handlers):
        LOGGER.removeHandler(handler)
        handler.close()
    LOGGER.setLevel(before[0])
    LOGGER.propagate = before[1]


def _section(path: Path, form: LogFormat, level: Level = Level.INFO) -> LoggingSection:
    return LoggingSection(level, form, Destination.FILE, path)


def test_text_is_one_line_with_time_level_event(tmp_path: Path) -> None:
    """What people read; a line break in a text does not make a second line."""
    path = tmp_path / "folder" / "log"
    configure(_section(path, LogFormat.TEXT), "front")
    note(logging.WARNING, "slept", "woke 4000 ms late\nand said so")
    (line,) = path.read_text().splitlines()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning slept: woke 4000 ms late\\nand said so",
        line,
    )
    assert path.stat().st_mode & 0o077 == 0


def test_json_is_one_object_in_a_line(tmp_path: Path) -> None:
    """What programs read has the same fields, and the controller's name."""
    path = tmp_path / "log"
    configure(_section(path, LogFormat.JSON), "front")
    note(logging.ERROR, "disk failed", 'no space on "/"\n')
    line = json.loads(path.read_text())
    assert {key: line[key] for key in ("level", "event", "controller", "text")} == {
        "level": "error",
        "event": "disk failed",
        "controller": "front",
        "text": 'no space on "/"\n',
    }


def test_lower_levels_are_left_out(tmp_path: Path) -> None:
    """The least level that is wanted is the least that is written."""
    path = tmp_path / "log"
    configure(_section(path, LogFormat.TEXT, Level.ERROR), "front")
    note(logging.WARNING, "slept", "late")
    assert path.read_text() == ""


def test_configuring_again_replaces(tmp_path: Path) -> None:
    """Each line goes to one place."""
    configure(_section(tmp_path / "first", LogFormat.TEXT), "front")
    configure(_section(tmp_path / "second", LogFormat.TEXT), "front")
    note(logging.INFO, "started", "here")
    assert (tmp_path / "first").read_text() == ""
    assert len((tmp_path / "second").read_text().splitlines()) == 1


def test_journald_gets_each_field_with_its_length(tmp_path: Path) -> None:
    """Journald's own protocol: name, length as 8 bytes, value; so no value can forge a field."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journald:
        journald.bind(str(path))
        handler = JournaldHandler(path)
        LOGGER.addHandler(handler)
        note(logging.ERROR, "slept", "a\nPRIORITY=0")
        entry = journald.recv(4_096)
    value = b"a\nPRIORITY=0"
    assert b"MESSAGE\n" + len(value).to_bytes(8, "little") + value + b"\n" in entry
    assert b"PRIORITY\n" + (1).to_bytes(8, "little") + b"3\n" in entry
    assert b"TRELLIS_EVENT\n" + (5).to_bytes(8, "little") + b"slept\n" in entry
