"""A key that has told two stories: all see it, and a person pardons it, as the docs say."""

import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from mesh.cli.errors import DONE
from mesh.wire.facts import Content, Record, write_fact
from mesh.wire.messages import Facts
from tests.hostile.stage import address
from tests.hostile.wolf import Wolf, steal
from tests.hosts.asking import items, set_item
from tests.hosts.mesh import Mesh, on_loopback
from tests.hosts.processes import Process, await_that

PATIENCE_S = 60.0


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Mesh]:
    """Three controllers of which one may lie."""
    made = Mesh(on_loopback(3, tmp_path))
    try:
        made.form()
        yield made
    finally:
        made.stop()


def tell_another_story(liar: Process, to: Process) -> None:
    """As a copy of ``liar``'s memory would that went on: its last life, another last fact."""
    loot = steal(liar.directory)
    wolf = Wolf(loot.identity, loot.exchange, loot.enrolment, loot.boots)
    own = [fact for fact in loot.facts if fact.origin.controller == loot.identity.public]
    *_, before, last = sorted(own, key=lambda fact: (fact.origin.boot, fact.sequence))
    assert before.origin == last.origin, "its last life has said more than that it began"
    wolf.nonce = last.origin.nonce
    content = Content(
        version=1,
        origin=last.origin,
        sequence=last.sequence,
        previous=before.hash,
        after=before.reference,
        lamport=last.content.lamport,
        clock_ns=time.time_ns(),
        body=Record("story", b"another"),
    )
    story = write_fact(content, wolf.identity.sign)
    with wolf.line(address(to)) as line:
        line.say(Facts((story.signed,), direct=True))
        _ = line.hear_all(1.0)


def accused(process: Process) -> bool:
    """Whether its doctor says that a key has lied."""
    return "has signed two different facts" in process.run("doctor").out


def may_vote(process: Process) -> bool:
    """Whether it says that it takes part."""
    outcome = process.run("status", "--json")
    return outcome.code == DONE and bool(json.loads(outcome.out)["votes"])


def shows(process: Process, name: str, value: str) -> bool:
    """Whether it shows the item."""
    return items(process).get(name) == value


def test_a_key_that_told_two_stories_is_pardoned(three: Mesh) -> None:
    """All see the proof and say what to do; after the pardon its next life takes part again."""
    *honest, liar = three.processes
    assert liar.terminate() == DONE
    tell_another_story(liar, honest[0])
    for process in honest:
        await_that(partial(accused, process), PATIENCE_S, f"{process.name} has the proof")
    _ = set_item(honest[0], "meanwhile", "they go on")
    await_that(lambda: shows(honest[1], "meanwhile", "they go on"), PATIENCE_S, "they go on")
    outcome = honest[1].run("members", "pardon", liar.name, "--reason", "went on from a snapshot")
    assert outcome.code == DONE, outcome.errors
    liar.start()
    three.await_whole()
    await_that(lambda: may_vote(liar), PATIENCE_S, "it has read its pardon")
    _ = set_item(liar, "again", "with all")
    for process in three.processes:
        await_that(partial(shows, process, "again", "with all"), PATIENCE_S, "all show it")
