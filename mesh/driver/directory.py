"""The data directory: one controller's keys and journal, private, and held by one process.

identity.key    who this controller is
exchange.key    the X25519 key on which streams and datagrams are agreed; one that is to follow it
                lies beside it until the environment has agreed
operator.key    the operator's key, made where an environment may be founded
journal.db      everything else
evidence        what was damaged, and identities that were set aside; nothing deletes it
lock            held while a process uses the directory
"""

import fcntl
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from mesh.driver.errors import BadKeyFile, DirectoryInUse, ForeignDirectory, StartError
from mesh.driver.journal.evidence import EVIDENCE_FOLDER
from mesh.driver.keys import (
    NaClExchange,
    NaClSigner,
    read_key,
    read_or_make_exchange,
    read_or_make_key,
    sync_directory,
)

IDENTITY: Final = "identity.key"
EXCHANGE: Final = "exchange.key"
FOLLOWING: Final = "exchange.following.key"
OPERATOR: Final = "operator.key"
JOURNAL: Final = "journal.db"
LOCK: Final = "lock"


@dataclass(frozen=True, slots=True)
class Keys:
    """The private keys of one controller, unlocked."""

    identity: NaClSigner
    operator: NaClSigner | None
    exchange: NaClExchange
    """The one on which streams and datagrams are agreed."""
    lost_journal: bool = False
    """The identity is that of earlier starts, and their journal is not there."""
    is_new: bool = False
    """The identity was made in this start."""


class DataDirectory:
    """A directory that this process holds until `release`; a context manager too.

    Raises DirectoryInUse, ForeignDirectory where its permissions are another's, and StartError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            status = path.stat()
        except OSError as error:
            raise StartError(
                f"the data directory {path} cannot be made: {error.strerror}"
            ) from error
        if status.st_uid != os.geteuid():
            raise ForeignDirectory(
                f"the data directory {path} belongs to another user (uid {status.st_uid}): run as"
                " that one, or choose another data_dir"
            )
        if stat.S_IMODE(status.st_mode) & 0o077:
            path.chmod(0o700)
        self._lock = _hold(path)

    def keys(self) -> Keys:
        """The keys kept here, new ones where there are none; an operator's only if it is here.

        Raises BadKeyFile, also where a key is missing and the journal that belongs to it is not,
        and StartError where keys cannot be written.
        """
        if (self.path / JOURNAL).exists():
            for name in (IDENTITY, EXCHANGE):
                _demand(self.path / name)
        try:
            return self._keys()
        except OSError as error:
            raise self._unwritable(error) from error

    def founding_key(self) -> NaClSigner:
        """The operator's key that an environment is founded with, a new one where there is none.

        Only for who may found one: beside anybody else it would be a key that opens nothing.
        Raises BadKeyFile, and StartError where it cannot be written.
        """
        try:
            return read_or_make_key(self.path / OPERATOR)
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> StartError:
        return StartError(
            f"no keys can be written to the data directory {self.path}: {error.strerror}; look"
            " at its permissions and at the free space, or choose another data_dir"
        )

    def following_key(self) -> bytes:
        """The public half of the exchange key that is to take the place of the one in use.

        It is durable when this returns; one that was made before and never used is taken again.
        Raises BadKeyFile.
        """
        return read_or_make_exchange(self.path / FOLLOWING).public

    def exchange(self, kept: NaClExchange, chosen: bytes) -> NaClExchange:
        """The exchange key of the next life: ``kept``, or the one whose public half is ``chosen``.

        That one takes the place of the other for good. Raises BadKeyFile.
        """
        following = self.path / FOLLOWING
        if chosen and following.exists() and read_or_make_exchange(following).public == chosen:
            _ = following.replace(self.path / EXCHANGE)
            sync_directory(self.path)
        return read_or_make_exchange(self.path / EXCHANGE) if chosen else kept

    def set_identity_aside(self, wall_ns: int) -> Path:
        """Keep the identity and its journal as evidence, and begin without; the folder of them.

        The operator's key stays. Raises StartError where the files cannot be moved.
        """
        folder = self.path / EVIDENCE_FOLDER / f"identity-{wall_ns}"
        try:
            folder.mkdir(mode=0o700, parents=True)
            for name in (
                IDENTITY,
                EXCHANGE,
                FOLLOWING,
                *(each.name for each in self.path.glob(f"{JOURNAL}*")),
            ):
                with suppress(FileNotFoundError):
                    _ = (self.path / name).rename(folder / name)
            sync_directory(folder)
            sync_directory(self.path)
        except OSError as error:
            raise StartError(
                f"the identity in {self.path} cannot be set aside: {error.strerror}"
            ) from error
        return folder

    def _keys(self) -> Keys:
        held = None
        with suppress(FileNotFoundError):
            held = read_key(self.path / OPERATOR)
        identity = self.path / IDENTITY
        is_new = not identity.exists()
        lost_journal = not is_new and not (self.path / JOURNAL).exists()
        exchange = read_or_make_exchange(self.path / EXCHANGE)
        return Keys(read_or_make_key(identity), held, exchange, lost_journal, is_new)

    def release(self) -> None:
        """Let another process have the directory."""
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.release()


def _demand(key: Path) -> None:
    """A new key in the place of a lost one would make a stranger of this controller."""
    if not key.exists():
        raise BadKeyFile(
            f"{key} is missing, though the journal that belongs to it is there: put it back from a"
            " backup, or begin as a new controller: trellis up --new-identity"
        )


def _hold(path: Path) -> int:
    try:
        lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartError(f"the data directory {path} cannot be used: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip()
        os.close(lock)
        raise DirectoryInUse(
            f"the data directory {path} is in use by another controller (process {holder}): stop"
            " it, or choose another data_dir"
        ) from error
    os.ftruncate(lock, 0)
    _ = os.pwrite(lock, f"{os.getpid()}\n".encode("ascii"), 0)
    return lock
