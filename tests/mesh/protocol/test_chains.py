"""Facts are taken in order, chained, signed and timed; others are refused and change nothing."""

import msgspec
import pytest

from mesh.protocol import waiting as waiting_module
from mesh.protocol.chains import (
    CLOCK_AHEAD_MAX_NS,
    LAMPORT_BLOCK,
    LAMPORT_STEP_MAX,
    Chains,
    Refused,
)
from mesh.protocol.now import SECOND, Now
from mesh.protocol.waiting import WAITING_MAX
from mesh.wire.facts import (
    Applied,
    Boot,
    Content,
    Fact,
    Reference,
    SignedFact,
    read_fact,
    write_fact,
)
from mesh.wire.identity import NO_HASH, Incarnation
from tests.mesh.protocol.keys import Key, KeySuite

NOW = Now(0, 1_000 * SECOND)


def life(letter: str, boot: int = 1) -> Incarnation:
    """An incarnation named by a letter."""
    return Incarnation(letter.encode() * 32, boot, f"{letter}{boot:07}".encode())


def chains(letter: str, boot: int = 1, floor: int = 0) -> Chains:
    """Empty chains of one controller."""
    own = life(letter, boot)
    return Chains(own, Key(own.controller), KeySuite(), floor)


BOOT = Boot(bytes(32), 0, bytes(16), None, None, ())


def say(speaker: Chains, count: int = 1, now: Now = NOW) -> list[SignedFact]:
    """``count`` own facts, the first one the Boot where there is none yet."""
    said: list[SignedFact] = []
    for _ in range(count):
        number = speaker.last_own
        body = Applied(number.to_bytes(32, "big")) if number else BOOT
        said.append(speaker.write(body, now)[0].signed)
    return said


def forge(fact: Fact, **changes: object) -> SignedFact:
    """``fact`` with other content, properly signed by its origin."""
    content = msgspec.structs.replace(fact.content, **changes)
    return write_fact(content, Key(fact.origin.controller).sign).signed


def test_facts_of_a_peer_are_taken_once_and_in_order() -> None:
    """Each fact of a chain is taken exactly once, in the order of its numbers."""
    a, b = chains("a"), chains("b")
    said = say(a, 3)
    received = b.receive(said + said, NOW)
    assert [fact.sequence for fact in received.taken] == [1, 2, 3]
    assert not received.refused
    assert b.vector() == a.vector()
    assert b.summary() == a.summary()


def test_a_gap_is_refused_and_reported() -> None:
    """A fact after a missing one is not taken, and the receiver knows that it lacks something."""
    a, b = chains("a"), chains("b")
    first, _, third = say(a, 3)
    received = b.receive([first, third], NOW)
    assert received.refused == (Refused.GAP,)
    assert received.gaps
    assert b.vector() == [(a.own, 1)]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda signed: SignedFact(signed.raw, bytes(64)),
        lambda signed: SignedFact(signed.raw[:-1] + bytes([signed.raw[-1] ^ 1]), signed.signature),
        lambda signed: SignedFact(b"", signed.signature),
    ],
    ids=["signature", "content", "nothing"],
)
def test_what_its_origin_did_not_sign_is_refused(spoil: object) -> None:
    """A fact counts only with its origin's signature over every byte of it."""
    a, b = chains("a"), chains("b")
    received = b.receive([spoil(say(a)[0])], NOW)  # type: ignore[operator]  # one of the above
    assert not received.taken
    assert len(received.refused) == 1
    assert b.vector() == []


def test_a_chain_begins_with_its_boot() -> None:
    """The first fact of a chain is a Boot, and no later one is."""
    a, b = chains("a"), chains("b")
    say(a, 2)
    boot, second = a.chain(a.own)
    assert b.receive([forge(boot, body=Applied(bytes(32)))], NOW).refused == (Refused.BOOT,)
    received = b.receive([boot.signed, forge(second, body=BOOT)], NOW)
    assert received.refused == (Refused.BOOT,)


def test_a_fact_names_the_one_before() -> None:
    """A fact whose previous hash is another one's is no part of the chain."""
    a, b = chains("a"), chains("b")
    say(a, 2)
    boot, second = a.chain(a.own)
    received = b.receive([boot.signed, forge(second, previous=bytes(32))], NOW)
    assert received.refused == (Refused.CHAIN,)


