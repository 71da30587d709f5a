"""The checker of who is let in: each rule is broken once, and what people wanted passes."""

from dataclasses import dataclass, field

import pytest

from mesh.environment.founding import Founding
from mesh.protocol.catalogue import read_change_set
from mesh.protocol.inputs import Path
from mesh.protocol.now import SECOND
from mesh.protocol.suite import Verifier
from mesh.wire.facts import Content, Fact, Propose, write_fact
from mesh.wire.identity import NO_HASH, Address, Incarnation
from mesh.wire.invitation import Newcomer, proof_of
from mesh.wire.requests import (
    Attempt,
    Command,
    Kind,
    Request,
    Value,
    encode_attempt,
    sign_request,
)
from simulations.checkers.admission import AdmissionChecker, People
from simulations.checkers.ledger import Ledger
from simulations.inviting import Invites
from simulations.luck import Luck
from tests.mesh.protocol.keys import Key, KeySuite

OPERATOR = Key(b"operator".ljust(32))
FOUNDER = Key(b"founder".ljust(32))
ASH, ELM, FRIEND = (Key(name.ljust(32)) for name in (b"ash", b"elm", b"friend"))
LIFE = Incarnation(FOUNDER.public, 1, b"12345678")
EXPIRES_NS = 100 * SECOND
FOUNDING = Founding(bytes(16), FOUNDER.public, bytes(32), "oak", "here", OPERATOR.public)
ENVIRONMENT = FOUNDING.environment_id


@dataclass
class Screen:
    """A controller that shows ``settings``."""

    settings: dict[Path, object] = field(default_factory=dict)

    def beginning(self) -> tuple[Founding, Verifier]:
        """As all have it."""
        return FOUNDING, KeySuite()

    def setting(self, path: Path) -> object:
        """What it shows at ``path``."""
        return self.settings.get(path)


class Watched:
    """An environment in which Ash and Elm carry the same invite."""

    def __init__(self) -> None:
        self.screen = Screen()
        self.ledger = Ledger()
        self.invites = Invites(Luck(0), Key, (Address("10.0.0.1", 1),))
        _ = self.invites.issue("code", FOUNDER.public, ENVIRONMENT, EXPIRES_NS)
        self.checker = AdmissionChecker(self.ledger)
        carriers = {ASH.public: "code", ELM.public: "code"}
        self.checker.ask(People(OPERATOR.public, self.invites, carriers))

    def proof(self, who: Key) -> dict[str, Value]:
        """What the invite's key says for ``who``."""
        issued = self.invites.of_step("code")
        assert issued is not None
        key = issued.ticket.key
        newcomer = Newcomer(ENVIRONMENT, who.public, who.public, "name", "site")
        return {"invite": key.public.hex(), "proof": key.sign(proof_of(newcomer)).hex()}

    def admission(self, who: Key, signer: Key, given: dict[str, Value]) -> Fact:
        """A proposal that admits ``who``."""
        named: dict[str, Value] = {
            "controller": who.public.hex(),
            "name": "name",
            "site": "site",
            "exchange_key": who.public.hex(),
        }
        commands = (Command("controller", "admit", {**named, **given}),)
        request = sign_request(
            Request(
                version=0,
                environment=ENVIRONMENT,
                signer=signer.public,
                name="admit",
                written=commands,
                resolved=commands,
                base=(),
                overridden=(),
                patience_ns=SECOND,
                reason="",
                nonce=bytes(16),
                origin=None,
                override=False,
            ),
            signer.sign,
        )
        attempt = Attempt(0, request.tx, LIFE, 1, Kind.NORMAL, (), (LIFE,), 1, 0, ())
        body = Propose(encode_attempt(attempt), request)
        return write_fact(Content(1, LIFE, 1, NO_HASH, None, 1, 0, body), FOUNDER.sign)

    def admit(self, who: Key, signer: Key, **given: Value) -> None:
        """It is proposed, released and shown."""
        fact = self.admission(who, signer, given)
        assert isinstance(fact.body, Propose)
        self.ledger.add(read_change_set(fact.body))
        _ = self.ledger[fact.body.attempt_id].seal(LIFE, frozenset((LIFE,)))
        self.checker.written(fact)
        self.screen.settings["controller", who.public.hex(), "state"] = "learner"

    def wrong(self) -> list[str]:
        """The letters of the rules that the shown roster breaks."""
        return [text.split(":")[0] for text in self.checker.shows(self.screen)]


