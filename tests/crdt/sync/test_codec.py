"""Messages as bytes: bounded, exact, and nothing a peer sends ever raises."""

from random import Random

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt import REMOVED, Reason, Rejected, Sibling, decode, encode
from crdt.heads import Head
from crdt.limits import PROTOCOL_VERSION, cloud_runs_max, message_bytes_max, value_bytes_max
from crdt.record import Proof
from crdt.sync.codec import fragment, records_bytes, rumour_bytes
from crdt.sync.messages import (
    REPAIR_PART,
    Cover,
    Digest,
    Heard,
    Leaf,
    Message,
    More,
    Ping,
    Range,
    Records,
    Rumour,
    Summary,
)
from tests.crdt.test_values import nested
from tests.crdt.world import World

A, B = b"a" * 8, b"b" * 8
EPOCH_TAG = b"tag."
PROOF = Proof(1, 3, (b"h" * 32, b"g" * 32), b"s" * 64)
HEADS = (Head(A, 8, 2, b"r" * 32, b"s" * 64), Head(b"c" * 32, 4, 1, b"", b"t" * 64))
RECORDS = (
    (
        ("info", "x"),
        (Sibling(A, 1, 5, "value"), Sibling(B, 2, 6, REMOVED, ((b"9" * 8, 3), (B, 1)))),
    ),
    (("info", "ü"), (Sibling(A, 2, 7, (None, True, -1, 1.5, b"x"), ((A, 1),), PROOF),)),
)
MESSAGES: list[Message] = [
    Ping(PROTOCOL_VERSION, EPOCH_TAG, 7, Summary(b"1" * 8, b"2" * 8), Summary(b"3" * 8, b"4" * 8)),
    Digest(False, EPOCH_TAG, 5, 0, 1, (Heard(A, 9, 3, ((11, 12), (20, 20))),), ((b"c" * 32, 4),)),
    Digest(True, EPOCH_TAG, 5, 1, 2, (Heard(A, 9), Heard(B, 9, 9)), ()),
    Records(False, 2**32 - 1, 3, True, RECORDS),
    Records(True, 1, REPAIR_PART, False, ()),
    Cover(True, 1, 0, 1, 2, 3, b"5" * 8, b"6" * 8, 1, (Heard(A, 0),), ((b"c" * 32, 0),)),
    Cover(False, 1, 0, 1, 2, 3, b"5" * 8, b"6" * 8, 1, (Heard(A, 9),), ((b"c" * 32, 4),), HEADS),
    More(False, 1, 40),
    Range(False, 1, 9, 1, A, 15, 2**60, tuple(range(16))),
    Leaf(True, 1, 9, 1, A, 3, 0b101, 2, 1 << 511 | 1, True),
    Rumour(False, EPOCH_TAG, RECORDS),
]

each_message = pytest.mark.parametrize(
    "message", MESSAGES, ids=[f"{type(m).__name__}-{n}" for n, m in enumerate(MESSAGES)]
)


@each_message
def test_messages_come_back_as_they_were(message: Message) -> None:
    """Encoding and decoding are inverse."""
    assert decode(encode(message)) == message


@each_message
def test_no_message_survives_being_cut_or_lengthened_in_its_fields(message: Message) -> None:
    """Every field is expected, and none besides."""
    fields = cbor2.loads(encode(message))
    for wrong in (fields[:-1], [*fields, 1]):
        assert isinstance(decode(cbor2.dumps(wrong)), Rejected)
    data = encode(message)
    for cut in range(len(data)):
        assert isinstance(decode(data[:cut]), Rejected)


@each_message
def test_a_field_of_another_kind_is_refused(message: Message) -> None:
    """Whatever stands in the place of a field, the answer is a value."""
    fields = cbor2.loads(encode(message))
    others: list[object] = ["text", b"", -2, 2**63, None, [[]], {"a": 1}, 1.5, cbor2.undefined]
    for place in range(1, len(fields)):
        for other in others:
            swapped = [*fields[:place], other, *fields[place + 1 :]]
            assert isinstance(decode(cbor2.dumps(swapped)), Rejected | type(message))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    """They are a message, or a value that says why they are none."""
    _ = decode(data)


def test_flipped_bits_never_raise() -> None:
    """Not in any message, at any place."""
    random = Random(1)
    for message in MESSAGES:
        for _ in range(300):
            data = bytearray(encode(message))
            for _ in range(random.randrange(1, 4)):
                data[random.randrange(len(data))] ^= 1 << random.randrange(8)
            _ = decode(bytes(data))


def sibling(**fields: object) -> bytes:
    """Return a RUMOUR of one sibling with some fields replaced."""
    made = Sibling(A, 1, 5, "value")._replace(**fields)  # type: ignore[arg-type]
    return encode(Rumour(False, EPOCH_TAG, ((("k",), (made,)),)))


