"""Two stores and a wire between them that shows every message, and may be told to lose some."""

from collections.abc import Callable
from random import Random

from crdt import Alarm, OwnedStore, Rejected, Store, Synchronizer, decode
from crdt.sync.messages import Message
from tests.crdt.world import SECOND_NS, WALL_NS, make_owned, make_store

A, B, C = b"a" * 8, b"b" * 8, b"c" * 8
NAMES = (b"left", b"right")

Keep = Callable[[Message], bool]


class Duo:
    """Two nodes; `messages` are those that arrived, `alarms` and `rejected` what came of them."""

    def __init__(
        self,
        left: Store | None = None,
        right: Store | None = None,
        owned: tuple[OwnedStore, OwnedStore] | None = None,
    ) -> None:
        self.stores = (
            make_store(A) if left is None else left,
            make_store(B) if right is None else right,
        )
        self.owned = owned or (make_owned(A), make_owned(B))
        self.syncs = [
            Synchronizer(self.stores[side], self.owned[side], Random(side)) for side in (0, 1)
        ]
        self.now_ns = SECOND_NS
        self.messages: list[Message] = []
        self.sizes: list[tuple[int, bool]] = []
        self.alarms: list[Alarm] = []
        self.rejected: list[Rejected] = []
        self.keep: Keep = lambda _: True

    def hear(self, side: int, data: bytes) -> None:
        """Let a side handle a message, and the other its replies, until nobody says anything."""
        queue = [(side, data, False)]
        while queue:
            target, data, stream = queue.pop(0)
            message = decode(data)
            if isinstance(message, Rejected) or self.keep(message):
                if not isinstance(message, Rejected):
                    self.messages.append(message)
                self.sizes.append((len(data), stream))
                outcome = self.syncs[target].receive(
                    NAMES[1 - target], data, self.now_ns, WALL_NS + self.now_ns
                )
                self.alarms += outcome.alarms
                self.rejected += outcome.rejected
                queue += [(1 - target, p.data, p.stream) for p in outcome.replies]

    def wake(self, side: int, after_ns: int) -> None:
        """Let time pass on one side."""
        self.now_ns += after_ns
        for parcel in self.syncs[side].wake(self.now_ns).replies:
            self.hear(1 - side, parcel.data)

    def meet(self, rounds: int = 1) -> None:
        """Let each side hear the other's PING."""
        for _ in range(rounds):
            for side in (0, 1):
                self.hear(side, self.syncs[1 - side].ping())

    def equal(self) -> bool:
        """Whether both would say so of each other."""
        return self.syncs[0].ping() == self.syncs[1].ping()

    def said(self, kind: type[Message]) -> int:
        """Count the messages of a kind that arrived."""
        return sum(isinstance(message, kind) for message in self.messages)


def fill(store: Store, count: int, size: int = 10) -> None:
    """Put so many values of about so many bytes."""
    for number in range(count):
        _ = store.put(("k", f"{number:05}"), f"{number}".ljust(size, "."), WALL_NS)


def behind(count: int, dead: list[int]) -> Duo:
    """Return two stores that were equal, before the left one removed some and collected that."""
    duo = Duo()
    fill(duo.stores[0], count)
    duo.meet(2)
    left = duo.stores[0]
    for number in dead:
        _ = left.remove(("k", f"{number:05}"), WALL_NS)
    _ = left.collect(WALL_NS, left.vector)
    duo.messages.clear()
    duo.sizes.clear()
    return duo
