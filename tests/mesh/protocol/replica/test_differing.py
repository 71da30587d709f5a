"""Where two configurations of one history differ: the first key, found in a few questions."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from mesh.environment.entries import NOTHING, Entry
from mesh.protocol.effects import Answer
from mesh.protocol.inputs import SubmitCommands
from mesh.protocol.now import SECOND
from mesh.protocol.replica import views
from mesh.protocol.replica.differing import ANSWERS_MAX, QUESTIONS_MAX, WINDOW_NS, Differing, Side
from mesh.wire.messages import StateAnswer, StatePart, StateQuestion
from mesh.wire.requests import Command, Key
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh
from tests.mesh.protocol.replica.test_members import inside
from tests.mesh.protocol.replica.test_mesh import gather

MANY = 300
VALUE = "not to be shown"


def furnished() -> MiniMesh:
    """Two controllers and many items."""
    mesh = gather(2)
    commands = tuple(
        Command("item", "set", {"name": f"k{at:03}", "value": VALUE}) for at in range(MANY)
    )
    host = mesh.hosts[0]
    answer = host.call(lambda call: SubmitCommands(call, "furnish", commands, "", 60 * SECOND))
    assert isinstance(answer, Answer), answer
    mesh.run(SECOND)
    return mesh


def spoil(
    host: Host, monkeypatch: pytest.MonkeyPatch, *keys: Key, to: Callable[[Entry], Entry]
) -> None:
    """``host`` holds something else under ``keys``, and so it does whenever it folds."""
    history = inside(host).history
    workspace = history._line.workspace
    _ = workspace.assign([(key, to(workspace.entry(key))) for key in keys])
    history._state = None
    monkeypatch.setattr(history, "refold", lambda: False)


def differing(host: Host) -> Differing:
    """What ``host`` has found."""
    return inside(host).disagreement.differing


def said(host: Host) -> list[str]:
    """What the doctor says of states."""
    findings = views.doctor(host.replica, host.now)["findings"]
    return [each["text"] for each in findings if each["text"].startswith("states differ")]


@pytest.mark.parametrize(
    ("to", "there"),
    [
        (lambda entry: Entry("spoiled", entry.version), "{version} with another value"),
        (lambda entry: Entry(entry.value, bytes(32)), "version 00000000"),
        (lambda entry: Entry(entry.value, None), "what was founded"),
        (lambda _: NOTHING, "nothing"),
    ],
)
def test_the_first_differing_key_is_named(
    monkeypatch: pytest.MonkeyPatch, to: Callable[[Entry], Entry], there: str
) -> None:
    """R22c: Both sides name the first key and its versions; no value is told."""
    mesh = furnished()
    first, second = mesh.hosts
    key = ("item", "k137")
    entry = inside(first).history.state.entry(key)
    assert entry.version is not None
    version = f"version {entry.version.hex()[:8]}"
    spoil(second, monkeypatch, key, ("item", "k290"), to=to)
    mesh.run(3 * SECOND)
    text = f"states differ with {second.configuration.name}: first differing key item/k137; "
    assert said(first) == [f"{text}here {version}, there {there.format(version=version)}"]
    assert "first differing key item/k137" in said(second)[0]
    assert views.status(first.replica, first.now)["differences"][0]["key"] == "item/k137"
    assert not views.doctor(first.replica, first.now)["well"]
    assert VALUE not in repr(views.doctor(second.replica, second.now))
    assert "spoiled" not in repr(views.doctor(second.replica, second.now))


@pytest.mark.parametrize("key", [("a", "a"), ("item", "k137x"), ("zz", "zz")])
def test_a_key_that_only_one_side_holds_is_named(monkeypatch: pytest.MonkeyPatch, key: Key) -> None:
    """R22c: Wherever it lies: before all others, between two, behind the last one."""
    mesh = furnished()
    first, second = mesh.hosts
    spoil(second, monkeypatch, key, to=lambda _: Entry(None, bytes(32), present=False))
    mesh.run(3 * SECOND)
    (here,), (there,) = differing(first).found.values(), differing(second).found.values()
    assert here.key == there.key == key
    nothing, removed = Side(None, held=False), Side(bytes(32))
    assert (here.here, here.there) == (there.there, there.here) == (nothing, removed)


def test_a_comparison_that_could_not_be_made_is_not_agreement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R22d: Where no answer comes the states still differ, and the key is said to be unknown."""
    mesh = furnished()
    first, second = mesh.hosts
    monkeypatch.setattr(differing(second), "_answer", lambda *_: None)
    spoil(second, monkeypatch, ("item", "k007"), to=lambda _: NOTHING)
    mesh.run(3 * SECOND)
    assert "could not be found out yet" in said(first)[0]
    assert not views.doctor(first.replica, first.now)["well"]
    assert not inside(first).disagreement.is_settled


