"""What depends on a write leaves after it; what does not, at once; and nothing overtakes."""

from mesh.protocol.effects import Effects, Noticed, WriteMeta
from mesh.protocol.frames import Frame
from mesh.protocol.outbox import Outbox
from mesh.wire.identity import Address

THERE = Address("127.0.0.1", 1)
WRITE = WriteMeta("key", b"value")


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
    effects = outbox.take(5)
    assert sorted(left(effects)) == ["free", "gated"]
    assert effects.token is None
    assert effects.wake_at_ns == 5


def test_nothing_gated_leaves_before_its_write_is_durable() -> None:
    """A gated frame waits for the writes of its own moment; a free one does not."""
    outbox = Outbox()
    outbox.write(WRITE)
    send(outbox, "fact", gated=True)
    send(outbox, "probe", gated=False)
    effects = outbox.take(None)
    assert left(effects) == ["probe"]
    assert effects.writes == (WRITE,)
    assert effects.token == 1
    outbox.persisted(1)
    assert left(outbox.take(None)) == ["fact"]


def test_what_is_gated_later_waits_for_earlier_writes_too() -> None:
    """A gated frame without a write of its own waits for every write asked for before it."""
    outbox = Outbox()
    outbox.write(WRITE)
    assert outbox.take(None).token == 1
    send(outbox, "answer", gated=True)
    assert left(outbox.take(None)) == []
    outbox.persisted(1)
    assert left(outbox.take(None)) == ["answer"]


def test_gated_frames_keep_their_order_over_several_writes() -> None:
    """Each leaves with its own write, none before one that was asked for earlier."""
    outbox = Outbox()
    for name in ("first", "second", "third"):
        outbox.write(WRITE)
        send(outbox, name, gated=True)
        assert left(outbox.take(None)) == []
    outbox.persisted(2)
    assert left(outbox.take(None)) == ["first", "second"]
    outbox.persisted(3)
    assert left(outbox.take(None)) == ["third"]
    assert outbox.is_settled


def test_notifications_and_datagrams_are_gated_alike() -> None:
    """Nobody is answered, and nobody told by datagram, before the disk has it."""
    outbox = Outbox()
    outbox.write(WRITE)
    outbox.gated.notifications.append(Noticed("info", "applied", ""))
    outbox.gated.datagrams.append((THERE, b"record"))
    effects = outbox.take(None)
    assert not effects.notifications
    assert not effects.datagrams
    outbox.persisted(1)
    effects = outbox.take(None)
    assert len(effects.notifications) == 1
    assert effects.datagrams == ((THERE, b"record"),)


def test_after_a_failed_disk_nothing_gated_ever_leaves() -> None:
    """What waited is dropped, and so is what is asked for later; nothing is written any more."""
    outbox = Outbox()
    outbox.write(WRITE)
    send(outbox, "waiting", gated=True)
    assert outbox.take(None).token == 1
    outbox.fail()
    outbox.write(WRITE)
    send(outbox, "later", gated=True)
    send(outbox, "probe", gated=False)
    effects = outbox.take(None)
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
    assert outbox.take(None).token == ticket
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
    assert left(outbox.take(None)) == ["1:probe"]
    outbox.free.frames.append(Frame(1, b"later", seal))
    assert left(outbox.take(None)) == ["2:later"]
    outbox.persisted(1)
    assert left(outbox.take(None)) == ["3:fact"]


def test_what_never_leaves_is_never_sealed() -> None:
    """Dropped frames would leave a gap in the numbers of the cipher, and end the stream."""
    outbox, sealed = Outbox(), list[bytes]()

    def seal(payload: bytes) -> bytes:
        sealed.append(payload)
        return payload

    outbox.write(WRITE)
    outbox.gated.frames.append(Frame(1, b"fact", seal))
    _ = outbox.take(None)
    outbox.fail()
    outbox.free.frames.append(Frame(1, b"probe", seal))
    assert left(outbox.take(None)) == ["probe"]
    assert sealed == [b"probe"]
