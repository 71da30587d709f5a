"""Who waits at the door: a bounded list, fair to each host whatever comes from another.

A person reads this list and accepts one line of it, so nobody may be able to push a line out of it
from elsewhere: when it is full, the IP address that takes up most of it loses the line that was
silent longest.
"""

from collections import Counter as Tally
from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from mesh.environment.shapes import NAME, Text
from mesh.protocol.admission.limits import PENDING_MAX, PENDING_NS
from mesh.protocol.now import Now
from mesh.wire.identity import Address, fingerprint
from mesh.wire.messages import Hello

_HOST: Final = Text("a host name or an IP address", r"[0-9A-Za-z._:%-]{1,255}")


@dataclass(frozen=True, slots=True)
class Pending:
    """One newcomer that waits to be accepted."""

    controller: bytes
    name: str
    site: str
    addresses: tuple[Address, ...]
    exchange_key: bytes
    """With it the newcomer proved who it is."""
    remote: Address
    """Whence it knocked, whatever it says of itself."""
    first_seen_wall_ns: int
    last_seen_wall_ns: int
    last_seen_ns: int
    """Monotonic; the line goes when this is ``PENDING_NS`` ago."""

    @property
    def fingerprint(self) -> str:
        """What a person compares with the newcomer's own screen."""
        return fingerprint(self.controller)


def faults(hello: Hello) -> list[str]:
    """What the roster would not take of a newcomer's word: it is not listed with that."""
    hosts = [
        error for address in hello.addresses for error in _HOST.errors(address.host, "address")
    ]
    return [*NAME.errors(hello.name, "name"), *NAME.errors(hello.site, "site"), *hosts]


class PendingList:
    """The newcomers that knocked of late."""

    def __init__(self) -> None:
        self._lines: dict[bytes, Pending] = {}

    def note(self, hello: Hello, exchange_key: bytes, remote: Address, now: Now) -> bool:
        """The sender of ``hello`` knocked, and has proved ``exchange_key``; whether it is new."""
        self._expire(now)
        controller = hello.sender.controller
        known = self._lines.get(controller)
        if known is None and len(self._lines) >= PENDING_MAX:
            del self._lines[self._victim()]
        self._lines[controller] = Pending(
            controller=controller,
            name=hello.name,
            site=hello.site,
            addresses=hello.addresses,
            exchange_key=exchange_key,
            remote=remote,
            first_seen_wall_ns=now.wall_ns if known is None else known.first_seen_wall_ns,
            last_seen_wall_ns=now.wall_ns,
            last_seen_ns=now.monotonic_ns,
        )
        return known is None

    def remove(self, controllers: Container[bytes]) -> None:
        """These wait no more."""
        for controller in [each for each in self._lines if each in controllers]:
            del self._lines[controller]

    def get(self, controller: bytes, now: Now) -> Pending | None:
        """The line of ``controller``; None where it does not wait."""
        self._expire(now)
        return self._lines.get(controller)

    def lines(self, now: Now) -> tuple[Pending, ...]:
        """Everybody who waits, in the order of their first knocks."""
        self._expire(now)
        return tuple(self._lines.values())

    def _expire(self, now: Now) -> None:
        limit_ns = now.monotonic_ns - PENDING_NS
        for controller in [
            key for key, line in self._lines.items() if line.last_seen_ns < limit_ns
        ]:
            del self._lines[controller]

    def _victim(self) -> bytes:
        crowds = Tally(line.remote.host for line in self._lines.values())
        return min(
            self._lines.values(),
            key=lambda line: (-crowds[line.remote.host], line.last_seen_ns, line.controller),
        ).controller
