"""Attacks by a member gone bad at the barrier: it decides for the others, or in their names.

It signs with its own key, which is good, and is in the roster. What it does not have is the word of
an operator, the votes of the others, and the code of an invite.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from mesh.driver.keys import NaClExchange
from mesh.environment.founding import decode_founding
from mesh.environment.resolve import Resolution
from mesh.protocol.catalogue import Catalogue, Ids, read_change_set
from mesh.protocol.history import History
from mesh.protocol.now import SECOND
from mesh.protocol.replica.authoring import Cover, author
from mesh.protocol.suite import Signer
from mesh.wire.facts import Body, Fact, Propose, Seal, read_fact
from mesh.wire.identity import Incarnation
from mesh.wire.messages import Facts, FactVector, Held
from mesh.wire.requests import (
    Approval,
    Attempt,
    Command,
    Kind,
    SignedRequest,
    encode_attempt,
)
from mesh.wire.rotation import Rotation, proof_of_rotation
from tests.hostile.from_within import as_member, chain_of, lives, next_fact
from tests.hostile.stage import Stage
from tests.hostile.wolf import Line, Loot, Wolf

HEAR_S: Final = 1.0
ROUNDS: Final = 10
_COVER: Final = Cover("usurped", "", 60 * SECOND)


class Usurper:
    """A member on a ``line``: it holds the whole history, and writes its own chain on top."""

    def __init__(self, stage: Stage, wolf: Wolf, line: Line, loot: Loot) -> None:
        self.wolf = wolf
        self.loot = loot
        self.line = line
        self.others = tuple(lives(stage, loot))
        self.founding = decode_founding(wolf.enrolment.founding)
        self.catalogue = Catalogue()
        facts = [*loot.facts, *self._catch_up()]
        for fact in sorted(facts, key=lambda fact: (fact.content.lamport, fact.origin)):
            if isinstance(fact.body, Propose):
                _ = self.catalogue.add(read_change_set(fact.body))
        self.history = History(self.founding, self.catalogue, wolf.suite)
        self.history.extend(self.all)
        self.chain = chain_of(wolf, loot)
        self.said = 0
        self._tell(self.chain[0])

    @property
    def all(self) -> Ids:
        """Every ChangeSet that it knows."""
        return (1 << len(self.catalogue)) - 1

    def before(self, group: str) -> Ids:
        """What there was before the first command of ``group``."""
        numbers = range(len(self.catalogue))
        first = next(
            number
            for number in numbers
            if any(each.group == group for each in self.catalogue[number].request.resolved)
        )
        return self.catalogue.ancestors(first) or 0

    def _catch_up(self) -> Iterator[Fact]:
        """What happened since the insider was stopped."""
        last: dict[Incarnation, int] = {}
        for fact in self.loot.facts:
            last[fact.origin] = max(last.get(fact.origin, 0), fact.sequence)
        held = tuple(Held(origin, last[origin]) for origin in sorted(last))
        self.line.say(FactVector(held, reply=False))
        for message in self.line.hear_all(HEAR_S):
            for signed in message.facts if isinstance(message, Facts) else ():
                yield read_fact(signed)

    def request(self, commands: tuple[Command, ...], kind: Kind, signer: Signer) -> SignedRequest:
        """``commands`` as they are, on today's state where they need one."""
        nonce = os.urandom(16)
        resolution = Resolution(commands, commands, (), (), kind)
        if kind is not Kind.MERGE:
            found = self.history.resolve(commands, nonce, signer=self.founding.operator)
            assert isinstance(found, Resolution), found
            resolution = found
        return author(self.wolf.enrolment.environment, signer, resolution, _COVER, nonce)

    def propose(
        self,
        request: SignedRequest,
        kind: Kind,
        over: Ids,
        others: Iterable[Incarnation] = (),
        approvals: tuple[Approval, ...] = (),
    ) -> Ids:
        """Propose ``request`` on top of ``over`` to itself and ``others``, and seal it."""
        participants = tuple(sorted((self.wolf.incarnation, *others)))
        attempt = Attempt(
            version=0,
            tx=request.tx,
            author=self.wolf.incarnation,
            lamport=self.chain[-1].content.lamport + 1,
            kind=kind,
            parents=tuple(self.catalogue[number].id for number in self.catalogue.heads(over)),
            participants=participants,
            quorum=len(participants),
            guard_ns=0,
            approvals=approvals,
        )
        body = Propose(encode_attempt(attempt), request)
        self._say(body)
        members = (1 << len(participants)) - 1
        sealed = members.to_bytes((members.bit_length() + 7) // 8, "little")
        self._say(Seal(body.attempt_id, sealed))
        number = self.catalogue.add(read_change_set(body))
        return 1 << number

    def _say(self, body: Body) -> None:
        self.chain.append(next_fact(self.wolf, self.chain, body))
        self._tell(self.chain[-1])

    def _tell(self, fact: Fact) -> None:
        self.said += 1
        self.line.say(Facts((fact.signed,), direct=True))


@contextmanager
def _usurper(stage: Stage) -> Iterator[Usurper]:
    with as_member(stage) as (wolf, line, loot):
        yield Usurper(stage, wolf, line, loot)
        _ = line.hear_all(HEAR_S)


def merges_what_it_likes(stage: Stage) -> int:
    """Says to have been alone before each change in turn, and merges that change away."""
    with _usurper(stage) as usurper:
        victims = [
            entry.number for entry in usurper.history.log() if entry.name.startswith("set item")
        ]
        for victim in victims:
            before = usurper.catalogue.ancestors(victim) or 0
            aside = Command("merge", "set-aside", {"tx": usurper.catalogue[victim].tx.hex()})
            apart = usurper.request((), Kind.MERGE, usurper.wolf.identity)
            alone = usurper.propose(apart, Kind.MERGE, before)
            away = usurper.request((aside,), Kind.MERGE, usurper.wolf.identity)
            _ = usurper.propose(away, Kind.MERGE, usurper.all & ~alone | alone)
            _ = usurper.propose(away, Kind.MERGE, usurper.all, usurper.others)
        return usurper.said


def demand_all(stage: Stage) -> None:
    """From here on each side of a partition may go on, so that merges are needed."""
    done = stage.target.run("environment", "set", "--barrier", "all-active")
    assert done.code == 0, done.errors


def asks_only_itself(stage: Stage) -> int:
    """Under majority: new keys of its own that nobody else has sealed, also beside that step."""
    with _usurper(stage) as usurper:
        wolf = usurper.wolf
        for over in (usurper.all, usurper.before("environment")):
            for _ in range(ROUNDS):
                following = NaClExchange(os.urandom(32)).public
                rotation = Rotation(
                    wolf.enrolment.environment,
                    wolf.identity.public,
                    wolf.exchange.public,
                    following,
                )
                command = Command(
                    "controller",
                    "rotate-key",
                    {
                        "controller": wolf.identity.public.hex(),
                        "former": wolf.exchange.public.hex(),
                        "exchange_key": following.hex(),
                        "proof": wolf.identity.sign(proof_of_rotation(rotation)).hex(),
                    },
                )
                request = usurper.request((command,), Kind.NORMAL, wolf.identity)
                _ = usurper.propose(request, Kind.NORMAL, over)
        return usurper.said


class _InTheNameOf:
    """Says to be ``public`` and signs with something else."""

    def __init__(self, public: bytes, signature: bytes) -> None:
        self.public = public
        self._signature = signature

    def sign(self, message: bytes) -> bytes:
        del message
        return self._signature


def forged_consent(stage: Stage) -> int:
    """ChangeSets and approvals in the name of an operator, on which all are asked to vote."""
    command = Command("item", "set", {"name": "item-0", "value": "forged"})
    with _usurper(stage) as usurper:
        operator, own = usurper.founding.operator, usurper.wolf.identity
        for _ in range(ROUNDS):
            forged = _InTheNameOf(operator, os.urandom(64))
            approvals = (
                Approval(operator, os.urandom(64)),
                Approval(operator, own.sign(os.urandom(32))),
            )
            for signer in (forged, own):
                request = usurper.request((command,), Kind.NORMAL, signer)
                for approval in approvals:
                    _ = usurper.propose(
                        request, Kind.NORMAL, usurper.all, usurper.others, (approval,)
                    )
                    time.sleep(0.01)
        return usurper.said
