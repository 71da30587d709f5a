"""Who is let in, looked at by somebody who knows what the people in the story wanted.

AD1  nobody takes part, or is believed alive, whom no person let in: the founder, those whom the
     operator accepted, and those who were given an invite that somebody opened;
AD2  of those who carry one invite at most one takes part;
AD3  whoever takes part was admitted by a released ChangeSet that an operator signed, or that bears
     the word of the invite's key for this very controller;
AD4  nobody proposes to admit by an invite that has expired by its own clock, or that it shows as
     closed, or as used by somebody else;
AD5  nobody comes in before its admission is released.

Invariant: the roster is what people decided, whatever controllers make of it.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final, Protocol

from mesh.environment.founding import Founding
from mesh.protocol.inputs import Path
from mesh.protocol.suite import Verifier
from mesh.wire.facts import Fact, Propose
from mesh.wire.invitation import Newcomer, proof_of
from mesh.wire.requests import Request, Value, decode_request
from simulations.checkers.ledger import Entry, Ledger
from simulations.inviting import Invites

_CONTROLLER: Final = "controller"
_INVITE: Final = "invite"
_COUNTED: Final = ("learner", "active")


class Shown(Protocol):
    """What a running controller can be asked."""

    def beginning(self) -> tuple[Founding, Verifier] | None:
        """What its environment began with, and who checks signatures there."""

    def setting(self, path: Path) -> object:
        """The value of the configuration at ``path``."""


class People:
    """What the people of one run have decided, and go on deciding."""

    def __init__(self, operator: bytes, invites: Invites, carriers: Mapping[bytes, str]) -> None:
        """``carriers`` are the controllers with an invite, by the step that opens it."""
        self.operator = operator
        self.invites = invites
        self.carriers = carriers

    def want(self, controller: bytes) -> bool:
        """Whether somebody let ``controller`` in, or gave it an invite that was opened."""
        invite = self.invites.of_step(self.carriers.get(controller))
        return controller in self.invites.accepted or invite is not None


class AdmissionChecker:
    """Every roster that anybody shows, and every admission that anybody proposes."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._people: People | None = None
        self._admissions: dict[bytes, list[tuple[bytes, Mapping[str, Value]]]] = {}
        """By controller: the attempts that admit it, and the parameters of the command."""

    def ask(self, people: People) -> None:
        """``people`` decide in this run."""
        self._people = people

    # --- proposals ----------------------------------------------------------------------------

    def proposes(self, fact: Fact, life: Shown, wall_ns: int) -> Iterator[str]:
        """Its author has just decided to write ``fact``, by that wall clock: AD4."""
        if self._people is None or not isinstance(fact.body, Propose):
            return
        request = decode_request(fact.body.request.raw)
        if request.signer == self._people.operator:
            return
        for given in _admissions(request):
            public = str(given.get(_INVITE, ""))
            issued = self._people.invites.of_key(bytes.fromhex(public))
            if issued is not None and wall_ns > issued.expires_at_ns:
                yield f"AD4: {issued.step} has expired, and {request.name!r} is proposed"
            state, by = (life.setting((_INVITE, public, field)) for field in ("state", "used_by"))
            if state == "revoked" or by not in (None, given[_CONTROLLER]):
                yield f"AD4: the invite of {request.name!r} is {state}, by {str(by)[:8]}"

    def written(self, fact: Fact) -> None:
        """``fact`` is durable at its origin, and the ledger knows it."""
        if isinstance(fact.body, Propose):
            attempt = fact.body.attempt_id
            for given in _admissions(self._ledger[attempt].change_set.request):
                admitted = bytes.fromhex(str(given[_CONTROLLER]))
                self._admissions.setdefault(admitted, []).append((attempt, given))

    # --- who is in ----------------------------------------------------------------------------

    def came_in(self, controller: bytes, life: Shown) -> Iterator[str]:
        """``controller`` says that it was admitted: AD5. A founder may come back from a loss."""
        beginning = life.beginning()
        is_founder = beginning is not None and beginning[0].founder == controller
        if not is_founder and not any(entry.complete for entry, _ in self._entries(controller)):
            yield "AD5: it came in, and its admission is not released"

    def shows(self, life: Shown) -> Iterator[str]:
        """What is wrong with the roster that ``life`` shows: AD1, AD2, AD3."""
        beginning = life.beginning()
        if self._people is None or beginning is None:
            return
        founding, suite = beginning
        environment = founding.environment_id
        roster = [
            each
            for each in self._admissions
            if life.setting((_CONTROLLER, each.hex(), "state")) in _COUNTED
        ]
        for each in roster:
            if each != founding.founder:
                yield from self._unwanted(each)
                if not self._is_admitted(each, environment, suite):
                    yield f"AD3: nobody with the right has admitted {each.hex()[:8]}"
        carried = [self._people.carriers[each] for each in roster if each in self._people.carriers]
        for step in dict.fromkeys(carried):
            if carried.count(step) > 1:
                yield f"AD2: {carried.count(step)} take part by the invite {step}"

    def believes(self, life: Shown, others: Collection[bytes]) -> Iterator[str]:
        """A controller holds ``others`` for alive: AD1."""
        beginning = life.beginning()
        for each in others if beginning is not None else ():
            if beginning is not None and each != beginning[0].founder:
                yield from self._unwanted(each)

    def _unwanted(self, controller: bytes) -> Iterator[str]:
        if self._people is not None and not self._people.want(controller):
            yield f"AD1: nobody wanted {controller.hex()[:8]}"

    def _is_admitted(self, controller: bytes, environment: bytes, suite: Verifier) -> bool:
        return any(
            self._is_by_right(entry.change_set.request, given, environment, suite)
            for entry, given in self._entries(controller)
            if entry.complete
        )

    def _is_by_right(
        self, request: Request, given: Mapping[str, Value], environment: bytes, suite: Verifier
    ) -> bool:
        assert self._people is not None
        if request.environment != environment:
            return False
        if request.signer == self._people.operator:
            return True
        public = bytes.fromhex(str(given.get(_INVITE, "")))
        newcomer = Newcomer(
            environment,
            bytes.fromhex(str(given[_CONTROLLER])),
            bytes.fromhex(str(given.get("exchange_key", ""))),
            str(given["name"]),
            str(given["site"]),
        )
        proof = bytes.fromhex(str(given.get("proof", "")))
        is_open = self._people.invites.of_key(public) is not None
        return is_open and suite.verify(public, proof_of(newcomer), proof)

    def _entries(self, controller: bytes) -> Iterator[tuple[Entry, Mapping[str, Value]]]:
        for attempt, given in self._admissions.get(controller, ()):
            yield self._ledger[attempt], given


def _admissions(request: Request) -> Iterator[Mapping[str, Value]]:
    """The parameters of each admission in ``request``."""
    for command in request.resolved:
        if (command.group, command.verb) == (_CONTROLLER, "admit"):
            yield command.parameters
