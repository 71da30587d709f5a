"""What strangers throw at the ports of a controller: counted, dropped, and nothing else changes."""

import random
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import msgspec
import pytest

from mesh.driver.keys import NaClExchange, NaClSigner, NaClSuite
from mesh.protocol.links.credentials import papers
from mesh.protocol.links.handshake import MAGIC, Handshake, Secured
from mesh.protocol.links.limits import GREETING_MAX
from mesh.protocol.suite import Keyring
from mesh.wire import codec
from mesh.wire.envelope import BOX_BYTES, Datagram, pack
from mesh.wire.framing import LENGTH_BYTES, delimit, split
from mesh.wire.limits import DATAGRAM_BYTES_MAX, FRAME_BYTES_MAX, MESSAGE_BYTES_MAX
from mesh.wire.messages import PROTOCOL_VERSION, Hello, Message, Probe
from mesh.wire.noise import TAG_BYTES
from tests.hosts.asking import agree, counters, entry, environment, items, put, set_item
from tests.hosts.mesh import Mesh, members
from tests.hosts.processes import Process, await_that
from tests.mesh.protocol.links.ends import hello
from tests.mesh.wire.examples import ALICE, ENVIRONMENT, MESSAGES

PATIENCE_S = 60.0
HELLO: Final = MESSAGES[Hello.__name__]
KEYS: Final = Keyring(NaClSigner(b"stranger" * 4), NaClExchange(b"stranger" * 4), NaClSuite())
NEIGHBOUR: Final = msgspec.structs.replace(
    hello("neighbour", environment=ENVIRONMENT),
    sender=ALICE._replace(controller=KEYS.identity.public),
)
"""What a stranger with these keys says of itself."""
PROBE: Final = MESSAGES[Probe.__name__]

DATAGRAMS: Final = 50
"""At once: few enough that the kernel drops none of them."""
STREAMS: Final = 10
ROUNDS: Final = 40
GROWTH_BYTES_MAX: Final = 4 * 1_048_576
"""Of memory, after the first rounds: what the allocator may keep for itself, and a small part of
what is thrown meanwhile."""


# --- what is thrown -------------------------------------------------------------------------------


def noise(luck: random.Random) -> bytes:
    """Bytes without a meaning."""
    return luck.randbytes(luck.randrange(DATAGRAM_BYTES_MAX + 1))


def too_large(luck: random.Random) -> bytes:
    """More than any datagram of ours."""
    return luck.randbytes(DATAGRAM_BYTES_MAX + luck.randrange(1, 300))


def sealed(plain: bytes) -> bytes:
    """As long as a box, and opened by nobody."""
    return bytes(BOX_BYTES) + plain


def of_another_environment(luck: random.Random) -> bytes:
    """A sound datagram, for others."""
    return pack(Datagram(ENVIRONMENT, ALICE, bytes(8), luck.randrange(1, 2**40), PROBE), sealed)


def of_another_version(luck: random.Random) -> bytes:
    """The same, as a later version would begin it."""
    later = (PROTOCOL_VERSION + 1).to_bytes(4, "big")
    return later + of_another_environment(luck)[4:]


def truncated(luck: random.Random) -> bytes:
    """The beginning of one."""
    whole = of_another_environment(luck)
    return whole[: luck.randrange(len(whole))]


def stranger() -> Handshake:
    """The dialling end of a handshake."""
    return Handshake(KEYS, papers(NEIGHBOUR, KEYS), dials=True)


def said(message: Message) -> bytes:
    """A message as it goes into a stream."""
    return b"".join(delimit(part) for part in split(codec.encode(message)))


def frame_of_noise(luck: random.Random) -> bytes:
    """A frame whose content is nothing."""
    return delimit(luck.randbytes(luck.randrange(2, 4_000)))


def frame_too_large(luck: random.Random) -> bytes:
    """The beginning of a frame that nobody would send."""
    return (FRAME_BYTES_MAX + luck.randrange(1, 2**30)).to_bytes(LENGTH_BYTES, "big") + b"..."


def hello_in_the_clear(_: random.Random) -> bytes:
    """Somebody who skips the handshake."""
    return said(HELLO)


def handshake_of_another_version(_: random.Random) -> bytes:
    """A controller from the future."""
    later = MAGIC + (PROTOCOL_VERSION + 1).to_bytes(4, "big")
    return delimit(later + stranger().begin()[len(later) :])


def handshake_that_breaks_down(luck: random.Random) -> bytes:
    """Begun well, and then nobody is there who could go on."""
    return delimit(stranger().begin()) + delimit(luck.randbytes(216))


Thing = Callable[[random.Random], bytes]


# --- what is thrown by strangers who have proven who they are -------------------------------------


