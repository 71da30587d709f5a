"""A life after another one: what a Boot claims, what is taken up again, and what is left alone."""

import pytest

from mesh.protocol.effects import Answer, Noticed
from mesh.protocol.inputs import SubmitCommands
from mesh.protocol.now import SECOND
from mesh.protocol.replica.former import LIFE_KEY
from mesh.protocol.replica.scribe import LAMPORT_KEY, facts_of
from mesh.wire.facts import Boot, Content, Fact, SignedFact, write_fact
from mesh.wire.identity import NO_HASH, Incarnation
from mesh.wire.requests import Command
from tests.mesh.protocol.keys import Key
from tests.mesh.protocol.replica.solo import Solo
from tests.mesh.protocol.replica.test_members import inside
from tests.mesh.protocol.replica.test_mesh import gather, is_complete, item, submit


def boot_of(solo: Solo) -> Fact:
    """The Boot of this life."""
    assert solo.replica.participant is not None
    return solo.replica.participant.chains.chain(solo.replica.own)[0]


def lived() -> Solo:
    """A controller alone that applied one ChangeSet, all of it durable."""
    solo = Solo()
    command = Command("item", "set", {"name": "colour", "value": "blue"})
    _ = solo.do(SubmitCommands(1, "colour", (command,), "", SECOND))
    solo.sync()
    return solo


@pytest.mark.parametrize("unbroken", [True, False])
def test_a_boot_proves_the_last_number_only_where_the_store_went_on(unbroken: bool) -> None:  # noqa: FBT001  # the parameter
    """Otherwise it says that the end may be lost, and closes nothing."""
    solo = lived()
    former = solo.replica.own
    assert solo.replica.participant is not None
    last = len(solo.replica.participant.chains.chain(former))
    solo.disk.unbroken = unbroken
    body = boot_of(Solo(solo.disk)).body
    assert isinstance(body, Boot)
    assert body.previous == former
    assert body.proven == (last if unbroken else None)


def test_what_was_fetched_from_others_proves_nothing() -> None:
    """After a lost or restored disk the store has own lives whose end only others know of."""
    solo = lived()
    here = solo.replica.own
    assert solo.replica.participant is not None
    last = len(solo.replica.participant.chains.chain(here))
    lost = Incarnation(here.controller, here.boot + 3, b"lostlife")
    own = solo.replica.participant.chains
    boot = Boot(solo.replica.desk.environment, 0, bytes(16), None, None, ())
    content = Content(1, lost, 1, NO_HASH, own.chain(here)[-1].reference, own.lamport + 1, 0, boot)
    solo.disk.facts[lost, 1] = write_fact(content, Key(lost.controller).sign).signed
    solo.disk.boot, solo.disk.previous = lost.boot, lost
    said = boot_of(Solo(solo.disk)).body
    assert isinstance(said, Boot)
    assert (said.previous, said.proven) == (here, last)
    del solo.disk.meta[LIFE_KEY]
    solo.disk.previous = lost
    said = boot_of(Solo(solo.disk)).body
    assert isinstance(said, Boot)
    assert (said.previous, said.proven) == (lost, None)


def test_a_restarted_controller_shows_what_it_had_applied() -> None:
    """From its first moment: the history is what any of its lives said that it applied."""
    solo = lived()
    again = Solo(solo.disk)
    assert again.replica.participant is not None
    assert again.replica.participant.history.visible.get("item", "colour") == "blue"
    assert again.replica.participant.history.history_hash == (
        solo.replica.participant.history.history_hash if solo.replica.participant else None
    )


def test_no_lamport_time_of_an_earlier_life_is_used_again() -> None:
    """Not even one that was used and never became durable: the block that holds it was."""
    solo = lived()
    reserved = int.from_bytes(solo.disk.meta[LAMPORT_KEY], "big")
    assert boot_of(Solo(solo.disk)).content.lamport > reserved


def test_what_is_not_durable_at_a_crash_has_not_happened() -> None:
    """The next life knows nothing of it, and nobody else does."""
    solo = Solo()
    solo.sync()
    command = Command("item", "set", {"name": "colour", "value": "blue"})
    _ = solo.do(SubmitCommands(1, "colour", (command,), "", SECOND))
    again = Solo(solo.disk)
    assert again.replica.participant is not None
    assert again.replica.participant.history.visible.get("item", "colour") is None
    assert not [told for told in solo.notifications if isinstance(told, Answer)]


def foreign_boot(environment: bytes) -> SignedFact:
    """A chain of another environment begins."""
    life = Incarnation(b"f" * 32, 1, b"elsewher")
    body = Boot(environment, 0, bytes(16), None, None, ())
    content = Content(1, life, 1, NO_HASH, None, 1, 0, body)
    return write_fact(content, Key(life.controller).sign).signed


def test_facts_of_an_environment_that_was_given_up_are_left_alone() -> None:
    """They stay on disk as evidence, and count for nothing in another one."""
    solo = lived()
    here = solo.replica.desk.environment
    foreign = foreign_boot(b"e" * 32)
    solo.disk.facts[Incarnation(b"f" * 32, 1, b"elsewher"), 1] = foreign
    image = solo.disk.image()
    assert foreign in image.facts
    kept = facts_of(image, here)
    assert foreign not in kept
    assert len(kept) == len(image.facts) - 1


def test_a_chain_of_another_environment_is_not_begun() -> None:
    """Whoever brings it: what is refused at a start must not be taken in between."""
    mesh = gather(2)
    chains = inside(mesh.hosts[0]).chains
    before = chains.vector()
    received = chains.receive([foreign_boot(b"e" * 32)], mesh.now)
    assert [why.value for why in received.refused] == ["environment"]
    assert chains.vector() == before


def test_stored_facts_that_do_not_decode_are_counted_and_passed_over() -> None:
    """The controller starts, says so, and fetches from others what is missing."""
    solo = lived()
    place = max(solo.disk.facts)
    solo.disk.facts[place] = SignedFact(b"\0", bytes(64))
    again = Solo(solo.disk)
    told = [each for each in again.notifications if isinstance(each, Noticed)]
    assert "facts set aside" in [each.event for each in told]
    assert again.replica.desk.counters["own facts refused: undecodable"] == 1


def test_a_controller_without_its_disk_comes_back_and_agrees() -> None:
    """It is told who it was, takes a number above, and has the same history as before."""
    mesh = gather(3)
    assert isinstance(submit(mesh.hosts[0], "colour", value="blue"), Answer)
    mesh.run(SECOND)
    lost = mesh.hosts[2]
    lost.crash()
    mesh.run(10 * SECOND)
    lost.disk = type(lost.disk)(boot=lost.disk.boot)
    lost.start()
    assert mesh.run_until(lambda: is_complete(mesh), 120 * SECOND)
    assert item(lost, "colour") == "blue"
    assert len({inside(host).history.history_hash for host in mesh.hosts}) == 1
