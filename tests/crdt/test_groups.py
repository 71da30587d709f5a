"""Write-groups: one signature for all, a proof for each, and two stories found out."""

from hashlib import blake2b

import pytest

from crdt import Delta, Put, Reason, Sibling, Store
from crdt.groups import HASH_BYTES
from crdt.limits import group_max
from tests.crdt.world import EPOCH, SECRET, WALL_NS, make_store

A, B, C = b"a" * 8, b"b" * 8, b"c" * 8
KEYS = {A: b"key of a", B: b"key of b", C: b"key of c"}


class Crypto:
    """A keyed hash in place of signatures, and a count of how often one was checked."""

    def __init__(self) -> None:
        self.checked = 0

    def sign(self, replica: bytes, header: bytes) -> bytes:
        """Sign for a replica id."""
        return blake2b(header, key=KEYS[replica], digest_size=64).digest()

    def verify(self, replica: bytes, header: bytes, signature: bytes) -> bool:
        """Check a signature."""
        self.checked += 1
        return self.sign(replica, header) == signature

    def store(self, replica: bytes, epoch: bytes = EPOCH) -> Store:
        """Make a store that signs and verifies."""
        return Store(
            replica,
            epoch,
            SECRET,
            seal=lambda header: self.sign(replica, header),
            verify=self.verify,
        )


@pytest.fixture
def crypto() -> Crypto:
    """Return signatures for three replica ids."""
    return Crypto()


def batch(store: Store, count: int) -> Delta:
    """Write so many keys at once."""
    return store.write([Put(("k", f"{n:03}"), n) for n in range(count)], WALL_NS)


def forged(delta: Delta, **fields: object) -> list[tuple[tuple[str, ...], tuple[Sibling, ...]]]:
    """Return the first record with fields of its sibling replaced."""
    key, (sibling,) = delta[0]
    return [(key, (sibling._replace(**fields),))]  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 31, 32, 33, 70])
def test_each_sibling_of_a_group_is_proof_of_itself(crypto: Crypto, count: int) -> None:
    """Any one of them, in any order, is believed; at most five hashes travel with it."""
    delta = batch(crypto.store(A), count)
    for record in reversed(delta):
        reader = crypto.store(B)
        assert reader.apply([record], WALL_NS).rejected == []
        assert len(reader) == 1
        proof = record[1][0].proof
        assert proof is not None
        assert len(proof.path) <= 5
        assert proof.size <= group_max
        assert {len(step) for step in proof.path} <= {HASH_BYTES}


def test_a_header_is_verified_once(crypto: Crypto) -> None:
    """32 siblings of one group cost one check of a signature, and none when they come again."""
    delta = batch(crypto.store(A), group_max)
    reader = crypto.store(B)
    for _ in range(2):
        for record in delta:
            _ = reader.apply([record], WALL_NS)
    assert crypto.checked == 1


@pytest.mark.parametrize(
    "fields",
    [{"value": "forged"}, {"stamp": 1}, {"context": ((C, 1),)}, {"counter": 2}, {"proof": None}],
    ids=lambda fields: next(iter(fields)),
)
def test_a_sibling_that_is_not_as_signed_is_refused(
    crypto: Crypto, fields: dict[str, object]
) -> None:
    """Value, stamp, context, dot, and the signature itself; it is neither joined nor seen."""
    delta = batch(crypto.store(A), 3)
    reader = crypto.store(B)
    applied = reader.apply(forged(delta, **fields), WALL_NS)
    assert [rejected.reason for rejected in applied.rejected] == [Reason.FORGED]
    assert len(reader) == 0
    assert dict(reader.vector) == {}
    assert not reader.seen.clouds


def test_a_relay_cannot_erase_with_a_context_that_nobody_signed(crypto: Crypto) -> None:
    """Not with a new sibling, and not with one that is held or seen already."""
    reader, author = crypto.store(B), crypto.store(A)
    _ = reader.put(("k", "000"), "to be erased", WALL_NS)
    delta = author.put(("k", "000"), "relayed", WALL_NS)
    _ = reader.apply(delta, WALL_NS)
    _ = reader.apply(forged(delta, context=((B, 1),)), WALL_NS)
    reading = reader.read(("k", "000"))
    assert reading is not None
    assert {reading.value, *reading.conflicts} == {"to be erased", "relayed"}


def test_a_signature_of_another_data_set_is_worth_nothing(crypto: Crypto) -> None:
    """The header names the epoch."""
    delta = batch(crypto.store(A, bytes(16)), 1)
    assert crypto.store(B).apply(delta, WALL_NS).rejected


def test_a_signature_of_another_author_is_worth_nothing(crypto: Crypto) -> None:
    """The header names the replica id, and the verifier asks whose it is."""
    delta = batch(crypto.store(A), 1)
    assert crypto.store(C).apply(forged(delta, replica=B), WALL_NS).rejected


def test_overlapping_groups_of_one_replica_id_are_proof_of_equivocation(crypto: Crypto) -> None:
    """Both headers are kept as evidence: this author, or a clone of it, told two stories."""
    first, second = crypto.store(A), crypto.store(A)
    one, other = batch(first, 3), second.write([Put(("z",), 1), Put(("y",), 2)], WALL_NS)
    reader = crypto.store(B)
    assert reader.apply(one[:1], WALL_NS).equivocations == []
    (proof,) = reader.apply(other[1:], WALL_NS).equivocations
    assert proof.replica == A
    assert proof.ours != proof.theirs


def test_one_dot_with_two_contents_converges_and_is_reported() -> None:
    """The greater content stays, whichever came first."""
    one = make_store(A).put(("k",), "one", WALL_NS)
    two = make_store(A).put(("k",), "two", WALL_NS)
    left, right = make_store(B), make_store(C)
    reports = [
        store.apply(delta, WALL_NS).equivocations
        for store, deltas in ((left, (one, two)), (right, (two, one)))
        for delta in deltas
    ]
    assert [len(report) for report in reports] == [0, 1, 0, 1]
    assert left.root() == right.root()


def test_one_dot_under_two_keys_is_reported() -> None:
    """The one that is held stays."""
    reader = make_store(B)
    _ = reader.apply(make_store(A).put(("k",), 1, WALL_NS), WALL_NS)
    applied = reader.apply(make_store(A).put(("l",), 1, WALL_NS), WALL_NS)
    assert len(applied.equivocations) == 1
    assert [key for key, _ in reader.items()] == [("k",)]


def test_a_signature_that_cannot_be_made_writes_nothing() -> None:
    """Where signing fails, no dot is used up and nothing is stored."""

    def fail(header: bytes) -> bytes:
        raise OSError(f"no key for {len(header)} bytes")

    store = Store(A, EPOCH, SECRET, seal=fail)
    with pytest.raises(OSError, match="no key"):
        _ = store.put(("k",), 1, WALL_NS)
    assert (len(store), store.counter, dict(store.vector)) == (0, 0, {})