def message_before_hello(_: random.Random) -> list[bytes]:
    """A probe from somebody who has not said who he is."""
    return split(codec.encode(PROBE))


def message_without_end(_: random.Random) -> list[bytes]:
    """Parts, more of them than any message has."""
    part = b"\1" + bytes(FRAME_BYTES_MAX - 1 - TAG_BYTES)
    return [part] * (MESSAGE_BYTES_MAX // len(part) + 2)


def sealed_noise(luck: random.Random) -> list[bytes]:
    """No message, sealed as it should be."""
    return [b"\0" + luck.randbytes(luck.randrange(1, 4_000))]


def hello_of_a_neighbour(_: random.Random) -> list[bytes]:
    """Somebody of another environment, who mistook the door."""
    return split(codec.encode(NEIGHBOUR))


def hello_of_somebody_else(_: random.Random) -> list[bytes]:
    """Somebody who poses as another one."""
    return split(codec.encode(msgspec.structs.replace(NEIGHBOUR, sender=ALICE)))


Parts = Callable[[random.Random], list[bytes]]

DATAGRAM_KINDS: Final[dict[Thing, str]] = {
    noise: "datagrams rejected",
    too_large: "datagrams too large",
    of_another_environment: "datagrams rejected",
    of_another_version: "datagrams rejected",
    truncated: "datagrams rejected",
}
STREAM_KINDS: Final[dict[Thing, str]] = {
    frame_of_noise: "streams ended: unreadable",
    frame_too_large: "streams cut",
    hello_in_the_clear: "streams ended: unreadable",
    handshake_of_another_version: "streams ended: protocol",
    handshake_that_breaks_down: "streams ended: forged",
}
SEALED_KINDS: Final[dict[Parts, str]] = {
    message_before_hello: "streams ended: unreadable",
    message_without_end: "streams ended: unreadable",
    sealed_noise: "streams ended: unreadable",
    hello_of_a_neighbour: "streams ended: environment",
    hello_of_somebody_else: "streams ended: forged",
}
"""Each kind, and the counter that tells of it."""


# --- throwing -------------------------------------------------------------------------------------


def address(process: Process) -> tuple[str, int]:
    """Where it listens, UDP and TCP alike."""
    return "127.0.0.1", int(process.arguments[process.arguments.index("--port") + 1])


def throw_datagrams(target: Process, kind: Thing, count: int, luck: random.Random) -> None:
    """As datagrams."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thrower:
        for _ in range(count):
            _ = thrower.sendto(kind(luck), address(target))


def throw_into_stream(target: Process, kind: Thing, luck: random.Random) -> None:
    """Into a stream of its own, which the other side ends."""
    with socket.create_connection(address(target), timeout=PATIENCE_S) as stream:
        try:
            stream.sendall(kind(luck))
            while stream.recv(65_536):
                pass
        except ConnectionError:
            pass  # an end that did not wait for all that was thrown


def throw_sealed(target: Process, kind: Parts, luck: random.Random) -> None:
    """Into a stream of its own, by a stranger who has shown its papers there."""
    with socket.create_connection(address(target), timeout=PATIENCE_S) as stream:
        try:
            ends = shake_hands(stream)
            stream.sendall(b"".join(delimit(ends.sends.seal(part)) for part in kind(luck)))
            while stream.recv(65_536):
                pass
        except ConnectionError:
            pass  # an end that did not wait for all that was thrown


def shake_hands(stream: socket.socket) -> Secured:
    """The stranger's end of a handshake. Raises ConnectionError where the stream is ended."""
    handshake = stranger()
    stream.sendall(delimit(handshake.begin()))
    length = int.from_bytes(_exactly(stream, LENGTH_BYTES), "big")
    answer = handshake.receive(_exactly(stream, length))
    assert isinstance(answer.outcome, Secured)
    assert answer.reply is not None
    stream.sendall(delimit(answer.reply))
    return answer.outcome


def _exactly(stream: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        more = stream.recv(count - len(received))
        if not more:
            raise ConnectionResetError
        received += more
    return received


def break_off(target: Process, luck: random.Random) -> None:
    """Half a frame, and then the end."""
    whole = said(HELLO)
    with socket.create_connection(address(target), timeout=PATIENCE_S) as stream:
        stream.sendall(whole[: luck.randrange(1, len(whole))])


@contextmanager
def nothing_else_changes(mesh: Mesh) -> Iterator[None]:
    """What the controllers hold and show, and whom they know, is the same before and after."""

    def seen() -> list[object]:
        return [
            (environment(process), [(row["standing"], row["boot"]) for row in members(process)])
            for process in mesh.processes
        ]

    await_that(lambda: agree(mesh.processes), PATIENCE_S, "all hold the same before")
    before = seen()
    yield
    await_that(lambda: seen() == before, PATIENCE_S, "everything is as it was")


def resident_bytes(process: Process) -> int:
    """The memory that it has."""
    assert process.popen is not None
    status = Path(f"/proc/{process.popen.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return 1_024 * int(line.split()[1])


@pytest.mark.parametrize("kind", DATAGRAM_KINDS, ids=lambda kind: kind.__name__)
def test_datagram_is_counted_and_dropped(mesh: Mesh, kind: Thing) -> None:
    """Noise, too large, for others, of another version, cut off: one counter each, and no more."""
    target = mesh.processes[0]
    counter = DATAGRAM_KINDS[kind]
    with nothing_else_changes(mesh):
        before = counters(target).get(counter, 0)
        throw_datagrams(target, kind, DATAGRAMS, random.Random(kind.__name__))

        def is_counted() -> bool:
            return counters(target).get(counter, 0) - before == DATAGRAMS

        await_that(is_counted, PATIENCE_S, f"{DATAGRAMS} more are counted as {counter}")


@pytest.mark.parametrize("kind", STREAM_KINDS, ids=lambda kind: kind.__name__)
def test_stream_is_ended_and_counted(mesh: Mesh, kind: Thing) -> None:
    """Nonsense, too large, in the clear, of another version, forged: the stream ends at once."""
    target = mesh.processes[0]
    counter = STREAM_KINDS[kind]
    with nothing_else_changes(mesh):
        before = counters(target).get(counter, 0)
        for _ in range(STREAMS):
            throw_into_stream(target, kind, random.Random(kind.__name__))

        def is_counted() -> bool:
            return counters(target).get(counter, 0) - before == STREAMS

        await_that(is_counted, PATIENCE_S, f"{STREAMS} more are counted as {counter}")


@pytest.mark.parametrize("kind", SEALED_KINDS, ids=lambda kind: kind.__name__)
def test_sealed_nonsense_is_ended_and_counted(mesh: Mesh, kind: Parts) -> None:
    """Whoever has proven to be somebody is still a stranger: it ends as if in the clear."""
    target = mesh.processes[0]
    counter = SEALED_KINDS[kind]
    with nothing_else_changes(mesh):
        before = counters(target).get(counter, 0)
        for _ in range(STREAMS):
            throw_sealed(target, kind, random.Random(kind.__name__))

        def is_counted() -> bool:
            return counters(target).get(counter, 0) - before == STREAMS

        await_that(is_counted, PATIENCE_S, f"{STREAMS} more are counted as {counter}")


def test_silent_streams_are_bounded_and_end(mesh: Mesh) -> None:
    """Of those who connect and say nothing only so many are waited for, and none for long."""
    target = mesh.processes[0]
    count = GREETING_MAX + STREAMS
    grounds = ("streams ended: crowded", "streams ended: mute")

    def ended() -> list[int]:
        return [counters(target).get(ground, 0) for ground in grounds]

    with nothing_else_changes(mesh), ExitStack() as silent:
        before = ended()
        for _ in range(count):
            _ = silent.enter_context(socket.create_connection(address(target), timeout=PATIENCE_S))
        await_that(lambda: sum(ended()) - sum(before) == count, PATIENCE_S, "all were sent away")
        crowded, mute = (now - then for now, then in zip(ended(), before, strict=True))
    assert crowded >= STREAMS
    assert mute <= GREETING_MAX


def test_memory_does_not_grow_and_the_mesh_works_on(mesh: Mesh) -> None:
    """Under a rain of all of it entries and ChangeSets pass as ever; only counters are left."""
    target, *others = mesh.processes
    luck = random.Random("rain")
    held_bytes: list[int] = []
    for at in range(ROUNDS):
        for kind in DATAGRAM_KINDS:
            throw_datagrams(target, kind, DATAGRAMS, luck)
        for kind in STREAM_KINDS:
            throw_into_stream(target, kind, luck)
        for sealed_kind in SEALED_KINDS:
            throw_sealed(target, sealed_kind, luck)
        break_off(target, luck)
        put(target, "rain", f"round {at}")
        held_bytes.append(resident_bytes(target))
    settled_bytes = held_bytes[ROUNDS // 4]
    assert held_bytes[-1] - settled_bytes < GROWTH_BYTES_MAX, held_bytes
    _ = set_item(target, "rain", "over")

    def is_through() -> bool:
        return all(
            items(process).get("rain") == "over" and entry(process, "rain") == f"round {ROUNDS - 1}"
            for process in others
        )

    await_that(is_through, PATIENCE_S, "entries and ChangeSets pass as ever")
    for process in mesh.processes:
        assert {row["standing"] for row in members(process)} == {"alive"}
    shown = target.run("doctor")
    assert "not for this controller, or not understood" in shown.out
