"""Equal histories and different states: who was wrong, what is mended, and who stands down."""

from functools import partial

import pytest

from mesh.environment.entries import Entry
from mesh.protocol.effects import Answer, ConfigurationSwapped, Refusal
from mesh.protocol.history.rules import Verdict
from mesh.protocol.now import SECOND
from mesh.protocol.replica import views
from mesh.protocol.replica.disagreement import PATIENCE_NS
from tests.mesh.protocol.replica.mini_mesh import Host, MiniMesh
from tests.mesh.protocol.replica.test_members import inside, noticed
from tests.mesh.protocol.replica.test_mesh import gather, item, sees, submit


def coloured(count: int) -> MiniMesh:
    """A mesh in which the colour is blue."""
    mesh = gather(count)
    assert isinstance(submit(mesh.hosts[0], "colour", value="blue"), Answer)
    mesh.run(SECOND)
    return mesh


def damage(host: Host) -> None:
    """One entry in the memory of ``host`` changes by itself."""
    history = inside(host).history
    before = history._line.workspace.entry(("item", "colour"))
    _ = history._line.workspace.assign([(("item", "colour"), Entry("brown", before.version))])
    history._state = None
    _ = history.swap()
    assert item(host, "colour") == "brown"


def misfold(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program of ``host`` folds otherwise, and so it does whenever it folds."""
    history = inside(host).history
    fold = history._fold

    def wrong(number: int, merged_by: bytes | None) -> Verdict:
        verdict = fold(number, merged_by)
        tampered = tuple(
            (key, Entry("brown", entry.version)) if key == ("item", "colour") else (key, entry)
            for key, entry in verdict.after
        )
        _ = history._line.workspace.assign(tampered)
        return Verdict(verdict.outcome, verdict.before, tampered)

    monkeypatch.setattr(history, "_fold", wrong)
    assert history.refold()
    _ = history.swap()
    assert item(host, "colour") == "brown"


def stands_down(host: Host) -> bool:
    """Whether it says that it casts no votes, since others contradict it."""
    status = views.status(host.replica, host.now)
    return not status["votes"] and "another configuration" in status["why_no_votes"]


def test_what_is_damaged_in_memory_is_mended() -> None:
    """Folded again it comes out differently: the mistake was here, and all is as everywhere."""
    mesh = coloured(3)
    first, second, third = mesh.hosts
    damage(third)
    assert mesh.run_until(lambda: item(third, "colour") == "blue", 10 * SECOND)
    assert third.replica.desk.counters["states mended"] == 1
    assert "is mended" in noticed(third, "states differ")[0]
    assert len({inside(host).history.state_hash for host in mesh.hosts}) == 1
    mesh.run(2 * PATIENCE_NS)
    assert not any(map(stands_down, mesh.hosts))
    assert isinstance(submit(third, "colour", value="red"), Answer)
    assert mesh.run_until(lambda: item(first, "colour") == item(second, "colour") == "red", SECOND)


def test_mended_is_not_said_before_somebody_agrees() -> None:
    """A comparison that has not been made since says nothing; the next one that agrees does."""
    mesh = coloured(2)
    host = mesh.hosts[1]
    damage(host)
    counters = host.replica.desk.counters
    assert mesh.run_until(lambda: counters["states mended"] == 1, 10 * SECOND)
    assert "could be compared with since" in _history(host)
    mesh.run(3 * SECOND)
    assert "is mended by now" in _history(host)


def _history(host: Host) -> str:
    findings = views.doctor(host.replica, host.now)["findings"]
    return " ".join(each["text"] for each in findings if each["about"] == "history")


def test_what_is_mended_is_shown_after_what_was_about_to_be() -> None:
    """Readers see the mended state last, whatever had been prepared on the damaged one."""
    mesh = coloured(2)
    host = mesh.hosts[1]
    damage(host)
    shown_before = len(host.notifications)
    assert mesh.run_until(lambda: item(host, "colour") == "blue", 10 * SECOND)
    told = host.notifications[shown_before:]
    assert [each.why for each in told if isinstance(each, ConfigurationSwapped)] == ["mended"]


def test_the_smaller_side_stands_down_and_nobody_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Folded again it comes out the same: two others say otherwise, so it leaves, and says why."""
    mesh = coloured(3)
    first, second, third = mesh.hosts
    misfold(third, monkeypatch)
    mesh.run(PATIENCE_NS // 2)
    assert not any(map(stands_down, mesh.hosts))
    assert mesh.run_until(partial(stands_down, third), 2 * PATIENCE_NS)
    assert not stands_down(first)
    assert not stands_down(second)
    diagnosis = views.doctor(third.replica, third.now)
    assert not diagnosis["well"]
    assert any("upgrade or restart" in finding["text"] for finding in diagnosis["findings"])
    assert mesh.run_until(lambda: sees(first) == sees(second) == 2, SECOND)
    assert isinstance(submit(third, "colour", value="red"), Refusal)
    assert isinstance(submit(first, "colour", value="green"), Answer)
    assert mesh.run_until(lambda: item(second, "colour") == "green", SECOND)
    mesh.run(3 * PATIENCE_NS)
    assert not stands_down(first)
    assert not stands_down(second)


def test_two_alone_both_stand_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can say which one is wrong."""
    mesh = coloured(2)
    misfold(mesh.hosts[1], monkeypatch)
    mesh.run(2 * PATIENCE_NS)
    assert [stands_down(host) for host in mesh.hosts] == [True, True]


def test_the_next_life_begins_without_prejudice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A restart folds everything anew; where that helps, it takes part as if nothing had been."""
    mesh = coloured(3)
    first, _, third = mesh.hosts
    misfold(third, monkeypatch)
    assert mesh.run_until(partial(stands_down, third), 2 * PATIENCE_NS)
    third.crash()
    third.start()
    assert mesh.run_until(lambda: sees(first) == 3, 20 * SECOND)
    mesh.run(2 * PATIENCE_NS)
    assert not stands_down(third)
    assert isinstance(submit(third, "colour", value="red"), Answer)


def test_a_refold_gives_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a sound history nothing changes, and every signature is looked at again."""
    history = inside(coloured(2).hosts[0]).history
    before = (history.state_hash, history.history_hash, history.ids)
    verify = history._suite.verify
    looked_at: list[bytes] = []

    def counted(public: bytes, message: bytes, signature: bytes) -> bool:
        looked_at.append(message)
        return verify(public, message, signature)

    monkeypatch.setattr(history._suite, "verify", counted)
    assert not history.refold()
    assert (history.state_hash, history.history_hash, history.ids) == before
    assert len(looked_at) == history.ids.bit_count() > 1
