"""Controllers whose key has told two stories: who knows it, who is told, and what follows.

Nobody can say which of two signed stories is the true one, so nobody waits for either of them: such
a controller is out of the view, hence in no set that is sealed from then on, and proposes nothing.
What it had said stays said: a fact that was taken counts as before, once. That lasts until a person
decides, so the proof is kept on disk, and everybody is given it, the accused one too.

A person who knows how it came about may pardon: a ChangeSet names the life that told two stories,
and lives that begin after it count again. Their chains are new ones, of which everybody holds the
same. So that it can read this, a later life of the accused follows what the others release; the
life that told two stories says nothing more. Its Boot claims nothing about the end of that life.

Proofs go round as facts do, two in a message; each who learns something by it tells its own peers,
and whoever connects is told what there is. Only members of the roster are accused: strangers can
make keys, and proofs against them, without end.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from mesh.protocol.effects import WriteMeta
from mesh.protocol.forks import Fork, decode_fork
from mesh.protocol.outgoing import Channel, Outgoing
from mesh.protocol.replica.desk import Desk
from mesh.protocol.standing import RosterView
from mesh.protocol.suite import Verifier
from mesh.wire.identity import Incarnation, fingerprint
from mesh.wire.messages import Facts

PROOF_KEY: Final = "fork:"
"""Of rows that hold a proof; the controller's id in hex follows."""

PROOFS_MAX: Final = 64
"""Controllers accused at once; a person has to look at the first one already."""

ACCUSED: Final = (
    "this controller's key has signed two different facts under one number: it runs on two hosts,"
    " or went on from a copy of its memory; stop the other one, and give this one a key of its own:"
    " trellis up --new-identity; or, where nobody else can have the key, `trellis members pardon`"
    " on another controller, and start this one again"
)


class Equivocations:
    """One proof against each controller that needs no other."""

    def __init__(self, desk: Desk, verifier: Verifier, meta: Mapping[str, bytes]) -> None:
        self._desk = desk
        self.proofs: dict[bytes, Fork] = {}
        """By controller."""
        for key in sorted(meta):
            fork = decode_fork(meta[key], verifier) if key.startswith(PROOF_KEY) else None
            if fork is not None:
                self.proofs[fork.origin.controller] = fork

        self._pardoned: Mapping[bytes, int] = {}
        """By controller: the boot number of the last life that was forgiven."""

    @property
    def why(self) -> str | None:
        """Why this controller takes no part; None where nobody accuses it, or all is forgiven."""
        return ACCUSED if self.is_out(self._desk.own) else None

    @property
    def is_forked(self) -> bool:
        """Whether this life, or one after it, is what told two stories: it says nothing more."""
        return self.is_doubtful(self._desk.own)

    def is_doubtful(self, life: Incarnation) -> bool:
        """Whether others may hold another chain of ``life``, or of what it went on from."""
        fork = self.proofs.get(life.controller)
        return fork is not None and life.boot <= fork.origin.boot

    def is_out(self, life: Incarnation) -> bool:
        """Whether nobody counts on ``life``."""
        fork = self.proofs.get(life.controller)
        if fork is None:
            return False
        forgiven = self._pardoned.get(life.controller, -1)
        return fork.origin.boot > forgiven or life.boot <= forgiven

    def accused_life(self, controller: bytes) -> int | None:
        """The boot number of the life that told two stories; None: nothing, or it is forgiven."""
        fork = self.proofs.get(controller)
        is_forgiven = fork is None or fork.origin.boot <= self._pardoned.get(controller, -1)
        return None if fork is None or is_forgiven else fork.origin.boot

    def judged(self, pardoned: Mapping[bytes, int]) -> bool:
        """What people have forgiven, as the configuration says; whether that is new."""
        before, self._pardoned = self._pardoned, pardoned
        return before != pardoned

    def heard(self, forks: Iterable[Fork], roster: RosterView) -> tuple[Outgoing, ...]:
        """``forks`` were proved; what all peers are told of those that are new here."""
        outgoing: list[Outgoing] = []
        for fork in forks:
            accused = fork.origin.controller
            is_new = accused not in self.proofs and len(self.proofs) < PROOFS_MAX
            if accused in self.proofs and self.accused_life(accused) is None:
                is_new = fork.origin.boot > self._pardoned[accused]
            if is_new and (roster.has(accused) or accused == self._desk.own.controller):
                self.proofs[accused] = fork
                self._desk.write(WriteMeta(PROOF_KEY + accused.hex(), fork.encode()))
                text = f"the key of {fingerprint(accused)} has signed two different facts"
                text += f" number {fork.sequence} of {fork.origin}: two hosts use it, or it lies"
                self._desk.notice("error", "equivocation", text)
                outgoing += [_proof(peer, fork) for peer in self._desk.peers()]
        return tuple(outgoing)

    def connected(self, peer: Incarnation) -> tuple[Outgoing, ...]:
        """A stream to ``peer`` stands: it may not know yet."""
        return tuple(_proof(peer, fork) for fork in self.proofs.values())


def _proof(peer: Incarnation, fork: Fork) -> Outgoing:
    return Outgoing(peer, Facts((fork.held, fork.other), direct=True), Channel.STREAM)
