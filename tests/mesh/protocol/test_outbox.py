"""What depends on a write leaves after it; what does not, at once; and nothing overtakes."""

from mesh.protocol.effects import Effects, Noticed, WriteMeta
from mesh.protocol.frames import Frame
from mesh.protocol.now import Now
from mesh.protocol.outbox import LINGER_NS, LINGERING_MAX, Outbox
from mesh.wire.identity import Address

THERE = Address("127.0.0.1", 1)
WRITE = WriteMeta("key", b"value")
LATER = WriteMeta("later", b"value")
NOW = Now(1_000_000_000, 0)


def send(outbox: Outbox, name: str, *, gated: bool) -> None:
    """Ask for a frame called ``name``."""
    deeds = outbox.gated if gated else outbox.free
    deeds.frames.append(Frame(1, name.encode()))


def left(effects: Effects) -> list[str]:
    """The names of the frames that left, in order."""
    return [payload.decode() for _, payload in effects.frames]


def test_without_writes_everything_leaves_at_once() -> None:
    """Where nothing has to become durable nothing waits."""
    outbox = Outbox()
    send(outbox, "gated", gated=True)
    send(outbox, "free", gated=False)
    effects = outbox.take(NOW, 5)
    assert sorted(left(effects)) == ["free", "gated"]
    assert effects.token is None
    assert effects.wake_at_ns == 5


def test_nothing_gated_leaves_before_its_write_is_durable() -> None:
    """A gated frame waits for the writes of its own moment; a free one does not."""
    outbox = Outbox()
    outbox.write(WRITE)
    send(outbox, "fact", gated=True)
    send(outbox, "probe", gated=False)
    effects = outbox.take(NOW, None)
    assert left(effects) == ["probe"]
    assert effects.writes == (WRITE,)
    assert effects.token == 1
    outbox.persisted(1)
    assert left(outbox.take(NOW, None)) == ["fact"]


def test_what_is_gated_later_waits_for_earlier_writes_too() -> None:
    """A gated frame without a write of its own waits for every write asked for before it."""
    outbox = Outbox()
    outbox.write(WRITE)
    assert outbox.take(NOW, None).token == 1
    send(outbox, "answer", gated=True)
    assert left(outbox.take(NOW, None)) == []
    outbox.persisted(1)
    assert left(outbox.take(NOW, None)) == ["answer"]


def test_gated_frames_keep_their_order_over_several_writes() -> None:
    """Each leaves with its own write, none before one that was asked for earlier."""
    outbox = Outbox()
    for name in ("first", "second", "third"):
        outbox.write(WRITE)
        send(outbox, name, gated=True)
        assert left(outbox.take(NOW, None)) == []
    outbox.persisted(2)
    assert left(outbox.take(NOW, None)) == ["first", "second"]
    outbox.persisted(3)
    assert left(outbox.take(NOW, None)) == ["third"]
    assert outbox.is_settled


def test_notifications_and_datagrams_are_gated_alike() -> None:
    """Nobody is answered, and nobody told by datagram, before the disk has it."""
    outbox = Outbox()
    outbox.write(WRITE)
    outbox.gated.notifications.append(Noticed("info", "applied", ""))
    outbox.gated.datagrams.append((THERE, b"record"))
    effects = outbox.take(NOW, None)
    assert not effects.notifications
    assert not effects.datagrams
    outbox.persisted(1)
    effects = outbox.take(NOW, None)
    assert len(effects.notifications) == 1
    assert effects.datagrams == ((THERE, b"record"),)


def test_after_a_failed_disk_nothing_gated_ever_leaves() -> None:
    """What waited is dropped, and so is what is asked for later; nothing is written any more."""
    outbox = Outbox()
    outbox.write(WRITE)
    send(outbox, "waiting", gated=True)
    assert outbox.take(NOW, None).token == 1
    outbox.fail()
    outbox.write(WRITE)
    send(outbox, "later", gated=True)
    send(outbox, "probe", gated=False)
    effects = outbox.take(NOW, None)
    assert left(effects) == ["probe"]
    assert effects.token is None
    assert not effects.writes


def test_a_ticket_is_durable_with_the_writes_that_it_names() -> None:
    """A ticket covers the writes asked for up to now, those of this moment included."""
    outbox = Outbox()
    assert outbox.is_durable(outbox.ticket())
    outbox.write(WRITE)
    ticket = outbox.ticket()
    assert not outbox.is_durable(ticket)
    assert outbox.take(NOW, None).token == ticket
    assert not outbox.is_durable(ticket)
    outbox.persisted(ticket)
    assert outbox.is_durable(ticket)


