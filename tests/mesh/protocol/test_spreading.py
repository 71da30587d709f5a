"""Facts are pushed at once and compared later; loss costs time and nothing else."""

from random import Random

import pytest

from mesh.protocol import spreading as spreading_module
from mesh.protocol.chains import Chains
from mesh.protocol.links.limits import QUEUE_BYTES_MAX
from mesh.protocol.now import MILLISECOND, SECOND, Now
from mesh.protocol.outgoing import FANOUT, Channel, Outgoing
from mesh.protocol.spreading import (
    ANSWER_BYTES_MAX,
    ASK_AGAIN_NS,
    Spreading,
)
from mesh.wire.codec import decode, encode
from mesh.wire.facts import Fact, Record
from mesh.wire.identity import Incarnation
from mesh.wire.limits import MESSAGE_BYTES_MAX
from mesh.wire.messages import Facts, FactVector, Held
from tests.mesh.protocol.test_chains import BOOT, NOW, chains, life, say

DIRECT_PEERS_MAX = 128
SETTLE_NS = 100 * MILLISECOND
ASKING_NS = 25 * MILLISECOND
"""As the statements of the protocol have it."""

LATER = Now(NOW.monotonic_ns + SETTLE_NS, NOW.wall_ns + SETTLE_NS)


def facts_of(speaker: Chains, count: int) -> list[Fact]:
    """``count`` own facts of ``speaker``."""
    say(speaker, count)
    return speaker.chain(speaker.own)


def peers(count: int) -> list[Incarnation]:
    """``count`` peers by controller."""
    return [Incarnation(number.to_bytes(32, "big"), 1, bytes(8)) for number in range(count)]


def sent(outgoing: tuple[Outgoing, ...], kind: type) -> list[Outgoing]:
    """Those of ``outgoing`` that carry a message of ``kind``."""
    return [each for each in outgoing if isinstance(each.message, kind)]


def test_in_a_small_mesh_the_origin_tells_everybody_directly() -> None:
    """Up to the limit every connected peer gets the fact in one hop, marked as direct."""
    a = chains("a")
    spreading = Spreading(a, Random(1))
    told = spreading.push(facts_of(a, 1), peers(DIRECT_PEERS_MAX), NOW)
    assert [each.to for each in told] == peers(DIRECT_PEERS_MAX)
    assert all(isinstance(each.message, Facts) and each.message.direct for each in told)
    assert all(each.channel is Channel.STREAM for each in told)


def test_in_a_large_mesh_a_few_are_told_and_pass_it_on() -> None:
    """Beyond the limit a push goes to a few, is not direct, and is passed on by who took it."""
    a = chains("a")
    spreading = Spreading(a, Random(1))
    facts = facts_of(a, 1)
    crowd = peers(DIRECT_PEERS_MAX + 1)
    told = spreading.push(facts, crowd, NOW)
    assert len(told) == FANOUT
    assert all(isinstance(each.message, Facts) and not each.message.direct for each in told)
    passed = spreading.pass_on(facts, crowd[0], crowd, direct=False)
    assert len(passed) == FANOUT
    assert crowd[0] not in [each.to for each in passed]


def test_a_direct_push_is_not_passed_on() -> None:
    """What its origin told everybody travels no further, and what was not new neither."""
    a = chains("a")
    spreading = Spreading(a, Random(1))
    crowd = peers(DIRECT_PEERS_MAX + 1)
    assert spreading.pass_on(facts_of(a, 1), crowd[0], crowd, direct=True) == ()
    assert spreading.pass_on((), crowd[0], crowd, direct=False) == ()


def test_what_was_asked_for_is_not_passed_on() -> None:
    """The past that one newcomer was sent is no news for the others: they ask for it themselves."""
    a = chains("a")
    say(a, 3)
    answer = sent(Spreading(a, Random(1)).answer(life("b"), FactVector((), False, 0), NOW), Facts)
    assert answer
    assert all(isinstance(each.message, Facts) and each.message.direct for each in answer)


def test_a_gap_is_not_asked_about_everywhere() -> None:
    """While so many answers are on their way nobody else is asked; later somebody is."""
    spreading = Spreading(chains("a"), Random(1))
    *few, last = peers(FANOUT + 1)
    for peer in few:
        assert spreading.took(peer, NOW, news=True, gaps=True) != ()
    assert spreading.took(last, NOW, news=True, gaps=True) == ()
    later = Now(NOW.monotonic_ns + ASKING_NS, NOW.wall_ns)
    assert spreading.took(last, later, news=True, gaps=True) != ()


