"""How long the wire takes: python -m tests.benchmarks.bench_wire."""

import timeit
from collections.abc import Callable
from functools import partial

from mesh.driver.keys import NaClExchange
from mesh.protocol.suite import Box
from mesh.wire import codec
from mesh.wire.envelope import Datagram, pack, unpack
from mesh.wire.messages import StoreMessage
from tests.mesh.wire.examples import ALICE, BOB, ENVIRONMENT, MESSAGES

ROUNDS = 20_000


def measure() -> dict[str, float]:
    """Microseconds for each deed: encoding, decoding, packing and unpacking."""
    figures = {}
    for name in ("Probe", "Ack", "Facts"):
        message = MESSAGES[name]
        raw = codec.encode(message)
        figures[f"encode {name}, {len(raw)} B"] = _each(partial(codec.encode, message))
        figures[f"decode {name}, {len(raw)} B"] = _each(partial(codec.decode, raw))
    ours, theirs = NaClExchange(b"1" * 32), NaClExchange(b"2" * 32)
    box = ours.box(theirs.public)
    assert box is not None
    figures["agree on a box"] = _each(partial(ours.box, theirs.public), ROUNDS // 20)
    for name, message in (("Probe", MESSAGES["Probe"]), ("1,000 B", StoreMessage(bytes(1_000)))):
        datagram = Datagram(ENVIRONMENT, ALICE, BOB.nonce, 1, message)
        figures |= _there_and_back(f"{name} plain", datagram, _Plain())
        figures |= _there_and_back(f"{name} boxed", datagram, box)
    return figures


class _Plain:
    """No box at all."""

    def seal(self, plain: bytes) -> bytes:
        """``plain`` itself."""
        return plain

    def open(self, sealed: bytes) -> bytes | None:
        """``sealed`` itself."""
        return sealed


def _there_and_back(what: str, datagram: Datagram, box: Box) -> dict[str, float]:
    payload = pack(datagram, box.seal)
    read = partial(
        unpack, payload, ENVIRONMENT, lambda _: ALICE.controller, lambda _, sealed: box.open(sealed)
    )
    return {f"pack {what}": _each(partial(pack, datagram, box.seal)), f"unpack {what}": _each(read)}


def _each(deed: Callable[[], object], rounds: int = ROUNDS) -> float:
    return min(timeit.repeat(deed, number=rounds, repeat=3)) / rounds * 1e6


if __name__ == "__main__":
    for what, microseconds in measure().items():
        print(f"{what:30} {microseconds:8.2f} us")  # noqa: T201  a program that people run
