"""Sets of ChangeSets are integers, and ancestors are the closure of parents."""

from random import Random

from mesh.protocol.catalogue import Catalogue, ChangeSet, numbers, read_change_set
from mesh.wire.facts import Propose
from mesh.wire.identity import Incarnation
from mesh.wire.requests import (
    Attempt,
    Kind,
    Request,
    SignedRequest,
    encode_attempt,
    encode_request,
    read_request,
)

AUTHOR = Incarnation(b"a" * 32, 1, b"a" * 8)


def change_set(lamport: int, parents: tuple[bytes, ...] = ()) -> ChangeSet:
    """A ChangeSet at ``lamport`` on top of ``parents``."""
    request = Request(
        0, bytes(32), bytes(32), f"c{lamport}", (), (), (), (), 0, "", bytes(16), None, False
    )
    signed = SignedRequest(encode_request(request), bytes(64))
    attempt = Attempt(0, signed.tx, AUTHOR, lamport, Kind.NORMAL, parents, (AUTHOR,), 1, 0, ())
    return read_change_set(Propose(encode_attempt(attempt), signed))


def test_a_change_set_is_numbered_once() -> None:
    """The same proposal has one number, however often it comes."""
    catalogue = Catalogue()
    one = change_set(1)
    assert catalogue.add(one) == catalogue.add(change_set(1)) == catalogue.number(one.id) == 0
    assert len(catalogue) == 1


def test_a_proposal_that_comes_again_is_the_one_in_hand() -> None:
    """It is read once; the same attempt with another request is another proposal."""
    one = change_set(1)
    assert change_set(1) is one
    request = SignedRequest(one.propose.request.raw, bytes([1]) * 64)
    other = read_change_set(Propose(one.propose.attempt, request))
    assert other is not one
    assert other.propose.request == request


def test_a_request_is_read_once_while_it_is_held() -> None:
    """What was read when it was submitted is the request that its proposal carries."""
    read = read_request(raw := change_set(2).propose.request.raw)
    assert read_request(bytes(bytearray(raw))) is read
    assert change_set(2).request is read


def test_reading_again_starts_from_the_bytes() -> None:
    """Whoever doubts its memory is not given what is in hand."""
    catalogue = Catalogue()
    one = change_set(1)
    number = catalogue.add(one)
    catalogue.read_again(number)
    assert catalogue[number] is not one
    assert catalogue[number].request is not one.request
    assert catalogue[number] == one


def test_ancestors_are_unknown_until_all_of_them_are_held() -> None:
    """With a parent missing nothing is said; when it comes the whole closure is."""
    catalogue = Catalogue()
    first = change_set(1)
    second = change_set(2, (first.id,))
    third = change_set(3, (second.id,))
    top = catalogue.add(third)
    assert catalogue.ancestors(top) is None
    bottom = catalogue.add(first)
    assert catalogue.ancestors(top) is None
    middle = catalogue.add(second)
    assert catalogue.ancestors(top) == 1 << bottom | 1 << middle
    assert catalogue.ancestors(bottom) == 0


def test_ancestors_equal_a_walk_through_parents() -> None:
    """The sets equal those that a plain walk finds, for random graphs known in random order."""
    random = Random(7)
    for _ in range(20):
        made: list[ChangeSet] = []
        for lamport in range(1, 30):
            parents = random.sample(made, min(len(made), random.randint(0, 3)))
            made.append(change_set(lamport, tuple(parent.id for parent in parents)))
        by_id = {each.id: each for each in made}
        catalogue = Catalogue()
        for each in random.sample(made, len(made)):
            catalogue.add(each)
        for each in made:
            expected: set[bytes] = set()
            pending = list(each.attempt.parents)
            while pending:
                parent = pending.pop()
                expected.add(parent)
                pending.extend(by_id[parent].attempt.parents)
            number = catalogue.number(each.id)
            assert number is not None
            found = catalogue.ancestors(number)
            assert found is not None
            assert {catalogue[one].id for one in numbers(found)} == expected


def test_a_long_history_does_not_exhaust_the_stack() -> None:
    """Three thousand generations are walked without recursion."""
    catalogue = Catalogue()
    parent: tuple[bytes, ...] = ()
    for lamport in range(1, 3_001):
        one = change_set(lamport, parent)
        catalogue.add(one)
        parent = (one.id,)
    assert catalogue.ancestors(2_999) == (1 << 2_999) - 1


def test_order_is_by_timestamp_and_heads_are_what_nothing_builds_on() -> None:
    """Sets are listed by Lamport time; heads leave out every ancestor of another member."""
    catalogue = Catalogue()
    late, early = change_set(9), change_set(1)
    child = change_set(5, (early.id,))
    numbered = {each.id: catalogue.add(each) for each in (late, early, child)}
    everything = 0b111
    assert catalogue.ordered(everything) == [
        numbered[early.id],
        numbered[child.id],
        numbered[late.id],
    ]
    assert catalogue.heads(everything) == [numbered[child.id], numbered[late.id]]
