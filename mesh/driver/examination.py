"""What a doctor can see of a controller that does not run: its data directory.

Nothing is changed, not even a permission. Each finding says what is wrong, and what to do about it.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mesh.driver.directory import EXCHANGE, IDENTITY, JOURNAL, LOCK, OPERATOR
from mesh.driver.errors import BadKeyFile, ExposedKeyFile
from mesh.driver.journal.evidence import evidence_in
from mesh.driver.journal.inspection import Inspection, inspect
from mesh.driver.keys import check_key
from mesh.wire.identity import fingerprint

FREE_BYTES_MIN: Final = 64 * 1_048_576
"""Room for a journal to be written anew beside the damaged one."""

FULL_BYTES: Final = 1_048_576
"""Less than this is as good as nothing: one message may be as large."""

BACKUP: Final = (
    "put it back from a backup; without one, begin as a new controller: trellis up --new-identity"
)
EXPOSED: Final = (
    "where nobody else has read it: chmod 600 {path}. Where somebody may have: treat the key as"
    " stolen, as docs/security.md says"
)
REFETCH: Final = (
    "start the controller: what is damaged is kept in the folder evidence and fetched again from"
    " the others. Look at the disk"
)


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that was looked at."""

    level: str
    """ok, note, warning or error."""
    about: str
    text: str
    do: str = ""
    """What to do; empty where there is nothing to do."""


def examine(directory: Path) -> list[Remark]:
    """All there is to say about the data directory ``directory``."""
    try:
        status = directory.stat()
    except OSError as error:
        text = f"the data directory {directory} cannot be looked at: {error.strerror}"
        do = "start a controller with `trellis up`, or name the directory with --data-dir"
        return [Remark("error", "directory", text, do)]
    if not stat.S_ISDIR(status.st_mode):
        text = f"{directory} is no directory"
        return [Remark("error", "directory", text, "choose another data_dir")]
    remarks = [*_directory(directory, status), *_keys(directory)]
    if _is_held(directory):
        text = "a controller has the directory open"
        remarks.append(Remark("note", "process", text, "ask it, or see its log"))
    else:
        remarks += _journal(directory)
    remarks += _evidence(directory)
    return remarks or [Remark("ok", "directory", f"nothing is wrong with {directory}")]


def _directory(directory: Path, status: os.stat_result) -> Iterator[Remark]:
    if status.st_uid != os.geteuid():
        text = f"{directory} belongs to another user (uid {status.st_uid})"
        yield Remark("error", "directory", text, "ask as that user, or choose another data_dir")
    room = os.statvfs(directory)
    if room.f_flag & os.ST_RDONLY:
        text = f"{directory} is on a file system that is mounted read-only"
        do = "look at the log of the kernel: a disk with errors is often remounted so"
        yield Remark("error", "disk", text, do)
    free_bytes = room.f_bavail * room.f_frsize
    if free_bytes < FREE_BYTES_MIN:
        text = f"only {free_bytes / 1_048_576:.1f} MiB are free where {directory} is"
        level = "error" if free_bytes < FULL_BYTES else "warning"
        yield Remark(level, "disk", text, "make room: without it a controller casts no votes")


def _keys(directory: Path) -> Iterator[Remark]:
    has_journal = (directory / JOURNAL).exists()
    for name in (IDENTITY, EXCHANGE, OPERATOR):
        path = directory / name
        try:
            _ = check_key(path)
        except FileNotFoundError:
            if has_journal and name != OPERATOR:
                yield Remark("error", "keys", f"{path} is missing", BACKUP)
        except ExposedKeyFile as error:
            yield Remark("error", "keys", str(error).partition(": ")[0], EXPOSED.format(path=path))
        except BadKeyFile as error:
            yield Remark("error", "keys", str(error), BACKUP)
        except OSError as error:
            yield Remark("error", "keys", f"{path} cannot be read: {error.strerror}", BACKUP)


def _journal(directory: Path) -> Iterator[Remark]:
    path = directory / JOURNAL
    if not path.exists():
        has_key = (directory / IDENTITY).exists()
        do = "start the controller: it fetches from the others what they hold, if it was lost"
        yield Remark("warning" if has_key else "note", "journal", f"{path} is not there", do)
        return
    try:
        found = inspect(path)
    except OSError as error:
        yield Remark("error", "journal", f"{path} cannot be read: {error.strerror}", REFETCH)
        return
    yield from _found(directory, path, found)


def _found(directory: Path, path: Path, found: Inspection) -> Iterator[Remark]:
    if found.refused:
        yield Remark("error", "journal", found.refused)
        return
    if found.is_torn:
        yield Remark("error", "journal", f"{path} is damaged: not all can be read", REFETCH)
    if found.damaged:
        yield Remark("error", "journal", f"{found.damaged} rows of {path} are damaged", REFETCH)
    own = _identity(directory)
    if found.owner is not None and own is not None and found.owner != own:
        text = f"{path} is the journal of {fingerprint(found.owner)}, and the key beside it is that"
        yield Remark("error", "keys", f"{text} of {fingerprint(own)}", BACKUP)


def _identity(directory: Path) -> bytes | None:
    try:
        return check_key(directory / IDENTITY)
    except (BadKeyFile, OSError):
        return None


def _evidence(directory: Path) -> Iterator[Remark]:
    evidence = evidence_in(directory)
    if evidence.files:
        text = f"the folder evidence holds {evidence} of damaged files; nothing deletes them"
        level = "warning" if evidence.is_much else "note"
        yield Remark(level, "evidence", text, "look at the disk; move them away when done")


def _is_held(directory: Path) -> bool:
    try:
        lock = os.open(directory / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False
