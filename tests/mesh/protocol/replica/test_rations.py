"""What one member may tell of running information, and what becomes of the rest."""

from crdt import Speech, speech_of
from mesh.protocol.effects import Answer
from mesh.protocol.now import MILLISECOND, SECOND
from mesh.protocol.replica import views
from mesh.protocol.replica.rations import (
    CLOSED_EVERY_NS,
    MESSAGE_BYTES,
    PAUSE_NS_MAX,
    PUT_OFF_MAX,
    TOLD_BYTES_AT_ONCE,
    TOLD_BYTES_PER_S,
    Rations,
)
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh
from tests.mesh.protocol.replica.test_members import inside
from tests.mesh.protocol.replica.test_mesh import gather, put, value

ANN, BOB = b"a" * 32, b"b" * 32
SIZE = 1_024 - MESSAGE_BYTES
AT_ONCE = TOLD_BYTES_AT_ONCE // 1_024


def pour(rations: Rations, controller: bytes, count: int, now_ns: int) -> int:
    """How many of ``count`` messages of 1 KiB are read."""
    return sum(rations.admits(controller, Speech.UNASKED, SIZE, now_ns) for _ in range(count))


def test_a_member_is_read_as_far_as_its_ration_goes() -> None:
    """R24d: Some at once after a rest, in the long run so much a second, and no other pays."""
    rations = Rations()
    assert pour(rations, ANN, 2 * AT_ONCE, SECOND) == AT_ONCE
    a_second_later = pour(rations, ANN, 2 * AT_ONCE, 2 * SECOND)
    assert abs(a_second_later - TOLD_BYTES_PER_S // 1_024) <= 1
    assert pour(rations, BOB, AT_ONCE, 2 * SECOND) == AT_ONCE


def test_a_little_is_not_for_nothing() -> None:
    """R24d: Each message counts by itself: many empty ones are as tiresome as a few large."""
    rations = Rations()
    read = sum(rations.admits(ANN, Speech.UNASKED, 0, SECOND) for _ in range(10_000))
    assert read == TOLD_BYTES_AT_ONCE // MESSAGE_BYTES


def test_what_was_asked_for_is_read_and_a_pause_follows() -> None:
    """R24e: An answer of any size is taken; comparing goes on within two seconds."""
    rations = Rations()
    assert rations.admits(ANN, Speech.COMPARISON, 45, SECOND)
    for _ in range(10_000):
        assert rations.admits(ANN, Speech.ANSWER, 61_440, SECOND)
    assert not rations.admits(ANN, Speech.COMPARISON, 45, SECOND + MILLISECOND)
    assert rations.admits(ANN, Speech.UNASKED, SIZE, SECOND + MILLISECOND)
    assert rations.admits(BOB, Speech.COMPARISON, 45, SECOND + MILLISECOND)
    assert rations.admits(ANN, Speech.COMPARISON, 45, SECOND + PAUSE_NS_MAX)


def test_what_is_spelled_in_another_way_counts_as_told() -> None:
    """R24d: No other spelling of the same message goes past the ration."""
    for spelled in (b"", b"\x83", b"\x9f\x0e", b"\x98\x03\x0e", b"\x83\x18\x06", b"\x83\x1b"):
        assert speech_of(spelled) is Speech.UNASKED


def write_much(mesh: MiniMesh, teller: Host, count: int) -> None:
    """Large entries, all in one moment."""
    for number in range(count):
        assert isinstance(put(teller, f"large-{number}", "x" * 60_000), Answer)
    mesh.run(10 * MILLISECOND)


def test_what_was_put_off_arrives_later() -> None:
    """R24d: Whoever writes too much at once is named, and nothing of it is lost."""
    mesh = gather(2)
    teller, other = mesh.hosts
    write_much(mesh, teller, 30)
    assert inside(other).entries.put_off[teller.identity.public] > 0
    found = views.doctor(other.replica, mesh.now)["findings"]
    assert any("faster than one member may" in each["text"] for each in found)

    def is_there() -> bool:
        return all(value(other, f"large-{number}") is not None for number in range(30))

    assert mesh.run_until(is_there, 20 * SECOND)


def test_whose_words_are_put_off_again_and_again_is_cut_off() -> None:
    """R24g: What waits behind them in the kernels is not read; a new stream brings the rest."""
    mesh = gather(2)
    teller, other = mesh.hosts
    own, connected = teller.identity.public, other.replica.desk.links.connected
    stream = connected[own]

    def pour_out(count: int) -> None:
        for _ in range(count):
            inside(other).entries.receive(teller.replica.own, b"\x80", mesh.now)

    pour_out(TOLD_BYTES_AT_ONCE // MESSAGE_BYTES)
    already = inside(other).entries.put_off[own]
    pour_out(PUT_OFF_MAX - already - 1)
    assert connected[own] == stream
    pour_out(1)
    assert own not in connected
    assert isinstance(put(teller, "after", "all"), Answer)
    assert mesh.run_until(lambda: value(other, "after") == "all", 20 * SECOND)


def test_who_goes_on_telling_too_much_goes_on_to_take_part() -> None:
    """R24g: Its streams are closed every two seconds at most, however much it tells."""
    rations, closed = Rations(), 0
    for number in range(40 * PUT_OFF_MAX):  # within ten seconds
        now_ns = SECOND + number * 10 * SECOND // (40 * PUT_OFF_MAX)
        if not rations.admits(ANN, Speech.UNASKED, SIZE, now_ns):
            closed += rations.is_hopeless(ANN, now_ns)
    assert 4 <= closed <= 10 * SECOND // CLOSED_EVERY_NS


def test_a_little_too_much_closes_nothing() -> None:
    """R24g: Some hundred messages of a start are put off and fetched later, on the same stream."""
    rations = Rations()
    put_off = AT_ONCE + PUT_OFF_MAX - 1 - pour(rations, ANN, AT_ONCE + PUT_OFF_MAX - 1, SECOND)
    assert put_off == PUT_OFF_MAX - 1
    assert not any(rations.is_hopeless(ANN, SECOND) for _ in range(put_off))
    assert rations.is_hopeless(ANN, SECOND)
