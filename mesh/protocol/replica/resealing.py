"""Secrets, sealed anew by those who hold them.

A reader waits for its copy after it was added, after its exchange key was replaced, and after a
copy was lost. Everybody can see who waits, and who holds what is waited for; so the holders take
turns: the first of them seals at once, the next one 20 s later if the reader still waits. Nobody
is asked, and nothing that was signed changes: a copy proves itself by the commitment.

A controller that replaces its own key seals its own copies to the new one before its life ends,
for it may be the only one who holds them.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from crdt import RefusedWrite
from mesh.environment.kinds import controller, secret
from mesh.protocol.history import History
from mesh.protocol.information import Information
from mesh.protocol.inputs import Write
from mesh.protocol.now import SECOND, Now
from mesh.protocol.replica.desk import Desk
from mesh.protocol.replica.entries import Entries
from mesh.wire.secrets import PLACE, Version, decode_opening

LOOK_EVERY_NS: Final = 5 * SECOND
"""Soon enough after a rotation, and next to nothing for some hundreds of secrets."""

TURN_NS: Final = 20 * SECOND
"""How long the next holder leaves it to the one before: a few round trips of the slowest line."""

COPIES_AT_ONCE: Final = 8
"""Copies in one write-group, each of up to 17 kB in hex; the others at the next look."""


class _Held(NamedTuple):
    """One version of a secret, as the configuration has it."""

    published: Version
    readers: tuple[str, ...]
    """Controllers by their ids in hex, sorted: those that are admitted."""

    def path(self, reader: str) -> tuple[str, ...]:
        """Where the copy for ``reader`` stands."""
        return (PLACE, self.published.name, self.published.version.hex(), reader)


class Resealing:
    """One controller's part in it."""

    def __init__(
        self, desk: Desk, history: History, information: Information, entries: Entries
    ) -> None:
        self._desk = desk
        self._history = history
        self._information = information
        self._entries = entries
        self._own = desk.own.controller.hex()
        self.look_at_ns = 0
        """Monotonic time of the next look, whether there are secrets or not."""
        self._since: dict[tuple[str, ...], int] = {}
        """When this life first saw the reader wait whose copy stands there."""

    def deadline_ns(self) -> int | None:
        """Monotonic time of the next look; None while there is no secret."""
        return self.look_at_ns if self._history.state.names(secret.NAME) else None

    def look(self, alive: frozenset[bytes], now: Now) -> None:
        """Seal to whoever waits and it is our turn, ``alive`` being the controllers in view."""
        if now.monotonic_ns < self.look_at_ns:
            return
        self.look_at_ns = now.monotonic_ns + LOOK_EVERY_NS
        waiting = {place: held for held in self._secrets() for place in self._waiting(held)}
        self._since = {place: self._since.get(place, now.monotonic_ns) for place in waiting}
        due = [
            place
            for place, held in waiting.items()
            if now.monotonic_ns >= self._since[place] + TURN_NS * self._rank(held, alive)
        ]
        self._write(
            [
                copy
                for place in due[:COPIES_AT_ONCE]
                if (copy := self._sealed(waiting[place], place, self._key_of(place[-1])))
            ],
            now,
        )

    def follow(self, following: bytes, now: Now) -> None:
        """Seal all own copies to ``following``, the own exchange key of the next life."""
        copies = [
            copy
            for held in self._secrets()
            if self._own in held.readers
            and (copy := self._sealed(held, held.path(self._own), following))
        ]
        for start in range(0, len(copies), COPIES_AT_ONCE):
            self._write(copies[start : start + COPIES_AT_ONCE], now)

    def _write(self, copies: list[Write], now: Now) -> None:
        if not copies:
            return
        try:
            _ = self._entries.write(copies, now)
        except RefusedWrite as refused:
            self._desk.notice("warning", "secrets", f"no copy can be written down: {refused}")
            return
        names = ", ".join(sorted({copy.path[1] for copy in copies}))
        self._desk.notice("info", "secrets", f"sealed anew: {names}")

    # --- who holds, who waits -----------------------------------------------------------------

    def _secrets(self) -> Iterator[_Held]:
        state = self._history.state
        for name, fields in state.items(secret.NAME):
            version, commitment = str(fields["version"]), str(fields["commitment"])
            published = Version(name, bytes.fromhex(version), bytes.fromhex(commitment))
            listed = fields["readers"]
            assert isinstance(listed, list), "the kind says so"
            readers = sorted(str(each) for each in listed)
            yield _Held(published, tuple(each for each in readers if self._key_of(each)))

    def _key_of(self, reader: str) -> bytes:
        """The exchange key of ``reader``; empty where it is not admitted."""
        place = (controller.NAME, reader)
        if self._history.state.read((*place, "state")) == controller.REMOVED:
            return b""
        named = self._history.state.read((*place, "exchange_key"))
        return bytes.fromhex(named) if isinstance(named, str) else b""

    def _waiting(self, held: _Held) -> Iterator[tuple[str, ...]]:
        """Where copies for others are missing, if there is one for us."""
        if self._own not in held.readers or not self._is_held(held, self._own):
            return
        for reader in held.readers:
            if reader != self._own and not self._is_held(held, reader):
                yield held.path(reader)

    def _is_held(self, held: _Held, reader: str) -> bool:
        key = self._key_of(reader).hex()
        return any(to == key for to, _ in self._copies(held.path(reader)))

    def _rank(self, held: _Held, alive: frozenset[bytes]) -> int:
        """How many holders in view come before us."""
        return sum(
            reader < self._own and bytes.fromhex(reader) in alive and self._is_held(held, reader)
            for reader in held.readers
        )

    def _copies(self, place: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        reading = self._information.read(place)
        for value in () if reading is None else (reading.value, *reading.conflicts):
            if not isinstance(value, Mapping):
                continue  # whoever may write below /secrets can write anything there
            to, sealed = value.get("to"), value.get("sealed")
            if isinstance(to, str) and isinstance(sealed, str):
                yield to, sealed

    # --- sealing ------------------------------------------------------------------------------

    def _sealed(self, held: _Held, place: tuple[str, ...], to: bytes) -> Write | None:
        """The value that is sealed to us, sealed to the key ``to``; None where there is none."""
        exchange = self._desk.exchange
        for _, sealed in self._copies(held.path(self._own)):
            plain = exchange.open_sealed(_bytes(sealed))
            if plain is None or decode_opening(plain, held.published) is None:
                continue
            copy = exchange.seal_to(to, plain)
            return None if copy is None else Write(place, {"to": to.hex(), "sealed": copy.hex()})
        return None


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
