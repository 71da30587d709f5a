"""What a handshake costs us is metered before it costs anything."""

from mesh.protocol.links import Source
from mesh.protocol.links.limits import (
    HANDSHAKES_AT_ONCE,
    HANDSHAKES_EVERY_NS,
    HANDSHAKES_OF_SOURCE_AT_ONCE,
    HANDSHAKES_OF_SOURCE_EVERY_NS,
    SOURCES_MAX,
)
from mesh.protocol.links.turnstile import Turnstile, source
from mesh.protocol.now import SECOND
from mesh.protocol.standing import Ground
from mesh.wire.identity import Address
from tests.mesh.protocol.links.ends import HIGHER, REMOTE, End, at_other_end, hello


def _admitted(
    turnstile: Turnstile, hosts: list[str], now_ns: int = 0, *, known: bool = False
) -> int:
    return sum(turnstile.admits(host, now_ns, known=known) for host in hosts)


def _hosts(count: int) -> list[str]:
    return [f"198.51.{number // 250}.{number % 250}" for number in range(count)]


def test_one_source_is_metered() -> None:
    """So many together, then one in a while; others are let in meanwhile."""
    turnstile = Turnstile()
    flood = ["198.51.100.7"] * 1_000
    assert _admitted(turnstile, flood) == HANDSHAKES_OF_SOURCE_AT_ONCE
    assert _admitted(turnstile, flood, HANDSHAKES_OF_SOURCE_EVERY_NS) == 1
    assert _admitted(turnstile, ["198.51.100.8"]) == 1


def test_all_sources_together_are_metered() -> None:
    """From however many addresses strangers come, and in the long run too."""
    turnstile = Turnstile()
    assert _admitted(turnstile, _hosts(1_000)) == HANDSHAKES_AT_ONCE
    admitted = sum(
        _admitted(turnstile, _hosts(900), now_ns) for now_ns in range(0, 10 * SECOND, SECOND // 10)
    )
    assert admitted <= 10 * SECOND // HANDSHAKES_EVERY_NS + 1


def test_known_hosts_pass_a_crowd_of_strangers() -> None:
    """A flood keeps no member away; each known host is still metered by itself."""
    turnstile = Turnstile()
    _ = _admitted(turnstile, _hosts(1_000))
    assert _admitted(turnstile, ["192.0.2.1"]) == 0
    assert _admitted(turnstile, ["192.0.2.2"] * 1_000, known=True) == HANDSHAKES_OF_SOURCE_AT_ONCE


def test_an_ipv6_network_is_one_source() -> None:
    """One host may take any address of its network."""
    assert source("2001:db8::1") == source("2001:db8::ffff:1") != source("2001:db8:0:1::1")
    assert source("fe80::1%eth0") == source("fe80::2%3")
    assert source("198.51.100.7") != source("198.51.100.8")
    assert source("no address") == "no address"


def test_sources_are_bounded() -> None:
    """Whoever came longest ago is forgotten; that gives it no more than all together get."""
    turnstile = Turnstile()
    _ = _admitted(turnstile, _hosts(3 * SOURCES_MAX))
    assert len(turnstile._sources) == SOURCES_MAX


def test_a_handshake_too_many_is_not_worked_on() -> None:
    """It is refused without a word, and counted; no key was touched for it."""
    end = End()
    streams = [end.open() for _ in range(HANDSHAKES_OF_SOURCE_AT_ONCE + 1)]
    begin = at_other_end(hello(HIGHER), dials=True).begin()
    steps = [end.links.frame(stream, begin, end.now) for stream in streams]
    assert all(len(step.frames) == 1 and step.closes == () for step in steps[:-1])
    assert steps[-1].frames == ()
    assert steps[-1].closes == (streams[-1],)
    assert end.links.statistics().ended[Ground.HURRIED] == 1


def test_only_who_shows_a_beginning_is_metered() -> None:
    """What is no handshake of ours costs nothing, so it uses up nothing."""
    end = End()
    for _ in range(2 * HANDSHAKES_OF_SOURCE_AT_ONCE):
        stream = end.open()
        assert end.links.frame(stream, b"GET / HTTP/1.1\r\n\r\n", end.now).closes == (stream,)
    assert end.links.statistics().ended[Ground.HURRIED] == 0


def test_who_was_configured_is_known_and_who_was_announced_is_not() -> None:
    """Anybody may announce anything by multicast."""
    end = End()
    for number in range(HANDSHAKES_AT_ONCE):
        stream = end.open(remote=Address(f"198.18.{number // 250}.{number % 250}", 50_000))
        _ = end.secure(stream, hello(f"stranger {number}"))
    begin = at_other_end(hello(HIGHER), dials=True).begin()
    for sighted, passes in ((None, False), (Source.MDNS, False), (Source.SEED, True)):
        if sighted is not None:
            _ = end.links.sighted(REMOTE._replace(port=7_946), sighted, end.now)
        stream = end.open()
        assert bool(end.links.frame(stream, begin, end.now).frames) is passes