def test_two_facts_under_one_number_are_kept_as_proof() -> None:
    """A second signed fact under a number that is held is refused and kept as proof."""
    a, b = chains("a"), chains("b")
    say(a, 2)
    boot, second = a.chain(a.own)
    other = forge(second, body=Applied(b"o" * 32))
    received = b.receive([boot.signed, second.signed, other], NOW)
    assert received.refused == (Refused.FORK,)
    (fork,) = received.forks
    assert (fork.origin, fork.sequence) == (a.own, 2)
    assert (fork.held, fork.other) == (second.signed, other)
    assert b.chain(a.own)[1].hash == second.hash


def test_an_unsigned_second_fact_proves_nothing() -> None:
    """Nobody is accused by a fact that he did not sign."""
    a, b = chains("a"), chains("b")
    say(a, 2)
    boot, second = a.chain(a.own)
    other = SignedFact(forge(second, body=Applied(b"o" * 32)).raw, bytes(64))
    received = b.receive([boot.signed, second.signed, other], NOW)
    assert received.refused == (Refused.SIGNATURE,)
    assert not received.forks
    assert not b.receive([second.signed, other], NOW).forks


def test_a_proof_counts_for_those_who_hold_neither_fact() -> None:
    """Two facts that come alone and contradict each other are proof also behind a gap."""
    a, b = chains("a"), chains("b")
    say(a, 3)
    third = a.chain(a.own)[2]
    other = forge(third, body=Applied(b"o" * 32))
    received = b.receive([third.signed, other], NOW)
    assert received.gaps
    assert received.forks[0].sequence == 3
    assert not b.receive([third.signed, third.signed], NOW).forks


def test_a_stored_fact_that_its_origin_did_not_sign_is_set_aside() -> None:
    """At a start the end of each chain is checked, and with it, by hashes, all before it."""
    a = chains("a")
    say(a, 4)
    boot, second, third, fourth = a.chain(a.own)
    forged = SignedFact(forge(third, body=Applied(b"o" * 32)).raw, bytes(64))
    b = chains("b")
    restored = b.restore([boot.signed, second.signed, forged, fourth.signed])
    assert restored.refused == (Refused.SIGNATURE, Refused.GAP)
    assert [fact.hash for fact in b.chain(a.own)] == [boot.hash, second.hash]
    assert b.receive([third.signed, fourth.signed], NOW).taken == (third, fourth)


def test_lamport_time_rises_along_a_chain() -> None:
    """A fact lies above its predecessor in Lamport time."""
    a, b = chains("a"), chains("b")
    say(a, 2)
    boot, second = a.chain(a.own)
    stale = forge(second, lamport=boot.content.lamport, after=None)
    assert b.receive([boot.signed, stale], NOW).refused == (Refused.LAMPORT,)


def test_lamport_time_does_not_leap() -> None:
    """A fact more than the step above all that it names is refused, however well it is signed."""
    a, b, c = chains("a"), chains("b"), chains("c")
    say(a, 2)
    boot, second = a.chain(a.own)
    top = max(boot.content.lamport, 0) + LAMPORT_STEP_MAX
    assert b.receive([boot.signed, forge(second, lamport=top + 1)], NOW).refused == (
        Refused.LAMPORT,
    )
    assert len(c.receive([boot.signed, forge(second, lamport=top)], NOW).taken) == 2


def test_a_leap_needs_a_witness_and_one_suffices() -> None:
    """After news from far ahead, the next own fact may lie as far ahead: it names the news."""
    a, b, c = chains("a"), chains("b", floor=LAMPORT_STEP_MAX - 10), chains("c")
    say(b)
    far = b.chain(b.own)
    say(a)
    assert len(a.receive([far[0].signed], NOW).taken) == 1
    say(a)
    witnessed = a.chain(a.own)
    assert witnessed[1].content.after == far[0].reference
    received = c.receive([*(fact.signed for fact in witnessed), far[0].signed], NOW)
    assert [(fact.origin, fact.sequence) for fact in received.taken] == [
        (a.own, 1),
        (b.own, 1),
        (a.own, 2),
    ]


def test_a_fact_waits_for_the_one_that_it_names() -> None:
    """What came before its witness is taken as soon as the witness is, in one go."""
    a, b, c = chains("a"), chains("b"), chains("c")
    a.receive(say(b), NOW)
    said = say(a, 3)
    early = c.receive(said, NOW)
    assert not early.taken
    assert early.gaps
    late = c.receive([b.chain(b.own)[0].signed], NOW)
    assert [(fact.origin, fact.sequence) for fact in late.taken] == [(b.own, 1), (a.own, 1)]
    c.receive(said, NOW)
    assert c.vector() == a.vector()


