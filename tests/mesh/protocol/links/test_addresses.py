"""Which address is dialled when: never given up, never twice at a time, never in step."""

from random import Random

import pytest

from mesh.protocol.inputs import DialFailure
from mesh.protocol.links import Source
from mesh.protocol.links.addresses import AddressBook, back_off_ns
from mesh.protocol.links.limits import (
    ADDRESSES_MAX,
    ADDRESSES_OF_HINTS_MAX,
    BACK_OFF_MAX_NS,
    BACK_OFF_MIN_NS,
    DIAL_NS,
    DIALS_MAX,
    RESIGHT_NS,
    STABLE_NS,
)
from mesh.protocol.now import SECOND
from mesh.protocol.standing import Access, Ground, Refused
from tests.mesh.protocol.links.ends import HIGHER, End, address, hello
from tests.mesh.protocol.street import controller_id

HERE = address(1)


def _sight(end: End, source: Source = Source.SEED) -> bool:
    """Whether ``HERE`` is dialled at once when ``source`` names it."""
    return HERE in end.links.sighted(HERE, source, end.now).dials


def _fail(end: End) -> None:
    assert end.links.dial_failed(HERE, DialFailure.REFUSED, end.now).dials == ()


@pytest.mark.parametrize("failures", range(30))
def test_back_off_doubles_up_to_five_minutes(failures: int) -> None:
    """The wait lies between half and the whole of a span that doubles, up to five minutes."""
    span_ns = min(BACK_OFF_MIN_NS * 2**failures, BACK_OFF_MAX_NS)
    waits_ns = [back_off_ns(failures, Random(seed)) for seed in range(50)]
    assert all(span_ns // 2 <= wait_ns <= span_ns for wait_ns in waits_ns)
    assert max(waits_ns) - min(waits_ns) > span_ns // 4


def test_an_address_is_dialled_at_once_and_never_given_up() -> None:
    """After a hundred failures it is still dialled, every five minutes at most."""
    end = End()
    assert _sight(end)
    for _ in range(100):
        before_ns = end.at_ns
        _fail(end)
        assert end.next_dials() == (HERE,)
        assert 0 < end.at_ns - before_ns <= BACK_OFF_MAX_NS
    assert end.links.statistics().dials_failed == 100


def test_only_a_fresh_sign_of_life_ends_the_back_off() -> None:
    """A seed resolved again says nothing new; an announcement says that somebody is there."""
    end = End()
    assert _sight(end)
    for _ in range(12):
        _fail(end)
        _ = end.next_dials()
    _fail(end)
    end.at_ns += RESIGHT_NS
    assert not _sight(end, Source.SEED)
    assert not _sight(end, Source.REMEMBERED)
    assert _sight(end, Source.MDNS)


def test_announcements_do_not_drive_the_dials() -> None:
    """However often an address is announced, it is dialled once in five seconds at most."""
    end = End()
    assert _sight(end, Source.MDNS)
    _fail(end)
    dialled_ns = end.at_ns
    while not _sight(end, Source.MDNS):
        end.at_ns += SECOND // 10
    assert end.at_ns - dialled_ns >= BACK_OFF_MIN_NS // 2
    _fail(end)
    dialled_ns = end.at_ns
    for _ in range(10):
        while not _sight(end, Source.MDNS):
            end.at_ns += SECOND // 10
        _fail(end)
    assert end.at_ns - dialled_ns >= 10 * BACK_OFF_MIN_NS // 2


def test_a_member_believed_alive_is_dialled_without_back_off() -> None:
    """When the membership hears of a member, its addresses are dialled soon."""
    end = End()
    assert _sight(end)
    stream, _ = end.greet(hello(HIGHER), dialled=HERE)
    _ = end.links.closed(stream, end.now)
    for _ in range(12):
        assert HERE in end.next_dials()
        _fail(end)
    end.at_ns += RESIGHT_NS
    step = end.links.believed_alive(controller_id(HIGHER), (address(2),), end.now)
    assert step.dials == (HERE, address(2))


def test_one_dial_at_a_time_for_each_address() -> None:
    """While a dial is under way no second one begins; without any outcome it counts as failed."""
    end = End()
    assert _sight(end)
    assert not _sight(end, Source.MDNS)
    assert end.links.deadline_ns == end.at_ns + DIAL_NS
    assert end.next_dials() == (HERE,)
    assert end.at_ns >= DIAL_NS


def test_a_connected_controller_is_not_dialled_elsewhere() -> None:
    """While a member is connected none of its addresses is dialled; when it goes, they are."""
    end = End()
    member = hello(HIGHER, addresses=(HERE, address(2)))
    stream, step = end.greet(member)
    assert step.dials == ()
    assert end.links.deadline_ns is None
    _ = end.links.closed(stream, end.now)
    assert set(end.next_dials()) <= {HERE, address(2)}


def test_nobody_is_redialled_in_the_moment_of_its_loss() -> None:
    """When a controller with many peers stops, they do not all call back together."""
    waits_ns = set()
    for seed in range(10):
        end = End()
        end.links._book._random.seed(seed)
        stream, _ = end.greet(hello(HIGHER, addresses=(HERE,)))
        _ = end.links.closed(stream, end.now)
        began_ns = end.at_ns
        _ = end.next_dials()
        waits_ns.add(end.at_ns - began_ns)
    assert min(waits_ns) >= BACK_OFF_MIN_NS // 2
    assert len(waits_ns) == 10


def test_a_claim_does_not_take_an_address_from_who_answers_there() -> None:
    """Where a controller listens is what a dial shows, not what another one says."""
    end = End()
    assert _sight(end)
    stream, _ = end.greet(hello(HIGHER), dialled=HERE)
    _ = end.greet(hello("cyd", addresses=(HERE,)))
    known = {line.address: line.controller for line in end.links.known()}
    assert known[HERE] == controller_id(HIGHER)
    _ = end.links.closed(stream, end.now)
    assert end.next_dials() == (HERE,)


def test_whoever_is_none_of_ours_is_looked_at_again_in_minutes() -> None:
    """An address of another environment is not dialled every second."""
    end = End()
    assert _sight(end)
    refusal = Refused(Ground.ENVIRONMENT, "another one")
    _ = end.greet(hello(HIGHER), refusal, dialled=HERE)
    began_ns = end.at_ns
    assert end.next_dials() == (HERE,)
    assert end.at_ns - began_ns >= BACK_OFF_MAX_NS // 2


def test_a_stream_that_lasted_ends_the_back_off() -> None:
    """A member that was connected for a while is dialled soon; one that flaps, more rarely."""
    waits_ns = []
    for lived_ns in (STABLE_NS, STABLE_NS - 1):
        end = End()
        assert _sight(end)
        for _ in range(10):
            _fail(end)
            _ = end.next_dials()
        stream, _ = end.greet(hello(HIGHER), dialled=HERE)
        end.at_ns += lived_ns
        _ = end.links.closed(stream, end.now)
        began_ns = end.at_ns
        _ = end.next_dials()
        waits_ns.append(end.at_ns - began_ns)
    assert waits_ns[0] <= BACK_OFF_MIN_NS
    assert waits_ns[1] > 60 * SECOND


def test_dials_under_way_are_bounded() -> None:
    """A thousand remembered addresses are dialled a few at a time."""
    end = End()
    dialled = [
        dial
        for number in range(1_000)
        for dial in end.links.sighted(address(number), Source.REMEMBERED, end.now).dials
    ]
    assert len(dialled) == DIALS_MAX
    step = end.links.dial_failed(dialled[0], DialFailure.TIMEOUT, end.now)
    assert len(step.dials) == 1
    assert end.links.statistics().dials == DIALS_MAX + 1


def test_hints_are_bounded_and_push_out_only_what_failed() -> None:
    """Whatever a hostile network announces, seeds stay and the book does not grow."""
    book = AddressBook(Random(1))
    for number in range(ADDRESSES_MAX + 500):
        book.sighted(address(number), Source.MDNS, 0)
    assert len(book) == ADDRESSES_OF_HINTS_MAX
    for number in range(5_000, 5_000 + ADDRESSES_MAX):
        book.sighted(address(number), Source.SEED, 0)
    assert len(book) == ADDRESSES_MAX
    failed = book.due((), 0)
    for each in failed:
        book.failed(each, "refused", 0)
    book.sighted(address(20_000), Source.SEED, 0)
    kept = [line.address for line in book.known()]
    assert len(kept) == ADDRESSES_MAX
    assert address(20_000) in kept
    assert failed[0] not in kept


def test_a_better_source_is_remembered() -> None:
    """An address that is announced and configured counts as configured."""
    book = AddressBook(Random(1))
    book.sighted(HERE, Source.MDNS, 0)
    book.sighted(HERE, Source.SEED, 0)
    book.sighted(HERE, Source.MDNS, 0)
    assert [line.source for line in book.known()] == [Source.SEED]


def test_a_greeted_stranger_is_connected_for_the_dials() -> None:
    """Who has said Hello is not dialled, whatever it may do here."""
    end = End()
    assert _sight(end)
    _ = end.greet(hello(HIGHER), Access.FELLOW, dialled=HERE)
    assert not _sight(end, Source.MDNS)
    assert end.links.deadline_ns is None