def test_states_that_change_meanwhile_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """R22d: An answer of another state than the one that was asked about proves nothing."""
    mesh = furnished()
    first, second = mesh.hosts
    asking, peer, now = differing(first), second.replica.own, mesh.now
    asking.contradicted(peer, b"a state!", now)
    asking.receive(peer, StateAnswer(asked(asking), b"another!", None, None, ()), now)
    assert not asking.found
    assert first.replica.desk.counters["states that changed while they were compared"] == 1


def asked(asking: Differing) -> bytes:
    """The history that is asked about."""
    (comparison,) = asking._under_way.values()
    return comparison.question.history


def test_answers_are_counted_and_of_one_history_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """R22e: So many a minute, and none about another history."""
    mesh = furnished()
    first, second = mesh.hosts
    sent: list[object] = []
    monkeypatch.setattr(first.replica.desk, "send", lambda out, *_, **__: sent.extend(out))
    answering, peer = differing(first), second.replica.own
    question = StateQuestion(inside(first).history.history_hash[:8], None, None)
    for _ in range(2 * ANSWERS_MAX):
        answering.receive(peer, question, mesh.now)
    assert len(sent) == ANSWERS_MAX
    assert first.replica.desk.counters["questions about states not answered"] == ANSWERS_MAX
    mesh.run(WINDOW_NS)
    sent.clear()
    answering.receive(peer, StateQuestion(b"another!", None, None), mesh.now)
    assert not sent
    answering.receive(peer, question, mesh.now)
    assert len(sent) == 1


def test_a_comparison_ends_wherever_the_answers_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    """R22e: Whoever lies about its sums is asked eight times, not for ever."""
    mesh = furnished()
    first, second = mesh.hosts
    questions: list[StateQuestion] = []
    monkeypatch.setattr(
        first.replica.desk, "send", lambda out, *_, **__: questions.append(out[0].message)
    )
    asking, peer, now = differing(first), second.replica.own, mesh.now
    asking.contradicted(peer, b"a state!", now)
    for answered in range(2 * QUESTIONS_MAX):
        if answered < len(questions):
            ask = questions[answered]
            last = ("item", "z" * (100 - answered))
            part = StatePart(last, 2, b"whatever", None)
            answer = StateAnswer(ask.history, b"a state!", ask.after, ask.until, (part,))
            asking.receive(peer, answer, now)
    assert len(questions) == QUESTIONS_MAX
    assert all(one != other for one, other in pairwise(questions))


def test_parts_that_are_not_of_the_question_are_not_looked_at() -> None:
    """R22e: Parts follow each other, within what was asked."""
    mesh = furnished()
    first, second = mesh.hosts
    asking, peer, now = differing(first), second.replica.own, mesh.now
    asking.contradicted(peer, b"a state!", now)
    history = asked(asking)
    part = StatePart(("item", "k100"), 2, b"whatever", None)
    for after, until, parts in (
        (("item",), None, (part,)),
        (None, ("item",), (part,)),
        (None, None, (part, part)),
    ):
        asking.receive(peer, StateAnswer(history, b"a state!", after, until, parts), now)
    assert first.replica.desk.counters["answers about states out of place"] == 3
