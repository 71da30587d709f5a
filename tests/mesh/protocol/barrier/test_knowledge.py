"""What is learnt from facts: each counted once, in whatever order they come."""

from dataclasses import replace
from itertools import permutations

import msgspec

from mesh.protocol.barrier.knowledge import Knowledge
from mesh.protocol.catalogue import Catalogue
from mesh.wire.facts import Fact, Propose
from tests.mesh.protocol.barrier.stage import Stage, life, request


def retold(fact: Fact, **changes: object) -> Fact:
    """``fact`` with another origin, time or body."""
    return replace(fact, content=msgspec.structs.replace(fact.content, **changes))


def test_a_proposal_that_does_not_decode_counts_for_nothing() -> None:
    """A peer's mistake is a value: the reason comes back, nothing else changes."""
    stage = Stage(1)
    fact = stage.propose(1).fact
    knowledge = Knowledge(Catalogue())
    learned = knowledge.learn(retold(fact, body=Propose(b"\xff", request("x"))))
    assert learned.rejected is not None
    assert (learned.attempts, knowledge.proposed, len(knowledge.catalogue)) == (0, 0, 0)


def test_only_its_author_proposes_an_attempt() -> None:
    """The origin of the fact must be the author of the attempt."""
    stage = Stage(2)
    fact = stage.propose(1).fact
    knowledge = Knowledge(Catalogue())
    assert knowledge.learn(retold(fact, origin=life(2))).rejected is not None
    assert knowledge.learn(fact).rejected is None


def test_the_time_of_an_attempt_is_that_of_its_proposal() -> None:
    """Nobody backdates an attempt below the facts that its author had written."""
    stage = Stage(1)
    fact = stage.propose(1).fact
    knowledge = Knowledge(Catalogue())
    assert knowledge.learn(retold(fact, lamport=fact.content.lamport + 1)).rejected is not None


def test_what_is_told_says_what_it_touched() -> None:
    """Learned.attempts: the attempt that a fact is about, if its proposal is known."""
    stage = Stage(2)
    change = stage.propose(1)
    early = stage.seal(2, change, (1, 2))
    knowledge = Knowledge(Catalogue())
    assert knowledge.learn(early).attempts == 0
    assert knowledge.learn(change.fact).attempts == 1
    assert knowledge.learn(stage.refuse(2, change)).attempts == 1
    assert knowledge.learn(stage.boot(2, proven=True)).attempts == 0


def test_the_order_of_chains_does_not_matter() -> None:
    """The same facts, each chain in its order, give the same knowledge in any order of chains."""
    stage = Stage(3)
    low = stage.propose(1)
    high = stage.propose(2, low)
    for change in (high, low):
        stage.release(change, (1, 2, 3))
    stage.apply(3, low, high)
    seen = []
    for order in permutations(stage.chains.values()):
        knowledge = Knowledge(Catalogue())
        for chain in order:
            for fact in chain:
                _ = knowledge.learn(fact)
        found = {}
        for change in (low, high):
            number = knowledge.catalogue.number(change.id)
            assert number is not None
            found[change.id] = (
                bool(knowledge.whole >> number & 1),
                knowledge.names(knowledge.star(number)),
                knowledge.names(knowledge.below(number)),
                knowledge.names(knowledge.applied(number)),
            )
        seen.append(found)
    assert all(found == seen[0] for found in seen)
    assert [whole for whole, *_ in seen[0].values()] == [True, True]
