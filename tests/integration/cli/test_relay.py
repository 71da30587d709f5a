"""The demo's wires carry, fall silent when they are cut, and lose nothing that a stream holds."""

import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from mesh.cli.demo.relay import Relay, Stop, free_stops

REAL = ["127.78.0.1", "127.78.0.2", "127.78.0.3"]
SHOWN = ["127.78.1.1", "127.78.1.2", "127.78.1.3"]
SOON_S = 5.0
SILENCE_S = 0.2


@pytest.fixture
def stops() -> list[Stop]:
    """Three places."""
    return free_stops(REAL, SHOWN)


@pytest.fixture
def relay(stops: list[Stop]) -> Iterator[Relay]:
    """The wires between them."""
    relay = Relay(stops)
    yield relay
    relay.close()


def test_datagrams_come_from_where_the_speaker_is_shown(relay: Relay, stops: list[Stop]) -> None:
    """What the second one gets seems to come from the first one's own shown address."""
    one, two, _ = stops
    with _datagrams(one) as speaker, _datagrams(two) as listener:
        speaker.sendto(b"hello", (two.shown, two.port))
        assert listener.recvfrom(100) == (b"hello", (one.shown, one.port))
        listener.sendto(b"there", (one.shown, one.port))
        assert speaker.recvfrom(100) == (b"there", (two.shown, two.port))


def test_a_cut_swallows_datagrams_and_holds_streams(relay: Relay, stops: list[Stop]) -> None:
    """Across a cut nothing arrives; after the heal the stream goes on where it was."""
    one, two, three = stops
    with (
        _datagrams(one) as speaker,
        _datagrams(two) as cut_off,
        _datagrams(three) as neighbour,
        _listener(two) as listener,
        _dial(one, two) as near,
    ):
        far, source = listener.accept()
        with far:
            assert source[0] == one.shown
            far.settimeout(SOON_S)
            relay.cut([[0, 2], [1]])
            speaker.sendto(b"lost", (two.shown, two.port))
            speaker.sendto(b"passes", (three.shown, three.port))
            assert neighbour.recv(100) == b"passes"
            near.sendall(b"held")
            far.settimeout(SILENCE_S)
            with pytest.raises(TimeoutError):
                far.recv(100)
            relay.heal()
            far.settimeout(SOON_S)
            assert far.recv(100) == b"held"
            cut_off.settimeout(SILENCE_S)
            with pytest.raises(TimeoutError):
                cut_off.recv(100)


def test_a_dial_across_a_cut_waits_for_the_heal(relay: Relay, stops: list[Stop]) -> None:
    """Who dials while the cable is out gets through when it is back."""
    one, two, _ = stops
    relay.cut([[0], [1, 2]])
    with _listener(two) as listener, _dial(one, two) as near:
        near.sendall(b"early")
        listener.settimeout(SILENCE_S)
        with pytest.raises(TimeoutError):
            listener.accept()
        relay.heal()
        listener.settimeout(SOON_S)
        far, _ = listener.accept()
        with far:
            far.settimeout(SOON_S)
            assert far.recv(100) == b"early"


def test_much_is_carried_whole_and_ends_where_it_ended(relay: Relay, stops: list[Stop]) -> None:
    """Megabytes arrive in order, and the end of the stream after them."""
    one, two, _ = stops
    sent = bytes(range(256)) * 8_192
    with _listener(two) as listener, _dial(one, two) as near:
        far, _ = listener.accept()
        with far:
            far.settimeout(SOON_S)
            near.setblocking(False)
            unsent, got = sent, b""
            while len(got) < len(sent):
                if unsent:
                    with suppress(BlockingIOError):
                        unsent = unsent[near.send(unsent) :]
                got += far.recv(65_536)
            assert got == sent
            near.close()
            assert far.recv(1) == b""


def test_where_nobody_listens_the_stream_ends(relay: Relay, stops: list[Stop]) -> None:
    """A refused connection behind the relay ends the one in front of it."""
    one, two, _ = stops
    with _dial(one, two) as near:
        assert near.recv(1) == b""


def _datagrams(stop: Stop) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((stop.real, stop.port))
    made.settimeout(SOON_S)
    return made


def _listener(stop: Stop) -> socket.socket:
    made = socket.create_server((stop.real, stop.port))
    made.settimeout(SOON_S)
    return made


def _dial(source: Stop, target: Stop) -> socket.socket:
    return socket.create_connection(
        (target.shown, target.port), SOON_S, source_address=(source.real, 0)
    )