@pytest.fixture
def watched() -> Watched:
    """Nobody is in but the founder."""
    return Watched()


def test_who_was_invited_may_be_in(watched: Watched) -> None:
    """By the word of the invite's key, whoever proposed it."""
    watched.admit(ASH, FOUNDER, **watched.proof(ASH))
    assert watched.wrong() == []
    assert list(watched.checker.came_in(ASH.public, watched.screen)) == []
    assert list(watched.checker.believes(watched.screen, [ASH.public, FOUNDER.public])) == []


def test_whom_nobody_wanted_is_seen(watched: Watched) -> None:
    """AD1: also where an operator's signature is on it, and where it is only believed alive."""
    watched.admit(FRIEND, OPERATOR)
    assert watched.wrong() == ["AD1"]
    assert len(list(watched.checker.believes(watched.screen, [FRIEND.public]))) == 1
    watched.invites.accepted[FRIEND.public] = None
    assert watched.wrong() == []


def test_two_by_one_invite_are_one_too_many(watched: Watched) -> None:
    """AD2: each of them has its proof."""
    for who in (ASH, ELM):
        watched.admit(who, FOUNDER, **watched.proof(who))
    assert watched.wrong() == ["AD2"]


def test_a_proof_for_another_is_none(watched: Watched) -> None:
    """AD3: the word of the invite's key names whom it admits; and without it there is no right."""
    watched.admit(ASH, FOUNDER, **watched.proof(ELM))
    assert watched.wrong() == ["AD3"]
    watched.admit(ASH, OPERATOR)
    assert watched.wrong() == []


def test_what_is_not_released_admits_nobody(watched: Watched) -> None:
    """AD3, AD5: a proposal alone is nothing."""
    watched.checker.written(_proposed(watched))
    watched.screen.settings["controller", ASH.public.hex(), "state"] = "active"
    assert watched.wrong() == ["AD3"]
    (text,) = watched.checker.came_in(ASH.public, watched.screen)
    assert text.startswith("AD5")
    assert list(watched.checker.came_in(FOUNDER.public, watched.screen)) == []


def _proposed(watched: Watched) -> Fact:
    fact = watched.admission(ASH, FOUNDER, watched.proof(ASH))
    assert isinstance(fact.body, Propose)
    watched.ledger.add(read_change_set(fact.body))
    return fact


def test_an_invite_that_is_over_is_not_proposed(watched: Watched) -> None:
    """AD4: late by its author's clock, revoked, used by another; operators do as they like."""
    fact = watched.admission(ASH, FOUNDER, watched.proof(ASH))
    state, used_by = (
        ("invite", str(watched.proof(ASH)["invite"]), each) for each in ("state", "used_by")
    )

    def wrong(of: Fact, wall_ns: int) -> int:
        return len(list(watched.checker.proposes(of, watched.screen, wall_ns)))

    assert wrong(fact, EXPIRES_NS) == 0
    assert wrong(fact, EXPIRES_NS + 1) == 1
    watched.screen.settings[used_by] = ASH.public.hex()
    assert wrong(fact, 0) == 0
    watched.screen.settings[used_by] = ELM.public.hex()
    assert wrong(fact, 0) == 1
    watched.screen.settings = {state: "revoked"}
    assert wrong(fact, 0) == 1
    assert wrong(watched.admission(ASH, OPERATOR, watched.proof(ASH)), EXPIRES_NS + 1) == 0
