"""Maelstrom's workloads on real replicas in virtual time, and the properties that it checks."""

import json
from random import Random
from typing import Any

import pytest

from simulations.maelstrom.messages import ErrorCode
from simulations.maelstrom.node import Node
from simulations.maelstrom.workloads import Workload
from tests.simulations.maelstrom.bench import Bench

SIDES = (("n1", "n2"), ("n3", "n4", "n5"))


def started(workload: Workload, *, seed: int = 1, loss: float = 0.0) -> Bench:
    """Five nodes that have answered ``init``, with a latency of 100 ms between them."""
    bench = Bench(5, workload, seed=seed, latency_ms=100, loss=loss)
    bench.start()
    return bench


def read(bench: Bench, key: str) -> list[Any]:
    """What each node answers to ``read``."""
    return [bench.ask(node, "read")[key] for node in bench.nodes]


def test_init_is_answered_when_all_are_one_environment() -> None:
    """The first node founds, all others are accepted, within the 10 s that Maelstrom waits."""
    bench = started(Workload.BROADCAST, loss=0.05)
    _ = bench.ask("n5", "broadcast", message=1)
    assert bench.run_until(lambda: read(bench, "messages") == [[1]] * 5, 5)


def test_one_node_alone_is_an_environment() -> None:
    """Maelstrom starts with --node-count 1."""
    bench = Bench(1, Workload.G_SET)
    bench.start()
    assert bench.ask("n1", "add", element="x") == {"type": "add_ok", "in_reply_to": 2}
    assert bench.ask("n1", "read") == {"type": "read_ok", "value": ["x"], "in_reply_to": 3}


def test_echo() -> None:
    """The same payload comes back, whatever it is."""
    bench = started(Workload.ECHO)
    payload = {"a": [1, None, 2.5, "ü"]}
    answer = bench.ask("n2", "echo", echo=payload)
    assert (answer["type"], answer["echo"]) == ("echo_ok", payload)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_broadcast_through_loss_and_a_partition(seed: int) -> None:
    """set-full: nothing acknowledged is lost, nothing read disappears, and all have everything."""
    bench = started(Workload.BROADCAST, seed=seed, loss=0.1)
    neighbours = {node: list(bench.nodes) for node in bench.nodes}
    assert bench.ask("n1", "topology", topology=neighbours)["type"] == "topology_ok"
    luck = Random(seed)
    seen: dict[str, set[int]] = {node: set() for node in bench.nodes}
    for number in range(60):
        if number == 15:
            bench.split(*SIDES)
        if number == 45:
            bench.heal()
        node = luck.choice(list(bench.nodes))
        assert bench.ask(node, "broadcast", message=number)["type"] == "broadcast_ok"
        held = set(bench.ask(node, "read")["messages"])
        assert number in held
        assert held >= seen[node]
        seen[node] = held
        bench.run(0.3)
    assert bench.dropped, "the partition has to bite"
    everything = list(range(60))
    assert bench.run_until(
        lambda: all(sorted(each) == everything for each in read(bench, "messages")), 30
    )


def test_a_partition_does_not_stop_either_side() -> None:
    """What one side adds the other does not know, until it heals: then both know everything."""
    bench = started(Workload.G_SET)
    bench.split(*SIDES)
    _ = bench.ask("n1", "add", element="left")
    _ = bench.ask("n4", "add", element=[1, {"right": True}])
    bench.run(3)
    left: list[object] = ["left"]
    right: list[object] = [[1, {"right": True}]]
    assert read(bench, "value") == [left, left, right, right, right]
    bench.heal()
    both = sorted(map(json.dumps, left + right))
    assert bench.run_until(
        lambda: all(sorted(map(json.dumps, each)) == both for each in read(bench, "value")), 30
    )


def test_equal_elements_are_one() -> None:
    """A set: an element that two nodes add at once is there once."""
    bench = started(Workload.G_SET)
    for node in bench.nodes:
        _ = bench.ask(node, "add", element={"b": 1, "a": 2})
    bench.run(3)
    assert read(bench, "value") == [[{"b": 1, "a": 2}]] * 5


@pytest.mark.parametrize("workload", [Workload.PN_COUNTER, Workload.G_COUNTER])
def test_counter_through_a_partition(workload: Workload) -> None:
    """Every final read is the sum of all that was acknowledged."""
    bench = started(workload, loss=0.1)
    lowest = -5 if workload is Workload.PN_COUNTER else 0
    luck = Random(7)
    total = 0
    for number in range(40):
        if number == 10:
            bench.split(*SIDES)
        if number == 30:
            bench.heal()
        delta = luck.randint(lowest, 5)
        total += delta
        node = luck.choice(list(bench.nodes))
        assert bench.ask(node, "add", delta=delta)["type"] == "add_ok"
        bench.run(0.2)
    assert bench.run_until(lambda: read(bench, "value") == [total] * 5, 30)


