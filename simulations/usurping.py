"""What a member does alone whose program was replaced: in its own name, signed with its own key.

All that it writes is well-formed and in its own chain, so everybody holds it. It asks nobody else
to vote, so nobody refuses. The others have to see by themselves that it had no business to.
"""

from collections.abc import Mapping
from random import Random
from typing import Final

from mesh.environment.kinds.invite import NAME as _INVITE
from mesh.environment.kinds.invite import OPEN
from mesh.environment.resolve import Resolution
from mesh.protocol.catalogue import Ids
from mesh.protocol.history.outcomes import Standing
from mesh.protocol.now import SECOND, Now
from mesh.protocol.replica.authoring import Cover, author
from mesh.protocol.replica.participant import Participant
from mesh.protocol.suite import Signer
from mesh.wire.facts import Propose, Seal
from mesh.wire.requests import Attempt, Command, Kind, SignedRequest, Value, encode_attempt
from simulations.troubles import Lie

TITLE: Final = "usurped"
"""The name of what it does; and the value that nobody must ever see."""

_COVER: Final = Cover(TITLE, "", 60 * SECOND)
_ITSELF: Final = b"\x01"
"""A set of one: the only participant."""


class Usurper:
    """One moment of a usurper ``inside`` an environment.

    ``operator`` is a person that trusts this controller and gives it something to propose.
    """

    def __init__(
        self, inside: Participant, identity: Signer, operator: Signer, random: Random, now: Now
    ) -> None:
        self._inside = inside
        self._identity = identity
        self._operator = operator
        self._random = random
        self._now = now

    def usurps(self, lie: Lie) -> int:
        """Do what ``lie`` says; how many ChangeSets that took."""
        match lie:
            case "alone":
                return self.asks_itself()
            case "merges":
                return self.merges_away()
            case _:
                return self.admits()

    def asks_itself(self) -> int:
        """Release what somebody gave it with a quorum of one, once; how many ChangeSets."""
        if self._has_begun():
            return 0
        command = Command("item", "set", {"name": "colour", "value": TITLE})
        nonce = self._random.randbytes(16)
        history = self._inside.history
        resolution = history.resolve((command,), nonce, signer=self._operator.public)
        if not isinstance(resolution, Resolution):
            return 0
        place = self._inside.place.environment
        request = author(place, self._operator, resolution, _COVER, nonce)
        _ = self._release(request, resolution.kind, history.ids)
        return 1

    def merges_away(self) -> int:
        """Pretend that it was apart from before the last change, and merge that away, once."""
        victim = self._last_change()
        if victim is None or self._has_begun():
            return 0
        ids = self._inside.history.ids
        before = self._inside.catalogue.ancestors(victim) or 0
        aside = Command("merge", "set-aside", {"tx": self._inside.catalogue[victim].tx.hex()})
        apart = self._release(self._merge(()), Kind.MERGE, before)
        _ = self._release(self._merge((aside,)), Kind.MERGE, ids | apart)
        return 2

    def admits(self) -> int:
        """Let a friend in on its own word, and one by each open invite that it reads of, once."""
        if self._has_begun():
            return 0
        state = self._inside.history.state
        opened = [
            key for key, _ in state.items(_INVITE) if state.fields((_INVITE, key))["state"] == OPEN
        ]
        forged: dict[str, Value]
        for invite in (None, *opened):
            forged = {} if invite is None else {_INVITE: invite, "proof": self._bytes(64).hex()}
            self._admit(self._bytes(32).hex(), forged)
        return 1 + len(opened)

    def _admit(self, friend: str, forged: Mapping[str, Value]) -> None:
        given: dict[str, Value] = {
            "controller": friend,
            "name": f"friend-{friend[:8]}",
            "site": "elsewhere",
            "exchange_key": self._bytes(32).hex(),
            **forged,
        }
        nonce, history = self._bytes(16), self._inside.history
        command = Command("controller", "admit", given)
        resolution = history.resolve((command,), nonce, signer=self._operator.public)
        if isinstance(resolution, Resolution):
            place = self._inside.place.environment
            request = author(place, self._identity, resolution, _COVER, nonce)
            _ = self._release(request, resolution.kind, history.ids)

    def _bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def _has_begun(self) -> bool:
        known = self._inside.catalogue.change_sets
        return any(each.request.name == TITLE for each in known)

    def _last_change(self) -> int | None:
        """The last ChangeSet that had an effect; not the first ones, which made the roster."""
        entries = [
            entry.number
            for entry in self._inside.history.log()
            if entry.kind is Kind.NORMAL
            and entry.written_keys
            and entry.written_keys[0].key[0] == "item"
            and entry.outcome.standing is Standing.EFFECTIVE
        ]
        return entries[-1] if entries else None

    def _merge(self, commands: tuple[Command, ...]) -> SignedRequest:
        resolution = Resolution(commands, commands, (), (), Kind.MERGE)
        nonce = self._random.randbytes(16)
        return author(self._inside.place.environment, self._identity, resolution, _COVER, nonce)

    def _release(self, request: SignedRequest, kind: Kind, over: Ids) -> Ids:
        """Propose ``request`` on top of ``over`` to itself alone, and seal it; what that is."""
        catalogue, own = self._inside.catalogue, self._inside.desk.own
        attempt = Attempt(
            version=0,
            tx=request.tx,
            author=own,
            lamport=self._inside.chains.next_lamport(),
            kind=kind,
            parents=tuple(catalogue[number].id for number in catalogue.heads(over)),
            participants=(own,),
            quorum=1,
            guard_ns=0,
            approvals=(),
        )
        propose = Propose(encode_attempt(attempt), request)
        _ = self._inside.scribe.say(propose, self._now)
        _ = self._inside.scribe.say(Seal(propose.attempt_id, _ITSELF), self._now)
        number = catalogue.number(propose.attempt_id)
        assert number is not None, "what it says itself it knows"
        return 1 << number
