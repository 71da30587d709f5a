"""Who asks, and what they may have this controller do.

A caller is known by the kernel's word on the unix socket (SO_PEERCRED) or by a token. What changes
the configuration is judged by its signature, by every controller; here is judged what one
controller does by itself: what it shows, what it writes down as its own running information, and
for whom it signs with a key that it keeps.
"""

import grp
import os
import pwd
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Self, cast

import trio
from starlette.requests import Request

from mesh.api.problems import REFUSED, Problem
from mesh.driver.keys import NaClSigner
from mesh.environment.rights import ALL, Grant, Level, Prefix

CALLER: Final = "trellis.caller"
"""Where the ASGI scope of a request holds its caller."""

INFORMATION: Final = "info"
"""Running information stands below this part in a prefix: ``edit:/info/web``."""

_CREDENTIALS: Final = struct.Struct("3i")
_ROOT: Final = 0


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks."""

    name: str
    """For people: ``uid 1000``, ``token 'ci'``."""
    grants: tuple[Grant, ...]
    owns: bool = False
    """May use the operator's key that is kept here: could read it from the disk anyway."""
    signer: NaClSigner | None = None
    """The key of the token that was shown, lent for as long as the request takes."""

    def may(self, level: Level, prefix: Prefix = ()) -> bool:
        """Whether a right of the caller covers this one."""
        return any(grant.covers(Grant(level, prefix)) for grant in self.grants)


OWNER: Final = Caller("the owner", (ALL,), owns=True)


def caller_of(request: Request) -> Caller:
    """Who asks; the porter has put it there."""
    return cast("Caller", request.scope[CALLER])


def demand(request: Request, level: Level, prefix: Prefix = ()) -> None:
    """Raises Problem with the right that is missing."""
    caller = caller_of(request)
    if not caller.may(level, prefix):
        text = f"{caller.name} lacks the right {Grant(level, prefix)}; an admin may grant it"
        raise Problem(HTTPStatus.FORBIDDEN, REFUSED, text)


# --- on the unix socket ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end of a unix socket, as the kernel says."""

    pid: int
    uid: int
    gid: int

    @classmethod
    def of(cls, connection: trio.socket.SocketType) -> Self:
        """Whoever has connected."""
        size = _CREDENTIALS.size
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        return cls(*_CREDENTIALS.unpack(raw))

    def __str__(self) -> str:
        return f"uid {self.uid} (process {self.pid})"


@dataclass(frozen=True, slots=True)
class LocalRule:
    """Which users of this host may talk to the controller."""

    own_uid: int
    uids: frozenset[int] = frozenset()
    gids: frozenset[int] = frozenset()

    @property
    def is_shared(self) -> bool:
        """Whether anybody but the owner may."""
        return bool(self.uids or self.gids)

    def caller(self, peer: Peer) -> Caller | None:
        """Who ``peer`` is; None: nobody who may talk here.

        The controller's own user and root own it. Others see everything and write drafts and
        running information; a change takes a signature of their own.
        """
        if peer.uid in (self.own_uid, _ROOT):
            return Caller(str(peer), (ALL,), owns=True)
        if peer.uid in self.uids or not self.gids.isdisjoint(_groups(peer)):
            return Caller(str(peer), (Grant(Level.EDIT, ()),))
        return None


def _groups(peer: Peer) -> list[int]:
    """The groups of the peer's user; of a user without a name just the process's own."""
    try:
        return os.getgrouplist(pwd.getpwuid(peer.uid).pw_name, peer.gid)
    except KeyError:
        return [peer.gid]


def local_rule(users: tuple[str, ...], groups: tuple[str, ...]) -> LocalRule:
    """The rule for names or numbers of users and groups. Raises KeyError for an unknown name."""
    uids = frozenset(int(each) if each.isdigit() else pwd.getpwnam(each).pw_uid for each in users)
    gids = frozenset(int(each) if each.isdigit() else grp.getgrnam(each).gr_gid for each in groups)
    return LocalRule(os.geteuid(), uids, gids)


def shown(caller: Caller, *, has_key: bool) -> Mapping[str, object]:
    """A caller as the API tells it; ``has_key``: one is kept that signs for its owner."""
    return {
        "name": caller.name,
        "rights": [str(grant) for grant in caller.grants],
        "signs_here": caller.signer is not None or (caller.owns and has_key),
    }
