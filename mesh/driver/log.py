"""What people read: one line for each event, as text or as JSON, on stderr, in journald or a file.

Only this module knows how a line looks. A line never holds a secret: callers pass text that was
written for people, and nothing is formatted from objects that could hold one.
"""

import json
import logging
import os
import socket
import sys
import time
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from mesh.driver.configuration import Destination, LogFormat, LoggingSection

LOGGER: Final = logging.getLogger("trellis")

FILE_BYTES_MAX: Final = 16 * 1_048_576
FILES_KEPT: Final = 4
"""A log file and its predecessors, 16 MiB each: weeks of ordinary life, and bounded."""

_JOURNALD: Final = Path("/run/systemd/journal/socket")
_PRIORITIES: Final = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}


def note(level: int, event: str, text: str) -> None:
    """One line: ``event`` names its kind for programs, ``text`` says it to people."""
    LOGGER.log(level, "%s", text, extra={"event": event})


def configure(section: LoggingSection, controller: str) -> None:
    """Send the lines of this process where ``section`` says; ``controller`` is the name in them."""
    handler = _handler(section)
    if section.format is LogFormat.JSON:
        handler.setFormatter(JsonFormatter(controller))
    else:
        handler.setFormatter(TextFormatter())
    for former in list(LOGGER.handlers):
        LOGGER.removeHandler(former)
        former.close()
    LOGGER.addHandler(handler)
    LOGGER.setLevel(section.level.upper())
    LOGGER.propagate = False


class TextFormatter(logging.Formatter):
    """``2026-11-22T15:31:07.123Z warning slept: woke 4000 ms late``."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the text holds."""
        text = record.getMessage().replace("\n", "\\n")
        return f"{_moment(record)} {record.levelname.lower()} {_event(record)}: {text}"


class JsonFormatter(logging.Formatter):
    """The same as one JSON object, with the controller's name."""

    def __init__(self, controller: str) -> None:
        super().__init__()
        self._controller = controller

    def format(self, record: logging.LogRecord) -> str:
        """One object in one line."""
        line = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "event": _event(record),
            "controller": self._controller,
            "text": record.getMessage(),
        }
        return json.dumps(line, ensure_ascii=False)


class JournaldHandler(logging.Handler):
    """Writes to journald by its own protocol (systemd's ``Native Journal Protocol``)."""

    def __init__(self, path: Path = _JOURNALD) -> None:
        super().__init__()
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def emit(self, record: logging.LogRecord) -> None:
        """Send one entry; where journald is gone, say so once for each lost line on stderr."""
        fields = {
            "MESSAGE": self.format(record),
            "PRIORITY": str(_PRIORITIES.get(record.levelno, 6)),
            "SYSLOG_IDENTIFIER": "trellis",
            "TRELLIS_EVENT": _event(record),
        }
        try:
            _ = self._socket.sendto(encode_entry(fields), self._path)
        except OSError:
            self.handleError(record)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
        super().close()


def encode_entry(fields: Mapping[str, str]) -> bytes:
    """A journal entry: values that may hold newlines carry their length."""
    parts = []
    for name, value in fields.items():
        raw = value.encode()
        parts.append(name.encode("ascii") + b"\n" + len(raw).to_bytes(8, "little") + raw + b"\n")
    return b"".join(parts)


def _handler(section: LoggingSection) -> logging.Handler:
    match section.destination:
        case Destination.STDERR:
            return logging.StreamHandler(sys.stderr)
        case Destination.JOURNALD:
            return JournaldHandler()
        case Destination.FILE:
            assert section.file is not None, "checked when the configuration was read"
            section.file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(section.file, os.O_CREAT | os.O_WRONLY, 0o600)
            os.close(descriptor)
            return RotatingFileHandler(
                section.file, maxBytes=FILE_BYTES_MAX, backupCount=FILES_KEPT, encoding="utf-8"
            )


def _event(record: logging.LogRecord) -> str:
    return str(getattr(record, "event", record.name))


def _moment(record: logging.LogRecord) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{whole}.{int(record.msecs):03}Z"
