"""Attacks by number from within: a member writes running information as fast as it can.

All of it is valid, and signed with its own key. It is thrown by a process of its own, which has
made most of it before: the honest ones' processors are not to be busy with the attacker's work.
"""

import itertools
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from crdt import data_set_epoch
from crdt.groups import sealed
from crdt.limits import epoch_tag_bytes, value_bytes_max
from crdt.record import Sibling
from crdt.sync import codec as store_codec
from crdt.sync.messages import Rumour
from crdt.values import Key
from mesh.protocol.information import WRITE_GROUP
from mesh.wire import codec
from mesh.wire.facts import Fact
from mesh.wire.messages import Facts, StoreMessage
from tests.hostile.from_within import chain_of
from tests.hostile.stage import Stage, address
from tests.hostile.wolf import Line, Shut, Wolf, steal

LASTS_S: Final = 6.0
MADE: Final = {"one": 12_000, "many": 12_000, "large": 1_200, "heaps": 12_000}
"""Writes that are made before, by kind; when all are told, they are told again."""
HEAP: Final = 1_700
"""Writes in one message: as many as fit; an honest controller tells only a few in one."""
VALUE_BYTES: Final = {"one": 32, "many": 32, "large": value_bytes_max - 8, "heaps": 32}
_TIME_S_MAX: Final = 120.0
_later = itertools.count(1_000)
"""Each torrent is a later life of the insider."""


def one_entry_without_end(stage: Stage) -> int:
    """Writes one entry again and again, as fast as it can, and tells it to all."""
    return _pour("one", stage)


def entries_without_end(stage: Stage) -> int:
    """Writes ever more entries, as fast as it can, and tells them to all."""
    return _pour("many", stage)


def large_entries_without_end(stage: Stage) -> int:
    """Writes entries as large as they may be, as fast as it can, and tells them to all."""
    return _pour("large", stage)


def heaps_of_entries(stage: Stage) -> int:
    """Tells as many writes in one message as it takes, each of them signed by itself."""
    return _pour("heaps", stage)


def _pour(kind: str, stage: Stage) -> int:
    ports = [str(address(process)[1]) for process in stage.honest]
    words = [kind, str(stage.insider.directory), str(next(_later)), *ports]
    arguments = [sys.executable, "-m", "tests.hostile.torrents", *words]
    done = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, timeout=_TIME_S_MAX)
    return int(done.stdout)


# ── In the process of the attacker ───────────────────────────────────────────────────────────────


def _messages(kind: str, wolf: Wolf, epoch: bytes) -> list[bytes]:
    """What is told, in the order of its writing; each write is a group of its own."""
    writes = [_write(kind, wolf, epoch, counter) for counter in range(1, MADE[kind] + 1)]
    at_once = HEAP if kind == "heaps" else 1
    heaps = [writes[at : at + at_once] for at in range(0, len(writes), at_once)]
    return [codec.encode(StoreMessage(_rumour(heap, epoch))) for heap in heaps]


def _write(kind: str, wolf: Wolf, epoch: bytes, counter: int) -> tuple[Key, Sibling]:
    stamp = (time.time_ns() // 1_000_000) << 16
    value = counter.to_bytes(4, "big") * (VALUE_BYTES[kind] // 4)
    key = ("torrent", "0" if kind == "one" else f"{kind}-{counter}")
    sibling = Sibling(wolf.nonce, counter, stamp + counter, value)

    def seal(header: bytes) -> bytes:
        return wolf.identity.sign(WRITE_GROUP + header)

    ((members, _),) = sealed(epoch, [(key, sibling)], seal)
    return members[0]


def _rumour(heap: Sequence[tuple[Key, Sibling]], epoch: bytes) -> bytes:
    records = tuple((key, (sibling,)) for key, sibling in heap)
    return store_codec.encode(Rumour(False, epoch[:epoch_tag_bytes], records))


class _Victim:
    """Somebody to whom all is told; dialled again whenever it ends the stream."""

    def __init__(self, wolf: Wolf, first: Fact, port: int) -> None:
        self._wolf = wolf
        self._introduction = Facts((first.signed,), direct=True)
        self._to = ("127.0.0.1", port)
        self._open = ExitStack()
        self._line: Line | None = None

    def tell(self, message: bytes) -> int:
        """Say it, unless there is no way just now; how often it was said."""
        try:
            if self._line is None:
                self._line = self._open.enter_context(self._wolf.line(self._to))
                self._line.say(self._introduction)
            self._line.say_bytes(message)
            self._overhear(self._line)
        except (OSError, Shut):
            self._line = None
            self._open.close()
            return 0
        return 1

    def _overhear(self, line: Line) -> None:
        """What is answered is of no interest; unread, it would end the stream."""
        readable, _, _ = select.select([line.raw.connection], [], [], 0)
        if readable and not line.raw.connection.recv(1_048_576):
            raise Shut("closed")


def _throw(victims: Sequence[_Victim], messages: Sequence[bytes]) -> int:
    """Tell all of it to all, again and again; how many messages that were."""
    until = time.monotonic() + LASTS_S
    told = 0
    for message in itertools.cycle(messages):
        if time.monotonic() > until:
            break
        told += sum(victim.tell(message) for victim in victims)
    return told


def main() -> None:
    """Pour as the arguments say: kind, stolen directory, life, ports; prints how much it was."""
    _, kind, directory, later, *ports = sys.argv
    loot = steal(Path(directory))
    wolf = Wolf.thief(loot)
    wolf.boot += int(later)
    place = loot.enrolment
    epoch = data_set_epoch(place.environment, place.generation, place.generation_nonce)
    messages = _messages(kind, wolf, epoch)
    (first,) = chain_of(wolf, loot)
    victims = [_Victim(wolf, first, int(port)) for port in ports]
    _ = sys.stdout.write(str(_throw(victims, messages)))


if __name__ == "__main__":
    main()
