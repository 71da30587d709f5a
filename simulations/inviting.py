"""Whom people let in: the invites that they opened, until when, and the newcomers they accepted.

A step opens an invite on one host; the hosts whose plan names that step carry the code of it. The
seed follows from the world's luck, so nothing but the scenario has to be written down.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from mesh.protocol.configuration import Ticket
from mesh.protocol.suite import Signer
from mesh.wire.identity import Address, fingerprint
from mesh.wire.invitation import Invitation
from mesh.wire.requests import Command, Value
from simulations.luck import Luck

ADDRESSES_MAX: Final = 8
"""What one code has room for."""

_KEY: Final = "invite"


@dataclass(frozen=True, slots=True)
class Issued:
    """One invite, as the person knows it who opened it."""

    step: str
    ticket: Ticket
    expires_at_ns: int
    """By the wall clock of the host on which it was opened, since 1970."""


class Invites:
    """All invites of one world; ``make_key`` makes a key pair of 32 bytes."""

    def __init__(
        self, luck: Luck, make_key: Callable[[bytes], Signer], addresses: Sequence[Address]
    ) -> None:
        self._luck = luck
        self._make_key = make_key
        self._addresses = tuple(addresses[:ADDRESSES_MAX])
        self._by_step: dict[str, Issued] = {}
        self._by_key: dict[bytes, Issued] = {}
        self.accepted: dict[bytes, None] = {}
        """Controllers that the operator let in without an invite."""

    def of_step(self, step: str | None) -> Issued | None:
        """The invite that ``step`` opened; None where it has not opened one yet."""
        return None if step is None else self._by_step.get(step)

    def of_key(self, public: bytes) -> Issued | None:
        """The invite with that public key; None where nobody here opened it."""
        return self._by_key.get(public)

    def issue(
        self, step: str, inviter: bytes, environment: bytes, expires_at_ns: int
    ) -> tuple[Command, ...]:
        """Make the invite of ``step``; the ChangeSet that opens it."""
        seed = self._luck.stream(_KEY, step).randbytes(32)
        key = self._make_key(seed)
        invitation = Invitation(environment, self._addresses, fingerprint(inviter), seed)
        issued = Issued(step, Ticket(invitation, key), expires_at_ns)
        self._by_step[step] = self._by_key[key.public] = issued
        given: dict[str, Value] = {_KEY: key.public.hex(), "expires_at_ns": expires_at_ns}
        return (Command(_KEY, "create", given),)

    def revocation(self, step: str) -> tuple[Command, ...]:
        """The ChangeSet that closes the invite of ``step``; empty where there is none yet."""
        issued = self._by_step.get(step)
        if issued is None:
            return ()
        return (Command(_KEY, "revoke", {_KEY: issued.ticket.key.public.hex()}),)