def test_vectors_are_compared_when_a_stream_stands() -> None:
    """A new stream begins with a vector that asks for the other's."""
    a = chains("a")
    say(a, 2)
    (asked,) = Spreading(a, Random(1)).connected(life("b"), NOW)
    assert isinstance(asked.message, FactVector)
    assert asked.message.reply
    assert [(line.origin, line.sequence) for line in asked.message.held] == [(a.own, 2)]


def test_equal_summaries_mean_nothing_to_do() -> None:
    """Who holds the same is not asked."""
    a = chains("a")
    assert Spreading(a, Random(1)).compare(life("b"), a.summary(), LATER) == ()


def test_a_difference_that_lasts_is_looked_into() -> None:
    """Just after news a difference is on its way; later it is a loss, and vectors are compared."""
    a = chains("a")
    spreading = Spreading(a, Random(1))
    spreading.push(facts_of(a, 1), peers(1), NOW)
    soon = Now(NOW.monotonic_ns + SETTLE_NS - 1, NOW.wall_ns)
    (first,) = spreading.compare(life("b"), bytes(8), soon)
    assert isinstance(first.message, FactVector), "a peer never asked is asked at once"
    assert spreading.compare(life("b"), bytes(8), Now(soon.monotonic_ns + 1, 0)) == ()
    assert spreading.compare(life("b"), bytes(8), Now(soon.monotonic_ns + SETTLE_NS, 0)) != ()