def test_a_witness_is_named_by_its_hash() -> None:
    """Naming a fact that does not exist under that number makes a fact invalid for everybody."""
    a, b, c = chains("a"), chains("b"), chains("c")
    a.receive(say(b), NOW)
    say(a)
    boot = a.chain(a.own)[0]
    lie = forge(boot, after=Reference(b.own, 1, b"w" * 32))
    c.receive([b.chain(b.own)[0].signed], NOW)
    assert c.receive([lie], NOW).refused == (Refused.AFTER,)


def test_what_waits_is_bounded() -> None:
    """A flood of facts that name what never comes fills a table of stated size and no more."""
    b = chains("b")
    unseen = Reference(life("z"), 1, b"z" * 32)
    flood = []
    for number in range(WAITING_MAX + 8):
        key = Key(number.to_bytes(32, "big"))
        origin = Incarnation(key.public, 1, bytes(8))
        content = Content(1, origin, 1, NO_HASH, unseen, 5, 0, BOOT)
        flood.append(write_fact(content, key.sign).signed)
    refused = b.receive(flood, NOW).refused
    assert refused == (Refused.FULL,) * 8


def test_missing_facts_come_in_an_order_in_which_they_can_be_taken() -> None:
    """What a peer lacks is sent so that each fact's witness precedes it."""
    a, b, c = chains("a"), chains("b"), chains("c")
    for _ in range(5):
        a.receive(say(b), NOW)
        b.receive(say(a), NOW)
    received = c.receive([fact.signed for fact in a.missing({})], NOW)
    assert not received.refused
    assert not received.gaps
    assert c.vector() == a.vector()
    assert a.missing(dict(c.vector())) == []


def test_who_holds_more_is_noticed() -> None:
    """A vector with a higher number than is held here means that something is to be fetched."""
    a, b = chains("a"), chains("b")
    b.receive(say(a, 2)[:1], NOW)
    assert b.lacks(dict(a.vector()))
    assert not a.lacks(dict(b.vector()))


def test_lamport_times_are_reserved_on_disk_in_blocks() -> None:
    """The first fact reserves a block, the next thousand need none, then another one begins."""
    a = chains("a", floor=7)
    ends = [
        a.write(BOOT if n == 0 else Applied(bytes(32)), NOW)[1] for n in range(LAMPORT_BLOCK + 2)
    ]
    assert ends[0] == 8 + LAMPORT_BLOCK
    assert [end for end in ends[1:] if end is not None] == [8 + 2 * LAMPORT_BLOCK]
    assert a.chain(a.own)[0].content.lamport == 8


def test_no_time_of_an_earlier_life_is_used_again() -> None:
    """A life that starts above the reserved block lies above all that the former one said."""
    former = chains("a")
    reserved = [former.write(BOOT, NOW)[1]]
    reserved += [former.write(Applied(bytes(32)), NOW)[1] for _ in range(10)]
    floor = max(end for end in reserved if end is not None)
    later = chains("a", boot=2, floor=floor)
    later.restore([fact.signed for fact in former.chain(former.own)])
    say(later)
    assert later.chain(later.own)[0].content.lamport > former.lamport


def test_restored_facts_may_come_in_any_order() -> None:
    """The disk may hand out whole chains one after the other; all are taken again."""
    a, b = chains("a"), chains("b")
    for _ in range(20):
        a.receive(say(b), NOW)
        b.receive(say(a), NOW)
    stored = [fact.signed for origin, _ in a.vector() for fact in a.chain(origin)]
    again = chains("a", boot=2)
    received = again.restore(reversed(stored))
    assert not received.refused
    assert again.vector() == a.vector()


def test_a_clock_far_ahead_is_not_followed() -> None:
    """Facts stamped beyond a second ahead of the own wall clock leave the own clock alone."""
    a, b = chains("a"), chains("b")
    near = Now(0, NOW.wall_ns + CLOCK_AHEAD_MAX_NS)
    b.receive(say(a, 1, near), NOW)
    say(b)
    assert b.chain(b.own)[0].content.clock_ns > near.wall_ns
    c, d = chains("c"), chains("d")
    poisoned = Now(0, NOW.wall_ns + CLOCK_AHEAD_MAX_NS + 1)
    d.receive(say(c, 1, poisoned), NOW)
    say(d)
    assert d.chain(d.own)[0].content.clock_ns == NOW.wall_ns


def test_own_clock_never_runs_back() -> None:
    """Stamps of own facts rise even where the wall clock steps back."""
    a = chains("a")
    say(a)
    say(a, 1, Now(5, NOW.wall_ns - SECOND))
    first, second = a.chain(a.own)
    assert second.content.clock_ns == first.content.clock_ns + 1


