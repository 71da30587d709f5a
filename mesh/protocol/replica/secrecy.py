"""The secret of the environment, replaced by another one at the barrier.

It keys the sums by which stores of running information find where they differ, and nothing else:
no door opens with it. The history, which removed controllers read too, says which secret is used by
its hash; the secret itself goes from member to member, on streams. Whoever prepares the ChangeSet
makes it, has it on disk, and tells it at once to all that it reaches, so that they have it when the
ChangeSet applies. Whoever was away sees a hash for which it has no secret, and asks.

Until the secret has come the former one goes on. Sums made with different secrets are never
compared, so stores then go by what each has seen, which brings everything that was written.
Invariant: only members are told a secret, and one is used only where the configuration shown here
names its hash.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from mesh.environment.configuration import Configuration
from mesh.environment.kinds import environment_secret
from mesh.protocol.effects import WriteMeta
from mesh.protocol.history import History
from mesh.protocol.information import Information
from mesh.protocol.now import SECOND, Now
from mesh.protocol.outgoing import Channel, Outgoing
from mesh.protocol.replica.desk import Desk
from mesh.wire import cbor
from mesh.wire.identity import Incarnation
from mesh.wire.messages import SecretAnswer, SecretQuestion
from mesh.wire.requests import Command
from mesh.wire.secrecy import SECRET_BYTES, commitment_of, version_of

PREPARED_META: Final = "secret.prepared"
"""Secrets that were made here for ChangeSets that have not been applied."""

PREPARED_MAX: Final = 8
"""More people than this do not rotate at once; the oldest of them makes another."""

TOLD_MAX: Final = 64
"""Secrets that others told before it is known whether they will be used, one of each controller."""

ASKED_AT_ONCE: Final = 3
"""Members that are asked for a secret at one time: any of them may have it."""

ASK_AGAIN_NS: Final = 1 * SECOND
ASK_AGAIN_NS_MAX: Final = 60 * SECOND
"""The wait doubles up to this: whoever has the secret may be away for long."""

PATIENCE_NS: Final = 30 * SECOND
"""So long after the ChangeSet it is no news for a person that the secret has not come."""

_BYTES_MAX: Final = PREPARED_MAX * (SECRET_BYTES + 8)


class Secrecy:
    """One controller's knowledge of the secret. It does not show itself."""

    def __init__(
        self,
        desk: Desk,
        history: History,
        information: Information,
        random: Random,
        secret: bytes,
        meta: Mapping[str, bytes],
    ) -> None:
        self._desk = desk
        self._history = history
        self._information = information
        self._random = random
        self._secret = secret
        """The one in use."""
        self.used = commitment_of(secret)
        """Its hash."""
        self._made: dict[bytes, bytes] = {}
        """The last one that was made, by its hash: durable once the request is complete."""
        self._prepared = {commitment_of(each): each for each in _decode(meta)}
        self._told: dict[bytes, bytes] = {}
        """By controller: the last secret that it told."""
        self._shown: Configuration | None = None
        self._wanted: bytes | None = None
        """The hash of the secret that is to be used, and is not known here."""
        self._wanted_since_ns = 0
        self._ask_at_ns: int | None = None
        self._wait_ns = ASK_AGAIN_NS
        self._asked = 0
        self._adopted: bytes | None = None

    # --- replacing it -------------------------------------------------------------------------

    def filled(self, commands: Sequence[Command]) -> tuple[Command, ...]:
        """``commands``, a secret made for each that replaces it and names none."""
        return tuple(self._fill(each) for each in commands)

    def _fill(self, command: Command) -> Command:
        name = environment_secret.COMMITMENT
        rotates = (command.group, command.verb) == environment_secret.ROTATION
        if not rotates or name in command.parameters:
            return command
        secret = self._random.randbytes(SECRET_BYTES)
        commitment = commitment_of(secret)
        self._made = {commitment: secret}
        return Command(command.group, command.verb, {**command.parameters, name: commitment.hex()})

    def prepared(self, commands: Sequence[Command], now: Now) -> None:
        """A request of these is about to be signed: the secret that was made for it is kept."""
        for each in commands:
            named = each.parameters.get(environment_secret.COMMITMENT)
            secret = None if named is None else self._made.get(bytes.fromhex(str(named)))
            if secret is not None:
                kept = {**self._prepared, **self._made}
                self._prepared = dict(list(kept.items())[-PREPARED_MAX:])
                self._note_prepared()
                self._tell(self._desk.peers(), secret, now)
        self._made = {}

    def _note_prepared(self) -> None:
        self._desk.write(WriteMeta(PREPARED_META, cbor.encode(list(self._prepared.values()))))

    # --- using it -----------------------------------------------------------------------------

    def look(self, now: Now) -> None:
        """Use the secret that the configuration shown here names, or ask for it."""
        if self._history.visible is not self._shown:
            self._shown = self._history.visible
            named = self._shown.read(environment_secret.KEY)
            self._follow(None if named is None else bytes.fromhex(str(named)), now)
        if self._ask_at_ns is not None and now.monotonic_ns >= self._ask_at_ns:
            self._ask_around(now)

    def _follow(self, named: bytes | None, now: Now) -> None:
        """``named`` is to be used; None: whichever the environment was founded with."""
        if named is None or named == self.used:
            self._wanted = self._ask_at_ns = None
            return
        if named == self._wanted:
            return
        secret = self._held(named)
        if secret is not None:
            self._use(secret)
            return
        self._wanted, self._wanted_since_ns = named, now.monotonic_ns
        self._ask_at_ns, self._wait_ns = now.monotonic_ns, ASK_AGAIN_NS

    def _held(self, commitment: bytes) -> bytes | None:
        if commitment == self.used:
            return self._secret
        told = {commitment_of(each): each for each in self._told.values()}
        return self._prepared.get(commitment) or told.get(commitment)

    def _use(self, secret: bytes) -> None:
        self._secret, self.used = secret, commitment_of(secret)
        self._wanted = self._ask_at_ns = None
        self._told.clear()
        self._information.rekey(secret, version_of(self.used))
        self._adopted = secret
        if self._prepared.pop(self.used, None) is not None:
            self._note_prepared()
        self._desk.notice("info", "secret", "the environment has another secret")

    def take_adopted(self) -> bytes | None:
        """The secret that came into use since this was last asked: to be kept with the place."""
        adopted, self._adopted = self._adopted, None
        return adopted

    # --- asking -------------------------------------------------------------------------------

    def deadline_ns(self) -> int | None:
        """Monotonic time at which somebody is to be asked; None while nothing is wanted."""
        return self._ask_at_ns

    def connected(self, peer: Incarnation, now: Now) -> None:
        """A stream to a member stands: it may know what is wanted."""
        if self._wanted is not None:
            self._ask((peer,), self._wanted, now)

    def _ask_around(self, now: Now) -> None:
        assert self._wanted is not None, "only then there is a time for it"
        peers = self._desk.peers()
        turned = peers[self._asked % len(peers) :] + peers if peers else ()
        asked = tuple(dict.fromkeys(turned))[:ASKED_AT_ONCE]
        self._asked += len(asked)
        self._ask(asked, self._wanted, now)
        self._ask_at_ns = now.monotonic_ns + self._wait_ns
        self._wait_ns = min(2 * self._wait_ns, ASK_AGAIN_NS_MAX)

    def _ask(self, peers: Sequence[Incarnation], wanted: bytes, now: Now) -> None:
        question = SecretQuestion(wanted)
        letters = (Outgoing(peer, question, Channel.STREAM) for peer in peers)
        self._desk.send(letters, now, gated=True)

    def _tell(self, peers: Sequence[Incarnation], secret: bytes, now: Now) -> None:
        answer = SecretAnswer(secret)
        letters = (Outgoing(peer, answer, Channel.STREAM) for peer in peers)
        self._desk.send(letters, now, gated=True)

    def receive(
        self, sender: Incarnation, message: SecretQuestion | SecretAnswer, now: Now
    ) -> None:
        """A member asks for a secret, or tells one."""
        if isinstance(message, SecretQuestion):
            secret = self._held(message.commitment)
            if secret is not None:
                self._tell((sender,), secret, now)
            return
        if commitment_of(message.secret) == self._wanted:
            self._use(message.secret)
        elif message.secret != self._secret:
            _ = self._told.pop(sender.controller, None)
            self._told[sender.controller] = message.secret
            if len(self._told) > TOLD_MAX:
                del self._told[next(iter(self._told))]

    # --- what people are shown ----------------------------------------------------------------

    def is_missing(self, now: Now) -> bool:
        """Whether the secret that is to be used has not come for so long that people are told."""
        waited_ns = now.monotonic_ns - self._wanted_since_ns
        return self._wanted is not None and waited_ns > PATIENCE_NS


def _decode(meta: Mapping[str, bytes]) -> list[bytes]:
    """What is no list of secrets is none: the ChangeSet is made again, or others are asked."""
    try:
        content = cbor.decode(meta.get(PREPARED_META, b""), _BYTES_MAX)
    except cbor.Undecodable:
        return []
    secrets = content if isinstance(content, list) else []
    return [each for each in secrets if isinstance(each, bytes) and len(each) == SECRET_BYTES]