def test_under_a_steady_stream_of_news_vectors_are_compared_all_the_same() -> None:
    """No moment is quiet, and still a peer that differs is asked every two seconds."""
    a = chains("a")
    spreading = Spreading(a, Random(1))
    asked = 0
    for tick in range(0, 10 * SECOND, SETTLE_NS // 2):
        now = Now(tick, NOW.wall_ns + tick)
        say(a)
        spreading.push(a.chain(a.own)[-1:], peers(1), now)
        asked += len(spreading.compare(life("b"), bytes(8), now))
    assert asked == 10 * SECOND // ASK_AGAIN_NS


def test_two_who_compare_end_up_equal() -> None:
    """From any two sets of chains one exchange of vectors makes both hold everything."""
    random = Random(3)
    for _ in range(20):
        a, b = chains("a"), chains("b")
        others = [chains(letter) for letter in "cde"]
        for speaker in (a, b, *others):
            say(speaker, random.randint(1, 5))
        for speaker in others:
            holder = random.choice((a, b))
            holder.receive([fact.signed for fact in speaker.missing({})], NOW)
        exchange(a, b)
        assert a.vector() == b.vector()
        assert a.summary() == b.summary()


def exchange(a: Chains, b: Chains) -> None:
    """Carry messages between two until none is left."""
    sides = {a.own: (a, Spreading(a, Random(1))), b.own: (b, Spreading(b, Random(2)))}
    post = [(a.own, each) for each in sides[a.own][1].connected(b.own, NOW)]
    for _ in range(100):
        if not post:
            return
        sender, letter = post.pop(0)
        assert isinstance(letter.to, Incarnation)
        held, spreading = sides[letter.to]
        match letter.message:
            case FactVector():
                replies = spreading.answer(sender, letter.message, NOW)
            case Facts(facts=facts):
                taken = held.receive(facts, NOW)
                replies = spreading.took(sender, NOW, news=bool(taken.taken), gaps=taken.gaps)
            case _:
                raise AssertionError(letter)
        post += [(letter.to, each) for each in replies]
    raise AssertionError("the exchange does not end")


def test_a_gap_makes_the_receiver_ask_once() -> None:
    """Facts with something missing before them are followed by one question, not by one each."""
    a, b = chains("a"), chains("b")
    said = say(b, 3)
    spreading = Spreading(a, Random(1))
    received = a.receive(said[2:], NOW)
    assert len(spreading.took(b.own, NOW, news=False, gaps=received.gaps)) == 1
    assert spreading.took(b.own, NOW, news=False, gaps=received.gaps) == ()


@pytest.mark.parametrize("content", [b"", bytes(65_536)], ids=["small", "large"])
def test_no_message_exceeds_its_limits(content: bytes) -> None:
    """Many facts travel in several messages, each within its limit of bytes and of number."""
    a = chains("a")
    a.write(BOOT, NOW)
    for _ in range(60 if content else 1_500):
        a.write(Record("kind", content), NOW)
    answer = Spreading(a, Random(1)).answer(life("b"), FactVector((), False), NOW)
    batches = [each.message for each in answer]
    assert all(len(encode(batch)) <= MESSAGE_BYTES_MAX for batch in batches)
    total = sum(len(batch.facts) for batch in batches if isinstance(batch, Facts))
    assert total == a.last_own
    assert len(batches) > 1


def test_after_a_truncated_answer_the_rest_is_asked_for_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An answer fills no queue; whoever was helped by it and is still behind goes on asking."""
    monkeypatch.setattr(spreading_module, "ANSWER_BYTES_MAX", 2_000)
    monkeypatch.setattr(spreading_module, "FACTS_PER_MESSAGE_MAX", 5)
    a, b = chains("a"), chains("b")
    say(b)
    _ = facts_of(a, 60)
    one, other = Spreading(a, Random(1)), Spreading(b, Random(2))
    to_one: list[Outgoing] = list(other.connected(a.own, NOW))
    for _ in range(100):
        to_other: list[Outgoing] = []
        for each in to_one:
            if isinstance(each.message, FactVector):
                to_other += one.answer(b.own, each.message, NOW)
        to_one = []
        for each in to_other:
            if isinstance(each.message, Facts):
                received = b.receive(each.message.facts, NOW)
                news = bool(received.taken)
                to_one += other.took(a.own, NOW, news=news, gaps=received.gaps)
            elif isinstance(each.message, FactVector):
                to_one += other.answer(a.own, each.message, NOW)
    assert len(b.chain(a.own)) == 60


def test_whoever_claims_more_and_gives_nothing_is_not_asked_on_and_on() -> None:
    """A question that brought nothing is not repeated at once."""
    b = chains("b")
    say(b)
    liar = life("z")
    spreading = Spreading(b, Random(1))
    _ = spreading.connected(liar, NOW)
    claim = FactVector((Held(life("y"), 5),), reply=False)
    assert sent(spreading.answer(liar, claim, NOW), FactVector) == []


def test_one_answer_leaves_room_in_the_queue_of_its_stream() -> None:
    """Half of what may wait for a stream, so that the news of meanwhile fits behind it."""
    assert ANSWER_BYTES_MAX + MESSAGE_BYTES_MAX < QUEUE_BYTES_MAX


def test_whoever_meets_many_at_once_asks_one_of_them() -> None:
    """The others would all send the same; soon after the next one is asked as ever."""
    a, b = chains("a"), chains("b")
    say(a, 3)
    first, second, third = peers(3)
    spreading = Spreading(a, Random(1))
    assert len(sent(spreading.connected(first, NOW), FactVector)) == 1
    assert spreading.connected(second, NOW) == ()
    asked = FactVector(tuple(Held(origin, n) for origin, n in b.vector()), reply=True)
    answered = spreading.answer(third, asked, NOW)
    assert sent(answered, FactVector) == []
    assert sent(answered, Facts) != []
    assert spreading.compare(second, bytes(8), NOW) == ()
    soon = Now(NOW.monotonic_ns + ASKING_NS, NOW.wall_ns + ASKING_NS)
    assert len(sent(spreading.connected(second, soon), FactVector)) == 1


def test_a_vector_of_many_chains_goes_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part is answered by itself, and nothing is sent twice; the last one asks in turn."""
    monkeypatch.setattr(spreading_module, "ORIGINS_PER_MESSAGE_MAX", 3)
    a, b = chains("a"), chains("b")
    for number in range(10):
        other = chains("mnopqrstuv"[number])
        say(other, 2)
        known = [fact.signed for fact in other.missing({})]
        _ = a.receive(known, NOW)
        _ = b.receive(known if number % 2 else known[:1], NOW)
    told = [each.message for each in Spreading(b, Random(1)).connected(a.own, NOW)]
    parts = [part for part in told if isinstance(part, FactVector)]
    assert [len(part.held) for part in parts] == [3, 3, 3, 1]
    assert [part.reply for part in parts] == [False, False, False, True]
    assert [decode(encode(part)) for part in parts] == parts
    answers = Spreading(a, Random(2))
    facts = [
        fact
        for part in parts
        for answer in answers.answer(b.own, part, NOW)
        if isinstance(answer.message, Facts)
        for fact in answer.message.facts
    ]
    assert len(facts) == 5
    assert len(b.receive(facts, NOW).taken) == 5
    assert b.summary() == a.summary()
