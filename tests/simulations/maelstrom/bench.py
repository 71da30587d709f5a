"""What Maelstrom does, in virtual time: nodes, clients, and a network that loses and reorders.

Like there, messages between nodes take an exponentially distributed time and may overtake each
other, messages of clients take none, and a partition drops what arrives while it lasts.
"""

import heapq
import itertools
import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

from mesh.protocol.now import MILLISECOND, SECOND, Now
from simulations.maelstrom.node import Node
from simulations.maelstrom.workloads import Workload

CLIENT: Final = "c1"
WALL_NS: Final = 1_800_000_000 * SECOND

Body = dict[str, Any]


class Bench:
    """A network of nodes named n1, n2 and so on."""

    def __init__(
        self,
        nodes: int,
        workload: Workload | None,
        *,
        seed: int = 1,
        latency_ms: float = 10.0,
        loss: float = 0.0,
    ) -> None:
        self.now_ns = SECOND
        self.answers: dict[int, Body] = {}
        self.delivered = 0
        self.dropped = 0
        self._random = Random(seed)
        self._latency_ms = latency_ms
        self._loss = loss
        self._groups: dict[str, int] = {}
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._requests = itertools.count(1)
        self.nodes = {
            f"n{number}": Node(Random(f"{seed}/{number}"), workload)
            for number in range(1, nodes + 1)
        }

    # --- time ---------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        until_ns = self.now_ns + int(seconds * SECOND)
        while self._events and self._events[0][0] <= until_ns:
            self.now_ns, _, event = heapq.heappop(self._events)
            event()
        self.now_ns = until_ns

    def run_until(self, condition: Callable[[], bool], seconds_max: float) -> bool:
        """Let time pass until ``condition`` holds; whether it did in time."""
        limit_ns = self.now_ns + int(seconds_max * SECOND)
        while not condition() and self.now_ns < limit_ns:
            self.run(0.1)
        return condition()

    def _at(self, time_ns: int, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time_ns, next(self._order), event))

    # --- the network --------------------------------------------------------------------------

    def split(self, *groups: Sequence[str]) -> None:
        """Let nothing through between ``groups``."""
        self._groups = {node: number for number, group in enumerate(groups) for node in group}

    def heal(self) -> None:
        """Let everything through."""
        self._groups = {}

    def _route(self, line: bytes) -> None:
        message = json.loads(line)
        source, destination, body = message["src"], message["dest"], message["body"]
        if destination not in self.nodes:
            self.answers[body["in_reply_to"]] = body
        elif source not in self.nodes:
            self._deliver(destination, line)
        elif self._random.random() >= self._loss:
            delay_ns = int(self._random.expovariate(1 / self._latency_ms) * MILLISECOND)
            self._at(self.now_ns + delay_ns, lambda: self._arrive(source, destination, line))

    def _arrive(self, source: str, destination: str, line: bytes) -> None:
        if self._groups.get(source) == self._groups.get(destination):
            self.delivered += 1
            self._deliver(destination, line)
        else:
            self.dropped += 1

    def _deliver(self, name: str, line: bytes) -> None:
        self._took(name, self.nodes[name].take(line.rstrip(b"\n"), self.now))

    def _took(self, name: str, lines: list[bytes]) -> None:
        for line in lines:
            self._route(line)
        deadline_ns = self.nodes[name].deadline_ns
        if deadline_ns is not None:
            self._at(max(deadline_ns, self.now_ns), lambda: self._wake(name))

    def _wake(self, name: str) -> None:
        deadline_ns = self.nodes[name].deadline_ns
        if deadline_ns is not None and deadline_ns <= self.now_ns:
            self._took(name, self.nodes[name].wake(self.now))

    @property
    def now(self) -> Now:
        """What the clocks of all nodes show."""
        return Now(self.now_ns, WALL_NS + self.now_ns)

    # --- clients ------------------------------------------------------------------------------

    def send(self, node: str, kind: str, **body: object) -> int:
        """Send a request; the number that its answer will have."""
        number = next(self._requests)
        request = {
            "src": CLIENT,
            "dest": node,
            "body": {"type": kind, "msg_id": number, **body},
        }
        self._route(json.dumps(request).encode())
        return number

    def ask(self, node: str, kind: str, **body: object) -> Body:
        """Send a request and wait for its answer, 5 s at most, as Maelstrom does."""
        number = self.send(node, kind, **body)
        assert self.run_until(lambda: number in self.answers, 5), f"{node} does not answer {kind}"
        return self.answers[number]

    def start(self) -> None:
        """Send ``init`` to every node and wait for the answers, 10 s at most, as Maelstrom does."""
        self._started([self._init(name) for name in self.nodes])

    def start_one(self, name: str) -> None:
        """Send ``init`` to one node."""
        self._started([self._init(name)])

    def _init(self, name: str) -> int:
        return self.send(name, "init", node_id=name, node_ids=list(self.nodes))

    def _started(self, numbers: Sequence[int]) -> None:
        assert self.run_until(lambda: all(number in self.answers for number in numbers), 10)
        assert all(self.answers[number]["type"] == "init_ok" for number in numbers)
