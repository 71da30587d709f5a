"""People with different rights: some sign what only others may let through, and some agree to it.

What waits for them hangs on a board, on the sides of a split that have heard of it; whoever looks
at the board approves there, so signer and approver are often on different sides for a while.
"""

from random import Random
from typing import Final

from mesh.protocol.inputs import ApproveChange
from mesh.protocol.now import MILLISECOND
from mesh.protocol.suite import Signer
from mesh.wire.consent import approval_of
from mesh.wire.requests import Approval, Command
from simulations.host import Host
from simulations.kernel import Kernel
from simulations.population import Population
from tests.changes.watch import inside_of

RIGHTS: Final = {
    "ann": ("apply:/", "approve:/"),
    "ben": ("edit:/", "approve:/", "apply:/service"),
    "cid": ("edit:/", "apply:/item", "approve:/item", "override:/item"),
}
_MOVED: Final = ("approve:/", "apply:/", "apply:/item", "override:/item")
"""Rights that are withdrawn and given back while changes wait."""

LOOK_NS: Final = 150 * MILLISECOND
"""How often somebody looks at a board."""
_LOOKED_AT_MAX: Final = 4


class Approvers:
    """The people of one run beside the founder."""

    def __init__(
        self, kernel: Kernel, population: Population, hosts: list[Host], random: Random
    ) -> None:
        self.signers: dict[str, Signer] = {name: population.person(name) for name in RIGHTS}
        self.approved = 0
        """Approvals that were given, those that came too late included."""
        self._kernel = kernel
        self._hosts = hosts
        self._random = random
        self._founder = population.operator
        self._calls = -1
        self._rests = False

    def arrival(self) -> tuple[Command, ...]:
        """They are made operators, with a few rights each."""
        created = [
            Command("operator", "create", {"name": name, "key": signer.public.hex()})
            for name, signer in self.signers.items()
        ]
        granted = [
            Command("right", "grant", {"name": name, "right": right})
            for name, rights in RIGHTS.items()
            for right in rights
        ]
        return (*created, *granted)

    def demand(self) -> Command:
        """So many must agree from now on."""
        return Command("environment", "set", {"approvals": self._random.choice((1, 1, 2))})

    def shift(self) -> Command:
        """Somebody's right is withdrawn or given, or more or fewer must agree."""
        if not self._random.randrange(3):
            return self.demand()
        verb = self._random.choice(("grant", "revoke"))
        name, right = self._random.choice([*RIGHTS]), self._random.choice(_MOVED)
        return Command("right", verb, {"name": name, "right": right})

    def look_for_ever(self) -> None:
        """Somebody looks at some board, and approves some of what waits there."""
        if self._rests:
            return
        host = self._random.choice(self._hosts)
        inside = inside_of(host)
        waiting = [] if inside is None else inside.consents.waiting()
        for posted in self._random.sample(waiting, min(len(waiting), _LOOKED_AT_MAX)):
            if inside is not None and self._random.getrandbits(1):
                self._approve(host, inside.place.environment, posted.tx)
        self._kernel.after(LOOK_NS, self.look_for_ever)

    def _approve(self, host: Host, environment: bytes, tx: bytes) -> None:
        signer = self._random.choice([self._founder, *self.signers.values()])
        approval = Approval(signer.public, signer.sign(approval_of(environment, tx)))
        self.approved += 1
        self._calls -= 1
        host.take(host.life, ApproveChange(self._calls, tx, approval))

    def rest(self) -> None:
        """Nobody looks any more."""
        self._rests = True
