"""A controller's own exchange key, replaced by another one at the barrier.

The new key is on the disk before it is proposed. When the ChangeSet applies, everybody boxes
datagrams with the new key and takes streams by it; this life, which was begun with the old one,
ends, and the next begins with the new. Whoever was away sees a key that its roster does not name:
until it has caught up it exchanges facts with this controller, and nothing else.
"""

from collections.abc import Mapping
from typing import Final

from mesh.environment.kinds import controller
from mesh.protocol.effects import WriteMeta
from mesh.protocol.now import Now
from mesh.protocol.replica.crank import Crank
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.resealing import Resealing
from mesh.protocol.suite import Signer
from mesh.wire.identity import fingerprint
from mesh.wire.requests import Command
from mesh.wire.rotation import Rotation, proof_of_rotation

EXCHANGE_META: Final = "exchange.key"
"""The public key with which the next life begins, where it is another than the first one."""

PROPOSED_META: Final = "exchange.proposed"
"""The one that was proposed here last."""


class Rotating:
    """The exchange key of one controller."""

    def __init__(
        self,
        desk: Desk,
        crank: Crank,
        resealing: Resealing,
        signer: Signer,
        meta: Mapping[str, bytes],
    ) -> None:
        self._desk = desk
        self._crank = crank
        self._resealing = resealing
        self._signer = signer
        self._used = desk.exchange.public
        self._proposed = meta.get(PROPOSED_META, b"")
        self._chosen = meta.get(EXCHANGE_META, b"")

    def propose(self, following: bytes, now: Now) -> bytes | str:
        """Have ``following``, whose private half is on the disk, take the place of the key in use.

        The tx of the ChangeSet, or why there is none.
        """
        rotation = Rotation(self._desk.environment, self._signer.public, self._used, following)
        command = Command(
            controller.NAME,
            "rotate-key",
            {
                controller.NAME: self._signer.public.hex(),
                "former": self._used.hex(),
                "exchange_key": following.hex(),
                "proof": self._signer.sign(proof_of_rotation(rotation)).hex(),
            },
        )
        self._proposed = following
        self._desk.write(WriteMeta(PROPOSED_META, following))
        name = f"a new exchange key for {fingerprint(self._signer.public)}"
        return self._crank.try_by_itself(name, (command,), now)

    def roster_changed(self, keys: Mapping[bytes, bytes], now: Now) -> None:
        """The roster names these exchange keys now."""
        named = keys.get(self._signer.public, self._used)
        if named == self._used:
            return
        if named == self._proposed and named != self._chosen:
            self._chosen = named
            self._resealing.follow(named, now)
            self._desk.write(WriteMeta(EXCHANGE_META, named))
            self._desk.end(
                "its exchange key was replaced: the next life begins with the new one",
                self._desk.own.boot,
            )
        else:
            self._desk.notice(
                "error",
                "exchange key",
                "the roster names another exchange key than the one that is kept here: nobody takes"
                " this controller for a member; see `trellis members rotate-key`",
            )