def test_unique_ids_need_nobody_else() -> None:
    """Totally available: an id at once on every node, on every side, and no two are equal."""
    bench = started(Workload.UNIQUE_IDS)
    bench.split(*((node,) for node in bench.nodes))
    ids = [bench.ask(node, "generate")["id"] for _ in range(20) for node in bench.nodes]
    assert len(set(ids)) == 100


def test_the_workload_follows_from_the_first_request() -> None:
    """Without --workload a read is refused, definitely, until something has told what it is."""
    bench = Bench(1, None)
    bench.start()
    assert bench.ask("n1", "read")["code"] == ErrorCode.TEMPORARILY_UNAVAILABLE
    _ = bench.ask("n1", "add", delta=3)
    assert bench.ask("n1", "read")["value"] == 3


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("cas", {"key": 1, "from": 1, "to": 2}, ErrorCode.NOT_SUPPORTED),
        ("add", {}, ErrorCode.MALFORMED_REQUEST),
        ("add", {"delta": "much"}, ErrorCode.MALFORMED_REQUEST),
        ("broadcast", {}, ErrorCode.MALFORMED_REQUEST),
    ],
)
def test_a_bad_request_is_refused(kind: str, body: dict[str, object], code: ErrorCode) -> None:
    """With the code that Maelstrom has for it, naming the request."""
    bench = Bench(1, Workload.G_SET)
    bench.start()
    answer = bench.ask("n1", kind, **body)
    assert (answer["type"], answer["code"]) == ("error", code)


def test_what_the_replica_refuses_is_not_done() -> None:
    """An element that is too large: a definite error, and the set is as it was."""
    bench = Bench(1, Workload.G_SET)
    bench.start()
    assert bench.ask("n1", "add", element="x" * 100_000)["code"] == ErrorCode.ABORT
    assert bench.ask("n1", "read")["value"] == []


def test_a_node_that_is_started_again_comes_back_as_another_life() -> None:
    """It has lost its disk; the others tell it that it lived before, and what it knew."""
    bench = Bench(3, Workload.PN_COUNTER)
    bench.start()
    _ = bench.ask("n2", "add", delta=5)
    bench.run(2)
    bench.nodes["n2"] = Node(Random("another"), Workload.PN_COUNTER)
    bench.start_one("n2")
    assert bench.ask("n2", "add", delta=2)["type"] == "add_ok"
    assert bench.run_until(lambda: read(bench, "value") == [7] * 3, 20)


def test_nothing_is_promised_before_init() -> None:
    """A request that comes first is refused, definitely."""
    bench = Bench(1, Workload.G_SET)
    assert bench.ask("n1", "add", element=1)["code"] == ErrorCode.TEMPORARILY_UNAVAILABLE


def test_a_node_that_nobody_accepts_is_no_member() -> None:
    """``init`` is answered in time even so, and what cannot be kept is refused."""
    bench = Bench(2, Workload.G_SET)
    bench.split(("n1",), ("n2",))
    bench.start()
    assert bench.ask("n1", "add", element=1)["type"] == "add_ok"
    assert bench.ask("n2", "add", element=2)["code"] == ErrorCode.TEMPORARILY_UNAVAILABLE
    bench.heal()
    assert bench.run_until(lambda: bench.ask("n2", "read").get("value") == [1], 30)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b'{"src":"n9","dest":"n1"}',
        b"[" * 100_000,
        b"\xff",
        b'{"src":"n1","dest":"n1","body":{"type":"trellis_datagram","payload":"no base64"}}',
        b'{"src":"c9","dest":"n1","body":{"type":"trellis_datagram","payload":""}}',
        b'{"src":"n1","dest":"n1","body":{"type":"trellis_segment","stream":"s"}}',
        b'{"src":"c9","dest":"n1","body":{"type":"trellis_segment","stream":"s","number":0,"open":1}}',
    ],
)
def test_what_is_no_message_is_counted_and_dropped(line: bytes) -> None:
    """A peer's mistake ends nothing and answers nothing."""
    bench = Bench(1, Workload.G_SET)
    bench.start()
    node = bench.nodes["n1"]
    assert node.take(line, bench.now) == []
    assert node.malformed == 1
    assert bench.ask("n1", "read")["value"] == []