@pytest.mark.parametrize(
    "data",
    [
        sibling(counter=2**63),
        sibling(counter=0),
        sibling(counter=True),
        sibling(stamp=2**64),
        sibling(stamp=-1),
        sibling(replica=b"short"),
        sibling(value="x" * (value_bytes_max + 1)),
        sibling(value=["x" * 40_000] * 2),
        sibling(value=nested(17)),
        sibling(value=2**63),
        sibling(value=cbor2.CBORTag(1, 0)),
        sibling(value=cbor2.CBORSimpleValue(99)),
        sibling(context=((A, 1),)),
        sibling(context=((B, 0),)),
        sibling(context=((B, 1), (B, 2))),
        sibling(context=((b"c" * 8, 1), (B, 2))),
        sibling(context=((B, 2**63),)),
        sibling(proof=Proof(1, 33, (), b"")),
        sibling(proof=Proof(1, 1, (b"h" * 31,), b"")),
        sibling(proof=Proof(1, 1, (), b"s" * 129)),
    ],
)
def test_what_is_beyond_a_limit_is_refused(data: bytes) -> None:
    """64 KiB + 1, depth 17, counter 2**63, and each other bound of a sibling."""
    rejected = decode(data)
    assert isinstance(rejected, Rejected)
    assert rejected.reason is Reason.MALFORMED


def test_what_is_within_the_limits_is_not() -> None:
    """The bounds themselves may be reached."""
    for data in (
        sibling(counter=2**63 - 1),
        sibling(stamp=2**64 - 1),
        sibling(value="x" * value_bytes_max),
        sibling(value=b"x" * value_bytes_max),
        sibling(value=nested(16)),
    ):
        assert isinstance(decode(data), Rumour)


def test_size_is_looked_at_before_anything_is_decoded() -> None:
    """A message over the largest is refused unread."""
    rejected = decode(bytes(message_bytes_max + 1))
    assert isinstance(rejected, Rejected)
    assert rejected.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "data",
    [
        b"\x9f\x02\xff",
        b"\x82\x02\xbf\xff",
        b"\x82\x02\x5f\xff",
        b"\x82\x02\xc1\x01",
        b"\x82\x02\xc2\x41\x01",
        b"\x82\x02\xc5\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x82\x02\xd8\x23\x64(a+)",
        b"\x82\x02\xd9\xd9\xf7\x01",
        b"\x81" * 60 + b"\x01",
        b"\xa1\x01\x02",
        b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"",
    ],
)
def test_tags_indefinite_lengths_and_depth_are_refused(data: bytes) -> None:
    """Before a date, a pattern, an enormous number or a deep stack can come of them."""
    assert isinstance(decode(data), Rejected)


def test_unknown_kinds_are_of_another_version() -> None:
    """As is a PING that names one."""
    fields = cbor2.loads(encode(MESSAGES[0]))
    for wrong in ([200], [2**70], [fields[0], 1, *fields[2:]]):
        rejected = decode(cbor2.dumps(wrong))
        assert isinstance(rejected, Rejected)
        assert rejected.reason in (Reason.VERSION, Reason.MALFORMED)


def test_runs_that_overlap_or_do_not_ascend_are_refused() -> None:
    """As are a floor above its vector, and a cloud within it."""
    for heard in (
        Heard(A, 5, 0, ((7, 9), (9, 12))),
        Heard(A, 5, 0, ((9, 7),)),
        Heard(A, 5, 0, ((4, 7),)),
        Heard(A, 5, 6),
    ):
        assert isinstance(decode(encode(Digest(False, EPOCH_TAG, 1, 0, 1, (heard,), ()))), Rejected)


def test_a_million_gaps_are_refused_or_bounded() -> None:
    """However many runs a peer claims, a store keeps no more than its bound."""
    runs = tuple((n, n) for n in range(3, 2 * 10**5, 2))
    message = Digest(False, EPOCH_TAG, 1, 0, 1, (Heard(A, 1, 0, runs),), ())
    assert decode(encode(message)) == message
    world = World(1, nodes=1)
    store = world.nodes[0].kept
    _ = store.apply([((str(n),), (Sibling(A, n, 0, 1),)) for n in range(3, 9_001, 2)], 0)
    assert store.statistics().cloud_runs == cloud_runs_max
    assert len(store) == 4_499


def test_records_that_were_encoded_one_by_one_make_the_same_message() -> None:
    """Fragments are measured alone and joined later."""
    parts = [fragment(key, record) for key, record in RECORDS] * 20
    head = Records(True, 7, 3, False, ())
    assert decode(records_bytes(head, parts)) == Records(True, 7, 3, False, RECORDS * 20)
    rumour = Rumour(False, EPOCH_TAG, ())
    assert decode(rumour_bytes(rumour, parts)) == Rumour(False, EPOCH_TAG, RECORDS * 20)


def test_siblings_come_in_order_and_none_superfluous() -> None:
    """A record is a set of greatest elements, written in one way."""
    first, second = Sibling(A, 1, 5, "x"), Sibling(B, 1, 5, "y")
    for siblings in ((second, first), (first, first), (first, Sibling(A, 2, 5, "z")), ()):
        message = Rumour(False, EPOCH_TAG, ((("k",), siblings),))
        assert isinstance(decode(encode(message)), Rejected)
