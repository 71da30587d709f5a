"""Attacks by number: handshakes begun and left, datagrams in the name of members.

Each runs in a process of its own, so that it takes the honest ones' processors as a stranger's host
would not, but not the time of whoever feels their pulse.
"""

import errno
import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

from mesh.wire.envelope import tag
from mesh.wire.framing import LENGTH_BYTES
from mesh.wire.limits import DATAGRAM_BYTES_MAX
from mesh.wire.messages import PROTOCOL_VERSION
from tests.hostile.at_the_door import honest_identities
from tests.hostile.stage import Stage, address
from tests.hostile.wolf import Wolf, steal

HANDSHAKES: Final = 100_000
OPEN_MAX: Final = 500
SOURCES: Final = 64
"""Addresses on loopback from which the flood comes, as from a botnet."""
DATAGRAMS: Final = 100_000
FLOOD_S_MAX: Final = 300.0


def handshakes_begun(stage: Stage) -> int:
    """100,000 streams that say the first word of a handshake and nothing more, 500 at a time."""
    first = Wolf.stranger(steal(stage.insider.directory).enrolment).handshake().begin()
    return _in_a_process("handshakes", stage, first)


def datagrams_in_the_name_of_members(stage: Stage) -> int:
    """100,000 datagrams whose clear header is right, and whose box is noise."""
    loot = steal(stage.insider.directory)
    head = PROTOCOL_VERSION.to_bytes(4, "big") + tag(loot.enrolment.environment)
    return _in_a_process("datagrams", stage, head + tag(honest_identities(stage)[1]))


def _in_a_process(kind: str, stage: Stage, words: bytes) -> int:
    _, port = address(stage.target)
    arguments = [sys.executable, "-m", "tests.hostile.floods", kind, str(port), words.hex()]
    done = subprocess.run(arguments, check=True, capture_output=True, timeout=FLOOD_S_MAX)
    return int(done.stdout)


def _flood_with_handshakes(port: int, first: bytes) -> int:
    """Begin them, 500 at a time; a new one whenever the other side ends one."""
    opening = len(first).to_bytes(LENGTH_BYTES, "big") + first
    selector = selectors.DefaultSelector()
    sources = _sources()
    begun = 0
    while begun < HANDSHAKES or selector.get_map():
        while begun < HANDSHAKES and len(selector.get_map()) < OPEN_MAX:
            begun += 1
            stream = _dial(next(sources), port)
            if stream is not None:
                _ = selector.register(stream, selectors.EVENT_WRITE)
        for key, events in selector.select(1.0):
            begun_one = key.fileobj
            assert isinstance(begun_one, socket.socket)
            if not _go_on(begun_one, events, opening):
                _ = selector.unregister(begun_one)
                begun_one.close()
            elif events & selectors.EVENT_WRITE:
                _ = selector.modify(begun_one, selectors.EVENT_READ)
    return begun


def _sources() -> Iterator[str]:
    while True:
        for number in range(SOURCES):
            yield f"127.6.7.{number + 1}"


def _dial(source: str, port: int) -> socket.socket | None:
    stream = socket.socket()
    stream.setblocking(False)
    stream.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: ports are many
    stream.bind((source, 0))
    if stream.connect_ex(("127.0.0.1", port)) in {0, errno.EINPROGRESS}:
        return stream
    stream.close()
    return None


def _go_on(stream: socket.socket, events: int, opening: bytes) -> bool:
    """Whether ``stream`` is still open."""
    try:
        if events & selectors.EVENT_WRITE:
            return stream.send(opening) == len(opening)
        return bool(stream.recv(65_536))
    except BlockingIOError:
        return True
    except OSError:
        return False


def _flood_with_datagrams(port: int, header: bytes) -> int:
    noise = bytes(range(256)) * (DATAGRAM_BYTES_MAX // 256 + 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thrower:
        for number in range(DATAGRAMS):
            length = 60 + number % (DATAGRAM_BYTES_MAX - 100)
            _ = thrower.sendto(header + noise[:length], ("127.0.0.1", port))
    return DATAGRAMS


FLOODS: Final = {"handshakes": _flood_with_handshakes, "datagrams": _flood_with_datagrams}


def main() -> None:
    """Flood as the arguments say: kind, port, words in hex; prints the number of tries."""
    _, kind, port, words = sys.argv
    _ = sys.stdout.write(str(FLOODS[kind](int(port), bytes.fromhex(words))))


if __name__ == "__main__":
    main()
