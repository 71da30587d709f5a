"""How long the wire takes: python -m tests.benchmarks.bench_wire."""

import timeit
from collections.abc import Callable
from functools import partial

from mesh.wire import codec
from mesh.wire.envelope import Datagram, PlainSealer, pack, unpack
from tests.mesh.wire.examples import ALICE, ENVIRONMENT, MESSAGES

ROUNDS = 20_000


def measure() -> dict[str, float]:
    """Microseconds for each deed: encoding, decoding, packing and unpacking."""
    figures = {}
    for name in ("Probe", "Ack", "Facts"):
        message = MESSAGES[name]
        raw = codec.encode(message)
        figures[f"encode {name}, {len(raw)} B"] = _each(partial(codec.encode, message))
        figures[f"decode {name}, {len(raw)} B"] = _each(partial(codec.decode, raw))
    sealer, datagram = PlainSealer(), Datagram(ENVIRONMENT, ALICE, 1, MESSAGES["Probe"])
    payload = pack(datagram, sealer, None)
    figures["pack Probe"] = _each(partial(pack, datagram, sealer, None))
    figures["unpack Probe"] = _each(
        partial(unpack, payload, sealer, ENVIRONMENT, lambda _: ALICE.controller)
    )
    return figures


def _each(deed: Callable[[], object]) -> float:
    return min(timeit.repeat(deed, number=ROUNDS, repeat=3)) / ROUNDS * 1e6


if __name__ == "__main__":
    for what, microseconds in measure().items():
        print(f"{what:30} {microseconds:8.2f} us")  # noqa: T201  a program that people run
