"""Checkpoints in a mesh: taken when enough was added, agreed on, dropped, and nothing is missed."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mesh.protocol.effects import Answer, Noticed
from mesh.protocol.forks import Fork
from mesh.protocol.ground import GROUND_KEY, read_ground, write_ground
from mesh.protocol.history import Why
from mesh.protocol.inputs import RestageChange, Sighted, SubmitCommands, Woke
from mesh.protocol.now import SECOND
from mesh.protocol.replica import checkpoints
from mesh.protocol.replica.participant import Participant
from mesh.protocol.replica.snapshots import PROOF_BYTES_MAX, _are_most, join
from mesh.protocol.replica.surveying import Survey
from mesh.protocol.terms import Terms
from mesh.wire import cbor
from mesh.wire.facts import NoReason
from mesh.wire.limits import SNAPSHOT_PART_BYTES_MAX
from mesh.wire.messages import SnapshotPart, SnapshotRequest
from mesh.wire.requests import Command, Kind
from tests.mesh.protocol.replica.mini_mesh import Disk, Host, MiniMesh
from tests.mesh.protocol.replica.test_members import remove
from tests.mesh.protocol.replica.test_mesh import gather, is_complete, item, submit

EVERY = 4
DAY = 86_400 * SECOND


def inside(host: Host) -> Participant:
    """The machines of ``host``."""
    assert host.replica.participant is not None
    return host.replica.participant


def heights(mesh: MiniMesh) -> list[int]:
    """What each host that is up stands on."""
    return [inside(host).catalogue.ground.height for host in mesh.hosts if host.is_up]


def states(mesh: MiniMesh) -> set[tuple[bytes, bytes]]:
    """The histories of all hosts that are up, and what they fold to."""
    histories = [inside(host).history for host in mesh.hosts if host.is_up]
    return {(each.history_hash, each.state_hash) for each in histories}


def collecting(count: int, **settings: object) -> MiniMesh:
    """A mesh that keeps few ChangeSets in full."""
    mesh = gather(count)
    settings = {"checkpoint_changes": EVERY, **settings}
    command = Command("environment", "set", settings)  # type: ignore[arg-type]
    answer = mesh.hosts[0].call(
        lambda call: SubmitCommands(call, "collect", (command,), "", 60 * SECOND)
    )
    assert isinstance(answer, Answer), answer
    run(mesh, 2 * SECOND)
    return mesh


def run(mesh: MiniMesh, duration_ns: int, until: Callable[[], bool] = lambda: False) -> bool:
    """Let time pass; a life that has ended is followed by another one."""
    end_ns = mesh.time_ns + duration_ns
    while mesh.time_ns < end_ns:
        if mesh.run_until(until, min(SECOND, end_ns - mesh.time_ns)):
            return True
        for host in mesh.hosts:
            if host.is_up and host.replica.desk.ended:
                host.crash()
                host.start()
    return until()


def change(mesh: MiniMesh, times: int, host: int = 0) -> None:
    """So many changes of one item, one after the other."""
    for at in range(times):
        assert isinstance(submit(mesh.hosts[host], "x", value=at), Answer)
        run(mesh, SECOND)


def test_what_all_have_applied_is_summed_up_and_dropped() -> None:
    """G1: Enough changes make a checkpoint; what is below it leaves memory and disk everywhere."""
    mesh = collecting(3)
    change(mesh, 40)
    run(mesh, 130 * SECOND)
    assert min(heights(mesh)) >= 2
    assert len(states(mesh)) == 1
    for host in mesh.hosts:
        assert item(host, "x") == 39
        assert inside(host).history.ids.bit_count() < 3 * EVERY
        assert len(host.disk.facts) == inside(host).chains.count < 150


def test_a_life_begins_on_the_ground() -> None:
    """G2: After a restart what is below the checkpoint is there, though nobody holds its facts."""
    mesh = collecting(3)
    change(mesh, 12)
    run(mesh, 70 * SECOND)
    for host in mesh.hosts:
        host.crash()
        host.start()
    assert [item(host, "x") for host in mesh.hosts] == [11] * 3
    assert run(mesh, 60 * SECOND, lambda: is_complete(mesh) and len(states(mesh)) == 1)
    change(mesh, 2, host=1)
    assert [item(host, "x") for host in mesh.hosts] == [1] * 3


def test_who_lost_its_disk_begins_on_the_ground_of_the_others() -> None:
    """G3: Whoever comes with nothing is given the ground with its proof, and takes part."""
    mesh = collecting(3)
    change(mesh, 12)
    run(mesh, 70 * SECOND)
    late = mesh.hosts[2]
    late.crash()
    late.disk = Disk(boot=late.disk.boot)
    late.start()
    late.handle(Sighted(mesh.hosts[0].address, "seed"))
    assert run(mesh, 60 * SECOND, lambda: is_complete(mesh) and len(states(mesh)) == 1)
    assert heights(mesh)[2] == heights(mesh)[0] >= 1
    assert run(mesh, SECOND, lambda: item(late, "x") == 11)


def test_who_was_away_for_long_loses_nothing_of_its_own() -> None:
    """G4: What a controller did alone while the others went on is kept, and can be restaged."""
    mesh = collecting(3, absence_max_ns=30 * DAY)
    away = mesh.hosts[2]
    mesh.split({1, 2}, {3})
    run(mesh, 20 * SECOND)
    assert isinstance(submit(away, "mine", value="kept"), Answer)
    assert run(mesh, 20 * SECOND, lambda: item(away, "mine") == "kept")
    change(mesh, 12)
    assert min(heights(mesh)) == 0 == max(heights(mesh)), "not before it was away for long enough"
    for host in mesh.hosts:
        host.clock_offset_ns += 60 * DAY
    run(mesh, 10 * SECOND)
    change(mesh, 30)
    run(mesh, 60 * SECOND)
    assert heights(mesh)[0] >= 2, heights(mesh)
    assert heights(mesh)[2] == 0
    mesh.split()
    assert run(mesh, 300 * SECOND, lambda: is_complete(mesh) and len(states(mesh)) == 1)
    assert run(mesh, SECOND, lambda: all(item(host, "x") == 29 for host in mesh.hosts))
    for host in mesh.hosts:
        aside = inside(host).history.conflicts()
        assert [entry.name for entry in aside] == ["set mine"]
        assert aside[0].outcome.why is Why.CHECKPOINT
        assert item(host, "mine") is None
    answer = away.call(lambda call: RestageChange(call, aside[0].tx))
    assert isinstance(answer, Answer), answer
    assert run(mesh, 10 * SECOND, lambda: item(mesh.hosts[0], "mine") == "kept")


def proposing(mesh: MiniMesh, monkeypatch: pytest.MonkeyPatch, **spoiled: object) -> list[NoReason]:
    """Let the first host propose a checkpoint with ``spoiled`` terms: why it was refused."""
    first = inside(mesh.hosts[0])
    honest = first.checkpoints._terms(0)
    assert honest is not None
    terms = replace(honest, **spoiled)  # type: ignore[arg-type]
    monkeypatch.setattr(first.checkpoints, "_is_ours", lambda: True)
    monkeypatch.setattr(first.checkpoints, "_terms", lambda _: terms)
    first.checkpoints.wanted = True
    run(mesh, 90 * SECOND)
    found = [change_set.kind is Kind.CHECKPOINT for change_set in first.catalogue.change_sets]
    nos = first.barrier.status(found.index(True)).refused
    return [no.why for _, no in nos if no.why not in (NoReason.NAY, NoReason.WITHDRAW)]


def quiet(count: int = 3) -> MiniMesh:
    """A mesh with a few changes that takes no checkpoint by itself."""
    mesh = collecting(count, checkpoint_changes=0)
    change(mesh, 4)
    return mesh


def test_terms_that_are_true_are_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """G5: Where all find what the terms say, all seal them."""
    mesh = quiet()
    assert proposing(mesh, monkeypatch) == []
    assert heights(mesh) == [1, 1, 1]


def test_a_fold_that_others_do_not_find_is_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    """G6: Whoever folds it to something else refuses, and it comes to nothing."""
    mesh = quiet()
    assert NoReason.INVALID in proposing(mesh, monkeypatch, folded=bytes(32))
    assert heights(mesh) == [0, 0, 0]


def test_chains_that_others_hold_otherwise_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """G6a: Chains may be on their way; where they do not come, patience ends it."""
    mesh = quiet()
    assert NoReason.PATIENCE in proposing(mesh, monkeypatch, ground=bytes(32))
    assert heights(mesh) == [0, 0, 0]


def test_it_ends_below_what_all_have_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    """G7: Above its last place all have applied something, so they refuse what is below it."""
    mesh = quiet()
    first = inside(mesh.hosts[0])
    assert first.history.frontier is not None
    terms = Terms(first.history.frontier, b"", b"", ())
    ground = first.checkpoints._ground(first.history.ids, terms, set(first.roster.active))
    assert ground is not None
    true = {"folded": ground.fold_hash, "ground": ground.hash}
    found = proposing(mesh, monkeypatch, through=first.history.frontier, **true)
    assert NoReason.INVALID in found


def parted_and_merged() -> MiniMesh:
    """A mesh whose history has a merge in it that sets something aside, and something later."""
    mesh = quiet()
    mesh.split({1, 2}, {3})
    run(mesh, 20 * SECOND)
    for host in (mesh.hosts[0], mesh.hosts[2]):
        assert isinstance(submit(host, "x", value=f"of {host.number}"), Answer)
    run(mesh, 20 * SECOND)
    mesh.split()
    assert run(mesh, 120 * SECOND, lambda: is_complete(mesh) and len(states(mesh)) == 1)
    change(mesh, 3)
    return mesh


def test_a_merge_is_not_parted_from_what_it_decides() -> None:
    """G18: Wherever it may end, no merge above that decides about what is below."""
    first = inside(parted_and_merged().hosts[0])
    catalogue, ends = first.catalogue, set[int]()
    ordered = catalogue.ordered(first.history.ids)
    (merge,) = [at for at, number in enumerate(ordered) if catalogue[number].kind is Kind.MERGE]
    said = catalogue[ordered[merge]].request.resolved
    decided = {str(command.parameters["tx"]) for command in said}
    places = [at for at, number in enumerate(ordered) if catalogue[number].tx.hex() in decided]
    for kept in range(len(ordered)):
        through = first.checkpoints._through(kept)
        if through is not None:
            ends.add(sum(catalogue[number].timestamp <= through for number in ordered))
    assert places
    assert ends == {*range(1, places[0] + 1), *range(merge + 1, len(ordered))}


def test_nobody_seals_what_parts_a_merge(monkeypatch: pytest.MonkeyPatch) -> None:
    """G18: Whoever proposes to end in between is refused."""
    mesh = parted_and_merged()
    first = inside(mesh.hosts[0])
    merge = next(entry for entry in first.history.log() if entry.kind is Kind.MERGE)
    log = [entry.timestamp for entry in first.history.log() if entry.timestamp < merge.timestamp]
    found = proposing(mesh, monkeypatch, through=log[-1])
    assert NoReason.BUSY in found


def test_nobody_is_left_out_who_may_come_back_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """G8: While one of the roster is away, and has not been for very long, nobody seals it."""
    mesh = quiet()
    mesh.hosts[2].crash()
    run(mesh, 20 * SECOND)
    assert NoReason.BUSY in proposing(mesh, monkeypatch)
    assert heights(mesh) == [0, 0]


def test_nothing_is_dropped_before_all_have_applied_it() -> None:
    """G9: Until the last of the roster has said that it applied it, everything is kept."""
    mesh = quiet()
    first = inside(mesh.hosts[0])
    first.checkpoints.wanted = True
    mesh.hosts[0].handle(Woke())
    assert mesh.run_until(lambda: first.history.shut is not None, 10 * SECOND)
    mesh.hosts[2].crash()
    run(mesh, 60 * SECOND)
    assert heights(mesh) == [0, 0]
    mesh.hosts[2].start()
    assert run(mesh, 60 * SECOND, lambda: heights(mesh) == [1, 1, 1])


def test_a_snapshot_is_judged_by_its_proof() -> None:
    """G3a: Without the signed seals of all who took part nobody stands on it."""
    mesh = quiet()
    inside(mesh.hosts[0]).checkpoints.wanted = True
    assert run(mesh, 20 * SECOND, lambda: heights(mesh) == [1, 1, 1])
    late = newcomer(mesh)
    raw = inside(mesh.hosts[0]).snapshots._snapshot()
    proof, ground = parted(raw)
    other = write_ground(replace(read_ground(ground), lamport=0))
    for spoiled, why in (
        (join(cbor.encode(proof[:-2]), ground), "not all who took part"),
        (join(cbor.encode([*proof[:-1], bytes(64)]), ground), "not signed"),
        (join(cbor.encode([*proof[2:], *proof[:1]]), ground), "too long, or broken off"),
        (join(cbor.encode(proof[2:]), ground), "lacks the proposal"),
        (join(cbor.encode(proof[:2]), ground), "not all who took part"),
        (join(cbor.encode(proof), other), "of something else"),
        (raw[:-1], "bytes"),
        (raw[:100], "broken off"),
        (raw[:3], "broken off"),
    ):
        assert [asked for asked in show(late, mesh.hosts[0], spoiled) if asked] == []
        assert not late.replica.desk.ended
        assert refusals(late).pop().find(why) >= 0, refusals(late)
    _ = show(late, mesh.hosts[0], raw)
    assert late.replica.desk.ended


def test_who_has_proved_nothing_is_asked_for_nothing() -> None:
    """G3b: The proof comes first; of a ground without one no more is kept than a proof may have."""
    mesh = quiet()
    inside(mesh.hosts[0]).checkpoints.wanted = True
    assert run(mesh, 20 * SECOND, lambda: heights(mesh) == [1, 1, 1])
    late = newcomer(mesh)
    proof, ground = parted(inside(mesh.hosts[0]).snapshots._snapshot())
    unsigned = cbor.encode([*proof[:-1], bytes(64)])
    full = bytes(SNAPSHOT_PART_BYTES_MAX)
    large = join(unsigned, bytes(3 * SNAPSHOT_PART_BYTES_MAX))
    endless = (PROOF_BYTES_MAX + 1).to_bytes(4, "big") + 3 * full
    for raw in (large, endless):
        assert show(late, mesh.hosts[0], raw) == [None] * 4
    slow = PROOF_BYTES_MAX.to_bytes(4, "big") + 20 * full
    asked = show(late, mesh.hosts[0], slow)
    assert sum(map(bool, asked)) * SNAPSHOT_PART_BYTES_MAX <= PROOF_BYTES_MAX
    honest = join(cbor.encode(proof), ground + 3 * full)
    assert show(late, mesh.hosts[0], honest)[:3] == [SnapshotRequest(at) for at in (1, 2, 3)]


def test_who_has_proved_nothing_is_in_nobodys_way() -> None:
    """G3b: Another one may come first, until something is proved."""
    mesh = quiet()
    inside(mesh.hosts[0]).checkpoints.wanted = True
    assert run(mesh, 20 * SECOND, lambda: heights(mesh) == [1, 1, 1])
    late = newcomer(mesh)
    hostile, honest = mesh.hosts[1].replica.own, mesh.hosts[0].replica.own
    proof, ground = parted(inside(mesh.hosts[0]).snapshots._snapshot())
    full = bytes(SNAPSHOT_PART_BYTES_MAX)
    slow = cut(PROOF_BYTES_MAX.to_bytes(4, "big") + 4 * full)
    take, now = inside(late).snapshots.take, late.now
    assert take(hostile, slow[0], now) == SnapshotRequest(1)
    large = cut(join(cbor.encode(proof), ground + 3 * full))
    assert take(honest, large[0], now) == SnapshotRequest(1)
    assert take(hostile, slow[0], now) is None
    assert take(honest, large[1], now) == SnapshotRequest(2)


def newcomer(mesh: MiniMesh) -> Host:
    """Somebody who belongs and holds nothing."""
    late = Host(mesh, 9, mesh.hosts[2].configuration)
    late.disk.meta = {"environment": mesh.hosts[2].disk.meta["environment"]}
    late.start()
    return late


def parted(raw: bytes) -> tuple[list[bytes], bytes]:
    """The proof in a snapshot, and the ground."""
    end = 4 + int.from_bytes(raw[:4], "big")
    proof = cbor.decode(raw[4:end], end)
    assert isinstance(proof, list)
    return [each for each in proof if isinstance(each, bytes)], raw[end:]


def cut(raw: bytes) -> list[SnapshotPart]:
    """A snapshot in parts."""
    size = SNAPSHOT_PART_BYTES_MAX
    pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
    return [SnapshotPart(9, at, len(pieces), piece) for at, piece in enumerate(pieces)]


def show(host: Host, peer: Host, raw: bytes) -> list[SnapshotRequest | None]:
    """Tell ``host`` a snapshot in the name of ``peer``; what it asks for after each part."""
    take = inside(host).snapshots.take
    return [take(peer.replica.own, part, host.now) for part in cut(raw)]


def refusals(host: Host) -> list[str]:
    """Why snapshots were refused."""
    noticed = host.replica.desk.outbox.free.notifications
    return [each.text for each in noticed if isinstance(each, Noticed) and "refused" in each.event]


def test_who_has_told_two_stories_does_not_stop_it() -> None:
    """G16: The chains of a key that signed two facts under one number are kept whole."""
    mesh = quiet()
    first, accused = inside(mesh.hosts[0]), mesh.hosts[2].replica.own
    terms = first.checkpoints._terms(0)
    members = set(first.roster.active)
    assert terms is not None
    before = first.checkpoints._ground(first.history.ids, terms, members)
    fork = Fork(accused, 1, *(fact.signed for fact in first.chains.chain(accused)[:2]))
    first.equivocations.proofs[accused.controller] = fork
    first.checkpoints._surveyed = None
    after = first.checkpoints._ground(first.history.ids, terms, members)
    assert before is not None
    assert after is not None
    assert before.floors.keys() - after.floors.keys() == {accused}
    assert before.fold_hash == after.fold_hash


@pytest.mark.parametrize("every", [1, 2])
def test_a_mesh_where_nothing_happens_takes_none(every: int) -> None:
    """G17: What a checkpoint leaves, itself too, is no reason for another one."""
    mesh = collecting(3, checkpoint_changes=every)
    change(mesh, 2 * every + 1)
    run(mesh, 60 * SECOND)
    height = heights(mesh)
    assert min(height) >= 1
    run(mesh, 120 * SECOND)
    assert heights(mesh) == height


def test_facts_that_have_to_stay_are_no_reason_for_another_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """G17: Of many facts that cannot go the next checkpoint would not be rid either."""
    monkeypatch.setattr(checkpoints, "FACTS_PER_CHANGE", 2)
    mesh = collecting(3)
    monkeypatch.setattr(Survey, "_length", lambda *_: 0)
    change(mesh, 3)
    run(mesh, 60 * SECOND)
    height = heights(mesh)
    assert min(height) >= 1
    assert inside(mesh.hosts[0]).chains.count >= 2 * EVERY * 2
    run(mesh, 120 * SECOND)
    assert heights(mesh) == height


def left_behind(mesh: MiniMesh) -> Host:
    """The first host is away for so long that the others take a checkpoint without it."""
    away = mesh.hosts[0]
    before = heights(mesh)[0]
    away.crash()
    run(mesh, 10 * SECOND)
    for host in mesh.hosts:
        host.clock_offset_ns += 60 * DAY
    change(mesh, 12, host=1)
    run(mesh, 60 * SECOND)
    assert min(heights(mesh)) > before
    return away


def comes_back(mesh: MiniMesh, away: Host) -> None:
    """It stands where all the others do, and shows what they show."""
    away.start()
    assert run(mesh, 60 * SECOND, lambda: is_complete(mesh) and len(states(mesh)) == 1)
    assert len(dict.fromkeys(heights(mesh))) == 1
    assert run(mesh, SECOND, lambda: item(away, "x") == 11)


def test_who_lost_its_ground_knows_whom_to_believe() -> None:
    """G3c: One row is damaged, and with it all that the founder knew of the others."""
    mesh = collecting(3, absence_max_ns=30 * DAY)
    change(mesh, 12)
    run(mesh, 70 * SECOND)
    assert heights(mesh)[0] >= 1
    away = left_behind(mesh)
    del away.disk.meta[GROUND_KEY]
    comes_back(mesh, away)


def test_who_lost_some_facts_knows_whom_to_believe() -> None:
    """G3c: What is left of the history has fewer in its roster than there were."""
    mesh = collecting(3, absence_max_ns=30 * DAY)
    away = left_behind(mesh)
    gone = [place for place in away.disk.facts if place[1] > 2]
    for place in gone:
        del away.disk.facts[place]
    comes_back(mesh, away)


def test_most_of_the_others_are_enough_to_believe() -> None:
    """G3d: Who was away does not count itself, nor does one of them who was removed since stop it.

    Of the four that it knew two have sealed, which are most of the three others.
    """
    mesh = collecting(4, absence_max_ns=30 * DAY)
    away, one, _, removed = mesh.hosts
    away.crash()
    run(mesh, 10 * SECOND)
    assert isinstance(remove(one, removed), Answer)
    run(mesh, 5 * SECOND)
    removed.crash()
    for host in mesh.hosts:
        host.clock_offset_ns += 60 * DAY
    change(mesh, 12, host=1)
    run(mesh, 60 * SECOND)
    assert min(heights(mesh)) > 0
    away.start()
    assert run(mesh, 60 * SECOND, lambda: len(states(mesh)) == 1)
    assert len(dict.fromkeys(heights(mesh))) == 1
    assert run(mesh, SECOND, lambda: item(away, "x") == 11)


@pytest.mark.parametrize(
    ("sealed", "believed"),
    [("ab", True), ("b", False), ("oab", True), ("o", False), ("obx", False), ("abc", True)],
)
def test_whose_seals_are_enough(sealed: str, *, believed: bool) -> None:
    """G3d: Of o itself, a, b and c: most of the others; or of all where it has sealed, too."""
    roster = tuple(each.encode() for each in "abco")
    assert _are_most({each.encode() for each in sealed}, roster, b"o") is believed