def test_frames_are_sealed_in_the_order_in_which_they_leave() -> None:
    """A cipher numbers its frames: what waits for the disk gets its number when it leaves."""
    outbox, sealed = Outbox(), list[bytes]()

    def seal(payload: bytes) -> bytes:
        sealed.append(payload)
        return b"%d:%s" % (len(sealed), payload)

    outbox.write(WRITE)
    outbox.gated.frames.append(Frame(1, b"fact", seal))
    outbox.free.frames.append(Frame(1, b"probe", seal))
    assert left(outbox.take(NOW, None)) == ["1:probe"]
    outbox.free.frames.append(Frame(1, b"later", seal))
    assert left(outbox.take(NOW, None)) == ["2:later"]
    outbox.persisted(1)
    assert left(outbox.take(NOW, None)) == ["3:fact"]


def test_what_never_leaves_is_never_sealed() -> None:
    """Dropped frames would leave a gap in the numbers of the cipher, and end the stream."""
    outbox, sealed = Outbox(), list[bytes]()

    def seal(payload: bytes) -> bytes:
        sealed.append(payload)
        return payload

    outbox.write(WRITE)
    outbox.gated.frames.append(Frame(1, b"fact", seal))
    _ = outbox.take(NOW, None)
    outbox.fail()
    outbox.free.frames.append(Frame(1, b"probe", seal))
    assert left(outbox.take(NOW, None)) == ["probe"]
    assert sealed == [b"probe"]


def after(elapsed_ns: int) -> Now:
    """So long after NOW."""
    return Now(NOW.monotonic_ns + elapsed_ns, 0)


def test_what_nobody_waits_for_is_written_with_the_next_write_in_order() -> None:
    """A lone write that can wait does, and is not overtaken by the one it waited for."""
    outbox = Outbox()
    outbox.write_soon(LATER)
    effects = outbox.take(NOW, None)
    assert (effects.token, effects.writes) == (None, ())
    assert effects.wake_at_ns == NOW.monotonic_ns + LINGER_NS
    assert not outbox.is_settled
    outbox.write(WRITE)
    effects = outbox.take(after(1), 5)
    assert (effects.token, effects.writes, effects.wake_at_ns) == (1, (LATER, WRITE), 5)


def test_what_nobody_waits_for_is_written_soon_all_the_same() -> None:
    """No other write comes: it is written when its time is over, counted from the first."""
    outbox = Outbox()
    outbox.write_soon(LATER)
    assert outbox.take(NOW, None).token is None
    outbox.write_soon(WRITE)
    assert outbox.take(after(LINGER_NS - 1), None).token is None
    effects = outbox.take(after(LINGER_NS), None)
    assert (effects.token, effects.writes) == (1, (LATER, WRITE))
    outbox.write_soon(LATER)
    assert outbox.take(after(LINGER_NS), None).token is None, "the time of the next begins anew"


def test_a_crowd_of_lingering_writes_is_written() -> None:
    """What waits is bounded."""
    outbox = Outbox()
    outbox.write_soon(*[LATER] * LINGERING_MAX)
    assert outbox.take(NOW, None).token is None
    outbox.write_soon(LATER)
    assert len(outbox.take(NOW, None).writes) == LINGERING_MAX + 1


def test_nothing_gated_overtakes_a_write_that_lingers() -> None:
    """As soon as somebody is to be told, all that is known is written first."""
    outbox = Outbox()
    outbox.write_soon(LATER)
    assert outbox.take(NOW, None).token is None
    send(outbox, "answer", gated=True)
    effects = outbox.take(NOW, None)
    assert (effects.token, effects.writes, left(effects)) == (1, (LATER,), [])
    outbox.persisted(1)
    assert left(outbox.take(NOW, None)) == ["answer"]


def test_a_ticket_names_what_lingers_too() -> None:
    """Whoever asks for a ticket is told when all was written, the lingering ones included."""
    outbox = Outbox()
    outbox.write_soon(LATER)
    ticket = outbox.ticket()
    assert outbox.take(NOW, None).token is None
    assert not outbox.is_durable(ticket)
    assert outbox.take(after(LINGER_NS), None).token == ticket


def test_an_unhurried_notification_waits_for_the_disk_and_hurries_nobody() -> None:
    """It leaves when what was written before it is durable, however long that lingers."""
    outbox = Outbox()
    told = Noticed("info", "moved", "")
    outbox.unhurried.append(told)
    assert outbox.take(NOW, None).notifications == (told,), "nothing is to be written"
    outbox.write_soon(LATER)
    outbox.unhurried.append(told)
    assert outbox.take(NOW, None).notifications == ()
    effects = outbox.take(after(LINGER_NS), None)
    assert (effects.token, effects.notifications) == (1, ())
    outbox.persisted(1)
    assert outbox.take(after(LINGER_NS), None).notifications == (told,)


def test_after_a_failed_disk_nothing_lingers() -> None:
    """What waited for company is dropped with all the rest."""
    outbox = Outbox()
    outbox.write_soon(LATER)
    outbox.unhurried.append(Noticed("info", "moved", ""))
    assert outbox.take(NOW, None).token is None
    outbox.fail()
    outbox.write_soon(LATER)
    effects = outbox.take(after(LINGER_NS), None)
    assert (effects.token, effects.writes, effects.notifications) == (None, (), ())
    assert effects.wake_at_ns is None