def test_a_time_without_a_witness_is_not_leapt_to() -> None:
    """What an earlier life reserved counts only as far as others would take it.

    Its facts may be lost, or of an environment that was given up: then nobody else knows the time
    that it had reached, and a fact above that by more than the limit would be refused for ever.
    """
    a, b = chains("a", boot=9, floor=100 * LAMPORT_STEP_MAX), chains("b")
    received = b.receive(say(a, 3), NOW)
    assert received.refused == ()
    assert len(received.taken) == 3
    assert [fact.content.lamport for fact in received.taken] == [
        LAMPORT_STEP_MAX + n for n in range(3)
    ]


def test_what_waits_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large facts that wait for one that never comes do not fill the memory."""
    a, b, c = chains("a"), chains("b"), chains("c")
    _ = b.receive(say(a), NOW)
    waiting = say(b, 3)
    monkeypatch.setattr(waiting_module, "WAITING_BYTES_MAX", len(waiting[0].raw) - 1)
    assert c.receive(waiting[:1], NOW).refused == (Refused.FULL,)
    monkeypatch.setattr(waiting_module, "WAITING_BYTES_MAX", len(waiting[0].raw))
    assert c.receive(waiting[:1], NOW).refused == ()
    taken = c.receive([fact.signed for fact in a.chain(a.own)], NOW).taken
    assert len(taken) == 2
    assert c.waiting_bytes == 0


def test_chains_of_another_environment_are_not_begun() -> None:
    """Neither the Boot nor what follows it is taken."""
    a = chains("a")
    own = life("b")
    b = Chains(own, Key(own.controller), KeySuite(), 0, environment=b"e" * 32)
    received = b.receive(say(a, 2), NOW)
    assert received.taken == ()
    assert received.refused == (Refused.ENVIRONMENT, Refused.GAP)


def test_whoever_may_not_introduce_others_brings_only_those_who_are_known() -> None:
    """Chains of keys that a stranger made are not begun; those of the known go on and begin."""
    a, b, made = chains("a"), chains("b"), chains("m")
    said = say(a, 3)
    _ = b.receive(said[:1], NOW)
    received = b.receive([*say(made, 2), *said], NOW, lambda controller: controller == b"a" * 32)
    assert received.refused == (Refused.STRANGER, Refused.STRANGER)
    assert b.vector() == a.vector()
    received = b.receive(say(a, 1), NOW, lambda _: False)
    assert [fact.sequence for fact in received.taken] == [4], "it was begun already"


def test_who_named_the_other_story_of_a_liar_is_taken() -> None:
    """A key told two stories: what honest ones wrote in good faith passes, once that is proven."""
    liar, a, b = chains("x"), chains("a"), chains("b")
    boot = say(liar, 1)
    here = say(liar, 1)
    there = [forge(read_fact(here[0]), body=Applied(b"2" * 32))]
    _ = a.receive([*boot, *here], NOW)
    _ = b.receive([*boot, *there], NOW)
    said = say(b, 2)
    refused = a.receive(said, NOW)
    assert refused.refused == (Refused.AFTER, Refused.GAP)
    assert [fact.signed for fact in refused.contested] == here, "this is shown to whoever said so"
    assert b.receive(here, NOW).forks, "who then has the proof"
    a.doubt(liar.own.controller)
    assert [fact.sequence for fact in a.receive(said, NOW).taken] == [1, 2]


def test_the_other_story_of_a_liar_pushes_no_clock() -> None:
    """Its time is unknown here, so it is no reason for a leap."""
    a, b = chains("a"), chains("b")
    liar = life("x")
    a.doubt(liar.controller)
    [boot] = say(b, 1)
    named = Reference(liar, 9, b"9" * 32)
    far = forge(read_fact(boot), after=named, lamport=LAMPORT_STEP_MAX + 1)
    assert a.receive([far], NOW).refused == (Refused.LAMPORT,)
    near = forge(read_fact(boot), after=named, lamport=LAMPORT_STEP_MAX)
    assert len(a.receive([near], NOW).taken) == 1


def test_stored_facts_that_name_the_other_story_are_kept() -> None:
    """They were judged when they came; a restart asks for no proof once more."""
    liar = chains("x")
    a, b = chains("a"), chains("b")
    boot = say(liar, 1)
    here = say(liar, 1)
    there = forge(read_fact(here[0]), body=Applied(b"2" * 32))
    _ = b.receive([*boot, there], NOW)
    said = say(b, 2)
    restored = a.restore([*boot, *here, *said])
    assert not restored.refused
    assert a.last(b.own) == 2
