"""What authentic and sealed streams cost: python -m tests.benchmarks.bench_streams.

Each figure is for one processor and one end, apart from the whole handshake, which has two.
"""

import timeit
from collections.abc import Callable
from functools import partial
from typing import Final

from mesh.driver.keys import NaClExchange, NaClSigner, NaClSuite
from mesh.protocol.links.ciphers import Direction
from mesh.protocol.links.credentials import papers
from mesh.protocol.links.handshake import Handshake, Secured
from mesh.protocol.suite import Keyring
from mesh.wire.framing import Assembler, split
from mesh.wire.noise import CipherState
from tests.mesh.protocol.links.ends import hello

SIZES: Final = (100, 1_000, 65_000)
HANDSHAKES: Final = 300
FRAMES: Final = 3_000
REPEATS: Final = 5


def measure() -> dict[str, float]:
    """Microseconds for each deed."""
    figures = {
        "handshake, both ends": _each(_shaken, HANDSHAKES),
        "first message refused": _each(_refused, HANDSHAKES),
        "papers for a life": _each(partial(papers, HELLO, KEYS), HANDSHAKES),
    }
    for size in SIZES:
        raw = bytes(size)
        (part,) = split(raw)
        figures[f"frame of {size} B, plain"] = _each(partial(_passed_on, raw), FRAMES)
        figures[f"frame of {size} B, seal"] = _each(partial(_direction().seal, part), FRAMES)
        figures[f"frame of {size} B, seal and open"] = _each(_sealed(part), FRAMES)
    return figures


KEYS: Final = Keyring(NaClSigner(b"1" * 32), NaClExchange(b"1" * 32), NaClSuite())
HELLO: Final = hello("bench")
PAPERS: Final = papers(
    hello("bench", sender=HELLO.sender._replace(controller=KEYS.identity.public)), KEYS
)


def _shaken() -> None:
    one, other = (Handshake(KEYS, PAPERS, dials=dials) for dials in (True, False))
    answer = one.receive(other.receive(one.begin()).reply or b"")
    outcome = other.receive(answer.reply or b"").outcome
    assert isinstance(outcome, Secured)


def _refused() -> None:
    assert Handshake(KEYS, PAPERS, dials=False).receive(b"GET / HTTP/1.1").reply is None


def _direction() -> Direction:
    return Direction(CipherState(KEYS.suite, bytes(32)))


def _passed_on(raw: bytes) -> None:
    assembler = Assembler()
    for part in split(raw):
        _ = assembler.add(part)


def _sealed(part: bytes) -> Callable[[], object]:
    sends, receives = _direction(), _direction()
    return lambda: receives.open(sends.seal(part))


def _each(deed: Callable[[], object], rounds: int) -> float:
    return min(timeit.repeat(deed, number=rounds, repeat=REPEATS)) / rounds * 1e6


if __name__ == "__main__":
    for what, microseconds in measure().items():
        print(f"{what:35} {microseconds:8.1f} us")  # noqa: T201  a program that people run
