"""A number outside the journal that says how many transactions were durable in it.

A log that lost its end looks like a shorter log: SQLite drops what no longer fits its checksums and
says nothing. So the count of transactions is also kept in a file of its own, written after each
commit and before anybody is told of it. It is never synced: it has to survive a killed process, and
after a killed kernel nothing is taken for whole anyway.

Whoever puts the whole data directory back puts that file back, too. So the number is kept once more
in the kernel's memory, in a file of a tmpfs, which is in no copy of the directory and is gone with
the kernel. Where it cannot be written, no start after this one claims anything.
"""

import hashlib
import os
import stat
import struct
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

FOLDER_VARIABLE: Final = "TRELLIS_WITNESS_DIR"
"""Another folder for the second file; it should be in memory and private to this user."""

_MEMORY: Final = Path("/dev/shm")  # noqa: S108  a tmpfs of the kernel; the folder in it is private

_COUNT: Final = struct.Struct(">QQ")
"""The count, and its complement: a torn or foreign file tells nothing rather than a lie."""
_ONES: Final = 2**64 - 1


class Witness:
    """The open file. All methods may raise OSError."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def read(self) -> int | None:
        """How many transactions were durable; None where the file does not say."""
        raw = os.pread(self._file, _COUNT.size + 1, 0)
        if len(raw) != _COUNT.size:
            return None
        count, complement = _COUNT.unpack(raw)
        return count if count ^ complement == _ONES else None

    def write(self, count: int) -> None:
        """``count`` transactions are durable."""
        _ = os.pwrite(self._file, _COUNT.pack(count, count ^ _ONES), 0)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    @property
    def status(self) -> os.stat_result:
        """Whose file it is, and who may read it."""
        return os.fstat(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Witnesses:
    """The file beside the journal, and the one in the kernel's memory where ``folder`` is one."""

    def __init__(self, beside: Witness, outside: Witness | None) -> None:
        self.beside = beside
        self.outside = outside

    def write(self, count: int) -> None:
        """``count`` transactions are durable. Raises OSError for the file beside the journal."""
        self.beside.write(count)
        if self.outside is not None:
            try:
                self.outside.write(count)
            except OSError:  # memory is full: from now on there is none, and no start claims it
                self.close_outside()

    def close_outside(self) -> None:
        """Let go of the file in memory, which then tells of an older count."""
        if self.outside is not None:
            with suppress(OSError):
                self.outside.close()
            self.outside = None

    def close(self) -> None:
        """Let go of the files."""
        self.close_outside()
        self.beside.close()


def kernel_folder() -> Path:
    """Where files of this user are kept in the kernel's memory."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else _MEMORY / f"trellis-{os.geteuid()}"


def open_outside(folder: Path, journal: Path, controller: bytes) -> Witness | None:
    """The file in ``folder`` for the store ``journal`` of ``controller``.

    None where there can be none, or where another user could have written it.
    """
    told = controller + os.fsencode(journal.resolve())
    name = hashlib.blake2b(told, digest_size=16).hexdigest()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or not _is_private(status):
            return None
        witness = Witness(folder / name)
    except OSError:
        return None
    if _is_private(witness.status):
        return witness
    witness.close()
    return None


def _is_private(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not stat.S_IMODE(status.st_mode) & 0o022
